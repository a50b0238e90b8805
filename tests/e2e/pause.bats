#!/usr/bin/env bats
# Pausing: by SIGUSR2 and by the space key. With synthetic sources in real time:
# no sound server is needed.

load lib.bash
load terminal.bash

setup() {
    mkdir "$BATS_TEST_TMPDIR/here"
    cd "$BATS_TEST_TMPDIR/here" || return
    COUNTER=--source=synth:counter,bits=16
    TONE=--source=synth:tone=997
}

teardown() { end_started; }

# --- helpers ---

pauses_told() { # NAME COUNT
    [ "$(grep -c '"event":"pause"' "$1.json")" -ge "$2" ]
}

# Pause, or let go on, and return when it is told.
toggle() { # NAME
    local before
    before=$(grep -c '"event":"pause"' "$1.json" || :)
    kill -USR2 "$PID"
    eventually pauses_told "$1" $((before + 1))
}

# Frames in which the pauses ended, and how long they were: "AT FRAMES" lines.
pauses() {
    jq -r 'select(.event == "pause" and .state == "resumed" and .frames > 0) |
        "\(.at_frame) \(.frames)"' "$1.json"
}

# The counter in the file breaks where pauses are told, by as much, and nowhere
# else. $2 and the rest: the file and options for analyse.
is_cut_as_told() {
    local name=$1 found at frames
    shift
    found=$(analyse counter "$@" | sed -n 's/^break[0-9]*=\([0-9]*\) 0 expected \([0-9]*\) found \([0-9]*\)/\1 \2 \3/p' |
        while read -r at expected value; do
            echo "$at $(((value - expected + 65536) % 65536))"
        done)
    [ "$found" = "$(pauses "$name" | while read -r at frames; do
        echo "$at $((frames * 2 % 65536))"
    done)" ] || fail "$name: $found"$'\n'"$(pauses "$name")"
}

# --- signals ---

@test "SIGUSR2 pauses and goes on: cut to the frame, nothing else missing" {
    record a "$COUNTER" -f s16 a.wav
    eventually has_grown a 12000
    toggle a
    sleep 0.3 # a pause of some length
    toggle a
    eventually has_grown a 36000
    toggle a
    toggle a
    eventually has_grown a 60000
    interrupt "$PID"
    finished a "$PID"
    [ "$(grep -c '"event":"pause"' a.json)" -eq 4 ]
    has_frames a.wav "$(final a .frames)"
    is_cut_as_told a a.wav
    [ "$(pauses a | wc -l)" -ge 1 ]
    events_show a '(last | .captured == .frames and .idle + .lost + .gone == 0) and
        ([.[] | select(.event == "pause") | .state] ==
            ["paused", "resumed", "paused", "resumed"]) and
        ([.[] | select(.event == "pause" and .state == "resumed") | .frames] | add) ==
            (last | .paused) and
        all(.[] | select(.event == "gap"); false)'
    # what is in the file and what is not are the time that passed
    near "$(calculate "($(final a .frames) + $(final a .paused)) / 48000")" \
        "$(final a .wall_seconds)" 0.2 "seconds"
    grep -q 'paused for 00:00:0.*, which is not in the file' a.err
    grep -q '^looprec: paused at 00:00:0' a.err
    grep -q '^looprec: goes on after a pause of 00:00:0' a.err
}

@test "a tone is whole on both sides of a pause" {
    local cut
    record a "$TONE" a.flac
    eventually has_grown a 40000
    toggle a
    sleep 0.25
    toggle a
    cut=$(jq -s '[.[] | select(.event == "pause")][0].at_frame' a.json)
    eventually has_grown a $((cut + 40000))
    interrupt "$PID"
    finished a "$PID"
    is_whole_tone a.flac "--to=$(calculate "$cut / 48000")"
    is_whole_tone a.flac "--from=$(calculate "$cut / 48000")"
}

@test "-d is of what is in the file" {
    local at
    record a "$COUNTER" -f s16 -d 48000f a.raw
    at=$(now_ns)
    toggle a
    sleep 0.5
    toggle a
    finished a "$PID"
    [ "$(stat -c %s a.raw)" -eq 192000 ]
    is_cut_as_told a a.raw --raw=s16,48000,2
    [ "$(final a .stop)" = duration ]
    true_that "$(final a .paused) > 0"
    true_that "$(now_ns) - $at > 500000000"
}

