# What the end-to-end tests share: private sound servers, recordings, players,
# and measures. Sourced by the .bats files.
#
# Environment of a run:
#   SYSTEM    pulse (default): the native executable against PulseAudio
#             pipewire: the same against PipeWire
#             wine: the Windows executable under Wine, over PulseAudio
#   LOOPREC   the executable (build/native/looprec, build/windows/looprec.exe)
#   TOOLS     the folder of analyse, generate and await (build/native/tools)
# shellcheck shell=bash

bats_require_minimum_version 1.5.0

ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
SYSTEM=${SYSTEM:-pulse}
TOOLS=${TOOLS:-$ROOT/build/native/tools}
case $SYSTEM in
pulse | pipewire) LOOPREC=${LOOPREC:-$ROOT/build/native/looprec} ;;
wine) LOOPREC=${LOOPREC:-$ROOT/build/windows/looprec.exe} ;;
*)
    echo "SYSTEM=$SYSTEM is none of pulse, pipewire, wine" >&2
    exit 1
    ;;
esac
# Players run dry, PipeWire's graph and Wine's own buffers miss sound by
# themselves on a machine with too much to do, and no reference tells in every
# test. What fails three times is ours.
# shellcheck disable=SC2034 # bats reads it
BATS_TEST_RETRIES=2
# Programs that are started here must not keep bats' descriptor open.
PIDS=()

fail() {
    printf '%s\n' "$*" >&2
    return 1
}

# --- numbers ---

# True when the expression of awk is: true_that '$a < 0.02' becomes
# true_that "$a < 0.02".
true_that() {
    awk "BEGIN { exit !($1) }" || fail "not true: $1${2:+ ($2)}"
}

calculate() { # an awk expression
    awk "BEGIN { printf \"%.9f\", $1 }"
}

# |$1 - $2| <= $3, $4 says what they are.
near() {
    awk -v a="$1" -v b="$2" -v t="$3" 'BEGIN { d = a - b; exit !(a != "" && b != "" && d <= t && -d <= t) }' ||
        fail "$4: $1 is not within $3 of $2"
}

# A level, which may be -inf, is below so many decibels; $3 says what it is.
below() {
    [ "$1" = -inf ] || awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && a + 0 < b + 0) }' ||
        fail "$3: $1 dB is not below $2"
}

now_ns() { date +%s%N; }

# RFC 3339 to nanoseconds since 1970.
time_ns() { date -d "$1" +%s%N; }

# Sleep until the given nanosecond of the wall clock.
sleep_until() {
    local left=$(($1 - $(now_ns)))
    if ((left > 0)); then
        sleep "$(printf '%d.%09d' $((left / 1000000000)) $((left % 1000000000)))"
    fi
}

# Wait until the command is true; up to 60 s, or $EVENTUALLY seconds: Wine may
# take half a minute to start where the machine has much to do.
eventually() {
    local until=$((SECONDS + ${EVENTUALLY:-60}))
    until "$@"; do
        ((SECONDS < until)) || fail "never true: $*" || return
        sleep 0.02
    done
}

# Do it once for the whole file, however many tests need it; $1 is a function.
# A test that is tried again does it again.
once() {
    if ((${BATS_TEST_TRY_NUMBER:-1} > 1)); then
        rm -f "$BATS_FILE_TMPDIR/$1.done" "$BATS_FILE_TMPDIR/$1.begun"
    fi
    if [ ! -e "$BATS_FILE_TMPDIR/$1.done" ]; then
        [ ! -e "$BATS_FILE_TMPDIR/$1.begun" ] || fail "$1 failed before" || return
        touch "$BATS_FILE_TMPDIR/$1.begun"
        "$1" || return
        touch "$BATS_FILE_TMPDIR/$1.done"
    fi
}

# --- processes ---

# End those that this test started and that still run.
end_started() {
    local pid
    for pid in "${PIDS[@]}"; do
        kill -TERM "$pid" 2>/dev/null || continue
    done
    for pid in "${PIDS[@]}"; do
        EVENTUALLY=5 eventually gone_pid "$pid" 2>/dev/null || kill -KILL "$pid" 2>/dev/null || true
    done
    PIDS=()
}

gone_pid() { # a zombie is gone
    local stat
    read -r stat 2>/dev/null <"/proc/$1/stat" || return 0
    [[ $stat =~ \)\ [ZX] ]]
}

# Wait up to $2 (30) seconds for the end of a process that this shell started.
# STATUS is its exit status.
await_end() {
    EVENTUALLY=${2:-30} eventually gone_pid "$1" || return
    STATUS=0
    wait "$1" || STATUS=$?
}

# --- the sound server ---

