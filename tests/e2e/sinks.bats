#!/usr/bin/env bats
# The files as other programs read them: flac, sox, FFmpeg, libsndfile; in
# pipes, after a kill and on a full disk. $LOOPREC names the executable.

bats_require_minimum_version 1.5.0

setup() {
    LOOPREC=$(realpath "${LOOPREC:-$BATS_TEST_DIRNAME/../../build/native/looprec}")
    cd "$BATS_TEST_TMPDIR" || return
    COUNTER=--source=synth:counter,fast
}

# One field of the first stream, by FFmpeg.
probe() { # FIELD FILE
    ffprobe -v error -show_entries "stream=$1" -of csv=p=0 "$2"
}

# How many frames each reader finds; all must say $2.
all_read() { # FILE FRAMES
    local file=$1 frames=$2
    [ "$(probe duration_ts "$file")" = "$frames" ]
    [ "$(soxi -s "$file" 2>/dev/null)" = "$frames" ]
    [ "$(sndfile-info "$file" | sed -n 's/^Frames *: //p')" = "$frames" ]
    decodes "$file"
}

# FFmpeg has nothing to say against it, and flac (its checksum included).
decodes() {
    run ffmpeg -nostdin -v error -i "$1" -f null -
    [ -z "$output" ]
    case $1 in
    *.flac) flac --test --silent --warnings-as-errors "$1" ;;
    esac
}

# The samples that libsndfile reads, of type s16 ...
by_libsndfile() { # TYPE FILE
    case $1 in
    s16) sndfile-convert -pcm16 "$2" samples.raw ;;
    s24) sndfile-convert -pcm24 "$2" samples.raw ;;
    s32) sndfile-convert -pcm32 "$2" samples.raw ;;
    f32) sndfile-convert -float32 "$2" samples.raw ;;
    esac >/dev/null
    cat samples.raw
    rm samples.raw
}

# The same by SoX, which has integers only.
by_sox() { # TYPE FILE
    sox "$2" -t raw -e signed -b "${1#?}" - 2>/dev/null
}

# The samples by FFmpeg, as $1 (s16le ...). It would take keys from a pipe.
decode() { # TYPE FILE
    ffmpeg -nostdin -v error -i "$2" -f "$1" -
}

@test "every type of file and sample is read to the bit by other programs" {
    local type samples
    for samples in s16 s24 s32 f32; do
        "$LOOPREC" -q "$COUNTER" -f $samples -t raw -d 100001f - >exact.raw
        for type in wav rf64 w64 flac; do
            [ $type != flac ] || [ $samples = s16 ] || [ $samples = s24 ] || continue
            "$LOOPREC" -q "$COUNTER" -f $samples -d 100001f $samples.$type
            all_read $samples.$type 100001
            [ $type = flac ] || [ "$(probe codec_name $samples.$type)" = "pcm_${samples}le" ]
            decode ${samples}le $samples.$type | cmp - exact.raw
            by_libsndfile $samples $samples.$type | cmp - exact.raw
            [ $samples = f32 ] || by_sox $samples $samples.$type | cmp - exact.raw
        done
    done
    [ "$(head -c 4 s16.wav)" = RIFF ]
    [ "$(head -c 4 s16.rf64)" = RF64 ]
    [ "$(head -c 4 s16.w64)" = riff ]
}

@test "plain readers know a WAV of integers: Python's wave" {
    local samples
    for samples in s16 s24 s32; do
        "$LOOPREC" -q "$COUNTER" -f $samples -d 4801f $samples.wav
        "$LOOPREC" -q "$COUNTER" -f $samples -t raw -d 4801f $samples.raw
        python3 -c 'import sys, wave
w = wave.open(sys.argv[1])
sys.stdout.buffer.write(w.readframes(w.getnframes()))' $samples.wav | cmp - $samples.raw
    done
}

@test "lossy types: the length to the frame, the tone where it was" {
    local type answer
    for type in ogg opus mp3; do
        "$LOOPREC" -q --source=synth:tone=997,fast -d 100001f t.$type
        decodes t.$type
        [ "$(sndfile-info t.$type | sed -n 's/^Frames *: //p')" = 100001 ]
        [ "$(decode f32le t.$type | wc -c)" -eq $((100001 * 8)) ]
        answer=$(decode s16le t.$type | same_tone)
        echo "$type: $answer"
        [ "$answer" = "in place" ]
    done
    [ "$(soxi -s t.ogg)" = 100001 ]
    (($(sox t.mp3 -t s16 - | wc -c) >= 100001 * 4))
}

