#!/usr/bin/env bats
# --split: files that join sample for sample, as they are called, and what
# becomes of names that exist. In virtual time.
# shellcheck disable=SC2154 # bats sets stderr

load lib.bash

setup() {
    mkdir "$BATS_TEST_TMPDIR/here"
    cd "$BATS_TEST_TMPDIR/here" || return
    COUNTER=--source=synth:counter,fast
}

# The samples of the files, one after the other, as libsndfile reads them.
joined() {
    local file
    for file in "$@"; do
        sndfile-convert -pcm16 "$file" "$BATS_TEST_TMPDIR/samples.raw" >/dev/null
        cat "$BATS_TEST_TMPDIR/samples.raw"
    done
}

@test "twelve files join to the unsplit recording, bit for bit" {
    local type
    looprec -q "$COUNTER" -f s16 -d 60 -t raw whole.pcm
    for type in wav rf64 w64 flac; do
        looprec -q "$COUNTER" -f s16 -d 60 --split=5s take.$type
        [ "$(echo take-*.$type)" = "$(printf 'take-%03d.'$type' ' {1..12} | sed 's/ $//')" ]
        for file in take-*.$type; do
            has_frames "$file" 240000 48000 2
        done
        joined take-*.$type | cmp - whole.pcm
    done
    flac --test --silent --warnings-as-errors take-*.flac
    looprec -q "$COUNTER" -f s16 -d 60 --split=5s take.raw
    cat take-*.raw | cmp - whole.pcm
}

@test "lossy types: each file is whole and as long as it says" {
    local type file
    for type in ogg opus mp3; do
        looprec -q --source=synth:tone=997,fast -d 10 --split=4s take.$type
        [ "$(echo take-*.$type)" = "take-001.$type take-002.$type take-003.$type" ]
        for file in take-*.$type; do
            [ "$(ffmpeg -nostdin -v error -i "$file" -f null - 2>&1)" = "" ]
        done
        [ "$(sndfile-info take-*.$type | sed -n 's/^Frames *: //p' | xargs)" = \
            "192000 192000 96000" ]
    done
}

@test "a length that does not divide the recording, given in frames" {
    looprec -q "$COUNTER" -f s16 -t raw -d 100001f whole.pcm
    looprec -q "$COUNTER" -f s16 -d 100001f --split=30007f a.raw
    [ "$(stat -c %s a-*.raw | xargs)" = "120028 120028 120028 39920" ]
    cat a-*.raw | cmp - whole.pcm
}

@test "no file is larger than asked, and nothing is missing between two" {
    local type file least option
    looprec -q --source=synth:noise,fast -f s16 -d 40 -t raw whole.pcm
    for type in raw wav rf64 w64 flac ogg opus mp3; do
        case $type in
        ogg | opus | mp3) option=--compression=0 ;;
        *) option=--format=s16 ;;
        esac
        looprec -q --source=synth:noise,fast -d 40 $option --json --split=1M a.$type >a.$type.json
        jq -es '[.[] | select(.event == "segment")] as $s |
            ($s | length > 1) and ($s | all(.bytes <= 1000000)) and
            ([$s[] | .frames] | add == 1920000) and
            (reduce $s[] as $f (0; if $f.at_frame == . then . + $f.frames else -1 end)
                == 1920000)' a.$type.json >/dev/null || fail "$type: $(cat a.$type.json)"
        least=880000
        [[ $type != [rw]* ]] || least=999990
        for file in a-*.$type; do
            (($(stat -c %s "$file") <= 1000000))
        done
        # all but the last are as good as full
        for file in $(printf '%s\n' a-*.$type | head -n -1); do
            (($(stat -c %s "$file") >= least)) || fail "$file: $(stat -c %s "$file")"
        done
    done
    joined a-*.wav | cmp - whole.pcm
    joined a-*.flac | cmp - whole.pcm
    cat a-*.raw | cmp - whole.pcm
}

@test "the events: one for each file, with its place and length" {
    looprec -q --json "$COUNTER" -f s16 -d 5 --split=2s --json a.wav >a.json
    jq -es '[.[] | select(.event == "segment") | [.file, .number, .at_frame, .frames]] ==
        [["a-001.wav", 1, 0, 96000], ["a-002.wav", 2, 96000, 96000],
         ["a-003.wav", 3, 192000, 48000]]' a.json
    jq -es 'all(.[]; .event != "segment" or .bytes == .frames * 4 + '$((
        $(stat -c %s a-003.wav) - 192000))')' a.json
    jq -es 'first | .file == "a-001.wav"' a.json
    jq -es 'last | .event == "finished" and .frames == 240000 and
        .files == ["a-001.wav", "a-002.wav", "a-003.wav"]' a.json
}

@test "names: a number where it is asked for, with zeros" {
    looprec -q "$COUNTER" -d 3 --split=1 '%n of many.wav'
    [ -e '1 of many.wav' ] && [ -e '3 of many.wav' ]
    looprec -q "$COUNTER" -d 3 --split=1 '%05n.wav'
    [ -e 00001.wav ] && [ -e 00003.wav ]
    looprec -q "$COUNTER" -d 1 'one-%02n.wav' # without --split too
    [ -e one-01.wav ]
    looprec -q "$COUNTER" -d 2 --split=1 '100%%-%n%.wav'
    [ -e '100%-2%.wav' ]
}

