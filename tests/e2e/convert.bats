#!/usr/bin/env bats
# Files of another rate, other channels, fewer bits than the source, with
# synthetic sources: lengths, places and tones are what they were. With
# SYSTEM=wine it is the Windows executable.

load lib.bash

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    TONE=synth:tone=997,fast
}

# Quietly, with the events in $1.json; the rest: words for looprec, without the
# program's own name.
run_json() {
    local name=$1
    shift
    looprec -q --json "$@" </dev/null >"$name.json"
}

# A sound that is whole but for the first and last moments, where the filter
# rings: $1 from $2 to $3 seconds.
whole_between() {
    is_whole_tone "$1" --from="$2" --to="$3"
}

@test "-d is exact in the file's frames, at every rate and any channels" {
    local rate
    for rate in 8000 16000 22050 44100 48000 96000 192000; do
        run_json t --source="$TONE" -d 10s -r $rate -c 1 -f s16 $rate.wav
        has_frames $rate.wav $((rate * 10)) $rate 1
        whole_between $rate.wav 0.1 9.9
        jq -es --argjson rate $rate 'last | .frames == 10 * $rate and
            .captured == .frames and .rate == $rate and .channels == 1' t.json
    done
    # what is given in frames is the file's, too
    run_json t --source="$TONE" -d 48000f -r 16000 frames.wav
    has_frames frames.wav 48000 16000 2
    run_json t --source="$TONE,rate=11025,channels=1" -d 3s -r 44100 -c 2 up.wav
    has_frames up.wav 132300 44100 2
    whole_between up.wav 0.1 2.9
}

@test "pauses and losses are where they were, and the account adds up" {
    local rate
    for rate in 16000 44100 96000; do
        run_json t --source="$TONE,stall=1s+1s,gap=3s+500ms" -d 5s -r $rate -f f32 $rate.wav
        has_frames $rate.wav $((rate * 5)) $rate 2
        jq -es --argjson r $rate '
            ([.[] | select(.event == "gap")] |
             map([.class, .at_frame, .frames]) ==
             [["idle", $r, $r], ["lost", 3 * $r, 0.5 * $r]]) and
            (last | .idle == $r and .lost == 0.5 * $r and
             .captured == 3.5 * $r)' t.json
        measure spans onsets $rate.wav | grep -qx 3
        near "$(measure end1 onsets $rate.wav)" 1 0.0001 "the end at $rate"
        near "$(measure start2 onsets $rate.wav)" 2 0.0001 "the start at $rate"
        near "$(measure end2 onsets $rate.wav)" 3 0.0001 "the loss at $rate"
        near "$(measure start3 onsets $rate.wav)" 3.5 0.0001 "its end at $rate"
    done
}

# The phase that the tone has in $1 from $2 s on, in degrees from that of the
# source: the sound is not early or late by a part of a frame.
@test "the filter's delay is taken off: the tone has the source's phase" {
    local rate phase
    looprec -q --source="$TONE" -d 3s -f f32 same.wav </dev/null
    phase=$(measure phase_degrees tone same.wav --hz=997 --from=1 --to=2)
    [ -n "$phase" ]
    for rate in 16000 44100 96000; do
        looprec -q --source="$TONE" -d 3s -r $rate -f f32 $rate.wav </dev/null
        # 0.1 degrees of it are 0.3 microseconds
        near "$(measure phase_degrees tone $rate.wav --hz=997 --from=1 --to=2)" "$phase" 0.1 "at $rate"
    done
}

@test "a device that comes back with another format: the file keeps its own" {
    run_json t --source="$TONE,reformat-at=2s:44100:1,reformat-at=4s:96000:6" \
        -d 6s -r 22050 -c 2 -f s16 t.wav
    has_frames t.wav 132300 22050 2
    jq -es '(last | .captured + .gone == .frames and .gone < 5000) and
        ([.[] | select(.event == "warning")] == [])' t.json
    whole_between t.wav 0.1 1.9
    whole_between t.wav 2.2 3.9
    whole_between t.wav 4.2 5.9
}

@test "several sources of different formats, in a third one" {
    run_json t --source="$TONE,amp=-20" --source=synth:tone=440,fast,rate=44100,channels=1,amp=-20,stall=1s+1s \
        --source=synth:tone=2000,fast,rate=96000,channels=6,amp=-30,length=3s \
        -d 5s -r 32000 -c 2 -f s24 mix.wav
    has_frames mix.wav 160000 32000 2
    near "$(measure dbfs level mix.wav --hz=997 --from=3.2)" -20 0.05 997
    near "$(measure dbfs level mix.wav --hz=440 --from=2.2)" -20 0.05 440
    below "$(measure dbfs level mix.wav --hz=440 --from=1.1 --to=1.9)" -90 "its pause"
    # ITU's 5.1 to two: (1 + 2 * 0.707) / (1 + 2 * 0.707)
    near "$(measure dbfs level mix.wav --hz=2000 --from=0.2 --to=2.8)" -30 0.05 2000
    below "$(measure dbfs level mix.wav --hz=2000 --from=3.2)" -90 "its end"
    jq -es 'last | .captured == 160000' t.json
}

