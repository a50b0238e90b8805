#!/usr/bin/env bats
# The end of the user's session: looprec's hidden window hears of it, by what
# Windows sends to windows (tests/fakes/logoff does it in its place).

SYSTEM=wine
load lib.bash

# One program is there throughout, since the first of a prefix must end last.
setup_file() {
    export LOOPREC_WINEPREFIX=$BATS_FILE_TMPDIR/prefix
    "$ROOT/scripts/wine" --make-prefix --prefix "$LOOPREC_WINEPREFIX" >/dev/null || return
    "$ROOT/scripts/wine" "$ROOT/build/windows/fakes/app.exe" "Z:$BATS_FILE_TMPDIR/keeper.end" \
        </dev/null >/dev/null 2>"$BATS_FILE_TMPDIR/keeper.pid" 3>&- &
    echo $! >"$BATS_FILE_TMPDIR/keeper"
    eventually grep -q '^[0-9]' "$BATS_FILE_TMPDIR/keeper.pid"
}

teardown_file() {
    touch "$BATS_FILE_TMPDIR/keeper.end"
    EVENTUALLY=5 eventually gone_pid "$(<"$BATS_FILE_TMPDIR/keeper")" || kill "$(<"$BATS_FILE_TMPDIR/keeper")"
}

setup() { cd "$BATS_TEST_TMPDIR" || return; }

teardown() { end_started; }

# The window is there when the recording begins, or a moment later.
has_window() { log_off "$1" && [ -s told ]; }

log_off() { # yes or no
    timeout 60 "$ROOT/scripts/wine" "$ROOT/build/windows/fakes/logoff.exe" looprec "$1" \
        </dev/null 2>/dev/null | tr -d '\r' >told
}

@test "the window agrees to the session's end, and then the file is finished" {
    local answered frames
    record a --source=synth:counter,bits=16 -f s16 a.wav
    eventually has_grown a 24000
    eventually has_window yes
    answered=$(jq -s 'any(.[]; .event == "finished")' a.json)
    cat told
    grep -qx 'asked=1' told
    # answered in the time that Windows leaves, and not before the file is whole
    grep -qx 'told=0' told
    [ "$answered" = true ]
    finished a "$PID"
    events_show a 'last | .stop == "hangup" and .error == null and .exit == 0 and .captured == .frames'
    frames=$(final a .frames)
    ((frames > 24000))
    has_frames a.wav "$frames"
    analyse counter a.wav | grep -qx 'breaks=0'
}

@test "where another program refuses, the session goes on and so does the recording" {
    local frames
    record a --source=synth:counter,bits=16 -f s16 a.wav
    eventually has_window no
    grep -qx 'asked=1' told
    grep -qx 'told=0' told
    frames=$(jq -s '[.[] | select(.event == "progress")] | last | .frames // 0' a.json)
    eventually has_grown a $((frames + 24000))
    interrupt "$PID"
    finished a "$PID"
    events_show a 'last | .stop == "interrupt"'
    analyse counter a.wav | grep -qx 'breaks=0'
}
