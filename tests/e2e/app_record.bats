#!/usr/bin/env bats
# Which applications are in a recording and which are not: chosen by number and
# by name, left out, all of them; as loud as they are. For SYSTEM=pulse and
# pipewire (see lib.bash).

load lib.bash
load app.bash

setup_file() { begin_applications; }

teardown_file() { stop_server main; }

setup() { begin_test; }

teardown() { end_test; }

# --- two at once ---

# Two programs play at the same time, the first on the left channel and the
# second on the right: one is recorded alone, is left out, both are recorded, and
# everything is.
pair() { # first, second, [the second's sink]
    local first name
    player "$1" "$SIGNALS/left.wav"
    first=$PLAYER
    player "$2" "$SIGNALS/right.wav" "${3:-$SINK}"
    local -A pids
    launch only -d 3 "--app=$first" only.wav
    pids[only]=$PID
    launch not -d 3 "--exclude-app=$first" not.wav
    pids[not]=$PID
    launch both -d 3 "--app=$PLAYER" "--app=$first" both.wav
    pids[both]=$PID
    launch all -d 3 --all-devices all.wav
    pids[all]=$PID
    for name in "${!pids[@]}"; do
        finished "$name" "${pids[$name]}"
        has_frames "$name.wav" 144000 48000 2
        [ "$(final "$name" .lost)" -eq 0 ]
        [ "$(final "$name" .clipped)" -eq 0 ]
    done
    has_left only.wav --from=0.1
    has_no_right only.wav
    has_right not.wav --from=0.1
    has_no_left not.wav
    for name in both all; do
        has_left $name.wav --from=0.1
        has_right $name.wav --from=0.1
    done
    is_unbroken only.wav 0 --from=0.1
    is_unbroken not.wav 1 --from=0.1
}

@test "paplay and sox, on one output: one alone, all but it, both, everything" {
    pair paplay sox
    # nothing was changed on the way, either
    is_whole_tone only.wav --from=0.1
}

@test "ffplay and mpv, each on an output of its own: the same" {
    pair ffplay mpv second
    is_whole_tone only.wav --from=0.1
}

@test "mpv and a page in Chromium: the same" {
    pair mpv chromium
}

@test "a page in Chromium and paplay: the same, and its sound comes from a child" {
    pair chromium paplay second
    run ! grep -qx "$(server_pid_of chromium)" <<<"$first"
}

# Which process plays, as the server has it, of a program's name.
server_pid_of() {
    pactl -f json list sink-inputs | jq -r --arg name "$1" '.[].properties |
        select(.["application.process.binary"] | startswith($name)) | .["application.process.id"]'
}

# --- names ---

# The left one is a program named $TUNE that calls itself "A Song".
two_names() {
    tune "--device=$SINK" "--client-name=A Song" "$SIGNALS/left.wav"
    TUNE_PID=$PLAYER
    play "$SIGNALS/right.wav" "$SINK" --latency-msec=100
    eventually inputs_are 2
}

@test "an application is named by its executable or by what it calls itself, without case" {
    local name
    local -A pids
    two_names
    for name in "$TUNE" "${TUNE^^}" "A Song" "a song"; do
        launch "by $name" -d 1 "--app=$name" "by $name.wav"
        pids["by $name"]=$PID
    done
    launch not -d 1 "--exclude-app=${TUNE^}" not.wav
    pids[not]=$PID
    for name in "${!pids[@]}"; do
        finished "$name" "${pids[$name]}"
        has_frames "$name.wav" 48000 48000
    done
    for name in "$TUNE" "${TUNE^^}" "A Song" "a song"; do
        has_left "by $name.wav" --from=0.1
        has_no_right "by $name.wav"
    done
    has_right not.wav --from=0.1
    has_no_left not.wav
    # a person is told who is recorded
    grep -qi "$TUNE\|a song" "by $TUNE.err"
}

@test "a browser is found by its name" {
    player chromium "$SIGNALS/left.wav"
    launch name -d 2 --app=chromium name.wav
    finished name "$PID"
    has_frames name.wav 96000
    has_left name.wav --from=0.1
    has_no_right name.wav
}

# looprec refuses with a status and each word in the message; there is no file.
refuses() { # status, words..., --, options...
    local status=$1 words=()
    shift
    while [ "$1" != -- ]; do
        words+=("$1")
        shift
    done
    shift
    run "-$status" --separate-stderr looprec -d 1 "$@" refused.wav
    # shellcheck disable=SC2154
    echo "$stderr"
    local word
    for word in "${words[@]}"; do
        [[ $stderr == *"$word"* ]] || fail "the message lacks: $word"
    done
    [ ! -e refused.wav ]
}

@test "who is not there is refused, by name and by number, and there is no file" {
    local nobody
    two_names
    true &
    nobody=$!
    wait "$nobody"
    refuses 5 nobody-of-this-name -- --app=nobody-of-this-name
    refuses 5 "$nobody" -- "--app=$nobody"
    # a part of a name is no name, and one of two is not enough
    refuses 5 tun -- --app=tun
    refuses 5 nobody-of-this-name -- "--app=$TUNE" --app=nobody-of-this-name
    refuses 5 nobody-of-this-name -- --exclude-app=nobody-of-this-name
    run -5 --separate-stderr looprec --json -d 1 --app=nobody-of-this-name refused.wav
    jq -es 'last | .event == "finished" and .exit == 5 and .frames == 0 and .file == null' <<<"$output"
}

