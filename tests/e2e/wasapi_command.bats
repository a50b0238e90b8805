#!/usr/bin/env bats
# A command behind "--" on Windows: its tree is recorded and nothing else, from
# its first sound to the last; who is told to end and who is left. Against the
# double of mmdevapi.dll, whose applications are bound to executables by name.

SYSTEM=wine
load lib.bash
load fake.bash
load terminal.bash

setup_file() {
    fake_prefix
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    fake_enter
    # each test's programs have names of their own, to be found by
    cp "$ROOT/build/windows/fakes/app.exe" game.exe
    cp "$ROOT/build/windows/fakes/app.exe" helper.exe
    GAME=Z:$PWD/game.exe HELPER=Z:$PWD/helper.exe
    fake_script <<'END'
endpoint speakers default
play speakers tone 440
session game exe game.exe
session helper exe helper.exe
play game counter
END
}

teardown() {
    touch end end2 stay
    end_started
}

# --- helpers ---

# The Windows program of that name here runs.
runs() {
    ps -eo args= | tr '\134' / | grep -q "^\"\\?Z:$PWD/$1"
}

runs_not() { ! runs "$1"; }

# --- what is recorded ---

@test "the command's sound is recorded from its first frame on, and nothing else" {
    fake_launch a -f s16 a.wav -- "$GAME" "Z:$PWD/end"
    sleep 1
    touch end
    finished a "$PID"
    fake_clean a
    events_show a '.[0].command[0] | endswith("game.exe")'
    events_show a 'last | .frames > 40000 and .captured == .frames and .stop == "command" and .command_status == 0'
    fake_unbroken a.wav 0 "$(calculate "$(measure frames frames a.wav) / 48000 - 0.1")"
}

@test "the recording lasts until the last of the tree has ended" {
    fake_script <<'END'
endpoint speakers default
session helper exe helper.exe
play helper counter
END
    fake_launch a -f s16 a.wav -- "$GAME" --exit=7 "Z:$PWD/end" "$HELPER" "Z:$PWD/end2"
    eventually runs helper.exe
    touch end
    eventually runs_not game.exe
    sleep 1.2
    runs helper.exe
    run ! gone_pid "$PID"
    touch end2
    finished a "$PID" 7
    fake_clean a
    events_show a 'last | .command_status == 7 and .exit == 7 and .captured > 24000'
    local length
    length=$(calculate "$(measure frames frames a.wav) / 48000")
    fake_unbroken a.wav "$(calculate "$length - 0.6")" "$(calculate "$length - 0.1")"
}

# Its process has no parent any longer: the job tells whose it is.
@test "what a launcher left behind plays and does not arrive: that is told" {
    fake_script <<'END'
endpoint speakers default
session helper exe helper.exe peak 0.5 mute off
END
    fake_launch a a.wav -- "$GAME" "Z:$PWD/end" "$HELPER" "Z:$PWD/end2"
    touch end
    eventually runs_not game.exe
    eventually grep -q 'nothing of it arrives' a.json
    touch end2
    finished a "$PID"
    fake_clean a
    # and where it is muted, silence is announced
    rm -f end end2
    fake_script <<'END'
endpoint speakers default
session helper exe helper.exe state expired
on open 1 after 4s session helper state active mute on
END
    fake_launch b b.wav -- "$GAME" "Z:$PWD/end" "$HELPER" "Z:$PWD/end2"
    touch end
    eventually runs_not game.exe
    eventually grep -q 'helper.exe is muted in the volume mixer' b.json
    touch end2
    finished b "$PID"
    fake_clean b
}

# --- the status ---

@test "all 32 bits of the command's status are passed on" {
    touch end
    fake_run a a.wav -- "$GAME" --exit=-1073741819 "Z:$PWD/end"
    # what is left of them on this side of Wine
    fake_ended a 5
    events_show a 'last | .command_status == 3221225477 and .exit == 3221225477'
    grep -q "ended with status 0xc0000005" a.err
}

@test "a command that is not there is 127, and one that cannot run 126" {
    echo "no program" >plain.exe
    fake_run a a.wav -- no-such-program-of-looprec
    fake_ended a 127
    events_show a 'length == 1 and .[0].error == "no-command"'
    fake_run b b.wav -- "Z:$PWD/plain.exe"
    fake_ended b 126
    fake_run c c.wav -- x.bat '%PATH%'
    fake_ended c 126
    [ ! -e a.wav ] && [ ! -e b.wav ] && [ ! -e c.wav ]
}

@test "where one program cannot be recorded the command does not run" {
    fake_script <<'END'
endpoint speakers default
processloopback off
END
    touch end
    fake_run a a.wav -- "$GAME" "--done=Z:$PWD/done" "Z:$PWD/end"
    fake_ended a 5
    [ ! -e done ]
    [ ! -e a.wav ]
    runs_not game.exe
}

# --- requests to end ---

