# bash completion for looprec                                -*- shell-script -*-
# What stands between "begin" and "end" comes from scripts/completions.

# What the program knows, one a line. Names that JSON has to escape are left out.
_looprec_ask() { # OPTION
    "$program" "$1" --json 2>/dev/null </dev/null | sed 's/},{/}\
{/g'
}

_looprec_outputs() {
    _looprec_lines "$(_looprec_ask --list-devices | sed -n 's/^.*{"id":"\([^"\\]*\)".*/\1/p')"
}

_looprec_applications() {
    _looprec_lines "$(_looprec_ask --list-apps | sed -n \
        -e 's/.*"executable":"\([^"\\]*\)".*/\1/p' -e t -e 's/.*"name":"\([^"\\]*\)".*/\1/p' |
        sort -u)"
}

# Adds what begins with $cur, quoted as $cur is.
_looprec_lines() { # lines
    local line quote=${cur:0:1} begun=${cur//[\\\"\']/}
    while IFS= read -r line; do
        [[ -n $line && $line = "$begun"* ]] || continue
        case $quote in
        [\"\']) COMPREPLY+=("$before$line") ;;
        *) COMPREPLY+=("$before$(printf %q "$line")") ;;
        esac
    done <<<"$1"
}

_looprec_words() { # 'WORD...'
    mapfile -t COMPREPLY < <(compgen -P "$before" -W "$1" -- "$cur")
    # title= and --type= are not the end of a word
    [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace
}

_looprec_files() { compopt -o default; }
_looprec_folders() { compopt -o dirnames; }

_looprec_argument() { # OPTION (with a = where it has one): false if it takes none
    case $1 in
    # begin bash_arguments
    -D | --device) _looprec_outputs ;;
    --app) _looprec_applications ;;
    --exclude-app) _looprec_applications ;;
    --source) ;;
    -d | --duration) ;;
    --wait=) ;;
    -t | --type) _looprec_words 'wav rf64 w64 flac ogg opus mp3 raw null' ;;
    -f | --format) _looprec_words 's16 s24 s32 f32' ;;
    -r | --rate) ;;
    -c | --channels) ;;
    --compression) _looprec_words '0 1 2 3 4 5 6 7 8' ;;
    --split) ;;
    --tag) _looprec_words 'title= artist= album= tracknumber= genre= date= comment= copyright= licence= software=' ;;
    --buffer) ;;
    --on-suspend) _looprec_words 'cut fill split' ;;
    --fail-if-silent=) ;;
    --sync) ;;
    --keep) ;;
    --fallback) _looprec_folders ;;
    -o | --output) _looprec_files ;;
    # end bash_arguments
    *) return 1 ;;
    esac
}

_looprec_options='
    # begin bash_options
    -D --device= --no-follow --app= --exclude-app= --all-devices --keep-awake
    --source= -l --list-devices -L --list-apps -d --duration= --wait --wait=
    --null-sink -t --type= -f --format= -r --rate= -c --channels= --dither
    --compression= --split= --overwrite --tag= --buffer= --on-suspend= -q --quiet
    -v --verbose --json --fail-if-silent --fail-if-silent= --strict --sync=
    --keep= --fallback= --kill-on-stop --until-exit --repair -o --output=
    --dry-run --doctor -h --help -V --version
    # end bash_options
'

_looprec() {
    local program=${1/#\~/$HOME} cur=${COMP_WORDS[COMP_CWORD]} option='' before='' i
    COMPREPLY=()

    # a command behind --
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} = -- ]] || continue
        if declare -F _command_offset >/dev/null; then
            _command_offset $((i + 1))
        elif ((COMP_CWORD == i + 1)); then
            mapfile -t COMPREPLY < <(compgen -c -- "$cur")
        else
            _looprec_files
        fi
        return
    done

    # --option=value is three words, or one where COMP_WORDBREAKS lacks the =
    ((COMP_CWORD < 2)) || option=${COMP_WORDS[COMP_CWORD - 1]}
    if [[ $cur = --*=* ]]; then
        option=${cur%%=*}= before=${cur%%=*}= cur=${cur#*=}
    elif [[ $cur = '=' ]]; then
        option+='=' cur=''
    elif [[ $option = '=' ]]; then
        option=${COMP_WORDS[COMP_CWORD - 2]}=
    fi
    if _looprec_argument "$option"; then return; fi
    if [[ $option = *= ]] && _looprec_argument "${option%=}"; then return; fi

    if [[ $cur = -* ]]; then
        _looprec_words "$_looprec_options"
    else
        _looprec_files
    fi
} && complete -F _looprec looprec
