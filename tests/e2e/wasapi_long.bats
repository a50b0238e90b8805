#!/usr/bin/env bats
# The Windows executable over hours, in simulated time: see the double's README.
#
# Environment: FAKE_DAY=yes records a day, too (some minutes).

SYSTEM=wine
load lib.bash
load fake.bash

setup_file() {
    fake_prefix
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    fake_enter
    export FAKE_TIME=simulated
}

# Recording $1 of $2 seconds at rate $3 is all sound, without a break, and time
# passed as it should; a stop takes its moment.
is_whole() {
    local frames=$(($2 * $3))
    [ "$(measure frames frames "$1.flac")" -eq "$frames" ]
    [ "$(final "$1" .captured)" -eq "$frames" ]
    fake_unbroken "$1.flac" 0 "$2"
    near "$(final "$1" '.wall_seconds * 1000 | floor')" $(($2 * 1000 + 250)) 250 milliseconds
}

@test "an hour has every frame" {
    fake_script <<'END'
endpoint speakers
play speakers counter
END
    FAKE_SECONDS=400 fake_record hour -d 1h -f s16 hour.flac
    is_whole hour 3600 48000
}

@test "the same script gives the same recording, whatever else the machine does" {
    fake_script <<'END'
endpoint speakers
endpoint other
play speakers counter
play other counter
at 20.003s play speakers nothing
at 31s play speakers counter
on open 1 after 45s default other
at 60s lose other 4800
END
    fake_record quiet -d 90s -f s16 -t raw quiet.raw
    local busy=() i
    for i in 1 2 3; do
        (while :; do :; done) 3>&- &
        busy+=($!)
    done
    FAKE_SECONDS=200 fake_record loaded -d 90s -f s16 -t raw loaded.raw || i=failed
    kill "${busy[@]}"
    [ "$i" != failed ]
    [ "$(final quiet .lost)" -gt 0 ]
    cmp quiet.raw loaded.raw
}

@test "a day has every frame" {
    [ -n "${FAKE_DAY:-}" ] || skip "FAKE_DAY is not set"
    fake_script <<'END'
wake 100ms
endpoint speakers rate 8000 channels 1
play speakers counter
END
    FAKE_SECONDS=1500 fake_record day -d 24h -f s16 day.flac
    is_whole day 86400 8000
}
