#!/usr/bin/env bats
# The executable as people and scripts use it, with synthetic sources: no sound
# server is needed. $LOOPREC names it (build/native/looprec).

bats_require_minimum_version 1.5.0
load terminal.bash

setup() {
    LOOPREC=$(realpath "${LOOPREC:-$BATS_TEST_DIRNAME/../../build/native/looprec}")
    # (bats keeps files of its own in $BATS_TEST_TMPDIR)
    mkdir "$BATS_TEST_TMPDIR/here"
    cd "$BATS_TEST_TMPDIR/here" || return
    # as fast as it goes, and in real time until it is stopped
    FAST=--source=synth:tone,fast
    LIVE=--source=synth:tone
    SILENCE=--source=synth:silence,fast
    LOSSY=--source=synth:tone,fast,gap=1s+500ms
    PIDS=()
}

teardown() {
    local pid
    for pid in "${PIDS[@]}"; do
        kill -KILL "$pid" 2>/dev/null || true
    done
    [ -z "${SHARED-}" ] || rm -rf "$SHARED"
}

# --- helpers ---

# Wait up to 20 s until the command is true.
eventually() {
    local tries=400
    until "$@"; do
        ((--tries)) || {
            echo "never true: $*" >&2
            return 1
        }
        sleep 0.05
    done
}

# Run looprec; it must be refused with $1 as exit code and one line that holds
# each of the following words up to --.
refused() {
    local code=$1 words=()
    shift
    while [ "$1" != -- ]; do
        words+=("$1")
        shift
    done
    shift
    run --separate-stderr "-$code" "$LOOPREC" "$@"
    echo "$stderr"
    [ -z "$output" ]
    [[ ${stderr_lines[0]} == "looprec: "* ]]
    local word
    for word in "${words[@]}"; do
        [[ ${stderr_lines[0]} == *"$word"* ]] || {
            echo "no '$word' in it"
            return 1
        }
    done
    if [ "$code" -eq 2 ]; then
        [ "${#stderr_lines[@]}" -eq 2 ]
        [ "${stderr_lines[1]}" = "Try 'looprec --help'" ]
    else
        [ "${#stderr_lines[@]}" -eq 1 ]
    fi
}

# Start looprec in the background with JSON in $1.json and messages in $1.err;
# returns when it has recorded something. PID is its process.
start() {
    local name=$1
    shift
    "$LOOPREC" --json "$@" >"$name.json" 2>"$name.err" 3>&- &
    PID=$!
    PIDS+=("$PID")
    eventually recorded_some "$name.json"
}

# No line of the file $1 matches $2. (In bats a failing `!` fails nothing.)
lacks() {
    if grep -n -e "$2" "$1"; then
        return 1
    fi
}

recorded_some() {
    grep '"event":"progress"' "$1" | grep -qv '"frames":0,'
}

# End PID by signal $1; its exit code must be $2.
stop_by() {
    local code=0
    kill "-$1" "$PID"
    wait "$PID" || code=$?
    [ "$code" -eq "${2:-0}" ]
}

finished() { # the last event's member $2 of $1.json
    jq -r "select(.event == \"finished\") | .$2" "$1.json"
}

frames_of() { # frames in the file $1
    sox --i -s "$1" 2>/dev/null || soxi -s "$1"
}

# --- help and version ---

@test "help: every option, at most 80 columns, exit 0" {
    run -0 "$LOOPREC" --help
    [[ $output == *"Usage: looprec [OPTION]... [FILE]"* ]]
    [[ $output == *"Examples:"* ]]
    local line
    for line in "${lines[@]}"; do
        [ "${#line}" -le 80 ]
    done
    run -0 "$LOOPREC" -h
    [[ $output == *"--fail-if-silent[=DB]"* ]]
}

@test "help and the man page have the options of the table" {
    cd "$BATS_TEST_DIRNAME/../.." || return
    LOOPREC=$LOOPREC scripts/man-options --check
}

