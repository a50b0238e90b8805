#!/usr/bin/env bats
# A computer that sleeps during a recording. With a synthetic source in virtual
# time, whose clock counts the sleep as Windows' does; and in real time, where
# the system's clocks say that it slept and the monotonic one stood still.
# shellcheck disable=SC2154 # bats sets stderr

load lib.bash

setup_file() {
    [ "$SYSTEM" != wine ] || return 0
    "${CC:-cc}" -std=c11 -O2 -Wall -Wextra -shared -fPIC -o "$BATS_FILE_TMPDIR/asleep.so" \
        "$ROOT/tests/tools/preload/asleep.c"
}

setup() {
    mkdir "$BATS_TEST_TMPDIR/here"
    cd "$BATS_TEST_TMPDIR/here" || return
    SLEEPY=--source=synth:counter,fast,sleep-at=2s+1h
}

teardown() { end_started; }

# The raw samples of two or more files, one after the other.
in_a_row() { cat "$@" | sha256sum; }

# --- the policies ---

@test "without an option the time asleep is left out, and told" {
    run -0 --separate-stderr looprec "$SLEEPY" -d 5 a.wav
    [[ $stderr == *"slept for 01:00:00.000 at 00:00:02.000; that time is left out"* ]]
    has_frames a.wav 240000
    looprec -q --json --strict "$SLEEPY" -d 5 b.wav >b.json
    events_show b '[.[] | select(.event == "suspend")] | length == 1 and
        (.[0] | .at_frame == 96000 and .seconds == 3600 and .policy == "cut")'
    events_show b 'last | .frames == 240000 and .captured == 240000 and
        .asleep_seconds == 3600 and .files == ["b.wav"]'
    events_show b 'all(.[]; .event != "segment" and .event != "gap")'
}

@test "fill: the time asleep is silence, classed gone" {
    looprec -q --json --on-suspend=fill "$SLEEPY" -d 1h6s a.flac >a.json
    has_frames a.flac 173088000
    events_show a '[.[] | select(.event == "gap")] == [.[] | select(.event == "gap" and
        .class == "gone" and .at_frame == 96000 and .frames == 172800000 and
        .reason == "suspended")] and
        (last | .captured == 288000 and .gone == 172800000 and .lost == 0 and
        .asleep_seconds == 3600)'
}

@test "cut and split lose and double nothing" {
    local all=--source=synth:counter,fast,sleep-at=2s+1h,sleep-at=3605s+10m
    looprec -q "$all" -d 7 -t raw cut.raw
    looprec -q "$all" -d 7 -t raw --json --on-suspend=split split.raw >split.json
    [ "$(stat -c %s split.raw split-2.raw split-3.raw | xargs)" = "384000 576000 384000" ]
    [ "$(in_a_row split.raw split-2.raw split-3.raw)" = "$(in_a_row cut.raw)" ]
    events_show split '[.[] | select(.event == "segment") | [.file, .number, .at_frame]] ==
        [["split.raw", 1, 0], ["split-2.raw", 2, 96000], ["split-3.raw", 3, 240000]]'
    events_show split 'last | .file == "split.raw" and .frames == 336000 and
        .files == ["split.raw", "split-2.raw", "split-3.raw"] and
        .bytes == 1344000 and .asleep_seconds == 4200'
    # the clock went on: each part is where it would have been
    [ "$(head -c 4 split-2.raw | od -An -tu2 | xargs)" = \
        "$(((96000 + 172800000) * 2 % 65536)) $(((96000 + 172800000) * 2 % 65536 + 1))" ]
}

@test "split: each file is finished and valid, in every type" {
    local type
    for type in wav flac; do
        looprec -q "$SLEEPY" -d 5 --on-suspend=split "a.$type"
        has_frames "a.$type" 96000 48000 2
        has_frames "a-2.$type" 144000 48000 2
    done
    flac -s -t a.flac a-2.flac
}

@test "split: the report names the files" {
    run -0 --separate-stderr looprec "$SLEEPY" -d 5 --on-suspend=split a.wav
    [[ $stderr == *"left out, and a new file begins"* ]]
    [[ $stderr == *"a.wav and 1 more file: 00:00:05.000"* ]]
    [[ $stderr == *"  a-2.wav: 00:00:03.000, from 00:00:02.000 on"* ]]
}

