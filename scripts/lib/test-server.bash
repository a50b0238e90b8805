# What with-null-sink and with-pipewire have in common: options, the folder of
# the private server, readiness, and the run of the command. Sourced by both.
# shellcheck shell=bash
: "${self:?}" "${here:?}" # the program's name, and the folder of the scripts

say() { printf '%s: %s\n' "$self" "$*" >&2; }
die() {
    say "$@"
    exit 1
}

server_options() { # prints the options' help
    cat <<'USAGE'
  --rate=HZ              the sink's rate (48000)
  --channels=N           its channels (2)
  --format=FORMAT        its sample format, as PulseAudio names them: s16le,
                         s24le, s24-32le, s32le, float32le ... (s16le)
  --channel-map=MAP      its channel map; needed beyond stereo, or guessed for 1,
                         2, 4, 6 and 8 channels
  --name=NAME            its name (looprec_test)
  --description=TEXT     what people see (Looprec test sink)
  --extra-sink=NAME      one more null sink of the same kind (repeatable)
  --no-sink              a server without any sink
  --keep-log=FILE        copy the server's log there at the end
  -h, --help             this text

For COMMAND's environment:
  PULSE_SERVER, PULSE_COOKIE, PULSE_CLIENTCONFIG, PULSE_RUNTIME_PATH,
  XDG_RUNTIME_DIR        lead every client to the private server
  LOOPREC_TEST_SINK      the sink's name; its monitor is NAME.monitor
  LOOPREC_TEST_SERVER_PID       the server's process: kill it to see how a client
                                bears the loss
  LOOPREC_TEST_SERVER_PIDFILE   holds the pid of the one that runs now
  LOOPREC_TEST_RESTART          a program that ends the server if it still runs,
                                starts it again on the same socket with the same
                                sinks, and returns when it is ready
  LOOPREC_TEST_LOG              the server's log
USAGE
}

rate=48000 channels=2 format=s16le channel_map='' sink=looprec_test
description='Looprec test sink' no_sink=no keep_log=''
extra_sinks=()
command=()

parse_server_options() {
    local arg value
    while [ $# -gt 0 ]; do
        arg=$1
        case $arg in
        --)
            shift
            break
            ;;
        -h | --help)
            usage
            exit 0
            ;;
        --no-sink)
            no_sink=yes
            shift
            continue
            ;;
        --rate | --channels | --format | --channel-map | --name | --description | --extra-sink | --keep-log)
            [ $# -ge 2 ] || usage_error "$arg needs a value"
            value=$2
            shift 2
            ;;
        --*=*)
            value=${arg#*=} arg=${arg%%=*}
            shift
            ;;
        -*) usage_error "unknown option '$arg'" ;;
        *) break ;;
        esac
        case $arg in
        --rate) rate=$value ;;
        --channels) channels=$value ;;
        --format) format=$value ;;
        --channel-map) channel_map=$value ;;
        --name) sink=$value ;;
        --description) description=$value ;;
        --extra-sink) extra_sinks+=("$value") ;;
        --keep-log) keep_log=$value ;;
        *) usage_error "unknown option '$arg'" ;;
        esac
    done
    command=("$@")
    [ ${#command[@]} -gt 0 ] || usage_error "no command to run"
    [[ $rate =~ ^[0-9]+$ ]] || usage_error "--rate=$rate is not a number of Hz"
    [[ $channels =~ ^[0-9]+$ ]] || usage_error "--channels=$channels is not a number"
    [[ $format =~ ^[a-z0-9-]+$ ]] || usage_error "--format=$format is not a sample format"
    [[ $channel_map =~ ^[a-z0-9,-]*$ ]] || usage_error "--channel-map=$channel_map is not a channel map"
    for value in "$sink" "${extra_sinks[@]}"; do
        [[ $value =~ ^[A-Za-z0-9._-]+$ ]] ||
            usage_error "a sink's name has letters, digits, '.', '_' and '-' only: '$value'"
    done
    case $description in *[\"\'\\]* | *$'\n'*) usage_error "--description must not hold quotes, backslashes or line ends" ;; esac
    if [ -z "$channel_map" ]; then
        case $channels in
        1) channel_map=mono ;;
        2) channel_map=front-left,front-right ;;
        4) channel_map=front-left,front-right,rear-left,rear-right ;;
        6) channel_map=front-left,front-right,front-center,lfe,rear-left,rear-right ;;
        8) channel_map=front-left,front-right,front-center,lfe,rear-left,rear-right,side-left,side-right ;;
        *) usage_error "say --channel-map=... for $channels channels" ;;
        esac
    fi
}

usage_error() {
    say "$1; see $self --help"
    exit 2
}

need() { # programs, all of them
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null || die "'$program' is not installed; run scripts/setup tests"
    done
}

# The arguments of module-null-sink for a sink; $1 its name, $2 its description.
null_sink_arguments() {
    printf 'sink_name=%s rate=%s channels=%s format=%s channel_map=%s sink_properties="device.description='"'%s'"'"' \
        "$1" "$rate" "$channels" "$format" "$channel_map" "$2"
}