@test "help and completions say what -f is by default" {
    local words="default: s16 of 16 bit, else s24" bits of
    run -0 "$LOOPREC" --help
    [[ $output == *" --format=FORMAT "*"$words"* ]]
    cd "$BATS_TEST_DIRNAME/../.." || return
    grep -q -- "--format=.*$words" completions/_looprec
    grep -q -- "-l format .*$words" completions/looprec.fish
    cd "$BATS_TEST_TMPDIR/here" || return
    for of in 16:16 24:24 32f:24; do
        "$LOOPREC" -q "$FAST,bits=${of%:*}" -d 1 "a$of.wav"
        bits=$(sox --i -b "a$of.wav" 2>/dev/null || soxi -b "a$of.wav")
        [ "$bits" -eq "${of#*:}" ]
    done
}

@test "version: one line, exit 0" {
    run -0 "$LOOPREC" --version
    [[ $output =~ ^looprec\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
    run -0 "$LOOPREC" -V
}

@test "help to a full device fails with a word" {
    [ -e /dev/full ] || skip "no /dev/full"
    local code=0
    "$LOOPREC" --help >/dev/full 2>err || code=$?
    [ "$code" -eq 1 ]
    grep -q '^looprec: cannot write to standard output' err
}

# --- wrong usage ---

@test "unknown options are named" {
    refused 2 "--bogus" -- --bogus
    refused 2 "-x" -- -x
    refused 2 "--ver" "--verbose" "--version" -- --ver
    refused 2 "--quiet" "no argument" -- --quiet=yes
    refused 2 "-6" "--fail-if-silent=-60" -- --fail-if-silent -60
}

@test "missing arguments are named" {
    refused 2 "--duration=TIME" -- -d
    refused 2 "--device=NAME" -- --device
    refused 2 "--type=TYPE" -- -t
}

@test "a duration below one frame makes a file of one frame" {
    "$LOOPREC" -q "$FAST" -d 0.00001 a.wav
    [ "$(soxi -s a.wav)" -eq 1 ]
}

@test "bad values are named with what would do" {
    refused 2 "tomorrow" "1h30m" "2d" -- -d tomorrow
    refused 2 "1000000h is too long" "36525d" -- -d 1000000h
    refused 2 "mp4" "wav, rf64, w64, flac, ogg, opus, mp3, raw, null" -- -t mp4
    refused 2 "s20" "s16, s24, s32, f32" -- -f s20
    refused 2 "'9'" "0 to 8" -- --compression=9
    refused 2 "1ms" "10ms to 10m" -- --buffer=1ms
    refused 2 "loud" "-200 to 0" -- --fail-if-silent=loud
    refused 2 "alsa" "synth:" -- --source=alsa
    refused 2 "synth" -- --source=synth:no-such-wave x.flac
    [ ! -e x.flac ]
}

@test "combinations that can't be are named" {
    refused 2 "b.wav" "leave out" -- a.wav b.wav
    refused 2 "song.doc" "-t" -- song.doc
    refused 2 "song" "-t" -- song
    mkdir takes
    refused 2 "'takes' is a folder" -- takes
    rmdir takes
    refused 2 "--list-devices" "--duration" -- -l -d 5
    refused 2 "--doctor" "--duration" -- --doctor -d 5
    refused 2 "--wait=5" "x.wav" -- --wait 5 x.wav
    refused 2 "standard output" "-t" -- -
    refused 2 "a.wav" "-t null" -- -t null a.wav
    refused 2 "f32" "flac holds s16 and s24" -- -f f32 a.flac
    refused 2 "--compression" "wav" -- --compression=3 a.wav
    refused 2 "--source" "--device" -- -D 1 "$FAST" a.wav
    refused 2 "--quiet" "--verbose" -- -q -v a.wav
    refused 2 "--list-devices" "a.wav" -- -l a.wav
    refused 2 "--list-apps" "a.wav" -- -L a.wav
    refused 2 "--list-apps" "--source" -- -L "$FAST"
    refused 2 "--list-devices" "--list-apps" -- -l -L
    refused 2 "--keep-awake" "Windows" -- --keep-awake a.wav
    refused 2 "--null-sink" "--device" -- --null-sink -D 1 a.wav
    refused 2 "--null-sink" "--app" -- --null-sink --app=x a.wav -- touch ran
    refused 2 "--null-sink" "--source" -- --null-sink "$FAST" a.wav
    refused 2 "--keep-awake" "--source" -- --keep-awake "$FAST" a.wav
    [ -z "$(ls)" ]
}

@test "of two equal options the last one counts" {
    "$LOOPREC" -q "$FAST" -d 5 -t raw -f s16 -d 48f -t null
    "$LOOPREC" -q "$FAST" -d 5 -d 48f -f s24 -f s16 -t flac -t raw a.x
    [ "$(stat -c %s a.x)" -eq 192 ]
}

@test "a file whose name begins with a hyphen is written with its folder" {
    "$LOOPREC" -q "$FAST" -d 48f ./-d.wav
    [ -s ./-d.wav ]
}

# --- files that can't be made ---

@test "an existing file is not touched without --overwrite" {
    echo precious >a.flac
    sha256sum a.flac >sum
    touch -d 2001-01-01 a.flac
    refused 1 "the file exists" "a.flac" "--overwrite" -- "$FAST" -d 1 a.flac
    sha256sum -c sum
    [ "$(stat -c %Y a.flac)" -eq "$(date -d 2001-01-01 +%s)" ]
    "$LOOPREC" -q "$FAST" -d 4800f --overwrite a.flac
    [ "$(frames_of a.flac)" -eq 4800 ]
}

@test "a file that another recording writes is not overwritten" {
    start both "$LIVE" --overwrite both.wav
    refused 1 "the file is in use" "both.wav" "another recording is being written there" \
        -- "$FAST" -d 1 --overwrite both.wav
    stop_by INT
    [ "$(frames_of both.wav)" -eq "$(jq -s 'last | .frames' both.json)" ]
    "$LOOPREC" -q "$FAST" -d 4800f --overwrite both.wav
    [ "$(frames_of both.wav)" -eq 4800 ]
}

@test "a dangling link is not followed without --overwrite" {
    ln -s nowhere.flac a.flac
    refused 1 "the file exists" "a.flac" -- "$FAST" -d 1 a.flac
    [ ! -e nowhere.flac ]
}

@test "no such directory, not a directory, a directory" {
    touch file
    mkdir folder.wav
    refused 1 "no such directory" "missing/a.flac" -- "$FAST" missing/a.flac
    refused 1 "not a directory" "file/a.flac" -- "$FAST" file/a.flac
    refused 1 "folder.wav" -- "$FAST" folder.wav
    refused 1 "is a directory" "folder.wav" -- "$FAST" --overwrite folder.wav
    [ -z "$(ls folder.wav)" ]
    [ ! -s file ]
}

@test "a folder that may not be written to" {
    local real=$LOOPREC
    mkdir locked
    chmod 555 locked
    if touch locked/probe 2>/dev/null; then
        # root, but without the right to write everywhere
        setpriv --bounding-set=-dac_override true 2>/dev/null ||
            skip "this user may write everywhere"
        printf '#!/bin/sh\nexec setpriv --bounding-set=-dac_override %s "$@"\n' \
            "$real" >locked-looprec
        chmod +x locked-looprec
        LOOPREC=$PWD/locked-looprec
    fi
    refused 1 "permission denied" "locked/a.flac" ";" -- "$FAST" locked/a.flac
}

@test "a tag that is not UTF-8 is refused before anything is made" {
    refused 2 "the tag artist is not UTF-8" -- "$FAST" -d 1 --tag=title=Caf$'\xc3\xa9' --tag=artist=Caf$'\xe9' a.flac
    [ ! -e a.flac ]
}

@test "another user's file in a folder like /tmp is not replaced" {
    local file
    [ "$(id -u)" -eq 0 ] || skip "only root can be two users"
    setpriv --reuid=12345 true || skip "no other user"
    SHARED=$(mktemp -d "${TMPDIR:-/tmp}/looprec-shared-XXXXXX")
    chmod 1777 "$SHARED"
    install -m 755 "$LOOPREC" "$SHARED/looprec"
    for file in a.wav own.wav; do
        echo old >"$SHARED/$file"
        chmod 666 "$SHARED/$file"
    done
    chown 12346 "$SHARED/a.wav"
    chown 12345 "$SHARED/own.wav"
    printf '#!/bin/sh\ncd %q && exec setpriv --reuid=12345 --regid=12345 --clear-groups ./looprec "$@"\n' \
        "$SHARED" >as-other
    chmod +x as-other
    LOOPREC=$PWD/as-other
    refused 1 "permission denied: a.wav: another user has put this file into a folder that is open to all" \
        -- "$FAST" -d 1 --overwrite a.wav
    [ "$(cat "$SHARED/a.wav")" = old ]
    "$LOOPREC" -q "$FAST" -d 1 --overwrite own.wav
    [ "$(soxi -s "$SHARED/own.wav")" -eq 48000 ]
}

@test "no space: the file so far is kept and valid, exit 1" {
    # (in a namespace of its own, or not at all)
    unshare -rm true 2>/dev/null || skip "no user namespaces"
    local code=0
    mkdir small
    unshare -rm sh -c '
        mount -t tmpfs -o size=256k none small &&
        "$1" --json "$2" -d 1h -f s16 -t wav small/a.wav >a.json 2>err
        echo $? >code
        cp small/a.wav kept.wav' sh "$LOOPREC" "$FAST" || code=$?
    [ "$(cat code)" -eq 1 ]
    grep -q '^looprec: no space left: small/a.wav' err
    [ "$(finished a exit)" = 1 ]
    [ "$(finished a error)" = no-space ]
    [ "$(finished a frames)" -gt 1000 ]
    [ "$(frames_of kept.wav)" -gt 1000 ]
}

@test "the largest file allowed is no crash" {
    local code=0
    (
        ulimit -f 128
        exec "$LOOPREC" --json "$FAST" -d 1h -f s16 a.wav >a.json 2>err
    ) || code=$?
    [ "$code" -eq 1 ]
    grep -q 'no space left' err
    grep -q 'ulimit' err
    [ "$(frames_of a.wav)" -gt 1000 ]
}

# --- lengths and formats ---

@test "-d is exact in every type" {
    local type
    for type in wav flac raw; do
        "$LOOPREC" -q "$FAST" -d 1.5s -f s16 "a.$type"
    done
    [ "$(frames_of a.wav)" -eq 72000 ]
    [ "$(frames_of a.flac)" -eq 72000 ]
    [ "$(stat -c %s a.raw)" -eq $((72000 * 4)) ]
    "$LOOPREC" --json "$FAST" -d 1.5s -t null >a.json 2>err
    [ "$(finished a frames)" -eq 72000 ]
    "$LOOPREC" -q "$FAST" -d 12345f -t raw -f s24 - >b.raw
    [ "$(stat -c %s b.raw)" -eq $((12345 * 6)) ]
}

@test "the same samples in every type" {
    "$LOOPREC" -q "$FAST" -d 1 -f s16 a.wav
    "$LOOPREC" -q "$FAST" -d 1 -f s16 a.flac
    "$LOOPREC" -q "$FAST" -d 1 -f s16 a.raw
    "$LOOPREC" -q "$FAST" -d 1 -f s16 -t raw - >b.raw
    "$LOOPREC" -q "$FAST" -d 1 -f s16 --compression=0 c.flac
    cmp a.raw b.raw
    sox a.wav -t raw - | cmp - a.raw
    sox a.flac -t raw - | cmp - a.raw
    sox c.flac -t raw - | cmp - a.raw
}

@test "without a name the file is called by date and time" {
    run -0 "$LOOPREC" -q "$FAST" -d 48f
    local files=(*)
    [ "${#files[@]}" -eq 1 ]
    [[ ${files[0]} =~ ^looprec-[0-9]{8}-[0-9]{6}\.flac$ ]]
    rm -- "${files[@]}"
    "$LOOPREC" -q "$FAST" -d 48f -t wav
    files=(*)
    [[ ${files[0]} =~ ^looprec-[0-9]{8}-[0-9]{6}\.wav$ ]]
    rm -- "${files[@]}"
    "$LOOPREC" -q "$FAST" -d 48f -t null
    [ -z "$(ls)" ]
}

# Files for every second of the next ten: a name of its own is taken.
@test "a default name that exists gets a number, --overwrite or not" {
    local second now
    now=$(date +%s)
    for ((second = now; second < now + 10; second++)); do
        echo precious >"looprec-$(date -d "@$second" +%Y%m%d-%H%M%S).flac"
    done
    "$LOOPREC" --source=synth:tone,fast -d 10f --json --overwrite >first.json 2>messages
    "$LOOPREC" --source=synth:tone,fast -d 10f --json >second.json 2>messages
    [[ $(final_file first.json) =~ ^looprec-[0-9]{8}-[0-9]{6}-[23]\.flac$ ]]
    [[ $(final_file second.json) =~ ^looprec-[0-9]{8}-[0-9]{6}-[23]\.flac$ ]]
    [ "$(final_file first.json)" != "$(final_file second.json)" ]
    soxi -s "$(final_file first.json)" | grep -qx 10
    soxi -s "$(final_file second.json)" | grep -qx 10
    [ "$(cat looprec-*[0-9][0-9].flac | sort -u)" = precious ]
}

final_file() { # FILE of events: what the last one names
    jq -rs 'last | .file' "$1"
}

@test "recordings that begin at once have files of their own" {
    local n pids=()
    for n in 1 2 3 4; do
        "$LOOPREC" -q --source=synth:tone,fast -d 10f 3>&- &
        pids+=("$!")
    done
    for n in "${pids[@]}"; do
        wait "$n"
    done
    files=(looprec-*.flac)
    [ "${#files[@]}" -eq 4 ]
}

# --- names ---

@test "a hostile file name reaches the file system, not the terminal" {
    local name=$'a\nb\e]0;owned\a\x9b2J.wav'
    "$LOOPREC" --json "$FAST" -d 48f "$name" >a.json 2>err
    [ -s "$name" ]
    LC_ALL=C lacks err $'[\e\a\x9b]'
    LC_ALL=C lacks a.json $'[\e\a\x9b]'
    [ "$(wc -l <err)" -eq "$(grep -c . err)" ]
    grep -q 'a?b?]0;owned??2J.wav' err
    jq -e . a.json >/dev/null
    finished a file | head -n 1 | grep -qx a
    # and in what is refused
    run --separate-stderr -1 "$LOOPREC" "$FAST" "$name"
    [[ $stderr != *$'\e'* ]]
    [ "${#stderr_lines[@]}" -eq 1 ]
}

@test "names in UTF-8 are shown as they are" {
    "$LOOPREC" --json "$FAST" -d 48f 'Für Élise ♪.flac' >a.json 2>err
    [ -s 'Für Élise ♪.flac' ]
    grep -q 'Für Élise ♪.flac' err
    [ "$(finished a file)" = 'Für Élise ♪.flac' ]
}

# --- what is told ---

@test "what is recorded and where to is told at the start" {
    "$LOOPREC" "$FAST" -d 4800f a.wav 2>err
    head -n 1 err | grep -q '^recording .* (48000 Hz, 2 channels) to a.wav (wav, s'
    head -n 1 err | grep -q ' for 00:00:00.100$'
    grep -q '^a.wav: 00:00:00.100 (4800 frames), ' err
    grep -q '0 frames lost$' err
}

@test "no status line and no escapes where standard error is no terminal" {
    "$LOOPREC" "$FAST" -d 1 a.wav 2>err >out
    lacks err $'[\r\e]'
    [ "$(wc -l <err)" -eq 4 ]
    [ ! -s out ]
}

@test "-q leaves out everything but errors" {
    "$LOOPREC" -q "$FAST" -d 48f a.wav >out 2>&1
    [ ! -s out ]
    refused 1 "the file exists" -- -q "$FAST" -d 48f a.wav
}

@test "-v tells more, -q -v is refused" {
    "$LOOPREC" -v "$FAST" -d 48f a.wav 2>err
    grep -q '^a.wav: ' err
}

# --- JSON ---

@test "JSON: every line an object with event and time" {
    start a "$LIVE" a.flac
    stop_by INT
    jq -es 'length >= 3 and all(.[]; (.event | type) == "string" and
        (.time | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}([+-][0-9]{2}:[0-9]{2}|Z)$")))' a.json
    jq -es '.[0].event == "started" and .[-1].event == "finished" and
        ([.[] | select(.event == "finished")] | length) == 1' a.json
}

@test "JSON: the bytes at the end are the file's, its last block included" {
    local type
    for type in flac wav raw; do
        run -0 --separate-stderr "$LOOPREC" -q --json --source=synth:noise,fast -d 12345f "a.$type"
        [ "$(jq -r 'select(.event == "finished") | .bytes' <<<"$output")" -eq \
            "$(stat -c %s "a.$type")" ]
    done
}

@test "JSON: started, progress and finished have their members" {
    start a "$LIVE" -f s16 a.wav
    stop_by INT
    jq -es '.[0] | .source == "synth" and (.device | type) == "string" and
        .rate == 48000 and .channels == 2 and .file == "a.wav" and
        .type == "wav" and .format == "s16"' a.json
    jq -es '[.[] | select(.event == "progress")] | length >= 1 and
        all(.[]; (.frames | type) == "number" and .seconds >= 0 and
        .bytes >= 0 and (.peak_dbfs | length) == 2)' a.json
    jq -es '.[-1] | .files == ["a.wav"] and .file == "a.wav" and
        .rate == 48000 and .channels == 2 and .frames > 0 and .exit == 0 and
        .error == null and .stop == "interrupt" and .wall_seconds > 0 and
        .ring_high_water >= 0 and .ring_high_water <= 1 and
        .peak_dbfs <= 0 and .rms_dbfs < .peak_dbfs and .clipped == 0' a.json
}

@test "JSON: the account adds up to the file's length" {
    local spec
    for spec in "$FAST" "$SILENCE" "$LOSSY"; do
        rm -f a.wav
        "$LOOPREC" -q --json "$spec" -d 3 a.wav >a.json
        jq -es '.[-1] | .captured + .idle + .lost + .gone == .frames and
            .frames == 144000' a.json
        [ "$(frames_of a.wav)" -eq 144000 ]
    done
    # the last one, LOSSY, lost half a second
    jq -es '.[-1].lost == 24000' a.json
    jq -es '[.[] | select(.event == "gap" and .class == "lost")] |
        (map(.frames) | add) == 24000 and .[0].at_frame == 48000 and
        (.[0].reason | length) > 0' a.json
}

@test "JSON: digital silence is null" {
    "$LOOPREC" -q --json "$SILENCE" -d 1 -t null >a.json
    jq -es '.[-1] | .peak_dbfs == null and .rms_dbfs == null and
        .file == null and .files == []' a.json
}

@test "JSON goes to standard error when the audio goes to standard output" {
    "$LOOPREC" --json "$FAST" -d 1 -t raw -f s16 - >a.raw 2>a.json
    [ "$(stat -c %s a.raw)" -eq 192000 ]
    jq -es '.[0].file == "-" and .[-1].frames == 48000' a.json
    # and nothing else, also when it is refused
    local code=0
    "$LOOPREC" --json --bogus -t raw - >a.raw 2>a.json || code=$?
    [ "$code" -eq 2 ]
    jq -es 'length == 1 and .[0].exit == 2 and .[0].error == "usage"' a.json
}

@test "JSON: whoever is refused gets a finished event too" {
    touch a.wav
    local code=0
    "$LOOPREC" --json "$FAST" a.wav >a.json 2>err || code=$?
    [ "$code" -eq 1 ]
    jq -es 'length == 1 and (.[0] | .event == "finished" and .exit == 1 and
        .frames == 0 and .error == "file-exists" and .files == [] and
        (.message | contains("--overwrite")))' a.json
    code=0
    "$LOOPREC" --json "$FAST" -d nonsense a.wav >a.json 2>err || code=$?
    [ "$code" -eq 2 ]
    jq -es 'length == 1 and .[0].exit == 2 and .[0].error == "usage"' a.json
}

@test "JSON: a reader that goes away does not end the recording" {
    "$LOOPREC" --json "$LIVE" -d 2 a.wav 2>err | head -n 1 >first
    [ "${PIPESTATUS[0]}" -eq 0 ]
    jq -e '.event == "started"' first
    [ "$(frames_of a.wav)" -eq 96000 ]
    grep -q 'nobody reads the JSON' err
}

@test "JSON: a full standard output does not end the recording" {
    [ -e /dev/full ] || skip "no /dev/full"
    local code=0
    LC_ALL=C "$LOOPREC" --json -q "$FAST" -d 1 a.wav >/dev/full 2>err || code=$?
    [ "$(frames_of a.wav)" -eq 48000 ]
    # but no script takes what is not there for all there was
    [ "$code" -eq 1 ]
    grep -q 'JSON could not all be written: No space left' err
    LC_ALL=C "$LOOPREC" --json "$LIVE" -d 1 --overwrite a.wav >/dev/full 2>err || :
    grep -q 'no more JSON can be written: No space left.*goes on' err
    # one that takes the beginning: the last line is what fails
    code=0
    head -c 400 /dev/zero | tr '\0' '\n' >a.json
    (ulimit -f 1 && LC_ALL=C exec "$LOOPREC" --json -q "$FAST" -d 1 -t null) >>a.json 2>err || code=$?
    grep -q '"event":"started".*}$' a.json
    [ "$code" -eq 1 ]
    grep -q 'JSON could not all be written: File too large' err
}

@test "a device that goes away and comes back is told, and is time" {
    "$LOOPREC" --json --source=synth:tone,fast,lose-at=1s+500ms -d 3 \
        a.wav >a.json 2>err
    [ "$(frames_of a.wav)" -eq 144000 ]
    jq -es '[.[] | select(.event == "device") | .state] == ["lost", "back"]' \
        a.json
    jq -es '.[-1] | .gone >= 24000 and .gone < 36000 and
        .captured + .gone == .frames and .lost == 0' a.json
    grep -q '^looprec: warning: the device is gone, waiting for it: ' err
    grep -q '^looprec: the device is back: ' err
    grep -q 'gone 00:00:00.5' err
}

# --- pipes and closed streams ---

@test "the types that are offered for standard output go through a pipe" {
    local type types
    run -2 --separate-stderr "$LOOPREC" "$FAST" -d 1 -
    types=${stderr_lines[0]##*use -t with one of }
    [[ $types == "wav, "* ]]
    for type in wav rf64 w64 flac ogg opus mp3 raw null; do
        if [[ ", $types," == *", $type,"* ]]; then
            "$LOOPREC" -q "$FAST" -d 1 -t $type - 2>err | cat >out
            [ -s out ] && [ ! -s err ] || fail "$type: $(<err)"
        else
            run ! bash -o pipefail -c '"$@" | cat >out' - "$LOOPREC" -q "$FAST" -d 1 -t $type -
        fi
    done
}

@test "a reader that goes away is a normal end, told as one" {
    "$LOOPREC" "$FAST" -t raw - 2>err | head -c 100000 >part
    [ "${PIPESTATUS[0]}" -eq 0 ]
    [ "$(stat -c %s part)" -eq 100000 ]
    grep -q 'the reader closed the pipe' err
    "$LOOPREC" --json "$FAST" -t wav - 2>a.json | true
    [ "${PIPESTATUS[0]}" -eq 0 ]
    jq -es '.[-1] | .stop == "reader-closed" and .exit == 0' a.json
}

@test "a closed standard output: refused when audio is to go there" {
    local code=0
    "$LOOPREC" "$FAST" -d 1 -t raw - >&- 2>err || code=$?
    [ "$code" -eq 1 ]
    grep -q '^looprec: ' err
    [ "$(wc -l <err)" -eq 1 ]
}

@test "closed standard streams never end up in the file" {
    "$LOOPREC" --json "$FAST" -d 1 -f s16 a.wav >&- 2>&- <&-
    "$LOOPREC" -q "$FAST" -d 1 -f s16 b.wav
    [ "$(frames_of a.wav)" -eq 48000 ]
    sox a.wav -t raw - >a.raw
    sox b.wav -t raw - | cmp - a.raw
}

@test "standard output full: a failure" {
    [ -e /dev/full ] || skip "no /dev/full"
    local code type
    for type in raw flac; do
        code=0
        "$LOOPREC" "$FAST" -t $type - >/dev/full 2>err || code=$?
        [ "$code" -eq 1 ]
        grep -q '^looprec: no space left: .*(nothing is kept' err
    done
}

# --- signals ---

@test "SIGINT, SIGTERM and SIGHUP finish the file" {
    local signal
    for signal in INT TERM HUP; do
        start "$signal" "$LIVE" "$signal.flac"
        stop_by "$signal"
        [ "$(frames_of "$signal.flac")" -eq "$(finished "$signal" frames)" ]
        flac -ts "$signal.flac"
    done
    [ "$(finished INT stop)" = interrupt ]
    [ "$(finished TERM stop)" = terminate ]
    [ "$(finished HUP stop)" = hangup ]
}

# --- exit codes ---

@test "--fail-if-silent: 3 for silence, 0 for sound, 3 for sound below DB" {
    refused_silent() {
        run --separate-stderr -3 "$LOOPREC" -q "$@"
        [[ $stderr == "looprec: "*"--fail-if-silent"* ]]
    }
    refused_silent "$SILENCE" -d 1 --fail-if-silent a.wav
    [ "$(frames_of a.wav)" -eq 48000 ]
    "$LOOPREC" -q "$FAST" -d 1 --fail-if-silent b.wav
    refused_silent "$FAST" -d 1 --fail-if-silent=0 c.wav
    [ "$(frames_of c.wav)" -eq 48000 ]
}

@test "--strict: 4 for loss, 0 without" {
    run --separate-stderr -4 "$LOOPREC" -q "$LOSSY" -d 3 --strict a.wav
    [[ $stderr == "looprec: audio was lost"* ]]
    [ "$(frames_of a.wav)" -eq 144000 ]
    "$LOOPREC" -q "$FAST" -d 3 --strict b.wav
    "$LOOPREC" -q "$LOSSY" -d 3 c.wav
    "$LOOPREC" "$LOSSY" -d 3 d.wav 2>err
    grep -q '^looprec: warning: lost 0.500 s' err
    grep -q '24000 frames lost, 00:00:00.500 (16.7 %)' err
}

@test "silence comes before loss, failure before both" {
    run -3 "$LOOPREC" -q "$LOSSY" -d 3 --strict --fail-if-silent=0 a.wav
    run -1 "$LOOPREC" -q "$LOSSY" -d 3 --strict --fail-if-silent=0 a.wav
}

@test "no sound server: exit 5 with a remedy, no file" {
    export PULSE_SERVER=unix:$PWD/nothing-here PULSE_COOKIE=$PWD/cookie
    export HOME=$PWD XDG_RUNTIME_DIR=$PWD
    refused 5 "no sound server answers" ";" -- a.flac
    refused 5 "no sound server answers" -- -l
    refused 5 "no sound server answers" -- -D anything a.flac
    refused 5 "no sound server answers" -- a.flac -- touch ran
    [ ! -e ran ]
    [ ! -e a.flac ]
    run --separate-stderr -5 "$LOOPREC" --json a.flac
    jq -es '.[0].exit == 5 and .[0].error == "no-server"' <<<"$output"
}

# --- a terminal ---

@test "on a terminal: a status line, and q ends it" {
    begin_on_terminal "$LOOPREC $LIVE a.flac"
    eventually grep -q '00:00:00\.[3-9].* L [#.|]* .* R [#.|]*' screen
    grep -q 'Ctrl-C or q ends it' screen
    printf q >&7
    end_on_terminal
    grep -q '0 frames lost' screen
    [ "$(frames_of a.flac)" -gt 4800 ]
    is_within_terminal
}

@test "on a terminal: Ctrl-C ends it, and the modes are put back" {
    begin_on_terminal "trap : INT; stty -a >before; $LOOPREC $LIVE a.flac; echo code \$?; stty -a >after"
    eventually grep -q '00:00:00\.[3-9]' screen
    printf '\003' >&7
    end_on_terminal || true
    grep -q 'code 0' screen
    cmp before after
}

@test "on a narrow or a dumb terminal" {
    TERM=xterm script -qec "stty cols 30; $LOOPREC $LIVE -d 1 a.flac" \
        /dev/null </dev/null >narrow
    tr '\r' '\n' <narrow | sed 's/\x1b\[K//g' >lines
    lacks lines '^00:.\{27\}'
    grep -q '00:00:00' narrow
    TERM=dumb script -qec "$LOOPREC $LIVE -d 1 b.flac" /dev/null \
        </dev/null >dumb
    lacks dumb $'\e'
}

@test "a reader that stalls cannot hold a stop for ever" {
    mkfifo pipe
    sleep 60 <pipe 3>&- &
    local reader=$!
    "$LOOPREC" -q --source=synth:noise -t raw -f s16 - >pipe 3>&- &
    local recorder=$!
    sleep 2 # the pipe is full long since
    kill -TERM "$recorder"
    local until=$((SECONDS + 20))
    while kill -0 "$recorder" 2>/dev/null && ((SECONDS < until)); do sleep 0.1; done
    local status=0
    kill -KILL "$recorder" 2>/dev/null && status=killed
    wait "$recorder" || [ "$status" = killed ] || status=$?
    kill "$reader"
    [ "$status" = 1 ]
}