# Start a private server, $1 its name for stop_server, the rest options of
# scripts/with-null-sink. Its environment becomes this shell's.
start_server() {
    local name=$1 dir script=with-null-sink pid
    shift
    [ "$SYSTEM" != pipewire ] || script=with-pipewire
    stop_server "$name" # of a test that is tried again
    dir=$BATS_FILE_TMPDIR/server-$name
    mkdir -p "$dir"
    # shellcheck disable=SC2016
    setpriv --pdeathsig TERM "$ROOT/scripts/$script" "--keep-log=$dir/log" "$@" -- \
        bash -c '
            for v in PULSE_SERVER PULSE_COOKIE PULSE_CLIENTCONFIG PULSE_RUNTIME_PATH \
                XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS PIPEWIRE_REMOTE \
                PIPEWIRE_RUNTIME_DIR ${!LOOPREC_TEST_*}; do
                [ -z "${!v+set}" ] || printf "export %s=%q\n" "$v" "${!v}"
            done >"$1/env.new"
            mv "$1/env.new" "$1/env"
            exec sleep infinity' server "$dir" </dev/null >"$dir/out" 2>&1 3>&- &
    pid=$!
    echo "$pid" >"$dir/pid"
    until [ -e "$dir/env" ]; do
        if gone_pid "$pid"; then
            cat "$dir/out" >&2
            fail "no private sound server" || return
        fi
        sleep 0.02
    done
    # shellcheck disable=SC1091
    . "$dir/env"
}

stop_server() {
    local dir=$BATS_FILE_TMPDIR/server-$1
    [ -e "$dir/pid" ] || return 0
    # One that was started again is not below the script.
    # shellcheck disable=SC1091
    (. "$dir/env" && kill -TERM "$(<"$LOOPREC_TEST_SERVER_PIDFILE")") 2>/dev/null || true
    kill -TERM "$(<"$dir/pid")" 2>/dev/null || true
    EVENTUALLY=10 eventually gone_pid "$(<"$dir/pid")"
    rm -rf "$dir"
}

# What a user of pactl sees, but for what moves by itself and for pactl itself.
server_state() {
    local what
    for what in sinks sources sink-inputs source-outputs modules; do
        pactl list "$what"
    done | grep -v 'Latency: '
    pactl info | grep '^Default'
    pactl list short clients | grep -vc pactl || :
}

# --- tools ---

analyse() { "$TOOLS/analyse" "$@"; }
generate() { "$TOOLS/generate" "$@"; }

# One value of analyse's answer: measure KEY tone FILE --from=1
measure() {
    local key=$1 answer
    shift
    answer=$(analyse "$@") || return
    sed -n "s/^$key=//p" <<<"$answer"
}

# The file has exactly so many frames, at this rate (48000) and these channels.
has_frames() {
    local answer
    answer=$(analyse frames "$1") || return
    grep -qx "frames=$2" <<<"$answer" || fail "$1: $(head -1 <<<"$answer") and not $2" || return
    [ -z "${3:-}" ] || grep -qx "rate=$3" <<<"$answer" || fail "$1: not at $3 Hz: $answer" || return
    [ -z "${4:-}" ] || grep -qx "channels=$4" <<<"$answer" || fail "$1: not of $4 channels: $answer"
}

# What the recording's own events say of gaps, for a failure's message.
events_told() {
    jq -c 'select(.event | IN("gap", "device", "warning", "finished"))' "$1.json" 2>/dev/null || :
}

# A tone of 997 Hz without a break of phase or a foreign sample in it. The rest:
# options of analyse, such as --from.
is_whole_tone() {
    local answer
    answer=$(analyse tone "$@") || return
    grep -qx 'breaks=0' <<<"$answer" ||
        fail "$1: the tone is broken: $answer"$'\n'"$(events_told "${1%.*}")" || return
    near "$(sed -n 's/^hz=//p' <<<"$answer")" 997 0.01 "$1: frequency" || return
    true_that "$(sed -n 's/^largest_step_degrees=//p' <<<"$answer") < 0.1" "$1: $answer" || return
    true_that "$(sed -n 's/^residual_db=//p' <<<"$answer") < -70" "$1: $answer"
}

# --- recordings ---

# looprec as it is, in the foreground.
looprec() {
    if [ "$SYSTEM" = wine ]; then
        "$ROOT/scripts/wine" "$LOOPREC" "$@"
    else
        "$LOOPREC" "$@"
    fi
}

# Start `looprec --json ...` in the background: its events go to $1.json, its
# messages to $1.err. Returns at once; PID is its process. $1 has no folder.
launch() {
    local name=$1
    shift
    # no function in between: PID is the one to be signalled
    if [ "$SYSTEM" = wine ]; then
        "$ROOT/scripts/wine" "$LOOPREC" --json "$@" </dev/null >"$name.json" 2>"$name.err" 3>&- &
    else
        "$LOOPREC" --json "$@" </dev/null >"$name.json" 2>"$name.err" 3>&- &
    fi
    PID=$!
    PIDS+=("$PID")
}

