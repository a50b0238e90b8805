#!/usr/bin/env bats
# --null-sink: a sink of its own for a command or for everything, on a server
# that runs and on a private one, and that nothing is left of it or moved by it.
# For SYSTEM=pulse and pipewire (see lib.bash).

load lib.bash

setup_file() {
    start_server main
    cd "$BATS_FILE_TMPDIR" || return
    generate noise noise.wav --seconds=1.5
    generate tone tone.wav --seconds=2
    generate tone long.wav --seconds=60
    generate tone other.wav --seconds=60 --hz=1500
    sox other.wav -t raw other.raw || return
    # the user's own sound, which is none of ours
    (while cat other.raw; do :; done | pacat --raw --rate=48000 --channels=2 --format=s16le \
        --latency-msec=50 "--device=$LOOPREC_TEST_SINK") </dev/null >/dev/null 2>&1 3>&- &
    is_playing "$LOOPREC_TEST_SINK"
}

teardown_file() {
    stop_server main # and with it what plays there
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    FILES=$BATS_FILE_TMPDIR
    MAIN=$PULSE_SERVER
    # a folder for sockets has to have a short path
    RUN=$(mktemp -d /tmp/lrn.XXXXXX)
    eventually input_is_there "$LOOPREC_TEST_SINK" || return
    eventually no_sink_of_ours
}

teardown() {
    end_started
    rm -rf "$RUN"
}

# --- helpers ---

no_sink_of_ours() { ! PULSE_SERVER=$MAIN pactl list short sinks | grep -q looprec_null; }

sinks_of_ours() { pactl list short sinks | awk '$2 ~ /^looprec_null_/ { print $2 }'; }

# Without a server: looprec has to start one, in $RUN.
no_server() {
    export PULSE_SERVER=unix:$BATS_TEST_TMPDIR/no-such-server XDG_RUNTIME_DIR=$RUN
    unset PULSE_RUNTIME_PATH PULSE_COOKIE PULSE_CLIENTCONFIG DBUS_SESSION_BUS_ADDRESS
}

# The private servers whose folders are in $RUN: their processes.
servers() {
    local file
    grep -sl "socket=$RUN[/]" /proc/[0-9]*/cmdline | while IFS=/ read -r _ _ file _; do
        echo "$file"
    done
}

one_server() { [ "$(servers | wc -l)" -eq 1 ]; }

nothing_private_left() {
    [ -z "$(servers)" ] || fail "a server runs: $(servers)" || return
    [ -z "$(ls -A "$RUN")" ] || fail "left: $(ls -A "$RUN")"
}

# The noise is in the file from its first sample to its last, bit for bit.
has_the_noise() {
    local answer
    answer=$(analyse find "$FILES/noise.wav" "$1") || return
    grep -qx found=1 <<<"$answer" || fail "$1: $answer"
}

# --- the recipe ---

@test "a command's sound is in the file whole, nothing else is, and nothing is left" {
    server_state >before
    run -0 --separate-stderr "$LOOPREC" --null-sink --fail-if-silent -f s16 --json a.flac -- \
        paplay "$FILES/noise.wav"
    echo "$stderr"
    server_state >after
    diff before after
    has_the_noise a.flac
    # and before and behind it nothing: the user's tone plays all the time
    near "$(measure start1_frame onsets a.flac --hold=1)" \
        "$(measure offset find "$FILES/noise.wav" a.flac)" 2 "beginning"
    near "$(measure end1 onsets a.flac --hold=1)" \
        "$(calculate "$(measure start1 onsets a.flac --hold=1) + 1.5")" 0.001 "end"
    jq -es --arg sink "$(jq -rs '.[0].device_id' <<<"$output")" '.[0] |
        .device_id == $sink and ($sink | startswith("looprec_null_")) and .environment.PULSE_SINK == $sink and
        .rate == 48000 and .channels == 2' <<<"$output"
    jq -es 'last | .stop == "command" and .exit == 0 and .lost == 0' <<<"$output"
    [[ $stderr == *"recording Null sink of looprec "*" until the command has ended"* ]]
}

@test "the README's recipe for CI tells a game with sound from one without" {
    local recipe
    recipe=$(sed -n '/^## In CI/,/^## /s/^    looprec \(--null-sink .*\)/\1/p' "$ROOT/README.md")
    echo "$recipe"
    [[ $recipe == *" -d 10 "* ]]
    printf '#!/bin/sh\n[ "$1" = --demo ] && exec paplay --latency-msec=200 "%s"\n' "$FILES/long.wav" >my-game
    chmod +x my-game
    server_state >before
    # shellcheck disable=SC2086
    run -0 "$LOOPREC" ${recipe/-d 10/-d 2}
    echo "$output"
    has_frames out.flac 96000 48000 2
    is_whole_tone out.flac --from=1
    printf '#!/bin/sh\nexec sleep 60\n' >my-game
    rm out.flac
    # shellcheck disable=SC2086
    run -3 "$LOOPREC" ${recipe/-d 10/-d 1}
    server_state >after
    diff before after
}

