#!/usr/bin/env bats
# Every type of file as looprec.exe writes it: to the bit what the Linux one
# writes, or read by other programs; and killed.

SYSTEM=wine
load lib.bash

setup() {
    NATIVE=$ROOT/build/native/looprec
    COUNTER=--source=synth:counter,fast
    cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
    end_started
}

decode() { # TYPE FILE
    ffmpeg -nostdin -v error -i "$2" -f "$1" -
}

@test "types without loss are to the bit what was given" {
    local type samples
    for samples in s16 s24 f32; do
        "$NATIVE" -q "$COUNTER" -f $samples -t raw -d 50001f - >exact.raw
        for type in wav rf64 w64 raw flac; do
            [ $type != flac ] || [ $samples != f32 ] || continue
            looprec -q "$COUNTER" -f $samples -d 50001f $samples.$type </dev/null
            if [ $type = raw ]; then
                cmp $samples.raw exact.raw
            else
                decode ${samples}le $samples.$type | cmp - exact.raw
                [ "$(sndfile-info $samples.$type | sed -n 's/^Frames *: //p')" = 50001 ]
            fi
        done
    done
    flac --test --silent --warnings-as-errors s16.flac s24.flac
    [ "$(head -c 4 s16.wav)" = RIFF ]
    [ "$(head -c 4 s16.rf64)" = RF64 ]
}

@test "lossy types have their length to the frame, in files and in pipes" {
    local type
    for type in ogg opus mp3; do
        looprec -q --source=synth:tone=997,fast -d 50001f t.$type </dev/null
        [ "$(sndfile-info t.$type | sed -n 's/^Frames *: //p')" = 50001 ]
        [ "$(decode f32le t.$type | wc -c)" -eq $((50001 * 8)) ]
        looprec -q --source=synth:tone=997,fast -t $type -d 50001f - </dev/null >piped.$type
        decode s16le piped.$type >piped.raw
        (($(stat -c %s piped.raw) >= 50001 * 4 && $(stat -c %s piped.raw) < 55000 * 4))
    done
}

@test "killed, every type is readable and at most a second short" {
    local type pid frames
    for type in rf64 w64 ogg opus mp3; do
        record killed-$type --source=synth:tone "killed.$type"
        pid=$PID
        sleep 2.5
        kill -TERM "$pid" # at once, under Wine
        await_end "$pid" || true
        frames=$(($(decode s16le killed.$type | wc -c) / 4))
        echo "$type: $frames"
        ((frames > 72000 && frames < 4 * 48000))
    done
}
