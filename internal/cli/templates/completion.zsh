#compdef taskrecon
# zsh completion for taskrecon

_taskrecon() {
    local -a offers
    local line
    for line in ${(f)"$(taskrecon "${(@)words[2,CURRENT-1]}" "--complete=$words[CURRENT]" 2>/dev/null)"}; do
        offers+=("${line/$'\t'/:}")
    done
    if (( $#offers )); then
        _describe taskrecon offers
    else
        _files
    fi
}

if [[ ${funcstack[1]} == _taskrecon ]]; then
    _taskrecon "$@"
else
    compdef _taskrecon taskrecon
fi