@test "Ctrl-C is for the command: the recording goes on until it has ended" {
    fake_launch a a.wav -- "$GAME" --exit=3 "Z:$PWD/end"
    interrupt "$PID"
    eventually grep -q "once more ends the recording" a.err
    local sent=$SENT_NS begin
    begin=$(started_ns a)
    sleep 0.7
    touch end
    finished a "$PID" 3
    fake_clean a
    events_show a 'last | .stop == "command" and .captured == .frames'
    true_that "$(measure frames frames a.wav) / 48000 > ($sent - $begin) / 1e9 + 0.6"
}

# On a console of its own, as Windows' is: Ctrl-C comes to all that are attached.
@test "Ctrl-C on a console: the command hears it, and the recording ends after it" {
    local frames
    begin_on_terminal "$ROOT/scripts/wine $LOOPREC --json -f s16 a.wav -- $GAME \
        --heard=Z:$PWD/heard --exit=3 Z:$PWD/end >a.json"
    eventually grep -q '"event":"started"' a.json
    eventually has_grown a 24000
    [ ! -e heard ]
    printf '\003' >&7
    eventually test -e heard
    # it has heard, and what it still plays is recorded until it ends
    frames=$(jq -s '[.[] | select(.event == "progress")] | last | .frames' a.json)
    eventually has_grown a $((frames + 24000))
    runs game.exe
    touch end
    end_on_terminal 3
    runs_not game.exe
    events_show a 'last | .event == "finished" and .stop == "command" and .command_status == 3 and
        .captured == .frames and .exit == 3'
    frames=$(final a .frames)
    has_frames a.wav "$frames"
    fake_unbroken a.wav 0 "$(calculate "$frames / 48000 - 0.1")"
}

@test "a second Ctrl-C ends the recording" {
    fake_launch a a.wav -- "$GAME" "Z:$PWD/end"
    interrupt "$PID"
    eventually grep -q "once more ends the recording" a.err
    sleep 0.5
    interrupt "$PID"
    finished a "$PID"
    fake_clean a
    events_show a 'last | .stop == "interrupt" and .command_status == null'
}

@test "closing the console's window finishes the file, also after Ctrl-C" {
    fake_launch a a.wav -- "$GAME" "Z:$PWD/end"
    interrupt "$PID"
    eventually grep -q "once more ends the recording" a.err
    "$ROOT/scripts/wine-ctrl" close "$PID"
    await_end "$PID" 20
    events_show a 'last | .event == "finished" and .stop == "hangup" and .error == null'
    [ "$(final a .frames)" -eq "$(measure frames frames a.wav)" ]
}

# --- what outlives the recording ---

# A recording of two seconds below a program that stays, so that nothing ends
# what is left but looprec itself.
record_below() {
    cp "$LOOPREC" recorder.exe
    "$ROOT/scripts/wine" "$PWD/game.exe" "Z:$PWD/stay" "Z:$PWD/recorder.exe" -q -d 2s "$@" \
        </dev/null >below.out 2>&1 3>&- &
    PID=$!
    PIDS+=("$PID")
    eventually test -e a.wav
    eventually runs helper.exe
    eventually runs_not recorder.exe
    has_frames a.wav 96000
}

@test "a duration ends the recording, and the command is left alone" {
    cp helper.exe command.exe
    record_below a.wav -- "Z:$PWD/command.exe" "--done=Z:$PWD/done" "Z:$PWD/end" "$HELPER" "Z:$PWD/end"
    runs command.exe
    runs helper.exe
    touch end
    eventually test -e done
    touch stay
    await_end "$PID"
}

# A recording below a program that stays, and it is ended as the task manager
# ends one: nothing of looprec runs any longer.
terminated() { # options
    cp "$LOOPREC" recorder.exe
    cp helper.exe command.exe
    "$ROOT/scripts/wine" "$PWD/game.exe" "Z:$PWD/stay" "Z:$PWD/recorder.exe" -q "$@" a.wav -- \
        "Z:$PWD/command.exe" "--done=Z:$PWD/done" "Z:$PWD/end" "$HELPER" "--done=Z:$PWD/done2" "Z:$PWD/end" \
        </dev/null >below.out 2>&1 3>&- &
    PID=$!
    PIDS+=("$PID")
    eventually runs helper.exe
    "$ROOT/scripts/wine" taskkill /F /IM recorder.exe </dev/null >killed
    eventually runs_not recorder.exe
}

@test "--kill-on-stop: the command's whole tree ends also with looprec's own death" {
    terminated --kill-on-stop
    eventually runs_not command.exe
    eventually runs_not helper.exe
    [ ! -e done ] && [ ! -e done2 ]
    touch stay
    await_end "$PID"
}

@test "looprec's own death leaves the command alone" {
    terminated
    runs command.exe
    runs helper.exe
    touch end
    eventually test -e done
    eventually test -e done2
    touch stay
    await_end "$PID"
}

@test "--kill-on-stop: the command's whole tree ends with the recording" {
    cp helper.exe command.exe
    record_below --kill-on-stop a.wav -- "Z:$PWD/command.exe" "Z:$PWD/end" "$HELPER" "Z:$PWD/end"
    eventually runs_not command.exe
    eventually runs_not helper.exe
    touch stay
    await_end "$PID"
}
