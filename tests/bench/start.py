"""From the call of a recorder to the first instant that it captures.

One recorder at a time, in turns, while the time code plays (timecode.c) with a
latency that makes the sink mix at most 20 ms ahead: as behind a call or a game.
Behind a player in no hurry everyone's first sound is up to 2 s away. The call is
the moment before the new process is made; the first captured instant is the
first frame of the time code in the file, at the moment when its player heard
it: on the monotonic clock, both. It wants a machine that is doing nothing else:
a recorder that waits for its turn begins later.

What is heard first is the beginning of the sink's next block, or of the graph's
next cycle, after the server was asked for the stream: 5 to 15 ms after that, as
chance will have it. So a millisecond sooner is little in the median, and the order
of those within one of each other changes from run to run: they go on when the
others are far behind, and where in a block a call falls is spread evenly.

What a recorder can hasten is its own way to that question. Medians of 40 starts
each, in turns, beside a load of 1 on two processors: on PulseAudio 16.1 looprec asks
8.2 ms after the call and parecord 9.2, on PipeWire 0.3.65 11.2 and 12.2. Six of these
are the loading of 30 libraries, which are libpulse's and the same for both. looprec
then asks for the properties of server, output and monitor, all at once: one turn
more than parecord, which sets its locale and makes its file first. So against
parecord the bar is passed or missed by chance, on either server."""

import os
import statistics
import time

import peers
import timecode
from lib import die, row, with_server

TITLE = "Start"
WHY = "`tests/bench/start.py`, at its top"

START_MOST = 1.00  # looprec / the quickest of the others
NEAR = 1.5  # so much later than the quickest, and a peer is out of the race
PHASES = 0.06  # seconds that hold whole blocks of any sink and cycle of a graph
FILE_BYTES = 65536  # a file with so much has sound in it
PATIENCE = 8  # seconds until it must have


def await_phase(share):
    """Until the clock is at SHARE of PHASES. Recorders end with a block of the
    sink, so without this each would begin where in a block the one before it
    made it begin."""
    time.sleep((share * PHASES - time.monotonic()) % PHASES)


def measure(player, name, share, folder):
    """Milliseconds from NAME's call to its first captured frame."""
    await_phase(share)
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


def near(ms):
    """looprec, and the peers that may be the quickest."""
    middles = {name: statistics.median(of[1:]) for name, of in ms.items()}
    least = min(of for name, of in middles.items() if name != "looprec")
    return [name for name, of in middles.items()
            if name == "looprec" or of < NEAR * least]


def inside_start(rounds, folder):
    player = timecode.Player()
    names = peers.here()
    ms = {name: [] for name in names}
    for n in range(3 * rounds):
        if n == rounds:
            names = near(ms)
        share = n * 0.618034 % 1  # evenly spread, however many they are
        for name in names:
            ms[name].append(measure(player, name, share, folder))
    player.end()
    return ms


def rows(options, folder):
    timecode.prove()
    for server in peers.servers():
        # Twice as many as elsewhere, and thrice that for those in the race,
        # because where in the sink's block the call falls is chance; and one
        # more, because the first of each reads its files from the disk.
        ms = with_server("start", 2 * options.pairs + 1, folder, server)
        ms = {name: of[1:] for name, of in ms.items()}
        yield row(f"{server}: call to first captured frame, / the quickest peer",
                  START_MOST, peers.against_best(ms),
                  "ms: " + peers.table(ms, "{:.1f}"))


INSIDE = {"start": inside_start}
