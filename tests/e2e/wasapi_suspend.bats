#!/usr/bin/env bats
# Windows falls asleep during a recording: against the double of mmdevapi.dll, in
# simulated time. The counter, the ticks and the wall clock go on; unbiased
# interrupt time does not, and that is what tells.

SYSTEM=wine
load lib.bash
load fake.bash

setup_file() { fake_prefix; }

setup() {
    fake_enter
    mkdir "$BATS_TEST_TMPDIR/here"
    cd "$BATS_TEST_TMPDIR/here" || return
    FAKE_TIME=simulated
}

# One output that plays a counter and sleeps with the machine, from 5 s on for so
# many seconds. More statements follow.
sleepy() { # SECONDS
    fake_script <<END
endpoint speakers type s16
play speakers counter
at 5s packets speakers off
at 5s suspend $1s
at $((5 + $1))s packets speakers on
$(cat)
END
}

slept() { # NAME, POLICY
    events_show "$1" '[.[] | select(.event == "suspend")] | length == 1 and
        (.[0] | .seconds > 3599.9 and .seconds < 3600.1 and .policy == "'"$2"'")'
    events_show "$1" 'last | .lost == 0 and .wall_seconds > 3600'
}

# Where it slept, in seconds of the recording.
slept_at() { final_of_suspend "$1" '.at_frame / 48000'; }

final_of_suspend() { jq -rs "[.[] | select(.event == \"suspend\")][0] | $2" "$1.json"; }

# How far the counter jumps between two places: frames mod 32768.
jump() { # FILE, second, FILE, second
    local before after
    before=$(fake_place "$1" "$2") && after=$(fake_place "$3" "$4") || return
    echo $(((after - before + 65536) % 32768))
}

# An hour in which the device did not play on, less what the file kept.
HOUR=$((3600 * 48000 % 32768))

near_frames() { # frames, expected, within
    local apart=$((($1 - $2 + 32768 + 16384) % 32768 - 16384))
    ((apart <= $3 && -apart <= $3)) || fail "$1 frames and not $2"
}

@test "suspend, cut: what is heard after an hour follows what was heard before" {
    sleepy 3600 </dev/null
    fake_record a -d 10 -t wav -f s16 a.wav
    slept a cut
    has_frames a.wav 480000
    local at
    at=$(slept_at a)
    true_that "$at > 4 && $at <= 5"
    fake_unbroken a.wav 1 "$(calculate "$at - 0.1")"
    fake_unbroken a.wav "$(calculate "$at + 0.1")" 10
    # the device's clock went on for the hour, and for a packet or so no more
    near_frames "$(jump a.wav 2 a.wav 8)" "$HOUR" 960
    true_that "$(final a '.frames - .captured') <= 960"
    true_that "$(final a .wall_seconds) > 3609"
}

@test "suspend, fill: the hour is in the file, classed gone, and all stands at its time" {
    sleepy 3600 </dev/null
    fake_record a -d 1h10s --on-suspend=fill -t wav -f s16 a.wav
    slept a fill
    has_frames a.wav $((3610 * 48000))
    near "$(final a '.gone / 48000')" 3600 0.05 "the hour"
    true_that "$(final a '.frames - .captured - .gone') <= 960"
    fake_unbroken a.wav 1 4
    fake_zeros a.wav 6 3604
    fake_unbroken a.wav 3606 3610
    near_frames "$(jump a.wav 2 a.wav 3608)" 0 480
}

@test "suspend, split: the files are the recording, cut where it slept" {
    sleepy 3600 </dev/null
    fake_record a -d 10 --on-suspend=split -t wav -f s16 'a-%n.wav'
    slept a split
    local at
    at=$(final_of_suspend a .at_frame)
    has_frames a-1.wav "$at"
    has_frames a-2.wav $((480000 - at))
    fake_unbroken a-1.wav 1 "$(calculate "$at / 48000")"
    events_show a '[.[] | select(.event == "segment") | .file] == ["a-1.wav", "a-2.wav"]'
    near_frames "$(jump a-1.wav 2 a-2.wav 2)" $(((HOUR + at) % 32768)) 960
}

@test "suspend: a device that is lost on the way costs nothing else" {
    sleepy 28800 <<'END'
at 28805s remove speakers
at 28808s return speakers
END
    fake_record a -d 20 -t wav -f s16 a.wav
    has_frames a.wav 960000
    events_show a '[.[] | select(.event == "suspend") | .seconds | round] == [28800]'
    events_show a 'last | .lost == 0 and .gone > 0 and .gone < 240000'
    fake_unbroken a.wav 1 4
    fake_unbroken a.wav 12 20
}

@test "suspend: where nothing plays the time awake alone is in the file" {
    fake_script <<'END'
endpoint speakers
at 5s suspend 1h
END
    fake_record a -d 10 -t wav a.wav
    slept a cut
    has_frames a.wav 480000
    events_show a 'last | .idle == 480000'
}

@test "suspend: several sleeps are told each" {
    fake_script <<'END'
endpoint speakers type s16
play speakers counter
at 3s suspend 10m
at 606s suspend 1s
at 610s suspend 2h
END
    fake_record a -d 15 -t wav -f s16 a.wav
    has_frames a.wav 720000
    events_show a '[.[] | select(.event == "suspend") | .seconds | round] == [600, 1, 7200]'
    events_show a 'last | (.asleep_seconds | round) == 7801 and .lost == 0'
}
