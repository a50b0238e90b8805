#!/usr/bin/env bats
# A command behind "--": when it starts, how it ends, whose status counts, and
# who hears Ctrl-C. With synthetic sources: no sound server is needed.

load lib.bash

setup() {
    mkdir "$BATS_TEST_TMPDIR/here"
    cd "$BATS_TEST_TMPDIR/here" || return
    LIVE=--source=synth:tone
}

teardown() {
    local file
    for file in pid.*; do
        [ ! -s "$file" ] || kill -KILL "$(<"$file")" 2>/dev/null || true
    done
    end_started
}

# --- helpers ---

# A command that writes its number to pid.$1 and then runs the rest.
says_pid() {
    local name=$1
    shift
    # shellcheck disable=SC2016
    printf '%s\n' sh -c 'echo $$ >pid.part && mv pid.part "pid.$1"; shift; exec "$@"' sh "$name" "$@"
}

# `launch` with such a command, in words that are no options of its own.
launch_command() { # NAME [OPTION...] -- COMMAND...
    local name=$1 options=() words=()
    shift
    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    shift
    mapfile -t words < <(says_pid "$name" "$@")
    launch "$name" "$LIVE" "${options[@]}" "$name.wav" -- "${words[@]}"
    eventually test -s "pid.$name"
    is_started "$name" "$PID"
    COMMAND=$(<"pid.$name")
}

runs() { ! gone_pid "$1"; }

seconds_of() { calculate "$(measure frames frames "$1.wav") / 48000"; }

# --- the status ---

@test "the command's status becomes ours, and the file is whole" {
    local status
    for status in 0 1 7 255; do
        run "-$status" "$LOOPREC" -q "$LIVE" "a$status.wav" -- sh -c "sleep 0.2; exit $status"
        [ -z "$output" ]
        has_frames "a$status.wav" "$(measure frames frames "a$status.wav")" 48000 2
        true_that "$(seconds_of "a$status") > 0.19" "length"
    done
}

@test "a command that a signal ends counts as 128 and its number" {
    # shellcheck disable=SC2016
    run -143 "$LOOPREC" -q "$LIVE" a.wav -- sh -c 'kill -TERM $$'
    # shellcheck disable=SC2016
    run -137 "$LOOPREC" -q "$LIVE" b.wav -- sh -c 'kill -KILL $$'
}

@test "the summary and the events tell of the command" {
    run -7 --separate-stderr "$LOOPREC" --json "$LIVE" a.wav -- sh -c 'exit 7' 'a b' ''
    echo "$stderr"
    [[ $stderr == *" until the command has ended"* ]]
    [[ $stderr == *"the command ended with status 7"* ]]
    jq -es '.[0].event == "started" and .[0].command == ["sh", "-c", "exit 7", "a b", ""] and .[0].pid > 1' <<<"$output"
    jq -es 'last | .event == "finished" and .stop == "command" and .command_status == 7 and .exit == 7 and .error == null' <<<"$output"
}

@test "without a command the events say so" {
    run -0 --separate-stderr "$LOOPREC" -q --json --source=synth:tone,fast -d 1 a.wav
    jq -es '.[0].command == null and .[0].pid == null and (last | .command_status == null)' <<<"$output"
}

@test "the command's failure goes before silence and losses" {
    run -7 "$LOOPREC" -q --fail-if-silent --source=synth:silence a.wav -- sh -c 'exit 7'
    run -3 "$LOOPREC" -q --fail-if-silent --source=synth:silence b.wav -- sh -c 'sleep 0.2'
    run -4 "$LOOPREC" -q --strict --source=synth:tone,gap=50ms+50ms c.wav -- sh -c 'sleep 0.5'
}

@test "a recording that fails goes before the command's status" {
    [ -e /dev/full ] || skip "no /dev/full"
    run -1 "$LOOPREC" --source=synth:noise -t raw /dev/full -- sh -c "exec >&- 2>&-; sleep 30"
    [[ $output == *"no space left"* ]]
}

# --- what does not start ---

