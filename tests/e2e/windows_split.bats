#!/usr/bin/env bats
# --split by the Windows executable: the same files as the Linux one makes, and
# names as Windows takes them.
# shellcheck disable=SC2154 # bats sets stderr

SYSTEM=wine
load lib.bash

setup() {
    NATIVE=$ROOT/build/native/looprec
    COUNTER=--source=synth:counter,fast
    cd "$BATS_TEST_TMPDIR" || return
}

@test "twelve files join to the unsplit recording, bit for bit" {
    local type
    "$NATIVE" -q "$COUNTER" -f s16 -d 24 -t raw whole.pcm
    for type in wav rf64 w64 flac raw; do
        looprec -q --json "$COUNTER" -f s16 -d 24 --split=2s take.$type >$type.json </dev/null
        [ "$(echo take-*.$type)" = "$(printf 'take-%03d.'$type' ' {1..12} | sed 's/ $//')" ]
        for file in take-*.$type; do
            case $type in
            raw) cat "$file" ;;
            *) sndfile-convert -pcm16 "$file" samples.raw >/dev/null && cat samples.raw ;;
            esac
        done | cmp - whole.pcm
        jq -es '[.[] | select(.event == "segment")] | length == 12 and
            all(.frames == 96000)' $type.json
    done
}

@test "by size, and names of the clock" {
    looprec -q "$COUNTER" -f s16 -d 20 --split=1M 'x-%Y-%03n.wav' </dev/null
    [ "$(stat -c %s x-"$(date +%Y)"-00[1-3].wav | awk '$1 > 999990 && $1 <= 1000000' | wc -l)" -eq 3 ]
    looprec -q "$COUNTER" -f s16 -d 2 --split=1s 'y-%F-%H.wav' </dev/null
    [ "$(find . -name 'y-*-2.wav' | wc -l)" -eq 1 ]
}

@test "what exists is not written over" {
    echo mine >a-002.wav
    looprec -q "$COUNTER" -d 3 --split=1 a.wav </dev/null
    [ "$(<a-002.wav)" = mine ]
    [ "$(echo a-*.wav)" = "a-001.wav a-002.wav a-003.wav a-004.wav" ]
    run -1 --separate-stderr looprec "$COUNTER" -d 3 --split=1 a.wav </dev/null
    [[ $stderr == *"the file exists"* ]]
}

@test "of the files the latest are kept, and nothing else is deleted" {
    echo mine >k-002.raw
    looprec -q --json "$COUNTER" -f s16 -d 8 --split=1s --keep=2 k.raw >k.json </dev/null
    [ "$(echo k-*.raw)" = "k-002.raw k-008.raw k-009.raw" ]
    [ "$(<k-002.raw)" = mine ]
    jq -es '[.[] | select(.event == "deleted")] | length == 6' k.json
}