@test "a duration is exact, and the command ends with the recording" {
    server_state >before
    run -0 "$LOOPREC" -q --null-sink --fail-if-silent -f s16 -d 1.5 a.wav -- \
        sh -c 'echo $$ >pid; exec >out 2>&1; paplay --latency-msec=50 "$0" & exec sleep 300' \
        "$FILES/long.wav"
    gone_pid "$(<pid)"
    server_state >after
    diff before after
    has_frames a.wav 72000 48000 2
    is_whole_tone a.wav --from=0.5
}

@test "the first 50 ms of a command that plays at once are in the file" {
    # a player with usual buffers, and one with small ones
    local latency
    for latency in 20 2000; do
        run -0 "$LOOPREC" -q --null-sink -f s16 "a$latency.wav" -- \
            paplay "--latency-msec=$latency" "$FILES/noise.wav"
        analyse find "$FILES/noise.wav" "a$latency.wav" >found
        cat found
        grep -q '^run1=0 ' found
        true_that "$(sed -n 's/^offset=//p' found) < 48000"
    done
}

@test "other people's players are recorded" {
    local words name count=0
    while read -r words; do
        name=a$((count += 1))
        echo "$words"
        # shellcheck disable=SC2086
        run -0 "$LOOPREC" -q --null-sink --fail-if-silent -f s16 "$name.wav" -- \
            $words
        analyse onsets "$name.wav" --hold=0.5
        is_whole_tone "$name.wav" "--from=$(calculate "$(first_sound "$name.wav") + 0.2")" \
            "--to=$(calculate "$(first_sound "$name.wav") + 1.5")"
    done < <(players)
    [ "$count" -ge 3 ]
    no_sink_of_ours
}

