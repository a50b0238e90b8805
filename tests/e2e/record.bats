#!/usr/bin/env bats
# Recordings of what really plays, on each system (see lib.bash for SYSTEM), told
# right or wrong by what is in the file: its frames, its phases, its onsets.

load lib.bash

setup_file() {
    start_server main --extra-sink=quiet --extra-sink=halted --extra-sink=paused \
        --extra-sink=other
    cd "$BATS_FILE_TMPDIR" || return
    generate tone tone.wav --seconds=30
    generate tone tone2.wav --seconds=2
    generate noise noise.wav --seconds=3
    # The server may drop the first moments of a new stream on their way to
    # its sink's monitor, so that what must be whole comes after some silence.
    generate silence lead.wav --seconds=0.5
    sox -D lead.wav noise.wav led-noise.wav
    generate clicks click.wav --seconds=1.5 --lead=0.5
}

teardown_file() {
    stop_server main
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    SIGNALS=$BATS_FILE_TMPDIR
    SINK=$LOOPREC_TEST_SINK
    # what -D takes: Wine knows no more of a sink than its description
    DEVICE=$SINK
    [ "$SYSTEM" != wine ] || DEVICE="Looprec test sink"
}

teardown() {
    end_started
}

# --- -d 10 ---

# Play the long tone into a sink, and return when it is heard there. PulseAudio's
# null sink plays ahead by as much as its players and recorders allow, 2 s while
# there is none, and what it has played ahead never reaches a recorder that comes
# later: so a watcher of small latency listens before. It goes on listening: on a
# machine with too much to do what a server plays isn't always whole (well_played).
play_tone() {
    watch "$1" "heard-$1" --every=60 || return
    play "$SIGNALS/tone.wav" "$1" --latency-msec=200
    heard "heard-$1" 1
}

# Was the tone whole when another recorder heard it?
well_played() {
    reference_of "heard-$1"
    local from
    from=$(measure start1 onsets "heard-$1.reference" $REFERENCE --hold=0.5)
    is_whole_tone "heard-$1.reference" $REFERENCE --from="$(calculate "$from + 0.1")"
}

# Five recordings of ten seconds at the same time. On `paused` the sink sleeps
# from the third to the sixth second, on `halted` from the fifth to the end.
ten_seconds() {
    mkdir -p "$BATS_FILE_TMPDIR/ten"
    cd "$BATS_FILE_TMPDIR/ten" || return
    until_well try_ten_seconds well_played "$SINK" || return
    cd - >/dev/null || return
}

try_ten_seconds() {
    local name
    rm -f -- *
    for name in "$SINK" halted paused; do
        play_tone "$name" || return
    done
    local -A pids
    launch flac -d 10 -D "$DEVICE" tone.flac
    pids[flac]=$PID
    launch wav -d 10 -D "$DEVICE" tone.wav
    pids[wav]=$PID
    launch quiet -d 10 -D quiet quiet.wav
    pids[quiet]=$PID
    launch halted -d 10 -D halted halted.flac
    pids[halted]=$PID
    launch paused -d 10 -D paused paused.wav
    pids[paused]=$PID
    for name in "${!pids[@]}"; do
        is_started "$name" "${pids[$name]}" || return
    done
    local begin
    begin=$(started_ns paused)
    sleep_until $((begin + 3000000000))
    pactl suspend-sink paused 1 || return
    sleep_until $(($(started_ns halted) + 5000000000))
    pactl suspend-sink halted 1 || return
    sleep_until $((begin + 6000000000))
    pactl suspend-sink paused 0 || return
    for name in "${!pids[@]}"; do
        finished "$name" "${pids[$name]}" || return
    done
    end_started
    pactl suspend-sink halted 0
}

@test "-d 10 is 480,000 frames exactly, while a tone plays" {
    once ten_seconds
    cd "$BATS_FILE_TMPDIR/ten"
    local name
    for name in flac wav; do
        has_frames "tone.$name" 480000 48000 2
        [ "$(final $name .frames)" -eq 480000 ]
        [ "$(final $name .stop)" = duration ]
        [ "$(final $name .lost)" -eq 0 ]
        [ "$(final $name .gone)" -eq 0 ]
    done
}

