#!/usr/bin/env bats
# The Windows executable against the double of mmdevapi.dll: what devices do that
# no device here does to order.
#
# In simulated time, but for Ctrl-C; FAKE_TIME=real shows that the clock of the
# double is not what makes them pass.

SYSTEM=wine
load lib.bash
load fake.bash

setup_file() {
    export FAKE_TIME=${FAKE_TIME:-simulated}
    # the long pause, in seconds
    FAKE_LONG=600
    [ "$FAKE_TIME" = simulated ] || FAKE_LONG=4
    export FAKE_LONG
    fake_prefix
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    fake_enter
}

teardown() {
    end_started
}

# --- packets ---

@test "what plays is in the file bit for bit" {
    fake_script <<'END'
endpoint speakers name "Big Speakers"
play speakers counter
END
    fake_record whole -d 3s -f s16 whole.wav
    has_frames whole.wav 144000 48000 2
    fake_unbroken whole.wav 0 3
    [ "$(final whole .captured)" -eq 144000 ]
    [ "$(first whole .device)" = "Big Speakers" ]
    # the recording is not hidden
    [ "$(fake_log whole '[.[] | .displayname // empty] | first')" = looprec ]
}

@test "24 bits come through bit for bit, packed and padded" {
    for type in s24 s24in32 s32 s16; do
        fake_script <<END
endpoint speakers type $type rate 44100
play speakers counter
END
        fake_record "$type" -d 1s -f s24 "$type.wav"
        has_frames "$type.wav" 44100 44100 2
        fake_unbroken "$type.wav" 0 1
    done
}

@test "nobody plays for a while: silence in the right place, and nothing lost" {
    fake_script <<END
endpoint speakers
play speakers counter
on open 1 after 1s play speakers nothing
on open 1 after ${FAKE_LONG}s play speakers counter
END
    fake_record idle -d "$((FAKE_LONG + 2))s" -f s16 idle.wav
    has_frames idle.wav $(((FAKE_LONG + 2) * 48000))
    fake_unbroken idle.wav 0 0.9
    fake_zeros idle.wav 1.05 "$(calculate "$FAKE_LONG - 0.05")"
    fake_unbroken idle.wav "$(calculate "$FAKE_LONG + 0.1")" "$((FAKE_LONG + 2))"
    fake_in_place idle.wav 0 "$((FAKE_LONG + 1))" 480
    [ "$(final idle .lost)" -eq 0 ]
    near "$(final idle .idle)" "$(((FAKE_LONG - 1) * 48000))" 960 "idle frames"
}

@test "packets of zeros while nobody plays are the same file" {
    fake_script <<'END'
endpoint speakers idle zeros
play speakers counter
on open 1 after 1s play speakers nothing
on open 1 after 3s play speakers counter
END
    fake_record zeros -d 4s -f s16 zeros.wav
    fake_unbroken zeros.wav 0 0.9
    fake_zeros zeros.wav 1.05 2.95
    fake_in_place zeros.wav 0 3.5
    [ "$(final zeros .captured)" -eq 192000 ]
}

@test "nothing but silence, from the first to the last moment" {
    fake_script <<'END'
endpoint speakers
END
    fake_record silent -d 2s silent.wav
    has_frames silent.wav 96000
    [ "$(final silent .idle)" -eq 96000 ]
    FAKE_STATUS=3 fake_record told -d 1s --fail-if-silent told.wav
}

@test "SILENT means zeros, whatever the bytes are" {
    fake_script <<'END'
endpoint speakers
play speakers counter
on open 1 after 1s silent speakers on
on open 1 after 2s silent speakers off
END
    fake_record flagged -d 3s -f s16 flagged.wav
    fake_unbroken flagged.wav 0 0.9
    fake_zeros flagged.wav 1.05 1.9
    fake_in_place flagged.wav 0 2.5
    [ "$(final flagged .captured)" -eq 144000 ]
}

# --- what packets say of themselves ---

