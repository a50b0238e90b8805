"""Encoding as fast as it goes, against a bare loop of libsndfile writes, and
what another rate and other channels cost."""

import os
import subprocess

from lib import (CHANNELS, LEVEL, RATE, cpu_of, die, looprec_fast, middle,
                 program, row)

TITLE = "Encoding"
INSIDE = {}

ENCODE_MOST = 1.05  # CPU of looprec / of a bare loop of libsndfile writes
CONVERT_MOST = 0.2  # percent of a processor for another rate and channels
SIGNALS = ["tone", "noise"]


def checksum(path):
    """The MD5 of the samples, from a FLAC file's STREAMINFO."""
    with open(path, "rb") as file:
        head = file.read(42)
    if head[:4] != b"fLaC" or head[26:42] == bytes(16):
        die(f"{path}: not a finished FLAC file")
    return head[26:42]


def bench_encode(signal_name, seconds, pairs, folder):
    raw = os.path.join(folder, "audio.raw")
    ours = os.path.join(folder, "ours.flac")
    bare = os.path.join(folder, "bare.flac")
    cpu_of(looprec_fast(signal_name, seconds, raw, "-t", "raw"))
    ratios, ours_cpu, bare_cpu = [], [], []
    for _ in range(pairs):
        ours_cpu.append(cpu_of(looprec_fast(signal_name, seconds, ours,
                                            f"--compression={LEVEL}")))
        said = subprocess.run([program("bare_flac"), str(RATE), str(CHANNELS), str(LEVEL),
                               raw, bare], check=True, text=True,
                              stdout=subprocess.PIPE).stdout
        bare_cpu.append(float(said))
        ratios.append(ours_cpu[-1] / bare_cpu[-1])
        if checksum(ours) != checksum(bare):
            die("the two files do not hold the same audio")
    return row(f"CPU, {seconds} s of {signal_name} into FLAC, "
               "/ bare libsndfile loop", ENCODE_MOST, ratios,
               f"{middle(ours_cpu)} / {middle(bare_cpu)}")


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
    return [*(bench_encode(name, options.seconds, options.pairs, folder)
              for name in SIGNALS),
            bench_convert(options.seconds, options.pairs)]