@test "a tone that plays throughout has no break of phase, in FLAC and in WAV" {
    once ten_seconds
    cd "$BATS_FILE_TMPDIR/ten"
    local file begin
    for file in tone.flac tone.wav; do
        begin=$(measure start1 onsets "$file")
        true_that "$begin < 0.1" "$file: the tone begins at $begin"
        is_whole_tone "$file" --from="$begin"
        is_whole_tone "$file" --from="$begin" --channel=1
        near "$(measure dbfs tone "$file")" -6 0.02 "$file: level"
    done
}

@test "-d 10 is 480,000 frames exactly, with nothing playing" {
    once ten_seconds
    cd "$BATS_FILE_TMPDIR/ten"
    has_frames quiet.wav 480000 48000 2
    [ "$(measure silent_frames silence quiet.wav)" -eq 480000 ]
    [ "$(final quiet .lost)" -eq 0 ]
    [ "$(final quiet .gone)" -eq 0 ]
    [ "$(final quiet .peak_dbfs)" = null ]
}

@test "-d 10 is 480,000 frames exactly, with the sink suspended half-way" {
    once ten_seconds
    cd "$BATS_FILE_TMPDIR/ten"
    has_frames halted.flac 480000 48000 2
    [ "$(final halted .lost)" -eq 0 ]
    is_whole_tone halted.flac --from=0.1 --to=4.8
    near "$(measure end1 onsets halted.flac)" 5 0.15 "the end of the tone"
    [ "$(measure spans onsets halted.flac)" -eq 1 ]
}

@test "-d 10 is 480,000 frames exactly, with the sink suspended and awake again" {
    once ten_seconds
    cd "$BATS_FILE_TMPDIR/ten"
    has_frames paused.wav 480000 48000 2
    [ "$(final paused .lost)" -eq 0 ]
    near "$(measure end1 onsets paused.wav --hold=0.5)" 3 0.15 "the end of the tone"
    if [ "$SYSTEM" = pipewire ]; then
        # pipewire-pulse does not wake a sink that it has suspended
        [ "$(measure spans onsets paused.wav --hold=0.5)" -eq 1 ]
    else
        [ "$(measure spans onsets paused.wav --hold=0.5)" -eq 2 ]
        near "$(measure start2 onsets paused.wav --hold=0.5)" 6 0.3 "its return"
        is_whole_tone paused.wav --from=6.5
    fi
    is_whole_tone paused.wav --from=0.1 --to=2.8
}

# --- onsets ---

# FIRST and SECOND: when the two tones were heard.
try_onsets() {
    rm -f -- *
    record flac -D "$DEVICE" onsets.flac || return
    local flac=$PID
    record wav -D "$DEVICE" onsets.wav || return
    local wav=$PID
    watch "$SINK" seen --every=1 || return
    play "$SIGNALS/tone2.wav" "$SINK"
    heard seen 1 || return
    FIRST=$HEARD_NS
    await_end "$PLAYER"
    sleep_until $((FIRST + 5000000000))
    play "$SIGNALS/tone2.wav" "$SINK"
    heard seen 2 || return
    SECOND=$HEARD_NS
    await_end "$PLAYER"
    interrupt "$flac" "$wav"
    finished flac "$flac" || return
    finished wav "$wav" || return
    end_started
    reference_of seen
}

# The two tones are whole in a file, less their first moments.
both_whole() { # file, options
    local file=$1 start
    shift
    [ "$(measure spans onsets "$file" "$@" --hold=0.5)" -eq 2 ] || fail "$file: $(analyse onsets "$file" "$@")" || return
    for start in start1 start2; do
        start=$(measure $start onsets "$file" "$@" --hold=0.5)
        is_whole_tone "$file" "$@" --from="$(calculate "$start + 0.05")" --to="$(calculate "$start + 1.9")" || return
    done
}

