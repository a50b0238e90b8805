"""What people record with today: how each is called, and what it waits for by
default. Everyone records the same monitor into the same format, with the
buffers that whoever types the command gets.

Latencies by default (what each asks for; PulseAudio 16.1, PipeWire 0.3.65,
Debian 12): looprec 20 ms in the server; parecord and sox none, which is 2 s;
ffmpeg 50 ms; GStreamer 10 ms of a buffer of 200; arecord 125 ms; pw-record
100 ms. PulseAudio gives everyone what the most hurried one asks for, PipeWire
hands over as much at once as was asked for."""

import functools
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time

from lib import CHANNELS, LEVEL, LOOPREC, RATE, SHAPE, Watched, die

FORMATS = ["wav", "flac"]


def looprec(path, _):
    level = [f"--compression={LEVEL}"] if kind(path) == "flac" else []
    return [LOOPREC, "-q", "-f", "s16", *level, "--overwrite", path]


def parecord(path, monitor):
    return ["parecord", f"--file-format={kind(path)}", *SHAPE,
            f"--device={monitor}", path]


def pw_record(path, monitor):
    return ["pw-record", "--target", monitor.removesuffix(".monitor"), "-P",
            "{ stream.capture.sink = true }", "--rate", str(RATE),
            "--channels", str(CHANNELS), "--format", "s16", path]


def ffmpeg(path, monitor):
    codec = {"wav": ["pcm_s16le"],
             "flac": ["flac", "-compression_level", str(LEVEL)]}[kind(path)]
    return ["ffmpeg", "-nostdin", "-loglevel", "error", "-f", "pulse",
            "-sample_rate", str(RATE), "-channels", str(CHANNELS),
            "-i", monitor, "-c:a", *codec, "-y", path]


def sox(path, monitor):
    level = ["-C", str(LEVEL)] if kind(path) == "flac" else []
    return ["sox", "-q", "-t", "pulseaudio", "-r", str(RATE), "-c",
            str(CHANNELS), "-b", "16", monitor, *level, path]


def gstreamer(path, monitor):
    encoder = {"wav": ["wavenc"],
               "flac": ["flacenc", f"quality={LEVEL}"]}[kind(path)]
    return ["gst-launch-1.0", "-q", "-e", "pulsesrc", f"device={monitor}", "!",
            f"audio/x-raw,format=S16LE,rate={RATE},channels={CHANNELS}", "!",
            *encoder, "!", "filesink", f"location={path}"]


def arecord(path, _):
    """Over ALSA's plug-in, which takes the source from PULSE_SOURCE."""
    return ["arecord", "-q", "-D", "pulse", "-t", "wav", "-f", "S16_LE",
            "-r", str(RATE), "-c", str(CHANNELS), path]


def kind(path):
    return os.path.splitext(path)[1][1:]


# Each name with its command, the program that it needs, and on which servers:
# the others are PulseAudio's clients, which PipeWire serves as well.
RECORDERS = {
    "looprec": (looprec, LOOPREC, ["PulseAudio", "PipeWire"]),
    "parecord": (parecord, "parecord", ["PulseAudio", "PipeWire"]),
    "pw-record": (pw_record, "pw-record", ["PipeWire"]),
    "ffmpeg": (ffmpeg, "ffmpeg", ["PulseAudio", "PipeWire"]),
    "sox": (sox, "sox", ["PulseAudio", "PipeWire"]),
    "gst-launch": (gstreamer, "gst-launch-1.0", ["PulseAudio", "PipeWire"]),
    "arecord": (arecord, "arecord", ["PulseAudio", "PipeWire"]),
}


def here():
    """The names of those that record from the server that runs this."""
    return [name for name, (_, needs, servers) in RECORDERS.items()
            if shutil.which(needs) and os.environ["BENCH_SERVER"] in servers]


def servers():
    """The servers of lib.SERVERS that are installed; says which are not, and
    which of the peers."""
    for name, (_, needs, _) in RECORDERS.items():
        if not shutil.which(needs):
            say_once(f"{name} is not installed: left out")
    found = {"PulseAudio": "pulseaudio", "PipeWire": "pipewire-pulse"}
    for server, needs in found.items():
        if not shutil.which(needs):
            say_once(f"no {needs}: nothing is measured on {server}")
    return [server for server, needs in found.items() if shutil.which(needs)]


@functools.cache
def say_once(text):
    print(f"bench: {text}", file=sys.stderr)


class Recorder(Watched):
    """NAME recording the test sink's monitor into FOLDER, as FORMAT; None of
    these where it has no such format (see has())."""

    def __init__(self, name, form, folder):
        self.path = os.path.join(folder, f"{name}.{form}")
        monitor = os.environ["LOOPREC_TEST_SINK"] + ".monitor"
        self.begun_ns = time.monotonic_ns()
        super().__init__(RECORDERS[name][0](self.path, monitor),
                         stdin=subprocess.DEVNULL,
                         env={**os.environ, "PULSE_SOURCE": monitor})

    def interrupt(self):
        """Ctrl-C; when that was."""
        if not self.running():
            die(f"{self.command[0]} ended by itself")
        self.stopped_ns = time.monotonic_ns()
        os.kill(self.child.pid, signal.SIGINT)
        return self.stopped_ns


def has(name, form):
    return form == "wav" or name != "arecord"


def table(values, text):
    """Each recorder with its number, the peers from the least to the most, for
    a row's detail; VALUES has a list of rounds for each name."""
    middles = {name: statistics.median(of) for name, of in values.items()}
    order = sorted(middles,
                   key=lambda name: (name != "looprec", abs(middles[name])))
    return ", ".join(f"{name} {text.format(middles[name])}" for name in order)


def against_best(values):
    """looprec / the one of the peers whose median is the least, for each of
    looprec's rounds."""
    least = min(statistics.median(of) for name, of in values.items()
                if name != "looprec")
    return [value / least for value in values["looprec"]]
