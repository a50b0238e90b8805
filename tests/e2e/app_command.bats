#!/usr/bin/env bats
# looprec OUT -- COMMAND: exactly the command's sound, from its first moment to
# its last, and the command is as if nobody listened. What needs no sound server
# is in command.bats. For SYSTEM=pulse and pipewire (see lib.bash).

load lib.bash
load app.bash

setup_file() {
    begin_applications
    generate tone short.wav --seconds=1.5 --only=0
    generate noise noise.wav --seconds=0.5
}

teardown_file() { stop_server main; }

setup() {
    begin_test
    export PULSE_SINK=$SINK
}

teardown() {
    end_test
}

# The short tone is in the file, and nothing of another player. Beside that one
# its beginning can't be found in the output's monitor, and PipeWire takes 30 to
# 75 ms to connect a tap.
has_short() { # file
    local start length missing=0.03
    [ "$SYSTEM" = pulse ] || missing=0.12
    analyse onsets "$1" --channel=0 --hold=0.1
    [ "$(measure spans onsets "$1" --channel=0 --hold=0.1)" -eq 1 ]
    start=$(measure start1 onsets "$1" --channel=0 --hold=0.1)
    length=$(calculate "$(measure end1 onsets "$1" --channel=0 --hold=0.1) - $start")
    within "$length" "$(calculate "1.5 - $missing")" 1.502 "$1: the sound's length"
    is_whole_tone "$1" --from="$(calculate "$start + 0.1")" --to="$(calculate "$start + 1.3")"
    has_left "$1" --from="$(calculate "$start + 0.1")" --to="$(calculate "$start + 1.3")"
    has_no_right "$1"
}

# It is as long as the time until the command's last act, which was to write that
# moment to the file `ended`, and what it then takes to end; and no shorter.
lasts_until_ended() { # name, file
    within "$(calculate "$(seconds_of "$2") - $(place_of "$1" "$(<ended)")")" \
        -0.011 "${3:-0.2}" "$2: how much longer it is"
    lasts_as_told "$1" "$2"
}

# --- players ---

@test "each player's sound is in the file, and nothing of another's" {
    for PROGRAM in paplay sox ffplay mpv; do
        until_well record_program left_was_whole
        has_short $PROGRAM.wav
        lasts_as_told $PROGRAM $PROGRAM.wav
        [ "$(final $PROGRAM .lost)" -eq 0 ]
        events_show $PROGRAM 'last | .stop == "command" and .command_status == 0'
    done
}

record_program() {
    local words
    mapfile -t words < <(words_of "$PROGRAM")
    begin_try || return
    another_plays || return
    listen || return
    launch "$PROGRAM" "$PROGRAM.wav" -- "${words[@]}" "$SIGNALS/short.wav"
    finished "$PROGRAM" "$PID"
}

@test "a browser is a command, and ends with the recording where that is asked for" {
    local start
    another_plays
    browser "$SIGNALS/left.wav"
    launch browser -d 10 --kill-on-stop browser.wav -- "${BROWSER[@]}" page.html
    finished browser "$PID"
    has_frames browser.wav 480000
    start=$(measure start1 onsets browser.wav --channel=0)
    has_left browser.wav --from="$(calculate "$start + 0.3")" --to="$(calculate "$start + 0.8")"
    has_no_right browser.wav
    run ! pgrep -f "$PWD/profile"
}

# --- the status ---

