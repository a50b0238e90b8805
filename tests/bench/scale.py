"""Many streams of one application (--app): what each costs as they become more.

A player of 1, 4, 16 and of 64 streams (players.c), and a looprec for each, all at
the same time."""

import os
import select
import signal
import subprocess
import time

from lib import LOOPREC, Watched, die, program, row, with_server

TITLE = "Scale"

STREAMS = [1, 4, 16, 64]
GROWTH_MOST = 1.25  # of what each further stream costs, between 16 and 64
# of them, / between 4 and 16
SETTLE = 3  # seconds until all streams are recorded
SECONDS = 10


def players(count):
    """A program that plays COUNT streams by now."""
    child = subprocess.Popen([program("players"), str(count)], text=True,
                             stdout=subprocess.PIPE)
    said, _, _ = select.select([child.stdout], [], [], 30)
    if not said or child.stdout.readline() != "playing\n":
        die(f"{count} players do not play")
    return child


def inside_scale(seconds, folder):
    """Processor seconds for each recorded second, and megabytes."""
    trees = {n: players(n) for n in STREAMS}
    taps = {n: Watched([LOOPREC, "-q", "-t", "raw", "-f", "s16", "--overwrite",
                        f"--app={tree.pid}",
                        os.path.join(folder, f"scale{n}.raw")])
            for n, tree in trees.items()}
    time.sleep(SETTLE)
    begin = {n: (time.monotonic(), tap.cpu_now()) for n, tap in taps.items()}
    time.sleep(seconds)
    cpu = [(tap.cpu_now() - begin[n][1]) / (time.monotonic() - begin[n][0])
           for n, tap in taps.items()]
    for n, tap in taps.items():
        if not tap.running():
            die(f"looprec of {n} streams ended by itself")
        os.kill(tap.child.pid, signal.SIGINT)
    for n, tap in taps.items():
        tap.finish(10)
        if tap.child.returncode != 0:
            die(f"looprec of {n} streams: exit status {tap.child.returncode}")
        trees[n].kill()
        trees[n].wait()
    return {"cpu": cpu, "mb": [tap.peak_kb / 1024 for tap in taps.values()]}


def each_further(values, a, b):
    return (values[b] - values[a]) / (STREAMS[b] - STREAMS[a])


def growth(runs, key, scale, unit):
    """What each further stream costs at the end, / before."""
    steps = [sorted(each_further(run[key], i, i + 1) * scale for run in runs)
             for i in range(len(STREAMS) - 1)]
    middle = [step[len(step) // 2] for step in steps]
    detail = ", ".join(f"{STREAMS[i]} to {STREAMS[i + 1]}: {value:.2f}"
                       for i, value in enumerate(middle))
    return [each_further(run[key], 2, 3) / each_further(run[key], 1, 2)
            for run in runs], f"{unit}: {detail}"


def rows(options, folder):
    runs = [with_server("scale", SECONDS, folder) for _ in range(options.pairs)]
    for key, what, scale, unit in (
            ("cpu", "CPU", 3600, "seconds an hour for each further stream"),
            ("mb", "memory", 1, "MB for each further stream")):
        values, detail = growth(runs, key, scale, unit)
        yield row(f"{what} of a further stream, 16 to 64, / 4 to 16",
                  GROWTH_MOST, values, detail)


INSIDE = {"scale": inside_scale}
