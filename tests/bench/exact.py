"""What of the time that passed is in a file, and where.

Everyone records the time code (timecode.c) at the same time. Its player ends
after a while, and 3 s later another one begins, with other numbers; then, on
PulseAudio, the sink is suspended for 3 s (PipeWire's null sink does not come back
from that); then everyone gets SIGINT. Of each frame in a file its number tells
when it was heard, on the monotonic clock, as the server tells the player: within
10 ms. So much of what is told here is the servers' own. One more recorder, which
was there before, keeps the sink's latency at 10 ms, so that it does not change
as others come."""

import os
import subprocess
import time

import peers
import timecode
from lib import RATE, row, with_server

TITLE = "Exactness"

EXACT_MOST_MS = 20.0
EXACT_MOST_FRAMES = 0.0  # missing or repeated while one stream plays
GAP = 3  # seconds without sound
PLAY = 3  # seconds of sound around each
SECOND = 60 * RATE  # the second player's first frame
EDGE = RATE // 5  # how far it may have come since it told the time
SETTLE = RATE  # frames of a recording after which all the others have begun


def ms_of(frames):
    return frames * 1000 / RATE


def last_until(runs, frame):
    """The last frame up to FRAME that is in the file: its place and number."""
    run = [run for run in runs if run[1] <= frame][-1]
    ahead = min(frame - run[1], run[2] - 1)
    return run[0] + ahead, run[1] + ahead


def first_from(runs, frame):
    run = [run for run in runs if run[1] + run[2] > frame][0]
    ahead = max(frame - run[1], 0)
    return run[0] + ahead, run[1] + ahead


def gap_error_ms(before, after, heard_ns, heard_after_ns):
    """How much later the sound after a gap stands in the file than it was heard,
    seen from the sound before."""
    return ms_of(after[0] - before[0]) - (heard_after_ns - heard_ns) / 1e6


def breaks_in(runs):
    """Where runs do not follow each other: the frame before, how many are
    missing (less than none: repeated), how many were put in."""
    return [(a[1] + a[2], b[1] - (a[1] + a[2]), b[0] - (a[0] + a[2]))
            for a, b in zip(runs, runs[1:])]


def off_by(breaks, everyone):
    """Frames of BREAKS but for those that most of the others have as well:
    there the player ran dry, or the server."""
    return sum(abs(one[1]) + abs(one[2]) for one in breaks
               if 2 * sum(one in other for other in everyone) <= len(everyone))


def judge(samples, players, stopped_ns, held):
    """The figures of one recording. HELD: about where the second player was when
    its sink was suspended; None: it was not."""
    one, two = players
    runs = timecode.sound_of(timecode.runs_of(samples))
    first = [run for run in runs if run[1] < SECOND]
    second = [run for run in runs if run[1] >= SECOND]
    last = second[-1][1] + second[-1][2]
    begin_ns = one.heard_ns(first[0][1]) - first[0][0] * 10**9 / RATE
    end = last_until(first, SECOND)
    onset = first_from(second, SECOND)
    said = {
        "cut": (stopped_ns - two.heard_ns(last)) / 1e6,
        "length": ms_of(len(samples) // 2) - (stopped_ns - begin_ns) / 1e6,
        "stopped": gap_error_ms(end, onset, one.heard_ns(end[1], -1),
                                two.heard_ns(onset[1], 1)),
    }
    breaks = breaks_in([run for run in first if run[0] > SETTLE]) + \
        breaks_in(second)
    if held is not None:
        end = last_until(second, held - EDGE)
        onset = first_from(second, held + EDGE)
        said["suspended"] = gap_error_ms(end, onset, two.heard_ns(end[1], -1),
                                         two.heard_ns(onset[1], 1))
        breaks = [each for each in breaks if abs(each[0] - held) > EDGE]
    said["breaks"] = breaks
    return said


def record(one, folder):
    """Everyone's recordings, the players, and where the second one was held."""
    sink = os.environ["LOOPREC_TEST_SINK"]
    held = None
    all_of = {name: peers.Recorder(name, "wav", folder) for name in peers.here()}
    time.sleep(PLAY + 2)
    one.end()
    time.sleep(GAP)
    two = timecode.Player(SECOND)
    time.sleep(PLAY)
    if os.environ["BENCH_SERVER"] == "PulseAudio":
        subprocess.run(["pactl", "suspend-sink", sink, "1"], check=True)
        time.sleep(GAP)
        held = two.answers()[-1][1]
        subprocess.run(["pactl", "suspend-sink", sink, "0"], check=True)
        time.sleep(PLAY)
    for each in all_of.values():
        each.interrupt()
    time.sleep(0.3)  # the player tells the time of the last ones, too
    two.end()
    for each in all_of.values():
        each.finish(10)
    return all_of, two, held


def inside_exact(_, folder):
    with open(os.devnull, "wb") as null:
        hold = subprocess.Popen(["parec", "--latency-msec=10"], stdout=null)
    one = timecode.Player()
    time.sleep(1.5)
    all_of, two, held = record(one, folder)
    hold.kill()
    hold.wait()
    said = {name: judge(timecode.read_wav(each.path), (one, two),
                        each.stopped_ns, held) for name, each in all_of.items()}
    everyone = [of["breaks"] for of in said.values()]
    for of in said.values():
        of["off"] = off_by(of.pop("breaks"), everyone)
    return said


WHAT = [
    ("cut", "cut off at the end: SIGINT - last captured instant", "ms"),
    ("length", "length - wall time from the file's beginning to SIGINT", "ms"),
    ("stopped", "onset after a gap of 3 s in which nobody played: place in the "
     "file - as it was heard", "ms"),
    ("suspended", "onset after 3 s of a suspended sink: place in the file - as "
     "it was heard", "ms"),
    ("off", "frames missing, repeated or put in within the sound", "frames"),
]


def rows(options, folder):
    timecode.prove()
    for server in peers.servers():
        runs = [with_server("exact", 0, folder, server)
                for _ in range(options.pairs)]
        for key, what, unit in WHAT:
            if key not in runs[0]["looprec"]:
                continue
            values = {name: [run[name][key] for run in runs] for name in runs[0]}
            yield row(f"{server}: {what}; {unit} without sign",
                      EXACT_MOST_MS if unit == "ms" else EXACT_MOST_FRAMES,
                      [abs(value) for value in values["looprec"]],
                      f"{unit}: " + peers.table(
                          {name: sorted(of, key=abs) for name, of in
                           values.items()}, "{:.0f}"))


INSIDE = {"exact": inside_exact}
