#!/usr/bin/env bats
# Outputs: how they are listed, chosen and refused, what shapes they have, and
# what a recording becomes when one goes away, comes back or is replaced. Once
# for each SYSTEM (see lib.bash).

load lib.bash

setup_file() {
    start_server main --extra-sink=second
    cd "$BATS_FILE_TMPDIR" || return
    # longer than any test, also where programs take long to start
    generate tone tone.wav --seconds=120
    generate tone other.wav --seconds=120 --hz=1500
}

teardown_file() {
    stop_server main
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    SIGNALS=$BATS_FILE_TMPDIR
    SINK=$LOOPREC_TEST_SINK
    # what -D takes: Wine knows no more of a sink than its description
    DEVICE=$SINK
    [ "$SYSTEM" != wine ] || DEVICE="Looprec test sink"
    MODULES=()
}

teardown() {
    end_started
    local module
    for module in "${MODULES[@]}"; do
        pactl unload-module "$module" 2>/dev/null || true
    done
    [ -z "${STOPPED-}" ] || kill -CONT "${STOPPED[@]}" 2>/dev/null || :
    stop_server shape
    stop_server mortal
}

# A null sink more: its name, what people see, and arguments of module-null-sink.
# MODULE is its module.
add_sink() {
    local name=$1 description=$2
    shift 2
    MODULE=$(pactl load-module module-null-sink "sink_name=$name" \
        "sink_properties=\"device.description='$description'\"" "$@") || return
    MODULES+=("$MODULE")
    eventually sink_is_there "$name"
}

sink_is_there() {
    pactl list short sources | grep -q "[[:blank:]]$1\.monitor[[:blank:]]"
}

sink_is_gone() {
    run ! sink_is_there "$1"
}

# Play a file into a sink until it is heard there by a watcher of small latency:
# without one the server plays up to 2 s ahead of a recorder that comes later.
play_soon() { # file, sink
    watch "$2" "heard-$2" --raw=s16,48000,2 || return
    local watcher=$WATCHER
    play "$1" "$2" --latency-msec=100
    heard "heard-$2" 1 || return
    kill "$watcher" 2>/dev/null || true
}

# The text holds nothing that a terminal would obey.
is_printable() {
    if LC_ALL=C grep -nP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' "$1" | cat -v >&2; then
        [ "${PIPESTATUS[0]}" -ne 0 ] || fail "control characters in $1"
    fi
}

# --- the list ---

@test "the list shows every output, and which one is the default" {
    # Wine has an entry for whatever PulseAudio's default is
    local default="Looprec test sink"
    [ "$SYSTEM" != wine ] || default="PulseAudio Output"
    looprec -l >list
    cat list
    grep -q "^\* .*$default" list
    grep -q "Looprec test sink" list
    grep -q '^  .*second' list
    run ! grep -qi monitor list
    looprec -l --json >list.json
    jq -e 'type == "array" and (map(select(.default)) | length) == 1' list.json
    jq -e --arg name "$default" '.[] | select(.default) | .name == $name' list.json
    jq -e 'any(.[]; .name == "Looprec test sink")' list.json
    jq -e 'all(.[]; .rate == 48000 and .channels == 2 and (.id | length) > 0 and (.state | type) == "string")' list.json
    [ "$SYSTEM" = wine ] || jq -e --arg id "$SINK" '.[] | select(.default) | .id == $id' list.json
}

@test "what the list calls an output is what -D takes" {
    local id n=0
    # Wine makes up the ids for each prefix
    export LOOPREC_WINEPREFIX=$BATS_TEST_TMPDIR/prefix
    looprec -l --json >list.json
    while read -r id; do
        looprec -q -d 4800f -D "$id" --json "file-$((++n)).wav" >one.json </dev/null
        [ "$(first one .device_id)" = "$id" ]
    done < <(jq -r '.[].id' list.json | tr -d '\r')
    [ "$n" -ge 2 ]
}

