#!/usr/bin/env bats
# An application's stream goes on elsewhere while it is recorded: it is moved, or its
# output goes away. For SYSTEM=pulse and pipewire (see lib.bash).

load lib.bash
load app.bash

setup_file() { begin_applications; }

teardown_file() { stop_server main; }

setup() { begin_test; }

teardown() {
    end_test
    [ -z "$MODULE" ] || pactl unload-module "$MODULE"
}

MODULE=

@test "one that is moved to another output goes on, after a short gap at most" {
    local gap
    until_well record_move moved_was_whole
    has_frames moved.wav 240000
    has_no_right moved.wav
    is_whole_tone moved.wav --from=0.1 --to="$(calculate "$(place_of moved "$MOVE_NS") - 0.1")"
    gap=$(silent_frames moved.wav)
    true_that "$gap < 0.5 * 48000" "the gap: $gap"
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

# What moves is whole on no output; but with a machine that is too busy this fails.
outputs_kept_pace() { kept_pace "$SINK" 0.2 && kept_pace second 0.2; }

# How many frames the tone's gaps in a recording have together.
silent_frames() {
    analyse silence "$1" --channel=0 --from=0.1 --least=0.002 | sed -n 's/^silent_frames=//p'
}

@test "one that is moved again and again: no gap is longer for the ones before" {
    until_well record_moves outputs_kept_pace
    has_no_right moves.wav
    events_show moves 'map(select(.event == "gap") | .frames) | add // 0 | . < 0.4 * 48000'
    events_show moves 'all(.[] | select(.event == "gap"); .frames < 0.15 * 48000)'
    true_that "$(silent_frames moves.wav) < 0.4 * 48000" "silent: $(silent_frames moves.wav)"
    is_whole_tone moves.wav --from="$(calculate "$(place_of moves "$MOVED_NS") + 0.5")"
}

record_moves() {
    local recorder input begin n to=("$SINK" second)
    begin_try || return
    another_plays || return
    tune_left || return
    input=$(input_of "$TUNE_PID")
    record moves "--app=$TUNE_PID" -d 5 moves.wav || return
    recorder=$PID
    listen || return
    begin=$(started_ns moves)
    for n in 1 2 3 4 5 6; do
        # faster than a tap is taken for one that stays
        sleep_until $((begin + 500000000 + n * 450000000))
        pactl move-sink-input "$input" "${to[n % 2]}" || return
    done
    MOVED_NS=$(now_ns)
    finished moves "$recorder"
}

@test "one whose output goes away is heard on the next one" {
    # PulseAudio kills what records it; PipeWire lets that go along
    local most=4800
    [ "$SYSTEM" = pulse ] || most=0
    until_well record_unloading outputs_kept_pace
    has_no_right unloading.wav
    events_show unloading "map(select(.event == \"gap\") | .frames) | add // 0 | . <= $most"
    events_show unloading 'all(.[]; .event != "device")'
    is_whole_tone unloading.wav --from=0.1 --to="$(calculate "$(place_of unloading "$GONE_NS") - 0.1")"
    is_whole_tone unloading.wav --from="$(calculate "$(place_of unloading "$MOVED_NS") + 0.5")"
}

record_unloading() {
    local recorder
    begin_try || return
    [ -z "$MODULE" ] || pactl unload-module "$MODULE"
    MODULE=$(pactl load-module module-null-sink sink_name=third rate=48000 channels=2) || return
    another_plays || return
    tune "--device=third" "$SIGNALS/left.wav"
    TUNE_PID=$PLAYER
    eventually plays "$TUNE_PID" || return
    record unloading "--app=$TUNE_PID" -d 4 unloading.wav || return
    recorder=$PID
    listen || return
    sleep_until $(($(started_ns unloading) + 1500000000))
    GONE_NS=$(now_ns)
    pactl unload-module "$MODULE" || return
    MODULE=
    eventually plays "$TUNE_PID" || return
    MOVED_NS=$(now_ns)
    finished unloading "$recorder"
}
