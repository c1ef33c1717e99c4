# bash completion for taskrecon

_taskrecon() {
    local IFS=$'\n'
    COMPREPLY=($(taskrecon "${COMP_WORDS[@]:1:COMP_CWORD-1}" "--complete=${COMP_WORDS[COMP_CWORD]}" 2>/dev/null | cut -f 1))
}

complete -o bashdefault -o default -F _taskrecon taskrecon