@test "control characters in an output's name reach no terminal" {
    # as a name: a colour, a bell, a window's title, a line's end, and a C1 one
    local odd
    odd=$(printf 'Evil\033[31m \a\033]0;owned\a \t\xc2\x9b2J Öl')
    add_sink odd "$odd"
    looprec -l >list
    is_printable list
    grep -q Evil list
    grep -q Öl list
    looprec -l --json >list.json
    is_printable list.json
    jq -e 'any(.[]; .name | startswith("Evil"))' list.json
    looprec -d 4800f -D Evil out.wav 2>messages </dev/null
    is_printable messages
    grep -q Evil messages
    looprec -d 4800f -D Evil --json -v out2.wav >out.json 2>messages </dev/null
    is_printable messages
    is_printable out.json
    first out .device | grep -q Evil
}

# --- refusals ---

# looprec must end with status $1 and its message must hold each of the other
# words up to --; no file must come to be.
refused() {
    local status=$1 words=() word
    shift
    while [ "$1" != -- ]; do
        words+=("$1")
        shift
    done
    shift
    run --separate-stderr "-$status" looprec "$@" refused.wav </dev/null
    [ ! -e refused.wav ]
    echo "$stderr"
    for word in "${words[@]}"; do
        [[ $stderr == *"$word"* ]] || fail "no '$word' in it"
    done
}

@test "an output that is not there is refused, by name, with what to do" {
    refused 5 "no such output device" nothing "looprec -l" -- -D nothing -d 1
    # with --json the last event tells it, too
    run -5 looprec --json -D nothing -d 1 refused.json.wav
    run --separate-stderr -5 looprec --json -D nothing -d 1 refused.json.wav
    jq -e '.event == "finished" and .exit == 5 and .error == "no-device" and .frames == 0' <<<"$output"
    [ ! -e refused.json.wav ]
}

@test "a name that fits two outputs is refused, and both are named" {
    add_sink twin1 "Twin left"
    add_sink twin2 "Twin right"
    refused 2 "several" "Twin left" "Twin right" -- -D twin -d 1
    # and an exact name is never ambiguous
    add_sink twin3 "Twin"
    looprec -q -d 4800f -D Twin exact.wav </dev/null
    has_frames exact.wav 4800
}

@test "a microphone is not an output: its name is refused" {
    local module
    if [ "$SYSTEM" = pipewire ]; then
        module=$(pactl load-module module-null-sink media.class=Audio/Source/Virtual sink_name=microphone)
    else
        module=$(pactl load-module module-null-source source_name=microphone)
    fi
    MODULES+=("$module")
    eventually eval "pactl list short sources | grep -q '[[:blank:]]microphone[[:blank:]]'"
    refused 5 "no such output device" microphone -- -D microphone -d 1
}