@test "an end while paused: the file ends where the pause began" {
    record a "$COUNTER" -f s16 a.wav
    eventually has_grown a 12000
    toggle a
    events_show a '[.[] | select(.event == "pause")] | length == 1'
    eventually grep -q '"paused":true' a.json
    interrupt "$PID"
    finished a "$PID"
    events_show a '[.[] | select(.event == "pause")][0].at_frame == (last | .frames) and
        (last | .paused > 0 and .stop == "interrupt")'
    has_frames a.wav "$(final a .frames)"
    is_cut_as_told a a.wav
}

@test "a pipe gets nothing of a pause" {
    "$LOOPREC" --json "$COUNTER" -t raw -f s16 - </dev/null 2>a.json >a.raw 3>&- &
    PID=$!
    PIDS+=("$PID")
    is_started a "$PID"
    eventually has_grown a 12000
    toggle a
    sleep 0.3
    toggle a
    eventually has_grown a 24000
    interrupt "$PID"
    finished a "$PID"
    [ "$(stat -c %s a.raw)" -eq $(($(final a .frames) * 4)) ]
    is_cut_as_told a a.raw --raw=s16,48000,2
    true_that "$(final a .paused) > 4800"
}

@test "with a command: the signal is ours, and the command is born without it" {
    # shellcheck disable=SC2016
    record a "$COUNTER" -f s16 a.wav -- sh -c 'until [ -e go ]; do sleep 0.05; done; kill -USR2 $$'
    eventually has_grown a 12000
    toggle a
    sleep 0.2
    toggle a
    eventually has_grown a 24000
    touch go
    finished a "$PID" 140 # its own signal has ended it
    is_cut_as_told a a.wav
    events_show a 'last | .command_status == 140 and .paused > 0'
}

@test "a command that ends while it is paused ends the recording" {
    record a "$COUNTER" -f s16 a.wav -- sh -c 'until [ -e go ]; do sleep 0.05; done'
    eventually has_grown a 12000
    toggle a
    touch go
    finished a "$PID"
    events_show a '[.[] | select(.event == "pause")][0].at_frame == (last | .frames) and
        (last | .stop == "command")'
}

@test "what is recorded is lost and comes back while it is paused" {
    record a "$COUNTER,lose-at=1s+1s" -f s16 a.wav
    eventually has_grown a 12000
    toggle a
    eventually grep -q '"state":"back"' a.json
    toggle a
    eventually has_grown a 48000
    interrupt "$PID"
    finished a "$PID"
    events_show a '[.[] | select(.event == "pause")][0].at_frame as $pause |
        ([.[] | select(.event == "gap")][0].at_frame // $pause) as $gap |
        last | .gone == $pause - $gap and .lost == 0 and .paused > 0'
}

@test "several files, each of so many frames, join as one with a pause" {
    record a "$COUNTER" -f s16 --split=20000f a.raw
    eventually has_grown a 30000
    toggle a
    sleep 0.3
    toggle a
    eventually has_grown a 60000
    interrupt "$PID"
    finished a "$PID"
    cat a-*.raw >all.raw
    [ "$(stat -c %s all.raw)" -eq $(($(final a .frames) * 4)) ]
    [ "$(stat -c %s a-001.raw a-002.raw a-003.raw | xargs)" = "80000 80000 80000" ]
    is_cut_as_told a all.raw --raw=s16,48000,2
}

# --- keys ---

@test "on a terminal: space pauses, space goes on, q ends" {
    begin_on_terminal "$LOOPREC $COUNTER -f s16 a.wav"
    eventually grep -q '00:00:00\.[3-9]' screen
    grep -q 'Ctrl-C or q ends it, space pauses' screen
    printf ' ' >&7
    eventually grep -q 'looprec: paused at 00:00:0' screen
    eventually grep -q '  PAUSED' screen
    sleep 0.3
    printf ' ' >&7
    eventually grep -q 'looprec: goes on after a pause of 00:00:0' screen
    sleep 0.3
    printf q >&7
    end_on_terminal
    grep -q 'paused for 00:00:0.*, which is not in the file' screen
    [ "$(analyse counter a.wav | sed -n 's/^breaks=//p')" = 1 ]
    is_within_terminal
}

@test "on a terminal: q ends a recording that is paused" {
    begin_on_terminal "$LOOPREC $COUNTER -f s16 a.wav"
    eventually grep -q '00:00:00\.[3-9]' screen
    printf ' ' >&7
    eventually grep -q '  PAUSED' screen
    printf q >&7
    end_on_terminal
    grep -q 'paused for' screen
    [ "$(analyse counter a.wav | sed -n 's/^breaks=//p')" = 0 ]
}
