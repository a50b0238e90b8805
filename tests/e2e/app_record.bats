#!/usr/bin/env bats
# Which applications are in a recording and which are not: chosen by number and
# by name, left out, all of them; as loud as they are. For SYSTEM=pulse and
# pipewire (see lib.bash).

load lib.bash
load app.bash

setup_file() {
    begin_applications
    local channel
    for channel in 0 1; do
        generate noise both.wav --seconds=1.5 --seed=$channel
        sox -D both.wav "mono$channel.wav" remix 1
    done
    sox -D mono0.wav noise0.wav remix 1 0
    sox -D mono1.wav noise1.wav remix 0 1
}

teardown_file() { stop_server main; }

setup() { begin_test; }

teardown() {
    server_has_all_processors
    end_test
}

# --- two at once ---

# Two programs play at the same time, the first on the left channel and the
# second on the right: one is recorded alone, is left out, both are recorded, both
# are left out, and everything is recorded.
pair() { # first, second, [the second's sink]
    local name
    PAIR=("$1" "$2" "${3:-$SINK}")
    until_well record_pair pair_was_whole
    for name in only not both neither all; do
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
        is_unbroken $name.wav 0 --from=0.1
        is_unbroken $name.wav 1 --from=0.1
    done
    is_unbroken only.wav 0 --from=0.1
    is_unbroken not.wav 1 --from=0.1
    has_no_left neither.wav
    has_no_right neither.wav
}

record_pair() {
    local name
    local -A pids
    begin_try || return
    player "${PAIR[0]}" "$SIGNALS/left.wav" || return
    FIRST=$PLAYER
    player "${PAIR[1]}" "$SIGNALS/right.wav" "${PAIR[2]}" || return
    # What an output has played ahead for paplay is for the recordings to wait for:
    # there nobody listens before. (Others play as they are asked, and may falter
    # when somebody asks for more at a time.)
    [ "${PAIR[0]}" = paplay ] || listen_to_pair || return
    launch only -d 3 "--app=$FIRST" only.wav
    pids[only]=$PID
    launch not -d 3 "--exclude-app=$FIRST" not.wav
    pids[not]=$PID
    launch both -d 3 "--app=$PLAYER" "--app=$FIRST" both.wav
    pids[both]=$PID
    launch neither -d 3 "--exclude-app=$FIRST" "--exclude-app=$PLAYER" neither.wav
    pids[neither]=$PID
    launch all -d 3 --all-devices all.wav
    pids[all]=$PID
    [ "${PAIR[0]}" != paplay ] || listen_to_pair || return
    for name in "${!pids[@]}"; do
        finished "$name" "${pids[$name]}" || return
    done
}

listen_to_pair() {
    listen || return
    [ "${PAIR[2]}" = "$SINK" ] || listen "${PAIR[2]}"
}

pair_was_whole() { left_was_whole && was_whole "${PAIR[2]}" 1; }

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
    run ! grep -qx "$(server_pid_of chromium)" <<<"$FIRST"
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
    play "$SIGNALS/right.wav" "$SINK" --latency-msec=200
    eventually inputs_are 2
}

@test "an application is named by its executable or by what it calls itself, without case" {
    local name
    until_well record_names left_was_whole
    for name in "$TUNE" "${TUNE^^}" "A Song" "a song"; do
        has_frames "by $name.wav" 48000 48000
        has_left "by $name.wav" --from=0.1
        has_no_right "by $name.wav"
    done
    has_frames not.wav 48000 48000
    has_right not.wav --from=0.1
    has_no_left not.wav
    # a person is told who is recorded
    grep -qi "$TUNE\|a song" "by $TUNE.err"
}

record_names() {
    local name
    local -A pids
    begin_try || return
    two_names || return
    for name in "$TUNE" "${TUNE^^}" "A Song" "a song"; do
        launch "by $name" -d 1 "--app=$name" "by $name.wav"
        pids["by $name"]=$PID
    done
    launch not -d 1 "--exclude-app=${TUNE^}" not.wav
    pids[not]=$PID
    listen || return
    for name in "${!pids[@]}"; do
        finished "$name" "${pids[$name]}" || return
    done
}

@test "a browser is found by its name" {
    until_well record_browser left_was_whole
    has_frames name.wav 96000
    has_left name.wav --from=0.1
    has_no_right name.wav
}

record_browser() {
    begin_try || return
    another_plays || return
    player chromium "$SIGNALS/left.wav" || return
    launch name -d 2 --app=chromium name.wav
    local recorder=$PID
    listen || return
    finished name "$recorder"
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
    local half
    until_well record_half left_was_whole
    has_frames loud.wav 192000
    has_left loud.wav --from=0.1 --to="$(place_of loud "$HALVED_NS")"
    # What a mixer calls 50 % is the cube of a half: PulseAudio's volumes are
    # cubic (pa_sw_volume_to_linear in pulse/volume.h).
    half=$(calculate "-6 + 60 * log(0.5) / log(10)")
    has_tone loud.wav 0 997 "$half" --from="$(calculate "$(place_of loud "$HALF_NS") + 0.3")"
    has_no_right loud.wav
    [ "$(final loud .lost)" -eq 0 ]
}

