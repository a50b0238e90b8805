#!/usr/bin/env bats
# The measuring tools themselves: what the other tests rely on is measured here
# on signals whose faults are known.

load lib.bash

setup() {
    cd "$BATS_TEST_TMPDIR" || return
}

@test "a tone's frequency, level and phase are right" {
    generate tone tone.wav --hz=1234.5 --db=-12 --seconds=3
    near "$(measure hz tone tone.wav)" 1234.5 0.001 hz
    near "$(measure dbfs tone tone.wav)" -12 0.01 dbfs
    near "$(measure phase_degrees tone tone.wav --hz=1234.5 --from=1.7)" 0 0.1 phase
    [ "$(measure breaks tone tone.wav)" -eq 0 ]
    true_that "$(measure largest_step_degrees tone tone.wav) < 0.01"
    true_that "$(measure residual_db tone tone.wav) < -80"
}

@test "a break of phase by five degrees is seen, and where" {
    generate tone tone.wav --seconds=4 --break=5
    [ "$(measure breaks tone tone.wav)" -eq 1 ]
    near "$(measure break1 tone tone.wav | cut -d' ' -f1)" 2 0.02 place
    near "$(measure break1 tone tone.wav | cut -d' ' -f2)" 5 0.01 degrees
    run ! is_whole_tone tone.wav
    is_whole_tone tone.wav --to=1.9
    is_whole_tone tone.wav --from=2.1
}

@test "one missing frame is seen" {
    generate tone tone.wav --seconds=4 --drop=1
    near "$(measure largest_step_degrees tone tone.wav)" "$(calculate '360 * 997 / 48000')" 0.01 step
    run ! is_whole_tone tone.wav
    # and from the two sides of it, as of a gap
    near "$(measure phase_degrees tone tone.wav --hz=997 --from=2.1)" \
        "$(calculate '360 * 997 / 48000')" 0.1 phase
}

@test "three frames of zeros in a tone are seen" {
    generate tone tone.wav --seconds=2
    sox -D tone.wav -t raw head.raw trim 0 48010s
    sox -D tone.wav -t raw tail.raw trim 48013s
    head -c 12 /dev/zero | cat head.raw - tail.raw >holed.raw
    near "$(measure residual_at tone holed.raw --raw=s16,48000,2)" 1.0002 0.001 place
    run ! is_whole_tone holed.raw --raw=s16,48000,2
}

@test "silence, a file of another tone and no file at all are refused as a tone" {
    generate silence silence.wav
    run -1 analyse tone silence.wav
    generate tone other.wav --hz=998 --seconds=2
    run ! is_whole_tone other.wav
    run -1 analyse tone nothing.wav
}

@test "the level of one tone among others is right, and of one that is not there low" {
    generate tone loud.wav --seconds=2 --hz=997 --db=-6
    generate tone quiet.wav --seconds=2 --hz=1500 --db=-60
    # floats: sums of 16-bit files would have their rounding in them
    sox -D -m -v 1 loud.wav -v 1 quiet.wav -e floating-point -b 32 both.wav
    near "$(measure dbfs level both.wav --hz=997)" -6 0.01 "the loud one"
    near "$(measure dbfs level both.wav --hz=1500)" -60 0.1 "the quiet one"
    below "$(measure dbfs level both.wav --hz=1200)" -120 "none"
    near "$(measure dbfs level both.wav --hz=1500 --from=0.5 --to=0.8)" -60 0.1 "in a part"
    generate tone-gap-tone gap.wav --tone=1 --gap=2 --hz=997
    below "$(measure dbfs level gap.wav --hz=997 --from=1.1 --to=2.9)" -120 "in the gap"
    run -1 analyse level both.wav
}

@test "onsets are exact to the frame" {
    generate tone-gap-tone signal.wav --tone=0.5 --gap=1.25
    [ "$(measure spans onsets signal.wav)" -eq 2 ]
    near "$(measure end1 onsets signal.wav)" 0.5 0.0003 end
    near "$(measure start2 onsets signal.wav)" 1.75 0.0003 start
    [ "$(measure silences silence signal.wav --least=0.01)" -eq 1 ]
}

@test "clicks are found at their frames" {
    generate clicks clicks.wav --seconds=1 --lead=0.25
    [ "$(measure click1_frame clicks clicks.wav)" -eq 12000 ]
    [ -z "$(measure click2_frame clicks clicks.wav --count=2)" ]
}

@test "16-bit samples are found in files of 16 and 24 bits and float, and one changed is not" {
    generate noise needle.wav --seconds=1
    generate silence silence.wav --seconds=0.5
    sox -D silence.wav needle.wav hay.wav
    sox -D silence.wav needle.wav -b 24 hay24.flac
    sox -D silence.wav needle.wav -e floating-point -b 32 hayf.wav
    local hay
    for hay in hay.wav hay24.flac hayf.wav; do
        [ "$(measure found find needle.wav $hay)" -eq 1 ]
        [ "$(measure offset find needle.wav $hay)" -eq 24000 ]
    done
    sox -D hay.wav -t raw hay.raw
    printf '\x01' | dd of=hay.raw bs=1 seek=200000 conv=notrunc status=none
    [ "$(measure found find needle.wav hay.raw --raw=s16,48000,2)" -eq 0 ]
}

@test "a file shorter than its header says is refused" {
    generate tone tone.wav --seconds=1
    sox -D tone.wav tone.flac
    head -c 20000 tone.flac >short.flac
    run -1 analyse frames short.flac
}

@test "breaks in the counter pattern are counted" {
    perl -e 'print pack "v*", map { $_ & 0xffff } 0 .. 199_999' >whole.raw
    [ "$(measure breaks counter whole.raw --raw=s16,48000,2)" -eq 0 ]
    perl -e 'print pack "v*", map { $_ & 0xffff } 0 .. 999, 1002 .. 5000' >broken.raw
    [ "$(measure breaks counter broken.raw --raw=s16,48000,2)" -eq 1 ]
}

@test "the time of a sound is told when it comes" {
    generate tone-gap-tone signal.wav --tone=0.5 --gap=1
    sox -D signal.wav -t raw signal.raw
    local before
    before=$(now_ns)
    run -0 "$TOOLS/await" --every=0.5 <signal.raw
    [ "${#lines[@]}" -eq 2 ]
    near "$(sed 's/time_ns=\([0-9]*\).*/\1/' <<<"${lines[0]}")" "$before" 2e9 time
    near "${lines[1]#*frame=}" 72000 10 frame
    run -1 "$TOOLS/await" </dev/null
}