players() {
    echo "paplay $FILES/tone.wav"
    echo "sox -q $FILES/tone.wav -t pulseaudio default"
    ! command -v ffplay >/dev/null || echo "ffplay -nodisp -autoexit -loglevel error $FILES/tone.wav"
    # by ALSA's plug-in for PulseAudio
    ! ls /usr/lib/*/alsa-lib/libasound_module_pcm_pulse.so >/dev/null 2>&1 ||
        ! sox --help | grep -q '^AUDIO DEVICE DRIVERS:.* alsa' ||
        echo "sox -q $FILES/tone.wav -t alsa pulse"
    if [ "$SYSTEM" = pipewire ]; then
        ! command -v pw-play >/dev/null || echo "pw-play $FILES/tone.wav"
    fi
}

first_sound() { measure start1 onsets "$1"; }

# --- the status ---

@test "silence is 3, the command's own status goes first, and nothing is left" {
    server_state >before
    run -3 "$LOOPREC" -q --null-sink --fail-if-silent a.wav -- sleep 0.3
    run -7 "$LOOPREC" -q --null-sink --fail-if-silent b.wav -- sh -c 'exit 7'
    # shellcheck disable=SC2016
    run -143 "$LOOPREC" -q --null-sink c.wav -- sh -c 'kill -TERM $$'
    run -127 "$LOOPREC" -q --null-sink d.wav -- ./no-such-program
    : >plain
    run -126 "$LOOPREC" -q --null-sink e.wav -- ./plain
    printf '#!/no/such/interpreter\n' >script
    chmod +x script
    run -126 "$LOOPREC" -q --null-sink f.wav -- ./script
    echo mine >g.wav
    run -1 "$LOOPREC" -q --null-sink g.wav -- touch ran
    [ "$(<g.wav)" = mine ]
    [ ! -e ran ]
    [ ! -e d.wav ]
    server_state >after
    diff before after
}

@test "a failure in the middle leaves nothing" {
    [ -e /dev/full ] || skip "no /dev/full"
    server_state >before
    run -1 "$LOOPREC" -q --null-sink -t raw /dev/full -- sleep 300
    server_state >after
    diff before after
}

@test "a request to end is the command's, and leaves nothing" {
    server_state >before
    launch a --null-sink a.wav -- sh -c 'trap "paplay \"$0\"; exit 5" INT; : >ready; while :; do sleep 0.05; done' \
        "$FILES/noise.wav"
    eventually test -e ready
    interrupt "$PID"
    finished a "$PID" 5
    server_state >after
    diff before after
    true_that "$(measure frames frames a.wav) > 72000"
}

# --- the environment ---

@test "the command is told where to play, in the place of what was said before" {
    # shellcheck disable=SC2016
    PULSE_SINK=elsewhere run -0 --separate-stderr "$LOOPREC" -q --json --null-sink a.wav -- \
        sh -c 'env >env; pactl list short sinks >sinks'
    local sink
    sink=$(jq -rs '.[0].device_id' <<<"$output")
    grep -qx "PULSE_SINK=$sink" env
    grep -qx "PIPEWIRE_NODE=$sink" env
    grep -qx "PULSE_SERVER=$PULSE_SERVER" env
    [ "$(grep -c ^PULSE_SINK= env)" -eq 1 ]
    awk -v sink="$sink" '$2 == sink { found = 1 } END { exit !found }' sinks
}

@test "without a command it is told how to play there; what still plays is ended, not moved" {
    server_state >before
    record a --null-sink a.wav
    local sink
    sink=$(first a .environment.PULSE_SINK)
    grep -q "a program plays there with PULSE_SINK=$sink" a.err
    [ "$(pactl get-default-sink)" = "$LOOPREC_TEST_SINK" ]
    # who is not told does not play there
    play "$FILES/long.wav" "$LOOPREC_TEST_SINK"
    local elsewhere=$PLAYER
    PULSE_SINK=$sink paplay --latency-msec=50 "$FILES/long.wav" </dev/null >/dev/null 2>&1 3>&- &
    PLAYER=$!
    PIDS+=("$PLAYER")
    is_playing "$sink"
    sleep 1
    interrupt "$PID"
    finished a "$PID"
    eventually gone_pid "$PLAYER"
    kill "$elsewhere"
    await_end "$elsewhere"
    eventually inputs_are 1
    server_state >after
    diff before after
    is_whole_tone a.wav "--from=$(calculate "$(first_sound a.wav) + 0.2")" \
        "--to=$(calculate "$(first_sound a.wav) + 0.8")"
}

inputs_are() { [ "$(pactl list short sink-inputs | wc -l)" -eq "$1" ]; }

@test "two at once do not hear each other" {
    server_state >before
    launch a --null-sink -d 3 -f s16 a.wav -- paplay --latency-msec=250 "$FILES/long.wav"
    local a=$PID
    launch b --null-sink -d 3 -f s16 b.wav -- paplay --latency-msec=250 "$FILES/other.wav"
    finished a "$a"
    finished b "$PID"
    server_state >after
    diff before after
    is_whole_tone a.wav --from=1 --to=2.9
    near "$(measure hz tone b.wav --from=1 --to=2.9)" 1500 0.01 "b"
    true_that "$(measure residual_db tone b.wav --from=1 --to=2.9) < -70"
}

# --- what is lost ---

@test "a sink that somebody removes is made again" {
    record a --null-sink -f s16 a.wav -- sh -c 'while [ ! -e go ]; do sleep 0.02; done; paplay "$0"' \
        "$FILES/noise.wav"
    local sink module
    sink=$(first a .device_id)
    module=$(pactl list short modules | sed -n "s/^\([0-9]*\)\t.*sink_name=$sink .*/\1/p")
    pactl unload-module "$module"
    eventually grep -q '"state":"back"' a.json
    touch go
    finished a "$PID"
    has_the_noise a.wav
    events_show a 'last | .gone > 0'
    no_sink_of_ours
}

@test "a server that is started again gets its sink again" {
    start_server again
    record a --null-sink -f s16 a.wav -- sh -c 'while [ ! -e go ]; do sleep 0.02; done; paplay "$0"' \
        "$FILES/noise.wav"
    "$LOOPREC_TEST_RESTART" </dev/null 3>&-
    eventually grep -q '"state":"back"' a.json
    eventually test -n "$(sinks_of_ours)"
    touch go
    finished a "$PID"
    has_the_noise a.wav
    events_show a 'last | .gone > 0'
    [ -z "$(sinks_of_ours)" ]
    stop_server again
}

@test "a command that ends while the server is away: the file is no longer than the time" {
    start_server away
    record a --null-sink -f s16 a.wav -- sh -c 'while [ ! -e go ]; do sleep 0.02; done'
    kill -KILL "$(<"$LOOPREC_TEST_SERVER_PIDFILE")"
    eventually grep -q '"state":"lost"' a.json
    touch go
    finished a "$PID"
    events_show a 'last | .gone > 0 and .frames / 48000 <= .wall_seconds + 0.001'
    stop_server away
}

# --- what a killed run leaves ---

