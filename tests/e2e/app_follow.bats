#!/usr/bin/env bats
# What an application's streams do while it is recorded: they end and come again,
# pause, come from children and in other formats (how they move: app_move.bats); when a recording waits for
# an application and ends with it; and what becomes of it without the server.
# For SYSTEM=pulse and pipewire (see lib.bash).

load lib.bash
load app.bash

setup_file() {
    begin_applications
    sox -D left.wav -r 44100 -c 1 mono.wav remix 1
    local n
    for n in 1 2 3; do
        # on the left alone, so that others can hear whether they are whole, too
        generate noise both.wav --seconds=1.5 --seed=$n
        sox -D both.wav "song$n.wav" remix 1 0
        sox -D both.wav "mono$n.wav" remix 1
    done
}

teardown_file() { stop_server main; }

setup() { begin_test; }

teardown() {
    end_test
    stop_server mortal
}

# --- streams that come and go ---

@test "an application that ends and starts again is in the file both times, in its places" {
    until_well record_twice left_was_whole 2
    has_frames twice.wav 288000 48000
    has_no_right twice.wav
    analyse onsets twice.wav --hold=0.3
    [ "$(measure spans onsets twice.wav --hold=0.3)" -eq 2 ]
    within "$(measure start1 onsets twice.wav --hold=0.3)" 0 0.05 "its beginning"
    near "$(measure end1 onsets twice.wav --hold=0.3)" "$(place_of twice "$ENDED_NS")" 0.15 "its end"
    within "$(measure start2 onsets twice.wav --hold=0.3)" "$(place_of twice "$AGAIN_NS")" \
        "$(place_of twice $((SEEN_NS + 250000000)))" "its return"
    is_whole_tone twice.wav --from=0.1 --to="$(calculate "$(place_of twice "$ENDED_NS") - 0.2")"
    is_whole_tone twice.wav --from="$(calculate "$(place_of twice "$SEEN_NS") + 0.3")"
    has_left twice.wav --from=0.1 --to="$(calculate "$(place_of twice "$ENDED_NS") - 0.2")"
    has_left twice.wav --from="$(calculate "$(place_of twice "$SEEN_NS") + 0.3")"
    # nothing of it was missed: it was not there
    [ "$(final twice .lost)" -eq 0 ]
    true_that "$(final twice '.idle + .gone') > 1.7 * 48000"
}

record_twice() {
    local begin recorder
    begin_try || return
    another_plays || return
    tune_left || return
    record twice "--app=$TUNE" -d 6 twice.wav || return
    recorder=$PID
    listen || return
    begin=$(started_ns twice)
    sleep_until $((begin + 1500000000))
    kill -KILL "$TUNE_PID"
    ENDED_NS=$(now_ns)
    sleep_until $((begin + 3500000000))
    AGAIN_NS=$(now_ns)
    tune_left || return
    SEEN_NS=$(now_ns)
    finished twice "$recorder"
}

