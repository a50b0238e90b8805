#!/usr/bin/env bats
# Which streams are to be recorded, as they come and go on a sound server: what
# the roster tells the capture thread. For SYSTEM=pulse and pipewire (see
# lib.bash).

load lib.bash
load app.bash

setup_file() {
    start_server main --extra-sink=second
    cd "$BATS_FILE_TMPDIR" || return
    generate tone left.wav --seconds=60 --only=0
    generate tone right.wav --seconds=60 --only=1 --hz=1500
    # the same player as a program of another name
    cp "$(readlink -f "$(command -v paplay)")" "$TUNE"
}

teardown_file() { stop_server main; }
setup() { begin_test; }

teardown() {
    local module
    for module in "${MODULES[@]}"; do
        pactl unload-module "$module" || true
    done
    end_test
}

MODULES=()
module() { # its name and arguments
    MODULES+=("$(pactl load-module "$@")")
}

# A roster for WHO, in the background, and ready; its news go to the file news.
watch_for() { # roster_probe's arguments
    "$TOOLS/roster_probe" "$@" >news 2>&1 3>&- &
    PROBE=$!
    PIDS+=("$PROBE")
    eventually grep -q '^\(READY\|FAULT\)' news
}

# The roster's news so far, each as one word and the stream's number: lines of
# "ATTACH 3". What the file is to hold, now or soon. (Whether a stream pauses as it
# begins or moves is the server's affair.)
tells() { # a line for each
    eventually news_are "$(printf '%s\n' "$@")" || {
        cat news >&2
        return 1
    }
}

news_are() {
    [ "$(sed -n '/^CHANGE/d; s/^\([A-Z]*\) input \([-0-9]*\) .*/\1 \2/p; s/^ENDED$/&/p' news)" = "$1" ]
}

# News that come by themselves are there before a stream that was begun after
# them is: so that what is not told is known not to be.
nothing_more() { # what is told so far
    tune "--device=$SINK" --client-name=marker "$SIGNALS/left.wav"
    eventually plays "$PLAYER"
    sleep 0.3
    news_are "$(printf '%s\n' "$@")" || {
        cat news >&2
        fail "there is more news than: $*"
    }
}

warned() { eventually grep -q "^WARNING.*$1" news; }

# One stream of a program; INPUT is its number.
begin() { # arguments of tune
    tune "--device=$SINK" "$@" "$SIGNALS/left.wav"
    eventually plays "$PLAYER"
    INPUT=$(input_of "$PLAYER")
}

@test "streams of a process come and go, and move to another output" {
    local first second
    begin
    first=$PLAYER second=$INPUT
    watch_for app "$first"
    grep -qx "READY process:$first $TUNE (pid $first)" news
    tells "ATTACH $second"
    grep -q "^ATTACH.* corked 0 fresh 0 .* name $TUNE$" news
    pactl move-sink-input "$second" second
    eventually is_on "$second" second
    tells "ATTACH $second" "DETACH $second" "ATTACH $second"
    [ "$(grep ^ATTACH news | tail -1 | grep -o 'monitor [0-9]*')" = \
        "monitor $(pactl list short sources | awk '$2 == "second.monitor" { print $1 }')" ]
    kill "$first"
    eventually grep -qx ENDED news
    [ "$(tail -2 news | cut -d' ' -f1 | paste -sd' ')" = "DETACH ENDED" ]
    await_end "$PROBE"
    [ "$STATUS" -eq 0 ]
}

is_on() { # a stream, a sink's name
    pactl -f json list sink-inputs | jq -e --argjson i "$1" --argjson s \
        "$(pactl list short sinks | awk -v name="$2" '$2 == name { print $1 }')" \
        '.[] | select(.index == $i) | .sink == $s' >/dev/null
}

@test "a name means what plays: another one is told, the next is followed" {
    local first second third inputs
    begin
    first=$PLAYER inputs=("$INPUT")
    watch_for app "${TUNE^^}"
    tells "ATTACH ${inputs[0]}"
    begin
    second=$PLAYER inputs+=("$INPUT")
    warned "$TUNE (pid $second) plays too and is not recorded"
    kill "$first"
    tells "ATTACH ${inputs[0]}" "DETACH ${inputs[0]}" "ATTACH ${inputs[1]}"
    kill "$second"
    await_end "$second"
    begin
    third=$PLAYER inputs+=("$INPUT")
    tells "ATTACH ${inputs[0]}" "DETACH ${inputs[0]}" "ATTACH ${inputs[1]}" \
        "DETACH ${inputs[1]}" "ATTACH ${inputs[2]}"
    grep -q '^ATTACH.* fresh 1 ' news
    [ "$(grep -c ^WARNING news)" -eq 1 ]
    kill "$third"
}

