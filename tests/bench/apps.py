"""Recording applications: the first stream against the whole output, each
further one against a parecord."""

import json
import os
import signal
import subprocess
import time

from lib import (LOOPREC, SHAPE, Watched, cpu_of, die, looprec_fast, middle,
                 row, with_server)

TITLE = "Applications"

APP_MOST = 1.50  # CPU of recording one application / the whole output
STREAM_MOST = 1.00  # CPU of each further stream / of a parecord for one
STREAMS = [1, 4, 16]
ROUNDS = 5


class Tree:
    """Players below one process, each with a stream of its own."""

    def __init__(self, count, raw):
        one = " ".join(["pacat", "--raw", *SHAPE, f"'{raw}'"])
        self.shell = subprocess.Popen(
            ["sh", "-c", f"for i in $(seq {count}); do {one} & done; wait"],
            start_new_session=True)
        end = time.monotonic() + 10
        while len(self.inputs()) < count:
            if time.monotonic() > end:
                die(f"{count} players do not play")
            time.sleep(0.05)

    def inputs(self):
        """The server's numbers of its streams."""
        with open(f"/proc/{self.shell.pid}/task/{self.shell.pid}/children") \
                as children:
            below = children.read().split()
        said = subprocess.run(["pactl", "-f", "json", "list", "sink-inputs"],
                              check=True, stdout=subprocess.PIPE).stdout
        return [one["index"] for one in json.loads(said)
                if one["properties"].get("application.process.id") in below]

    def end(self):
        os.killpg(self.shell.pid, signal.SIGKILL)
        self.shell.wait()


def inside_apps(seconds, folder):
    """Runs within scripts/with-null-sink. Everything is recorded at the same
    time, into files without an encoder, whose work would be the same."""

    def path(name):
        return os.path.join(folder, name + ".raw")

    def ours(name, *more):
        return Watched([LOOPREC, "-q", "-t", "raw", "-f", "s16", "--overwrite",
                        *more, path(name)])

    trees = {n: Tree(n, path("play")) for n in STREAMS}
    taps = {n: ours(f"streams{n}", f"--app={tree.shell.pid}")
            for n, tree in trees.items()}
    whole = ours("whole")
    stream = trees[1].inputs()[0]
    theirs = Watched(["parecord", "--raw", *SHAPE,
                      f"--monitor-stream={stream}", path("parecord")])
    end = time.monotonic() + seconds
    everyone = [*taps.values(), whole, theirs]
    while time.monotonic() < end:
        if not all([one.running() for one in everyone]):
            die("a recorder ended by itself")
        time.sleep(0.25)
    for one in everyone:
        one.child.send_signal(signal.SIGINT)
    for one in everyone:
        one.finish(10)
        if one.child.returncode != 0:
            die(f"{one.command[0]}: exit status {one.child.returncode}")
    for tree in trees.values():
        tree.end()
    return {"streams": [taps[n].cpu for n in STREAMS], "whole": whole.cpu,
            "theirs": theirs.cpu}


def rows(options, folder):
    seconds = options.apps
    cpu_of(looprec_fast("noise", seconds + 30,
                        os.path.join(folder, "play.raw"), "-t", "raw"))
    runs = [with_server("apps", seconds, folder) for _ in range(ROUNDS)]

    def further(run, a, b):
        return (run["streams"][b] - run["streams"][a]) / \
            (STREAMS[b] - STREAMS[a])

    return [
        row(f"CPU, {seconds} s of one application, / the whole output at the "
            "same time", APP_MOST,
            [run["streams"][0] / run["whole"] for run in runs],
            middle([run["streams"][0] for run in runs]) + " / " +
            middle([run["whole"] for run in runs])),
        *(row(f"CPU of each further stream, {STREAMS[a]} to {STREAMS[b]}, / a "
              "parecord for one", STREAM_MOST,
              [further(run, a, b) / run["theirs"] for run in runs],
              middle([further(run, a, b) for run in runs]) + " / " +
              middle([run["theirs"] for run in runs]))
          for a, b in ((0, 1), (1, 2))),
    ]


INSIDE = {"apps": inside_apps}