# Recorded with the fault $2, nothing is broken and nothing is said to be.
is_untouched() {
    fake_script <<END
endpoint speakers
play speakers counter
$2
END
    fake_record "$1" -d 2s -f s16 "$1.wav"
    has_frames "$1.wav" 96000
    fake_unbroken "$1.wav" 0 2
    [ "$(final "$1" .captured)" -eq 96000 ]
    events_show "$1" 'all(.event != "warning" and .event != "gap")'
}

@test "DISCONTINUITY on the first packet means nothing" {
    is_untouched first "discontinuity speakers first"
}

@test "DISCONTINUITY on every packet means nothing" {
    is_untouched every "discontinuity speakers every"
}

@test "DISCONTINUITY on every packet, and a pause: nothing is lost" {
    fake_script <<'END'
endpoint speakers
discontinuity speakers every
play speakers counter
on open 1 after 500ms play speakers nothing
on open 1 after 1500ms play speakers counter
END
    fake_record pause --strict -d 3s -f s16 pause.wav
    [ "$(final pause .lost)" -eq 0 ]
    fake_in_place pause.wav 0 2.5 480
    [ ! -s pause.err ] || run ! grep warning pause.err
}

@test "packets without a time stamp" {
    is_untouched missing "stamps speakers missing"
}

@test "time stamps of zero" {
    is_untouched zero "stamps speakers zero"
}

@test "time stamps that are years off" {
    is_untouched absurd "stamps speakers absurd"
}

@test "time stamps that go backwards" {
    is_untouched backwards "stamps speakers backwards"
}

@test "time stamps that are late, or early" {
    is_untouched late "stamps speakers late 30ms"
    is_untouched early "stamps speakers late -30ms"
}

@test "time stamps that run away from the clock" {
    is_untouched away "stamps speakers drift 300"
}

@test "a crystal that is off is told, and nothing is broken for it" {
    is_untouched crystal "clock speakers drift 200"
    is_untouched slow "clock speakers drift -200"
}

@test "positions that are always 0" {
    is_untouched at_zero "position speakers zero"
}

@test "positions that mean nothing" {
    is_untouched garbage "position speakers garbage"
}

@test "events that come ten times a second, with all packets since" {
    is_untouched rare "wake 100ms"
}

@test "packets of 20 ms" {
    is_untouched long "period 20ms"
}

@test "GetBuffer that fails now and then" {
    is_untouched hiccup "on open 1 after 1s fail GetBuffer E_BUFFER_ERROR 3"
}

# How many failures that usually pass are taken for a loss: HICCUPS_MAX, 100.
@test "GetBuffer that fails 99 times in a row is waited for, 100 times is a loss" {
    fake_script <<'END'
endpoint speakers
play speakers counter
on open 1 after 1s fail GetBuffer E_BUFFER_ERROR 99
END
    fake_record waits -d 4s -f s16 waits.wav
    has_frames waits.wav 192000
    events_show waits 'all(.event != "device")'
    [ "$(fake_log waits '[.[] | select(.open)] | length')" -eq 1 ]
    fake_unbroken waits.wav 3 4
    fake_in_place waits.wav 0 3.5
    fake_script <<'END'
endpoint speakers
play speakers counter
on open 1 after 1s fail GetBuffer E_BUFFER_ERROR 100
END
    fake_record loses -d 4s -f s16 loses.wav
    has_frames loses.wav 192000
    events_show loses '[.[] | select(.event == "device") | .state] == ["lost", "back"]'
    [[ $(device_event loses lost reason) == *AUDCLNT_E_BUFFER_ERROR* ]]
    [ "$(fake_log loses '[.[] | select(.open)] | length')" -eq 2 ]
    fake_unbroken loses.wav 3 4
    fake_in_place loses.wav 0 3.5 480
}

# --- losses ---

@test "frames lost on the way leave their place, and are told" {
    fake_script <<'END'
endpoint speakers
play speakers counter
on open 1 after 1s lose speakers 4800
END
    fake_record lost -d 3s -f s16 lost.wav
    has_frames lost.wav 144000
    fake_in_place lost.wav 0 2.5
    [ "$(final lost .captured)" -eq $((144000 - 4800)) ]
    events_show lost 'any(.event == "gap" and .class == "lost")'
    grep -q 'warning: lost' lost.err
}