@test "until exit, the end of a name is the end" {
    begin
    watch_for -u app "$TUNE"
    tells "ATTACH $INPUT"
    kill "$PLAYER"
    tells "ATTACH $INPUT" "DETACH $INPUT" ENDED
}

@test "two that play are ambiguous, none is none, and one that is silent is there" {
    watch_for app "$TUNE"
    grep -q "^FAULT no-app $TUNE" news
    begin
    begin
    watch_for app "$TUNE"
    grep -q "^FAULT app-ambiguous $TUNE: $TUNE (pid [0-9]*), $TUNE (pid [0-9]*)" news
    end_started
    cp "$(readlink -f "$(command -v sleep)")" "$QUIET"
    "./$QUIET" 60 3>&- &
    PLAYER=$!
    PIDS+=("$PLAYER")
    eventually grep -qx "$QUIET" "/proc/$PLAYER/comm"
    watch_for app "$QUIET"
    grep -qx "READY process:$PLAYER $QUIET (pid $PLAYER)" news
}

@test "what a command starts is its own, also when its first process has ended" {
    local command other
    begin
    other=$INPUT
    cat >command <<'COMMAND'
trap 'kill $(jobs -p)' EXIT TERM
until [ -e go ]; do sleep 0.02; done
"$BATS_FILE_TMPDIR/$TUNE" --playback --file-format=wav --latency-msec=20 "$SIGNALS/left.wav" &
wait
COMMAND
    SIGNALS=$SIGNALS bash command 3>&- &
    command=$!
    PIDS+=("$command")
    watch_for command "$command"
    [[ $(<news) == "READY process:$command the command (pid $command)" ]]
    touch go
    eventually plays "$command"
    INPUT=$(input_of "$command")
    [ "$INPUT" != "$other" ]
    tells "ATTACH $INPUT"
    mapfile -t -O "${#PIDS[@]}" PIDS < <(tree_of "$command")
}

@test "a tree that was seen is left by nobody whose parent ends" {
    local top
    cat >launcher <<'LAUNCHER'
bash -c 'until [ -e begin ]; do sleep 0.02; done; exec "$BATS_FILE_TMPDIR/$TUNE" --playback --file-format=wav \
    --latency-msec=20 "$SIGNALS/left.wav"' &
echo $! >child
until [ -e go ]; do sleep 0.02; done
LAUNCHER
    SIGNALS=$SIGNALS bash launcher 3>&- &
    top=$!
    eventually test -s child
    PIDS+=("$top" "$(<child)")
    watch_for app "$top"
    sleep 1 # it is looked for four times a second
    touch go
    await_end "$top"
    touch begin
    eventually plays "$(<child)"
    tells "ATTACH $(input_of "$(<child)")"
    kill "$(<child)"
    eventually grep -qx ENDED news
}

@test "a stream without a process goes by what it calls itself, and may change that" {
    corked application.name=Sandboxed application.process.id=2 \
        application.process.binary=sandboxed
    eventually inputs_are 1
    INPUT=$(pactl list short sink-inputs | cut -f1)
    watch_for app 999999999
    grep -q '^FAULT no-app no process has the id 999999999; .*process of: Sandboxed | try --app' news
    watch_for app sandboxed
    grep -qx "READY app:sandboxed Sandboxed" news
    tells "ATTACH $INPUT"
    grep -q '^ATTACH.* corked 1 ' news
    echo application.name=Other >then
    tells "ATTACH $INPUT" "DETACH $INPUT"
    kill "$PROBE"
    rm then
    corked application.name=Third application.process.id=2
    eventually inputs_are 2
    watch_for exclude Third
    tells "ATTACH $INPUT"
}