# The same, and returns when it records.
record() {
    launch "$@" || return
    is_started "$1" "$PID"
}

is_started() { # name, pid
    local i
    for ((i = 0; i < 3000; i++)); do
        ! grep -q '"event":"started"' "$1.json" 2>/dev/null || return 0
        ! gone_pid "$2" || break
        sleep 0.02
    done
    cat "$1.json" "$1.err" >&2
    fail "$1: no recording began"
}

# Wait for the end of PID, whose name is $1, with status $3 (0). Its account
# must add up.
finished() {
    local name=$1 pid=$2
    await_end "$pid" 60 || return
    [ "$STATUS" -eq "${3:-0}" ] || {
        cat "$name.json" "$name.err" >&2
        fail "$name: exit status $STATUS and not ${3:-0}" || return
    }
    jq -es 'last | .event == "finished" and
        .captured + .idle + .lost + .gone == .frames' "$name.json" >/dev/null ||
        fail "$name: the account does not add up: $(tail -1 "$name.json")"
}

# A member of the last event: final NAME .frames
final() { jq -rs "last | $2" "$1.json"; }

# A member of the first event.
first() { jq -rs "[.[] | select(.event == \"started\")][0] | $2" "$1.json"; }

# The recording $1 has more than $2 frames by now.
has_grown() {
    local frames
    frames=$(jq -s '[.[] | select(.event == "progress")] | last | .frames // 0' \
        "$1.json" 2>/dev/null)
    ((${frames:-0} > $2))
}

# The nanosecond of the wall clock that frame 0 stands for.
started_ns() { time_ns "$(first "$1" .time)"; }

# An expression over the array of all events is true.
events_show() {
    jq -es "$2" "$1.json" >/dev/null || {
        grep -v '"progress"' "$1.json" >&2
        fail "$1: the events do not show: $2"
    }
}

# Ask for the end as a person does; SENT_NS is when.
interrupt() {
    local pid
    # shellcheck disable=SC2034
    SENT_NS=$(now_ns)
    for pid in "$@"; do
        kill -INT "$pid"
    done
}

# --- players ---

# Play a WAV file into a sink, in the background; the rest: options of paplay.
# PLAYER is its process.
play() {
    local file=$1 sink=$2
    shift 2
    paplay "--device=$sink" "$@" "$file" </dev/null >/dev/null 2>&1 3>&- &
    PLAYER=$!
    PIDS+=("$PLAYER")
}

# Watch a sink's monitor by a recorder of small latency (WATCH_MSEC, 10) that is not
# looprec. Each sound that comes makes a line in $2, with the time; its samples are
# in $2.raw.
watch() {
    local sink=$1 name=$2
    shift 2
    # shellcheck disable=SC2024
    parec "--device=$sink.monitor" --format=s16le --rate=48000 --channels=2 --raw \
        "--latency-msec=${WATCH_MSEC:-10}" > >(tee "$name.raw" | "$TOOLS/await" "$@" >"$name") 2>/dev/null 3>&- &
    WATCHER=$!
    PIDS+=("$WATCHER")
    eventually test -s "$name.raw"
}

# The time of the N-th sound that a watcher saw, waiting for it.
heard() {
    eventually has_lines "$1" "$2" || return
    # shellcheck disable=SC2034
    HEARD_NS=$(sed -n "$2s/^time_ns=\([0-9]*\).*/\1/p" "$1")
}

has_lines() { [ "$(wc -l <"$1")" -ge "$2" ]; }

REFERENCE=--raw=s16,48000,2

# A watcher's samples, whole frames of them, for analyse with $REFERENCE.
reference_of() {
    head -c $(($(stat -c %s "$1.raw") / 4 * 4)) "$1.raw" >"$1.reference"
}

# Do it again, up to three times, while the server does not even play well: $1
# does it, the rest is the command that tells. What the recorder makes of it is
# not asked here.
until_well() {
    local try run=$1
    shift
    for try in 1 2 3; do
        "$run" || return
        if "$@"; then
            return 0
        fi
        echo "try $try: the server did not play well" >&2
    done
    # Another recorder heard it broken each time: nothing can be said of ours.
    skip "three times the server did not play well"
}

# Is something playing into the sink that began a moment ago? Waits for it.
is_playing() {
    eventually input_is_there "$1"
}

input_is_there() { # a sink's name
    local index
    index=$(pactl list short sinks | awk -v name="$1" '$2 == name { print $1 }')
    [ -n "$index" ] && pactl list short sink-inputs | awk -v s="$index" '$2 == s { found = 1 } END { exit !found }'
}