@test "a command that is not there is 127, and one that cannot run 126" {
    : >plain
    printf '#!/no/such/interpreter\n' >script
    chmod +x script
    local code name
    while read -r code name; do
        run "-$code" --separate-stderr "$LOOPREC" "$LIVE" a.wav -- "$name"
        echo "$stderr"
        [ -z "$output" ]
        [ "${#stderr_lines[@]}" -eq 1 ]
        [[ $stderr == "looprec: "*"$name"* ]]
        [ ! -e a.wav ]
    done <<'END'
127 no-such-program-of-looprec
127 ./missing
126 ./plain
126 /
126 ./script
END
    run -127 "$LOOPREC" "$LIVE" a.wav -- ""
    run -127 --separate-stderr "$LOOPREC" --json "$LIVE" a.wav -- ./missing
    jq -es 'length == 1 and .[0].event == "finished" and .[0].exit == 127 and .[0].error == "no-command" and .[0].file == null' <<<"$output"
}

@test "an existing file stays, and the command does not run" {
    echo mine >a.wav
    run -1 "$LOOPREC" "$LIVE" a.wav -- touch ran
    [ "$(<a.wav)" = mine ]
    [ ! -e ran ]
    run -126 "$LOOPREC" "$LIVE" a.wav -- /
    [ "$(<a.wav)" = mine ]
}

@test "a source that cannot be had: the command does not run" {
    run -5 "$LOOPREC" a.wav -- touch ran
    [[ $output == *"no sound server answers"* ]]
    [ ! -e ran ]
    [ ! -e a.wav ]
    run -5 "$LOOPREC" --source=synth:tone,fail-open=9 a.wav -- touch ran
    [ ! -e ran ]
    [ ! -e a.wav ]
}

@test "-- belongs to the command; options behind it do too" {
    run -0 "$LOOPREC" -q "$LIVE" -- sh -c 'echo "$0 $*"' --json -q --
    [ "$output" = "--json -q --" ]
    ls looprec-*.flac
    run -2 "$LOOPREC" "$LIVE" a.wav --
    [[ $output == *"give a command"* ]]
    run -2 "$LOOPREC" --kill-on-stop "$LIVE" a.wav
}

# --- when it runs ---

@test "the command runs once the recording has begun" {
    run -0 --separate-stderr "$LOOPREC" -q --json "$LIVE" a.wav -- sh -c 'date +%s%N >ran; sleep 0.3'
    local begin
    begin=$(jq -rs '.[0].time' <<<"$output")
    # the event's time has milliseconds
    true_that "$(<ran) > $(time_ns "$begin") - 1000000"
    true_that "$(seconds_of a) > 0.3"
}

@test "its streams are ours" {
    run -0 --separate-stderr "$LOOPREC" -q "$LIVE" a.wav -- sh -c 'cat; echo err >&2' <<<"hello"
    [ "$output" = hello ]
    [ "$stderr" = err ]
}

@test "audio on standard output: the command's words go to standard error" {
    "$LOOPREC" -q -t raw -f s16 "$LIVE" - -- sh -c 'echo words; sleep 0.2' >a.raw 2>err
    [ "$(<err)" = words ]
    run ! grep -q words a.raw
    [ "$(stat -c %s a.raw)" -gt 30000 ]
}

@test "it ends when the last of the command's children has ended" {
    launch_command a -- sh -c '(setsid sh -c "until [ -e go ]; do sleep 0.02; done; : >done" &) ; exit 3'
    eventually gone_pid "$COMMAND"
    sleep 0.3
    runs "$PID"
    touch go
    finished a "$PID" 3
    [ -e done ]
    events_show a 'last | .stop == "command" and .command_status == 3'
}

@test "a duration ends the recording, and the command is left alone" {
    launch_command a -d 300ms -- sleep 30
    finished a "$PID"
    has_frames a.wav 14400
    runs "$COMMAND"
    events_show a 'last | .stop == "duration" and .command_status == null and .exit == 0'
    grep -q "had not ended" a.err
}

@test "--kill-on-stop: the command ends with the recording, its children too" {
    launch_command a -d 300ms --kill-on-stop -- sh -c 'setsid sleep 30 & echo $! >pid.child; wait'
    finished a "$PID"
    has_frames a.wav 14400
    gone_pid "$COMMAND"
    gone_pid "$(<pid.child)"
    events_show a 'last | .command_status == null and .exit == 0'
}

@test "--kill-on-stop ends one that does not want to" {
    launch_command a -d 300ms --kill-on-stop -- sh -c 'trap "" TERM; while :; do sleep 1; done'
    finished a "$PID"
    gone_pid "$COMMAND"
}

@test "a command that ends early ends a recording of some duration" {
    run -0 "$LOOPREC" -q "$LIVE" -d 30 a.wav -- sleep 0.2
    true_that "$(seconds_of a) < 5"
}