# Record for a tenth of a second over a way to the server on which words of the
# client become others. (A message is its length, 16 bytes, and what it says.)
record_misread() { # name, word, what it becomes, word, ...
    local name=$1
    shift
    rm -f between
    perl -MIO::Socket::UNIX -MIO::Select -e '
        my ($at, %becomes) = @ARGV;
        my $way = IO::Socket::UNIX->new(Local => "between", Listen => 1) or die "between: $!";
        my $client = $way->accept;
        my $server = IO::Socket::UNIX->new(Peer => $at) or die "$at: $!";
        my $both = IO::Select->new($client, $server);
        my $said = "";
        while (1) {
            for my $from ($both->can_read) {
                sysread $from, my $bytes, 65536 or exit;
                if ($from == $server) {
                    syswrite $client, $bytes;
                    next;
                }
                $said .= $bytes;
                while (length $said >= 20 && length $said >= 20 + (my $length = unpack "N", $said)) {
                    my ($head, $text) = unpack "x4 a16 a$length", $said;
                    $said = substr $said, 20 + $length;
                    $misread += $text =~ s/\Q$_\E/$becomes{$_}/ for keys %becomes;
                    syswrite $server, pack "N a16 a*", length $text, $head, $text;
                }
            }
        }
        END { print "$misread\n" }' "${PULSE_SERVER#unix:}" "$@" >misread 3>&- &
    local way=$!
    PIDS+=("$way")
    eventually test -S between
    PULSE_SERVER=unix:$PWD/between record "$name" -d 4800f "$name.wav"
    finished "$name" "$PID"
    await_end "$way" 10
    [ "$(<misread)" -eq $(($# / 2)) ] || fail "said $(<misread) times: $*"
}

@test "where the server answers of another output than its default, it is asked again" {
    [ "$SYSTEM" != wine ] || skip "Wine asks for itself"
    local microphone=(module-null-source source_name=microphone)
    [ "$SYSTEM" != pipewire ] ||
        microphone=(module-null-sink media.class=Audio/Source/Virtual sink_name=microphone)
    add_sink another "Another output" rate=44100
    MODULES+=("$(pactl load-module "${microphone[@]}" rate=44100)")
    eventually eval "pactl list short sources | grep -q '[[:blank:]]microphone[[:blank:]]'"
    record_misread unknown @DEFAULT_SINK@ @NOTHING@ @DEFAULT_MONITOR@ @NOBODY@
    record_misread moved @DEFAULT_SINK@ another @DEFAULT_MONITOR@ another.monitor
    record_misread half @DEFAULT_SINK@ another
    record_misread heard @DEFAULT_MONITOR@ microphone
    local name
    for name in unknown moved half heard; do
        [ "$(first $name .device_id)" = "$SINK" ]
        has_frames $name.wav 4800 48000
    done
}

@test "without a sound server it says so" {
    # Wine has no server to name: it has no device
    local words=("no sound server" PULSE_SERVER)
    [ "$SYSTEM" != wine ] || words=("no such output device")
    PULSE_SERVER=unix:$BATS_TEST_TMPDIR/nothing PIPEWIRE_REMOTE=nothing \
        refused 5 "${words[@]}" -- -d 1
}

# To choose one, or to look at the list, would be no help.
@test "where there is no output at all, it says so" {
    [ "$SYSTEM" != wine ] || skip "Wine makes one up"
    (
        start_server shape --no-sink
        run -0 looprec -l
        [[ $output == *"no output to record"* ]]
        refused 5 "no output at all" "make one" --wait --null-sink -- -d 1
        [[ $stderr != *"looprec -l"* && $stderr != *"@DEFAULT"* ]]
        refused 5 headset "no output at all" "make one" -- -D headset -d 1
        [[ $stderr != *"looprec -l"* ]]
    )
    stop_server shape
}

@test "a device that is not there costs no file that exists" {
    echo precious >kept.wav
    run -5 looprec -D nothing --overwrite -d 1 kept.wav
    [ "$(<kept.wav)" = precious ]
    run -1 looprec -D "$DEVICE" -d 1 kept.wav
    [ "$(<kept.wav)" = precious ]
}

# --- shapes ---

# A tone of its own on each channel: 400 Hz, 500 Hz, ... in FILE.
generate_channels() { # channels, file
    local c parts=()
    for ((c = 0; c < $1; c++)); do
        generate tone "part$c.wav" --channels=1 --hz=$((400 + 100 * c)) --seconds=20
        parts+=("part$c.wav")
    done
    sox -D -M "${parts[@]}" -t wav "$2"
}

# In FILE channel 0 has the first frequency, and so on.
has_channels() { # file, frequencies...
    local file=$1 c=0 hz
    shift
    for hz in "$@"; do
        near "$(measure hz tone "$file" --channel="$c" --from=0.5)" "$hz" 0.05 "$file, channel $c"
        c=$((c + 1))
    done
}

FIVE=front-left,front-right,front-center,lfe,rear-left,rear-right
SEVEN=$FIVE,side-left,side-right
# as sound cards under Linux have it
CARD=front-left,front-right,rear-left,rear-right,front-center,lfe

@test "six and eight channels are in the file, each in its place" {
    add_sink five five rate=48000 channels=6 "channel_map=$FIVE"
    add_sink seven seven rate=48000 channels=8 "channel_map=$SEVEN"
    add_sink card card rate=48000 channels=6 "channel_map=$CARD"
    generate_channels 6 six.wav
    generate_channels 8 eight.wav
    play six.wav five "--channel-map=$FIVE"
    play eight.wav seven "--channel-map=$SEVEN"
    play six.wav card "--channel-map=$CARD"
    local name
    local -A pids
    for name in five seven card; do
        is_playing "$name"
        launch "$name" -D "$name" -d 5 "$name.wav"
        pids[$name]=$PID
    done
    for name in five seven card; do
        finished "$name" "${pids[$name]}"
    done
    has_frames five.wav 240000 48000 6
    has_frames seven.wav 240000 48000 8
    has_frames card.wav 240000 48000 6
    # the server plays up to 2 s ahead of a recorder that comes later
    for name in five seven card; do
        sox -D "$name.wav" "end-$name.wav" trim 2.5
    done
    has_channels end-five.wav 400 500 600 700 800 900
    has_channels end-seven.wav 400 500 600 700 800 900 1000 1100
    # a file's order is front, centre, LFE, rear, whatever the device's is
    has_channels end-card.wav 400 500 800 900 600 700
}

@test "6 channels in FLAC are in their places, too" {
    add_sink five five rate=48000 channels=6 "channel_map=$FIVE"
    generate_channels 6 six.wav
    play six.wav five "--channel-map=$FIVE"
    is_playing five
    looprec -q -D five -d 4 five.flac </dev/null
    sox -D five.flac end.wav trim 2.5
    has_channels end.wav 400 500 600 700 800 900
}

# A server whose sink has another shape, and a recording of it.
shape() { # rate, channels
    start_server shape "--rate=$1" "--channels=$2"
    generate tone tone.wav --rate="$1" --channels="$2" --seconds=20
    play tone.wav "$LOOPREC_TEST_SINK" --latency-msec=200
    is_playing "$LOOPREC_TEST_SINK"
    looprec -q --json -d 4 shape.flac >shape.json </dev/null
    has_frames shape.flac $((4 * $1)) "$1" "$2"
    is_whole_tone shape.flac --from=2.2
    near "$(measure dbfs tone shape.flac --from=2.2)" -6 0.02 level
    [ "$(first shape .rate)" -eq "$1" ]
}

@test "an output of 44.1 kHz is recorded at its rate" {
    shape 44100 2
}

@test "an output of 96 kHz is recorded at its rate" {
    shape 96000 2
}

@test "an output of one channel is recorded as one" {
    shape 48000 1
}

# --- changes ---

# Make the output $1 the default. Wine does not tell when PulseAudio's changes,
# but it has a setting of its own, and tells when that changes.
set_default() {
    if [ "$SYSTEM" != wine ]; then
        pactl set-default-sink "$1"
        return
    fi
    local id
    id=$(looprec -l --json </dev/null | jq -r --arg name "$1" '.[] | select(.name == $name) | .id')
    {
        printf 'REGEDIT4\n\n'
        printf '[HKEY_CURRENT_USER\\Software\\Wine\\Drivers\\winepulse.drv]\n'
        printf '"DefaultOutput"="%s"\n' "$id"
    } >default.reg
    "$ROOT/scripts/wine" regedit.exe /S default.reg </dev/null
}

# Has the recording $1 moved to another output by now?
is_rerouted() {
    grep -q '"state":"rerouted"' "$1.json"
}

# Seconds from the beginning of the recording $1 to the nanosecond $2.
into() { calculate "($2 - $(started_ns "$1")) / 1e9"; }

@test "the default changes: followed, or with --no-follow not" {
    local begin old killed moved again
    # Wine's list of outputs, and what is the default among them, is a prefix's
    [ "$SYSTEM" != wine ] || export LOOPREC_WINEPREFIX=$BATS_TEST_TMPDIR/prefix
    play_soon "$SIGNALS/other.wav" second
    play_soon "$SIGNALS/tone.wav" "$SINK"
    old=$PLAYER
    # under Wine what began first, in a prefix, must end last
    record stay --no-follow stay.flac
    local stay=$PID
    record follow follow.flac
    local follow=$PID
    begin=$(started_ns follow)
    sleep_until $((begin + 4000000000))
    # the server would move this one, too
    killed=$(now_ns)
    kill "$old"
    set_default second
    eventually is_rerouted follow
    moved=$(now_ns)
    play_soon "$SIGNALS/tone.wav" "$SINK"
    again=$(now_ns)
    sleep_until $((again + 4000000000))
    interrupt "$follow"
    finished follow "$follow"
    interrupt "$stay"
    finished stay "$stay"
    [ "$SYSTEM" = wine ] || pactl set-default-sink "$SINK"

    again=$(into stay "$again")
    is_whole_tone stay.flac --from=0.1 --to="$(calculate "$(into stay "$killed") - 0.2")"
    is_whole_tone stay.flac --from="$(calculate "$again + 0.5")" --to="$(calculate "$again + 3.5")"
    events_show stay 'all(.[]; .event != "device")'

    is_whole_tone follow.flac --from=0.1 --to="$(calculate "$(into follow "$killed") - 0.2")"
    moved=$(calculate "$(into follow "$moved") + 1")
    near "$(measure hz tone follow.flac --from="$moved")" 1500 0.02 "the tone of the other output"
    [ "$(measure breaks tone follow.flac --from="$moved")" -eq 0 ]
    true_that "$(measure residual_db tone follow.flac --from="$moved") < -70" "nothing but the other output"
    events_show follow 'map(select(.event == "device")) | length == 1 and .[0].state == "rerouted" and .[0].device == "second"'
    [ "$(final follow .lost)" -eq 0 ]
    true_that "$(final follow .gone) < 0.5 * 48000" "away for $(final follow .gone) frames"
}

# The device's part of the events: lost, then back.
was_away() { # name, seconds at least, seconds at most
    # a server may begin with a substitute for its outputs
    events_show "$1" 'map(select(.event == "device") | .state) | .[0] == "lost" and last == "back"'
    events_show "$1" 'last as $last | map(select(.event == "gap" and .class == "gone") | .frames) | add == $last.gone'
    true_that "$(final "$1" .gone) > $2 * 48000 && $(final "$1" .gone) < $3 * 48000" "$1: gone $(final "$1" .gone) frames"
    [ "$(final "$1" .lost)" -eq 0 ]
}

@test "an output that is removed and made again: one file, and never another output" {
    add_sink brief "Brief" rate=48000 channels=2 format=s16le
    play_soon "$SIGNALS/other.wav" "$SINK"
    play_soon "$SIGNALS/tone.wav" brief
    record brief -D Brief -d 9 brief.flac
    local recorder=$PID begin
    begin=$(started_ns brief)
    sleep_until $((begin + 3000000000))
    pactl unload-module "$MODULE"
    sleep_until $((begin + 5000000000))
    add_sink brief "Brief" rate=48000 channels=2 format=s16le
    play_soon "$SIGNALS/tone.wav" brief
    finished brief "$recorder"
    has_frames brief.flac 432000
    # a new null sink of PulseAudio's gives nothing for 2 s
    was_away brief 1.8 4.5
    is_whole_tone brief.flac --from=0.1 --to=2.8
    is_whole_tone brief.flac --from=8
    # between them is silence: of the default output, which played, is nothing
    [ "$(measure silent_frames silence brief.flac --from=3.2 --to=4.9)" -eq 81600 ]
}

@test "an output that vanishes for good: the file has its length" {
    add_sink vain "Vain" rate=48000 channels=2
    play_soon "$SIGNALS/other.wav" "$SINK"
    record vain -D Vain -d 4 vain.flac
    local recorder=$PID begin
    begin=$(started_ns vain)
    sleep_until $((begin + 1500000000))
    pactl unload-module "$MODULE"
    finished vain "$recorder"
    has_frames vain.flac 192000
    near "$(final vain .gone)" 120000 12000 gone
    [ "$(measure silent_frames silence vain.flac --from=1.6)" -eq 115200 ]
}

@test "the sound server dies and comes back: one file, the absence is called gone" {
    start_server mortal
    local sink=$LOOPREC_TEST_SINK begin
    play_soon "$SIGNALS/tone.wav" "$sink"
    record mortal -d 12 mortal.flac
    local recorder=$PID
    begin=$(started_ns mortal)
    sleep_until $((begin + 3000000000))
    kill -KILL "$(<"$LOOPREC_TEST_SERVER_PIDFILE")"
    sleep_until $((begin + 5000000000))
    "$LOOPREC_TEST_RESTART" </dev/null 3>&-
    mv "heard-$sink" before
    play_soon "$SIGNALS/tone.wav" "$sink"
    finished mortal "$recorder"
    has_frames mortal.flac 576000
    was_away mortal 1.8 5
    near "$(jq -rs 'map(select(.class == "gone"))[0].at_frame' mortal.json)" 144000 9600 "when it went"
    is_whole_tone mortal.flac --from=0.1 --to=2.8
    is_whole_tone mortal.flac --from=11
    [ "$(measure silent_frames silence mortal.flac --from=3.2 --to=4.9)" -eq 81600 ]
}

# All processes of the server: of PipeWire they are children of the one told.
server_processes() {
    local pid
    pid=$(<"$LOOPREC_TEST_SERVER_PIDFILE")
    if [ "$SYSTEM" = pipewire ]; then
        cat "/proc/$pid/task/$pid/children"
    else
        echo "$pid"
    fi
}

# (pipewire-pulse then counts less than it sends)
@test "a server that is held up: what it sends later is no longer than the time" {
    [ "$SYSTEM" != wine ] || skip "Wine keeps the time itself"
    start_server mortal
    local i recorder
    read -r -a STOPPED <<<"$(server_processes)"
    play_soon "$SIGNALS/tone.wav" "$LOOPREC_TEST_SINK"
    "$LOOPREC" --json -t raw -f s16 - </dev/null 2>held.json > >(cat >held.raw) 3>&- &
    recorder=$!
    PIDS+=("$recorder")
    eventually has_grown held 24000
    for i in 1 2; do
        kill -STOP "${STOPPED[@]}"
        sleep 2.5
        kill -CONT "${STOPPED[@]}"
        sleep 0.35
    done
    interrupt "$recorder"
    finished held "$recorder"
    near "$(calculate "$(final held .frames) / 48000")" \
        "$(calculate "($SENT_NS - $(started_ns held)) / 1e9")" 0.1 "the length"
}

@test "a server that hangs at the stop: what it has not sent is called lost" {
    [ "$SYSTEM" != wine ] || skip "Wine keeps the time itself"
    start_server mortal
    local begin
    read -r -a STOPPED <<<"$(server_processes)"
    play_soon "$SIGNALS/tone.wav" "$LOOPREC_TEST_SINK"
    record hung -d 3 hung.wav
    local recorder=$PID
    begin=$(started_ns hung)
    sleep_until $((begin + 2000000000))
    kill -STOP "${STOPPED[@]}"
    finished hung "$recorder"
    kill -CONT "${STOPPED[@]}"
    has_frames hung.wav 144000
    is_whole_tone hung.wav --from=0.1 --to=1.8
    near "$(final hung .lost)" 48000 9600 "what is lost"
    [ "$(final hung .idle)" -eq 0 ]
    # it is waited for, but not for ever
    true_that "$(final hung .wall_seconds) < 10"
}

@test "the server is away when the recording stops" {
    start_server mortal
    record orphan orphan.wav
    local recorder=$PID begin
    begin=$(started_ns orphan)
    sleep_until $((begin + 1000000000))
    kill -KILL "$(<"$LOOPREC_TEST_SERVER_PIDFILE")"
    sleep_until $((begin + 2500000000))
    interrupt "$recorder"
    finished orphan "$recorder"
    near "$(calculate "$(measure frames frames orphan.wav) / 48000")" \
        "$(calculate "($SENT_NS - $begin) / 1e9")" 0.02 "the length"
    true_that "$(final orphan .gone) > 60000"
}
