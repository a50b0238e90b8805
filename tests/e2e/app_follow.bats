#!/usr/bin/env bats
# What an application's streams do while it is recorded: they end and come again,
# pause, move, come from children and in other formats; when a recording waits for
# an application and ends with it; and what becomes of it without the server.
# For SYSTEM=pulse and pipewire (see lib.bash).

load lib.bash
load app.bash

setup_file() {
    begin_applications
    sox -D left.wav -r 44100 -c 1 mono.wav remix 1
    local n
    for n in 1 2 3; do
        generate noise "song$n.wav" --seconds=1.5 --seed=$n
    done
}

teardown_file() { stop_server main; }

setup() { begin_test; }

teardown() {
    end_test
    stop_server mortal
}

# The program named $TUNE, on the left channel.
tune_left() {
    tune "--device=$SINK" "$SIGNALS/left.wav"
    TUNE_PID=$PLAYER
    eventually plays "$TUNE_PID"
}

# --- streams that come and go ---

@test "an application that ends and starts again is in the file both times, in its places" {
    local begin ended again seen
    another_plays
    tune_left
    record twice "--app=$TUNE" -d 8 twice.wav
    local recorder=$PID
    begin=$(started_ns twice)
    sleep_until $((begin + 2000000000))
    kill -KILL "$TUNE_PID"
    ended=$(now_ns)
    sleep_until $((begin + 5000000000))
    again=$(now_ns)
    tune_left
    seen=$(now_ns)
    finished twice "$recorder"
    has_frames twice.wav 384000 48000
    has_no_right twice.wav
    analyse onsets twice.wav --hold=0.3
    [ "$(measure spans onsets twice.wav --hold=0.3)" -eq 2 ]
    within "$(measure start1 onsets twice.wav --hold=0.3)" 0 0.05 "its beginning"
    near "$(measure end1 onsets twice.wav --hold=0.3)" "$(place_of twice "$ended")" 0.15 "its end"
    within "$(measure start2 onsets twice.wav --hold=0.3)" "$(place_of twice "$again")" \
        "$(place_of twice $((seen + 250000000)))" "its return"
    has_left twice.wav --from=0.1 --to=1.8
    has_left twice.wav --from=5.7
    is_whole_tone twice.wav --from=0.1 --to=1.8
    is_whole_tone twice.wav --from=5.7
    # nothing of it was missed: it was not there
    [ "$(final twice .lost)" -eq 0 ]
    true_that "$(final twice '.idle + .gone') > 2.5 * 48000"
}

@test "one that plays each song in a stream of its own: the songs are whole, in order" {
    local n runs last=0 from to at begins=1200 ends=72000
    # beside another player PipeWire connects a tap after up to 80 ms, and may end
    # it with the last block still under way (see the man page)
    [ "$SYSTEM" = pulse ] || begins=3840 ends=70976
    another_plays
    # shellcheck disable=SC2016
    sh -c 'until [ -e go ]; do sleep 0.02; done
        for n in 1 2 3; do paplay --latency-msec=50 "$0/song$n.wav"; done; : >finish; exec sleep 30' \
        "$SIGNALS" </dev/null >/dev/null 2>&1 3>&- &
    local shell=$!
    PIDS+=("$shell")
    record songs "--app=$shell" songs.wav
    local recorder=$PID
    touch go
    eventually test -e finish
    interrupt "$recorder"
    finished songs "$recorder"
    lasts_until_sent songs songs.wav
    [ "$(final songs .lost)" -eq 0 ]
    for n in 1 2 3; do
        runs=$(analyse find "$SIGNALS/song$n.wav" songs.wav)
        echo "song $n: $(grep '^run' <<<"$runs" | paste -sd,)"
        grep -qx 'runs=1' <<<"$runs" || fail "song $n is broken"
        # run1=FROM TO at FRAME
        read -r from to _ at <<<"$(sed -n 's/^run1=//p' <<<"$runs")"
        [ "$from" -lt "$begins" ] || fail "song $n lacks its first $from frames"
        [ "$to" -ge "$ends" ] || fail "song $n lacks its last $((72000 - to)) frames"
        [ "$at" -gt "$last" ]
        last=$at
    done
}

@test "a player whose songs have other rates and channels: each is there, at its pitch" {
    local hz=600 rate
    for rate in 44100:1 48000:2 32000:2; do
        generate tone "song$hz.wav" --seconds=2 "--rate=${rate%:*}" "--channels=${rate#*:}" --hz=$hz
        hz=$((hz + 200))
    done
    another_plays
    PULSE_SINK=$SINK "${MPV[@]}" --idle=yes --input-ipc-server=mpv.socket --gapless-audio=no \
        </dev/null >mpv.log 2>&1 3>&- &
    local mpv=$!
    PIDS+=("$mpv")
    eventually test -S mpv.socket
    record songs -d 9 "--app=$mpv" songs.wav
    local recorder=$PID
    for hz in 600 800 1000; do
        tell_mpv loadfile "song$hz.wav" append-play
    done
    finished songs "$recorder"
    has_frames songs.wav 432000
    for hz in 600 800 1000; do
        near "$(levels songs.wav $hz | tail -1)" -6 0.2 "the song of $hz Hz"
    done
    # Where a song begins there is something of each frequency. The other player
    # never stops: it is nowhere, or everywhere.
    below "$(levels songs.wav 1500 --channel=1 | head -1)" -90 "the other player"
    [ "$(final songs .lost)" -eq 0 ]
}

