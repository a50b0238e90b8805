"""Encoding as fast as it goes, against a bare loop of libsndfile writes and the
flac program, and what another rate and other channels cost."""

import os
import statistics
import subprocess
import time

from lib import (CHANNELS, LEVEL, RATE, cpu_of, die, looprec_fast, middle,
                 program, row)

TITLE = "Encoding"
WHY = "`src/HACKING.md`, *What it costs*"
INSIDE = {}

ENCODE_MOST = 1.02  # looprec / a bare loop of libsndfile writes
CONVERT_MOST = 0.2  # percent of a processor for another rate and channels
# What is encoded into what: a level of FLAC, or WAV.
CASES = [("tone", 0), ("tone", LEVEL), ("noise", LEVEL), ("tone", 8),
         ("tone", "wav")]


def checksum(path):
    """The MD5 of the samples, from a FLAC file's STREAMINFO."""
    with open(path, "rb") as file:
        head = file.read(42)
    if head[:4] != b"fLaC" or head[26:42] == bytes(16):
        die(f"{path}: not a finished FLAC file")
    return head[26:42]


def timed(command):
    """CPU seconds, seconds."""
    begun = time.monotonic()
    return cpu_of(command), time.monotonic() - begun


def bare(level, raw, path):
    said = subprocess.run([program("bare_encode"), str(RATE), str(CHANNELS),
                           str(level), raw, path], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.split()
    return float(said[0]), float(said[1])


def flac(level, raw, path):
    return timed(["flac", "--silent", "--force", f"-{level}",
                  "--force-raw-format", "--endian=little", "--sign=signed",
                  f"--channels={CHANNELS}", "--bps=16",
                  f"--sample-rate={RATE}", "-o", path, raw])


def compare(signal, level, options, folder, raw):
    """One case: its rows."""
    kind = "wav" if level == "wav" else "flac"
    ours, theirs = (os.path.join(folder, f"{who}.{kind}")
                    for who in ("ours", "theirs"))
    more = [] if level == "wav" else [f"--compression={level}"]
    runs = {"looprec": [], "bare loop": [], "flac": []}

    def ours_timed(seconds):
        return timed(looprec_fast(signal, seconds, ours, *more))

    # The bare loop's time begins when its program runs; so does ours.
    begin = [ours_timed(0.01) for _ in range(options.pairs)]
    for _ in range(options.pairs):
        whole = ours_timed(options.seconds)
        runs["looprec"].append([w - statistics.median(b) for w, b in
                                zip(whole, zip(*begin))])
        runs["bare loop"].append(bare(level, raw, theirs))
        if level != "wav":
            if checksum(ours) != checksum(theirs):
                die("the two files do not hold the same audio")
            runs["flac"].append(flac(level, raw, theirs))
    os.remove(ours)
    os.remove(theirs)

    what = f"{options.seconds} s of {signal} into " + \
        ("WAV" if level == "wav" else f"FLAC {level}")
    for i, unit in enumerate(("CPU", "clock")):
        took = {who: [run[i] for run in each] for who, each in runs.items()
                if each}
        yield row(f"{unit}, {what}, / bare libsndfile loop", ENCODE_MOST,
                  [a / b for a, b in zip(took["looprec"], took["bare loop"])],
                  " / ".join(middle(took[who])
                             for who in ("looprec", "bare loop")))
        if "flac" in took:
            yield row(f"{unit}, {what}, / flac -{level}", None,
                      [a / b for a, b in zip(took["looprec"], took["flac"])],
                      middle(took["flac"]))
        yield row(f"times real time, by {unit}, {what}", None,
                  [options.seconds / a for a in took["looprec"]],
                  ", ".join(f"{who} "
                            f"{options.seconds / statistics.median(v):.0f}"
                            for who, v in took.items() if who != "looprec"))


def bench_convert(seconds, pairs):
    """What another rate and other channels cost beside the same without."""
    null = looprec_fast("tone", seconds, "-tnull")  # in a file's place
    percent = []
    for _ in range(pairs):
        plain = cpu_of(null)
        other = cpu_of([*null, "-r", "16000", "-c", "1", "--dither"])
        percent.append(100 * (other - plain) / seconds)
    return row("percent of a processor, 48 kHz stereo into 16 kHz mono with "
               f"dither, in real time; over {seconds} s", CONVERT_MOST,
               percent, "beside the same without")


def rows(options, folder):
    raw = {}
    for signal, level in CASES:
        if signal not in raw:
            raw[signal] = os.path.join(folder, f"{signal}.raw")
            cpu_of(looprec_fast(signal, options.seconds, raw[signal],
                                "-t", "raw"))
        yield from compare(signal, level, options, folder, raw[signal])
    for path in raw.values():
        os.remove(path)
    yield bench_convert(options.seconds, options.pairs)