@test "one that plays each song in a stream of its own: the songs are whole, in order" {
    local n runs last=0 from to at begins=1200 ends=72000
    # beside another player PipeWire connects a tap after up to 80 ms, and may end
    # it with the last block still under way (see the man page)
    [ "$SYSTEM" = pulse ] || begins=3840 ends=69600
    until_well record_songs songs_were_whole
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

record_songs() {
    local recorder
    begin_try || return
    another_plays || return
    # shellcheck disable=SC2016
    plays_when_told 'for n in 1 2 3; do paplay --latency-msec=200 "$0/song$n.wav"; done' "$SIGNALS"
    record songs "--app=$PLAYER" songs.wav || return
    recorder=$PID
    listen || return
    play_now || return
    interrupt "$recorder"
    finished songs "$recorder"
}

# The songs were heard each in one piece. (Their first moments may be missing.)
songs_were_whole() {
    local n
    reference_of "heard-$SINK"
    sox -D -t raw -r 48000 -c 2 -e signed -b 16 "heard-$SINK.reference" heard.wav remix 1 || return
    for n in 1 2 3; do
        [ "$(measure runs find "$SIGNALS/mono$n.wav" heard.wav)" -eq 1 ] ||
            fail "song $n: $(analyse find "$SIGNALS/mono$n.wav" heard.wav)" || return
    done
}

@test "a player whose songs have other rates and channels: each is there, at its pitch" {
    local hz=600 rate
    for rate in 44100:1 48000:2 32000:2; do
        generate tone "song$hz.wav" --seconds=1.5 "--rate=${rate%:*}" "--channels=${rate#*:}" --hz=$hz
        hz=$((hz + 200))
    done
    until_well record_rates rates_were_well
    has_frames songs.wav 384000
    for hz in 600 800 1000; do
        near "$(levels songs.wav $hz | tail -1)" -6 0.2 "the song of $hz Hz"
    done
    # Where a song begins there is something of each frequency. The other player
    # never stops: it is nowhere, or everywhere.
    below "$(levels songs.wav 1500 --channel=1 | head -1)" -90 "the other player"
    [ "$(final songs .lost)" -eq 0 ]
}

record_rates() {
    local mpv recorder hz
    begin_try || return
    rm -f mpv.socket
    another_plays || return
    PULSE_SINK=$SINK "${MPV[@]}" --idle=yes --input-ipc-server=mpv.socket --gapless-audio=no \
        </dev/null >mpv.log 2>&1 3>&- &
    mpv=$!
    PIDS+=("$mpv")
    eventually test -S mpv.socket || return
    record songs -d 8 "--app=$mpv" songs.wav || return
    recorder=$PID
    listen || return
    for hz in 600 800 1000; do
        tell_mpv loadfile "song$hz.wav" append-play || return
    done
    finished songs "$recorder"
}

rates_were_well() {
    local hz
    reference_of "heard-$SINK"
    sox -D -t raw -r 48000 -c 2 -e signed -b 16 "heard-$SINK.reference" heard.wav || return
    for hz in 600 800 1000; do
        near "$(levels heard.wav $hz | tail -1)" -6 0.2 "the song of $hz Hz, as heard" || return
    done
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
    until_well record_pause left_was_whole 2
    has_frames paused.wav 432000
    analyse onsets paused.wav --hold=0.3
    [ "$(measure spans onsets paused.wav --hold=0.3)" -eq 2 ]
    near "$(measure end1 onsets paused.wav --hold=0.3)" "$(place_of paused "$PAUSE_NS")" 0.3 "the pause"
    near "$(measure start2 onsets paused.wav --hold=0.3)" "$(place_of paused "$GO_NS")" 0.3 "its end"
    # and to the block as others heard it
    local heard=heard-$SINK.reference
    near "$(calculate "$(measure start2 onsets paused.wav --hold=0.3) - $(measure end1 onsets paused.wav --hold=0.3)")" \
        "$(calculate "$(measure start2 onsets "$heard" $REFERENCE --channel=0 --hold=0.3) - \
            $(measure end1 onsets "$heard" $REFERENCE --channel=0 --hold=0.3)")" 0.05 "its length"
    is_whole_tone paused.wav --from=0.1 --to="$(calculate "$(place_of paused "$PAUSE_NS") - 0.3")"
    is_whole_tone paused.wav --from="$(calculate "$(place_of paused "$GO_NS") + 0.5")"
    has_no_right paused.wav
    [ "$(final paused .lost)" -eq 0 ]
    [ "$(final paused .gone)" -eq 0 ]
    true_that "$(final paused .idle) > 4.5 * 48000" "idle: $(final paused .idle)"
}

record_pause() {
    local mpv recorder
    begin_try || return
    rm -f mpv.socket
    another_plays || return
    PULSE_SINK=$SINK "${MPV[@]}" --input-ipc-server=mpv.socket "$SIGNALS/left.wav" \
        </dev/null >mpv.log 2>&1 3>&- &
    mpv=$!
    PIDS+=("$mpv")
    eventually plays "$mpv" || return
    record paused -d 9 "--app=$mpv" paused.wav || return
    recorder=$PID
    listen || return
    sleep_until $(($(started_ns paused) + 1500000000))
    tell_mpv set_property pause true || return
    PAUSE_NS=$(now_ns)
    sleep_until $((PAUSE_NS + 5000000000))
    tell_mpv set_property pause false || return
    GO_NS=$(now_ns)
    finished paused "$recorder"
}

@test "one that plays from a child is recorded by its own number" {
    until_well record_child left_was_whole
    has_frames child.wav 96000
    is_whole_tone child.wav --from=0.1
    has_left child.wav --from=0.1
    has_no_right child.wav
}

record_child() {
    local shell recorder
    begin_try || return
    another_plays || return
    # shellcheck disable=SC2016
    sh -c 'paplay --latency-msec=200 "$0" & wait' "$SIGNALS/left.wav" </dev/null >/dev/null 2>&1 3>&- &
    shell=$!
    PIDS+=("$shell")
    eventually plays "$shell" || return
    mapfile -t -O "${#PIDS[@]}" PIDS < <(tree_of "$shell")
    launch child -d 2 "--app=$shell" child.wav
    recorder=$PID
    listen || return
    finished child "$recorder"
}

@test "one that is left out stays so when it starts again, and others are there when they come" {
    until_well record_without right_was_whole
    has_frames without.wav 192000
    has_no_left without.wav
    analyse onsets without.wav --channel=1 --hold=0.3
    [ "$(measure spans onsets without.wav --channel=1 --hold=0.3)" -eq 1 ]
    within "$(measure start1 onsets without.wav --channel=1 --hold=0.3)" "$(place_of without "$OTHER_NS")" \
        "$(place_of without $((SEEN_NS + 250000000)))" "the other's beginning"
    has_right without.wav --from="$(calculate "$(place_of without "$SEEN_NS") + 0.3")"
    [ "$(final without .lost)" -eq 0 ]
}

record_without() {
    local recorder
    begin_try || return
    tune_left || return
    record without "--exclude-app=$TUNE" -d 4 without.wav || return
    recorder=$PID
    listen || return
    kill "$TUNE_PID"
    await_end "$TUNE_PID" || return
    tune_left || return
    OTHER_NS=$(now_ns)
    another_plays || return
    SEEN_NS=$(now_ns)
    finished without "$recorder"
}

right_was_whole() { was_whole "$SINK" 1; }

@test "one channel at 44.1 kHz is at its pitch and level, and stays alone" {
    until_well record_mono left_was_whole
    has_frames mono.wav 144000 48000
    local channel
    for channel in 0 1; do
        has_tone mono.wav $channel 997 -6 --from=0.1
        near "$(measure hz tone mono.wav --channel=$channel --from=0.1)" 997 0.02 pitch
        is_unbroken mono.wav $channel --from=0.1
    done
    below "$(measure dbfs level mono.wav --channel=1 --hz=1500)" -90 "the other player"
}

record_mono() {
    local recorder
    begin_try || return
    another_plays || return
    tune "--device=$SINK" "$SIGNALS/mono.wav"
    eventually plays "$PLAYER" || return
    launch mono -d 3 "--app=$PLAYER" mono.wav
    recorder=$PID
    listen || return
    finished mono "$recorder"
}

# --- the beginning and the end ---

# The application ends while it is recorded, by what $WHO says, with $OPTIONS.
record_an_end() {
    local recorder
    begin_try || return
    another_plays || return
    tune_left || return
    record ends "${OPTIONS[@]}" "--app=${WHO/PID/$TUNE_PID}" ends.wav || return
    recorder=$PID
    listen || return
    sleep_until $(($(started_ns ends) + 1500000000))
    kill "$TUNE_PID"
    ENDED_NS=$(now_ns)
    finished ends "$recorder"
}

ends_with_it() {
    until_well record_an_end left_was_whole
    events_show ends 'last | .stop == "source-ended" and .exit == 0'
    near "$(seconds_of ends.wav)" "$(place_of ends "$ENDED_NS")" 0.5 "the length"
    lasts_as_told ends ends.wav
    is_whole_tone ends.wav --from=0.1 --to="$(calculate "$(place_of ends "$ENDED_NS") - 0.2")"
    has_no_right ends.wav
}

@test "--until-exit: the recording ends with the application" {
    WHO=$TUNE OPTIONS=(--until-exit)
    ends_with_it
}

@test "given by its number, an application is never found again: its end is the recording's" {
    WHO=PID OPTIONS=()
    ends_with_it
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
    has_no_right soon.wav
}

@test "--wait: the recording begins when the output comes" {
    local recorder module
    another_plays
    run -5 --separate-stderr looprec --wait=1s -D late -d 2 late.wav
    [ ! -e late.wav ]
    launch late --wait -D late -d 4 late.wav
    recorder=$PID
    eventually grep -q '"event":"waiting"' late.json
    module=$(pactl load-module module-null-sink sink_name=late rate=48000 channels=2)
    # a player that came first could be mixed 2 s ahead of who listens later
    is_started late "$recorder"
    tune --device=late "$SIGNALS/left.wav"
    finished late "$recorder"
    end_started
    pactl unload-module "$module"
    has_frames late.wav 192000
    has_left late.wav --from=2
    has_no_right late.wav
}

# --- the server ---

@test "the sound server dies and comes back: gone in between, and recorded again" {
    local died restart again
    until_well record_mortal mortal_was_whole
    died=$(place_of mortal "$DIED_NS")
    restart=$(place_of mortal "$RESTART_NS")
    again=$(place_of mortal "$SEEN_NS")
    lasts_until_sent mortal mortal.wav
    has_no_right mortal.wav
    is_whole_tone mortal.wav --from=0.1 --to="$(calculate "$died - 0.2")"
    is_whole_tone mortal.wav --from="$(calculate "$again + 0.5")"
    near "$(measure silent_frames silence mortal.wav --from="$(calculate "$died + 0.2")" --to="$restart")" \
        "$(calculate "($restart - $died - 0.2) * 48000")" 2 "silence"
    events_show mortal 'map(select(.event == "device") | .state) | .[0] == "lost" and last == "back"'
    events_show mortal 'last as $last | map(select(.event == "gap" and .class == "gone") | .frames) | add == $last.gone'
    within "$(final mortal '.gone / 48000')" "$(calculate "$restart - $died - 0.2")" \
        "$(calculate "$again - $died + 1")" "gone"
    [ "$(final mortal .lost)" -eq 0 ]
}

record_mortal() {
    local recorder
    begin_try || return
    start_server mortal || return
    SINK=$LOOPREC_TEST_SINK
    another_plays || return
    tune_left || return
    record mortal "--app=$TUNE" mortal.wav || return
    recorder=$PID
    listen || return
    sleep_until $(($(started_ns mortal) + 1500000000))
    reference_of "heard-$SINK"
    mv "heard-$SINK.reference" before.raw
    DIED_NS=$(now_ns)
    kill -KILL "$(<"$LOOPREC_TEST_SERVER_PIDFILE")"
    eventually grep -q '"state":"lost"' mortal.json || return
    sleep_until $((DIED_NS + 1500000000))
    RESTART_NS=$(now_ns)
    "$LOOPREC_TEST_RESTART" </dev/null 3>&- || return
    listen_anew || return
    another_plays || return
    tune_left || return
    SEEN_NS=$(now_ns)
    eventually grep -q '"state":"back"' mortal.json || return
    sleep 2
    interrupt "$recorder"
    finished mortal "$recorder"
}

mortal_was_whole() {
    left_was_whole || return
    rm "heard-$SINK.since"
    mv before.raw "heard-$SINK.raw"
    left_was_whole
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
