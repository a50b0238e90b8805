#!/usr/bin/env bats
# What a Windows output offers beside its packets: applications and their
# volumes, why a stream ended, the device's clock, the meter, a stream that keeps
# it awake. The executable against the double of mmdevapi.dll.

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
    FAKE_TIME=simulated
}

teardown() {
    end_started
}

# The text holds nothing that a terminal would obey.
is_printable() {
    run ! env LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' "$1"
}

# An expression over the array of what -L --json answers.
apps_show() {
    jq -e "$1" apps.json >/dev/null || {
        jq -c '.[]' apps.json >&2
        fail "the list does not show: $1"
    }
}

list_apps() {
    fake_looprec -L --json >apps.json || return
    mv fake.log apps.log
    fake_clean_log apps.log
}

fake_clean_log() {
    jq -es 'last | .summary == true and .violations == 0 and .leaked == 0' "$1" >/dev/null || {
        cat "$1" >&2
        fail "the double complains"
    }
}

# A program called player.exe, which runs as long as the test. It must run before
# the next one starts: Wine's server takes two first programs badly.
start_player() {
    cp "$LOOPREC" player.exe
    "$ROOT/scripts/wine" player.exe --json --source=synth: -t null </dev/null >player.json 2>player.err 3>&- &
    PIDS+=("$!")
    is_started player "$!"
}

# --- applications ---

@test "-L shows every application on every output" {
    fake_script <<'END'
endpoint speakers name "Speakers (Double)"
endpoint headset name "Head set" rate 44100 channels 1
endpoint away name "Away" state unplugged
session music pid 4242 name "Music" volume 0.5 peak 0.25
session call pid 4343 name "Call" endpoint headset mute on state inactive peak 0
session alerts system
session old pid 4444 name "Old" state expired
session lost pid 4545 name "Lost" endpoint away
play music tone 997
END
    list_apps
    apps_show 'length == 3'
    apps_show '.[0] == {pid: 4242, name: "Music", executable: null,
        device_id: "speakers", device: "Speakers (Double)", state: "active",
        volume: 0.5, muted: false, system: false, rate: 48000, channels: 2,
        peak_dbfs: -12.04}'
    apps_show '.[1] | .name == "System sounds" and .system and .pid == null'
    apps_show '.[2] | .name == "Call" and .muted and .state == "inactive" and
        .device == "Head set" and .rate == 44100 and .channels == 1 and .peak_dbfs == null'
    fake_looprec -L >table
    cat table
    [ "$(wc -l <table)" -eq 4 ]
    grep -q '^ *pid  state  *volume  *peak' table
    grep -q '^4242  active  *50 %  -12.0 dBFS  *48000  *2  .*Music.*Speakers (Double)' table
    grep -q '^   -  .*(the system.s)  *System sounds' table
    grep -q '^4343  inactive  muted, 100 %  *silent' table
}

@test "-L calls an application by its executable where it has no name, and never itself" {
    start_player
    fake_script <<'END'
endpoint speakers
session player exe player.exe name "@%SystemRoot%\System32\AudioSrv.Dll,-202"
session nameless exe player.exe
session titled exe player.exe name "A Title"
session ours exe looprec.exe name "looprec"
session unknown pid 4242
END
    list_apps
    apps_show 'length == 4'
    apps_show 'map(.name) == ["player.exe", "player.exe", "A Title", "process 4242"]'
    apps_show '.[0:3] | all(.executable == "player.exe" and .pid > 0)'
    apps_show '.[3].executable == null'
}

