#!/usr/bin/env bats
# Tests the scripts that other tests stand on: the private sound servers and
# the runner of Windows programs.

bats_require_minimum_version 1.5.0

setup() {
    scripts=$BATS_TEST_DIRNAME/../../scripts
    scripts=$(cd "$scripts" && pwd)
    # The servers' folders are made here, so that what is left can be seen.
    export TMPDIR=$BATS_TEST_TMPDIR
    unset LOOPREC_WINEPREFIX
}

# Waits until a command succeeds, 90 s at most: Wine starts in half a second, and
# on a machine with much to do in half a minute.
eventually() {
    local deadline=$((SECONDS + 90))
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.02
    done
}

# No process and no folder of the servers and prefixes made here is left. (The
# processes have the folder's path in their environment.)
nothing_left() {
    local environment
    run ! compgen -G "$TMPDIR/looprec-*"
    for environment in /proc/[0-9]*/environ; do
        if tr '\0' '\n' <"$environment" 2>/dev/null | grep -q "=.*$TMPDIR/looprec-"; then
            echo "left: $(tr '\0' ' ' <"${environment%environ}cmdline" 2>/dev/null)"
            return 1
        fi
    done
    run ! grep -q "$TMPDIR" /proc/self/mountinfo
}

needs_wine() {
    "$scripts/wine-root" --print >/dev/null || skip "no Wine root; scripts/wine-root makes one"
    command -v x86_64-w64-mingw32-gcc-win32 >/dev/null || skip "no cross compiler"
}

# A console program that says which control event ended it.
make_windows_program() {
    cat >"$TMPDIR/events.c" <<'C'
#include <windows.h>
#include <stdio.h>
static HANDLE stop;
static volatile LONG event = -1;
static BOOL WINAPI handler(DWORD type)
{
    InterlockedExchange(&event, (LONG)type);
    SetEvent(stop);
    if (type >= CTRL_CLOSE_EVENT)
        Sleep(4000);
    return TRUE;
}
int main(void)
{
    stop = CreateEventA(NULL, TRUE, FALSE, NULL);
    SetConsoleCtrlHandler(handler, TRUE);
    puts("ready");
    fflush(stdout);
    WaitForSingleObject(stop, 120000);
    printf("event %ld\n", event);
    return 40 + (int)event;
}
C
    x86_64-w64-mingw32-gcc-win32 -O1 -o "$TMPDIR/events.exe" "$TMPDIR/events.c"
}

for_each_server() { # the same tests for both servers
    case $1 in
    pulse) with=$scripts/with-null-sink ;;
    pipewire) with=$scripts/with-pipewire ;;
    esac
}

exit_status() {
    for_each_server "$1"
    run "$with" sh -c 'exit 7'
    [ "$status" -eq 7 ]
    run "$with" sh -c 'kill -9 $$'
    [ "$status" -eq 137 ]
    run -127 "$with" "$TMPDIR/no such program"
    run "$with" --no-such-option true
    [ "$status" -eq 2 ]
    run "$with"
    [ "$status" -eq 2 ]
    nothing_left
}

sink_as_asked() {
    for_each_server "$1"
    run "$with" --rate=44100 --channels=6 --name=six --description="Six of them" \
        --extra-sink=more sh -c 'pactl get-default-sink; pactl list short sinks; pactl list short sources; pactl list sinks'
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = six ]
    [[ $output == *six*"6ch 44100Hz"* ]]
    [[ $output == *"six.monitor"* ]]
    [[ $output == *"more.monitor"* ]]
    [[ $output == *"Description: Six of them"* ]]
    run "$with" --no-sink pactl list short sinks
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    nothing_left
}

