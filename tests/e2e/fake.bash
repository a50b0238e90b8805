# What the tests against the double of mmdevapi.dll share: its prefix, scripts,
# recordings and what is checked after each. Sourced after lib.bash, with
# SYSTEM=wine. The script's language: tests/fakes/mmdevapi/README.md.
# shellcheck shell=bash

DOUBLE=${DOUBLE:-$ROOT/build/windows/fakes/mmdevapi.dll}

# For setup_file: a prefix in which WASAPI is the double.
fake_prefix() {
    local LOOPREC_WINEPREFIX=$BATS_FILE_TMPDIR/prefix
    "$ROOT/scripts/wine" --prefix "$LOOPREC_WINEPREFIX" --make-prefix >/dev/null || return
    # Wine's own is a link there; the registry names that path already.
    rm -f "$LOOPREC_WINEPREFIX/drive_c/windows/system32/mmdevapi.dll"
    cp "$DOUBLE" "$LOOPREC_WINEPREFIX/drive_c/windows/system32/mmdevapi.dll"
}

# For setup: this test's programs meet the double.
fake_enter() {
    export LOOPREC_WINEPREFIX=$BATS_FILE_TMPDIR/prefix WINEDLLOVERRIDES='mmdevapi=n'
}

# The machine of this test, from standard input. FAKE_TIME is its clock: real, and
# a busy computer can spoil the test, or simulated, and what fails once is ours.
fake_script() {
    # shellcheck disable=SC2034 # bats reads it
    [ "${FAKE_TIME:-real}" = real ] && BATS_TEST_RETRIES=2 || BATS_TEST_RETRIES=0
    export LOOPREC_FAKE_SCRIPT=$BATS_TEST_TMPDIR/script
    { echo "time ${FAKE_TIME:-real}" && cat; } >"$LOOPREC_FAKE_SCRIPT"
}

# looprec as it is, against the script; its log is fake.log.
fake_looprec() {
    rm -f fake.log
    LOOPREC_FAKE_LOG=$PWD/fake.log timeout "${FAKE_SECONDS:-60}" \
        "$ROOT/scripts/wine" "$LOOPREC" "$@" </dev/null
}

# `looprec --json ...` to its end: events in $1.json, messages in $1.err, the
# double's log in $1.log, the exit status in STATUS.
fake_run() {
    local name=$1
    shift
    rm -f "$name.log"
    STATUS=0
    LOOPREC_FAKE_LOG=$PWD/$name.log timeout "${FAKE_SECONDS:-60}" \
        "$ROOT/scripts/wine" "$LOOPREC" --json "$@" </dev/null >"$name.json" 2>"$name.err" || STATUS=$?
}

# The same, and it must end with status 0, its account must add up, and the
# double must have nothing to complain of. FAKE_STATUS: another status.
fake_record() {
    local name=$1
    fake_run "$@"
    fake_ended "$name" "${FAKE_STATUS:-0}" || return
    jq -es 'last | .event == "finished" and
        .captured + .idle + .lost + .gone == .frames' "$name.json" >/dev/null || {
        fake_told "$name"
        fail "$name: the account does not add up" || return
    }
    fake_clean "$name"
}

# The same in the background, for what a person does meanwhile: returns when it
# records. PID is its process; `finished` waits for its end.
fake_launch() {
    export LOOPREC_FAKE_LOG=$PWD/$1.log
    rm -f "$LOOPREC_FAKE_LOG"
    record "$@"
}

# All that is known of a recording, for a failure's message.
fake_told() {
    {
        echo "--- events of $1"
        grep -v '"progress"' "$1.json"
        echo "--- messages"
        cat "$1.err"
        echo "--- the double's log"
        head -60 "$1.log"
        tail -3 "$1.log"
    } >&2 || :
}

# What fake_run ran has ended with this status.
fake_ended() { # name, status
    [ "$STATUS" -eq "$2" ] || {
        fake_told "$1"
        fail "$1: exit status $STATUS and not $2"
    }
}

# No violation, no leak, and the process ended in order.
fake_clean() {
    jq -es 'last | .summary == true and .violations == 0 and .leaked == 0' "$1.log" >/dev/null || {
        fake_told "$1"
        fail "$1: the double complains, or has no last word"
    }
}

# A member of the double's last line: fake_count NAME .calls.Start
fake_count() { jq -s "last | $2 // 0" "$1.log"; }

# An expression over the array of all lines of the double's log.
fake_log() { jq -rs "$2" "$1.log"; }

# Where a recording of `play ... counter` in two channels stands at second $2 of
# the file: the frame of the device there, less the file's own, mod 32768. It is
# the same all over a file in which everything has its place.
fake_place() {
    local first
    first=$(measure first counter "$1" --from="$2" --to="$(calculate "$2 + 0.01")") || return
    echo $(((first / 2 - $(printf '%.0f' "$(calculate "$2 * 48000")") % 32768 + 65536) % 32768))
}

# The counter stands at second $3 where it stood at $2, to within $4 frames (0).
fake_in_place() {
    local before after apart
    before=$(fake_place "$1" "$2") && after=$(fake_place "$1" "$3") || return
    apart=$(((after - before + 32768 + 16384) % 32768 - 16384))
    ((apart <= ${4:-0} && -apart <= ${4:-0})) ||
        fail "$1: what is at second $3 is $apart frames off its place"
}

# A counter without a break between the seconds $2 and $3.
fake_unbroken() {
    local answer
    answer=$(analyse counter "$1" --from="$2" --to="$3") || return
    grep -qx 'breaks=0' <<<"$answer" || fail "$1: $answer"
}

# Nothing but zeros between the seconds $2 and $3.
fake_zeros() {
    local answer frames
    answer=$(analyse silence "$1" --from="$2" --to="$3" --least=0.0001) || return
    frames=$(printf '%.0f' "$(calculate "($3 - $2) * 48000")")
    grep -qx "silent_frames=$frames" <<<"$answer" ||
        fail "$1: not $frames frames of silence from $2 to $3: $answer"
}
