# What the tests of applications share: players that are not ours, what a server
# tells of them, and what of whom is in a file. After lib.bash; see there.
# shellcheck shell=bash

# The players that tests know by name are programs of no other name on the machine:
# a process that another run of tests has begun is one that could be meant, too.
export TUNE=tune$BATS_ROOT_PID
# shellcheck disable=SC2034
QUIET=quiet$BATS_ROOT_PID

# --- around tests ---

# For setup_file: a server with two sinks, the signals, and how all of it was.
# One player's signal is on the left channel, another's on the right, and the
# other channel is silent: so whose sound is in a file, and for how long, is told
# by the sample, whatever else may be wrong with it.
begin_applications() {
    start_server main --extra-sink=second || return
    cd "$BATS_FILE_TMPDIR" || return
    generate tone left.wav --seconds=60 --only=0
    generate tone right.wav --seconds=60 --only=1 --hz=1500
    # the same player as a program of another name
    cp "$(readlink -f "$(command -v paplay)")" "$TUNE"
    server_state >before
}

begin_test() {
    cd "$BATS_TEST_TMPDIR" || return
    rm -rf -- ./* # of a first try
    # shellcheck disable=SC2034
    SIGNALS=$BATS_FILE_TMPDIR
    SINK=$LOOPREC_TEST_SINK
}

# A test that failed may have left players of which nobody knows the number.
end_test() {
    end_started
    EVENTUALLY=2 eventually nothing_plays 2>/dev/null || {
        local left
        left=$(pactl -f json list sink-inputs | jq -r '.[].properties["application.process.id"] // empty')
        echo "left behind: $left" >&2
        # shellcheck disable=SC2086
        kill -KILL $left 2>/dev/null || :
        EVENTUALLY=5 eventually nothing_plays
    }
}

# For what may be tried again: nobody plays, and there is no recording of before.
begin_try() {
    local events
    end_test || return
    for events in *.json; do
        rm -f -- "$events" "${events%.json}.wav"
    done
}

# --- players that we did not write ---

# Play a WAV file by the program $1, until it is ended. PLAYER is the process
# that was started, which need not be the one that plays.
player() { # program, file, [sink]
    local program=$1 file=$2 run
    if [ "$program" = chromium ]; then
        browser "$file"
        run=("${BROWSER[@]}")
        file=page.html
    else
        mapfile -t run < <(words_of "$program")
    fi
    PULSE_SINK=${3:-$SINK} "${run[@]}" "$file" </dev/null >player.log 2>&1 3>&- &
    PLAYER=$!
    PIDS+=("$PLAYER")
    eventually plays "$PLAYER" || {
        cat player.log >&2
        return 1
    }
    # a browser's first process may be a script that does not hand on signals
    mapfile -t -O "${#PIDS[@]}" PIDS < <(tree_of "$PLAYER")
}

# The words of a command that plays the file which is its last, a line each. What
# plays a few hundredths of a second ahead is given some more: on a machine with
# much to do it would be heard in pieces.
words_of() {
    case $1 in
    paplay) printf '%s\n' paplay ;;
    sox) printf '%s\n' env AUDIODRIVER=pulseaudio play -q ;;
    ffplay) printf '%s\n' env SDL_AUDIODRIVER=pulse "$ROOM" ffplay -v error -nodisp -autoexit ;;
    mpv) printf '%s\n' env "$ROOM" mpv --no-config --no-video --ao=pulse --really-quiet ;;
    *) fail "no player '$1'" ;;
    esac
}

# libpulse lets its programs play so far ahead.
ROOM=PULSE_LATENCY_MSEC=200
mapfile -t MPV < <(words_of mpv)

# A page that plays a file, page.html, and the command that shows it (less the
# page): BROWSER. It plays from a process of its own.
browser() { # file
    local program
    for program in chromium-headless-shell chromium chromium-browser; do
        ! command -v "$program" >/dev/null || break
    done
    cp "$1" page.wav
    printf '<!doctype html><audio src=page.wav autoplay loop></audio>' >page.html
    # Its sandbox is not for root, and not for containers.
    BROWSER=(env "$ROOM" "HOME=$PWD" "$program" --headless --no-sandbox --disable-gpu
        --autoplay-policy=no-user-gesture-required "--user-data-dir=$PWD/profile")
}

# A player with some room that is a program named $TUNE, with the options of pacat.
tune() {
    "$BATS_FILE_TMPDIR/$TUNE" --playback --file-format=wav --latency-msec=200 "$@" \
        </dev/null >/dev/null 2>&1 3>&- &
    PLAYER=$!
    PIDS+=("$PLAYER")
}

# A shell that runs $1 once play_now is called, with the arguments that follow, the
# first of which is its $0; it outlives what it plays. PLAYER is its process.
plays_when_told() {
    rm -f go finish
    sh -c "until [ -e go ]; do sleep 0.02; done; $1; : >finish; exec sleep 60" "${@:2}" \
        </dev/null >/dev/null 2>&1 3>&- &
    PLAYER=$!
    PIDS+=("$PLAYER")
}

# Until all of it was played.
play_now() {
    touch go
    eventually test -e finish
}

# The program named $TUNE, on the left channel.
tune_left() {
    tune "--device=$SINK" "$SIGNALS/left.wav"
    TUNE_PID=$PLAYER
    eventually plays "$TUNE_PID"
}

# A player on the right channel, which is to be in no recording.
another_plays() {
    play "$SIGNALS/right.wav" "$SINK" --latency-msec=100
    eventually plays "$PLAYER"
}

# A stream that pauses from its beginning, of a client that declares what
# follows as NAME=VALUE. Plays nothing. Once there is a file "then", the stream
# declares what is in it.
corked() {
    python3 - "$@" </dev/null >/dev/null 2>&1 3>&- <<'PYTHON' &
import ctypes, os, sys
pa = ctypes.CDLL("libpulse.so.0")
for f in ("mainloop_new", "mainloop_get_api", "context_new_with_proplist",
          "proplist_new", "stream_new", "stream_proplist_update"):
    getattr(pa, "pa_" + f).restype = ctypes.c_void_p
class Spec(ctypes.Structure):
    _fields_ = [("format", ctypes.c_int), ("rate", ctypes.c_uint32),
                ("channels", ctypes.c_uint8)]
p = ctypes.c_void_p
properties = p(pa.pa_proplist_new())
for pair in sys.argv[1:]:
    key, value = pair.split("=", 1)
    pa.pa_proplist_sets(properties, key.encode(), value.encode())
loop = p(pa.pa_mainloop_new())
context = p(pa.pa_context_new_with_proplist(p(pa.pa_mainloop_get_api(loop)),
                                            None, properties))
pa.pa_context_connect(context, None, 1, None)
while pa.pa_context_get_state(context) != 4:
    pa.pa_mainloop_iterate(loop, 1, None)
stream = p(pa.pa_stream_new(context, b"a pause", ctypes.byref(Spec(3, 32000, 1)), None))
pa.pa_stream_connect_playback(stream, None, None, 1, None, None)
while not os.path.exists("then"):
    pa.pa_mainloop_prepare(loop, 20000)
    pa.pa_mainloop_poll(loop)
    pa.pa_mainloop_dispatch(loop)
properties = p(pa.pa_proplist_new())
key, value = open("then").read().strip().split("=", 1)
pa.pa_proplist_sets(properties, key.encode(), value.encode())
pa.pa_stream_proplist_update(stream, 2, properties, None, None)
pa.pa_mainloop_run(loop, None)
PYTHON
    PLAYER=$!
    PIDS+=("$PLAYER")
}

# --- what another recorder heard ---

# Listen to an output ($SINK) from now on. Not more often than others do: PipeWire's
# outputs run at the pace of whoever is in the greatest hurry.
listen() { # [sink]
    local heard=heard-${1:-$SINK}
    WATCH_MSEC=100 watch "${1:-$SINK}" "$heard" --every=60 || return
    counts_from_now "$heard"
}

# The moment from which kept_pace asks, and what the watcher had by then.
counts_from_now() { echo "$(now_ns) $(stat -c %s "$1.raw")" >"$1.since"; }

# The same to an output that has just come: once it no longer plays the 2 s of
# silence that it mixed at first, into which no player that comes later gets.
listen_anew() {
    listen || return
    eventually is_at_pace "heard-$SINK.raw" || return
    counts_from_now "heard-$SINK"
}

is_at_pace() { # a watcher's samples
    local before
    before=$(stat -c %s "$1")
    sleep 0.3
    within "$(calculate "($(stat -c %s "$1") - $before) / 192000")" 0.1 0.6 "in 0.3 s"
}

# While somebody listened the output played as much as time has passed. (PipeWire
# makes up for what it could not do in time, and plays faster than that.)
kept_pace() { # sink, [seconds]
    local heard=heard-$1 begin bytes
    [ -e "$heard.since" ] || return 0
    read -r begin bytes <"$heard.since"
    near "$(calculate "($(stat -c %s "$heard.raw") - $bytes) / 192000")" \
        "$(calculate "($(now_ns) - $begin) / 1e9")" "${2:-0.4}" "what $1 played"
}

# There the tone of a channel was played $3 (1) times and was whole each time, less
# its ends: what a player lets out is in no recording of it.
was_whole() { # sink, channel, [times]
    local heard=heard-$1 channel=$2 times=${3:-1} spans n from to
    kept_pace "$1" || return
    reference_of "$heard"
    heard=$heard.reference
    spans=$(analyse onsets "$heard" $REFERENCE "--channel=$channel" --hold=0.3) || return
    grep -qx "spans=$times" <<<"$spans" || fail "$heard: channel $channel: $spans" || return
    for ((n = 1; n <= times; n++)); do
        from=$(sed -n "s/^start$n=//p" <<<"$spans")
        to=$(sed -n "s/^end$n=//p" <<<"$spans")
        is_unbroken "$heard" "$channel" $REFERENCE "--from=$(calculate "$from + 0.1")" \
            "--to=$(calculate "$to - 0.1")" || return
    done
}

left_was_whole() { was_whole "$SINK" 0 "$@"; }

# The server's processes have one processor, until server_has_all_processors.
server_has_one_processor() {
    PROCESSORS=$(taskset -cp $$ | sed 's/.*: //')
    server_runs_on "${PROCESSORS%%[,-]*}"
}

server_has_all_processors() { [ -z "${PROCESSORS-}" ] || server_runs_on "$PROCESSORS"; }

server_runs_on() { # list
    local pid
    for pid in $(tree_of "$(<"$LOOPREC_TEST_SERVER_PIDFILE")"); do
        taskset -acp "$1" "$pid" >/dev/null || return
    done
}

# --- what the server tells ---

# A process and all below it.
tree_of() {
    ps -e -o pid= -o ppid= | awk -v root="$1" '
        { parent[$1] = $2 }
        END {
            for (pid in parent) {
                for (up = pid; up in parent && up != root; up = parent[up]);
                if (up == root) print pid
            }
        }'
}

# The server's numbers of the streams that a process and its children play.
input_of() {
    local tree
    tree=$(tree_of "$1" | paste -sd,)
    pactl -f json list sink-inputs | jq -r --argjson tree "[$tree]" '.[] |
        select(.properties["application.process.id"] | tonumber? | IN($tree[])) | .index'
}

# It plays $2 (1) streams.
plays() {
    [ "$(input_of "$1" | wc -l)" -ge "${2:-1}" ]
}

inputs_are() { [ "$(pactl list short sink-inputs | wc -l)" -eq "$1" ]; }

nothing_plays() { inputs_are 0; }

nothing_records() {
    [ -z "$(pactl list short source-outputs)" ] &&
        ! pactl list clients | grep -q 'application.id = "looprec'
}

# The server is as it was when the file $1 was written, or soon is. (Whether a
# sink is idle or suspended is its own affair.)
server_is_as() {
    EVENTUALLY=5 eventually nothing_records
    EVENTUALLY=5 eventually differs_not "$1" 2>/dev/null || {
        differs_not "$1" >&2
        fail "the server is not as it was"
    }
}

differs_not() { diff <(grep -v 'State: ' "$1") <(server_state | grep -v 'State: '); }

# --- what is in a file ---

# The tones of left.wav and right.wav; the rest: options of analyse.
has_left() { has_tone "$1" 0 997 -6 "${@:2}"; }
has_right() { has_tone "$1" 1 1500 -6 "${@:2}"; }
has_no_left() { has_silence "$1" 0 "${@:2}"; }
has_no_right() { has_silence "$1" 1 "${@:2}"; }

has_tone() { # file, channel, Hz, dBFS, ...
    near "$(measure dbfs level "$1" "--channel=$2" "--hz=$3" "${@:5}")" "$4" 0.2 \
        "$1: $3 Hz on channel $2 ${*:5}" || {
        analyse onsets "$1" --hold=0.05 >&2
        events_told "${1%.*}" >&2
        return 1
    }
}

has_silence() { # file, channel, ...
    below "$(measure "peak$2_dbfs" frames "$1" "${@:3}")" -90 "$1: channel $2 ${*:3}"
}

# A tone on a channel without a break of phase.
is_unbroken() { # file, channel, ...
    local answer
    answer=$(analyse tone "$1" "--channel=$2" "${@:3}") || return
    grep -qx 'breaks=0' <<<"$answer" || fail "$1: the tone is broken: $answer"
}

# A recording that was interrupted is as long as the time until then, and a packet:
# the signal takes its time to arrive, it can't be there before.
lasts_until_sent() { # name, file
    within "$(calculate "$(seconds_of "$2") - ($SENT_NS - $(started_ns "$1")) / 1e9")" \
        -0.011 0.05 "$2: how much longer it is"
}

# A recording that ended by itself is no longer than it says that it took, and
# shorter by what it takes to finish the file.
lasts_as_told() { # name, file
    within "$(calculate "$(final "$1" '.wall_seconds - .asleep_seconds') - $(seconds_of "$2")")" \
        -0.011 0.15 "$2: how much shorter it is"
}

seconds_of() { calculate "$(measure frames frames "$1") / $(measure rate frames "$1")"; }

# Where in the file the time $2 of the wall clock is, in seconds.
place_of() { calculate "($2 - $(started_ns "$1")) / 1e9"; }

within() { # value, least, most, what it is
    awk -v a="$1" -v b="$2" -v c="$3" 'BEGIN { exit !(a != "" && a >= b && a <= c) }' ||
        fail "$4: $1 is not within $2 and $3"
}