@test "a killed run's sink is removed by the next; a living run's is not, nor anybody else's" {
    server_state >before
    record a --null-sink a.wav
    local a=$PID left alive foreign
    left=$(first a .device_id)
    record b --null-sink b.wav
    alive=$(first b .device_id)
    kill -KILL "$a"
    await_end "$a" || true
    # not ours: named like it; of another machine, or of an earlier boot
    foreign=$(pactl load-module module-null-sink sink_name=looprec_null_99999999)
    foreign+=" $(pactl load-module module-null-sink sink_name=looprec_null_1 \
        'sink_properties="looprec.owner=99999999.1.4026531836.0123456789ab"')"
    [ "$(sinks_of_ours | wc -l)" -eq 4 ]
    run -0 "$LOOPREC" -q --null-sink -d 0.2 c.wav
    sinks_of_ours >now
    cat now
    run ! grep -qx "$left" now
    grep -qx "$alive" now
    [ "$(wc -l <now)" -eq 3 ]
    interrupt "$PID"
    finished b "$PID"
    for module in $foreign; do
        pactl unload-module "$module"
    done
    eventually no_sink_of_ours
    server_state >after
    diff before after
}

@test "a killed run's command ends too" {
    launch a --null-sink a.wav -- sh -c 'echo $$ >pid; exec paplay "$0"' "$FILES/long.wav"
    is_started a "$PID"
    eventually test -s pid
    kill -KILL "$PID"
    eventually gone_pid "$(<pid)"
    run -0 "$LOOPREC" -q --null-sink -d 0.2 c.wav
    no_sink_of_ours
}

# --- without a server ---

@test "without a server a private one is started, used and removed" {
    no_server
    # shellcheck disable=SC2016
    run -0 --separate-stderr "$LOOPREC" --null-sink --fail-if-silent -f s16 --json a.wav -- \
        sh -c 'env >env; pactl list short sinks >sinks; exec paplay "$0"' "$FILES/noise.wav"
    echo "$stderr"
    has_the_noise a.wav
    nothing_private_left
    grep -q "^PULSE_SERVER=unix:$RUN/looprec-" env
    [ "$(wc -l <sinks)" -eq 1 ]
    jq -es '.[0].environment | keys == ["PIPEWIRE_REMOTE", "PULSE_SERVER", "PULSE_SINK"]' <<<"$output"
    # nothing in the folders where servers and clients keep things
    [ -z "$(ls -A "$RUN")" ]
    run -3 "$LOOPREC" -q --null-sink --fail-if-silent -d 0.3 b.wav
    has_frames b.wav 14400 48000 2
    run -7 "$LOOPREC" -q --null-sink c.wav -- sh -c 'exit 7'
    run -127 "$LOOPREC" -q --null-sink d.wav -- ./no-such-program
    run -0 "$LOOPREC" -q --null-sink -d 0.3 e.wav -- sleep 300
    nothing_private_left
}

@test "two private servers at once, and Ctrl-C at all of one group" {
    no_server
    # shellcheck disable=SC2016
    setsid "$LOOPREC" -q --null-sink -f s16 a.wav -- \
        sh -c 'trap "paplay \"$0\"; exit 5" INT; : >ready; while :; do sleep 0.05; done' \
        "$FILES/noise.wav" </dev/null >a.out 2>&1 3>&- &
    local a=$!
    PIDS+=("$a")
    eventually test -e ready
    record b --null-sink -f s16 b.wav -- sleep 300
    [ "$(servers | wc -l)" -eq 2 ]
    kill -INT -- "-$a" # as a terminal does: the server does not hear it
    await_end "$a"
    [ "$STATUS" -eq 5 ]
    has_the_noise a.wav
    one_server
    kill -INT "$PID"
    finished b "$PID" 130
    nothing_private_left
}

@test "a killed run's private server ends at once, and its folder goes with the next run" {
    no_server
    local left
    record a --null-sink a.wav
    one_server
    left=$(servers)
    # what is not provably a dead run's: other names, links, folders for others
    mkdir "$BATS_TEST_TMPDIR/treasure"
    : >"$BATS_TEST_TMPDIR/treasure/gold"
    kill -KILL "$PID"
    eventually gone_pid "$left"
    local folder
    folder=$(echo "$RUN"/looprec-*)
    [ -d "$folder" ]
    ln -s "$BATS_TEST_TMPDIR/treasure" "${folder%-*}-link"
    mkdir -m 755 "${folder%-*}-open" "$RUN/looprec-other"
    : >"${folder%-*}-file"
    run -0 "$LOOPREC" -q --null-sink -d 0.2 b.wav
    [ ! -e "$folder" ]
    [ -e "$BATS_TEST_TMPDIR/treasure/gold" ]
    [ -L "${folder%-*}-link" ]
    [ -d "${folder%-*}-open" ]
    [ -e "${folder%-*}-file" ]
    [ "$(ls "$RUN" | wc -l)" -eq 4 ]
}

