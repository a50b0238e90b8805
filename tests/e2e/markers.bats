#!/usr/bin/env bats
# Markers: by SIGUSR1 and by the key m, told and in the file, as other programs
# read it. With synthetic sources in real time: no sound server is needed.

load lib.bash
load terminal.bash

setup() {
    mkdir "$BATS_TEST_TMPDIR/here"
    cd "$BATS_TEST_TMPDIR/here" || return
    COUNTER=--source=synth:counter,bits=16
}

teardown() { end_started; }

# --- helpers ---

told() { # NAME EVENT COUNT
    [ "$(grep -c "\"event\":\"$2\"" "$1.json")" -ge "$3" ]
}

order() { # NAME SIGNAL EVENT
    local before
    before=$(grep -c "\"event\":\"$3\"" "$1.json" || :)
    kill "-$2" "$PID"
    eventually told "$1" "$3" $((before + 1))
}

mark() { order "$1" USR1 marker; }
toggle() { order "$1" USR2 pause; }

# A recording with three markers, the second in a pause; $1 is the file.
marked() {
    record a "$COUNTER" -f s16 "$@"
    eventually has_grown a 12000
    mark a
    toggle a
    mark a
    sleep 0.2
    toggle a
    eventually has_grown a 24000
    mark a
    eventually has_grown a 36000
    interrupt "$PID"
    finished a "$PID"
}

markers_told() { jq -r 'select(.event == "marker") | .at_frame' a.json; }

# ffprobe tells a chapter's beginning in samples.
markers_by_ffprobe() {
    ffprobe -v error -show_chapters -of json "$1" | jq -r '.chapters[].start'
}

markers_by_libsndfile() {
    sndfile-info "$1" | sed -n 's/.*Cue ID.*Offset : \([0-9]*\)$/\1/p'
}

# --- types ---

@test "WAV: each marker is a cue point at the frame that is told" {
    marked a.wav
    [ "$(markers_told | wc -l)" -eq 3 ]
    [ "$(markers_by_ffprobe a.wav)" = "$(markers_told)" ]
    [ "$(markers_by_libsndfile a.wav)" = "$(markers_told)" ]
    events_show a '([.[] | select(.event == "marker") | .n] == [1, 2, 3]) and
        (last | .markers == 3) and
        all(.[]; .event != "warning") and
        ([.[] | select(.event == "marker")][1].at_frame ==
            [.[] | select(.event == "pause")][0].at_frame)'
    # the sound is as long as it is told, for readers that know no markers too
    has_frames a.wav "$(final a .frames)"
    [ "$(soxi -s a.wav)" -eq "$(final a .frames)" ]
    [ "$(stat -c %s a.wav)" -eq "$(final a .bytes)" ]
    grep -q '^looprec: marker 2 at 00:00:0' a.err
    grep -q '^  3 markers$' a.err
}

@test "a marker's moment is that of the signal, to some milliseconds" {
    local at
    record a "$COUNTER" -f s16 a.wav
    eventually has_grown a 12000
    at=$(now_ns)
    mark a
    interrupt "$PID"
    finished a "$PID"
    near "$(calculate "($at - $(started_ns a)) / 1e9")" \
        "$(calculate "$(markers_told) / 48000")" 0.1 "marker"
    near "$(calculate "$(time_ns "$(jq -r 'select(.event == "marker") | .time' a.json)") / 1e9")" \
        "$(calculate "$at / 1e9")" 0.1 "its time"
}

@test "RF64 has them, too" {
    marked a.rf64
    [ "$(markers_by_ffprobe a.rf64)" = "$(markers_told)" ]
    has_frames a.rf64 "$(final a .frames)"
}

@test "FLAC: each marker is a track of the cue sheet at the frame that is told" {
    marked a.flac
    [ "$(markers_told | wc -l)" -eq 3 ]
    [ "$(markers_by_ffprobe a.flac)" = "$(markers_told)" ]
    [ "$(metaflac --export-cuesheet-to=- a.flac | sed -n 's/.*INDEX 01 //p')" = "$(markers_told)" ]
    flac -s -t -w a.flac
    has_frames a.flac "$(final a .frames)"
    events_show a 'all(.[]; .event != "warning")'
    [ "$(stat -c %s a.flac)" -eq "$(final a .bytes)" ]
}

has_its_markers() { [ "$(markers_by_ffprobe a.flac)" = "$(markers_told)" ]; }

@test "a FLAC that is killed has its markers" {
    record a "$COUNTER" -f s16 a.flac
    eventually has_grown a 12000
    mark a
    eventually has_its_markers # up to a fifth of a second later
    kill -KILL "$PID"
    await_end "$PID"
    has_its_markers
    flac -s -t a.flac
}

@test "a type that has none: told, with a warning, and the sound is whole" {
    local type
    for type in raw w64; do
        marked "a.$type"
        [ "$(markers_told | wc -l)" -eq 3 ]
        events_show a '[.[] | select(.event == "warning")] | length == 1 and
            (.[0].message | startswith("a marker is not in the file: wav and rf64 hold"))'
        events_show a 'last | .markers == 3 and .captured == .frames'
    done
    has_frames a.w64 "$(final a .frames)"
}

@test "a WAV that is killed: the markers are in the events" {
    record a "$COUNTER" -f s16 a.wav
    eventually has_grown a 12000
    mark a
    eventually has_grown a 24000
    kill -KILL "$PID"
    await_end "$PID"
    [ "$(markers_told | wc -l)" -eq 1 ]
    [ -z "$(markers_by_ffprobe a.wav)" ]
    true_that "$(measure frames frames a.wav) > 12000"
}

@test "several files: each marker is in the one that holds its frame" {
    local type file number at found
    for type in wav flac; do
        marked --split=24000f "a.$type"
        [ -e "a-001.$type" ] && [ -e "a-002.$type" ]
        found=$(jq -r 'select(.event == "segment") | "\(.file) \(.at_frame)"' a.json |
            while read -r file at; do
                markers_by_ffprobe "$file" | while read -r number; do
                    echo $((at + number))
                done
            done)
        [ "$found" = "$(markers_told)" ] || fail "$type: $found, told: $(markers_told)"
    done
}

@test "on a terminal: m marks" {
    begin_on_terminal "$LOOPREC $COUNTER -f s16 a.wav"
    eventually grep -q '00:00:00\.[3-9]' screen
    grep -q 'm marks' screen
    printf m >&7
    eventually grep -q 'looprec: marker 1 at 00:00:0' screen
    sleep 0.2
    printf mq >&7
    end_on_terminal
    grep -q '  2 markers' screen
    [ "$(markers_by_ffprobe a.wav | wc -l)" -ge 1 ]
}
