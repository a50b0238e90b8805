#!/usr/bin/env bats
# An application's stream goes on elsewhere while it is recorded: it is moved, or its
# output goes away. For SYSTEM=pulse and pipewire (see lib.bash).

load lib.bash
load app.bash

setup_file() { begin_applications; }

teardown_file() { stop_server main; }

setup() { begin_test; }

teardown() { end_test; }

@test "one that is moved to another output goes on, after a short gap at most" {
    local gap
    until_well record_move moved_was_whole
    has_frames moved.wav 240000
    has_no_right moved.wav
    is_whole_tone moved.wav --from=0.1 --to="$(calculate "$(place_of moved "$MOVE_NS") - 0.1")"
    gap=$(analyse silence moved.wav --channel=0 --from=0.1 --least=0.002)
    echo "$gap"
    true_that "$(sed -n 's/^silent_frames=//p' <<<"$gap") < 0.5 * 48000" "the gap: $gap"
    is_whole_tone moved.wav --from="$(calculate "$(place_of moved "$MOVED_NS") + 1")"
    [ "$(final moved .gone)" -lt 24000 ]
}

record_move() {
    local recorder
    begin_try || return
    another_plays || return
    tune_left || return
    record moved -d 5 "--app=$TUNE_PID" moved.wav || return
    recorder=$PID
    listen || return
    listen second || return
    sleep_until $(($(started_ns moved) + 1500000000))
    MOVE_NS=$(now_ns)
    pactl move-sink-input "$(input_of "$TUNE_PID")" second || return
    MOVED_NS=$(now_ns)
    finished moved "$recorder"
}

moved_was_whole() { left_was_whole && was_whole second 0; }
