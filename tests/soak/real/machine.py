"""What a soak of real servers runs on: a private sound server, players, disks that
fill up or freeze, busy processors, recordings. Nothing of the user's is touched;
mounts are in a name space of their own (`enter_mounts`).
"""
import ctypes
import glob
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))))
LOOPREC = os.environ.get("LOOPREC", ROOT + "/build/native/looprec")
HERE = os.path.dirname(os.path.abspath(__file__))
RATE = 48000


class Failed(Exception):
    pass


def die_with_us():  # in the child
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


MOST_BYTES = 256 << 20  # a recording of seconds; one that never ends fills no disk


def limited():
    die_with_us()
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_BYTES, MOST_BYTES))


def run(*words, **more):
    return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, **more)


def eventually(what, seconds, sentence):
    until = time.time() + seconds
    while not what():
        if time.time() > until:
            raise Failed("never true: " + sentence)
        time.sleep(0.02)


class Server:
    """A private PulseAudio, or PipeWire, with two null sinks. The first one's name
    is `main`, the other is `second`."""

    def __init__(self, system, folder):
        self.system = system
        self.folder = folder
        script = {"pulse": "with-null-sink", "pipewire": "with-pipewire"}[system]
        told = folder + "/environment"
        with open(folder + "/server.out", "wb") as out:
            self.process = subprocess.Popen(
                [ROOT + "/scripts/" + script, "--keep-log=" + folder + "/server.log",
                 "--extra-sink=second", "--", "bash", "-c",
                 'env -0 >"$1.new"; mv "$1.new" "$1"; exec sleep infinity', "server", told],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, preexec_fn=die_with_us)
        eventually(lambda: os.path.exists(told) or self.process.poll() is not None, 60,
                   "the server starts")
        if self.process.poll() is not None:
            with open(folder + "/server.out") as out:
                raise Failed("no server: " + out.read())
        with open(told) as file:
            self.environment = dict(pair.split("=", 1) for pair in file.read().split("\0") if pair)
        self.main = self.environment["LOOPREC_TEST_SINK"]

    def pid(self):
        with open(self.environment["LOOPREC_TEST_SERVER_PIDFILE"]) as file:
            return int(file.read())

    def all_pids(self):
        """Of PipeWire its daemons, not the script that stands for them."""
        if self.system == "pulse":
            return [self.pid()]
        children = []
        for path in glob.glob("/proc/%d/task/*/children" % self.pid()):
            with open(path) as file:
                children += [int(word) for word in file.read().split()]
        return children

    def restart(self):
        for _ in range(3):  # on a busy machine pactl may give up waiting for an answer
            done = run(self.environment["LOOPREC_TEST_RESTART"], env=self.environment)
            if done.returncode == 0:
                return
        raise Failed("the server does not start again: " + done.stderr)

    def pactl(self, *words, must=True):
        done = run("timeout", "10", "pactl", *words, env=self.environment)
        if must and done.returncode != 0:
            raise Failed("pactl %s: %s" % (" ".join(words), done.stderr.strip()))
        return done.stdout

    def listed(self, what):
        return [line.split("\t") for line in
                self.pactl("list", "short", what, must=False).splitlines()]

    def unload(self, sink):
        mine = [row[0] for row in self.listed("modules")
                if row[1:2] == ["module-null-sink"]
                and "sink_name=%s " % sink in " ".join(row[2:] + [""])]
        if not mine:
            raise Failed("no module makes the output " + sink)
        for module in mine:
            self.pactl("unload-module", module)

    def load(self, sink):
        self.pactl("load-module", "module-null-sink", "sink_name=" + sink, "rate=48000",
                   "channels=2", "format=s16le",
                   'sink_properties="device.description=\'Soak %s\'"' % sink)

    def stop(self):
        # one that was started anew is no child of the script's, which would end it
        try:
            os.kill(self.pid(), signal.SIGKILL)
        except (OSError, ValueError):
            pass
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Player:
    """One that plays until it is stopped. Its log says what was heard when."""

    def __init__(self, server, number, sink=None):
        self.number = number
        self.log = "%s/player-%d.log" % (server.folder, number)
        words = [sys.executable, "-B", HERE + "/player", str(number), self.log,
                 "--name=soak-player-%d" % number]
        self.process = subprocess.Popen(
            words + (["--sink=" + sink] if sink else []), env=server.environment,
            stdin=subprocess.DEVNULL, preexec_fn=first_and_die)
        eventually(lambda: len(self.lines("at")) > 2, 60, "player %d plays" % number)

    def lines(self, what):
        return log_lines(self.log, what)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()


