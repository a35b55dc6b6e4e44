# SPDX-License-Identifier: Apache-2.0
# bash completion for breakwater-hub(8): verbs, options, and whose keys are enrolled.

_breakwater_hub_enrolled() { # _breakwater_hub_enrolled FOLDER: the names of its keys
    local file
    for file in /etc/breakwater/"$1"/*.pub; do
        [[ -e $file ]] && basename "$file" .pub
    done
}

_breakwater_hub() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb='' word words='' folder=nodes.d plain=0
    local verbs='run check keygen enrol revoke'
    COMPREPLY=()
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        if [[ -z $verb ]]; then
            [[ " $verbs " == *" $word "* ]] && verb=$word
        elif [[ $word == --admin ]]; then
            folder=admins.d
        elif [[ $word != -* ]]; then
            ((plain++))
        fi
    done
    case $prev in
        -c | --config) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    esac
    case $verb in
        '') words="$verbs --help --version" ;;
        run | check) words='--config' ;;
        enrol | revoke) words='--admin --config' ;;
    esac
    if [[ $cur != -* ]]; then
        case $verb in
            keygen) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
            enrol) ((plain)) && { mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return; } ;;
            revoke) ((plain)) || words=$(_breakwater_hub_enrolled "$folder") ;;
        esac
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _breakwater_hub -o filenames breakwater-hub
