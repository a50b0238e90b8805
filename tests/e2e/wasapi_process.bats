#!/usr/bin/env bats
# The Windows executable records applications: process loopback as the double of
# mmdevapi.dll plays it, and real processes under Wine, whose sound the double's
# script makes up.

SYSTEM=wine
load lib.bash
load fake.bash

APP=${APP:-$ROOT/build/windows/fakes/app.exe}

# One process is there throughout: who comes first brings Wine's server along,
# and takes it away again.
setup_file() {
    fake_prefix || return
    cd "$BATS_FILE_TMPDIR" || return
    cp "$APP" keeper.exe
    fake_enter
    "$ROOT/scripts/wine" ./keeper.exe keeper.end </dev/null >/dev/null 2>keeper.pid 3>&- &
    echo $! >keeper
    eventually grep -q '^[0-9]' keeper.pid
}

teardown_file() {
    touch "$BATS_FILE_TMPDIR/keeper.end"
    EVENTUALLY=5 eventually gone_pid "$(<"$BATS_FILE_TMPDIR/keeper")" || kill "$(<"$BATS_FILE_TMPDIR/keeper")"
}

# In simulated time, but where somebody comes, goes or asks in real time.
setup() {
    cd "$BATS_TEST_TMPDIR" || return
    fake_enter
    FAKE_TIME=simulated
}

teardown() {
    local file
    for file in *.exe; do
        touch "${file%.exe}.end"
    done
    end_started
}

