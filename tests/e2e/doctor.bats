#!/usr/bin/env bats
# --doctor: a sound is played on an output and found in what is recorded of it,
# or it is told what is in its way. On each system (see lib.bash for SYSTEM).

load lib.bash

setup_file() {
    start_server main --extra-sink=second
    generate tone "$BATS_FILE_TMPDIR/tone.wav" --seconds=60
}

teardown_file() { stop_server main; }

setup() {
    mkdir "$BATS_TEST_TMPDIR/empty"
    cd "$BATS_TEST_TMPDIR/empty" || return
    SINK=$LOOPREC_TEST_SINK
}

teardown() {
    end_started
    pactl set-sink-mute "$SINK" 0
    pactl set-sink-volume "$SINK" 100%
    pactl suspend-sink "$SINK" 0
}

# looprec --doctor --json, its object in ../told and its messages in ../err;
# STATUS is what it ended with.
doctor() {
    STATUS=0
    looprec --doctor --json "$@" >../told 2>../err </dev/null || STATUS=$?
    cat ../told ../err
    # one object, one line, and what it says of the status is true
    [ "$(wc -l <../told)" -eq 1 ]
    jq -es --argjson status "$STATUS" 'length == 1 and .[0].exit == $status' ../told >/dev/null
}

told() { # an expression of jq that is true of the object
    jq -e "$@" ../told >/dev/null || fail "not true: $*"
}

# There is a trouble of this code, with a remedy that says $2.
trouble() {
    told --arg code "$1" --arg remedy "$2" '.troubles | any(.code == $code and
        (.text | length) > 0 and (.remedy | contains($remedy)))'
}

# The server is as ../before says, and no file was made. (An output that nobody
# uses falls asleep when it likes.)
nothing_changed() {
    EVENTUALLY=5 eventually state_is_before
    [ -z "$(ls -A)" ]
}

state_is_before() {
    server_state | grep -v 'State: ' >../after
    diff <(grep -v 'State: ' ../before) ../after
}

@test "on a null sink the sound is found, and nothing is changed" {
    local begin took
    server_state >../before
    begin=$(now_ns)
    doctor
    took=$((($(now_ns) - begin) / 1000000))
    [ "$STATUS" -eq 0 ]
    told '.found and .inverted == false and .channels_found == 2'
    # it has its place behind its writing, not before it, nor long after
    told '.latency_ms > -20 and .latency_ms < 1500 and .buffer_ms >= 0 and .buffer_ms <= 250'
    told '.level_db | fabs < 0.5'
    run ! grep -q '"level_db":-0\.00' ../told
    told '.default and .rate == 48000 and .channels == 2 and (.format | length) == 3'
    told '.versions | .looprec and (.sndfile | startswith("libsndfile")) and .system'
    case $SYSTEM in
    wine) told '.versions.system | test("^Wine .* as Windows [0-9.]+$")' ;;
    *)
        told --arg sink "$SINK" '.device_id == $sink and .muted == false and .volume_db == 0'
        told '.versions.pulse | startswith("libpulse ")'
        told --arg what "${SYSTEM/pipewire/PipeWire}" '.versions.system | test($what)'
        ;;
    esac
    # ahead of the sound
    grep -q '^looprec: a short quiet sound will be heard on ' ../err
    nothing_changed
    # 5 s, were this machine as quick as others
    echo "$took ms"
    [ "$took" -lt 15000 ]
}

@test "for people it is a few lines" {
    looprec --doctor >../lines 2>../err
    cat ../lines
    grep -q '^device  .*, the default output' ../lines
    grep -q '^format  *48000 Hz, 2 channels, ' ../lines
    grep -q '^versions  *looprec [0-9.]*, libsndfile' ../lines
    grep -qE '^sound +found in 2 of 2 channels, at (0\.0|-?0\.[1-4]) dB of what was played$' ../lines
    grep -q '^latency  *-\?[0-9.]* ms from the player.s write to the recording, [0-9.]* ms' ../lines
    run ! grep '^trouble' ../lines
}

@test "another output than the default one is examined where -D names it" {
    doctor -D second
    [ "$STATUS" -eq 0 ]
    told '.found and .default == false and (.device_id + .device_name | test("second"))'
    looprec --doctor -q -D second >../lines 2>../err
    [ ! -s ../err ]
    grep -q '^device .*second.*; the default output is ' ../lines
}

# What Wine is muted by it does not know.
@test "a muted output is named" {
    pactl set-sink-mute "$SINK" 1
    server_state >../before
    doctor
    [ "$STATUS" -eq 1 ]
    told '.found == false and .latency_ms == null'
    # it was looked for in vain; how it would have stood is not known
    told '.channels_found == 0 and .inverted == null'
    trouble silence muted
    if [ "$SYSTEM" != wine ]; then
        told .muted
        trouble output-muted "pactl set-sink-mute $SINK 0"
    fi
    nothing_changed
}