@test "-L: hostile names reach no terminal, and what fails is left out alone" {
    fake_script < <(printf '%b\n' 'endpoint speakers name "Evil\033[2J output"' \
        'session music pid 4242 name "Evil\033]0;owned\007 \0302\02332J Öl" peak 0.5' \
        'session other pid 4243' 'play music tone 997')
    list_apps
    apps_show '.[0].name | startswith("Evil")'
    fake_looprec -L >table
    is_printable table
    grep -q 'Evil.*Öl' table
    local method
    for method in GetProcessId GetDisplayName GetMasterVolume GetMute GetPeakValue GetMixFormat GetSession; do
        fake_script <<END
endpoint speakers
session music pid 4242 name "Music" volume 0.5
session other pid 4243 name "Other"
fail $method 0x80070005 1
END
        list_apps || fail "$method" || return
        apps_show 'any(.[]; .name == "Other")'
    done
    fake_script <<'END'
endpoint speakers
endpoint headset
session music pid 4242 name "Music"
session other pid 4243 name "Other" endpoint headset
fail GetSessionEnumerator 0x88890010 1
END
    list_apps
    apps_show 'length == 1 and .[0].name == "Other"'
    # nothing there is no error; a service that is down is one
    fake_script <<'END'
endpoint speakers
END
    list_apps
    apps_show '. == []'
    fake_looprec -L >table
    grep -q 'No application plays' table
    fake_script <<'END'
endpoint speakers
on EnumAudioEndpoints service down
END
    run -5 fake_looprec -L
    [[ $output == *"service"* ]]
}

@test "-l: what fails hides nothing but itself" {
    fake_script <<'END'
endpoint speakers name "Speakers"
endpoint headset name "Head set" rate 44100
fail GetMixFormat 0x88890004 1
fail OpenPropertyStore 0x80070005 1
END
    fake_looprec -l --json >list.json
    jq -e 'length == 2 and any(.[]; .name == "Head set" and .rate == 44100)' list.json
    fake_script <<'END'
endpoint speakers name "Speakers"
endpoint headset name "Head set"
fail GetDefaultAudioEndpoint E_NOTFOUND always
END
    fake_looprec -l --json >list.json
    jq -e 'length == 2 and all(.[]; .default == false)' list.json
    fake_looprec -l >list
    grep -q 'Head set' list
}

# --- why a stream ended ---

