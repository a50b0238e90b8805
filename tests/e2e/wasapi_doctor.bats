#!/usr/bin/env bats
# --doctor on a Windows machine that gives nothing back: the executable against
# the double of mmdevapi.dll, whose loopback does not hear what is rendered.

# shellcheck disable=SC2034
SYSTEM=wine
load lib.bash
load fake.bash

setup_file() {
    fake_prefix
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    fake_enter
}

teardown() {
    end_started
}

# looprec --doctor --json on that machine, to its end with status $1.
doctor() {
    local status=0 want=$1
    shift
    fake_looprec --doctor --json "$@" >told 2>err || status=$?
    cat told err
    [ "$status" -eq "$want" ] || fail "exit status $status and not $want"
    jq -es --argjson status "$want" 'length == 1 and .[0].exit == $status' told >/dev/null
    # everything was given back; and what is audible is meant to be
    jq -es 'last | .summary == true and .leaked == 0' fake.log >/dev/null &&
        jq -es '[.[] | .violation // empty] - ["audible"] == []' fake.log >/dev/null || {
        cat fake.log >&2
        fail "the double complains"
    }
}

trouble() { # code, what the text or the remedy says
    jq -e --arg code "$1" --arg words "$2" '.troubles | any(.code == $code and
        (.text + " " + (.remedy // "") | contains($words)))' told >/dev/null ||
        fail "no trouble $1 that says: $2"
}

@test "an output in exclusive use is told" {
    fake_script <<'END'
endpoint speakers name "Speakers"
exclusive speakers on
END
    doctor 1
    trouble device-busy "end the program that uses the device in exclusive mode"
}

@test "without an output or the service it ends with 5" {
    fake_script <<'END'
endpoint speakers name "Speakers" state unplugged
END
    doctor 5
    trouble no-device "plug one in"
    fake_script <<'END'
endpoint speakers name "Speakers"
service down
END
    doctor 5
    trouble no-server "Windows Audio"
}

@test "nothing arrives: it is told, and so is who plays elsewhere" {
    fake_script <<'END'
endpoint speakers name "Speakers"
endpoint headset name "Headset"
packets speakers off
session radio pid 4000 name "Radio" endpoint headset state active
play radio tone 997
END
    doctor 1
    trouble nothing-arrives "-D chooses one"
    trouble plays-elsewhere "Radio plays on Headset"
    trouble plays-elsewhere "looprec -D 'headset' records that"
    jq -e '.found == false and .device_id == "speakers" and .device_name == "Speakers" and
        .default and .rate == 48000 and .channels == 2' told
}

@test "other sound is no proof, and silence is none" {
    fake_script <<'END'
endpoint speakers name "Speakers"
play speakers tone 1000 0.3
END
    doctor 1
    trouble other-sound "up to -10.5 dBFS"
    fake_script <<'END'
endpoint speakers name "Speakers" rate 44100 channels 6 type s24 idle zeros
END
    doctor 1
    trouble silence "muted"
    jq -e '.rate == 44100 and .channels == 6 and .format == "s24"' told
}

@test "an output that refuses to play the sound is told" {
    fake_script <<'END'
endpoint speakers name "Speakers"
fail RenderGetBuffer E_DEVICE_INVALIDATED
END
    doctor 1
    trouble not-played "unplugged"
    jq -e '[.troubles[] | select(.code == "not-played")] | length == 1' told
}