# Is what comes the tone of 997 Hz that synth makes, at the same instant?
same_tone() {
    python3 -c 'import array, math, sys
got = array.array("h", sys.stdin.buffer.read())[::2]
want = [16384 * math.sin(2 * math.pi * 997 * i / 48000) for i in range(len(got))]
part = slice(4800, len(got) - 4800)
error = sum((a - b) ** 2 for a, b in zip(got[part], want[part]))
power = sum(b * b for b in want[part])
print("in place" if error < power / 100 else "off: %g" % (error / power))'
}

@test "FLAC: flac -t with checksum, at every level" {
    local level
    for level in 0 5 8; do
        "$LOOPREC" -q "$COUNTER" -f s16 --compression=$level -d 100001f $level.flac
        all_read $level.flac 100001
        decode s16le $level.flac | cmp - <("$LOOPREC" -q "$COUNTER" -f s16 -t raw -d 100001f -)
    done
    "$LOOPREC" -q "$COUNTER" -f s24 -d 100001f 24.flac
    all_read 24.flac 100001
}

@test "one frame is a file too" {
    "$LOOPREC" -q "$COUNTER" -d 1f one.flac
    flac --test --silent --warnings-as-errors one.flac
    [ "$(soxi -s one.flac)" -eq 1 ]
    "$LOOPREC" -q "$COUNTER" -d 1f one.wav
    [ "$(soxi -s one.wav)" -eq 1 ]
}

@test "speakers: 5.1 and 7.1 are where they belong" {
    local type
    for type in wav rf64 w64 flac ogg opus; do
        "$LOOPREC" -q "$COUNTER,channels=8" -d 4800f 8.$type
        [ "$(probe channel_layout 8.$type)" = 7.1 ]
        "$LOOPREC" -q "$COUNTER,channels=6" -d 4800f 6.$type
        [[ $(probe channel_layout 6.$type) == 5.1* ]]
    done
}

@test "texts: the date, the program and what was recorded" {
    local type
    for type in wav rf64 flac ogg opus mp3; do
        "$LOOPREC" -q "$COUNTER" -d 4800f t.$type
        run ffprobe -v error -show_entries format_tags:stream_tags t.$type
        [[ $output == *"looprec "* ]]
        [[ $output == *"recorded from "* ]]
        [[ ${output,,} =~ date=20[0-9]{2}-[0-9]{2}-[0-9]{2}[t\ ][0-9:.]+ ]]
    done
}

# One tag as FFmpeg reads it, wherever the format has it.
tag() { # KEY FILE
    ffprobe -v error -of default=nw=1:nk=0 -show_entries format_tags:stream_tags "$2" |
        sed -n "s/^TAG:$1=//Ip" | head -1
}

@test "texts: what --tag says, in UTF-8, in every type that has them" {
    local type
    for type in wav rf64 flac ogg opus mp3; do
        "$LOOPREC" -q "$COUNTER" -d 4800f --tag=title='Größe ♫ 🎵' --tag=artist=Müller \
            --tag=album='A = B' --tag=genre=Lecture --tag=date=1977-05-09 \
            --tag=tracknumber=3 --tag=copyright='© me' --tag=comment= \
            --tag=software=mine t.$type
        [ "$(tag title t.$type)" = 'Größe ♫ 🎵' ]
        [ "$(tag artist t.$type)" = Müller ]
        [ "$(tag album t.$type)" = 'A = B' ]
        [ "$(tag genre t.$type)" = Lecture ]
        [ "$(tag date t.$type)" = 1977-05-09 ]
        [ "$(tag copyright t.$type)" = '© me' ]
        [ "$(tag track t.$type)" = 3 ]
        [ -z "$(tag comment t.$type)" ]
        decodes t.$type
        # and as libsndfile reads it
        sndfile-info t.$type | grep -q 'Größe ♫ 🎵'
    done
    for type in flac ogg opus mp3; do
        "$LOOPREC" -q "$COUNTER" -d 4800f --tag=licence=CC0 l.$type
        [ "$(tag license l.$type)" = CC0 ]
    done
}