@test "an output at volume 0 is named, in words" {
    pactl set-sink-volume "$SINK" 0
    server_state >../before
    run -1 --separate-stderr looprec --doctor </dev/null
    # shellcheck disable=SC2154
    printf '%s\n' "$output" "$stderr"
    [[ $output == *"sound     not found in the recording"*"only digital silence"*"volume 0"* ]]
    [[ $stderr == *"looprec: the sound was not found in the recording: "* ]]
    nothing_changed
    [ "$SYSTEM" != wine ] || return 0
    [[ $output == *"trouble   the output has the volume 0 %"*"pactl set-sink-volume $SINK 100%"* ]]
    [[ $stderr == *"in the recording: the output has the volume 0 %"* ]]
}

@test "a quiet output is heard, and how quiet" {
    [ "$SYSTEM" != wine ] || skip "Wine knows no volume of the output"
    pactl set-sink-volume "$SINK" -40dB
    doctor
    [ "$STATUS" -eq 0 ]
    told '(.level_db + 40 | fabs) < 1 and (.volume_db + 40 | fabs) < 1'
}

@test "a suspended output is named" {
    [ "$SYSTEM" = pulse ] || skip "for PulseAudio"
    pactl suspend-sink "$SINK" 1
    server_state >../before
    doctor
    [ "$STATUS" -eq 1 ]
    trouble output-suspended "pactl suspend-sink $SINK 0"
    nothing_changed
}

@test "a muted monitor is named" {
    [ "$SYSTEM" != wine ] || skip "Wine knows no monitors"
    pactl set-source-mute "$SINK.monitor" 1
    doctor
    pactl set-source-mute "$SINK.monitor" 0
    [ "$STATUS" -eq 1 ]
    trouble monitor-muted "pactl set-source-mute $SINK.monitor 0"
}

@test "below other sound it is found, and who plays on another output is told" {
    [ "$SYSTEM" != wine ] || skip "Wine knows no other applications"
    play "$BATS_FILE_TMPDIR/tone.wav" "$SINK" --latency-msec=20 --volume=13000
    play "$BATS_FILE_TMPDIR/tone.wav" second --latency-msec=20 --client-name=Radio
    is_playing "$SINK"
    is_playing second
    doctor
    [ "$STATUS" -eq 0 ]
    trouble plays-elsewhere "looprec -D 'second'"
    told '[.troubles[] | select(.code == "plays-elsewhere")] | length == 1 and
        (.[0].text | startswith("Radio plays on "))'
}

@test "without a sound server, and without such an output, it ends with 5" {
    PULSE_SERVER=unix:$BATS_TEST_TMPDIR/nothing doctor
    [ "$STATUS" -eq 5 ]
    told '.found == false and (.troubles | length) == 1 and (.troubles[0].remedy | length) > 0'
    # nothing was looked for
    told 'has("channels_found") and .channels_found == null and .inverted == null'
    told --arg code "$([ "$SYSTEM" = wine ] && echo no-device || echo no-server)" \
        '.troubles[0].code == $code'
    doctor -D 'nothing of that name'
    [ "$STATUS" -eq 5 ]
    trouble no-device 'looprec -l'
}

@test "Ctrl-C ends it at once, and nothing stays behind" {
    local pid
    server_state >../before
    if [ "$SYSTEM" = wine ]; then
        "$ROOT/scripts/wine" "$LOOPREC" --doctor </dev/null >../out 2>../err 3>&- &
    else
        "$LOOPREC" --doctor </dev/null >../out 2>../err 3>&- &
    fi
    pid=$!
    PIDS+=("$pid")
    eventually grep -q 'will be heard' ../err
    interrupt "$pid"
    await_end "$pid"
    [ "$STATUS" -eq 1 ]
    [ ! -s ../out ]
    grep -q '^looprec: stopped' ../err
    nothing_changed
}

@test "names are data" {
    [ "$SYSTEM" = pulse ] || skip "for PulseAudio"
    local module
    module=$(pactl load-module module-null-sink sink_name=odd \
        sink_properties="device.description=\"Evil$(printf '\033[31m\a')\"")
    looprec --doctor -D odd >../lines 2>../err
    pactl unload-module "$module"
    grep -q '^device  *Evil?\[31m? (odd)' ../lines
    for f in ../lines ../err; do
        run ! env LC_ALL=C grep -nP '[\x00-\x08\x0b-\x1f\x7f]' "$f"
    done
}
