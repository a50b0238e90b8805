"""What tests/files/repair is made of: files of several programs, what --repair and then
the readers make of them, and cases that run beside each other.
"""
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import traceback

import readers

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# our folder is another one later
LOOPREC = [os.path.abspath(word) for word in
           os.environ.get("LOOPREC", ROOT + "/build/native/looprec").split()]
RATE = 8000
FRAMES = 20011  # an odd number
NATIVE = len(LOOPREC) == 1
cases = []
quick = set()


def case(function):
    cases.append(function)
    return function


def quick_case(function):
    quick.add(function)
    return case(function)


class Failed(Exception):
    pass


def expect(truth, *what):
    if not truth:
        raise Failed(" ".join(str(w) for w in what))


def run(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, check=True, capture_output=True)


def looprec(*arguments):
    done = subprocess.run(LOOPREC + list(arguments), stdin=subprocess.DEVNULL,
                          capture_output=True)
    return done.returncode, done.stderr.decode(errors="replace")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


class Source:
    """Sound that every program is given."""

    def __init__(self):
        self.raw = {}
        for bits in (16, 24):
            for channels in (1, 2):
                self.raw[bits, channels] = run(
                    LOOPREC[0] if NATIVE else ROOT + "/build/native/looprec", "-q",
                    "--source=synth:noise,fast,rate=%d,channels=%d" % (RATE, channels),
                    "-f", "s%d" % bits, "-t", "raw", "-d", "%df" % FRAMES, "-").stdout

    def wide(self, bits, channels):
        return readers.widened(self.raw[bits, channels], bits)


def make(program, path, bits=16, channels=2):
    raw = "in.raw"
    write(raw, SOURCE.raw[bits, channels])
    if program == "sox":
        run("sox", "-t", "raw", "-r", str(RATE), "-e", "signed-integer", "-b", str(bits),
            "-c", str(channels), raw, "-b", str(bits), path)
    elif program == "ffmpeg":
        kind = path.rsplit(".", 1)[-1]
        more = []
        if kind == "wav":
            more = ["-c:a", "pcm_s%dle" % bits]
        elif kind == "w64":
            more = ["-c:a", "pcm_s%dle" % bits, "-f", "w64"]
        elif kind == "rf64":
            more = ["-c:a", "pcm_s%dle" % bits, "-f", "wav", "-rf64", "always"]
        run("ffmpeg", "-nostdin", "-y", "-v", "error", "-f", "s%dle" % bits, "-ar", str(RATE),
            "-ac", str(channels), "-i", raw, *more, path)
    elif program == "flac":
        run("flac", "--silent", "--force", "--endian=little", "--sign=signed", "--force-raw-format",
            "--sample-rate=%d" % RATE, "--bps=%d" % bits, "--channels=%d" % channels,
            "-o", path, raw)
    else:
        run(*LOOPREC, "-q", "--overwrite", "--source=synth:noise,fast,rate=%d,channels=%d"
            % (RATE, channels), "-f", "s%d" % bits, "-d", "%df" % FRAMES,
            "-t", path.rsplit(".", 1)[-1], path)
    return read(path)


def readers_of(path):
    found = [readers.sndfile, readers.ffmpeg]
    if not path.endswith(".rf64"):
        found.append(readers.sox)
    return found


def check_sound(path, want, what):
    for reader in readers_of(path):
        try:
            got = reader(path)
        except readers.Unreadable as fault:
            raise Failed(what, reader.__name__, fault)
        expect(got == want, what, reader.__name__, "gives", len(got), "bytes of", len(want))
    if path.endswith(".flac"):
        done = subprocess.run(["flac", "--test", "--silent", path], capture_output=True)
        expect(done.returncode == 0, what, "flac -t:", done.stderr.decode())


