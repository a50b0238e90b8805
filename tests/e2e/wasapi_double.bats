#!/usr/bin/env bats
# The double of mmdevapi.dll itself: that it notices misuse, and that its parts
# which look at one another agree. tests/fakes/probe is the program that misuses.

SYSTEM=wine
load lib.bash
load fake.bash

PROBE=$ROOT/build/windows/fakes/probe.exe

setup_file() {
    fake_prefix
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    fake_enter
    fake_script <<'END'
endpoint speakers
endpoint phones
play speakers counter
activation 100ms
on RegisterEndpointNotificationCallback 1 after 200ms default phones
END
}

teardown() {
    end_started
}

probe() {
    rm -f probe.log
    LOOPREC_FAKE_LOG=$PWD/probe.log timeout 30 "$ROOT/scripts/wine" "$PROBE" "$@" </dev/null | tr -d '\r' >probe.out
    cat probe.out
}

# It misuses the interfaces: $2 violations of the kind $1.
is_noticed() {
    local kind=$1 count=$2
    shift 2
    probe "$@" || :
    [ "$(fake_log probe "[.[] | select(.violation == \"$kind\")] | length")" -eq "$count" ] || {
        cat probe.log >&2
        fail "not $count times '$kind'"
    }
    [ "$(fake_count probe .violations)" -eq "$count" ]
}

@test "every misuse is noticed" {
    is_noticed reference 1 reference
    is_noticed order 1 order
    is_noticed memory 1 memory
    is_noticed buffer 4 buffer
    is_noticed thread 1 thread
    is_noticed com 1 com
    is_noticed event 1 event
    is_noticed audible 1 audible
    is_noticed agile 1 agile
    is_noticed parameters 1 parameters
    is_noticed registration 1 registration
    # a question, and the last Release of the answer
    is_noticed callback 2 asking
    is_noticed callback 1 sleeping
}

@test "a leak is noticed, and what it is" {
    probe leak
    [ "$(fake_log probe '[.[] | .leak // empty] | join(" ")')" = IMMDevice ]
    [ "$(fake_count probe .leaked)" -eq 1 ]
}

@test "good use has no violation, and keeps a device awake" {
    fake_script <<'END'
endpoint speakers
clock speakers drift 1000
END
    probe clock 0.5
    fake_clean_of probe
    # the player makes packets flow although nothing is played
    [ "$(sed -n 's/^ready=//p' probe.out)" -eq 480 ]
    near "$(sed -n 's/^seconds=//p' probe.out)" 0.62 0.05 "the clock"
}

fake_clean_of() {
    [ "$(fake_count "$1" .violations)" -eq 0 ] && [ "$(fake_count "$1" .leaked)" -eq 0 ] || {
        cat "$1.log" >&2
        return 1
    }
}

@test "sessions say what the script says" {
    fake_script <<'END'
endpoint speakers
session game pid 4242 name "A Game" volume 0.5 peak 0.25
session tune pid 77 name "Tune" mute on
play tune tone 440 0.75
session sounds system name "System"
at 10s session late pid 78
END
    probe sessions
    fake_clean_of probe
    [ "$(<probe.out)" = "4242 0.50 0 0.25 0 A Game
77 1.00 1 0.75 0 Tune
0 1.00 0 0.00 1 System" ]
}

@test "process loopback hears a tree, or all but it" {
    fake_script <<'END'
endpoint speakers
endpoint phones
process 101 parent 100
process 100 parent 1
process 200 parent 1
session child pid 101 endpoint phones volume 0.5
session other pid 200
play child tone 440 0.5
play other tone 330 0.125
END
    probe process 100 include 0.15
    fake_clean_of probe
    grep -qx 'peak=0.250' probe.out
    grep -qx 'positions=0' probe.out
    grep -qx 'mix=0x80004001' probe.out
    grep -qx 'padding=0x80004001' probe.out
    near "$(sed -n 's/^packets=//p' probe.out)" 15 3 packets
    probe process 100 exclude 0.15
    grep -qx 'peak=0.125' probe.out
    probe process 4 exclude 0.15
    true_that "$(sed -n 's/^peak=//p' probe.out) > 0.3" "both"
    probe process 999 include 0.15
    grep -qx 'packets=0' probe.out
}

@test "activation fails in each of its ways" {
    fake_script <<'END'
endpoint speakers
processloopback off
END
    probe process 100 include 0.1
    grep -q 'ActivateAudioInterfaceAsync: 0x80070002' probe.out
    fake_script <<'END'
endpoint speakers
activation result E_ACCESSDENIED
END
    probe process 100 include 0.1
    grep -q 'GetActivateResult: 0x80070005' probe.out
    fake_script <<'END'
endpoint speakers
activation inner E_NOTIMPL
END
    probe process 100 include 0.1
    grep -q 'activation: 0x80004001' probe.out
    fake_script <<'END'
endpoint speakers
activation 500ms
END
    probe process 100 include 0.1
    run ! grep -q never probe.out
    fake_script <<'END'
endpoint speakers
activation never
END
    probe process 100 include 0.1
    grep -q 'never completed' probe.out
}

@test "unknown words end the process with a message" {
    local line
    for line in 'ednpoint x' 'endpoint x colour red' 'play nobody tone 1' 'at noon remove speakers' \
        'on Tuesday remove speakers' 'fail Initialize E_SOMETHING' 'stamps speakers odd' 'remove speakers now' \
        'endpoint "x' 'lose speakers -5' 'at 1s endpoint new'; do
        { echo 'endpoint speakers' && echo "$line"; } | (fake_script)
        export LOOPREC_FAKE_SCRIPT=$BATS_TEST_TMPDIR/script
        run -70 timeout 30 "$ROOT/scripts/wine" "$PROBE" leak </dev/null
        [[ $output == *"fake: "*:3:* ]] || fail "$line: $output"
    done
}