@test "an overrun of the system's buffer is counted, to the frame" {
    fake_script <<'END'
endpoint speakers
play speakers counter
on open 1 after 1s stall GetBuffer 1500ms
END
    fake_record overrun -d 4s -f s16 overrun.wav
    has_frames overrun.wav 192000
    fake_in_place overrun.wav 0 3.5
    local lost
    lost=$(fake_log overrun '[.[] | select(.overrun) | .frames] | add')
    [ "$lost" -gt 0 ]
    [ "$(final overrun .lost)" -eq "$lost" ]
    [ "$(final overrun .captured)" -eq $((192000 - lost)) ]
    FAKE_STATUS=4 fake_record strict --strict -d 4s -f s16 strict.wav
}

@test "a stall that the system's buffer bears costs nothing" {
    is_untouched stalled "on open 1 after 1s stall GetBuffer 400ms"
}

# --- devices that change ---

# The expression $2 finds a member in the first event "device" whose state is $1.
device_event() { # NAME STATE MEMBER
    jq -rs "[.[] | select(.event == \"device\" and .state == \"$2\")][0].$3" "$1.json"
}

# What comes back is where it belongs, to the packet; the time between is `gone`.
came_back() { # NAME SECONDS GONE-LEAST GONE-MOST
    has_frames "$1.wav" $(($2 * 48000)) || return
    fake_unbroken "$1.wav" 0 0.9 || return
    fake_in_place "$1.wav" 0 "$(calculate "$2 - 0.5")" 480 || return
    true_that "$(final "$1" .gone) >= $3 * 48000 && $(final "$1" .gone) <= $4 * 48000" "$(final "$1" .gone) frames gone" || return
    [ "$(final "$1" .lost)" -eq 0 ] || fail "$1: $(final "$1" .lost) frames lost" || return
    events_show "$1" 'any(.event == "device" and .state == "lost") and any(.event == "device" and .state == "back")'
}

@test "the device is removed and comes back" {
    fake_script <<'END'
endpoint speakers
play speakers counter
on open 1 after 1s remove speakers
on open 1 after 2s return speakers
END
    fake_record back -d 4s -f s16 back.wav
    came_back back 4 0.9 1.1
}

@test "the device is removed and never comes back" {
    fake_script <<'END'
endpoint speakers
play speakers counter
on open 1 after 1s remove speakers
END
    fake_record never -d 3s -f s16 never.wav
    has_frames never.wav 144000
    fake_unbroken never.wav 0 0.9
    fake_zeros never.wav 1.1 3
    near "$(final never .gone)" 96000 2400 "gone frames"
    # it listens for news all the time, by one registration
    [ "$(fake_count never .calls.RegisterEndpointNotificationCallback)" -eq 2 ]
    [ "$(fake_count never .calls.UnregisterEndpointNotificationCallback)" -eq 2 ]
    events_show never 'any(.event == "device" and .state == "lost")'
}

@test "the device is unplugged, and the default moves: the recording goes along" {
    fake_script <<'END'
endpoint speakers
endpoint phones
play speakers counter
play phones counter
on open 1 after 1s unplug speakers
END
    fake_record along -d 3s -f s16 along.wav
    has_frames along.wav 144000
    fake_in_place along.wav 0 2.5 480
    [ "$(fake_log along '[.[] | select(.open == 2)][0].endpoint')" = phones ]
    true_that "$(final along .gone) < 9600" "$(final along .gone) frames gone"
}

@test "a device that was asked for is waited for, and no other is taken" {
    fake_script <<'END'
endpoint speakers
endpoint phones
play speakers counter
play phones counter
on open 1 after 1s unplug phones
on open 1 after 2s return phones
END
    fake_record asked -D phones -d 4s -f s16 asked.wav
    came_back asked 4 0.9 1.1
    [ "$(fake_log asked '[.[] | select(.open) | .endpoint] | unique | join(" ")')" = phones ]
}