@test "every type takes what it can hold, and says what before it records" {
    local type
    for type in wav rf64 w64 flac ogg mp3 raw; do
        looprec -q --source="$TONE" -d 2s -r 44100 -c 1 t.$type </dev/null
        [ $type = raw ] || [ "$(sndfile-info t.$type | sed -n 's/^Frames *: //p')" = 88200 ]
    done
    looprec -q --source="$TONE,rate=44100" -d 2s -r 48000 t.opus </dev/null
    [ "$(sndfile-info t.opus | sed -n 's/^Frames *: //p')" = 96000 ]
    looprec -q --source="$TONE,rate=96000,channels=6" -d 2s -r 48000 -c 2 six.mp3 </dev/null
    [ "$(sndfile-info six.mp3 | sed -n 's/^Frames *: //p')" = 96000 ]
    # not even the device is asked
    run -2 looprec -q -D none -d 1 -r 44100 no.opus </dev/null
    [[ $output == *"44100 Hz"*"12000, 16000, 24000 and 48000 Hz; choose by -r"* ]]
    run -2 looprec -q -D none -d 1 -c 6 no.mp3 </dev/null
    [[ $output == *"6 channels"*"mp3 holds 1 to 2 channels; choose by -c"* ]]
    [ ! -e no.opus ] && [ ! -e no.mp3 ]
}

@test "a recogniser's stream: 16 kHz, mono, s16, in a pipe" {
    looprec -q --source="$TONE,amp=-6" -r 16000 -c 1 -f s16 -t raw -d 2s - </dev/null >t.raw
    [ "$(stat -c %s t.raw)" -eq $((2 * 16000 * 2)) ]
    near "$(measure dbfs level t.raw --raw=s16,16000,1 --hz=997 --from=0.1 --to=1.9)" -6 0.05 level
}

@test "without libsoxr: told before there is a file, and nothing else needs it" {
    [ "${SYSTEM-}" != wine ] || skip "there it is part of the executable"
    # (a library that cannot be loaded comes before the one that can)
    mkdir no
    echo >no/libsoxr.so.0
    export LD_LIBRARY_PATH=$PWD/no
    run_json same --source="$TONE" -d 2s -r 48000 -c 1 same.wav
    has_frames same.wav 96000 48000 1
    run -1 --separate-stderr looprec --json --source="$TONE" -d 2s -r 44100 no.wav </dev/null
    [ ! -e no.wav ]
    # shellcheck disable=SC2154
    [[ $stderr == *"from 48000 to 44100 Hz: "*libsoxr.so.0*"this takes libsoxr"* ]]
    jq -es '[.[].event] == ["finished"] and .[0].exit == 1 and .[0].error == "unsupported"' <<<"$output"
    # a device that is back with another rate: what there was is kept
    run -1 --separate-stderr looprec -q --source="$TONE,reformat-at=2s:44100" -d 4s kept.wav </dev/null
    [[ $stderr == *"from 44100 to 48000 Hz: "*libsoxr.so.0* ]]
    whole_between kept.wav 0.1 1.9
}

@test "--dither: quiet sound is heard, and what has 16 bits is not touched" {
    # a tone of a fifth of the last bit
    local quiet=synth:tone=1000,fast,amp=-104
    local shape=--raw=s16,48000,2
    looprec -q --source=$quiet -f s16 -d 5s plain.raw </dev/null
    looprec -q --source=$quiet --dither -d 5s heard.raw </dev/null
    looprec -q --source=$quiet --dither -d 5s again.raw </dev/null
    below "$(measure dbfs level plain.raw $shape --hz=1000)" -190 "without"
    near "$(measure dbfs level heard.raw $shape --hz=1000)" -104 0.5 "with dither"
    cmp heard.raw again.raw
    looprec -q --source=synth:noise,bits=16,fast -f s16 -d 5s noise.raw </dev/null
    looprec -q --source=synth:noise,bits=16,fast --dither -d 5s same.raw </dev/null
    cmp noise.raw same.raw
    # resampled it has more than 16 bits
    looprec -q --source=synth:noise,bits=16,fast -r 44100 -f s16 -d 5s noise44.raw </dev/null
    looprec -q --source=synth:noise,bits=16,fast -r 44100 --dither -d 5s dither44.raw </dev/null
    ! cmp -s noise44.raw dither44.raw || fail "no dither"
    # silence stays silent
    looprec -q --source=synth:silence,fast --dither -r 44100 -d 1s silence.raw </dev/null
    cmp -n 176400 silence.raw /dev/zero
}

@test "clipping is counted and told, once, and f32 has none" {
    run --separate-stderr looprec --source="$TONE,amp=3" -d 2s -r 44100 t.wav </dev/null
    # shellcheck disable=SC2154
    [ "$(grep -c "warning: the sound exceeds full scale" <<<"$stderr")" -eq 1 ]
    [[ $stderr == *" samples clipped"* ]]
    run_json t --source="$TONE,amp=3" -d 2s -r 44100 --overwrite t.wav
    jq -es '([.[] | select(.event == "warning")] | length == 1) and
        (last | .clipped > 40000)' t.json
    run_json t --source="$TONE,amp=3" -d 2s -r 44100 -f f32 --overwrite t.wav
    jq -es 'all(.[]; .event != "warning") and (last | .clipped == 0)' t.json
    # a mix of full-scale channels is full scale
    run_json t --source="$TONE,channels=8,bits=16,amp=0" -d 2s -c 2 --overwrite t.wav
    jq -es 'last | .clipped == 0 and .peak_dbfs > -0.1' t.json
}
