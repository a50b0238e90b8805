#!/usr/bin/env bats
# What holds an output ready for the next beginning (src/source/pulse/keepers.h)
# delivers nothing while what is recorded plays there, which would be each packet
# twice; and hears again before the next song. For SYSTEM=pulse and pipewire.

load lib.bash
load app.bash

setup_file() {
    begin_applications
    generate tone first.wav --seconds=1.8 --only=0
    generate noise second.wav --seconds=0.5
}

teardown_file() { stop_server main; }

setup() {
    begin_test
    [ "$SYSTEM" = pulse ] || skip "PipeWire's deliver all the time"
}

teardown() { end_test; }

# How many monitors are listened to, beside the streams that are recorded.
listening() {
    pactl -f json list source-outputs | jq '[.[] | select(.properties["media.name"] ==
        "what an output plays" and (.corked | not))] | length'
}

none_listens() { [ "$(listening)" -eq 0 ]; }

one_listens() { [ "$(listening)" -gt 0 ]; }

tune_left() {
    tune "--device=$SINK" "$SIGNALS/left.wav"
    TUNE_PID=$PLAYER
    eventually plays "$TUNE_PID"
}

@test "while what is recorded plays, its packets alone come" {
    tune_left
    record rest "--app=$TUNE" rest.wav
    local recorder=$PID
    eventually none_listens
    # it ends, and the next beginning is listened for
    kill "$TUNE_PID"
    eventually one_listens
    tune_left
    eventually none_listens
    kill -INT "$recorder"
    finished rest "$recorder"
    [ "$(final rest .lost)" -eq 0 ]
    has_no_right rest.wav
}

# On an output whose monitor has all that is heard.
@test "of a song that follows on a song not a frame of the beginning is missing" {
    local module i from
    module=$(pactl load-module module-null-sink sink_name=third norewinds=1 rate=48000 channels=2)
    for i in 1 2 3 4 5; do
        # shellcheck disable=SC2016
        PULSE_SINK=third looprec -q --overwrite songs.wav -- \
            sh -c 'paplay "$0/first.wav"; paplay --latency-msec=20 "$0/second.wav"' "$SIGNALS" </dev/null
        from=$(analyse find "$SIGNALS/second.wav" songs.wav | sed -n 's/^run1=\([0-9]*\) .*/\1/p')
        [ "$from" -eq 0 ]
    done
    pactl unload-module "$module"
}
