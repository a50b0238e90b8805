"""A writer that cannot write: how long a recording lives with that, and the
memory it takes. All record the same monitor into pipes, at the same time, and
are not read for so many seconds."""

import os
import select
import signal
import subprocess
import time

from lib import LOOPREC, SHAPE, cpu_of, die, looprec_fast, row, with_server

TITLE = "Stall"

STALL_LEAST = 10  # seconds: what --buffer promises without being asked
STALLS = [0, 5, 10, 12, 15, 20, 30, 40]
LEAD, TAIL = 4, 6  # seconds that are read before and after
# The sound is a counter: sample c of frame n is 2n + c, in 16 bits.
PERIOD = 65536 * 2
COUNTER = b"".join(n.to_bytes(2, "little") for n in range(65536)) * 2

MONITOR = "@DEFAULT_MONITOR@"
RECORDERS = {
    "looprec": [LOOPREC, "-q", "--json", "-t", "raw", "-f", "s16", "-"],
    "parecord": ["parecord", "--raw", *SHAPE, f"--device={MONITOR}"],
    "ffmpeg": ["ffmpeg", "-nostdin", "-loglevel", "error", "-f", "pulse",
               "-i", MONITOR, "-c:a", "pcm_s16le", "-f", "s16le", "-"],
    "arecord": ["arecord", "-q", "-D", "pulse", "-f", "S16_LE", "-r", "48000",
                "-c", "2", "-t", "raw", "-"],
}


class Recorder:
    """A program, its pipe, and what has come of the counter so far."""

    def __init__(self, name, stall, command):
        self.name, self.stall = name, stall
        self.child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        self.pipe = self.child.stdout.fileno()
        os.set_blocking(self.pipe, False)
        self.waiting = b""
        self.place = None  # the counter's next byte; None: not begun
        self.frames = 0
        self.breaks = 0
        self.ended = False

    def check(self, data):
        data = self.waiting + data
        if self.place is None:
            data = data[len(data) - len(data.lstrip(b"\0")) & ~3:]
            if len(data) < 8:
                self.waiting = data
                return
        whole = len(data) & ~3
        self.waiting, data = data[whole:], data[:whole]
        while data:
            if self.place is None:
                self.place = 2 * int.from_bytes(data[:2], "little")
            n = min(len(data), PERIOD)
            if data[:n] != COUNTER[self.place:self.place + n]:
                self.breaks += 1
                self.place = None  # go on where it goes on
                data = data[n:]
                continue
            self.place = (self.place + n) % PERIOD
            self.frames += n // 4
            data = data[n:]

    def read(self):
        try:
            data = os.read(self.pipe, 1 << 20)
        except BlockingIOError:
            return
        self.ended = not data
        self.check(data)

    def peak_kb(self):
        with open(f"/proc/{self.child.pid}/status") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1])
        return 0


def read_until(recorders, end, stop):
    """Read from all but those whose stall is on; until END, or all ended."""
    while time.monotonic() < end and not all(r.ended for r in recorders):
        now = time.monotonic()
        on = {r.pipe: r for r in recorders
              if not r.ended and not stop <= now < stop + r.stall}
        for pipe in select.select(list(on), [], [], 0.05)[0]:
            on[pipe].read()


def inside_stall(longest, folder):
    """Runs within scripts/with-null-sink."""
    player = subprocess.Popen(["pacat", "--raw", *SHAPE,
                               os.path.join(folder, "counter.raw")])
    time.sleep(1)
    stalls = [s for s in STALLS if s <= longest]
    recorders = [Recorder(name, s, command)
                 for name, command in RECORDERS.items() for s in stalls]
    begun = time.monotonic()
    stop = begun + LEAD
    end = stop + stalls[-1] + TAIL
    read_until(recorders, end, stop)
    if player.poll() is not None:
        die("the player ended by itself")
    for r in recorders:
        if r.ended:
            die(f"{r.name} ended by itself")
    result = [{"name": r.name, "stall": r.stall, "kb": r.peak_kb(),
               "breaks": r.breaks, "frames": r.frames} for r in recorders]
    for r in recorders:
        r.child.send_signal(signal.SIGINT)
    read_until(recorders, time.monotonic() + 10, stop)
    for r in recorders:
        r.child.kill()
        r.child.wait()
    player.kill()
    player.wait()
    return {"recorders": result, "seconds": end - begun}


def survived(found, name):
    """The longest stall without loss, below the first one with."""
    longest = 0
    for one in sorted((f for f in found if f["name"] == name),
                      key=lambda f: f["stall"]):
        if one["breaks"] > 0:
            break
        longest = one["stall"]
    return longest


def rows(options, folder):
    longest = options.stall
    cpu_of(looprec_fast("counter", longest + LEAD + TAIL + 30,
                        os.path.join(folder, "counter.raw"), "-t", "raw"))
    m = with_server("stall", longest, folder)
    found = m["recorders"]
    for one in found:
        # Behind a stall everything that was kept must have come as well.
        if one["frames"] < (m["seconds"] - 4) * 48000:
            one["breaks"] = one["breaks"] or 1
    tried = ", ".join(str(s) for s in STALLS if 0 < s <= longest)
    mb = {(f["name"], f["stall"]): f["kb"] / 1024 for f in found}
    stall = max(s for s in STALLS if s <= min(STALL_LEAST, longest))
    for name in RECORDERS:
        ours = name == "looprec"
        yield row(f"seconds that the reader of a pipe stalls without loss, {name}",
                  STALL_LEAST if ours else None, [survived(found, name)],
                  f"the longest of {tried}", least=True)
        yield row(f"MB resident that {stall} s of stall take, {name}", None,
                  [mb[name, stall] - mb[name, 0]],
                  f"{mb[name, stall]:.1f} - {mb[name, 0]:.1f}")


INSIDE = {"stall": inside_stall}