@test "texts: hostile ones are tamed, the file stays whole" {
    local type text
    text=$'two\nlines \e]0;x\a \u202e'
    for type in wav flac ogg opus mp3; do
        "$LOOPREC" -q "$COUNTER" -d 4800f --tag=title="$text" \
            --tag=artist="$(printf '%01000d' 7)" --tag=album='RIFF' t.$type
        [ "$(tag title t.$type)" = 'two?lines ?]0;x? ?' ]
        [ "$(tag artist t.$type)" = "$(printf '%01000d' 7)" ]
        decodes t.$type
    done
    run -2 "$LOOPREC" -q "$COUNTER" -d 4800f --tag=artist="$(printf '%01001d' 7)" long.flac
    [[ $output == *"1001 bytes"* ]]
    [ ! -e long.flac ]
}

@test "texts that a type cannot hold are told of" {
    local type
    for type in w64 raw; do
        run --separate-stderr "$LOOPREC" "$COUNTER" -d 4800f --tag=title=x --tag=genre=y t.$type
        # shellcheck disable=SC2154
        [[ $stderr == *"warning: $type files cannot hold this tag: title, genre"* ]]
    done
    run --separate-stderr "$LOOPREC" "$COUNTER" -d 4800f --tag=title=x --tag=licence=y t.wav
    [[ $stderr == *"cannot hold this tag: licence"* ]]
    "$LOOPREC" "$COUNTER" --json -d 4800f --overwrite --tag=title=x t.w64 |
        jq -es 'any(.[]; .event == "warning" and (.message | contains("title")))'
    run --separate-stderr "$LOOPREC" "$COUNTER" -d 4800f --tag=title=x t.flac
    [[ $stderr != *warning* ]]
}

@test "--sync puts it on the disk once a second, and no option never does" {
    local calls
    strace -f -e trace=fsync -o with "$LOOPREC" -q --source=synth:tone -d 3.2 --sync=1s with.wav
    calls=$(grep -c 'fsync(.*= 0' with)
    echo "$calls syncs"
    # the file at 1, 2, 3 s (or a little earlier) and at the end, its folder once
    ((calls >= 4 && calls <= 9))
    strace -f -e trace=fsync -o without "$LOOPREC" -q --source=synth:tone -d 1.2 without.wav
    ! grep -q fsync without
}

@test "FLAC in a pipe: flac -t, nothing behind the end" {
    "$LOOPREC" -q "$COUNTER" -t flac -f s16 -d 100001f - >piped.flac
    "$LOOPREC" -q "$COUNTER" -t flac -f s16 -d 100001f - | flac --test --silent -
    "$LOOPREC" -q "$COUNTER" -t flac -f s16 -d 100001f - | cat >really-piped.flac
    flac --test --silent really-piped.flac
    decode s16le really-piped.flac | cmp - <(decode s16le piped.flac)
}

@test "WAV in a pipe: sox and FFmpeg read it at once, every sample type" {
    local type bytes
    for type in s16 s24 s32 f32; do
        bytes=${type:1}
        "$LOOPREC" -q "$COUNTER" -f $type -t wav -d 100001f - |
            ffmpeg -v error -i - -f "$type"le -c copy - >ffmpeg.raw
        [ "$(stat -c %s ffmpeg.raw)" -eq $((100001 * 2 * bytes / 8)) ]
        "$LOOPREC" -q "$COUNTER" -f $type -t raw -d 100001f - | cmp - ffmpeg.raw
    done
    "$LOOPREC" -q "$COUNTER" -f s16 -t wav -d 100001f - |
        sox -t wav - -t s16 sox.raw 2>/dev/null
    "$LOOPREC" -q "$COUNTER" -f s16 -t raw -d 100001f - | cmp - sox.raw
}

@test "lossy types in a pipe" {
    local type answer
    for type in ogg opus mp3; do
        "$LOOPREC" -q --source=synth:tone=997,fast -t $type -d 100001f - | cat >piped.$type
        decodes piped.$type
        "$LOOPREC" -q --source=synth:tone=997,fast -t $type -d 100001f - |
            ffmpeg -v error -i - -f s16le - >piped.raw
        # nobody says of an MP3 in a pipe where in its last frames the sound ends
        (($(stat -c %s piped.raw) >= 100001 * 4 && $(stat -c %s piped.raw) < 105000 * 4))
    done
    "$LOOPREC" -q --source=synth:tone=997,fast -t ogg -d 100001f - |
        sox -t ogg - -t s16 - >sox.raw
    [ "$(stat -c %s sox.raw)" -eq $((100001 * 4)) ]
    "$LOOPREC" -q --source=synth:tone=997,fast -t mp3 -d 100001f - |
        sox -t mp3 - -t s16 - >sox.raw
    (($(stat -c %s sox.raw) >= 100001 * 4))
}