@test "tone, nothing for 3 s, tone: both onsets are at the times they had" {
    until_well try_onsets both_whole seen.reference $REFERENCE
    # what the watcher has is the sink's own time: nothing is missing in it,
    # as its second onset is where the clock says
    local apart name file start1 start2
    apart=$(calculate "$(measure start2 onsets seen.reference $REFERENCE --hold=0.5) - \
        $(measure start1 onsets seen.reference $REFERENCE --hold=0.5)")
    near "$apart" "$(calculate "($SECOND - $FIRST) / 1e9")" 0.05 "the reference"
    for name in flac wav; do
        file=onsets.$name
        both_whole $file
        start1=$(measure start1 onsets $file --hold=0.5)
        start2=$(measure start2 onsets $file --hold=0.5)
        near "$(calculate "$start2 - $start1")" "$apart" 0.02 "$file: the time between the onsets"
        near "$start1" "$(calculate "($FIRST - $(started_ns $name)) / 1e9")" 0.06 "$file: the first onset"
        near "$start2" "$(calculate "($SECOND - $(started_ns $name)) / 1e9")" 0.06 "$file: the second onset"
        near "$(calculate "$(measure end1 onsets $file --hold=0.5) - $start1")" 2 0.02 "$file: the first tone"
        [ "$(final $name .lost)" -eq 0 ]
        [ "$(final $name .gone)" -eq 0 ]
    done
}

# --- the stop ---

@test "stopped after T seconds the file lasts T, and a click just before is in it" {
    local name file stop_s=0.02
    # under Wine the signal passes through its server and a new thread
    [ "$SYSTEM" != wine ] || stop_s=0.06
    record flac -D "$DEVICE" click.flac
    local flac=$PID
    record wav -D "$DEVICE" click.wav
    local wav=$PID
    watch "$SINK" seen
    play "$SIGNALS/click.wav" "$SINK" --latency-msec=20
    heard seen 1
    sleep_until $((HEARD_NS + 100000000))
    interrupt "$flac" "$wav"
    finished flac "$flac"
    finished wav "$wav"
    for name in flac wav; do
        file=click.$name
        local length
        length=$(calculate "$(measure frames frames $file) / 48000")
        near "$length" "$(calculate "($SENT_NS - $(started_ns $name)) / 1e9")" "$stop_s" "$file: its length"
        [ "$(final $name .stop)" = interrupt ]
        near "$(measure click1_dbfs clicks $file)" 0 0.1 "$file: the click"
        near "$(calculate "$length - $(measure click1 clicks $file)")" \
            "$(calculate "($SENT_NS - $HEARD_NS) / 1e9")" 0.06 "$file: from the click to the end"
    done
}

# --- bit for bit ---

EXACT=(s16.flac s24.flac s16.wav s24.wav s32.wav f32.wav)

try_exact() {
    local name
    local -A pids
    rm -f -- *
    for name in "${EXACT[@]}"; do
        launch "$name" -D "$DEVICE" -f "${name%.*}" "$name"
        pids[$name]=$PID
    done
    for name in "${EXACT[@]}"; do
        is_started "$name" "${pids[$name]}" || return
    done
    [ "$SYSTEM" = pulse ] || watch "$SINK" seen --every=60 || return
    play "$SIGNALS/led-noise.wav" "$SINK"
    await_end "$PLAYER"
    # the player has drained: all of it was played
    interrupt "${pids[@]}"
    for name in "${EXACT[@]}"; do
        finished "$name" "${pids[$name]}" || return
    done
    end_started
}

exact_elsewhere() {
    [ "$SYSTEM" != pulse ] || return 0
    reference_of seen
    [ "$(measure found find "$SIGNALS/noise.wav" seen.reference $REFERENCE)" -eq 1 ]
}

@test "16-bit sound at full scale is in the file bit for bit, in FLAC and in WAV" {
    local name
    until_well try_exact exact_elsewhere
    for name in "${EXACT[@]}"; do
        [ "$(measure found find "$SIGNALS/noise.wav" "$name")" -eq 1 ] ||
            fail "$name: $(analyse find "$SIGNALS/noise.wav" "$name")"
        [ "$(final "$name" .clipped)" -eq 0 ]
    done
}

# --- a slow reader ---

# Raw audio of 12 s to standard output, whose reader sleeps for 5 s after two.
# $1 the name, then options. Leaves $1.raw, $1.json and STATUS.
to_a_slow_reader() {
    local name=$1 run=("$LOOPREC")
    shift
    [ "$SYSTEM" != wine ] || run=("$ROOT/scripts/wine" "$LOOPREC")
    STATUS=0
    set -o pipefail
    "${run[@]}" --json -d 12 -t raw -f s16 "$@" - 2>"$name.json" </dev/null 3>&- | {
        head -c 384000
        sleep 5
        cat
    } >"$name.raw" 3>&- || STATUS=$?
    set +o pipefail
}

