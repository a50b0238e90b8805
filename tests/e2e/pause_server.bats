#!/usr/bin/env bats
# Pausing what really plays: the stream stays open, so on both sides of the cut
# everything is there.

load lib.bash

setup_file() {
    start_server main
    cd "$BATS_FILE_TMPDIR" || return
    generate tone tone.wav --seconds=30
}

teardown_file() { stop_server main; }

setup() { cd "$BATS_TEST_TMPDIR" || return; }

teardown() { end_started; }

told() { # EVENT COUNT
    [ "$(grep -c "\"event\":\"$1\"" a.json)" -ge "$2" ]
}

# A pause and a marker in what plays; $1: the file.
paused() {
    play "$BATS_FILE_TMPDIR/tone.wav" "$LOOPREC_TEST_SINK" --latency-msec=50
    is_playing "$LOOPREC_TEST_SINK"
    record a -D "$LOOPREC_TEST_SINK" "$1"
    eventually has_grown a 96000
    kill -USR2 "$PID"
    eventually told pause 1
    sleep 0.7
    kill -USR2 "$PID"
    eventually told pause 2
    CUT=$(jq -s '[.[] | select(.event == "pause")][0].at_frame' a.json)
    eventually has_grown a $((CUT + 96000))
    interrupt "$PID"
    finished a "$PID"
}

@test "nothing is lost at a pause, and the tone is whole on both sides" {
    paused a.flac
    events_show a 'last | .lost == 0 and .paused > 24000 and .gone == 0 and
        .frames == .captured + .idle'
    has_frames a.flac "$(final a .frames)"
    near "$(calculate "($(final a .frames) + $(final a .paused)) / 48000")" \
        "$(final a .wall_seconds)" 0.3 "seconds"
    # not the first second: the server's own beginning
    is_whole_tone a.flac --from=1 "--to=$(calculate "$CUT / 48000")"
    is_whole_tone a.flac "--from=$(calculate "$CUT / 48000")" \
        "--to=$(calculate "$CUT / 48000 + 1.9")"
}
