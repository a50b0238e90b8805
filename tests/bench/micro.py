"""The ring and the timeline alone, and what is done with each frame."""

import subprocess

from lib import program, row

TITLE = "Ring, timeline and samples alone"
INSIDE = {}

RING_LEAST = 0.5  # bytes a second through the ring / by memcpy alone
TIMELINE_MOST_NS = 1000  # of the 10 ms that a packet of 480 frames lasts
BYTES = {"s16": 480 * 2 * 2, "f32": 480 * 2 * 4}


def measure():
    said = subprocess.run([program("micro")], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    return {name: float(ns) for name, ns in
            (line.split() for line in said.splitlines())}


def rows(options, _folder):
    runs = [measure() for _ in range(options.pairs)]

    def of(name):
        return [run[name] for run in runs]

    for kind, size in BYTES.items():
        packet = f"packet of 480 frames, stereo {kind}"
        yield row(f"ns, a {packet}, into the ring and out of it", None,
                  of("ring-" + kind), "the writer looks at 20 at a time")
        yield row(f"bytes a second, ring / memcpy, {packet}", RING_LEAST,
                  [copy / ring for ring, copy in
                   zip(of("ring-" + kind), of("copy-" + kind))],
                  f"{size / min(of('ring-' + kind)):.1f} / "
                  f"{size / min(of('copy-' + kind)):.1f} GB/s at best; both "
                  "through some 100 KiB", least=True)
    yield row("ns, the timeline's account of a packet", TIMELINE_MOST_NS,
              of("timeline"), "stamp and position agree")
    for name, what in (("to-float", "float32 looked at and copied"),
                       ("levels", "levels"), ("to-s16", "to s16")):
        yield row(f"ns a frame, {what}", None, of(name),
                  "stereo, in the first cache")
