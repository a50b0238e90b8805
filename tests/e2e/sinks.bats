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
    run ffmpeg -nostdin -v error -i "$file" -f null -
    [ -z "$output" ]
    case $file in
    *.flac) flac --test --silent --warnings-as-errors "$file" ;;
    esac
}

# The samples by FFmpeg, as $1 (s16le ...). It would take keys from a pipe.
decode() { # TYPE FILE
    ffmpeg -nostdin -v error -i "$2" -f "$1" -
}

@test "WAV: every sample type and four readers agree" {
    local pair
    for pair in s16:pcm_s16le s24:pcm_s24le s32:pcm_s32le f32:pcm_f32le; do
        "$LOOPREC" -q "$COUNTER" -f "${pair%:*}" -d 100001f "${pair%:*}.wav"
        all_read "${pair%:*}.wav" 100001
        [ "$(probe codec_name "${pair%:*}.wav")" = "${pair#*:}" ]
        [ "$(head -c 4 "${pair%:*}.wav")" = RIFF ]
    done
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
    for type in wav flac; do
        "$LOOPREC" -q "$COUNTER,channels=8" -d 4800f 8.$type
        [ "$(probe channel_layout 8.$type)" = 7.1 ]
        "$LOOPREC" -q "$COUNTER,channels=6" -d 4800f 6.$type
        [[ $(probe channel_layout 6.$type) == 5.1* ]]
    done
}

@test "texts: the date, the program and what was recorded" {
    local type
    for type in wav flac; do
        "$LOOPREC" -q "$COUNTER" -d 4800f t.$type
        run ffprobe -v error -show_entries format_tags -of default=nk=0 t.$type
        [[ $output == *"looprec "* ]]
        [[ $output == *"recorded from "* ]]
        [[ ${output,,} =~ date=20[0-9]{2}-[0-9]{2}-[0-9]{2}t[0-9:.]+ ]]
    done
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
    run -2 "$LOOPREC" -q "$COUNTER,channels=9" -d 1 x.flac
    [[ $output == *"8 channels"* ]]
    [ ! -e x.flac ]
}
