#!/usr/bin/env bats
# The applications that play on a sound server: what -L shows of each, and that
# looking changes nothing. For SYSTEM=pulse and pipewire (see lib.bash).

load lib.bash
load app.bash

setup_file() {
    start_server main --extra-sink=second
    cd "$BATS_FILE_TMPDIR" || return
    sox -n -r 48000 -c 2 tone.wav synth 60 sine 997 sine 400 remix 1v0.5 2v0.05 || return
    sox -n -r 44100 -c 1 other.wav synth 60 sine 1500 vol 0.25 || return
    # the same player as a program of another name
    cp "$(readlink -f "$(command -v paplay)")" "$TUNE"
}

teardown_file() {
    stop_server main
}

setup() { begin_test; }

teardown() {
    server_has_all_processors
    end_test
}

# The list shows it, now or soon: how far an output was mixed ahead by its first
# player is not to be seen otherwise.
shows() {
    eventually list_shows "$@" || {
        jq -c '.[]' apps.json >&2
        fail "the list does not show: $*"
    }
}

list_shows() { # jq's arguments
    looprec -L --json >apps.json && jq -e "$@" apps.json >/dev/null
}

@test "an application is listed with its process, output, volume, format and peak" {
    play "$BATS_FILE_TMPDIR/tone.wav" second --latency-msec=20 --client-name=Radio
    local radio=$PLAYER tune
    tune --device="$SINK" --client-name="A Tune" "$BATS_FILE_TMPDIR/other.wav"
    tune=$PLAYER
    eventually inputs_are 2
    pactl set-sink-input-volume "$(input_of "$radio")" 0.5
    pactl set-sink-input-mute "$(input_of "$tune")" 1
    shows --argjson pid "$radio" '.[] | select(.pid == $pid) |
        .volume == 0.5 and .peak_dbfs != null and (.peak_dbfs + 12.04 | fabs) < 1'
    jq -e 'length == 2' apps.json
    jq -e --argjson pid "$radio" '.[] | select(.pid == $pid) | .name == "Radio" and
        .executable == "pacat" and .device_id == "second" and (.device | length) > 0 and
        .state == "active" and .muted == false and .system == false and
        .rate == 48000 and .channels == 2' apps.json
    jq -e --argjson pid "$tune" --arg exe "$TUNE" --arg sink "$SINK" '.[] | select(.pid == $pid) |
        .name == "A Tune" and .executable == $exe and .device_id == $sink and
        .muted and .volume == 1 and .rate == 44100 and .channels == 1 and
        .peak_dbfs == null' apps.json
    pactl set-sink-input-volume "$(input_of "$tune")" 0.5
    looprec -L >table
    cat table
    [ "$(wc -l <table)" -eq 3 ]
    grep -q "^ *$radio  active  *50 %  *-1[0-9.]* dBFS  48000   2  pacat  *Radio" table
    grep -q "^ *$tune  active  *muted, 50 %  .*44100   1  $TUNE  *A Tune" table
    # at no volume at all a recording is as silent as when muted: so is the word
    pactl set-sink-input-mute "$(input_of "$tune")" 0
    pactl set-sink-input-volume "$(input_of "$tune")" 0
    looprec -L >table
    grep -q "^ *$tune  active  *silent, 0 %  " table
}

# (There pipewire-pulse gives each client only one of its streams.)
@test "eight of them, and the server has one processor: each one's peak is known" {
    local i
    server_has_one_processor
    for ((i = 0; i < 8; i++)); do
        play "$BATS_FILE_TMPDIR/tone.wav" second --latency-msec=200
    done
    eventually inputs_are 8
    shows 'map(select(.peak_dbfs != null and (.peak_dbfs + 6.02 | fabs) < 1)) | length == 8'
}

@test "a stream that pauses is corked, one of event sounds is the system's, and names are data" {
    local odd
    odd=$(printf 'Evil\033[31m \a\033]0;owned\a \t\xc2\x9b2J Öl')
    # a number of nobody's: what a client declares is not what it is
    corked application.name="$odd" application.process.id=1 \
        application.process.binary="/x/$odd" media.role=event
    eventually inputs_are 1
    shows 'length == 1 and .[0].state == "corked"'
    jq -e '.[0] | .pid == null and .system and .peak_dbfs == null and
        .rate == 32000 and .channels == 1 and .volume == 1 and
        (.name | startswith("Evil")) and (.executable | startswith("Evil"))' apps.json
    looprec -L >table
    cat -v table
    for f in table apps.json; do
        run ! env LC_ALL=C grep -nP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' "$f"
    done
    grep -q 'corked .*(the system.s)  *Evil.*Öl' table
}

@test "looking at applications changes nothing, and is soon done" {
    play "$BATS_FILE_TMPDIR/tone.wav" second --latency-msec=20
    tune --device="$SINK" "$BATS_FILE_TMPDIR/other.wav"
    corked application.name=Pause
    eventually inputs_are 3
    shows 'map(select(.peak_dbfs != null)) | length == 2'
    looprec -L --json >/dev/null
    EVENTUALLY=5 eventually nothing_records
    server_state >before
    local begin took
    begin=$(now_ns)
    looprec -L --json >/dev/null
    took=$(($(now_ns) - begin))
    EVENTUALLY=5 eventually nothing_records
    server_state >after
    diff before after
    # a fifth of a second, and as much again for the questions; on a busy machine
    true_that "$took < 2e9" "$took ns"
}

@test "a recording in progress is no application that plays, nor is nothing an error" {
    record first -d 20 first.wav
    looprec -L --json >apps.json
    jq -e '. == []' apps.json
    looprec -L >table
    grep -q 'No application plays' table
}

@test "without a sound server -L says so" {
    PULSE_SERVER=unix:$BATS_TEST_TMPDIR/nothing run -5 --separate-stderr looprec -L
    # shellcheck disable=SC2154
    [[ $stderr == *"no sound server"*PULSE_SERVER* ]]
    [ -z "$output" ]
}

@test "on PipeWire an application of its own is listed by the server's word" {
    [ "$SYSTEM" = pipewire ] || skip "for PipeWire"
    command -v pw-play >/dev/null || skip "no pw-play"
    pw-play --target=second "$BATS_FILE_TMPDIR/tone.wav" </dev/null >/dev/null 2>&1 3>&- &
    PLAYER=$!
    PIDS+=("$PLAYER")
    eventually inputs_are 1
    shows --argjson pid "$PLAYER" '.[0] | .pid == $pid and .executable == "pw-cat" and
        .peak_dbfs != null and (.peak_dbfs + 6.02 | fabs) < 1'
}