@test "a private server that dies ends the recording as a failure, and the file is kept" {
    no_server
    record a --null-sink -f s16 a.wav -- sleep 300
    eventually one_server
    sleep 0.5
    kill -KILL "$(servers)"
    finished a "$PID" 1
    grep -q "the private sound server has ended" a.err
    events_show a 'last | .error == "server-ended" and .frames > 9600'
    true_that "$(measure frames frames a.wav) > 9600"
    nothing_private_left
}

@test "without pulseaudio the remedy is told, nothing is made, and the command does not run" {
    no_server
    mkdir bin
    ln -s "$(command -v touch)" bin/touch
    run -5 --separate-stderr env "PATH=$PWD/bin" "$LOOPREC" --null-sink a.wav -- touch ran
    echo "$stderr"
    [[ $stderr == *"pulseaudio is not installed"*"install PulseAudio"* ]]
    [ ! -e ran ]
    [ ! -e a.wav ]
    nothing_private_left
    # and one that cannot run says why
    printf '#!/bin/sh\necho "no such luck"\nexit 1\n' >bin/pulseaudio
    chmod +x bin/pulseaudio
    run -5 --separate-stderr env "PATH=$PWD/bin" "$LOOPREC" --null-sink a.wav -- touch ran
    echo "$stderr"
    [[ $stderr == *"no such luck"* ]]
    [ ! -e ran ]
    nothing_private_left
}

@test "without a usable runtime folder the private server's is in /tmp" {
    no_server
    local folder
    unset XDG_RUNTIME_DIR
    for folder in "" /no/such/folder "$BATS_TEST_TMPDIR/$(printf '%090d' 0)"; do
        [ -z "$folder" ] || export XDG_RUNTIME_DIR=$folder
        # shellcheck disable=SC2016
        run -0 --separate-stderr "$LOOPREC" -q --null-sink --fail-if-silent -f s16 --overwrite a.wav -- \
            sh -c 'echo "$PULSE_SERVER"; exec paplay "$0"' "$FILES/noise.wav"
        [[ $output == unix:/tmp/looprec-*/native ]]
        [ ! -e "$(dirname "${output#unix:}")" ]
    done
}

@test "as another user than root it works the same" {
    [ "$(id -u)" -eq 0 ] || skip "for root"
    id nobody >/dev/null 2>&1 || skip "no user nobody"
    no_server
    chown nobody "$RUN"
    cp "$LOOPREC" "$FILES/noise.wav" "$RUN"
    chmod a+rx "$RUN/looprec" "$RUN/noise.wav"
    cd "$RUN"
    setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME=/nonexistent \
        ./looprec -q --null-sink --fail-if-silent -f s16 a.wav -- paplay noise.wav
    has_the_noise a.wav
    rm looprec a.wav noise.wav
    nothing_private_left
}

# --- servers where a new sink would matter ---

stand_in_is_default() { [ "$(pactl get-default-sink)" = auto_null ]; }

@test "where only a stand-in is there, a private server is used and nothing is moved" {
    start_server bare --no-sink
    pactl load-module module-always-sink
    eventually stand_in_is_default
    play "$FILES/other.wav" auto_null --latency-msec=50
    is_playing auto_null
    server_state >before
    # shellcheck disable=SC2016
    run -0 "$LOOPREC" --null-sink --fail-if-silent -f s16 a.wav -- \
        sh -c 'echo "server=$PULSE_SERVER"; exec paplay "$0"' "$FILES/noise.wav"
    echo "$output"
    [[ $output == *"server=unix:"*/looprec-*/native* ]]
    server_state >after
    diff before after
    has_the_noise a.wav
    stop_server bare
}

@test "where new sinks become the default, a private server is used" {
    [ "$SYSTEM" = pulse ] || skip "of PulseAudio"
    local module
    module=$(pactl load-module module-switch-on-connect ignore_virtual=no)
    server_state >before
    # shellcheck disable=SC2016
    run -0 "$LOOPREC" -q --null-sink --fail-if-silent -f s16 a.wav -- \
        sh -c 'echo "server=$PULSE_SERVER"; exec paplay "$0"' "$FILES/noise.wav"
    [[ $output == "server=unix:"*/looprec-*/native ]]
    server_state >after
    diff before after
    pactl unload-module "$module"
}