@test "a stream that pauses and goes on is told so" {
    local index
    cp "$(readlink -f "$(command -v mpv)")" pausing
    ./pausing --no-config --no-video --ao=pulse --really-quiet --input-ipc-server=ipc \
        "$SIGNALS/left.wav" </dev/null >/dev/null 2>&1 3>&- &
    PLAYER=$!
    PIDS+=("$PLAYER")
    eventually plays "$PLAYER"
    watch_for app pausing
    index=$(input_of "$PLAYER")
    tells "ATTACH $index"
    python3 - <<'PYTHON'
import socket
s = socket.socket(socket.AF_UNIX)
s.connect("ipc")
s.sendall(b'{"command": ["set_property", "pause", true]}\n')
s.recv(100)
PYTHON
    eventually grep -q '^CHANGE.* corked 1 ' news
    tells "ATTACH $index"
}

@test "silence by a stream's volume is told, once" {
    begin
    watch_for app "$TUNE"
    pactl set-sink-input-mute "$INPUT" 1
    warned "$TUNE is muted, or its volume is 0"
    pactl set-sink-input-mute "$INPUT" 0
    pactl set-sink-input-volume "$INPUT" 0
    pactl set-sink-input-volume "$INPUT" 100%
    sleep 0.8 # longer than silence must last to be told
    [ "$(grep -c ^WARNING news)" -eq 1 ]
    # PipeWire gives it to the next of that name
    pactl set-sink-input-mute "$INPUT" 0
}

@test "all but one: every other stream, and none that passes them on" {
    local other remapped
    module module-loopback "source=$SINK.monitor" sink=second
    module module-remap-sink sink_name=remapped master=second
    module module-combine-sink sink_name=both "slaves=$SINK,second"
    eventually inputs_are 4
    begin
    other=$INPUT
    play "$SIGNALS/right.wav" remapped --latency-msec=20
    eventually plays "$PLAYER"
    remapped=$(input_of "$PLAYER")
    watch_for exclude "$TUNE"
    grep -qx "READY exclude:$TUNE everything but $TUNE" news
    tells "ATTACH $remapped"
    kill "$PLAYER"
    tells "ATTACH $remapped" "DETACH $remapped"
    # it is left out again from its first stream
    end_started_players
    begin
    module module-loopback source=second.monitor "sink=$SINK"
    eventually inputs_are 6
    nothing_more "ATTACH $remapped" "DETACH $remapped"
    [ "$INPUT" != "$other" ]
}

# All that this test started but the roster.
end_started_players() {
    local pid
    for pid in "${PIDS[@]}"; do
        [ "$pid" = "$PROBE" ] || kill "$pid" 2>/dev/null || true
    done
}

@test "all outputs: each once, wherever it is passed on to" {
    local main second
    main=$(pactl list short sinks | awk -v s="$SINK" '$2 == s { print $1 }')
    second=$(pactl list short sinks | awk '$2 == "second" { print $1 }')
    module module-remap-sink sink_name=remapped master=second
    watch_for all
    grep -qx 'READY every-output every output' news
    eventually sinks_are "$main" "$second"
    module module-loopback "source=$SINK.monitor" sink=second
    eventually sinks_are "$second"
    module module-null-sink sink_name=third
    eventually sinks_are "$second" "$(pactl list short sinks | awk '$2 == "third" { print $1 }')"
    pactl unload-module "${MODULES[1]}"
    pactl unload-module "${MODULES[2]}"
    unset 'MODULES[1]' 'MODULES[2]'
    eventually sinks_are "$main" "$second"
}

# Those that are recorded now.
sinks_are() {
    [ "$(awk '$1 == "ATTACH" { there[$5] = 1 } $1 == "DETACH" { delete there[$5] }
        END { for (s in there) print s }' news | sort -n | paste -sd' ')" = \
        "$(printf '%s\n' "$@" | sort -n | paste -sd' ')" ]
}

@test "after a server's loss the same tree is meant, or the next of its name" {
    local first
    begin
    first=$INPUT
    watch_for -k app "$TUNE"
    tells "ATTACH $first"
    LOOPREC_TEST_SERVER_PID=$(<"$LOOPREC_TEST_SERVER_PIDFILE")
    "$LOOPREC_TEST_RESTART"
    eventually grep -q ^LOST news
    eventually is_ready_again
    await_end "$PLAYER"
    begin
    tells "ATTACH $first" "ATTACH $INPUT"
}

is_ready_again() { [ "$(grep -c ^READY news)" -eq 2 ]; }

@test "news of a stream come within milliseconds" {
    "$TOOLS/roster_probe" -t 50 command 0 >times
    cat times
    # half of them within 3 ms; a busy machine's worst are its own
    true_that "$(sed -n 's/^after_event_us .* median \([0-9]*\) .*/\1/p' times) < 3000"
}