@test "one of the same name is not it while it is unplugged" {
    fake_script <<'END'
endpoint first name "The Headset" default
endpoint second name "The Headset" state unplugged
play first counter
play second tone 997
on open 1 after 500ms return second
on open 1 after 1s unplug first
on open 1 after 2s return first
END
    fake_record twin -D first -d 3s -f s16 twin.wav
    [ "$(fake_log twin '[.[] | select(.open) | .endpoint] | unique | join(" ")')" = first ]
}

@test "48 kHz stereo becomes 44.1 kHz in eight channels, and again" {
    fake_script <<'END'
endpoint speakers
play speakers tone 1000
on open 1 after 1s format speakers rate 44100 channels 8
on open 2 after 1s format speakers rate 48000 channels 2
END
    fake_record format -d 4s -f s16 format.wav
    has_frames format.wav 192000 48000 2
    [ "$(fake_log format '[.[] | select(.open) | "\(.rate)/\(.channels)"] | join(" ")')" = "48000/2 44100/8 48000/2" ]
    for at in 0.2 1.5 3; do
        near "$(measure hz tone format.wav --from=$at --to="$(calculate "$at + 0.4")")" 1000 0.1 "tone at $at s"
    done
    true_that "$(final format .gone) < 14400" "$(final format .gone) frames gone"
}

@test "no default output is left, then there is one" {
    fake_script <<'END'
endpoint speakers
play speakers counter
on open 1 after 1s default none
on open 1 after 2s default speakers
END
    fake_record none -d 4s -f s16 none.wav
    came_back none 4 0.9 1.1
    [[ $(device_event none lost reason) == *"no output is left"* ]]
}

@test "with --wait it begins when there is an output" {
    fake_script <<'END'
endpoint speakers state unplugged
play speakers counter
at 1s return speakers
END
    fake_record plugged --wait=20s -d 1s plugged.wav
    has_frames plugged.wav 48000
    fake_unbroken plugged.wav 0 1
    events_show plugged 'any(.event == "waiting")'
}

@test "three defaults within 100 ms: the last one is recorded" {
    fake_script <<'END'
endpoint speakers
endpoint phones
endpoint hdmi
play speakers counter
play phones counter
play hdmi counter
on open 1 after 1s default phones
on open 1 after 1040ms default hdmi
on open 1 after 1090ms default phones
END
    fake_record three -d 3s -f s16 three.wav
    has_frames three.wav 144000
    fake_in_place three.wav 0 2.5 480
    [ "$(fake_log three '[.[] | select(.open)] | last | .endpoint')" = phones ]
    [ "$(final three .lost)" -eq 0 ]
}

@test "a default that moves away and back is no loss where none is followed" {
    fake_script <<'END'
endpoint speakers
endpoint phones
play speakers counter
on open 1 after 1s default phones
END
    fake_record stays --no-follow -d 2s -f s16 stays.wav
    fake_unbroken stays.wav 0 2
    [ "$(final stays .captured)" -eq 96000 ]
}

@test "another program takes the device for itself, and gives it back" {
    fake_script <<'END'
endpoint speakers
play speakers counter
on open 1 after 1s exclusive speakers on
on open 1 after 2s exclusive speakers off
END
    fake_record taken -d 5s -f s16 taken.wav
    came_back taken 5 0.9 2.2
}

@test "a device in exclusive use from the beginning is told" {
    fake_script <<'END'
endpoint speakers
exclusive speakers on
END
    fake_run busy -d 1s busy.wav
    fake_ended busy 1
    [ ! -e busy.wav ]
    cat busy.err
    grep -qi 'exclusive' busy.err
    fake_clean busy
}

