#!/usr/bin/env bats
# What Tab does in bash, zsh and fish: each is the real shell, on a terminal. Where
# zsh or fish are not installed their tests are passed over.

bats_require_minimum_version 1.5.0
load terminal.bash
load completions.bash

setup() {
    ROOT=$(realpath "$BATS_TEST_DIRNAME/../..")
    LOOPREC=$(realpath "${LOOPREC:-$ROOT/build/native/looprec}")
    export COMPLETIONS=${COMPLETIONS:-$ROOT/completions}
    mkdir -p "$BATS_TEST_TMPDIR/here/bin"
    cd "$BATS_TEST_TMPDIR/here" || return
    ln -s "$LOOPREC" bin/looprec
    PATH=$PWD/bin:$PATH
    # nothing of whoever runs this
    export HOME=$PWD HISTFILE=
    PIDS=()
}

teardown() {
    local pid
    for pid in "${PIDS[@]}"; do
        kill -KILL "$pid" 2>/dev/null || true
    done
}

# Wait up to 60 s until the command is true.
eventually() {
    local until=$((SECONDS + 60))
    until "$@"; do
        ((SECONDS < until)) || {
            echo "never true: $*"
            cat screen
            return 1
        }
        sleep 0.02
    done
}

needs() { command -v "$1" >/dev/null || skip "no $1"; }

# Lines, and what Tab is to make of them, in turn.
becomes() { # SHELL, then LINE RESULT...
    local shell=$1 lines=() expected=() result
    shift
    while (($#)); do
        lines+=("$1") expected+=("$2")
        shift 2
    done
    tabs "$shell" "${lines[@]}" >got
    # (whether a blank follows is the shell's own taste, but behind a =)
    sed 's/\([^=]\) $/\1/' got | diff -u <(printf '%s\n' "${expected[@]}") -
}

every_option() {
    local name letter
    tabs "$1" 'looprec --' >got
    "$LOOPREC" --help | grep -o -- '--[a-z][a-z-]*' | sort -u >names
    [ "$(wc -l <names)" -gt 30 ]
    while read -r name; do
        grep -q -- "$name\([^a-z-]\|$\)" shown || {
            echo "$name is not offered"
            cat shown
            return 1
        }
    done <names
}

words() {
    mkdir folder
    touch music.flac folders-name
    printf '#!/bin/sh\n' >bin/a-game-of-chess
    chmod +x bin/a-game-of-chess
    becomes "$1" \
        'looprec --durat' "looprec --duration$2" \
        'looprec --stri' 'looprec --strict' \
        'looprec -t fl' 'looprec -t flac' \
        'looprec --type fl' 'looprec --type flac' \
        'looprec -q --on-suspend=sp' 'looprec -q --on-suspend=split' \
        'looprec --tag=arti' 'looprec --tag=artist=' \
        'looprec -d 5 mus' 'looprec -d 5 music.flac' \
        'looprec --repair -o mus' 'looprec --repair -o music.flac' \
        'looprec --fallback fol' 'looprec --fallback folder/' \
        'looprec --duration mus' 'looprec --duration mus' \
        'looprec x.flac -- a-game-o' 'looprec x.flac -- a-game-of-chess' \
        'looprec x.flac -- a-game-of-chess mus' 'looprec x.flac -- a-game-of-chess music.flac'
}

# Against a real server with something that plays.
names() {
    export -f tabs "tabs_$1" begin_on_terminal end_on_terminal eventually has_results becomes
    # shellcheck disable=SC2016 # the inner shell's
    "$ROOT/scripts/with-null-sink" --name=odd_output -- bash -c '
        set -e
        PIDS=()
        paplay --raw /dev/zero &
        player=$!
        trap "kill $player" EXIT
        eventually eval "looprec -L --json | grep -q \"\\\"pacat\\\"\""
        becomes "$1" "looprec -D odd_" "looprec -D odd_output" \
            "looprec --device=odd_" "looprec --device=odd_output" \
            "looprec --app=pac" "looprec --app=pacat" \
            "./bin/looprec --exclude-app pac" "./bin/looprec --exclude-app pacat"
    ' names "$1" 3>&-
}

@test "bash: every option" { every_option bash; }
@test "bash: options, values, files, commands" { words bash =; }
@test "bash: outputs and applications" { names bash; }

@test "zsh: every option" {
    needs zsh
    every_option zsh
}
@test "zsh: options, values, files, commands" {
    needs zsh
    words zsh =
}
@test "zsh: outputs and applications" {
    needs zsh
    names zsh
}

@test "fish: every option" {
    needs fish
    every_option fish
}
@test "fish: options, values, files, commands" {
    needs fish
    words fish ''
}
@test "fish: outputs and applications" {
    needs fish
    names fish
}

@test "every type and format that is offered is taken" {
    local type format file count=0
    for type in $(sed -n "s/^.* -l type .*-a '\([^']*\)'.*/\1/p" "$COMPLETIONS/looprec.fish"); do
        file=a.$type
        [ "$type" != null ] || file=
        "$LOOPREC" -q --source=synth:tone,fast -d 480f -t "$type" ${file:+"$file"}
        count=$((count + 1))
    done
    [ "$count" -ge 8 ]
    for format in $(sed -n "s/^.* -l format .*-a '\([^']*\)'.*/\1/p" "$COMPLETIONS/looprec.fish"); do
        "$LOOPREC" -q --source=synth:tone,fast -d 480f -f "$format" "b-$format.wav"
        count=$((count + 1))
    done
    [ "$count" -ge 12 ]
}

@test "without a server the outputs are none, and Tab is no worse" {
    export PULSE_SERVER=unix:$PWD/nothing-here
    becomes bash 'looprec -D any' 'looprec -D any' 'looprec --stri' 'looprec --strict'
    lacks_errors
}

lacks_errors() { ! grep -i 'error\|looprec:' shown; }
