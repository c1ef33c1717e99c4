# fish completion for taskrecon

function __taskrecon_offers
    set -l words (commandline -opc)
    taskrecon $words[2..] --complete=(commandline -ct) 2>/dev/null
end

complete -c taskrecon -e
complete -c taskrecon -f -n 'count (__taskrecon_offers) >/dev/null' -a '(__taskrecon_offers)'