def copied(path, broken, want, what):
    """Into a new file, which is whole and good for a second look."""
    write(path, broken)
    status, told = looprec("--repair", "-o", "new." + path, path)
    expect(status == 0 and "repaired" in told and read(path) == broken, what, "-o:", told)
    check_sound("new." + path, want, what)
    good("new." + path, read("new." + path), what + ", repaired")
    fixed = read("new." + path)
    os.remove("new." + path)
    return fixed


def repaired(path, broken, want, what):
    """As a copy, and in place, and back to what it was."""
    undo = path + ".looprec-undo"
    fixed = copied(path, broken, want, what)
    status, told = looprec("--repair", "--dry-run", path)
    expect(status == 0 and read(path) == broken, what, "dry run:", told)
    expect("to be repaired" in told, what, "nothing found:", told)
    status, told = looprec("--repair", path)
    expect(status == 0 and "repaired" in told, what, "in place:", told)
    expect(read(path) == fixed, what, "the copy is another file")
    status, told = looprec("--repair", undo)
    expect(status == 0, what, "undo:", told)
    expect(read(path) == broken and not os.path.exists(undo), what, "is not as it was")


def each_repaired(path, list_of):
    """The first in place (which waits), the others as copies."""
    for number, (broken, want, what) in enumerate(list_of):
        (copied if number else repaired)(path, broken, want, what)


def good(path, data, what):
    write(path, data)
    status, told = looprec("--repair", path)
    expect(status == 0 and "nothing to repair" in told, what, told)
    expect(read(path) == data, what, "was changed")


def refused(path, data, word, what):
    write(path, data)
    status, told = looprec("--repair", path)
    expect(status == 1 and word in told, what, status, told)
    expect(read(path) == data, what, "was changed")
    expect(not os.path.exists(path + ".looprec-undo"), what, "left an undo file")


def data_at(data, kind="wav"):
    return data.index(b"data") + (24 if kind == "w64" else 8)


def put(data, at, form, *values):
    out = bytearray(data)
    struct.pack_into(form, out, at, *values)
    return bytes(out)


def want_of(bits, channels, frames):
    return SOURCE.wide(bits, channels)[:frames * channels * 4]


# --- running them ---

SOURCE = None


def run_case(function, folder):
    """In a process of its own; it ends with what failed, or nothing, in FOLDER.told."""
    os.mkdir(folder)
    os.chdir(folder)
    try:
        function()
        told = ""
    except Failed as fault:
        told = str(fault) or "failed"
    except Exception:
        told = traceback.format_exc()
    with open(folder + ".told", "w", encoding="utf-8") as file:
        file.write(told)


def main():
    global SOURCE
    names = sys.argv[1:]
    is_quick = "--quick" in names
    names = [name for name in names if name != "--quick"]
    chosen = [c for c in cases if (c.__name__ in names if names
                                   else "By name only" not in (c.__doc__ or "")
                                   and (c in quick or not is_quick))]
    print("1..%d" % len(chosen), flush=True)
    folder = tempfile.mkdtemp(prefix="looprec-repair.")
    os.chdir(folder)
    try:
        SOURCE = Source()
        jobs = int(os.environ.get("JOBS") or 4)
        running, failed = [], 0
        for number in range(1, len(chosen) + 1):
            while len(running) < jobs and chosen[number - 1 + len(running):]:
                function = chosen[number - 1 + len(running)]
                child = os.fork()
                if child == 0:
                    try:
                        run_case(function, os.path.join(folder, function.__name__))
                    finally:
                        os._exit(0)
                running.append(child)
            os.waitpid(running.pop(0), 0)
            name = chosen[number - 1].__name__
            with open(name + ".told", encoding="utf-8") as file:
                told = file.read().rstrip()
            print("%s %d %s" % ("not ok" if told else "ok", number, name.replace("_", " ")))
            if told:
                failed = 1
                print("# %s" % told.replace("\n", "\n# "))
            sys.stdout.flush()
    finally:
        os.chdir("/")
        shutil.rmtree(folder)
    return failed
