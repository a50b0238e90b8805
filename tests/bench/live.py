"""Recording live, beside everyone that records the same monitor at the same
time.

The processor's time is that of steady recording, from a moment when all have
begun until they are ended: of an hour, beginning and end are nothing. What the
sound server does for each is in no figure. On PulseAudio everyone is woken as
often as the most hurried one wants, on PipeWire as often as oneself asked for.

What misses its bar, and why (Debian 12):

- CPU on PipeWire. parecord and sox get blocks of 2 s, arecord of 125 ms; looprec
  asks for 20 ms, because PipeWire takes it for the cycle of the whole graph, and
  gets 50 messages a second, each some 25 system calls of libpulse's main loop.
  What parecord and sox save there they lose at the end, 1.7 to 1.9 s of it, and
  arecord 0.05 to 0.07: see Exactness. With blocks of 100 ms, and
  node.max-latency=960/48000 so that the graph's cycle stays, looprec took 0.7 times
  as much (4.6 s an hour instead of 6.6), which parecord's are still below; but a
  jump of the stream's time is only known as one if it is longer than a block.
- Memory. The libraries are those of parecord. Looprec itself takes 0.5 MB of code
  and tables (which the kernel may drop), 0.2 MB of ring, and 0.2 MB of stacks and
  heaps for two more threads; parecord's own part, which is smaller by the 0.4 to
  0.8 MB that the report shows, is one thread without a ring."""

import os
import subprocess
import time

import peers
from lib import (SHAPE, cpu_of, die, looprec_fast, program, row,
                 with_server)

TITLE = "Live"
WHY = "`tests/bench/live.py`, at its top"

LIVE_MOST = 1.00  # looprec / the cheapest of the others
MEMORY_MOST_MB = 10.0  # resident, above the libraries' own
SETTLE = 3  # seconds until everyone records steadily


def inside_live(seconds, folder):
    """Runs with a server: processor seconds for each recorded second, and
    kilobytes, of everyone; and what libraries alone take."""
    own = subprocess.run([program("bare_libs"), os.path.join(folder, "libs.flac")],
                         check=True, text=True, stdout=subprocess.PIPE).stdout
    player = subprocess.Popen(["pacat", "--raw", *SHAPE,
                               os.path.join(folder, "play.raw")])
    all_of = {f"{name} {form}": peers.Recorder(name, form, folder)
              for name in peers.here() for form in peers.FORMATS
              if peers.has(name, form)}
    time.sleep(SETTLE)
    begin = {key: (time.monotonic(), one.cpu_now())
             for key, one in all_of.items()}
    time.sleep(seconds)
    cpu = {key: (one.cpu_now() - begin[key][1]) /
           (time.monotonic() - begin[key][0]) for key, one in all_of.items()}
    for one in all_of.values():
        one.interrupt()
    for key, one in all_of.items():
        one.finish(10)
        if key.startswith("looprec") and one.child.returncode != 0:
            die(f"{key}: exit status {one.child.returncode}")
        os.unlink(one.path)
    player.kill()
    player.wait()
    return {"cpu": cpu, "kb": {key: one.peak_kb for key, one in all_of.items()},
            "libs_kb": int(own)}


def of_format(runs, what, form, scale):
    """The rounds of everyone with FORM."""
    names = [key.split()[0] for key in runs[0][what] if key.endswith(form)]
    return {name: [run[what][f"{name} {form}"] * scale for run in runs]
            for name in names}


def rows(options, folder):
    cpu_of(looprec_fast("noise", options.live + 20,
                        os.path.join(folder, "play.raw"), "-t", "raw"))
    servers = peers.servers()
    runs = {server: [] for server in servers}
    for _ in range(options.pairs):
        for server in servers:
            runs[server].append(with_server("live", options.live, folder, server))
    for server in servers:
        for form in peers.FORMATS:
            cpu = of_format(runs[server], "cpu", form, 3600)
            yield row(f"{server}: CPU, live into {form.upper()}, / the cheapest "
                      "peer at the same time", LIVE_MOST, peers.against_best(cpu),
                      "seconds an hour: " + peers.table(cpu, "{:.1f}"))
        for form in peers.FORMATS:
            mb = of_format(runs[server], "kb", form, 1 / 1024)
            yield row(f"{server}: peak resident memory, {form.upper()}, / the "
                      "smallest peer", LIVE_MOST, peers.against_best(mb),
                      "MB: " + peers.table(mb, "{:.1f}"))
        yield row(f"{server}: memory above the libraries' own (bare_libs), MB",
                  MEMORY_MOST_MB,
                  [(run["kb"]["looprec flac"] - run["libs_kb"]) / 1024
                   for run in runs[server]], "into FLAC")


INSIDE = {"live": inside_live}
