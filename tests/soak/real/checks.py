"""What is asked of a recording when it has ended: the promises of the manual."""
import os
import subprocess
import sys

import coded
from machine import RATE, Failed, log_lines

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "files"))
import readers  # noqa: E402

PLACE = RATE // 50  # 20 ms: how far off a sound may be
LENGTH = 0.02  # seconds: how far off a file's length may be
SEEN = 0.03  # ... and how late, on a busy machine, a signal may be seen
CLOSING = 5  # ... and how long it may take to be finished
# How well a player knows when it is heard: while a server is stopped, and for some
# seconds after, libpulse reckons nonsense, and comes back to the truth slowly (63 ms
# off 5 s after); on PipeWire (0.3.65) it is always off, and then by anything.
# Recordings that run side by side agree better.
KNOWN = {"pulse": 0.0, "pipewire": 0.15}
KNOWN_AFTER_STOP = {"pulse": 0.08, "pipewire": 3600}
AWAKE = 1  # second
# Where a player was held up PipeWire itself leaves out up to two of its quanta, and where
# one was moved PulseAudio a block of 20 ms (961 frames seen)
QUANTA = {"pulse": 48, "pipewire": 2048}


def samples_of(path, piped):
    """The file as 16-bit stereo, which is what was played."""
    if piped:
        with open(path, "rb") as file:
            return file.read()
    wide = readers.sndfile(path)
    if any(wide[0::4]) or any(wide[1::4]):
        raise Failed("samples between those of 16 bits")
    sound = bytearray(len(wide) // 2)
    sound[0::2] = wide[2::4]
    sound[1::2] = wide[3::4]
    other = readers.ffmpeg(path)
    if other != wide:
        raise Failed("FFmpeg reads %d bytes, libsndfile %d, or other ones" % (
            len(other), len(wide)))
    if path.endswith(".flac"):
        done = subprocess.run(["flac", "--test", "--silent", path], capture_output=True)
        if done.returncode:
            raise Failed("flac -t: " + done.stderr.decode())
    return bytes(sound)


def gaps_of(events):
    """The gaps as they are in the end."""
    gaps = []
    for event in events:
        begin = event.get("at_frame", 0)
        end = begin + event.get("frames", 0)
        if event["event"] == "reclassified":
            parts = []
            for gap in gaps:
                first, last = gap["at_frame"], gap["at_frame"] + gap["frames"]
                parts += [(gap, first, min(last, begin)), (gap, max(first, end), last)]
            gaps = [dict(gap, at_frame=first, frames=last - first)
                    for gap, first, last in parts if last > first]
        if event["event"] in ("gap", "reclassified"):
            gaps.append(event)
    return gaps


class Check:
    """One recording. `wrong`: sentences; `told`: figures for the log."""

    def __init__(self, recording, scene, status):
        self.recording = recording
        self.scene = scene
        self.status = status
        self.wrong = []
        self.told = {}
        self.windows = [w for w in scene.windows if w.of in (None, recording)]
        self.events = recording.events()
        self.finished = self.events[-1]
        self.gaps = gaps_of(self.events)
        self.runs = []

    def complain(self, sentence, *values):
        self.wrong.append(sentence % values)

    def frame(self, moment):
        return round((moment - self.recording.started) * RATE)

    def at_fault(self, begin, end):
        """These frames lie in windows."""
        for w in sorted(self.windows, key=lambda w: w.begin):
            if self.frame(w.begin) <= begin:
                begin = max(begin, self.frame(w.end))
        return begin >= end

    def held_up(self, begin, end):
        """A player may have been held up in between."""
        return any(w.halts and self.frame(w.begin) < end and self.frame(w.end) > begin
                   for w in self.windows)

    def run(self):
        if self.finished["event"] != "finished":
            self.complain("the last event is %s", self.finished["event"])
            return
        self.outcome()
        self.account()
        try:
            sound = b"".join(samples_of(self.place(name), self.recording.piped)
                             for name in self.files())
        except (Failed, readers.Unreadable, OSError) as fault:
            self.complain("unreadable: %s", fault)
            return
        if len(sound) != self.finished["frames"] * coded.FRAME:
            self.complain("%d frames are in the file and %d are told", len(sound) // coded.FRAME,
                          self.finished["frames"])
        self.runs = coded.runs_of(sound)
        self.told["runs"] = len(self.runs)
        self.content()
        self.order()
        self.places()
        self.absences()
        if self.recording.command:
            self.whole()

    def files(self):
        return [self.recording.path] if self.recording.piped else self.finished["files"]

    def place(self, name):
        return os.path.join(self.recording.folder, name)

    # --- how it ended ---

    def outcome(self):
        f = self.finished
        expected = self.scene.status_of(self.recording, f)
        if self.status not in expected or f["exit"] != self.status:
            self.complain("exit status %d, told as %d, not %s: %s", self.status, f["exit"],
                          expected, self.recording.messages().strip())
        if f["error"]:
            self.told["error"] = f["error"]

    def account(self):
        f = self.finished
        parts = [f[name] for name in ("captured", "idle", "lost", "gone")]
        self.told.update((name, f[name]) for name in ("frames", "idle", "lost", "gone"))
        if min(parts) < 0 or sum(parts) != f["frames"]:
            self.complain("the account does not add up: %s", f)
        if f["error"]:
            return
        told = {name: sum(g["frames"] for g in self.gaps if g["class"] == name)
                for name in ("idle", "lost", "gone")}
        if not f["events_dropped"] and any(told[name] != f[name] for name in told):
            self.complain("gaps tell of %s, and there are %s", told,
                          {name: f[name] for name in told})
        wanted = self.recording.duration
        if wanted is not None:
            if f["frames"] != wanted:
                self.complain("%d frames, and not %d", f["frames"], wanted)
            return
        seconds = f["frames"] / RATE
        lasted = f["wall_seconds"] - f["asleep_seconds"]
        if self.recording.command is None:
            off = seconds - (self.recording.stopped_at - self.recording.started)
            self.told["length_off_ms"] = round(off * 1000, 1)
            if not -LENGTH <= off <= LENGTH + SEEN:
                self.complain("the file is %.3f s longer than the time from its beginning to the "
                              "signal", off)
        if not -LENGTH <= lasted - seconds <= CLOSING:
            self.complain("%.3f s are in the file, wall_seconds is %.3f", seconds, lasted)

    # --- what is in it ---

    def content(self):
        """Outside of faults: the player's frames and nothing else, no gap told."""
        end = self.finished["frames"]
        foreign = 1 if self.recording.kind in ("fixed", "app") else None
        for run in self.runs:
            if run.player is not None and run.player == foreign:
                self.complain("sound of what is not to be recorded: %s", run)
            elif run.player is None or run.player == -1:
                if not self.at_fault(run.at, run.end) and not self.at_edge(run, end):
                    self.complain("not the player's sound, where nothing was wrong: %s", run)
        for gap in self.gaps:
            begin = gap["at_frame"]
            if not self.at_fault(begin, begin + gap["frames"]) and not (
                    self.recording.command and gap["class"] == "idle"):
                self.complain("a gap is told where nothing was wrong: %s", gap)

    def at_edge(self, run, end):
        """Before and after what a command plays there is silence."""
        return self.recording.command and (run.at == 0 or run.end == end)

    def gaps_between(self, begin, end, classes):
        return sum(max(0, min(end, g["at_frame"] + g["frames"]) - max(begin, g["at_frame"]))
                   for g in self.gaps if g["class"] in classes)

    def order(self):
        """Nothing twice, and what is missing has its room and its word."""
        heard = [r for r in self.runs if r.player == 0]
        for a, b in zip(heard, heard[1:]):
            room = b.at - a.end
            missing = b.first - a.last
            if missing < 0:
                self.complain("sound comes twice: %s after %s", b, a)
            if a.first // CONNECTION != b.first // CONNECTION and not self.same(a, b):
                continue  # the player began anew
            place = PLACE
            if self.held_up(a.end, b.at):
                place += QUANTA[self.scene.system]
            if missing > room + place:
                self.complain("%d frames are missing in room for %d: %s, %s", missing, room, a, b)
            elif missing < room - PLACE and not self.held_up(a.end, b.at):
                self.complain("%d frames take room for %d: %s, %s", missing, room, a, b)
            told = self.gaps_between(a.end, b.at, ("idle", "lost", "gone"))
            silent = sum(r.count for r in self.runs
                         if r.player is None and r.at >= a.end and r.end <= b.at)
            if missing > place and max(told, silent) < missing - place:
                self.complain("%d frames are missing, %d are told: %s, %s", missing, told, a, b)
            if missing > PLACE and not self.held_up(a.end, b.at) \
                    and self.gaps_between(a.end, b.at, ("lost", "gone")) < missing - PLACE:
                self.complain("%d frames are missing and not told as lost: %s, %s", missing, a, b)
        self.told["heard"] = sum(r.count for r in heard)

    def same(self, a, b):
        opens = [int(n) for _, n in self.scene.log_of(self.recording, "open")]
        return not any(a.last <= n <= b.first for n in opens)

    def places(self):
        """Each sound is where the player heard it."""
        worst = 0.0
        stops = [w for w in self.windows if w.name == "server stopped"]
        # a player's first words are of an output that is not awake yet
        opens = [t for t, _ in self.scene.log_of(self.recording, "open")]
        marks = [(n - latency * RATE, t + latency - n / RATE)
                 for t, n, latency in self.scene.log_of(self.recording, "at")
                 if not any(0 <= t - opened < AWAKE for opened in opens)
                 and not any(w.begin <= t <= w.end for w in stops)]
        for run in self.runs:
            if run.player != 0 or run.count < RATE // 2:
                continue
            inside = [off for at, off in marks
                      if run.first + RATE // 5 <= at <= run.last - RATE // 5]
            if len(inside) < 3:
                continue
            # of one run all are right or all are wrong; so the better ones count
            mine = self.recording.started + (run.at - run.first) / RATE
            off = sorted((mine - one for one in inside), key=abs)[len(inside) // 4]
            worst = max(worst, off, -off)
            stopped = any(self.frame(w.begin) < run.end for w in stops)
            known = (KNOWN_AFTER_STOP if stopped else KNOWN)[self.scene.system]
            if abs(off) > PLACE / RATE + known:
                self.complain("%.1f ms late: %s", off * 1000, run)
        self.told["worst_place_ms"] = round(worst * 1000, 1)

    def agree(self, other):
        """What two recordings have heard both put at the same time."""
        worst = 0.0
        tolerance = PLACE + QUANTA[self.scene.system] // 2
        for a in self.runs:
            for b in other.runs:
                # what was on its way when a server was stopped may come twice, to each once
                if not a.player == b.player == 0 \
                        or min(a.last, b.last) - max(a.first, b.first) < RATE // 10:
                    continue
                mine = self.recording.started * RATE + a.at - a.first
                off = other.recording.started * RATE + b.at - b.first - mine
                worst = max(worst, off, -off)
                if abs(off) > tolerance:
                    self.complain("%s has it %.1f ms later: %s, %s", other.recording.name,
                                  off / RATE * 1000, a, b)
        self.told["apart_ms"] = round(worst / RATE * 1000, 1)

    def absences(self):
        """What was not there is told as gone, with a device event."""
        kind = self.recording.kind
        mine = [w for w in self.windows if kind in w.kinds
                and self.frame(w.end) < self.finished["frames"]]
        states = [e["state"] for e in self.events if e["event"] == "device"]
        for w in mine:
            gone = self.gaps_between(self.frame(w.begin), self.frame(w.end), ("gone",))
            if gone < w.away * RATE - PLACE and kind != "app":
                self.complain("%s for %.3f s, and %.3f s are told as gone", w.name, w.away,
                              gone / RATE)
        if mine and "lost" not in states:
            self.complain("no event told that the device was lost")
        if mine == [w for w in self.windows if kind in w.kinds] and states[-1:] == ["lost"]:
            self.complain("no event told that it was back")
        if not self.windows and states:
            self.complain("devices came and went, it is told: %s", states)

    def whole(self):
        """A command's sound is there from its first frame to its last."""
        if any(w.halts for w in self.windows):
            return
        heard = [r for r in self.runs if r.player == 0]
        total = sum(r.count for r in heard)
        if not heard or heard[0].first != 0 or heard[-1].last != self.recording.plays:
            self.complain("of %d frames there are %d: %s", self.recording.plays, total, heard)
        if len(heard) > 1 and not self.windows:
            self.complain("a command's sound is broken: %s", heard)


CONNECTION = 1 << 20
