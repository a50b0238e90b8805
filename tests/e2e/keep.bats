#!/usr/bin/env bats
# --keep: of a split recording the latest files stay, and nothing is deleted but
# what the recording made itself.
# shellcheck disable=SC2154 # bats sets stderr

load lib.bash

setup() {
    mkdir "$BATS_TEST_TMPDIR/here"
    cd "$BATS_TEST_TMPDIR/here" || return
    COUNTER=--source=synth:counter,fast
}

teardown() { end_started; }

# The files are what is at the end of the whole recording.
are_the_end() {
    cat "$@" >end.pcm
    tail -c "$(stat -c %s end.pcm)" whole.pcm | cmp - end.pcm
}

@test "so many files, so many bytes, so much time" {
    looprec -q "$COUNTER" -f s16 -d 9.5 -t raw whole.pcm
    looprec -q "$COUNTER" -f s16 -d 9.5 --split=1s --keep=3 n.raw
    [ "$(echo n-*.raw)" = "n-008.raw n-009.raw n-010.raw" ]
    are_the_end n-*.raw
    looprec -q "$COUNTER" -f s16 -d 9.5 --split=1s --keep=1 one.raw
    [ "$(echo one-*.raw)" = one-010.raw ]
    looprec -q "$COUNTER" -f s16 -d 9.5 --split=1s --keep=1M b.raw
    [ "$(echo b-*.raw)" = "b-006.raw b-007.raw b-008.raw b-009.raw b-010.raw" ]
    are_the_end b-*.raw
    looprec -q "$COUNTER" -f s16 -d 9.5 --split=1s --keep=2s t.raw
    [ "$(echo t-*.raw)" = "t-008.raw t-009.raw t-010.raw" ]
    looprec -q "$COUNTER" -f s16 -d 9.5 --split=1s --keep=20s all.raw
    are_the_end all-*.raw
    [ "$(stat -c %s end.pcm)" -eq "$(stat -c %s whole.pcm)" ]
}

@test "every type can be deleted" {
    local type
    for type in wav rf64 w64 flac ogg opus mp3; do
        looprec -q "$COUNTER" -d 5 --split=1s --keep=2 a.$type
        [ "$(echo a-*.$type)" = "a-004.$type a-005.$type" ]
    done
}

@test "what is deleted is told, and the report names what is there" {
    run -0 --separate-stderr looprec --json "$COUNTER" -f s16 -d 5 --split=1s --keep=2 a.raw
    echo "$output" >a.json
    jq -es '[.[] | select(.event == "deleted") | [.file, .number, .at_frame, .frames]] ==
        [["a-001.raw", 1, 0, 48000], ["a-002.raw", 2, 48000, 48000],
         ["a-003.raw", 3, 96000, 48000]]' a.json
    jq -es '[.[] | select(.event == "segment")] | length == 5' a.json
    jq -es 'last | .files == ["a-004.raw", "a-005.raw"] and .file == "a-004.raw" and
        .frames == 240000' a.json
    [[ $stderr == *"a-004.raw and 1 more file: 00:00:05.000"* ]]
    [[ $stderr == *"3 older files were not kept"* ]]
}

@test "files that were there before stay, whatever they are called" {
    echo mine >a-002.raw
    echo mine >a-004.raw
    looprec -q "$COUNTER" -f s16 -d 8 --split=1s --keep=2 a.raw
    [ "$(echo a-*.raw)" = "a-002.raw a-004.raw a-009.raw a-010.raw" ]
    [ "$(cat a-002.raw a-004.raw)" = $'mine\nmine' ]
}

@test "a file that was replaced, written to or moved is nobody's to delete" {
    record k --source=synth:tone -f s16 --split=1s --keep=6 k.raw
    eventually test -e k-004.raw
    head -c "$(stat -c %s k-001.raw)" /dev/zero >new
    mv new k-001.raw
    echo more >>k-002.raw
    mv k-003.raw moved.raw
    touch -d '1 minute ago' k-003.raw
    eventually test -e k-010.raw
    interrupt "$PID"
    finished k "$PID"
    cmp -n 96000 k-001.raw /dev/zero
    [ "$(tail -c 5 k-002.raw)" = more ]
    [ -e k-003.raw ] && [ "$(stat -c %s moved.raw)" -eq 192000 ]
    [ ! -e k-004.raw ]
    grep -q 'warning: not deleted: k-001.raw: somebody has changed it since' k.err
    [ "$(grep -c 'not deleted' k.err)" -eq 3 ]
}

@test "a link that took a file's name is not followed" {
    mkdir other
    record l --source=synth:tone -f s16 --split=500ms --keep=2 l.raw
    eventually test -e l-002.raw
    mv l-001.raw other/real.raw
    ln -s other/real.raw l-001.raw
    eventually test -e l-004.raw
    interrupt "$PID"
    finished l "$PID"
    [ -L l-001.raw ] && [ -e other/real.raw ]
}

@test "--keep is for several files" {
    run -2 --separate-stderr looprec "$COUNTER" -d 1 --keep=3 a.wav
    [[ $stderr == *"--keep"*"--split"* ]]
    run -2 looprec "$COUNTER" -d 1 --split=1s --keep=0 a.wav
    run -2 looprec "$COUNTER" -d 1 --split=1s --keep=x a.wav
    [ -z "$(ls)" ]
}
