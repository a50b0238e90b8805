#!/usr/bin/env bats
# Several sources in one file, and sources that are waited for, with synthetic
# ones: no sound server is needed. $LOOPREC names the executable.

bats_require_minimum_version 1.5.0

setup() {
    LOOPREC=$(realpath "${LOOPREC:-$BATS_TEST_DIRNAME/../../build/native/looprec}")
    mkdir "$BATS_TEST_TMPDIR/here"
    cd "$BATS_TEST_TMPDIR/here" || return
}

# The file $1 (raw s16) is the sum of the files that follow.
is_sum_of() {
    python3 - "$@" <<'END'
import array, sys

def samples(name):
    a = array.array('h')
    a.frombytes(open(name, 'rb').read())
    return a

mixed, parts = samples(sys.argv[1]), [samples(n) for n in sys.argv[2:]]
for n, value in enumerate(mixed):
    total = sum(p[n] if n < len(p) else 0 for p in parts)
    if value != total:
        sys.exit('sample %d is %d, not %d' % (n, value, total))
END
}

# The last event of $1 fulfils the jq expression $2.
finished() {
    jq -es ".[-1] | select(.event == \"finished\") | $2" "$1"
}

@test "several sources: their sum to the bit, named together" {
    local part parts=() sources=()
    for part in tone,amp=-20 noise=3,amp=-30 chirp,amp=-15; do
        "$LOOPREC" -q --source="synth:$part,bits=16,fast" -d 5 -f s16 \
            "${#parts[@]}.raw"
        sources+=("--source=synth:$part,bits=16,fast")
        parts+=("${#parts[@]}.raw")
    done
    "$LOOPREC" --json "${sources[@]}" -d 5 mix.raw >mix.json 2>err
    [ "$(stat -c %s mix.raw)" -eq $((5 * 48000 * 4)) ]
    is_sum_of mix.raw "${parts[@]}"
    finished mix.json '.captured == 240000 and .format == "s16"'
    jq -es '.[0] | .event == "started" and
        .device == "Synthetic source, Synthetic source, Synthetic source"' \
        mix.json
}

@test "a source that ends: its place is empty, the last end is the file's" {
    "$LOOPREC" --json --source=synth:tone,fast,end-at=2s \
        --source=synth:tone,fast,end-at=3s a.wav >a.json 2>err
    finished a.json '.stop == "source-ended" and .exit == 0 and
        .frames == 144000 and .captured == 144000'
    "$LOOPREC" --json --source=synth:tone,fast,end-at=2s -d 5 b.wav >b.json
    finished b.json '.stop == "source-ended" and .frames == 96000'
}

@test "what one source lost is told, the others are heard there" {
    "$LOOPREC" --json --source=synth:tone,fast,gap=1s+500ms \
        --source=synth:noise,bits=16,fast -d 3 -f s16 a.raw >a.json 2>err
    finished a.json '.lost == 24000 and .captured == 120000'
    "$LOOPREC" -q --source=synth:noise,bits=16,fast -d 3 -f s16 b.raw
    cmp -i $((48000 * 4)) -n $((24000 * 4)) a.raw b.raw
    run -4 "$LOOPREC" -q --strict --source=synth:tone,fast,gap=1s+500ms \
        --source=synth:tone,fast -d 3 -t null
}

@test "sums beyond full scale are clipped and counted" {
    "$LOOPREC" --source=synth:tone,fast --source=synth:tone,fast,amp=-1 \
        -d 1 -f s16 a.wav 2>err
    grep -q 'samples clipped' err
}

@test "more sources than eight, and two kinds of time, are refused" {
    local nine
    nine=$(printf -- '--source=synth:tone %.0s' {1..9})
    # shellcheck disable=SC2086 # words
    run -2 "$LOOPREC" $nine a.wav
    [[ $output == *"--source is given too often; 8 times"* ]]
    run -2 "$LOOPREC" --source=synth:tone --source=synth:tone,fast a.wav
    [[ $output == *"'fast'"* ]]
    [ ! -e a.wav ]
}

@test "an application, where there is none to be had: exit 5, and no file" {
    local choice
    for choice in --app=none --exclude-app=none --all-devices; do
        PULSE_SERVER=unix:$PWD/none run -5 "$LOOPREC" "$choice" a.wav
        [ "${#lines[@]}" -eq 1 ]
        [ ! -e a.wav ]
    done
}

# --- waiting ---

@test "--wait: the recording begins when the source is there" {
    "$LOOPREC" --json --wait --source=synth:tone,fast,fail-open=3 -d 1 a.wav \
        >a.json 2>err
    finished a.json '.exit == 0 and .captured == 48000'
    jq -es '.[0] | .event == "waiting" and .reason == "no-device" and
        (.for | length) > 0' a.json
    jq -es '.[1].event == "started"' a.json
    grep -q '^looprec: waiting for ' err
    run -5 "$LOOPREC" --source=synth:tone,fast,fail-open=3 -d 1 b.wav
    [ ! -e b.wav ]
}

@test "--wait=TIME: what never comes is exit 5, and no file" {
    run -5 "$LOOPREC" --wait=3s --source=synth:tone,fast,fail-open=1000000 \
        -d 1 a.wav
    [[ ${lines[-1]} == "looprec: no such output device"* ]]
    [ ! -e a.wav ]
}

@test "--wait: one that comes later joins, one that never does is told" {
    "$LOOPREC" --json --wait --source=synth:counter,fast \
        --source=synth:counter,fast,fail-open=4 -d 2 -f s16 a.raw >a.json 2>err
    finished a.json '.exit == 0 and .captured == 96000'
    jq -es 'any(.[]; .event == "device" and .state == "back")' a.json
    grep -q '^looprec: now recording .* too$' err
    local code=0
    "$LOOPREC" --json --wait=3s --source=synth:counter,fast \
        --source=synth:counter,fast,fail-open=1000000 -d 9 b.wav >b.json \
        2>err || code=$?
    [ "$code" -eq 5 ]
    finished b.json '.exit == 5 and .error == "no-device" and
        .captured == 432000 and .stop == "duration"'
    grep -q 'the recording goes on without it$' err
}

@test "--wait: Ctrl-C, SIGTERM and q end the waiting with exit 1, and no file" {
    local signal code pid tries
    for signal in INT TERM; do
        "$LOOPREC" --json --wait --source=synth:tone,fail-open=1000000 a.wav \
            >a.json 2>err 3>&- &
        pid=$!
        for ((tries = 200; tries > 0; tries--)); do
            ! grep -q waiting a.json || break
            sleep 0.05
        done
        kill "-$signal" "$pid"
        code=0
        wait "$pid" || code=$?
        [ "$code" -eq 1 ]
        grep -q 'stopped before the recording began' err
        finished a.json '.exit == 1 and .frames == 0 and .error == null'
        [ ! -e a.wav ]
    done
    mkfifo keys
    (
        exec 3>keys
        for ((tries = 200; tries > 0; tries--)); do
            ! grep -q waiting shown || break
            sleep 0.05
        done
        printf q >&3
        sleep 1
    ) 3>&- &
    TERM=xterm timeout 20 script -qec \
        "$LOOPREC --wait --source=synth:tone,fail-open=1000000 a.wav; echo ended \$?" \
        /dev/null <keys >shown 3>&-
    wait "$!" || true
    grep -q 'ended 1' shown
}