@test "a name that two applications have is refused, and both are listed" {
    local one
    two_names
    one=$TUNE
    tune "--device=$SINK" "--client-name=Another" "$SIGNALS/left.wav"
    eventually inputs_are 3
    refuses 2 "$one" "$PLAYER" "$TUNE" -- "--app=$TUNE"
    # a name that only one of them has is not ambiguous
    looprec -q -d 4800f "--app=A Song" one.wav </dev/null
    has_frames one.wav 4800
}

# --- as loud as it is ---

@test "at half its volume an application is recorded as loud as it is heard" {
    two_names
    local half begin
    record loud -d 5 "--app=$TUNE_PID" loud.wav
    begin=$(started_ns loud)
    sleep_until $((begin + 2500000000))
    pactl set-sink-input-volume "$(input_of "$TUNE_PID")" 50%
    finished loud "$PID"
    # The next player of this name shall not inherit it.
    pactl set-sink-input-volume "$(input_of "$TUNE_PID")" 100%
    has_frames loud.wav 240000
    has_left loud.wav --from=0.1 --to=2.4
    # What a mixer calls 50 % is the cube of a half: PulseAudio's volumes are
    # cubic (pa_sw_volume_to_linear in pulse/volume.h).
    half=$(calculate "-6 + 60 * log(0.5) / log(10)")
    has_tone loud.wav 0 997 "$half" --from=3.2
    has_no_right loud.wav
    [ "$(final loud .lost)" -eq 0 ]
}

@test "the output's own volume is not the application's" {
    two_names
    pactl set-sink-volume "$SINK" 50%
    launch quiet -d 2 "--app=$TUNE_PID" quiet.wav
    local recorder=$PID
    eventually gone_pid "$recorder"
    pactl set-sink-volume "$SINK" 100%
    finished quiet "$recorder"
    has_left quiet.wav --from=0.1
}

@test "one that is muted, or at no volume, is silence: so is the warning" {
    two_names
    local input
    input=$(input_of "$TUNE_PID")
    pactl set-sink-input-mute "$input" 1
    launch muted -d 1 "--app=$TUNE_PID" muted.wav
    finished muted "$PID"
    pactl set-sink-input-mute "$input" 0
    pactl set-sink-input-volume "$input" 0
    launch zero -d 1 "--app=$TUNE_PID" zero.wav
    finished zero "$PID"
    pactl set-sink-input-volume "$input" 100%
    local name
    for name in muted zero; do
        has_frames $name.wav 48000
        has_no_left $name.wav
        has_no_right $name.wav
        events_show $name 'any(.[]; .event == "warning" and (.message | test("muted|volume")))'
        grep -qE 'muted|volume' $name.err
    done
}

# --- many ---

@test "twenty streams at once: each is there at its level, and nothing is clipped" {
    local i hz
    for ((i = 0; i < 20; i++)); do
        generate tone "part$i.wav" --seconds=30 --hz=$((300 + 170 * i)) --db=-30
    done
    # one tree: what it is known by is the shell's number
    sh -c 'for i in $(seq 0 19); do paplay --latency-msec=250 "part$i.wav" & done; wait' \
        </dev/null >/dev/null 2>&1 3>&- &
    local tree=$!
    PIDS+=("$tree")
    play "$SIGNALS/right.wav" "$SINK" --latency-msec=100
    eventually plays "$tree" 20
    mapfile -t -O "${#PIDS[@]}" PIDS < <(tree_of "$tree")
    launch many -d 4 "--app=$tree" many.wav
    local many=$PID
    launch rest -d 4 "--exclude-app=$tree" rest.wav
    finished many "$many"
    finished rest "$PID"
    has_frames many.wav 192000
    for ((i = 0; i < 20; i++)); do
        hz=$((300 + 170 * i))
        has_tone many.wav 0 $hz -30 --from=0.3
        has_tone many.wav 1 $hz -30 --from=0.3
    done
    below "$(measure dbfs level many.wav --channel=1 --hz=1500 --from=0.3)" -90 "the other player"
    [ "$(final many .clipped)" -eq 0 ]
    [ "$(final many .lost)" -eq 0 ]
    has_frames rest.wav 192000
    has_right rest.wav --from=0.1
    has_no_left rest.wav
}

@test "what is too loud together is clipped in the file, and counted; floats keep it" {
    local hz
    for hz in 800 1300 2100; do
        generate tone "$hz.wav" --seconds=30 --hz=$hz --db=-3
        tune "--device=$SINK" "$hz.wav"
    done
    eventually inputs_are 3
    # an output clips what plays on it by itself: so the streams, each alone
    sleep 60 </dev/null >/dev/null 2>&1 3>&- &
    local nobody=$!
    PIDS+=("$nobody")
    launch s16 -d 2 "--exclude-app=$nobody" -f s16 s16.wav
    local s16=$PID
    launch f32 -d 2 "--exclude-app=$nobody" -f f32 f32.wav
    finished s16 "$s16"
    finished f32 "$PID"
    has_frames s16.wav 96000
    has_frames f32.wav 96000
    true_that "$(final s16 .clipped) > 1000" "clipped: $(final s16 .clipped)"
    grep -q 'samples clipped' s16.err
    # what reads files for these tests clips as well
    ffmpeg -v error -i f32.wav -af volume=0.25:precision=float -c:a pcm_f32le quarter.wav </dev/null
    for hz in 800 1300 2100; do
        has_tone quarter.wav 0 $hz -15.04 --from=0.3
    done
    [ "$(final f32 .clipped)" -eq 0 ]
    true_that "$(final f32 .peak_dbfs) > 3"
}

@test "after all of this the server is as it was" {
    server_is_as "$SIGNALS/before"
}