# The levels that a frequency has in each half second of a file, the lowest first.
levels() { # file, Hz, ...
    local from length
    length=$(seconds_of "$1")
    for from in $(seq 0 0.25 "$(calculate "$length - 0.5")"); do
        measure dbfs level "$1" "--hz=$2" "--from=$from" "--to=$(calculate "$from + 0.5")" "${@:3}"
    done | sed 's/-inf/-999/' | sort -g
}

# A command of mpv, to the one that listens at mpv.socket.
tell_mpv() {
    perl -MIO::Socket::UNIX -MJSON::PP -e '
        my $socket = IO::Socket::UNIX->new(Peer => "mpv.socket") or die "mpv.socket: $!";
        print $socket encode_json({command => [map { /^(true|false)$/ ?
            ($1 eq "true" ? JSON::PP::true : JSON::PP::false) : $_ } @ARGV]}), "\n";
        while (<$socket>) { exit(/"error":"success"/ ? 0 : 1) if /"error"/ }' "$@"
}

@test "one that pauses for 5 s: silence as long as the pause, and the time is right" {
    local begin pause go
    another_plays
    PULSE_SINK=$SINK "${MPV[@]}" --input-ipc-server=mpv.socket "$SIGNALS/left.wav" \
        </dev/null >mpv.log 2>&1 3>&- &
    local mpv=$!
    PIDS+=("$mpv")
    eventually plays "$mpv"
    record paused -d 10 "--app=$mpv" paused.wav
    local recorder=$PID
    begin=$(started_ns paused)
    sleep_until $((begin + 2000000000))
    tell_mpv set_property pause true
    pause=$(now_ns)
    sleep_until $((pause + 5000000000))
    tell_mpv set_property pause false
    go=$(now_ns)
    finished paused "$recorder"
    has_frames paused.wav 480000
    analyse onsets paused.wav --hold=0.3
    [ "$(measure spans onsets paused.wav --hold=0.3)" -eq 2 ]
    near "$(measure end1 onsets paused.wav --hold=0.3)" "$(place_of paused "$pause")" 0.3 "the pause"
    near "$(measure start2 onsets paused.wav --hold=0.3)" "$(place_of paused "$go")" 0.3 "its end"
    is_whole_tone paused.wav --from=0.1 --to=1.7
    is_whole_tone paused.wav --from=7.6
    has_no_right paused.wav
    [ "$(final paused .lost)" -eq 0 ]
    [ "$(final paused .gone)" -eq 0 ]
    true_that "$(final paused .idle) > 4.5 * 48000" "idle: $(final paused .idle)"
}

@test "one that plays from a child is recorded by its own number" {
    another_plays
    # shellcheck disable=SC2016
    sh -c 'paplay --latency-msec=50 "$0" & wait' "$SIGNALS/left.wav" </dev/null >/dev/null 2>&1 3>&- &
    local shell=$!
    PIDS+=("$shell")
    eventually plays "$shell"
    mapfile -t -O "${#PIDS[@]}" PIDS < <(tree_of "$shell")
    launch child -d 2 "--app=$shell" child.wav
    finished child "$PID"
    has_frames child.wav 96000
    has_left child.wav --from=0.1
    has_no_right child.wav
}

@test "one that is moved to another output goes on, after a short gap at most" {
    local begin moved gap
    another_plays
    tune_left
    record moved -d 7 "--app=$TUNE_PID" moved.wav
    local recorder=$PID
    begin=$(started_ns moved)
    sleep_until $((begin + 2500000000))
    pactl move-sink-input "$(input_of "$TUNE_PID")" second
    moved=$(now_ns)
    finished moved "$recorder"
    has_frames moved.wav 336000
    has_no_right moved.wav
    is_whole_tone moved.wav --from=0.1 --to=2.4
    gap=$(analyse silence moved.wav --channel=0 --from=0.1 --least=0.002)
    echo "$gap"
    true_that "$(sed -n 's/^silent_frames=//p' <<<"$gap") < 0.5 * 48000" "the gap: $gap"
    is_whole_tone moved.wav --from="$(calculate "$(place_of moved "$moved") + 1")"
    [ "$(final moved .gone)" -lt 24000 ]
}

@test "one channel at 44.1 kHz is at its pitch and level, and stays alone" {
    another_plays
    tune "--device=$SINK" "$SIGNALS/mono.wav"
    eventually plays "$PLAYER"
    launch mono -d 3 "--app=$PLAYER" mono.wav
    finished mono "$PID"
    has_frames mono.wav 144000 48000
    local channel
    for channel in 0 1; do
        has_tone mono.wav $channel 997 -6 --from=0.1
        near "$(measure hz tone mono.wav --channel=$channel --from=0.1)" 997 0.02 pitch
        is_unbroken mono.wav $channel --from=0.1
    done
    below "$(measure dbfs level mono.wav --channel=1 --hz=1500)" -90 "the other player"
}