@test "what a pipe's reader has can be heard while it is recorded" {
    local type pid
    for type in wav flac ogg opus mp3; do
        "$LOOPREC" -q --source=synth:tone -t $type - >>now.$type &
        pid=$!
        until (($(decode s16le now.$type 2>/dev/null | wc -c) > 48000 * 4)); do
            kill -0 $pid
            sleep 0.1
        done
        kill -INT $pid
        wait $pid
    done
}

@test "RF64 and Wave64 refuse a pipe and say what to take" {
    local type
    for type in rf64 w64; do
        run -2 bash -c 'set -o pipefail; "$0" -q "$1" -t $2 -d 1 - | cat' "$LOOPREC" "$COUNTER" $type
        [[ $output == *"pipe"*"use wav"* ]]
        "$LOOPREC" -q "$COUNTER" -t $type -d 4801f - >file.$type # is none
        all_read file.$type 4801
    done
}

@test "a FIFO is a pipe too" {
    mkfifo pipe.flac
    flac --test --silent pipe.flac &
    "$LOOPREC" -q "$COUNTER" -f s16 -d 100001f pipe.flac
    wait $!
}

@test "killed: the file is there, readable, and at most 1 s short" {
    local type frames pid
    for type in wav flac raw; do
        "$LOOPREC" -q --source=synth:tone -f s16 killed.$type &
        pid=$!
        sleep 3
        kill -KILL $pid
        wait $pid || true
        if [ $type = raw ]; then
            frames=$(($(stat -c %s killed.raw) / 4))
        else
            frames=$(soxi -s killed.$type)
            [ "$(sndfile-info killed.$type | sed -n 's/^Frames *: //p')" = "$frames" ]
            decode s16le killed.$type >/dev/null
        fi
        echo "$type: $frames"
        # 3 s less the start of the program and 1 s
        ((frames > 2 * 48000 - 12000 && frames < 3 * 48000 + 4800))
    done
    flac --test --silent killed.flac
}

@test "a full disk: what fits is there and valid, the reason is told" {
    unshare -rm mount -t tmpfs none "$PWD" 2>/dev/null || skip "may not mount"
    local type
    for type in wav flac raw; do
        # shellcheck disable=SC2016
        run unshare -rm sh -c '
            mkdir disk && mount -t tmpfs -o size=256k none disk || exit 99
            "$1" -q --source=synth:noise,fast -f s16 -d 60 disk/x.$2
            echo "exit $?"
            cp disk/x.$2 .' - "$LOOPREC" $type
        echo "$output"
        [[ $output == *"no space left"*"exit 1"* ]]
        (($(stat -c %s x.$type) > 200000))
        case $type in
        wav) all_read x.wav "$(soxi -s x.wav)" ;;
        flac) flac --test --silent x.flac ;;
        raw) (($(stat -c %s x.raw) % 4 == 0)) ;;
        esac
        rm -rf disk
    done
}

@test "what a type cannot hold is refused with what it can" {
    run -2 "$LOOPREC" -q "$COUNTER" -f f32 -d 1 x.flac
    [[ $output == *"flac holds s16 and s24"* ]]
    run -2 "$LOOPREC" -q "$COUNTER" -f s16 -d 1 x.opus
    [[ $output == *"opus holds f32"* ]]
    run -2 "$LOOPREC" -q "$COUNTER,rate=44100" -d 1 x.opus
    [[ $output == *"44100 Hz"*"12000, 16000, 24000 and 48000"* ]]
    run -2 "$LOOPREC" -q "$COUNTER,channels=6" -d 1 x.mp3
    [[ $output == *"1 to 2 channels"* ]]
    run -2 "$LOOPREC" -q "$COUNTER,rate=384000" -d 1 x.ogg
    [[ $output == *"1000 to 200000 Hz"* ]]
    [ -z "$(ls)" ]
    run -2 "$LOOPREC" -q "$COUNTER,channels=9" -d 1 x.flac
    [[ $output == *"8 channels"* ]]
    [ ! -e x.flac ]
}
