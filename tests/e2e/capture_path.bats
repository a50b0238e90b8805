#!/usr/bin/env bats
# What the capture thread does between its wake-up and the ring: no lock, no
# heap, no file, no print, and of system calls the wait alone. It is watched from
# outside, by strace and by a preloaded library.

load lib.bash

setup_file() {
    [ "$SYSTEM" != wine ] || return 0
    "${CC:-cc}" -std=c11 -O2 -Wall -Wextra -shared -fPIC -o "$BATS_FILE_TMPDIR/forbid.so" \
        "$ROOT/tests/tools/preload/forbid.c" -ldl
    start_server main
    cd "$BATS_FILE_TMPDIR" || return
    generate tone tone.wav --seconds=120
    play tone.wav "$LOOPREC_TEST_SINK" --latency-msec=50
    echo "$PLAYER" >player.pid
    is_playing "$LOOPREC_TEST_SINK"
}

teardown_file() {
    kill "$(<"$BATS_FILE_TMPDIR/player.pid")" 2>/dev/null || true
    stop_server main
}

setup() {
    [ "$SYSTEM" != wine ] || skip "for the native executable"
    cd "$BATS_TEST_TMPDIR" || return
    unset LD_PRELOAD
}

# Of what needs no sound server once is enough.
without_server() { [ "$SYSTEM" = pulse ] || skip "the same on every server"; }

# --- system calls ---

# The system calls of the thread $2 in a trace, from 1 s after it was named to
# 2.5 s after: their names, once each, to standard output; the calls to $2.calls.
steady_calls() { # trace, thread
    perl -ne '
        BEGIN { $name = shift @ARGV }
        next unless /^(\d+) +(\d+\.\d+) (.*)/;
        my ($thread, $time, $call) = ($1, $2, $3);
        $named{$thread} = $time if $call =~ /PR_SET_NAME, "\Q$name\E"/;
        next unless $named{$thread};
        my $at = $time - $named{$thread};
        print "$call\n" if $at >= 1 && $at < 2.5 && $call !~ /^<\.\.\./;
    ' "$2" "$1" >"$2.calls"
    sed 's/(.*//' "$2.calls" | sort -u
}

trace() { # options of looprec
    timeout 60 strace -f -ttt -s 16 -o trace.txt "$LOOPREC" -q -d 3.5 --overwrite "$@" out.flac </dev/null
    has_frames out.flac 168000
}

# All words of $1 are among the rest.
only() {
    local word allowed
    for word in $1; do
        for allowed in "${@:2}"; do
            [ "$word" != "$allowed" ] || continue 2
        done
        grep -h "^$word" ./*.calls | head -3 >&2
        fail "the thread calls $word" || return
    done
}

@test "in a synthetic recording the capture thread only waits" {
    without_server
    trace --source=synth:tone
    run -0 steady_calls trace.txt capture
    echo "$output"
    # the wait: ppoll, and read of the eventfd that it waits for
    only "$output" ppoll read
    [ "$(grep -c '^ppoll' capture.calls)" -ge 100 ]
    # nothing is read but the 8 bytes of the eventfd
    run ! grep -vE '^ppoll|^read\([0-9]+, .*, 8( <unfinished \.\.\.>|\) +=)' capture.calls
}

@test "the trace would show a thread that does more" {
    without_server
    trace --source=synth:tone
    run -0 steady_calls trace.txt writer
    [[ $output == *write* ]]
    run ! only "$output" ppoll read
}

@test "in a recording of a server it waits, and libpulse talks to the server" {
    trace
    run -0 steady_calls trace.txt capture
    echo "$output"
    # libpulse's own: its socket (recvmsg, sendmsg, and read and write of its
    # wake-up pipe), poll. No file, no lock (futex), no memory from the system.
    only "$output" ppoll poll read recvmsg recvfrom sendmsg sendto write getpid gettid
    [ "$(grep -c '^p*poll' capture.calls)" -ge 10 ]
    # what is written is a signal to the loop or to the server, no text
    run ! grep -E '^write\((1|2),' capture.calls
}

# --- library calls ---

watched() { # thread, callers, options of looprec
    local thread=$1 callers=$2
    shift 2
    FORBID_THREAD=$thread FORBID_CALLERS=$callers \
        FORBID_FROM_MS=${FROM_MS:-700} FORBID_TO_MS=${TO_MS:-2500} \
        LD_PRELOAD=$BATS_FILE_TMPDIR/forbid.so \
        "$LOOPREC" -q -d 3.5 --overwrite "$@" out.flac </dev/null
}

@test "in a synthetic recording nothing at all is called that locks, allocates or writes" {
    without_server
    run -0 watched capture all --source=synth:tone
    [[ $output =~ "forbid: watched "([0-9]+)" waits" ]]
    [ "${BASH_REMATCH[1]}" -ge 100 ]
    has_frames out.flac 168000
}

@test "nor when audio is missed, silent, late or without a clock" {
    without_server
    local faults
    for faults in gap=1s+300ms silent=1s+300ms jitter=20ms position=none flag-every-packet; do
        run -0 watched capture all "--source=synth:tone,$faults"
        [[ $output == *"forbid: watched "* ]]
    done
}

# looprec itself calls nothing of the kind in a recording with these options.
calls_nothing_itself() {
    # where somebody plays, opening may take 2.5 s
    FROM_MS=2900 TO_MS=3400 run -0 watched capture own "$@"
    [[ $output =~ "forbid: watched "([0-9]+)" waits" ]]
    [ "${BASH_REMATCH[1]}" -ge 3 ]
    has_frames out.flac 168000
}

@test "in a recording of a server looprec itself calls nothing of the kind" {
    calls_nothing_itself
}

@test "nor does it in a recording of one application" {
    calls_nothing_itself "--app=$(<"$BATS_FILE_TMPDIR/player.pid")"
}

@test "the watch would end a thread that does more" {
    run -134 watched writer all --source=synth:tone
    [[ $output == *"forbid: the thread called "* ]]
    # libpulse's own calls are seen, where they are asked for
    run -134 watched capture all
    [[ $output == *"forbid: the thread called "* ]]
}

@test "each kind of call would be seen: locks, and the heap" {
    without_server
    FORBID_WHAT=pthread_mutex_lock run -134 watched writer own --source=synth:tone
    [[ $output == *"forbid: the thread called pthread_mutex_lock"* ]]
    # opening and closing may
    local call
    for call in malloc free; do
        FROM_MS=0 TO_MS=9000 FORBID_WHAT=$call run -134 watched capture own --source=synth:tone
        [[ $output == *"forbid: the thread called $call"* ]]
    done
}