two_at_once() {
    for_each_server "$1"
    mkfifo "$TMPDIR/go"
    "$with" --name=first sh -c 'echo "$PULSE_SERVER $(pactl get-default-sink)" >"$TMPDIR/a"; read -r _ <"$TMPDIR/go"' 3>&- &
    first=$!
    eventually test -s "$TMPDIR/a"
    run "$with" --name=second sh -c 'echo "$PULSE_SERVER $(pactl get-default-sink)"'
    [ "$status" -eq 0 ]
    [[ $output == *" second" ]]
    [[ $(cat "$TMPDIR/a") == *" first" ]]
    [ "${output%% *}" != "$(cut -d ' ' -f 1 "$TMPDIR/a")" ]
    echo >"$TMPDIR/go"
    wait "$first"
    nothing_left
}

ends_on_sigterm() {
    for_each_server "$1"
    "$with" sh -c 'trap "echo told >\"$TMPDIR/told\"; exit 9" TERM; echo >"$TMPDIR/up"; sleep 60 & wait' 3>&- &
    wrapper=$!
    eventually test -e "$TMPDIR/up"
    kill -TERM "$wrapper"
    status=0
    wait "$wrapper" || status=$?
    [ "$status" -eq 9 ]
    [ "$(cat "$TMPDIR/told")" = told ]
    nothing_left
}

restarts() {
    for_each_server "$1"
    cat >"$TMPDIR/restart.sh" <<'SH'
set -eu
kill -KILL "$LOOPREC_TEST_SERVER_PID"
i=0
while timeout 5 pactl info >/dev/null 2>&1; do
    i=$((i + 1)); [ "$i" -lt 200 ]; sleep 0.02
done
"$LOOPREC_TEST_RESTART"
[ "$(pactl get-default-sink)" = "$LOOPREC_TEST_SINK" ]
[ "$(cat "$LOOPREC_TEST_SERVER_PIDFILE")" != "$LOOPREC_TEST_SERVER_PID" ]
"$LOOPREC_TEST_RESTART"
[ "$(pactl get-default-sink)" = "$LOOPREC_TEST_SINK" ]
SH
    run "$with" sh "$TMPDIR/restart.sh"
    echo "$output"
    [ "$status" -eq 0 ]
    nothing_left
}

@test "with-null-sink: the command's exit status" { exit_status pulse; }
@test "with-null-sink: the sinks are as asked" { sink_as_asked pulse; }
@test "with-null-sink: two at once do not meet" { two_at_once pulse; }
@test "with-null-sink: SIGTERM reaches the command, nothing is left" { ends_on_sigterm pulse; }
@test "with-null-sink: the server can be killed and started again" { restarts pulse; }
@test "with-null-sink: what the server refuses is told" {
    run "$scripts/with-null-sink" --format=nonsense true
    [ "$status" -eq 1 ]
    [[ $output == *"Invalid sample format"* ]]
    nothing_left
}

@test "with-pipewire: the command's exit status" { exit_status pipewire; }
@test "with-pipewire: the sinks are as asked" { sink_as_asked pipewire; }
@test "with-pipewire: two at once do not meet" { two_at_once pipewire; }
@test "with-pipewire: SIGTERM reaches the command, nothing is left" { ends_on_sigterm pipewire; }
@test "with-pipewire: the server can be killed and started again" { restarts pipewire; }

@test "wine: SIGINT is Ctrl-C, SIGTERM ends at once, nothing is left" {
    needs_wine
    make_windows_program
    for signal in INT TERM; do
        rm -f "$TMPDIR/out"
        "$scripts/wine" "$TMPDIR/events.exe" >"$TMPDIR/out" 3>&- &
        wine=$!
        eventually grep -q ready "$TMPDIR/out"
        kill "-$signal" "$wine"
        status=0
        wait "$wine" || status=$?
        case $signal in
        INT) [ "$status" -eq 40 ] && grep -q 'event 0' "$TMPDIR/out" ;;
        TERM) [ "$status" -eq 143 ] ;;
        esac
        nothing_left
    done
}