slow_readers() {
    mkdir -p "$BATS_FILE_TMPDIR/slow"
    cd "$BATS_FILE_TMPDIR/slow" || return
    until_well try_slow_readers well_played "$SINK" || return
    cd - >/dev/null || return
}

try_slow_readers() {
    rm -f -- *
    play_tone "$SINK" || return
    # each in a shell of its own, at the same time
    local pids=()
    (
        to_a_slow_reader kept -D "$DEVICE" --strict
        echo "$STATUS" >kept.status
    ) 3>&- &
    pids+=($!)
    (
        to_a_slow_reader lossy -D "$DEVICE" --strict --buffer=100ms
        echo "$STATUS" >lossy.status
    ) 3>&- &
    pids+=($!)
    (
        to_a_slow_reader lenient -D "$DEVICE" --buffer=100ms
        echo "$STATUS" >lenient.status
    ) 3>&- &
    pids+=($!)
    wait "${pids[@]}"
    end_started
}

@test "a writer paused for 5 s loses nothing" {
    once slow_readers
    cd "$BATS_FILE_TMPDIR/slow"
    [ "$(<kept.status)" -eq 0 ]
    local raw=--raw=s16,48000,2
    [ "$(measure frames frames kept.raw $raw)" -eq 576000 ]
    is_whole_tone kept.raw $raw --from=0.1
    [ "$(final kept .lost)" -eq 0 ]
    # there was no room for it in the pipe: it lay in the ring
    true_that "$(final kept .ring_high_water) > 0.3"
}

@test "with --buffer=100ms it loses: the length stays, and the loss is told to the frame" {
    once slow_readers
    cd "$BATS_FILE_TMPDIR/slow"
    local raw=--raw=s16,48000,2 name
    [ "$(<lossy.status)" -eq 4 ]
    [ "$(<lenient.status)" -eq 0 ]
    for name in lossy lenient; do
        [ "$(measure frames frames $name.raw $raw)" -eq 576000 ]
        true_that "$(final $name .lost) > 3 * 48000 && $(final $name .lost) < 5.2 * 48000" "$(final $name .lost)"
        events_show $name 'last as $last | map(select(.event == "gap" and .class == "lost"))
            | length > 0 and (map(.frames) | add) == $last.lost
            and all(.[]; .at_frame > 0 and (.reason | length) > 0)'
        [ "$(final $name '.captured + .idle + .lost + .gone')" -eq 576000 ]
        # Silence takes the place of what is lost, frame by frame; the tone goes
        # on afterwards as if nothing had happened. (While it loses, a small
        # packet may still fit.)
        local gap from to
        gap=$(analyse silence $name.raw $raw --from=0.1 --least=0.002)
        near "$(sed -n 's/^silent_frames=//p' <<<"$gap")" "$(final $name '.lost + .idle')" 200 "$name: silent and lost"
        true_that "$(final $name .lost) >= 0.9 * $(final $name '.lost + .idle')" "$name: $(final $name .idle) idle"
        from=$(sed -n 's/^silence1=\([0-9.]*\) .*/\1/p' <<<"$gap")
        to=$(grep '^silence[0-9]' <<<"$gap" | tail -1 | cut -d' ' -f2)
        true_that "$from > 1.5 && $to < 9" "$name: $gap"
        near "$(measure phase_degrees tone $name.raw $raw --hz=997 --from=0.1 --to="$from")" \
            "$(measure phase_degrees tone $name.raw $raw --hz=997 --from="$to")" 0.5 "$name: phase across the loss"
    done
}

@test "one answer of the server that is late is no gap" {
    [ "$SYSTEM" != wine ] || skip "Wine asks the server itself"
    until_well try_a_late_answer well_played "$SINK"
    events_show late 'all(.[]; .event != "gap") and
        (last | .idle == 0 and .lost == 0 and .captured == .frames)'
}

try_a_late_answer() {
    "${CC:-cc}" -std=c11 -O2 -Wall -Wextra -shared -fPIC -o late.so \
        "$ROOT/tests/tools/preload/late.c" || return
    play_tone "$SINK" || return
    # the seventh: after the first second, in which answers come quickly
    LD_PRELOAD=$PWD/late.so LATE_ANSWER=7 \
        "$LOOPREC" --json --overwrite -d 5 late.wav </dev/null >late.json 2>late.err &
    finished late $! || return
    end_started
}

