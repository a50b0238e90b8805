"""From the call of a recorder to the first instant that it captures.

One recorder at a time, in turns, while the time code plays (timecode.c) with a
latency that makes the sink mix at most 20 ms ahead: as behind a call or a game.
Behind a player in no hurry everyone's first sound is up to 2 s away. The call is
the moment before the new process is made; the first captured instant is the
first frame of the time code in the file, at the moment when its player heard
it: on the monotonic clock, both. It wants a machine that is doing nothing else:
a recorder that waits for its turn begins later.

On PipeWire looprec and the quickest peers are within half a cycle of the graph
(10 ms here) of each other, and the order of medians changes from run to run.
looprec alone asks for the server's and the output's properties before it records
(about 1 ms), and leaves out what was heard before it opened its source (some 4 ms
after the call), which is in the files of the others."""

import os
import time

import peers
import timecode
from lib import die, row, with_server

TITLE = "Start"

START_MOST = 1.00  # looprec / the quickest of the others
FILE_BYTES = 65536  # a file with so much has sound in it
PATIENCE = 8  # seconds until it must have


def measure(player, name, folder):
    """Milliseconds from NAME's call to its first captured frame."""
    one = peers.Recorder(name, "wav", folder)
    end = time.monotonic() + PATIENCE
    while not (os.path.exists(one.path) and
               os.path.getsize(one.path) > FILE_BYTES):
        if time.monotonic() > end or not one.running():
            die(f"{name} records nothing")
        time.sleep(0.02)
    one.interrupt()
    one.finish(10)
    sound = timecode.sound_of(timecode.runs_of(timecode.read_wav(one.path)))
    os.unlink(one.path)
    return (player.heard_ns(sound[0][1]) - one.begun_ns) / 1e6


def inside_start(rounds, folder):
    player = timecode.Player()
    ms = {name: [] for name in peers.here()}
    for _ in range(rounds):
        for name, of in ms.items():
            of.append(measure(player, name, folder))
    player.end()
    return ms


def rows(options, folder):
    timecode.prove()
    for server in peers.servers():
        # Twice as many as elsewhere, because where in the sink's block of 10
        # or 20 ms the call falls is chance; and one more, because the first of
        # each reads its files from the disk.
        ms = with_server("start", 2 * options.pairs + 1, folder, server)
        ms = {name: of[1:] for name, of in ms.items()}
        yield row(f"{server}: call to first captured frame, / the quickest peer",
                  START_MOST, peers.against_best(ms),
                  "ms: " + peers.table(ms, "{:.0f}"))


INSIDE = {"start": inside_start}