def first_and_die():
    """Players that miss the time are no fault of the recorder's."""
    die_with_us()
    try:
        os.nice(-10)
    except OSError:
        pass


def log_lines(path, what):
    """A player's lines of one kind, as tuples of numbers."""
    found = []
    if os.path.exists(path):
        with open(path) as file:
            for line in file:
                if line.endswith("\n") and line.startswith(what + " "):
                    found.append(tuple(float(word) for word in line.split()[1:]))
    return found


class Load:
    """All processors busy, at the priority of everybody else."""

    def __init__(self, factor):
        self.processes = [
            subprocess.Popen([sys.executable, "-c", "while True: pass"], preexec_fn=die_with_us)
            for _ in range(factor * os.cpu_count())]

    def stop(self):
        for process in self.processes:
            process.kill()
            process.wait()


# --- disks ---

def may_mount():
    return os.environ.get("SOAK_MOUNTS") == "yes"


def may_freeze():
    return may_mount() and all(shutil.which(name) for name in ("mkfs.ext4", "fsfreeze")) \
        and run("losetup", "-f").returncode == 0


def enter_mounts():
    """Run this program again where mounts are nobody else's business."""
    if "SOAK_MOUNTS" in os.environ:
        return
    if run("unshare", "-m", "true").returncode == 0:
        os.environ["SOAK_MOUNTS"] = "yes"
        os.execvp("unshare", ["unshare", "-m"] + sys.argv)
    os.environ["SOAK_MOUNTS"] = "no"