@test "where something plays the file begins with it, and not with zeros" {
    [ "$SYSTEM" != wine ] || skip "Wine's own reader of PulseAudio begins when it does"
    play_tone "$SINK"
    local n begin
    for n in 1 2 3 4; do # PipeWire does not give zeros each time
        "$LOOPREC" -q -D "$DEVICE" -d 200ms "begin-$n.wav" </dev/null
        begin=$(measure start1 onsets "begin-$n.wav")
        true_that "$begin < 0.002" "the tone begins at $begin"
    done
    end_started
}

@test "a sound that begins is there from its first moments" {
    # alone: another recorder of small latency would help this one
    record head -D "$DEVICE" head.wav
    local recorder=$PID
    eventually has_frames_so_far head 200000
    play "$SIGNALS/noise.wav" "$SINK"
    await_end "$PLAYER"
    interrupt "$recorder"
    finished head "$recorder"
    [ "$(measure runs find "$SIGNALS/noise.wav" head.wav)" -eq 1 ] ||
        fail "the sound is broken: $(analyse find "$SIGNALS/noise.wav" head.wav)"
    local from
    from=$(measure run1 find "$SIGNALS/noise.wav" head.wav | cut -d' ' -f1)
    true_that "$from < 0.025 * 48000" "the first $from frames of it are missing"
}

has_frames_so_far() {
    jq -es "any(.[]; .event == \"progress\" and .frames >= $2)" "$1.json" >/dev/null
}

try_frozen() {
    local begin
    rm -f -- *
    play_tone "$SINK" || return
    record frozen -d 10 -D "$DEVICE" frozen.flac || return
    begin=$(started_ns frozen)
    sleep_until $((begin + 2000000000))
    kill -STOP "$PID"
    sleep_until $((begin + 7000000000))
    kill -CONT "$PID"
    finished frozen "$PID" || return
    end_started
}

@test "stopped and continued after 5 s, the recorder's file has its length and the truth" {
    [ "$SYSTEM" != wine ] || skip "a stopped Wine process is not what this tests"
    until_well try_frozen well_played "$SINK"
    has_frames frozen.flac 480000
    is_whole_tone frozen.flac --from=0.1 --to=1.9
    is_whole_tone frozen.flac --from=8
    # what is missing is called so
    near "$(final frozen .lost)" "$(measure silent_frames silence frozen.flac --from=0.1 --least=0.002)" \
        1000 "lost and silent"
    if [ "$(final frozen .lost)" -eq 0 ]; then
        is_whole_tone frozen.flac --from=0.1
    fi
}

# --- pipes ---

@test "raw samples in a pipe have the same sum on every system" {
    # synth's noise is made of integers: nothing in it may differ
    looprec -q --source=synth:noise=7,bits=16,fast -d 5 -t raw -f s16 - | sha256sum >sum
    [ "$(cut -d' ' -f1 sum)" = 73a84f53307f983d3e5f92943cf7853503d9fad91cb7d4501e5e993af53d5041 ] ||
        fail "another sum: $(<sum)"
    looprec -q --source=synth:counter,bits=16,fast -d 5 -t raw -f s16 - >counter.raw
    [ "$(measure breaks counter counter.raw --raw=s16,48000,2)" -eq 0 ]
    [ "$(measure frames frames counter.raw --raw=s16,48000,2)" -eq 240000 ]
    perl -e 'print pack "v*", map { $_ & 0xffff } 0 .. 479_999' | cmp - counter.raw
    # and of what plays
    looprec -q -D "$DEVICE" -d 1 -t raw -f s16 - | wc -c >bytes
    [ "$(<bytes)" -eq 192000 ]
}

@test "a closed pipe ends a recording cleanly" {
    local run=("$LOOPREC")
    [ "$SYSTEM" != wine ] || run=("$ROOT/scripts/wine" "$LOOPREC")
    # without -d: only the closed pipe can end it
    {
        STATUS=0
        timeout 30 "${run[@]}" --json -D "$DEVICE" -t raw -f s16 - 2>closed.json </dev/null || STATUS=$?
        echo "$STATUS" >closed.status
    } 3>&- | head -c 96000 >closed.raw
    [ "$(stat -c %s closed.raw)" -eq 96000 ]
    [ "$(<closed.status)" -eq 0 ]
    [ "$(final closed .stop)" = reader-closed ]
    [ "$(final closed .error)" = null ]
}
