"""Recording live into FLAC, beside parecord."""

import os
import signal
import subprocess
import time

from lib import (LEVEL, LOOPREC, SHAPE, Watched, cpu_of, die, looprec_fast,
                 program, row, with_server)

TITLE = "Live"

LIVE_MOST = 1.00  # CPU of looprec / of parecord, live into FLAC
MEMORY_MOST_MB = 10.0  # resident, above the libraries' own


def inside_live(seconds, folder):
    """Runs within scripts/with-null-sink; what it measured."""
    own = subprocess.run([program("bare_libs"), os.path.join(folder, "libs.flac")],
                         check=True, text=True, stdout=subprocess.PIPE).stdout
    player = subprocess.Popen(["pacat", "--raw", *SHAPE,
                               os.path.join(folder, "play.raw")])
    time.sleep(1)
    ours = Watched([LOOPREC, "-q", "-f", "s16", f"--compression={LEVEL}",
                    "-d", f"{seconds}s", os.path.join(folder, "live.flac")])
    theirs = Watched(["parecord", "--file-format=flac", *SHAPE,
                      "--device=@DEFAULT_MONITOR@",
                      os.path.join(folder, "parecord.flac")])
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not theirs.running():
            die("parecord ended by itself")
        ours.running()
        time.sleep(0.25)
    theirs.child.send_signal(signal.SIGINT)
    theirs.finish(10)
    ours.finish(10)
    player.kill()
    player.wait()
    if ours.child.returncode != 0:
        die(f"looprec: exit status {ours.child.returncode}")
    return {"ours": ours.cpu, "theirs": theirs.cpu, "ours_kb": ours.peak_kb,
            "theirs_kb": theirs.peak_kb, "libs_kb": int(own)}


def rows(options, folder):
    seconds = options.live
    cpu_of(looprec_fast("noise", seconds + 20,
                        os.path.join(folder, "play.raw"), "-t", "raw"))
    m = with_server("live", seconds, folder)
    above = (m["ours_kb"] - m["libs_kb"]) / 1024
    return [
        row(f"CPU, {seconds} s live into FLAC, / parecord at the same time",
            LIVE_MOST, [m["ours"] / m["theirs"]],
            f"{m['ours']:.3f} s / {m['theirs']:.3f} s"),
        row("memory above the libraries' own (bare_libs), MB", MEMORY_MOST_MB,
            [above], f"{m['ours_kb'] / 1024:.1f} - {m['libs_kb'] / 1024:.1f} "
            f"MB; parecord {m['theirs_kb'] / 1024:.1f} MB"),
    ]


INSIDE = {"live": inside_live}