@test "wine-ctrl: Ctrl-C, Ctrl-Break and close arrive as such" {
    needs_wine
    make_windows_program
    for pair in c:0 break:1 close:2; do
        rm -f "$TMPDIR/out"
        "$scripts/wine" "$TMPDIR/events.exe" >"$TMPDIR/out" 3>&- &
        wine=$!
        eventually grep -q ready "$TMPDIR/out"
        "$scripts/wine-ctrl" "${pair%:*}" "$wine"
        status=0
        wait "$wine" || status=$?
        [ "$status" -eq $((40 + ${pair#*:})) ]
        grep -q "event ${pair#*:}" "$TMPDIR/out"
        # what wine-ctrl has started there is not below scripts/wine, and ends
        # with Wine's server
        eventually nothing_left || nothing_left
    done
}

@test "wine: exit code, working directory, standard input, several at once" {
    needs_wine
    printf '#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\nint main(int c, char **v) { char b[999]; puts(getcwd(b, 999)); if (fgets(b, 999, stdin)) fputs(b, stdout); return atoi(v[c - 1]); }\n' \
        >"$TMPDIR/echo.c"
    x86_64-w64-mingw32-gcc-win32 -o "$TMPDIR/echo.exe" "$TMPDIR/echo.c"
    cd "$TMPDIR"
    pids=()
    for code in 3 4 5; do
        echo "line $code" | "$scripts/wine" echo.exe "$code" >"out$code" 3>&- &
        pids+=("$!")
    done
    for code in 3 4 5; do
        status=0
        wait "${pids[code - 3]}" || status=$?
        [ "$status" -eq "$code" ]
        grep -q "line $code" "out$code"
        grep -qF "$(basename "$TMPDIR")" "out$code"
    done
    nothing_left
}

@test "make: without pkg-config or a library it names the remedy" {
    run ! make -C "$scripts/.." PKG_CONFIG=no-such-tool B="$BATS_TEST_TMPDIR/build"
    [[ $output == *"run 'scripts/setup native'"* ]]
    [[ $output != *"fatal error"* ]]
    run ! make -C "$scripts/.." DEPS="sndfile no-such-library" B="$BATS_TEST_TMPDIR/build"
    [[ $output == *no-such-library* ]]
    [[ $output == *"run 'scripts/setup native'"* ]]
}

@test "setup: a private sound server needs little" {
    # a machine of apt where nothing is installed
    local bin=$BATS_TEST_TMPDIR/bin
    mkdir "$bin"
    printf '#!/bin/sh\nexit 0\n' | tee "$bin/apt-get" >"$bin/dpkg-query"
    chmod +x "$bin"/*
    PATH=$bin:$PATH run "$scripts/setup" --dry-run sound
    [[ $output == *pulseaudio-utils* ]]
    [ "$(grep -c '^  [a-z]' <<<"$output")" -le 5 ]
    PATH=$bin:$PATH run "$scripts/setup" --dry-run tests
    [[ $output == *pulseaudio-utils* ]]
    [[ $output == *bats* ]]
}

@test "setup: names what is missing, or nothing" {
    run "$scripts/setup" --dry-run native
    [ "$status" -eq 0 ]
    [[ $output == *"nothing is missing for: native"* || $output == *"will install:"* ]]
    run "$scripts/setup" no-such-group
    [ "$status" -eq 2 ]
    [[ $output == *no-such-group* ]]
}

@test "demo and analyse refuse what they do not know before they begin" {
    local script
    for script in demo analyse; do
        run -2 --separate-stderr "$scripts/$script" --bogus
        [ -z "$output" ]
        [[ $stderr == "$script: "*"--bogus"*$'\n'"usage: scripts/$script "* ]]
    done
    run -2 "$scripts/demo" a.wav b.wav
    run -2 "$scripts/analyse" gcc --bogus
}

@test "every script has help and a first comment" {
    for script in "$scripts"/*; do
        [ -f "$script" ] && [ -x "$script" ] || continue
        case $script in "$scripts"/setup | "$scripts"/dist | "$scripts"/w*) ;; *) continue ;; esac
        run "$script" --help
        [ "$status" -eq 0 ]
        [[ ${lines[0]} == "Usage: scripts/${script##*/}"* ]]
        [[ $(sed -n 2p "$script") == '# '* ]]
    done
}