server_dir=

abandon() { # before the command runs: undo everything
    status=$?
    trap - EXIT INT TERM HUP
    if [ -n "$server_dir" ]; then
        rm -rf "$server_dir"
    fi
    exit "$status"
}

# Makes the folder that holds all the server has: nothing of the user's is read
# or written.
make_server_dir() {
    local base=${TMPDIR:-/tmp}
    # A socket's path may have 107 bytes.
    [ ${#base} -le 60 ] || base=/tmp
    trap abandon EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    server_dir=$(mktemp -d "$base/looprec-server.XXXXXX")
    mkdir -p "$server_dir"/{run/pulse,home,config,state,cache,data}
    chmod 700 "$server_dir" "$server_dir/run" "$server_dir/run/pulse"
    printf 'autospawn = no\nenable-shm = no\n' >"$server_dir/client.conf"
    head -c 256 /dev/zero >"$server_dir/cookie"
    : >"$server_dir/server.log"

    unset PULSE_SINK PULSE_SOURCE PULSE_SERVER PIPEWIRE_REMOTE PIPEWIRE_RUNTIME_DIR
    export PULSE_SERVER=unix:$server_dir/run/pulse/native
    export PULSE_COOKIE=$server_dir/cookie PULSE_CLIENTCONFIG=$server_dir/client.conf
    export PULSE_RUNTIME_PATH=$server_dir/run/pulse XDG_RUNTIME_DIR=$server_dir/run
    export LOOPREC_TEST_SINK=$sink LOOPREC_TEST_LOG=$server_dir/server.log
    export LOOPREC_TEST_SERVER_PIDFILE=$server_dir/server.pid
    export LOOPREC_TEST_RESTART=$server_dir/restart
    [ "$no_sink" = no ] || LOOPREC_TEST_SINK=
}

# Writes the program that starts the server again. It needs $server_dir/serve
# (runs the server, in the foreground) and $server_dir/ready (returns 0 once all
# is there, 9 when it never will be). The first start goes the same way.
write_restart() {
    cat >"$server_dir/restart" <<RESTART
#!/usr/bin/env bash
# Starts the private sound server, after ending one that still runs.
set -euo pipefail
dir=$(printf %q "$server_dir")
self=$self
RESTART
    cat >>"$server_dir/restart" <<'RESTART'
old=$(cat "$dir/server.pid" 2>/dev/null || true)
alive() { # a zombie is not
    [ -r "/proc/$1/stat" ] && [[ $(cat "/proc/$1/stat" 2>/dev/null) =~ \)\ [^ZX] ]]
}
if [ -n "$old" ] && alive "$old"; then
    kill -TERM "$old" || true
    for ((i = 0; i < 500; i++)); do
        alive "$old" || break
        [ "$i" -ne 300 ] || kill -KILL "$old" || true
        sleep 0.01
    done
fi
rm -f "$dir/run/pulse/native"
"$dir/serve" </dev/null >>"$dir/server.log" 2>&1 &
pid=$!
printf '%s\n' "$pid" >"$dir/server.pid.new"
mv "$dir/server.pid.new" "$dir/server.pid"
for ((i = 0; i < 1500; i++)); do
    alive "$pid" || {
        echo "$self: the sound server ended at once" >&2
        exit 1
    }
    if [ -S "$dir/run/pulse/native" ]; then
        status=0
        "$dir/ready" >>"$dir/server.log" 2>&1 || status=$?
        [ "$status" -ne 0 ] || exit 0
        if [ "$status" -eq 9 ]; then
            echo "$self: the sound server refused what was asked of it:" >&2
            exit 1
        fi
    fi
    sleep 0.01
done
echo "$self: the sound server was not ready within 15 s" >&2
exit 1
RESTART
    chmod +x "$server_dir/restart" "$server_dir/serve" "$server_dir/ready"
}

# Starts the server, runs the command and ends with its status. The supervisor
# takes this process's place, ends the server (and any that was started again)
# when the command has ended, and removes the folder.
run_command() {
    local copy=()
    if [ -n "$keep_log" ]; then
        : >"$keep_log" || die "cannot write the log to '$keep_log'"
        copy=("--copy=$server_dir/server.log" "--to=$keep_log")
    fi
    cat >"$server_dir/run-command" <<'RUN'
#!/usr/bin/env bash
# Starts the server, then becomes the command.
if ! "$LOOPREC_TEST_RESTART"; then
    tail -n 12 "$LOOPREC_TEST_LOG" >&2
    exit 1
fi
LOOPREC_TEST_SERVER_PID=$(<"$LOOPREC_TEST_SERVER_PIDFILE")
export LOOPREC_TEST_SERVER_PID
exec -- "$@"
RUN
    chmod +x "$server_dir/run-command"
    type -t -- "${command[0]}" >/dev/null || {
        say "there is no program '${command[0]}'"
        exit 127
    }
    trap - EXIT INT TERM HUP
    exec "$here/lib/supervise" "--remove=$server_dir" "${copy[@]}" -- \
        "$server_dir/run-command" "${command[@]}"
}