@test "the command's status is ours, and its sound is in the file" {
    local pair
    # shellcheck disable=SC2016
    for pair in '7:exit 7' '143:kill -TERM $$' '137:kill -KILL $$'; do
        WANTED=${pair%%:*} LAST=${pair#*:}
        until_well record_status left_was_whole
        has_short status.wav
        lasts_until_ended status status.wav
    done
}

# A command whose last act is LAST, which makes the status WANTED.
record_status() {
    begin_try || return
    another_plays || return
    listen || return
    launch status status.wav -- \
        sh -c "paplay --latency-msec=200 '$SIGNALS/short.wav'; date +%s%N >ended; $LAST"
    finished status "$PID" "$WANTED"
}

@test "one that is not there is 127, one that cannot run 126, and there is no file" {
    : >plain
    run -127 looprec a.wav -- no-such-program-of-looprec
    run -126 looprec a.wav -- ./plain
    [ ! -e a.wav ]
    EVENTUALLY=5 eventually nothing_records
}

# --- its first moments and its last ---

# Record paplay so many times, every third time with the buffers of its own, which
# hold 2 s. WORST is what a file lacks of its beginning, in frames, at most.
record_beginnings() {
    local i found from missing=0 room
    WORST=0
    for ((i = 1; i <= $1; i++)); do
        room=(--latency-msec=100)
        ((i % 3)) || room=()
        looprec -q "first$i.wav" -- paplay "${room[@]}" "$SIGNALS/noise.wav" </dev/null
        found=$(analyse find "$SIGNALS/noise.wav" "first$i.wav")
        # run1=FROM TO at FRAME
        from=$(sed -n 's/^run1=\([0-9]*\) .*/\1/p' <<<"$found")
        echo "run $i: from frame ${from:-none}: $(grep '^run' <<<"$found" | paste -sd,)"
        from=${from:-24000}
        ((from == 0)) || missing=$((missing + 1))
        ((from <= WORST)) || WORST=$from
        rm "first$i.wav"
    done
    echo "# the worst of $1 lacks its first $WORST frames of $((48 * 50)); $missing lack any" >&3
}

# PulseAudio's null sink takes back what it has mixed of the present block when a
# player starts, and nobody who records hears what it mixes then. We hold it to
# blocks of 2 ms.
@test "the first 50 ms are in the file, each time" {
    record_beginnings 12
    if [ "$SYSTEM" = pipewire ]; then
        [ "$WORST" -eq 0 ]
    else
        [ "$WORST" -le 96 ]
    fi
}

# As sound cards' monitors do, this sink's has all that is heard.
@test "where the output takes nothing back, not a frame of them is missing" {
    [ "$SYSTEM" = pulse ] || skip "of PulseAudio"
    local module
    module=$(pactl load-module module-null-sink sink_name=forth norewinds=1 rate=48000 channels=2)
    PULSE_SINK=forth record_beginnings 6
    pactl unload-module "$module"
    [ "$WORST" -eq 0 ]
}

@test "children that outlive the command are recorded until they end" {
    until_well record_orphan left_was_whole
    has_short orphan.wav
    lasts_until_ended orphan orphan.wav
}

record_orphan() {
    begin_try || return
    another_plays || return
    listen || return
    # shellcheck disable=SC2016
    launch orphan orphan.wav -- sh -c 'setsid sh -c "sleep 0.5
            paplay --latency-msec=200 \"\$0\"; date +%s%N >ended" "$0" & exit 3' \
        "$SIGNALS/short.wav"
    finished orphan "$PID" 3
}

@test "what it plays after Ctrl-C is in the file, and its status is ours" {
    generate tone bye.wav --seconds=1 --only=0 --hz=600
    # A group of their own, as a terminal gives them. Its SIGINT is for all of
    # them: the first player ends of it, too.
    cat >player <<'COMMAND'
#!/bin/bash
trap 'sleep 0.5; paplay --latency-msec=200 bye.wav; date +%s%N >ended; exit 5' INT
paplay --latency-msec=200 "$1" &
: >ready
while :; do wait; sleep 0.05; done
COMMAND
    chmod +x player
    until_well record_goodbye left_was_whole_twice
    events_show bye 'last | .stop == "command" and .command_status == 5'
    lasts_until_ended bye bye-all.wav
    near "$(measure dbfs level bye-all.wav --hz=600 "--from=$(calculate "$(place_of bye "$(<ended)") - 0.9")" \
        "--to=$(calculate "$(place_of bye "$(<ended)") - 0.3")")" -6 0.3 "the last words"
    has_no_right bye-all.wav
}

left_was_whole_twice() { left_was_whole 2; }

record_goodbye() {
    local recorder
    begin_try || return
    rm -f ready bye-all.wav
    another_plays || return
    listen || return
    # shellcheck disable=SC2016
    perl -e '$SIG{INT} = "DEFAULT"; setpgrp(0, 0); exec @ARGV' "$LOOPREC" --json bye-all.wav -- \
        ./player "$SIGNALS/left.wav" </dev/null >bye.json 2>bye.err 3>&- &
    recorder=$!
    PIDS+=("$recorder")
    is_started bye "$recorder" || return
    heard "heard-$SINK" 1 || return
    eventually plays "$recorder" || return
    sleep 0.7
    kill -INT -- "-$recorder"
    finished bye "$recorder" 5
}

@test "a duration ends the recording to the frame, and the player plays on" {
    another_plays
    launch short -d 2 short.wav -- paplay "$SIGNALS/left.wav"
    is_started short "$PID"
    local recorder=$PID command
    command=$(first short .pid)
    PIDS+=("$command")
    finished short "$recorder"
    has_frames short.wav 96000
    has_no_right short.wav
    plays "$command"
}

# --- as if nobody listened ---

@test "its standard streams are its own" {
    run -0 --separate-stderr looprec -q a.wav -- \
        sh -c "cat; paplay --latency-msec=200 '$SIGNALS/noise.wav'; echo err >&2" <<<"hello"
    [ "$output" = hello ]
    # shellcheck disable=SC2154
    [ "$stderr" = err ]
    # 16 bits at full scale
    near "$(measure peak0_dbfs frames a.wav)" 0 0.005 "its peak"
}

@test "a player with a pipe for its sound is recorded all the same" {
    another_plays
    sox -D "$SIGNALS/short.wav" -t raw short.raw
    looprec -q piped.wav -- pacat --latency-msec=250 --raw --format=s16le --rate=48000 --channels=2 <short.raw
    has_short piped.wav
}

# --- nothing to hear ---

@test "a command without a sound: the account says idle, and --fail-if-silent says 3" {
    another_plays
    launch still still.wav -- sleep 1
    finished still "$PID"
    lasts_as_told still still.wav
    has_no_left still.wav
    has_no_right still.wav
    events_show still 'last | .captured == 0 and .idle == .frames and .lost == 0 and .gone == 0'
    grep -q 'nothing but digital silence' still.err
    launch strict --fail-if-silent strict.wav -- sleep 0.5
    finished strict "$PID" 3
    [ -e strict.wav ]
    # one that plays is not silent
    launch sound --fail-if-silent sound.wav -- paplay --latency-msec=200 "$SIGNALS/noise.wav"
    finished sound "$PID"
}

@test "a killed recording leaves the command alone, and nothing on the server" {
    another_plays
    launch killed killed.wav -- paplay --latency-msec=200 "$SIGNALS/left.wav"
    is_started killed "$PID"
    local recorder=$PID command
    command=$(first killed .pid)
    PIDS+=("$command")
    eventually plays "$command"
    kill -KILL "$recorder"
    await_end "$recorder"
    EVENTUALLY=5 eventually nothing_records
    plays "$command"
    plays "$PLAYER"
}

@test "after all of this the server is as it was" {
    server_is_as "$SIGNALS/before"
}
