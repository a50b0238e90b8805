# What a shell makes of a command line when Tab is pressed at its end. Sourced by
# completions.bats, which ends the processes in PIDS.
# shellcheck shell=bash

# tabs SHELL LINE...: each line as it is then, one a line. What is shown for one
# that has several ways to go on is in the file shown.
tabs() { "tabs_$@"; }

tabs_bash() {
    local line
    cat >rc <<'END'
PS1=
. "$COMPLETIONS/looprec.bash"
for setting in 'show-all-if-ambiguous on' 'page-completions off' 'completion-query-items 0' \
    'enable-bracketed-paste off' 'bell-style none'; do
    bind "set $setting"
done
show() { printf '\n<<%s>>\n' "$READLINE_LINE"; READLINE_LINE= READLINE_POINT=0; }
bind -x '"\C-t": show'
printf 'ready\n'
END
    rm -f keys
    begin_on_terminal "stty cols 200; exec bash --noprofile --rcfile rc -i"
    eventually grep -q ready screen
    for line in "$@"; do
        printf '%s\t\024' "$line" >&7
    done
    eventually has_results $#
    printf '\004' >&7
    end_on_terminal
    tr -d '\r' <screen >shown
    sed -n 's/^<<\(.*\)>>$/\1/p' shown
}

has_results() { [ "$(grep -c '^<<.*>>' screen)" -ge "$1" ]; }

tabs_zsh() {
    # (the pseudo terminal is zsh's own)
    timeout 120 zsh -f -s -- "$@" >results 3>&- <<'END'
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z 'stty cols 200; PS1=; LISTMAX=1000; setopt no_beep; zle_highlight=(); unset zle_bracketed_paste
fpath=($COMPLETIONS $fpath); autoload -Uz compinit; compinit -u -D
show() { print; print -r -- "<<$BUFFER>>"; BUFFER= }; zle -N show; bindkey "^T" show; bindkey "^I" complete-word; print rea""dy'
zpty -r z out '*ready*' || exit
: >shown
for line; do
    zpty -w -n z "$line"$'\t\024'
    zpty -r z out '*<<*>>*' || exit
    print -r -- $out >>shown
    print -r -- ${${out##*<<}%%>>*}
done
zpty -d z
END
    cat results
}

# (fish tells what there is to choose from; one choice is put into the line)
tabs_fish() {
    local line
    : >shown
    for line; do
        # shellcheck disable=SC2016 # fish's
        fish --no-config -c 'source $COMPLETIONS/looprec.fish; complete -C $argv[1]' -- "$line" >choices 3>&-
        cat choices >>shown
        if [ "$(wc -l <choices)" -eq 1 ]; then
            line="${line% *} $(cut -f 1 choices)"
        fi
        printf '%s\n' "$line"
    done
}
