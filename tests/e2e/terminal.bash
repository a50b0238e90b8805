# What tests of a terminal share: looprec on one, and keys that are typed there.
# Sourced by .bats files which end the processes in PIDS.
# shellcheck shell=bash

# Run $1 (a shell command) on a terminal of its own, in the background. What is
# written to descriptor 7 is typed there; what it shows goes to the file screen.
# TERMINAL is its process.
begin_on_terminal() {
    mkfifo keys
    TERM=xterm script -qec "stty cols 80 rows 24; $1" /dev/null <keys >screen 2>&1 3>&- &
    TERMINAL=$!
    PIDS+=("$TERMINAL")
    exec 7>keys
}

# Wait for its end, with status $1 (0).
end_on_terminal() {
    local code=0
    wait "$TERMINAL" || code=$?
    exec 7>&-
    [ "$code" -eq "${1:-0}" ]
}

# No line that was shown was longer than the terminal is wide.
is_within_terminal() {
    tr '\r' '\n' <screen | sed 's/\x1b\[K//g' >lines
    ! grep '^00:.\{77\}' lines
}
