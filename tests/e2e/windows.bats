#!/usr/bin/env bats
# What only the Windows executable has, under Wine: console events, names in
# Unicode, a machine without audio.

SYSTEM=wine
load lib.bash

setup_file() {
    start_server main
    cd "$BATS_FILE_TMPDIR" || return
    generate tone tone.wav --seconds=60
    play tone.wav "$LOOPREC_TEST_SINK" --latency-msec=50
    echo "$PLAYER" >player.pid
    is_playing "$LOOPREC_TEST_SINK"
}

teardown_file() {
    kill "$(<"$BATS_FILE_TMPDIR/player.pid")" 2>/dev/null || true
    stop_server main
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
    end_started
}

# --- console events ---

# The event $1 of a console ends a recording well; $2 is what the JSON calls it.
ends_well() {
    local begin sent
    record "$1" "$1.flac"
    begin=$(started_ns "$1")
    sleep_until $((begin + 2000000000))
    sent=$(now_ns)
    "$ROOT/scripts/wine-ctrl" "$1" "$PID"
    await_end "$PID" 20
    # Windows ends a program after `close` with a status of its own
    [ "$1" != break ] || [ "$STATUS" -eq 0 ] || fail "exit status $STATUS"
    events_show "$1" "last | .event == \"finished\" and .stop == \"$2\" and .error == null"
    local length
    length=$(calculate "$(measure frames frames "$1.flac") / 48000")
    # wine-ctrl needs a moment to send it
    true_that "$length > ($sent - $begin) / 1e9 - 0.02 && $length < ($sent - $begin) / 1e9 + 1.5" "$length s"
    [ "$(final "$1" '.captured + .idle + .lost + .gone')" -eq "$(measure frames frames "$1.flac")" ]
    is_whole_tone "$1.flac" --from=1
}

@test "Ctrl-Break finishes the file" {
    ends_well break terminate
}

@test "closing the console's window finishes the file" {
    ends_well close hangup
}

@test "the end of the session finishes the file" {
    ends_well logoff hangup
}

@test "the computer's shutdown finishes the file" {
    ends_well shutdown hangup
}

# Nobody reads the audio any longer: the events, on standard error, show that
# no frame more gets out.
is_stalled() { # name
    jq -es 'map(select(.event == "progress") | .frames) | length > 2 and .[-1] == .[-2]' "$1.json" >/dev/null
}

# Standard output is a pipe that nobody reads; the event $1 ends it all the
# same, and it says why.
ends_stalled() {
    mkfifo pipe
    sleep 60 <pipe 3>&- &
    PIDS+=("$!")
    looprec --json --source=synth:noise -t raw -f s16 - >pipe 2>stalled.json </dev/null 3>&- &
    local recorder=$!
    PIDS+=("$recorder")
    eventually is_stalled stalled
    local sent=$SECONDS
    "$ROOT/scripts/wine-ctrl" "$1" "$recorder"
    await_end "$recorder" 20
    ((SECONDS - sent <= 6)) || fail "it took $((SECONDS - sent)) s"
    events_show stalled 'last | .event == "finished" and .exit == 1 and .error == "io"'
}

@test "a reader that stalls cannot hold a stop for ever" {
    ends_stalled c
    [ "$STATUS" -eq 1 ]
}

@test "a reader that stalls: what closes the console waits for the report" {
    ends_stalled close
}

# --- the machine ---

@test "a name in Unicode and a path with backslashes" {
    mkdir 'Ünïcode ☃'
    looprec -q -d 4800f 'Ünïcode ☃\録音.flac' </dev/null
    has_frames 'Ünïcode ☃/録音.flac' 4800
    run -1 looprec -q -d 4800f 'Ünïcode ☃\録音.flac'
    [[ $output == *録音.flac* ]]
}

# a character of four bytes too, which Windows holds as two
@test "an output's name in Unicode is listed, taken and told" {
    local name='Köpf-hörer ☃ 録音 𝄞' module
    module=$(pactl load-module module-null-sink sink_name=unicode "sink_properties='device.description=\"$name\"'")
    looprec -l --json >list.json
    looprec -l >list
    looprec -d 4800f -D 'hörer ☃ 録音 𝄞' --json two.wav >two.json 2>two.err </dev/null
    pactl unload-module "$module"
    jq -e --arg name "$name" 'any(.[]; .name == $name)' list.json
    grep -qF "$name" list
    [ "$(first two .device)" = "$name" ]
    grep -qF "$name" two.err
    has_frames two.wav 4800
}

@test "a path of 400 characters, whole and relative" {
    local part deep here
    part=$(printf 'é%.0s' {1..99})
    deep=$part/$part
    here=$PWD
    mkdir -p "$deep/$deep"
    looprec -q --source=synth:counter,fast -d 4800f "$here/$deep/$deep/whole.wav" </dev/null
    has_frames "$deep/$deep/whole.wav" 4800
    looprec -q --source=synth:counter,fast -d 4800f "$deep/$deep/relative.flac" </dev/null
    has_frames "$deep/$deep/relative.flac" 4800
    # what lies there is safe, and a missing folder is told, as everywhere
    run -1 looprec -q --source=synth:counter,fast -d 4800f "$deep/$deep/../$part/whole.wav"
    [[ $output == *"the file exists"* ]]
    run -1 looprec -q --source=synth:counter,fast -d 4800f "$deep/$deep/$part/none.wav"
    [[ $output == *"no such directory"* ]]
}

@test "without an audio device it says so" {
    cat >no-audio.reg <<'REG'
REGEDIT4

[HKEY_CURRENT_USER\Software\Wine\Drivers]
"Audio"=""
REG
    export LOOPREC_WINEPREFIX=$BATS_TEST_TMPDIR/prefix
    "$ROOT/scripts/wine" regedit.exe /S no-audio.reg </dev/null
    run --separate-stderr -5 looprec -d 1 nothing.wav </dev/null
    echo "$stderr"
    [[ $stderr == *"no such output device"* ]]
    [ ! -e nothing.wav ]
    run -0 looprec -l
    [[ $output == *"no output"* ]]
    run --separate-stderr -0 looprec -l --json
    [ "$(tr -d '\r' <<<"$output")" = "[]" ]
}

@test "--null-sink is refused: it is for Linux" {
    run --separate-stderr -2 looprec --null-sink -d 1 nothing.wav -- cmd /c echo ran
    echo "$stderr"
    [[ $stderr == *"--null-sink is for Linux"*"leave it out"* ]]
    [ -z "$output" ]
    [ ! -e nothing.wav ]
}

@test "what goes through a pipe has no line ends turned" {
    # ten bytes of 0x0a in every kind of place
    looprec -q --source=synth:counter,bits=16,fast -d 65536f -t raw -f s16 - >counter.raw </dev/null
    [ "$(stat -c %s counter.raw)" -eq 262144 ]
    [ "$(measure breaks counter counter.raw --raw=s16,48000,2)" -eq 0 ]
}

@test "killed, it leaves a file that plays" {
    record killed killed.wav
    local begin
    begin=$(started_ns killed)
    sleep_until $((begin + 3000000000))
    kill -TERM "$PID"
    await_end "$PID"
    run -0 sox killed.wav -n stat
    true_that "$(soxi -D killed.wav) > 1.9" "$(soxi -D killed.wav) s"
}
