# SPDX-License-Identifier: Apache-2.0
# bash completion for breakwater(1): verbs, options, and, where the hub answers, nodes and banned addresses.

_breakwater_ask() { # _breakwater_ask FIELD VERB [ARGUMENTS]: that field of each row; nothing if the hub is away
    local field=$1
    shift
    breakwater --output json --timeout 1s --limit 200 "$@" 2>/dev/null |
        sed -n "s/.*\"$field\":\"\([0-9A-Za-z.:/_-]*\)\".*/\1/p"
}

_breakwater() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb='' word
    local verbs='status nodes bans offences why ban unban allow disallow top watch'
    local common='--hub --key --hub-key --output --limit --timeout --help --version'
    COMPREPLY=()
    # An IPv6 address is one word though bash splits at colons.
    if declare -F _get_comp_words_by_ref >/dev/null; then
        _get_comp_words_by_ref -n : cur prev
    fi
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        [[ " $verbs " == *" $word "* ]] && verb=$word && break
    done
    case $prev in
        --output) mapfile -t COMPREPLY < <(compgen -W 'table json' -- "$cur"); return ;;
        --by) mapfile -t COMPREPLY < <(compgen -W 'address network jail node container image' -- "$cur"); return ;;
        --key | --hub-key) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
        --node) mapfile -t COMPREPLY < <(compgen -W "$(_breakwater_ask node nodes)" -- "$cur"); return ;;
        --jail) mapfile -t COMPREPLY < <(compgen -W "$(_breakwater_ask key top --by jail)" -- "$cur"); return ;;
        --hub | --limit | --timeout | --for | --reason | --since) return ;;
    esac
    local words=$common
    case $verb in
        '') words+=" $verbs" ;;
        nodes) words+=" $(_breakwater_ask node nodes)" ;;
        bans) words+=' --allowed --jail --node' ;;
        offences) words+=' --since --jail --node' ;;
        why) words+=" --timeline $(_breakwater_ask who bans)" ;;
        unban) words+=" --reason $(_breakwater_ask who bans)" ;;
        disallow) words+=" --reason $(_breakwater_ask who bans --allowed)" ;;
        ban | allow) words+=' --for --reason' ;;
        top) words+=' --by --since --jail --node' ;;
        watch) words+=' --jail --node' ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
    if declare -F __ltrim_colon_completions >/dev/null; then
        __ltrim_colon_completions "$cur"
    fi
}

complete -F _breakwater breakwater