@test "a default in exclusive use cannot be followed, which is told" {
    fake_script <<'END'
endpoint speakers
endpoint phones
play speakers counter
play phones counter
exclusive phones on
on open 1 after 1s default phones
on open 1 after 3s exclusive phones off
END
    fake_record busy -d 5s -f s16 busy.wav
    events_show busy '[.[] | select(.event == "device") | .state] == ["lost", "back"]'
    [[ $(device_event busy lost reason) == *exclusive* ]]
    events_show busy 'last | .gone > 72000 and .gone < 144000'
}

@test "the audio service goes down and up" {
    fake_script <<'END'
endpoint speakers
play speakers counter
on open 1 after 1s service down
on open 1 after 2s service up
END
    fake_record service -d 5s -f s16 service.wav
    came_back service 5 0.9 2.2
    [[ $(device_event service lost reason) == *"service"* ]]
}

@test "every way of losing a stream is survived" {
    for hr in E_RESOURCES_INVALIDATED E_ENDPOINT_CREATE_FAILED E_SERVICE_NOT_RUNNING 0x88890004; do
        fake_script <<END
endpoint speakers
play speakers counter
on open 1 after 1s invalidate speakers $hr
END
        fake_record "$hr" -d 3s -f s16 "$hr.wav"
        came_back "$hr" 3 0 0.2
    done
}

@test "a stream that dies in the midst of a packet" {
    local how
    # as GetBuffer is called, while its packet is out, and both
    for how in "on GetBuffer 100 invalidate speakers" \
        "on ReleaseBuffer 100 invalidate speakers E_RESOURCES_INVALIDATED" \
        "on ReleaseBuffer 100 fail ReleaseBuffer E_DEVICE_INVALIDATED" \
        "on GetBuffer 100 fail GetBuffer E_SERVICE_NOT_RUNNING"; do
        fake_script <<END
endpoint speakers
play speakers counter
$how
END
        fake_record midst --overwrite -d 3s -f s16 midst.wav
        has_frames midst.wav 144000
        events_show midst '[.[] | select(.event == "device") | .state] == ["lost", "back"]'
        [ "$(final midst .lost)" -eq 0 ]
        fake_unbroken midst.wav 1.5 3
        fake_in_place midst.wav 0 2.5 480
        true_that "$(final midst .gone) < 0.2 * 48000" "$how: $(final midst .gone) frames gone"
    done
}

# --- Ctrl-C ---

# Ctrl-C, once the double's log has a line with $2, ends the recording at once.
ends_at_once() {
    FAKE_TIME=real fake_script
    fake_launch "$1" -f s16 "$1.wav"
    eventually grep -q "$2" "$1.log"
    local sent
    sent=$(now_ns)
    interrupt "$PID"
    finished "$1" "$PID"
    true_that "$(now_ns) - $sent < 3e9" "it took too long"
    fake_clean "$1"
}

@test "Ctrl-C while nothing plays" {
    ends_at_once quiet '"open":1' <<'END'
endpoint speakers
END
}

@test "Ctrl-C while the device is away" {
    ends_at_once away '"action":"remove' <<'END'
endpoint speakers
play speakers counter
on open 1 after 500ms remove speakers
END
    fake_unbroken away.wav 0 0.4
}

@test "Ctrl-C while the device sleeps in a call" {
    ends_at_once asleep '"action":"stall' <<'END'
endpoint speakers
play speakers counter
on open 1 after 500ms stall GetBuffer 1500ms
END
}

# A call that does not return within a test's patience: the file is finished in
# the five seconds that a closing console leaves, and the process ends.
hangs() { # name
    FAKE_TIME=real fake_script
    fake_launch "$1" -f s16 "$1.wav"
    eventually grep -q '"action":"stall' "$1.log"
    sleep 1
    local sent
    sent=$(now_ns)
    interrupt "$PID"
    eventually grep -q '"finished"' "$1.json"
    true_that "$(now_ns) - $sent < 4.5e9" "the file took too long"
    finished "$1" "$PID"
    true_that "$(now_ns) - $sent < 12e9" "the process took too long"
    events_show "$1" 'last | .stop == "interrupt" and .error == null'
    [ "$(final "$1" .frames)" -eq "$(measure frames frames "$1.wav")" ]
    local length
    length=$(calculate "$(final "$1" .frames) / 48000")
    near "$length" "$(calculate "($sent - $(started_ns "$1")) / 1e9")" 0.1 length
}

