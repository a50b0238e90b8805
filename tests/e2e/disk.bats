#!/usr/bin/env bats
# Disks that fill up, files that are deleted meanwhile.
# shellcheck disable=SC2154 # bats sets stderr

load lib.bash

setup() {
    mkdir "$BATS_TEST_TMPDIR/here"
    cd "$BATS_TEST_TMPDIR/here" || return
    COUNTER=--source=synth:counter,fast
}

teardown() { end_started; }

# Run a shell script where ./disk is a small file system of its own: $1 its
# size; the script's arguments are $LOOPREC and the rest.
on_small_disk() {
    local size=$1 script=$2
    shift 2
    unshare -rm mount -t tmpfs none "$PWD" 2>/dev/null || skip "may not mount"
    mkdir -p disk
    # shellcheck disable=SC2016
    run --separate-stderr unshare -rm bash -c '
        mount -t tmpfs -o size="$1" none disk || exit 99
        eval "$2"' - "$size" "$script" "$LOOPREC" "$@"
}

@test "a disk that is full soon is told of, once" {
    on_small_disk 20M '
        "$3" --json --source=synth:tone -f s16 -d 3 disk/a.wav >a.json'
    [ "$status" -eq 0 ]
    [[ $stderr == *"warning: the free space ("*" MB) lasts for 1 minute at the current rate"* ]]
    jq -es '[.[] | select(.event == "warning")] | length == 1 and
        (.[0].message | contains("free space"))' a.json
}

@test "a disk with enough room is not worth a word" {
    on_small_disk 200M '
        "$3" --source=synth:tone -f s16 -d 3 disk/a.wav'
    [ "$status" -eq 0 ]
    [[ $stderr != *warning* ]]
}

