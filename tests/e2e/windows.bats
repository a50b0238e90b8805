#!/usr/bin/env bats
# What only the Windows executable has, under Wine: console events, names in
# Unicode, a machine without audio, the DLLs it asks for.

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

# --- the machine ---

@test "a name in Unicode and a path with backslashes" {
    mkdir 'Ünïcode ☃'
    looprec -q -d 4800f 'Ünïcode ☃\録音.flac' </dev/null
    has_frames 'Ünïcode ☃/録音.flac' 4800
    run -1 looprec -q -d 4800f 'Ünïcode ☃\録音.flac'
    [[ $output == *録音.flac* ]]
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

@test "it needs no DLL but the system's" {
    local dll
    while read -r dll; do
        case ${dll,,} in
        kernel32.dll | msvcrt.dll | ole32.dll | user32.dll | advapi32.dll | avrt.dll | shell32.dll | shlwapi.dll | ws2_32.dll | bcrypt.dll | ntdll.dll | ucrtbase.dll | api-ms-win-*) ;;
        *) fail "it asks for $dll" ;;
        esac
    done < <(x86_64-w64-mingw32-objdump -p "$LOOPREC" | sed -n 's/.*DLL Name: //p')
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
