#!/usr/bin/env bats
# How old sound is when a pipe's reader has it: what a speech recogniser waits
# for. On each system (see lib.bash for SYSTEM).

load lib.bash

RECOGNISER=(-r 16000 -c 1 -f s16 -t raw)

setup() {
    cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
    end_started
    stop_server main
}

# The least of the numbers (ns) that come, in ms. Only a program that is to blame
# is late every time; on a busy machine each one is, now and then.
least_ms() {
    sort -n | awk 'NR == 1 { printf "%.0f", $1 / 1e6 }
        { printf "%.0f ms\n", $1 / 1e6 >"/dev/stderr" }'
}

# How much later than it was played $1.heard has each sound from the second on,
# the first being the recording's beginning; $1.json has the beginning.
late_by() {
    local zero
    zero=$(time_ns "$(jq -r 'select(.event == "started") | .time' "$1.json")")
    awk -v zero="$zero" 'NR > 1 {
        sub("time_ns=", "", $1); sub("frame=", "", $2)
        # (awk has no integers of 64 bits)
        printf "%.0f\n", ($1 - zero) - $2 * 1e9 / 16000
    }' "$1.heard"
}

@test "sound that begins after a pause is in the pipe within 200 ms, and so is what goes on" {
    local kind ms
    # nothing comes for a while; and zeros do
    for kind in stall silent; do
        looprec -q --json --source=synth:tone,$kind=1s+500ms,$kind=2s+500ms,$kind=3s+500ms,$kind=4s+500ms \
            -d 5 "${RECOGNISER[@]}" - </dev/null 2>$kind.json |
            "$TOOLS/await" --raw=s16,16000,1 --every=0.3 >$kind.heard
        [ "$(wc -l <$kind.heard)" -eq 5 ]
        ms=$(late_by $kind | least_ms)
        echo "$kind: $ms ms"
        ((ms >= 0 && ms < 200))
    done
}

@test "what plays is in the pipe less than 200 ms after another recorder has it" {
    [ "$SYSTEM" != wine ] || skip "the path through Wine is not ours"
    local i ms
    start_server main
    generate clicks click.wav --seconds=8 --lead=0.5 --every=1
    # no function in between: it is to be ended
    "$LOOPREC" -q -D "$LOOPREC_TEST_SINK" "${RECOGNISER[@]}" - </dev/null 2>err \
        > >(tee ours.raw | "$TOOLS/await" --raw=s16,16000,1 --threshold=-50 --every=0.3 >ours) 3>&- &
    PIDS+=("$!")
    eventually test -s ours.raw
    watch "$LOOPREC_TEST_SINK" theirs --threshold=-50 --every=0.3
    play click.wav "$LOOPREC_TEST_SINK" --latency-msec=50
    for ((i = 1; i <= 6; i++)); do
        heard theirs $i
        echo "$HEARD_NS" >>theirs.ns
        heard ours $i
        echo "$HEARD_NS" >>ours.ns
    done
    ms=$(paste ours.ns theirs.ns | awk '{ printf "%.0f\n", $1 - $2 }' | least_ms)
    echo "$ms ms"
    ((ms > -100 && ms < 200))
}
