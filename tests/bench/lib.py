"""What the benchmarks share: programs run and watched, servers of their own,
and the rows of the table.

A section is a module here with

    TITLE                  its heading in the report
    rows(options, folder)  measures, and returns or yields rows (see row());
                           FOLDER is a temporary one, of the whole run
    INSIDE                 a dict of functions f(seconds, folder) that run with
                           a sound server of their own (with_server()) and
                           return what json can hold
    WHY                    where it is told what its missed bars are due to;
                           left out where that is not known

and is listed in `bench`."""

import json
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.realpath(os.path.dirname(__file__))
TOP = os.path.realpath(os.path.join(HERE, "..", ".."))
BUILD = os.path.join(TOP, "build", "native")
LOOPREC = os.environ.get("LOOPREC", os.path.join(BUILD, "looprec"))

RATE, CHANNELS, LEVEL = 48000, 2, 5
SHAPE = [f"--rate={RATE}", f"--channels={CHANNELS}", "--format=s16le"]


def program(name):
    """The path of a program of tests/bench; it must have been built."""
    path = os.path.join(BUILD, "bench", name)
    if not os.access(path, os.X_OK):
        die(f"{path} is not built: make bench builds it")
    return path


def row(what, bar, values, detail, least=False):
    """One line of the table: the median of VALUES (one for each round) against
    BAR, the most it may be (with LEAST: the least), or None for a figure
    without a bar. DETAIL says what the value is made of."""
    more = f", {min(values):.3f} to {max(values):.3f}" if len(values) > 1 else ""
    return {"what": what, "bar": bar, "value": statistics.median(values),
            "least": least, "detail": detail + more}


def passes(a_row):
    if a_row["bar"] is None:
        return True
    if a_row["least"]:
        return a_row["value"] >= a_row["bar"]
    return a_row["value"] <= a_row["bar"]


def missed(rows):
    return [a_row for a_row in rows if not passes(a_row)]


def why(section, rows):
    """Where it is told what the missed bars among ROWS are due to, as a
    sentence; None: none is missed."""
    if not missed(rows):
        return None
    told = getattr(section, "WHY", None)
    return f"What the missed bars are due to stands in {told}." if told \
        else "What the missed bars are due to is not known yet."


def die(message):
    sys.exit(f"bench: {message}")


def cpu_of(command, **options):
    """Run COMMAND to its end; its user and system seconds."""
    child = subprocess.Popen(command, **options)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        die(f"{' '.join(command)}: exit status {child.returncode}")
    return usage.ru_utime + usage.ru_stime


def looprec_fast(signal_name, seconds, path, *more):
    spec = f"synth:{signal_name},fast,rate={RATE},channels={CHANNELS}"
    return [LOOPREC, "-q", f"--source={spec}", "-f", "s16", "-d",
            f"{seconds}s", "--overwrite", *more, path]


class Watched:
    """A program whose peak memory is looked at while it runs."""

    def __init__(self, command, **options):
        self.command = command
        self.child = subprocess.Popen(command, **options)
        self.peak_kb = 0
        self.cpu = None

    def look(self):
        try:
            with open(f"/proc/{self.child.pid}/status") as status:
                for line in status:
                    if line.startswith("VmHWM:"):
                        self.peak_kb = int(line.split()[1])
        except OSError:
            pass

    def cpu_now(self):
        """What its threads have used by now, in seconds, to the nanosecond."""
        used = 0
        for task in os.listdir(f"/proc/{self.child.pid}/task"):
            with open(f"/proc/{self.child.pid}/task/{task}/schedstat") as stat:
                used += int(stat.read().split()[0])
        return used / 1e9

    def running(self):
        if self.cpu is None:
            self.look()
            pid, status, usage = os.wait4(self.child.pid, os.WNOHANG)
            if pid != 0:
                self.child.returncode = os.waitstatus_to_exitcode(status)
                self.cpu = usage.ru_utime + usage.ru_stime
        return self.cpu is None

    def finish(self, seconds):
        end = time.monotonic() + seconds
        while self.running():
            if time.monotonic() > end:
                self.child.kill()
                die(f"{self.command[0]} does not end")
            time.sleep(0.05)


SERVERS = {"PulseAudio": "with-null-sink", "PipeWire": "with-pipewire"}


def with_server(what, seconds, folder, server="PulseAudio"):
    """Run inside_WHAT with a server of its own; what it returned."""
    said = subprocess.run(
        [os.path.join(TOP, "scripts", SERVERS[server]), "--", sys.executable,
         os.path.join(HERE, "bench"), "--inside", what, "--folder", folder,
         "--live", str(seconds)], check=True, text=True,
        stdout=subprocess.PIPE, env={**os.environ, "BENCH_SERVER": server}).stdout
    return json.loads(said.splitlines()[-1])


def middle(values):
    """Seconds, for a row's detail."""
    return f"{statistics.median(values):.3f} s"