# --- the beginning and the end ---

@test "--until-exit: the recording ends with the application" {
    local ended
    another_plays
    tune_left
    record until --until-exit "--app=$TUNE" until.wav
    local recorder=$PID begin
    begin=$(started_ns until)
    sleep_until $((begin + 2000000000))
    kill "$TUNE_PID"
    ended=$(now_ns)
    finished until "$recorder"
    events_show until 'last | .stop == "source-ended" and .exit == 0'
    near "$(seconds_of until.wav)" "$(place_of until "$ended")" 0.5 "the length"
    lasts_as_told until until.wav
    is_whole_tone until.wav --from=0.1 --to=1.8
    has_no_right until.wav
}

@test "given by its number, an application is never found again: its end is the recording's" {
    local ended
    another_plays
    tune_left
    record number "--app=$TUNE_PID" number.wav
    local recorder=$PID begin
    begin=$(started_ns number)
    sleep_until $((begin + 1000000000))
    kill "$TUNE_PID"
    ended=$(now_ns)
    finished number "$recorder"
    events_show number 'last | .stop == "source-ended" and .exit == 0'
    near "$(seconds_of number.wav)" "$(place_of number "$ended")" 0.5 "the length"
    lasts_as_told number number.wav
    has_no_right number.wav
}

@test "--wait: the recording begins when the application comes" {
    another_plays
    launch late --wait "--app=$TUNE" -d 2 late.wav
    local recorder=$PID
    eventually grep -q '"event":"waiting"' late.json
    run ! grep -q '"event":"started"' late.json
    tune_left
    finished late "$recorder"
    has_frames late.wav 96000
    has_left late.wav --from=0.5
    has_no_right late.wav
}

@test "--wait=TIME: one that does not come in time is told of, and there is no file" {
    another_plays
    local begin
    begin=$(now_ns)
    run -5 --separate-stderr looprec --wait=1s "--app=$TUNE" -d 2 late.wav
    true_that "$(now_ns) - $begin >= 1e9"
    # shellcheck disable=SC2154
    [[ $stderr == *tune* ]]
    [ ! -e late.wav ]
    # and one that comes in time is recorded
    launch soon --wait=20s "--app=$TUNE" -d 1 soon.wav
    eventually grep -q '"event":"waiting"' soon.json
    tune_left
    finished soon "$PID"
    has_frames soon.wav 48000
}

# --- the server ---

@test "the sound server dies and comes back: gone in between, and recorded again" {
    local begin
    start_server mortal
    SINK=$LOOPREC_TEST_SINK
    another_plays
    tune_left
    record mortal -d 10 "--app=$TUNE" mortal.wav
    local recorder=$PID
    begin=$(started_ns mortal)
    sleep_until $((begin + 3000000000))
    kill -KILL "$(<"$LOOPREC_TEST_SERVER_PIDFILE")"
    sleep_until $((begin + 5000000000))
    "$LOOPREC_TEST_RESTART" </dev/null 3>&-
    another_plays
    tune_left
    finished mortal "$recorder"
    has_frames mortal.wav 480000
    has_no_right mortal.wav
    is_whole_tone mortal.wav --from=0.1 --to=2.8
    is_whole_tone mortal.wav --from=9
    [ "$(measure silent_frames silence mortal.wav --from=3.2 --to=4.9)" -eq 81600 ]
    events_show mortal 'map(select(.event == "device") | .state) | .[0] == "lost" and last == "back"'
    events_show mortal 'last as $last | map(select(.event == "gap" and .class == "gone") | .frames) | add == $last.gone'
    within "$(final mortal .gone)" $((18 * 4800)) $((50 * 4800)) "gone"
    [ "$(final mortal .lost)" -eq 0 ]
}

# All that does not record, but for what moves by itself.
what_plays() {
    local what
    for what in sinks sink-inputs modules; do
        pactl list "$what"
    done | grep -vE '(State|Latency|Usage counter): '
    pactl info | grep '^Default'
}

@test "a recording changes nothing on the server, and a killed one leaves nothing there" {
    another_plays
    tune_left
    pactl set-sink-input-volume "$(input_of "$TUNE_PID")" 80%
    server_state >playing
    what_plays >before
    record killed "--app=$TUNE" killed.wav
    local one=$PID
    record rest "--exclude-app=$TUNE" rest.wav
    local two=$PID
    record all --all-devices all.wav
    local three=$PID
    what_plays >during
    diff before during
    kill -KILL "$one" "$two" "$three"
    for one in "$one" "$two" "$three"; do
        await_end "$one"
    done
    server_is_as playing
    pactl set-sink-input-volume "$(input_of "$TUNE_PID")" 100%
}

@test "after all of this the server is as it was" {
    server_is_as "$SIGNALS/before"
}