class SmallDisk:
    """A few megabytes, to be filled and freed."""

    def __init__(self, folder, megabytes):
        self.folder = folder
        os.mkdir(folder)
        if run("mount", "-t", "tmpfs", "-o", "size=%dM" % megabytes, "none", folder).returncode:
            raise Failed("a small disk can not be mounted")

    def fill(self):
        with open(self.folder + "/filler", "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(65536))
            except OSError:
                pass

    def free(self):
        os.remove(self.folder + "/filler")

    def close(self):
        run("umount", "-l", self.folder)


class FreezingDisk:
    """A file system on which every write waits while it is frozen."""

    def __init__(self, folder):
        self.folder = folder
        self.frozen = False
        image = folder + ".image"
        with open(image, "wb") as file:
            file.truncate(96 << 20)
        os.mkdir(folder)
        for words in (["mkfs.ext4", "-q", "-F", image], ["mount", "-o", "loop", image, folder]):
            done = run(*words)
            if done.returncode:
                raise Failed("%s: %s" % (words[0], done.stderr.strip()))

    def freeze(self):
        # should we be killed, the writer is let go all the same
        self.watchdog = subprocess.Popen(
            ["sh", "-c", 'trap "" TERM; read -r _; fsfreeze -u "$1"', "watchdog", self.folder],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.frozen = run("fsfreeze", "-f", self.folder).returncode == 0
        return self.frozen

    def thaw(self):
        if self.frozen:
            run("fsfreeze", "-u", self.folder)
            self.frozen = False
            self.watchdog.stdin.close()
            self.watchdog.wait()

    def close(self):
        self.thaw()
        run("umount", "-l", self.folder)


# --- recordings ---

class Reader(threading.Thread):
    """Reads a recording's pipe into a file, and can stop reading."""

    def __init__(self, pipe, path):
        super().__init__(daemon=True)
        self.pipe = pipe
        self.path = path
        self.go = threading.Event()
        self.go.set()

    def run(self):
        left = MOST_BYTES
        with open(self.path, "wb") as file:
            while left > 0:
                self.go.wait()
                block = self.pipe.read1(65536)
                if not block:
                    break
                file.write(block)
                left -= len(block)


class Recording:
    """looprec, as somebody runs it. `words` are its options, without the file's."""

    def __init__(self, server, folder, name, kind, words, command=None, elsewhen=None):
        self.name = name
        self.kind = kind
        self.folder = folder
        self.piped = name.endswith(".pipe")
        self.path = folder + "/" + name
        self.events_path = server.folder + "/" + name + ".json"
        self.messages_path = server.folder + "/" + name + ".err"
        self.clock_path = server.folder + "/" + name + ".clock"
        self.strict = "--strict" in words
        self.reader = None
        self.stopped_at = None
        with open(self.clock_path, "wb") as file:
            file.write(bytes(8))
        environment = dict(server.environment, STEPPED_FILE=self.clock_path)
        self.steppable = "SOAK_STEPPED" in os.environ and elsewhen is None
        if self.steppable:
            environment["LD_PRELOAD"] = os.environ["SOAK_STEPPED"]
        self.words = [LOOPREC, "--json"] + words + (
            ["-t", "raw", "-f", "s16", "-"] if self.piped else [self.path])
        self.command = command
        where = {"stdout": subprocess.PIPE} if self.piped else {}
        with open(self.events_path, "wb") as out, open(self.messages_path, "wb") as err:
            self.process = subprocess.Popen(
                time_of(elsewhen) + self.words + (["--"] + command if command else []),
                env=environment,
                stdin=subprocess.DEVNULL, stdout=where.get("stdout", out),
                stderr=out if self.piped else err, preexec_fn=limited)
        if self.piped:
            self.reader = Reader(self.process.stdout, self.path)
            self.reader.start()

    def events(self, what=None):
        found = []
        with open(self.events_path) as file:
            for line in file:
                if line.startswith("{") and line.endswith("}\n"):
                    event = json.loads(line)
                    if what in (None, event["event"]):
                        found.append(event)
        return found

    def await_start(self):
        eventually(lambda: self.events("started") or self.process.poll() is not None, 60,
                   self.name + " begins")
        if not self.events("started"):
            raise Failed(self.name + " did not begin: " + self.messages())
        self.started = datetime.fromisoformat(self.events("started")[0]["time"]).timestamp()

    def step_clock(self, seconds):
        with open(self.clock_path, "r+b") as file:
            file.write(round(seconds * 10 ** 9).to_bytes(8, "little", signed=True))

    def stop(self):
        self.stopped_at = time.time()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)

    def finish(self, patience):
        """Its exit status."""
        try:
            status = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failed("it did not end within %d s" % patience)
        if self.reader:
            self.reader.join()
            self.process.stdout.close()
        return status

    def messages(self):
        with open(self.messages_path, errors="replace") as file:
            return file.read()


def time_of(seconds):
    """Words to run a program on a machine that is up for so long."""
    if seconds is None:
        return []
    return ["unshare", "--time", "--monotonic", str(seconds), "--boottime", str(seconds), "--"]


def build_preload(folder):
    """The library that steps a program's clock."""
    library = folder + "/stepped.so"
    done = run(os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O2", "-o", library,
               ROOT + "/tests/tools/preload/stepped.c")
    if done.returncode:
        raise Failed("cc: " + done.stderr)
    os.environ["SOAK_STEPPED"] = library


def left_behind(server, folders, wanted):
    """What is there that should not be, in words."""
    found = ["file " + name for folder in folders for name in sorted(os.listdir(folder))
             if name not in wanted and name not in ("filler", "lost+found")]
    runtime = server.environment["XDG_RUNTIME_DIR"]
    found += ["folder " + name for name in os.listdir(runtime) if name.startswith("looprec")]
    found += ["output " + row[1] for row in server.listed("sinks") if "looprec_null" in row[1]]
    found += ["client " + " ".join(row) for row in server.listed("clients") if "looprec" in row]
    for entry in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(entry, "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if words[0] == LOOPREC.encode() and any(
                word.startswith(folder.encode()) for word in words for folder in folders):
            found.append("process " + b" ".join(words).decode(errors="replace"))
    return found


def remove(folder):
    shutil.rmtree(folder, ignore_errors=True)