@test "split: %n is the number, and a file that exists is passed over" {
    echo mine >take-2.wav
    looprec -q "$SLEEPY" -d 5 --on-suspend=split --overwrite 'take-%n.wav'
    [ "$(<take-2.wav)" = mine ]
    has_frames take-1.wav 96000
    has_frames take-3.wav 144000
    [ ! -e take-%n.wav ]
    looprec -q --source=synth:tone,fast -d 1 '%n.wav'
    has_frames 1.wav 48000
}

@test "split: a recording that ends asleep leaves no empty file" {
    looprec -q --source=synth:counter,fast,sleep-at=2s+1h -d 2 --on-suspend=split a.wav
    has_frames a.wav 96000
    [ "$(ls)" = a.wav ]
}

@test "split: where the next file cannot be made the first is kept, and it is told" {
    mkdir 1
    run -1 --separate-stderr looprec "$SLEEPY" -d 5 --on-suspend=split '%n/a.wav'
    [[ $stderr == *"2/a.wav"* ]]
    [[ $stderr == *"00:00:02.000 was recorded and is kept"* ]]
    has_frames 1/a.wav 96000
}

@test "split needs files" {
    run -2 looprec --on-suspend=split "$SLEEPY" -t null -d 1
    run -2 looprec --on-suspend=split "$SLEEPY" -t wav -d 1 -
    run -2 looprec --on-suspend=nap "$SLEEPY" -d 1 a.wav
    [ -z "$(ls)" ]
}

# --- the system's own clocks ---

# Record a counter in real time, with an hour's sleep after half a second:
# sleep_during NAME OPTION... Then PID runs on.
sleep_during() {
    local name=$1
    shift
    [ "$SYSTEM" != wine ] || skip "for the native executable"
    export ASLEEP_FILE=$PWD/asleep
    echo 123 >asleep # before this, and none of ours
    LD_PRELOAD=$BATS_FILE_TMPDIR/asleep.so record "$name" --source=synth:counter "$@"
    sleep 0.5
    echo 3723 >asleep.new && mv asleep.new asleep
    eventually grep -q '"event":"suspend"' "$name.json"
}

# The sleep is told, and the wall's clock adds up: $2 seconds of it are kept, and
# were written within ten.
slept_an_hour() {
    finished "$1" "$PID"
    events_show "$1" '[.[] | select(.event == "suspend")] |
        length == 1 and .[0].seconds == 3600'
    events_show "$1" 'last | .asleep_seconds == 3600 and .lost == 0'
    local more
    more=$(final "$1" ".wall_seconds - .frames / .rate - 3600 + $2")
    true_that "$more > -0.1 && $more < ($2 > 0 ? 10 : 0.3)" "the wall's clock"
}

@test "by the system's clocks: cut, and nothing of what was heard is missing" {
    sleep_during a a.wav
    sleep 0.5
    interrupt "$PID"
    slept_an_hour a 0
    events_show a 'last | .captured == .frames'
    [ "$(measure breaks counter a.wav)" -eq 0 ]
}

@test "by the system's clocks: a duration does not count a sleep that is left out" {
    sleep_during a -d 2 a.wav
    slept_an_hour a 0
    has_frames a.wav 96000
    [ "$(measure breaks counter a.wav)" -eq 0 ]
}

@test "by the system's clocks: fill keeps the hour" {
    sleep_during a --on-suspend=fill a.flac
    sleep 0.5
    interrupt "$PID"
    slept_an_hour a 3600
    events_show a 'last | .gone == 172800000 and .captured + .gone == .frames'
}

@test "by the system's clocks: fill ends a duration that is over" {
    sleep_during a --on-suspend=fill -d 10m a.flac
    finished a "$PID"
    has_frames a.flac 28800000
    events_show a 'last | .stop == "duration" and .wall_seconds > 3600 and .lost == 0 and
        .captured + .gone == .frames'
}

@test "by the system's clocks: split goes on in a new file" {
    sleep_during a --on-suspend=split -d 2 -t raw -f s16 a.raw
    slept_an_hour a 0
    cat a.raw a-2.raw >all.raw
    [ "$(stat -c %s all.raw)" -eq 384000 ]
    perl -e 'local $/; binmode STDIN; my @s = unpack "S<*", <STDIN>;
        for (1 .. $#s) { die "at $_\n" if (($s[$_] - $s[$_ - 1]) & 0xffff) != 1 }' <all.raw
}