# Start a process whose executable is called $1 (player.exe); $2 (none) is that
# of a child which it starts. APP_PID is its id for Windows. It runs until
# `app_ends`.
app() {
    local name=$1 words
    rm -f "${name%.exe}.end"
    for words in "$@"; do
        [ -e "$words" ] || cp "$APP" "$words"
    done
    words=("${name%.exe}.end")
    [ $# -lt 2 ] || words+=("$2" "${2%.exe}.end")
    "$ROOT/scripts/wine" "./$name" "${words[@]}" </dev/null >/dev/null 2>"$name.pid" 3>&- &
    echo $! >"$name.process"
    PIDS+=("$!")
    eventually grep -q '^[0-9]' "$name.pid" || return
    APP_PID=$(sed -n 's/^\([0-9]*\).*/\1/p' "$name.pid" | head -1)
}

app_ends() { # player.exe
    touch "${1%.exe}.end"
    eventually gone_pid "$(<"$1.process")"
}

# looprec in the background against the script: as record of lib.bash.
fake_start() {
    export LOOPREC_FAKE_LOG=$PWD/$1.log
    rm -f "$1.log"
    record "$@"
}

# The end of that recording, and the double is content.
fake_finished() {
    finished "$@" && fake_clean "$1"
}

# It fails with exit status $1 and says $2 (an extended regular expression), and
# nothing is left behind; the rest: arguments of looprec.
refused() {
    local status=$1 words=$2
    shift 2
    fake_run refused "$@" refused.wav
    [ "$STATUS" -eq "$status" ] || {
        cat refused.err
        fail "exit status $STATUS and not $status" || return
    }
    grep -qE "$words" refused.err || {
        cat refused.err
        fail "it does not say '$words'" || return
    }
    [ ! -e refused.wav ] || fail "it left a file"
}

told_of() { # NAME: how often the double saw a method called, in the last log
    fake_count refused ".calls.$1"
}

wine_reg() {
    "$ROOT/scripts/wine" reg "$@" </dev/null >/dev/null
}

# One application plays the counter.
player_script() {
    fake_script <<END
endpoint speakers
session p exe player.exe name "The Player"
play p counter
$(cat)
END
}

# --- one application ---

@test "an application is recorded bit for bit, and nothing else" {
    app player.exe
    fake_script <<'END'
endpoint speakers
endpoint headphones
session p exe player.exe endpoint headphones
session other pid 4
play p counter
play other tone 997
END
    fake_record whole --app player -d 2s whole.wav
    has_frames whole.wav 96000 48000 2
    [ "$(measure bits frames whole.wav)" -eq 24 ]
    fake_unbroken whole.wav 0 2
    [ "$(final whole .captured)" -eq 96000 ]
    [ "$(first whole .device)" = "player.exe (pid $APP_PID)" ]
    [ "$(first whole .device_id)" = "process:$APP_PID" ]
    # what process loopback does not answer is not asked
    for method in GetMixFormat IsFormatSupported GetDevicePeriod GetCurrentPadding GetStreamLatency \
        GetBufferSize Reset; do
        [ "$(fake_count whole .calls.$method)" -eq 0 ]
    done
    [ "$(fake_count whole .calls.ActivateAudioInterfaceAsync)" -eq 1 ]
}

@test "it is found by its number, its name in any case, and its session's name" {
    app player.exe
    local name
    player_script </dev/null
    for name in "$APP_PID" PLAYER Player.EXE "the player"; do
        fake_record found --overwrite --app "$name" -d 4800f found.wav
        [ "$(first found .device_id)" = "process:$APP_PID" ]
    done
}

@test "what its children play is heard, and it is the topmost of its name" {
    app player.exe helper.exe
    local top=$APP_PID
    fake_script <<'END'
endpoint speakers
session p exe helper.exe
play p counter
END
    fake_record child --app player -d 1s child.wav
    fake_unbroken child.wav 0 1
    [ "$(first child .device_id)" = "process:$top" ]
    app_ends player.exe
    touch helper.end
    # a child of the same name is no second application
    app player.exe player.exe
    fake_script <<'END'
endpoint speakers
session p exe player.exe
play p counter
END
    fake_run both --app player -d 1s both.wav
    fake_ended both 0
    [ "$(first both .device_id)" = "process:$APP_PID" ]
}

@test "a silent application: zeros, SILENT packets and none give the same file" {
    app player.exe
    local kind
    for kind in "play p silence" "silent process on" "play p nothing"; do
        fake_script <<END
endpoint speakers
session p exe player.exe
play p counter
on open 1 after 1s $kind
on open 1 after 3s silent process off
on open 1 after 3s play p counter
END
        fake_record quiet --overwrite --app player -d 4s quiet.wav
        has_frames quiet.wav 192000
        fake_unbroken quiet.wav 0 0.95
        fake_zeros quiet.wav 1.05 2.95
        fake_unbroken quiet.wav 3.1 4
        fake_in_place quiet.wav 0.5 3.5 480
        [ "$(final quiet .lost)" -eq 0 ]
        [ "$(final quiet .gone)" -eq 0 ]
    done
}

@test "an application that plays nothing for ten minutes" {
    app player.exe
    fake_script <<'END'
endpoint speakers
session p exe player.exe
on open 1 after 600s play p counter
END
    fake_record late --app player -d 601s late.wav
    has_frames late.wav 28848000
    fake_zeros late.wav 0 599.95
    fake_unbroken late.wav 600.1 601
    [ "$(final late .lost)" -eq 0 ]
    [ "$(final late .gone)" -eq 0 ]
}

@test "a position that is always 0 and bad stamps do no harm" {
    app player.exe
    local kind
    for kind in "position process zero" "stamps process missing" "stamps process absurd" \
        "stamps process zero" "stamps process backwards" "stamps process drift 300" \
        "discontinuity process first" "discontinuity process every" "wake 100ms"; do
        player_script <<<"$kind"
        fake_record odd --overwrite --app player -d 1s odd.wav
        has_frames odd.wav 48000
        fake_unbroken odd.wav 0 1
    done
}

# There are no positions: time stamps alone tell how much was lost.
@test "an overrun of an application's stream is counted, and all stands in its place" {
    app player.exe
    player_script <<<"on open 1 after 1s stall GetBuffer 1500ms"
    fake_record overrun --app player -d 4s -f s16 overrun.wav
    has_frames overrun.wav 192000
    fake_unbroken overrun.wav 0 0.9
    fake_unbroken overrun.wav 3 4
    fake_in_place overrun.wav 0 3.5 480
    local lost
    lost=$(fake_log overrun '[.[] | select(.overrun) | .frames] | add')
    [ "$lost" -gt 24000 ]
    near "$(final overrun .lost)" "$lost" 960 "lost frames"
    events_show overrun 'any(.event == "gap" and .class == "lost")'
}

@test "a stream of an application that dies in the midst of a packet" {
    app player.exe
    local how
    for how in "on GetBuffer 100 invalidate process" \
        "on ReleaseBuffer 100 fail ReleaseBuffer E_DEVICE_INVALIDATED"; do
        player_script <<<"$how"
        fake_record midst --overwrite --app player -d 3s -f s16 midst.wav
        has_frames midst.wav 144000
        events_show midst '[.[] | select(.event == "device") | .state] == ["lost", "back"]'
        fake_unbroken midst.wav 1.5 3
        fake_in_place midst.wav 0 2.5 480
    done
}

@test "outputs that come, go and change are nothing to an application" {
    app player.exe
    player_script <<'END'
endpoint headphones
on open 1 after 500ms default headphones
on open 1 after 1s remove speakers
on open 1 after 1500ms default none
END
    fake_record outputs --app player -d 2s outputs.wav
    fake_unbroken outputs.wav 0 2
    events_show outputs 'all(.event != "device")'
}

@test "the audio service restarts: told, waited for, and recorded on" {
    app player.exe
    player_script <<'END'
on open 1 after 1s invalidate process E_SERVICE_NOT_RUNNING
on open 1 after 1s fail Initialize E_SERVICE_NOT_RUNNING 2
END
    fake_record restart --app player -d 4s restart.wav
    has_frames restart.wav 192000
    fake_unbroken restart.wav 0 0.9
    fake_unbroken restart.wav 3 4
    fake_in_place restart.wav 0.5 3.5 480
    events_show restart '[.[] | select(.event == "device") | .state] == ["lost", "back"]'
    true_that "$(final restart .gone) > 2400" gone
}

# --- opening ---

@test "activation may take two seconds" {
    app player.exe
    player_script <<<"activation 2s"
    fake_record slow --app player -d 1s slow.wav
    fake_unbroken slow.wav 0 1
}

@test "activation that never comes is not waited for" {
    FAKE_TIME=real
    app player.exe
    local begin=$SECONDS
    player_script <<<"activation never"
    refused 1 "player.exe \(pid $APP_PID\): Windows gave no answer within 4 s" --app player
    ((SECONDS - begin <= 6))
    fake_clean refused
    # and not for each of two processes that could be left out
    refused 1 'every output: Windows gave no answer within 4 s' --all-devices
    true_that "$(fake_count refused .time) < 5" "it waited $(fake_count refused .time) s"
    fake_clean refused
}

@test "activation that comes when nobody waits any more finds its handler" {
    app player.exe
    # the stream is lost; opening it again is given up once, and then succeeds
    fake_script <<'END'
endpoint speakers
session p exe player.exe
play p counter
on open 1 after 500ms invalidate process
on open 1 activation 4500ms
on ActivateAudioInterfaceAsync 3 activation now
END
    fake_record late --app player -d 8s late.wav
    has_frames late.wav 384000
    fake_unbroken late.wav 0 0.4
    fake_unbroken late.wav 6.5 8
}

@test "a refusal of either kind is told in words" {
    app player.exe
    local words kind code
    # what comes from a Windows that cannot do it
    for code in 0x80070002 0x80070003 E_NOTIMPL 0x80040154; do
        for kind in "activation inner $code" "activation result $code" \
            "fail ActivateAudioInterfaceAsync $code"; do
            player_script <<<"$kind"
            words='this cannot be recorded here: .*Windows 10 version 2004 \(build 19041\)'
            refused 5 "$words" --app player
            fake_clean refused
        done
    done
    # what one that can do it answers, too, is no word on its version
    for code in E_INVALIDARG E_NOTFOUND E_NOINTERFACE 0x8000000e; do
        player_script <<<"activation inner $code"
        refused 1 "player.exe .*(E_INVALIDARG|HR_NOT_FOUND|E_NOINTERFACE|0x8000000e)" --app player
        ! grep -q 19041 refused.err
        fake_clean refused
    done
    player_script <<<"activation inner 0x80070005"
    refused 1 'permission denied: player.exe .*does not let' --app player
    fake_clean refused
    player_script <<<"activation inner E_DEVICE_INVALIDATED"
    refused 1 'Windows took the stream away' --app player
    player_script <<<"activation result E_SERVICE_NOT_RUNNING"
    refused 5 'the Windows audio service is not running' --app player
    player_script <<<"fail Initialize E_UNSUPPORTED_FORMAT always"
    refused 1 'refuses float32 at 48000 Hz' --app player
    # with conversion and without, each on a client of its own
    [ "$(told_of ActivateAudioInterfaceAsync)" -eq 2 ]
    fake_clean refused
}

@test "conversion that is refused is done without" {
    app player.exe
    player_script <<<"autoconvert process refused"
    fake_record plain --app player -d 1s plain.wav
    fake_unbroken plain.wav 0 1
    [ "$(fake_count plain .calls.Initialize)" -eq 2 ]
}

@test "a Windows without process loopback records outputs, and no application" {
    app player.exe
    player_script <<<"processloopback off"
    local scope
    for scope in "--app player" "--exclude-app player" --all-devices; do
        # shellcheck disable=SC2086
        refused 5 'this cannot be recorded here' $scope
        fake_clean refused
    done
    # one that is told by its version, whatever it answers
    local key='HKCU\Software\Wine\AppDefaults\looprec.exe'
    player_script <<<"activation inner 0x8000ffff"
    refused 1 '0x8000ffff' --app player
    wine_reg add "$key" /v Version /d win81 /f
    refused 5 'Windows 10 version 2004' --app player || key=
    player_script <<<"activation inner E_INVALIDARG"
    refused 5 'Windows 10 version 2004' --app player || key=
    fake_run old -d 4800f old.wav
    wine_reg delete "${key:-HKCU\Software\Wine\AppDefaults\looprec.exe}" /f
    [ -n "$key" ]
    fake_ended old 0
    has_frames old.wav 4800
    # one that has it and refuses something else is not said to be too old
    player_script <<<"fail Initialize E_INVALIDARG always"
    refused 1 'an argument was refused' --app player
    player_script <<<"processloopback off"
    # one whose mmdevapi.dll has not even the function
    local dll=$LOOPREC_WINEPREFIX/drive_c/windows/system32/mmdevapi.dll
    cp "$dll" kept.dll
    LC_ALL=C sed 's/ActivateAudioInterfaceAsync/ActivateAudioInterfaceNever/' kept.dll >"$dll"
    for scope in "--app player" "--exclude-app player" --all-devices; do
        # shellcheck disable=SC2086
        refused 5 'Windows 10 version 2004' $scope || break
    done
    fake_run output -d 4800f output.wav
    cp kept.dll "$dll"
    [ "$scope" = --all-devices ]
    fake_ended output 0
    has_frames output.wav 4800
}

@test "however often opening fails, nothing piles up" {
    app player.exe
    local kind
    # one kind after the other, as each attempt gets further; each 40 times
    {
        echo "on open 1 after 1s invalidate process"
        for kind in "fail ActivateAudioInterfaceAsync" "activation result" "activation inner" \
            "fail Initialize" "fail SetEventHandle" "fail GetService" "fail Start"; do
            echo "on open 1 after 1s $kind E_SERVICE_NOT_RUNNING 40"
        done
        for kind in {10..300..10}; do
            echo "on open 1 after ${kind}s usage"
        done
    } >faults
    player_script <faults
    fake_record often --app player -d 360s often.wav
    events_show often '[.[] | select(.event == "device") | .state] == ["lost", "back"]'
    true_that "$(fake_count often .calls.ActivateAudioInterfaceAsync) > 240"
    # from the second minute on it is what it was, until the stream is back
    fake_log often '[.[] | select(.handles and .t > 45 and .t < 225)]' >looks
    cat looks
    jq -e 'length == 18 and (map(.objects) | max) == 0 and (map(.handles) | max == min) and
        (map(.resident) | max - min) < 1000000' looks
    fake_unbroken often.wav 350 360
}

# --- who is meant ---

@test "an application that does not run is not recorded, and neither is all else" {
    player_script </dev/null
    refused 5 'no such application runs: player.*looprec -L' --app player
    refused 5 'no process has the id 4294967295' --app 4294967295
    refused 5 'no such application runs' --exclude-app player
    [ "$(told_of ActivateAudioInterfaceAsync)" -eq 0 ]
}

@test "two applications of one name are ambiguous" {
    app player.exe
    local first=$APP_PID
    mkdir other && cd other
    app player.exe
    cd ..
    player_script </dev/null
    refused 2 "fits several applications: player: player.exe \(pid $first\), player.exe \(pid $APP_PID\)" --app player
    touch other/player.end
}

@test "of two processes of one executable the session's name tells which" {
    app player.exe
    local first=$APP_PID
    mkdir other && cd other
    app player.exe
    cd ..
    fake_script <<END
endpoint speakers
session p pid $first name "A Game"
session q pid $APP_PID name "Its Twin"
play p tone 997
play q counter
END
    fake_record twin --app "its twin" -d 1s twin.wav
    [ "$(first twin .device_id)" = "process:$APP_PID" ]
    fake_unbroken twin.wav 0 1
    fake_script <<END
endpoint speakers
session p pid $first name "A Game"
session q pid $APP_PID name "A Game"
END
    refused 2 "a game: player.exe \(pid [0-9]+\), player.exe \(pid [0-9]+\)" --app "a game"
    touch other/player.end
}

@test "two applications are mixed" {
    app left.exe
    app right.exe
    fake_script <<'END'
endpoint speakers
session l exe left.exe
session r exe right.exe
play l tone 997 0.25
play r tone 1499 0.125
END
    fake_record mixed --app left --app right -d 2s -f f32 mixed.wav
    has_frames mixed.wav 96000
    [[ $(first mixed .device) == "left.exe (pid "*"), right.exe (pid "*")" ]]
    # the sum of the squares
    near "$(final mixed .rms_dbfs)" "$(calculate '10 * log(0.25 * 0.25 / 2 + 0.125 * 0.125 / 2) / log(10)')" 0.1 RMS
}

# --- the end of an application ---

@test "the recording ends with the application, and is whole" {
    # who watches the process was there before the double, and lives in real time
    FAKE_TIME=real
    app player.exe
    player_script <<<"on open 1 after 1500ms exit p"
    fake_record ended --app player -d 20s ended.wav
    local length
    length=$(calculate "$(measure frames frames ended.wav) / 48000")
    true_that "$length > 1.4 && $length < 2" "$length s"
    fake_unbroken ended.wav 0 1.4
    events_show ended 'last | .stop == "source-ended" and .error == null'
}

# The audio service is away for a moment, and so nobody holds the process; what
# happens to its number then is the rest: arguments of `reuse`.
number_reused() {
    player_script <<END
on open 1 after 1s invalidate process E_SERVICE_NOT_RUNNING
on open 1 after 1s fail ActivateAudioInterfaceAsync E_SERVICE_NOT_RUNNING 3
on open 1 after 1100ms reuse $*
END
}

@test "another process with the application's number is not recorded" {
    app player.exe
    local who
    # by whatever it was found and whatever the other one is called
    for who in "$APP_PID p" "$APP_PID p exe other.exe" "player p" "player p exe other.exe"; do
        number_reused "${who#* }"
        fake_record reused --overwrite --app "${who%% *}" -d 20s reused.wav
        events_show reused 'last | .stop == "source-ended" and .frames < 2 * 48000'
        [ "$(fake_log reused '[.[] | select(.open)] | length')" -eq 1 ]
        fake_unbroken reused.wav 0 0.95
        fake_zeros reused.wav 1.05 "$(calculate "$(final reused .frames) / 48000")"
        fake_log reused '.[] | .action // empty' | grep -q '^reuse'
    done
    # with --wait its name is waited for, and neither its number nor another name
    number_reused p exe other.exe
    fake_record waited --wait --app player -d 20s waited.wav
    has_frames waited.wav 960000
    fake_unbroken waited.wav 0 0.95
    fake_zeros waited.wav 1.05 20
    events_show waited '[.[] | select(.event == "device") | .state] == ["lost"]'
    # one of that name is the application come back
    number_reused p
    fake_record back --wait --app player -d 5s back.wav
    fake_unbroken back.wav 0 0.95
    fake_unbroken back.wav 3 5
    events_show back '[.[] | select(.event == "device") | .state] == ["lost", "back"]'
}

@test "another process with the number of what was left out is recorded" {
    app player.exe
    local who
    for who in "$APP_PID" player; do
        number_reused p exe other.exe
        fake_record rest --overwrite --exclude-app "$who" -d 5s rest.wav
        fake_zeros rest.wav 0 0.95
        fake_unbroken rest.wav 3 5
        # looprec leaves out itself instead
        [ "$(fake_log rest '[.[] | select(.open) | .pid] | last')" -ne "$APP_PID" ]
    done
}

@test "a process that may not be opened is looked after by its number and its name" {
    app player.exe
    # by its session's name, so that the double is there before it is opened
    player_script <<'END'
protect p
on open 1 after 2s reuse p exe other.exe
END
    fake_record closed --app "the player" -d 20s closed.wav
    events_show closed 'last | .stop == "source-ended" and .frames > 2 * 48000 and .frames < 3 * 48000'
    fake_unbroken closed.wav 0 2
    # what may be opened is held, and its number stays its own: Windows gives it to nobody
    player_script <<'END'
on open 1 after 2s reuse p exe other.exe
END
    fake_run held --app "the player" -d 5s held.wav
    fake_ended held 70
    grep -q "the program holds the process of 'p'" held.err
}

@test "with --wait it goes on when the application returns" {
    FAKE_TIME=real
    app player.exe
    local old=$APP_PID
    player_script </dev/null
    fake_start returns --wait --app player returns.wav
    eventually grep -q '"progress".*"captured"\|"frames":[1-9]' returns.json
    sleep 1
    app_ends player.exe
    eventually grep -q '"lost"' returns.json
    events_show returns "any(.event == \"device\" and (.reason // .detail // \"\" | tostring | contains(\"has ended\"))) or any(tostring | contains(\"player.exe (pid $old) has ended\"))"
    app player.exe
    eventually grep -q '"back"' returns.json
    sleep 1
    interrupt "$PID"
    fake_finished returns "$PID"
    grep -q "player.exe (pid $APP_PID)" <(grep '"back"' returns.json)
    true_that "$(final returns .gone) > 0" gone
    local length
    length=$(measure frames frames returns.wav)
    fake_unbroken returns.wav "$(calculate "$length / 48000 - 0.5")" "$(calculate "$length / 48000")"
}

@test "with --wait it begins when the application does" {
    FAKE_TIME=real
    player_script </dev/null
    export LOOPREC_FAKE_LOG=$PWD/waits.log
    launch waits --wait --app player -d 1s waits.wav
    sleep 2
    [ ! -e waits.wav ]
    kill -0 "$PID"
    local recorder=$PID
    app player.exe
    is_started waits "$recorder"
    fake_finished waits "$recorder"
    fake_unbroken waits.wav 0 1
}

@test "an application that ends while the audio service is away ends the recording" {
    app player.exe
    player_script <<'END'
on open 1 after 1s invalidate process E_SERVICE_NOT_RUNNING
on open 1 after 1s fail Initialize E_SERVICE_NOT_RUNNING 5
on open 1 after 1200ms exit p
END
    fake_record away --app player -d 20s away.wav
    fake_unbroken away.wav 0 0.9
    events_show away 'last | .stop == "source-ended"'
}

@test "with --wait and --until-exit it begins and ends when the application does" {
    FAKE_TIME=real
    player_script </dev/null
    export LOOPREC_FAKE_LOG=$PWD/until.log
    launch until --wait --until-exit --app player -d 60s until.wav
    local recorder=$PID
    eventually grep -q '"waiting"' until.json
    app player.exe
    is_started until "$recorder"
    sleep 1
    app_ends player.exe
    fake_finished until "$recorder"
    events_show until 'last | .stop == "source-ended"'
    events_show until 'all(.event != "device" or .state != "lost")'
}

@test "with --wait, one that ended before it was heard is not the one waited for" {
    FAKE_TIME=real
    player_script <<<"activation result E_SERVICE_NOT_RUNNING 5"
    app player.exe
    export LOOPREC_FAKE_LOG=$PWD/anew.log
    launch anew --wait --until-exit --app player -d 60s anew.wav
    local recorder=$PID
    eventually grep -q '"waiting"' anew.json
    app_ends player.exe
    app player.exe
    is_started anew "$recorder"
    [ "$(first anew .device_id)" = "process:$APP_PID" ]
    app_ends player.exe
    fake_finished anew "$recorder"
}

@test "an application given by number is not waited for under another's" {
    app player.exe
    player_script <<<"on open 1 after 1s exit p"
    fake_record number --wait --app "$APP_PID" -d 20s number.wav
    events_show number 'last | .stop == "source-ended"'
}

@test "a command is recorded with its children, and its end is the recording's" {
    FAKE_TIME=real
    cp "$APP" player.exe
    cp "$APP" helper.exe
    fake_script <<'END'
endpoint speakers
session h exe helper.exe
session other pid 4
play h counter
play other tone 997
END
    fake_start command command.wav -- ./player.exe player.end helper.exe helper.end
    [[ $(first command .device) == "player.exe (pid "*")" ]]
    sleep 1
    # a launcher: it has started another and ends
    touch player.end
    sleep 1
    touch helper.end
    fake_finished command "$PID"
    local length
    length=$(calculate "$(measure frames frames command.wav) / 48000")
    true_that "$length > 1.9" "$length s"
    fake_unbroken command.wav 0.5 1.9
}

# --- everything, and all but one ---

@test "every output is recorded at once" {
    app player.exe
    fake_script <<'END'
endpoint speakers
endpoint headphones
session p exe player.exe endpoint headphones
session q pid 4 endpoint speakers
play p tone 997 0.25
play q tone 1499 0.125
on open 1 after 500ms remove speakers
END
    fake_record all --all-devices -d 1s -f f32 all.wav
    [ "$(first all .device)" = "every output" ]
    near "$(final all .rms_dbfs)" "$(calculate '10 * log(0.25 * 0.25 / 2 + 0.125 * 0.125 / 2) / log(10)')" 0.1 RMS
    # where it may not leave out itself, it leaves out the system's process
    local code
    for code in E_ACCESSDENIED E_INVALIDARG; do
        fake_script <<END
endpoint speakers
session p exe player.exe
play p counter
activation inner $code
END
        fake_record system --overwrite --all-devices -d 1s system.wav
        fake_unbroken system.wav 0 1
        [ "$(fake_log system '[.[] | .pid // empty] | last')" -eq 4 ]
    done
}

@test "one application is left out" {
    app player.exe
    app noise.exe
    fake_script <<'END'
endpoint speakers
session p exe player.exe
session n exe noise.exe
play p counter
play n tone 997
END
    fake_record without --exclude-app noise -d 1s without.wav
    fake_unbroken without.wav 0 1
    [ "$(first without .device)" = "everything but noise.exe (pid $APP_PID)" ]
    refused 2 'leave out one application only' --exclude-app noise --exclude-app player
}

@test "what is left out ends and returns: it is left out again" {
    FAKE_TIME=real
    app player.exe
    app noise.exe
    fake_script <<'END'
endpoint speakers
session p exe player.exe
session n exe noise.exe
play p counter
play n tone 997 0.25
END
    fake_start again --exclude-app noise again.wav
    sleep 1
    app_ends noise.exe
    eventually grep -q '"warning".*noise.exe (pid [0-9]*) has ended' again.json
    sleep 1
    app noise.exe
    local begin
    begin=$(now_ns)
    eventually grep -q '"rerouted"' again.json
    true_that "($(now_ns) - $begin) / 1e9 < 1" "left out after $((($(now_ns) - begin) / 1000000)) ms"
    grep '"rerouted"' again.json | grep -q "noise.exe (pid $APP_PID)"
    sleep 1
    interrupt "$PID"
    fake_finished again "$PID"
    local length
    length=$(calculate "$(measure frames frames again.wav) / 48000")
    fake_unbroken again.wav 0 1
    fake_unbroken again.wav "$(calculate "$length - 0.8")" "$length"
}

@test "a second one of what is left out is told" {
    FAKE_TIME=real
    app player.exe
    app noise.exe
    fake_script <<'END'
endpoint speakers
session p exe player.exe
play p counter
END
    fake_start second --exclude-app noise second.wav
    mkdir other && cd other
    app noise.exe
    cd ..
    eventually grep -q "\"warning\".*noise.exe (pid $APP_PID) runs too" second.json
    interrupt "$PID"
    fake_finished second "$PID"
    [ "$(grep -c 'runs too' second.json)" -eq 1 ]
    touch other/noise.end
}