@test "names: each file's own moment" {
    local first
    TZ=UTC looprec -q --json --source=synth:silence,fast,rate=8000,channels=1 -d 2h30m \
        --split=1h 'x-%Y%m%d-%H%M%S.flac' >x.json
    first=$(jq -rs 'first | .time' x.json)
    for i in 0 1 2; do
        [ -e "$(TZ=UTC date -d "$first + $i hour" +x-%Y%m%d-%H%M%S.flac)" ] ||
            [ -e "$(TZ=UTC date -d "$first + $i hour - 1 second" +x-%Y%m%d-%H%M%S.flac)" ] ||
            fail "$first: $(ls)"
    done
    looprec -q "$COUNTER" -d 3 --split=1 'day-%F.wav'
    [ "$(find . -name 'day-*.wav' | wc -l)" -eq 3 ]
    [ -e "$(date +day-%F-2.wav)" ] || [ -e "$(date -d -1minute +day-%F-2.wav)" ]
}

@test "names: without a FILE the recording's own, with a number" {
    looprec -q "$COUNTER" -d 2 --split=1
    [[ $(ls) =~ ^looprec-[0-9]{8}-[0-9]{6}-001.flac.looprec-[0-9]{8}-[0-9]{6}-002.flac$ ]]
}

@test "what exists is never written over" {
    echo mine >a-002.wav
    looprec -q "$COUNTER" -d 3 --split=1 --overwrite a.wav
    [ "$(<a-002.wav)" = mine ]
    [ "$(echo a-*.wav)" = "a-001.wav a-002.wav a-003.wav a-004.wav" ]
    # the first one: nothing begins
    run -1 --separate-stderr looprec "$COUNTER" -d 3 --split=1 a.wav
    [[ $stderr == *"the file exists"* ]]
    [ "$(echo a-*.wav)" = "a-001.wav a-002.wav a-003.wav a-004.wav" ]
    echo mine >"$(date +%Y).wav"
    run -1 --separate-stderr looprec "$COUNTER" -d 3 --split=1 '%Y.wav'
    [ "$(<"$(date +%Y).wav")" = mine ]
    looprec -q "$COUNTER" -d 3 --split=1 --overwrite '%Y.wav'
    [ -e "$(date +%Y)-2.wav" ] && [ -e "$(date +%Y)-3.wav" ]
    has_frames "$(date +%Y).wav" 48000
}

@test "where the next file cannot be made those before it are kept" {
    mkdir 1 2
    run -1 --separate-stderr looprec "$COUNTER" -d 5 --split=1s '%n/a.wav'
    [[ $stderr == *"3/a.wav"* ]]
    [[ $stderr == *"00:00:02.000 was recorded and is kept"* ]]
    has_frames 1/a.wav 48000
    has_frames 2/a.wav 48000
}

@test "names that are hostile to a terminal or a shell are names" {
    local name=$'a\e]0;x\a $(touch pwned) \n%n.wav'
    run -0 --separate-stderr looprec "$COUNTER" -d 2 --split=1 "$name"
    [ -e "${name//%n/2}" ]
    [ ! -e pwned ]
    [[ $stderr != *$'\e'* ]]
}

@test "sleeps of the computer split too, and nothing is lost" {
    local sleepy=--source=synth:counter,fast,sleep-at=2500ms+1h
    looprec -q "$sleepy" -d 5 -f s16 -t raw whole.pcm
    looprec -q "$sleepy" -d 5 -f s16 --split=1s --on-suspend=split a.raw
    [ "$(stat -c %s a-*.raw | xargs)" = "192000 192000 96000 192000 192000 96000" ]
    cat a-*.raw | cmp - whole.pcm
}

@test "what is no file cannot be split" {
    run -2 --separate-stderr looprec "$COUNTER" -d 3 --split=1 -t wav -
    [[ $stderr == *"--split needs files"* ]]
    run -2 looprec "$COUNTER" -d 3 --split=1 -t null
    mkfifo p-001.wav
    cat p-001.wav >/dev/null &
    run -2 --separate-stderr looprec "$COUNTER" -d 3 --split=1 p.wav
    [[ $stderr == *"p-001.wav"*"no file"* ]]
    [ "$(ls)" = p-001.wav ]
}

@test "a few files are listed at the end, many are not" {
    run -0 --separate-stderr looprec "$COUNTER" -d 3 --split=1 a.wav
    [[ $stderr == *"a-001.wav and 2 more files: 00:00:03.000"* ]]
    [[ $stderr == *"  a-003.wav: 00:00:01.000, from 00:00:02.000 on"* ]]
    run -0 --separate-stderr looprec "$COUNTER" -d 100 --split=1 b.wav
    [[ $stderr == *"b-001.wav and 99 more files: 00:01:40.000"* ]]
    [[ $stderr == *"  b-100.wav: 00:00:01.000"* ]]
    [ "$(wc -l <<<"$stderr")" -lt 30 ]
}
