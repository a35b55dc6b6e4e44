# SPDX-License-Identifier: Apache-2.0
# bash completion for breakwater-node(8): verbs, options, filters and jails by name.

# _breakwater_node_values OPTION DEFAULT: what stands behind each OPTION of the command line; DEFAULT if it is not there.
_breakwater_node_values() {
    local i found=''
    for ((i = 1; i < ${#COMP_WORDS[@]} - 1; i++)); do
        [[ ${COMP_WORDS[i]} == "$1" ]] && printf '%s\n' "${COMP_WORDS[i + 1]}" && found=1
    done
    [[ -n $found ]] || printf '%s\n' "$2"
}

_breakwater_node_filters() {
    local directory file
    { _breakwater_node_values --config-dir /etc/breakwater; _breakwater_node_values --filter-dir /etc/fail2ban; } |
        while read -r directory; do
            for file in "$directory"/filter.d/*.conf; do
                [[ -e $file ]] && basename "$file" .conf
            done
        done
}

_breakwater_node_jails() {
    local directory
    _breakwater_node_values --config-dir /etc/breakwater |
        while read -r directory; do
            sed -n 's/^\[\([^]]*\)\].*/\1/p' "$directory"/jail.conf "$directory"/jail.local \
                "$directory"/jail.d/*.conf "$directory"/jail.d/*.local 2>/dev/null
        done | grep -vx -e DEFAULT -e INCLUDES
}

_breakwater_node() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb='' words='' i plain=0
    local verbs='run check keygen firewall test-filter replay'
    local logs='--config-dir --filter-dir --now --timezone --format --output'
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ -z $verb ]]; then
            [[ " $verbs " == *" ${COMP_WORDS[i]} "* ]] && verb=${COMP_WORDS[i]}
        elif [[ ${COMP_WORDS[i]} == --* ]]; then
            [[ " --print-missed --explain " == *" ${COMP_WORDS[i]} "* ]] || ((i++))
        else
            ((plain++))
        fi
    done
    case $prev in
        --output) mapfile -t COMPREPLY < <(compgen -W 'table json' -- "$cur"); return ;;
        --format) mapfile -t COMPREPLY < <(compgen -W 'auto docker file journal-json' -- "$cur"); return ;;
        --usedns) mapfile -t COMPREPLY < <(compgen -W 'yes warn no raw' -- "$cur"); return ;;
        --config-dir | --filter-dir) mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
        --jail) mapfile -t COMPREPLY < <(compgen -W "$(_breakwater_node_jails)" -- "$cur"); return ;;
        -c | --config) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --now | --timezone | --never-ban) return ;;
    esac
    case $verb in
        '') words="$verbs --help --version" ;;
        run | check) words='--config' ;;
        firewall) words='show flush --config' ;;
        test-filter) words="$logs --usedns --print-missed --explain" ;;
        replay) words="$logs --jail --never-ban" ;;
    esac
    if [[ $cur != -* && $verb == test-filter && $plain -eq 0 ]]; then
        words=$(_breakwater_node_filters)
    elif [[ $cur != -* && ($verb == test-filter || $verb == replay || $verb == keygen) ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        return
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _breakwater_node -o filenames breakwater-node