# The volume is halved between HALVED_NS and HALF_NS.
record_half() {
    begin_try || return
    two_names || return
    record loud -d 4 "--app=$TUNE_PID" loud.wav || return
    local recorder=$PID
    listen || return
    sleep_until $(($(started_ns loud) + 1500000000))
    HALVED_NS=$(now_ns)
    pactl set-sink-input-volume "$(input_of "$TUNE_PID")" 50% || return
    HALF_NS=$(now_ns)
    finished loud "$recorder" || return
    # The next player of this name shall not inherit it.
    pactl set-sink-input-volume "$(input_of "$TUNE_PID")" 100%
}

@test "the output's own volume is not the application's" {
    until_well record_quiet_output left_was_whole
    has_left quiet.wav --from=0.1
}

record_quiet_output() {
    begin_try || return
    two_names || return
    pactl set-sink-volume "$SINK" 50% || return
    launch quiet -d 2 "--app=$TUNE_PID" quiet.wav
    local recorder=$PID
    listen || return
    eventually gone_pid "$recorder" || return
    pactl set-sink-volume "$SINK" 100%
    finished quiet "$recorder"
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

# One program starts two players, of a noise on the left and of another on the right,
# some tenths of a second apart.
record_two_noises() {
    local recorder
    begin_try || return
    # shellcheck disable=SC2016
    plays_when_told 'paplay --latency-msec=200 "$0/noise0.wav" & sleep 0.3
        paplay --latency-msec=200 "$0/noise1.wav"; wait' "$SIGNALS"
    record noises "--app=$PLAYER" noises.wav || return
    recorder=$PID
    listen || return
    play_now || return
    interrupt "$recorder"
    finished noises "$recorder"
}

noises_were_whole() {
    kept_pace "$SINK" 0.2 || return
    reference_of "heard-$SINK"
    sox -D -t raw -r 48000 -c 2 -e signed -b 16 "heard-$SINK.reference" heard.wav || return
    noises_apart heard.wav >heard
}

# By how many frames the second noise lies behind the first in a file.
noises_apart() { # file
    local channel at=() found
    for channel in 0 1; do
        sox -D "$1" channel.wav remix $((channel + 1)) || return
        found=$(analyse find "$SIGNALS/mono$channel.wav" channel.wav) || return
        # in one piece, but for its first and last moments: run1=FROM TO at FRAME
        at+=("$(sed -n 's/^run1=\([0-9]*\) [0-9]* at \([0-9]*\)$/\2 - \1/p' <<<"$found")")
        grep -qx runs=1 <<<"$found" && [ -n "${at[channel]}" ] || fail "$1: channel $channel: $found" || return
    done
    echo $((at[1] - (at[0])))
}

@test "two streams are as far apart in the file as they were on the output" {
    local ours theirs
    until_well record_two_noises noises_were_whole
    theirs=$(noises_apart heard.wav)
    ours=$(noises_apart noises.wav)
    echo "# apart: $theirs frames on the output, $ours in the file" >&3
    near "$ours" "$theirs" 480 "frames apart"
    lasts_until_sent noises noises.wav
    [ "$(final noises .lost)" -eq 0 ]
}

# COUNT players of one tree: what it is known by is the number of the shell that
# starts one for each line which comes. One after the other: a server that is asked
# by many at the same moment refuses some.
many_play() {
    local i
    rm -f more
    mkfifo more
    # shellcheck disable=SC2016
    sh -c 'while read -r file; do paplay --latency-msec=250 "$file" & done; wait' \
        <more >/dev/null 2>&1 3>&- &
    TREE=$!
    PIDS+=("$TREE")
    exec 8>more
    for ((i = 0; i < COUNT; i++)); do
        echo "part$i.wav" >&8
        eventually plays "$TREE" $((i + 1)) || return
    done
    exec 8>&-
    mapfile -t -O "${#PIDS[@]}" PIDS < <(tree_of "$TREE")
}

record_many() {
    begin_try || return
    many_play || return
    another_plays || return
    launch many -d 4 "--app=$TREE" many.wav
    local many=$PID
    launch rest -d 4 "--exclude-app=$TREE" rest.wav
    local rest=$PID
    listen || return
    finished many "$many" || return
    finished rest "$rest"
}

# Each of the many is there at its level, in a file or in what was heard.
has_many() { # file, options
    local i hz
    for ((i = 0; i < COUNT; i++)); do
        hz=$((300 + 170 * i))
        has_tone "$1" 0 $hz -30 --from=0.3 "${@:2}" || return
        has_tone "$1" 1 $hz -30 --from=0.3 "${@:2}" || return
    done
}

many_were_well() {
    kept_pace "$SINK" || return
    reference_of "heard-$SINK"
    has_many "heard-$SINK.reference" $REFERENCE
}

# They are in the file, and nobody else is.
many() { # how many
    local i
    COUNT=$1
    for ((i = 0; i < COUNT; i++)); do
        generate tone "part$i.wav" --seconds=60 --hz=$((300 + 170 * i)) --db=-30
    done
    until_well record_many many_were_well
    has_frames many.wav 192000
    has_many many.wav
    below "$(measure dbfs level many.wav --channel=1 --hz=1500 --from=0.3)" -90 "the other player"
    [ "$(final many .clipped)" -eq 0 ]
    [ "$(final many .lost)" -eq 0 ]
    has_frames rest.wav 192000
    has_right rest.wav --from=0.1
    has_no_left rest.wav
}

@test "twenty streams at once: each is there at its level, and nothing is clipped" {
    many 20
}

# (There pipewire-pulse gives each client only one of its streams.)
@test "eight streams, and the server has one processor: the same" {
    server_has_one_processor
    many 8
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