# --- requests to end ---

@test "a signal is handed on, and the recording ends with the command" {
    local pair
    for pair in INT:130 TERM:143; do
        launch_command "${pair%:*}" -- sleep 30
        kill "-${pair%:*}" "$PID"
        finished "${pair%:*}" "$PID" "${pair#*:}"
        events_show "${pair%:*}" "last | .stop == \"command\" and .command_status == ${pair#*:}"
    done
}

@test "what the command plays after the request is recorded" {
    launch_command a -- sh -c 'trap "sleep 0.5; exit 5" INT; : >ready; while :; do sleep 0.05; done'
    eventually test -e ready
    local sent begin
    begin=$(started_ns a)
    interrupt "$PID"
    sent=$SENT_NS
    finished a "$PID" 5
    grep -q "until the command has ended" a.err
    true_that "$(seconds_of a) > ($sent - $begin) / 1e9 + 0.45"
}

@test "a second request ends the recording and leaves the command" {
    launch_command a -- sh -c 'trap "" INT TERM; : >ready; while :; do sleep 0.05; done'
    eventually test -e ready
    interrupt "$PID"
    eventually grep -q "once more ends the recording" a.err
    sleep 0.5
    runs "$PID"
    interrupt "$PID"
    finished a "$PID"
    runs "$COMMAND"
    events_show a 'last | .stop == "interrupt" and .command_status == null'
}

@test "two requests in a row are one, as timeout sends them" {
    run -5 timeout --preserve-status -s INT 0.5 "$LOOPREC" -q "$LIVE" a.wav -- \
        sh -c 'trap "sleep 0.4; exit 5" INT; while :; do sleep 0.05; done'
    true_that "$(seconds_of a) > 0.8"
    launch_command b -- sh -c 'trap "sleep 0.4; exit 5" INT; : >ready; while :; do sleep 0.05; done'
    eventually test -e ready
    perl -e 'kill INT => $ARGV[0]; select undef, undef, undef, 0.05; kill INT => $ARGV[0]' "$PID"
    finished b "$PID" 5
    events_show b 'last | .stop == "command"'
}

@test "a lost terminal ends the recording at once" {
    launch_command a -- sh -c 'trap "" HUP; : >ready; sleep 30'
    eventually test -e ready
    kill -HUP "$PID"
    finished a "$PID"
    runs "$COMMAND"
    events_show a 'last | .stop == "hangup"'
}

# A command below looprec on a terminal: it notes each SIGINT in hits, and ends
# with 6 after one, or when there is a file "go". $1: what else it does first.
on_terminal() {
    command -v script >/dev/null || skip "script(1) is missing"
    cat >command.pl <<END
use strict;
use warnings;
my \$until = 0;
sub mark { open my \$out, '>>', \$_[0] or die; print \$out "x\\n"; }
\$SIG{INT} = sub { mark('hits'); \$until ||= time + 1; };
${1:-}
mark('ready');
select undef, undef, undef, 0.05 until -e 'go' || \$until && time > \$until;
exit 6;
END
    mkfifo keys
    # shellcheck disable=SC2094
    script -qec "$LOOPREC $LIVE a.wav -- perl command.pl" typescript <keys >screen 2>&1 3>&- &
    TERMINAL=$!
    PIDS+=("$TERMINAL")
    exec 7>keys
    eventually test -e ready
    printf '\003' >&7
    eventually grep -q "once more ends the recording" screen
}

@test "Ctrl-C of a terminal reaches the command, and no meter is drawn over it" {
    on_terminal
    await_end "$TERMINAL"
    exec 7>&-
    [ "$STATUS" -eq 6 ]
    [ -s hits ]
    run ! grep -qE 'L [#.]|Ctrl-C or q' screen
}

@test "a terminal's Ctrl-C is not handed on a second time" {
    # a group of its own is what the terminal does not reach
    on_terminal 'setpgrp(0, 0);'
    touch go
    await_end "$TERMINAL"
    exec 7>&-
    [ "$STATUS" -eq 6 ]
    [ ! -e hits ]
}

@test "a killed looprec: the command goes on, or ends with --kill-on-stop" {
    launch_command a -- sleep 30
    kill -KILL "$PID"
    await_end "$PID"
    runs "$COMMAND"
    launch_command b --kill-on-stop -- sleep 30
    kill -KILL "$PID"
    await_end "$PID"
    eventually gone_pid "$COMMAND"
}
