#!/usr/bin/env bats
# The keys of the Windows executable on a console: space pauses, m marks, q ends.
# Wine's console is a pseudo terminal here.

SYSTEM=wine
load lib.bash
load terminal.bash

setup() {
    mkdir "$BATS_TEST_TMPDIR/here"
    cd "$BATS_TEST_TMPDIR/here" || return
}

teardown() { end_started; }

EVENTUALLY=60 # Wine takes its time to start

told() { # EVENT COUNT
    [ "$(grep -c "\"event\":\"$1\"" a.json 2>/dev/null)" -ge "$2" ]
}

@test "space pauses and goes on, m marks, q ends" {
    local cut
    begin_on_terminal "$ROOT/scripts/wine $LOOPREC --json --source=synth:counter,bits=16 \
        -f s16 a.wav >a.json"
    eventually has_grown a 12000
    printf ' ' >&7
    eventually told pause 1
    printf m >&7
    eventually told marker 1
    sleep 0.2
    printf ' ' >&7
    eventually told pause 2
    cut=$(jq -s '[.[] | select(.event == "pause")][0].at_frame' a.json)
    eventually has_grown a $((cut + 12000))
    printf m >&7
    eventually told marker 2
    eventually has_grown a $((cut + 36000))
    printf q >&7
    end_on_terminal
    events_show a 'last | .stop == "key" and .captured == .frames and .paused > 4800 and
        .markers == 2'
    events_show a '[.[] | select(.event == "pause") | .frames][1] == (last | .paused) and
        [.[] | select(.event == "marker")][0].at_frame ==
            [.[] | select(.event == "pause")][0].at_frame'
    has_frames a.wav "$(final a .frames)"
    analyse counter a.wav | grep -q "^break1=$cut 0 "
    analyse counter a.wav | grep -qx 'breaks=1'
    [ "$(ffprobe -v error -show_chapters -of json a.wav | jq -r '.chapters[].start')" = \
        "$(jq -r 'select(.event == "marker") | .at_frame' a.json)" ]
}
