"""The capture thread: what it takes of each packet, and what it calls."""

import os
import re
import subprocess

from lib import BUILD, LOOPREC, cpu_of, die, looprec_fast, row, with_server

TITLE = "Capture thread"

TURN_MOST_MS = 1.0  # p99 of what is done for a packet of 10 ms
CALLS_MOST = 2.0  # of the system a packet: the wait, and the read it waits for
BEGIN_MS = 3000  # opening may take 2.5 s where somebody plays
SYNTH = ["--source=synth:tone"]


def preloaded(name, **environment):
    path = os.path.join(BUILD, "bench", name + ".so")
    if not os.access(path, os.R_OK):
        die(f"{path} is not built: make bench builds it")
    return {**os.environ, "LD_PRELOAD": path, **environment}


def recording(seconds, *more):
    return [LOOPREC, "-q", "-d", f"{seconds}s", "-t", "null", *more]


def turns(seconds, folder, *more):
    """Nanoseconds between the capture thread's wake-ups and its next waits."""
    path = os.path.join(folder, "turns")
    subprocess.run(recording(seconds, *more), check=True, stdin=subprocess.DEVNULL,
                   env=preloaded("turns", TURNS_THREAD="capture",
                                 TURNS_FILE=path, TURNS_FROM_MS=str(BEGIN_MS)))
    with open(path) as file:
        return sorted(int(line) for line in file)


def calls(seconds, folder, *more):
    """System calls of the capture thread, and its waits among them."""
    path = os.path.join(folder, "trace")
    subprocess.run(["strace", "-f", "-ttt", "-s", "16", "-o", path,
                    *recording(seconds, *more)], check=True,
                   stdin=subprocess.DEVNULL)
    begun, count, waits = None, 0, 0
    thread = None
    with open(path, errors="replace") as file:
        for line in file:
            number, stamp, call = line.split(None, 2)
            if 'PR_SET_NAME, "capture"' in call:
                thread, begun = number, float(stamp)
            if number != thread or call.startswith("<..."):
                continue
            at = float(stamp) - begun
            if BEGIN_MS / 1000 <= at < seconds - 0.5:
                count += 1
                waits += bool(re.match("p?poll", call))
    if waits == 0:
        die("the capture thread's system calls were not seen")
    return count, waits


def forbidden(callers, *more):
    """Heap, lock, file and print calls: the watch ends the program at the first
    one."""
    end = subprocess.run(
        recording(6, *more), stdin=subprocess.DEVNULL, text=True,
        stderr=subprocess.PIPE,
        env=preloaded("forbid", FORBID_THREAD="capture",
                      FORBID_CALLERS=callers, FORBID_FROM_MS=str(BEGIN_MS),
                      FORBID_TO_MS=str(BEGIN_MS + 2000)))
    said = re.search(r"forbid: watched (\d+) waits", end.stderr)
    if "forbid: the thread called" not in end.stderr and not said:
        die(f"the capture thread was not watched: {end.stderr}")
    return 0 if said else 1, int(said.group(1)) if said else 0


def measure(seconds, folder, callers, *more):
    return {"turns": turns(seconds, folder, *more),
            "calls": calls(min(seconds, 8), folder, *more),
            "forbidden": forbidden(callers, *more)}


def inside_capture(seconds, folder):
    """Runs within scripts/with-null-sink, where somebody plays."""
    player = subprocess.Popen(["pacat", "--raw", "--rate=48000", "--channels=2",
                               "--format=s16le", "--latency-msec=50",
                               os.path.join(folder, "play.raw")])
    try:
        return measure(seconds, folder, "own")
    finally:
        player.kill()
        player.wait()


def part(sorted_values, share):
    return sorted_values[min(len(sorted_values) - 1,
                             int(len(sorted_values) * share))]


def table(what, m):
    """What was measured, as rows. The bars are the system's wait apart."""
    took = m["turns"]
    for name, share in (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999),
                        ("worst", 1)):
        bar = TURN_MOST_MS if name == "p99" else None
        yield row(f"ms from wake-up to the next wait, {name}, {what}", bar,
                  [part(took, share) / 1e6], f"of {len(took)}")
    count, waits = m["calls"]
    # A synthetic packet is one wait; libpulse's own calls are its business.
    bar = CALLS_MOST if what.startswith("synth") else None
    yield row(f"system calls for each wait, {what}", bar, [count / waits],
              f"{count} / {waits}, by strace")
    found, waits = m["forbidden"]
    who = "and its libraries" if what.startswith("synth") else "itself"
    yield row(f"allocations, locks, writes of looprec {who}, {what}", 0,
              [found], f"in {waits} turns; the first would end the watch")


def rows(options, folder):
    seconds = options.capture
    cpu_of(looprec_fast("tone", seconds + 40, os.path.join(folder, "play.raw"),
                        "-t", "raw"))
    yield from table("synth", measure(seconds, folder, "all", *SYNTH))
    yield from table("PulseAudio", with_server("capture", seconds, folder))


INSIDE = {"capture": inside_capture}