@test "Ctrl-C while the device hangs in a call" {
    hangs hung <<'END'
endpoint speakers
play speakers counter
on open 1 after 500ms stall GetBuffer 30s
END
    fake_unbroken hung.wav 0 0.4
    events_show hung 'any(.event == "warning" and (.message // .text // tostring | contains("does not answer")))'
    true_that "$(final hung .gone) > 40000" gone
}

@test "Ctrl-C while the device's meter hangs" {
    hangs meter <<'END'
endpoint speakers
play speakers counter
on open 1 after 500ms stall GetPeakValue 30s
END
    fake_unbroken meter.wav 0 1
    [ "$(final meter .captured)" -eq "$(final meter .frames)" ]
}

# --- what fails at the beginning ---

@test "any call that fails leaves nothing behind" {
    for method in Activate GetMixFormat Initialize GetService SetEventHandle Start GetBufferSize \
        RegisterEndpointNotificationCallback OpenPropertyStore GetDefaultAudioEndpoint GetId GetValue; do
        fake_script <<END
endpoint speakers
play speakers counter
fail $method E_FAIL always
END
        fake_run "$method" -d 4800f "$method.wav"
        fake_clean "$method"
        # a name, a look at the length, news: it can do without
        case $method in
        GetBufferSize | OpenPropertyStore | GetValue | RegisterEndpointNotificationCallback)
            [ "$STATUS" -eq 0 ] || fail "$method: $STATUS"
            ;;
        GetId) ;;
        *)
            [ "$STATUS" -ne 0 ] || fail "$method: no failure"
            [ ! -e "$method.wav" ]
            [ -s "$method.err" ]
            ;;
        esac
    done
}

@test "a device that knows no events is asked by the clock" {
    fake_script <<'END'
endpoint speakers
play speakers counter
fail Initialize E_INVALIDARG
END
    fake_record polled -d 2s -f s16 polled.wav
    fake_unbroken polled.wav 0 2
    [ "$(fake_count polled .calls.SetEventHandle)" -eq 0 ]
}

@test "the device goes away while it is being opened" {
    fake_script <<'END'
endpoint speakers
play speakers counter
on Initialize 1 remove speakers
END
    fake_run vanished -d 1s vanished.wav
    fake_ended vanished 5
    [ ! -e vanished.wav ]
    fake_clean vanished
}

@test "it goes away again while it is opened again" {
    fake_script <<'END'
endpoint speakers
play speakers counter
on open 1 after 500ms remove speakers
on open 1 after 700ms return speakers
on Initialize 2 remove speakers
on Initialize 2 after 300ms return speakers
END
    fake_record again -d 4s -f s16 again.wav
    fake_unbroken again.wav 0 0.4
    fake_in_place again.wav 0 3.5 480
    [ "$(final again .lost)" -eq 0 ]
}

@test "a name's control characters reach no terminal" {
    printf 'endpoint x name "Loud\033[31m\aSpeakers"\n' | (fake_script)
    export LOOPREC_FAKE_SCRIPT=$BATS_TEST_TMPDIR/script
    fake_looprec -l >list
    grep -q Speakers list
    run ! grep -q $'[\033\a]' list
    fake_run name -d 4800f name.wav
    fake_ended name 0
    run ! grep -q $'[\033\a]' name.err name.json
}

@test "no output at all" {
    fake_script <<'END'
endpoint microphone capture
END
    fake_run nothing -d 1s nothing.wav
    fake_ended nothing 5
    [ ! -e nothing.wav ]
    fake_clean nothing
}

@test "a mistake in a script is no test" {
    fake_script <<'END'
endpoint speakers
play speakers wihstle
END
    fake_run typo -d 1s typo.wav
    fake_ended typo 70
    grep -q ":3: 'wihstle' is no signal" typo.err
}