@test "a full disk: of several files all are kept and valid" {
    on_small_disk 2M '
        "$3" -q "$4" -f s16 -d 60 --split=3s disk/a.wav
        code=$?
        mv disk/* .
        exit $code' "$COUNTER"
    [ "$status" -eq 1 ]
    [[ $stderr == *"no space left: disk/a-004.wav"*"(00:00:1"*" was recorded and is kept)"* ]]
    [ "$(ls a-*.wav | xargs)" = "a-001.wav a-002.wav a-003.wav a-004.wav" ]
    has_frames a-003.wav 144000
    [ "$(measure breaks counter a-004.wav)" -eq 0 ]
}

@test "a full disk: the recording goes on elsewhere, and nothing is lost" {
    local type
    mkdir other
    COUNTER=--source=synth:noise,fast
    looprec -q "$COUNTER" -f s16 -d 20 -t raw whole.pcm
    for type in wav rf64 w64 flac raw; do
        on_small_disk 500k '
            "$3" --json --strict "$4" -f s16 -d 20 --fallback=other disk/a.$5 >a.json
            code=$?
            mv disk/* .
            exit $code' "$COUNTER" $type
        [ "$status" -eq 0 ] || fail "$type: $stderr"
        [[ $stderr == *"warning: no space left: disk/a.$type; the recording goes on in other/a-2.$type"* ]]
        for file in a.$type other/a-2.$type; do
            case $type in
            raw) cat "$file" ;;
            *) sndfile-convert -pcm16 "$file" samples.raw >/dev/null && cat samples.raw ;;
            esac
        done | cmp - whole.pcm
        jq -es '[.[] | select(.event == "segment")] as $s | ($s | length) == 2 and
            ($s[1].at_frame == $s[0].frames) and ($s[0].frames + $s[1].frames == 960000) and
            (last | .frames == 960000 and .captured == 960000 and .error == null and
                .files == ["disk/a.'$type'", "other/a-2.'$type'"]) and
            ([.[] | select(.event == "warning")] | length > 0)' a.json
        (($(stat -c %s a.$type) > 400000))
        rm -rf disk other/*
    done
    for type in ogg opus mp3; do
        on_small_disk 100k '
            "$3" --json "$4" --compression=0 -d 20 --fallback=other disk/a.$5 >a.json
            code=$?
            mv disk/* .
            exit $code' "$COUNTER" $type
        [ "$status" -eq 0 ] || fail "$type: $stderr"
        [ "$(ffmpeg -nostdin -v error -i "a.$type" -f null - 2>&1)" = "" ]
        [ "$(ffmpeg -nostdin -v error -i "other/a-2.$type" -f null - 2>&1)" = "" ]
        jq -es '[.[] | select(.event == "segment") | .frames] | length == 2 and add == 960000' a.json
        rm -rf disk other/*
    done
}

@test "a full disk: split files go on under the same name, and a second failure ends" {
    mkdir other
    looprec -q "$COUNTER" -f s16 -d 12 -t raw whole.pcm
    on_small_disk 2000k '
        "$3" -q "$4" -f s16 -d 12 --split=2s --fallback=other disk/a-%n.raw
        code=$?
        mv disk/* .
        exit $code' "$COUNTER"
    [ "$status" -eq 0 ]
    cat a-?.raw other/a-?.raw | cmp - whole.pcm
    [ "$(ls other)" = a-7.raw ]
    [ "$(stat -c %s a-5.raw)" -eq 384000 ] && [ "$(stat -c %s a-6.raw)" -lt 384000 ]
    on_small_disk 500k '
        mkdir disk/more
        "$3" -q "$4" -f s16 -d 12 --fallback=disk/more disk/b.wav' "$COUNTER"
    [ "$status" -eq 1 ]
    [[ $stderr == *"no space left: disk/more/b-2.wav"*"was recorded and is kept"* ]]
}

@test "a disk that was full before leaves no empty file" {
    local type
    mkdir other
    for type in wav flac ogg mp3 raw; do
        on_small_disk 64k '
            head -c 65536 /dev/zero >disk/full
            "$3" -q "$4" -d 3 --fallback=other disk/a.$5
            code=$?
            ls disk >left
            exit $code' "$COUNTER" $type
        [ "$status" -eq 0 ] || fail "$type: $stderr"
        [ "$(<left)" = full ] || fail "$type: $(<left)"
        [ "$(ls other)" = "a.$type" ] || [ "$(ls other)" = "a-2.$type" ] || fail "$(ls other)"
        rm other/*
    done
}

@test "a fallback on the same disk is warned of, and leaves no empty file" {
    local type message="warning: the folder of --fallback lies on the same disk as the file"
    mkdir other
    COUNTER=--source=synth:noise,fast
    for type in wav raw flac ogg; do
        on_small_disk 100k '
            mkdir disk/more
            "$3" --json "$4" -d 12 --fallback=disk/more disk/b.$5 >b.json
            code=$?
            find disk -type f >files
            exit $code' "$COUNTER" $type
        [ "$status" -eq 1 ] || fail "$type: $stderr"
        [[ ${stderr_lines[*]} == *"$message"* ]]
        [ "$(<files)" = disk/b.$type ] || fail "$type: $(<files)"
        jq -es 'last | .files == ["disk/b.'$type'"]' b.json
    done
    # nor does a recording that could not begin
    on_small_disk 500k '
        dd if=/dev/zero of=disk/full status=none
        "$3" "$4" -d 1 disk/c.wav
        code=$?
        find disk -type f >files
        exit $code' "$COUNTER"
    [ "$status" -eq 1 ]
    [ "$(<files)" = disk/full ]
    on_small_disk 500k '"$3" "$4" -d 1 -f s16 --fallback=other disk/d.wav' "$COUNTER"
    [ "$status" -eq 0 ]
    [[ $stderr != *"$message"* ]]
}

@test "a full disk: each marker is in the file that holds its frame" {
    local type found file at number
    mkdir other
    for type in wav flac; do
        on_small_disk 300k '
            mark() {
                kill -USR1 $!
                until [ "$(grep -c "\"event\":\"marker\"" a.json)" -ge "$1" ]; do sleep 0.02; done
            }
            "$3" --json --source=synth:noise,bits=16 --fallback=other disk/a.$4 >a.json &
            until grep -q progress a.json; do sleep 0.02; done
            mark 1
            mark 2
            until [ -s other/a-2.$4 ]; do sleep 0.02; done
            mark 3
            sleep 0.5
            kill -INT $!
            wait $!
            code=$?
            mv disk/* .
            exit $code' $type
        [ "$status" -eq 0 ] || fail "$type: $stderr"
        found=$(jq -r 'select(.event == "segment") | "\(.file) \(.at_frame)"' a.json |
            while read -r file at; do
                ffprobe -v error -show_chapters -of json "${file#disk/}" |
                    jq ".chapters[].start + $at"
            done)
        [ "$found" = "$(jq 'select(.event == "marker") | .at_frame' a.json)" ] ||
            fail "$type: $found"
        [ "$(wc -l <<<"$found")" -eq 3 ]
        jq -es 'last | .files == ["disk/a.'$type'", "other/a-2.'$type'"] and .captured == .frames' a.json
        rm -rf disk other/*
    done
}

@test "a fallback that is not there, or not needed, makes no file" {
    run -1 --separate-stderr looprec "$COUNTER" -d 1 --fallback=nowhere a.wav
    [[ $stderr == *"no such directory"*nowhere* ]]
    mkdir other '50%Y'
    looprec -q "$COUNTER" -d 1 --fallback=other a.wav
    looprec -q "$COUNTER" -d 1 --fallback='50%Y' b.wav
    [ -z "$(find other '50%Y' -type f)" ]
    run -2 looprec "$COUNTER" -d 1 --fallback=other -t wav -
    run -2 looprec "$COUNTER" -d 1 --fallback=other -t null
    run -2 looprec "$COUNTER" -d 1 --fallback= a.wav
}

@test "a file that is deleted meanwhile: the recording goes on elsewhere" {
    local kept
    mkdir other
    record d --strict --source=synth:tone --fallback=other d.wav
    eventually has_grown d 120000
    rm d.wav
    eventually test -e other/d-2.wav
    interrupt "$PID"
    finished d "$PID" 4
    grep -Eq "warning: the file was deleted meanwhile: d.wav, and 00:00:0[0-9.]+ is lost with it; the recording goes on in other/d-2.wav" d.err
    grep -q "^other/d-2.wav: " d.err
    grep -q "[0-9] frames lost, 00:00:0" d.err
    grep -q "audio was lost (--strict)" d.err
    kept=$(soxi -s other/d-2.wav)
    events_show d "last as \$done | [.[] | select(.event == \"segment\")] as \$s |
        \$done.lost > 0 and \$done.frames == $kept + \$done.lost and
        \$done.file == \"other/d-2.wav\" and \$done.files == [\$done.file] and
        ([.[] | select(.event == \"reclassified\") | [.was, .class, .at_frame, .frames]] ==
            [[\"captured\", \"lost\", 0, \$done.lost]]) and
        (\$s | length) == 1 and \$s[0].frames == $kept and \$s[0].at_frame == \$done.lost"
}

@test "a file that is deleted meanwhile ends the recording, and it is told" {
    local type
    for type in wav flac; do
        record $type --source=synth:tone "$type.$type"
        eventually has_grown $type 4800
        rm "$type.$type"
        await_end "$PID"
        [ "$STATUS" -eq 1 ]
        grep -Eq "the file was deleted meanwhile: $type.$type \(nothing is kept of the 00:00:0[0-9.]+ that was recorded\)" $type.err
        grep -q "^no file kept: " $type.err
        [[ $(<$type.err) != *"of the 00:00:00.000"* ]]
        events_show $type 'last | .frames == 0 and .error == "file-gone" and .exit == 1 and
            .file == null and .files == []'
    done
    # what was finished before is kept
    record s --source=synth:tone --split=500ms s.raw
    eventually test -e s-003.raw
    rm s-003.raw
    await_end "$PID"
    [ "$STATUS" -eq 1 ]
    grep -Eq "s-003.raw \(00:00:01.[0-9]+ was recorded, and 00:00:01.000 of it is kept\)" s.err
    events_show s 'last | .frames == 48000 and (.captured + .idle + .lost + .gone == 48000) and
        .files == ["s-001.raw", "s-002.raw"]'
}