# The events of $1 say of a loss that ended with "back" what $2 says.
lost_because() {
    events_show "$1" "[.[] | select(.event == \"device\")] |
        (.[0].state == \"lost\") and (.[0].reason | contains(\"$2\")) and
        (.[1].state == \"back\" or .[1].state == \"rerouted\")" || {
        fake_told "$1"
        return 1
    }
}

reason_is_told() { # reason, words
    fake_script <<END
endpoint speakers name "Speakers"
play speakers tone 997
on open 1 after 1s invalidate speakers reason $1
END
    fake_record "why-$1" -d 3s --overwrite why.wav || return
    lost_because "why-$1" "Speakers: $2" || return
    true_that "$(final "why-$1" .gone) > 0 && $(final "why-$1" .gone) < 48000" "gone" || return
    [ "$(fake_count "why-$1" .calls.RegisterAudioSessionNotification)" -eq 2 ]
    [ "$(fake_count "why-$1" .calls.UnregisterAudioSessionNotification)" -eq 2 ]
}

@test "the loss of a device says why: removed, service, format" {
    reason_is_told removed "the device was removed"
    reason_is_told server "the Windows audio service was shut down"
    reason_is_told format "the device's format changed"
}

@test "the loss of a device says why: log-off, remote session, exclusive use" {
    reason_is_told logoff "the user logged off"
    reason_is_told remote "the remote desktop session was disconnected"
    reason_is_told exclusive "another program took the device in exclusive mode"
}

@test "a reason may come late, alone, not at all, or be known better" {
    # the stream fails first, the word follows
    fake_script <<'END'
endpoint speakers name "Speakers"
play speakers tone 997
on GetBuffer 100 fail GetBuffer E_DEVICE_INVALIDATED 1
on GetBuffer 100 after 10ms invalidate speakers reason exclusive
END
    fake_record late -d 2s late.wav
    lost_because late "Speakers: another program took the device in exclusive mode"
    # without a word the stream's own error has to do
    fake_script <<'END'
endpoint speakers name "Speakers"
play speakers tone 997
on open 1 after 500ms invalidate speakers E_RESOURCES_INVALIDATED
END
    fake_record silent -d 2s silent.wav
    lost_because silent "AUDCLNT_E_RESOURCES_INVALIDATED"
    # "removed" is what a stream hears; the device's state says it exactly
    fake_script <<'END'
endpoint speakers name "Speakers"
play speakers tone 997
on open 1 after 500ms unplug speakers
on open 1 after 1s return speakers
END
    fake_record plug -d 2s plug.wav
    lost_because plug "unplugged"
    # a session that cannot be had is no reason not to record
    fake_script <<'END'
endpoint speakers name "Speakers"
play speakers tone 997
fail RegisterAudioSessionNotification 0x80004005 always
END
    fake_record without -d 1s without.wav
    is_whole_tone without.wav
}

@test "remote desktop: the recording follows to the output that replaces the lost one" {
    fake_script <<'END'
endpoint remote name "Remote Audio" default
endpoint local name "Speakers" rate 44100 state notpresent
play remote tone 997
play local tone 997
on open 1 after 1s invalidate remote reason remote
on open 1 after 1s disable remote
on open 1 after 1500ms return local
on open 2 after 1s invalidate local reason remote
on open 2 after 1s disable local
on open 2 after 1s return remote
END
    fake_record rdp -d 5s rdp.wav
    has_frames rdp.wav 240000 48000
    events_show rdp '[.[] | select(.event == "device") | .state] == ["lost", "back", "lost", "back"]'
    events_show rdp '[.[] | select(.event == "device" and .state == "lost") | .reason] |
        all(contains("remote desktop session") or contains("disabled"))'
    events_show rdp '[.[] | select(.event == "device" and .state == "back") | .device] == ["Speakers", "Remote Audio"]'
    true_that "$(final rdp .captured) > 3.5 * 48000" "$(final rdp .captured) frames captured"
}

# --- the clock ---

@test "the device's own clock tells its drift" {
    # packets keep time here: only the clock itself says it
    fake_script <<'END'
endpoint speakers
play speakers tone 997
clock speakers wrong 80
END
    fake_record fast -d 14s fast.wav
    near "$(final fast .drift_ppm)" 80 10 "ppm"
    [[ $(<fast.err) == *"80 ppm fast"* ]]
    fake_script <<'END'
endpoint speakers
play speakers tone 997
clock speakers drift -80
on open 1 after 6s invalidate speakers
END
    fake_record slow -d 15s slow.wav
    near "$(final slow .drift_ppm)" -80 10 "ppm"
}

@test "a clock that says nothing is no measurement" {
    fake_script <<'END'
endpoint speakers
play speakers tone 997
fail GetPosition 0x88890004 always
END
    fake_record dumb -d 12s dumb.wav
    [ "$(final dumb .drift_ppm)" = null ]
}

# --- idle or broken ---

broken='[.[] | select(.event == "warning" and (.message | contains("nothing of it arrives")))] | length'

@test "an output that plays and gives nothing is told, once, and fails with --strict" {
    fake_script <<'END'
endpoint speakers idle zeros
meter speakers 0.25
END
    fake_record zeros -d 8s zeros.wav
    events_show zeros "$broken == 1"
    [[ $(<zeros.err) == *"warning: the output plays and nothing of it arrives"*"-D"* ]]
    FAKE_STATUS=4 fake_record strict --strict -d 5s strict.wav
    [[ $(<strict.err) == *"did not arrive (--strict)"* ]]
    has_frames strict.wav 240000
    # no packets at all
    fake_script <<'END'
endpoint speakers
meter speakers 0.25
END
    FAKE_STATUS=4 fake_record none --strict -d 5s none.wav
    events_show none "$broken == 1"
    [ "$(final none .idle)" -eq 240000 ]
}

@test "an output that is idle, or heard, or lost and back, is not broken" {
    fake_script <<'END'
endpoint speakers idle zeros
meter speakers 0.0005
END
    fake_record hiss --strict -d 5s hiss.wav
    events_show hiss "$broken == 0"
    fake_script <<'END'
endpoint speakers
play speakers tone 997
END
    fake_record heard --strict -d 5s heard.wav
    events_show heard "$broken == 0"
    fake_script <<'END'
endpoint speakers idle zeros
meter speakers 0.25
on open 1 after 2s invalidate speakers
END
    fake_record anew -d 4500ms anew.wav
    events_show anew "$broken == 0"
    # without a meter nothing is said
    fake_script <<'END'
endpoint speakers idle zeros
meter speakers 0.25
fail GetPeakValue 0x80004001 always
END
    fake_record dark --strict -d 5s dark.wav
    events_show dark "$broken == 0"
}

# --- one application ---

muted='[.[] | select(.event == "warning" and (.message | contains("in the volume mixer"))) | .message]'

@test "an application that is muted in the mixer is told, one that is heard is not" {
    start_player
    fake_script <<'END'
endpoint speakers
endpoint headset
session player exe player.exe mute on
session other pid 4242
END
    fake_record muted --app=player.exe -d 2s muted.wav
    events_show muted "$muted == [\"player.exe is muted in the volume mixer: silence will come\"]"
    fake_script <<'END'
endpoint speakers
session player exe player.exe volume 0
END
    fake_record zero --app=player.exe -d 2s zero.wav
    events_show zero "$muted == [\"player.exe is turned down to nothing in the volume mixer: silence will come\"]"
    # one session of two is heard; another's mute is nobody's business here
    fake_script <<'END'
endpoint speakers
endpoint headset
session player exe player.exe mute on
session again exe player.exe endpoint headset
session other pid 4242 mute on
END
    fake_record heard --app=player.exe -d 2s heard.wav
    events_show heard "$muted == []"
    # its session comes later than the recording begins
    fake_script <<'END'
endpoint speakers
session player exe player.exe state expired
on open 1 after 1s session player state active mute on
END
    fake_record later --app=player.exe -d 3s later.wav
    events_show later "$muted | length == 1"
}

@test "an application that plays and does not arrive is told" {
    start_player
    fake_script <<'END'
endpoint speakers
session player exe player.exe peak 0.5
END
    FAKE_STATUS=4 fake_record app --app=player.exe --strict -d 6s app.wav
    events_show app "$broken == 1"
    # what others play is none of it
    fake_script <<'END'
endpoint speakers
session player exe player.exe peak 0
session other pid 4242 peak 0.5
END
    fake_record other --app=player.exe --strict -d 6s other.wav
    events_show other "$broken == 0"
    fake_record rest --exclude-app=player.exe -d 6s rest.wav
    events_show rest "$broken == 1"
    fake_script <<'END'
endpoint speakers
session player exe player.exe
play player tone 997
END
    fake_record arrives --app=player.exe --strict -d 6s arrives.wav
    events_show arrives "$broken == 0"
}

@test "one that is muted or turned down and plays is not broken" {
    start_player
    local how
    for how in "mute on" "volume 0"; do
        fake_script <<END
endpoint speakers
session p exe player.exe $how
play p tone 997
END
        fake_record still --overwrite --strict --app player.exe -d 6s still.wav
        events_show still '[.[] | select(.event == "warning")] | length == 1'
        fake_record still --overwrite --strict --all-devices -d 6s still.wav
        events_show still 'all(.event != "warning")'
    done
}

@test "--keep-awake is refused where no output is recorded" {
    fake_script <<'END'
endpoint speakers
END
    local option
    for option in --app=player.exe --exclude-app=player.exe --all-devices; do
        run -2 fake_looprec --keep-awake "$option" refused.wav
        [[ $output == *"--keep-awake"*"leave it out"* ]]
        [ ! -e refused.wav ]
    done
}

# --- awake ---

@test "--keep-awake makes packets flow where nothing plays, by silence" {
    fake_script <<'END'
endpoint speakers
END
    fake_record asleep -d 3s asleep.wav
    [ "$(final asleep .captured)" -eq 0 ]
    [ "$(fake_count asleep .calls.RenderReleaseBuffer)" -eq 0 ]
    fake_record awake --keep-awake -d 5s awake.wav
    true_that "$(final awake .captured) > 4.5 * 48000" "$(final awake .captured) frames captured"
    has_frames awake.wav 240000
    true_that "$(fake_count awake .calls.RenderReleaseBuffer) >= 2"
    # each stream has its name in the mixer
    [ "$(fake_count awake .calls.SetDisplayName)" -eq 2 ]
}

@test "--keep-awake goes along to another device, and is not needed to record" {
    fake_script <<'END'
endpoint speakers
endpoint headset
on open 1 after 1s default headset
END
    fake_record along --keep-awake -d 3s along.wav
    [ "$(fake_log along '[.[] | .render // empty] | length')" -eq 2 ]
    fake_script <<'END'
endpoint speakers
play speakers tone 997
fail RenderGetBuffer 0x88890004 always
END
    fake_record refused --keep-awake -d 2s refused.wav
    events_show refused 'any(.[]; .event == "warning" and (.message | contains("cannot be kept awake")))'
    is_whole_tone refused.wav
}
