"""What is done to recordings while they run. Each fault waits until it is over and
returns its windows: the times in which something of the sound may be missing or
late, and whose.
"""
import os
import signal
import time

from machine import Load

# Seconds from a fault's end until the sound is whole again. A null sink of
# PulseAudio's that nobody used mixes 2 s ahead: so long it takes until it hears of a
# recorder that wants less. Players connect again within a tenth of a second.
SETTLES = 3.5
BEFORE = 0.25  # what a server had already mixed, and throws away


class Window:
    """From `begin` to `end`, seconds since 1970. `of`: one recording's; None: all.
    `halts`: players may be held up in it. `away`: so long a server or an output was
    not there, for those that `kinds` names."""

    def __init__(self, name, begin, end, of=None, halts=True, away=None, kinds=()):
        self.name = name
        self.begin = begin
        self.end = end
        self.of = of
        self.halts = halts
        self.away = away
        self.kinds = kinds


ALL_KINDS = ("whole", "fixed", "stay", "app", "sink")


def server_killed(scene, chance):
    begin = time.time()
    os.kill(scene.server.pid(), signal.SIGKILL)
    time.sleep(chance.uniform(0.2, 2.5))
    back = time.time()
    scene.server.restart()
    return [Window("server killed", begin - BEFORE, time.time() + SETTLES, away=back - begin,
                   kinds=ALL_KINDS)]


def server_restarted(scene, chance):
    begin = time.time()
    scene.server.restart()
    return [Window("server started anew", begin - BEFORE, time.time() + SETTLES, away=0.0,
                   kinds=ALL_KINDS)]


def server_stopped(scene, chance):
    begin = time.time()
    pids = scene.server.all_pids()
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(chance.uniform(0.1, 2.5))
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    return [Window("server stopped", begin - BEFORE, time.time() + SETTLES)]


def sink_unloaded(scene, chance):
    begin = time.time()
    scene.server.unload(scene.server.main)
    gone = time.time()
    time.sleep(chance.uniform(0.2, 2.5))
    back = time.time()
    scene.server.load(scene.server.main)
    scene.server.pactl("set-default-sink", scene.server.main)
    return [Window("output unloaded", begin - BEFORE, time.time() + SETTLES, away=back - gone,
                   kinds=("fixed", "stay"))]


def default_moved(scene, chance):
    begin = time.time()
    scene.server.pactl("set-default-sink", "second")
    time.sleep(chance.uniform(0.3, 2))
    middle = time.time()
    scene.server.pactl("set-default-sink", scene.server.main)
    return [Window("default moved", begin - BEFORE, middle + SETTLES)]


def sink_suspended(scene, chance):
    begin = time.time()
    scene.server.pactl("suspend-sink", scene.server.main, "1")
    time.sleep(chance.uniform(0.2, 2.5))
    scene.server.pactl("suspend-sink", scene.server.main, "0")
    return [Window("output suspended", begin - BEFORE, time.time() + SETTLES)]


def streams_moved(scene, chance):
    begin = time.time()
    for sink in ("second", scene.server.main):
        for row in scene.server.listed("sink-inputs")[:1]:
            scene.server.pactl("move-sink-input", row[0], sink, must=False)
        # recorders are not to be moved, to a microphone least of all
        for row in scene.server.listed("source-outputs"):
            scene.server.pactl("move-source-output", row[0], "second.monitor", must=False)
        if sink == "second":
            time.sleep(chance.uniform(0.3, 2))
    return [Window("streams moved", begin - BEFORE, time.time() + SETTLES)]


def recorder_stopped(scene, chance):
    recording = chance.choice(scene.running())
    begin = time.time()
    recording.process.send_signal(signal.SIGSTOP)
    time.sleep(chance.uniform(0.1, 5))
    recording.process.send_signal(signal.SIGCONT)
    # what a server keeps for it, some ten seconds, comes later: nothing is lost; what
    # was away before is looked for again a little later
    return [Window("recorder stopped", begin, time.time() + 2, of=recording, halts=False)]


def clock_stepped(scene, chance):
    for recording in scene.running():
        if recording.steppable:
            step = chance.choice([0.05, 0.5, 3, 3600, 10 ** 7]) * chance.choice([1, -1])
            recording.step_clock(step)
    time.sleep(chance.uniform(0.2, 2))
    return []


def processors_busy(scene, chance):
    begin = time.time()
    load = Load(chance.choice([1, 2]))
    time.sleep(chance.uniform(0.5, 4))
    load.stop()
    # PipeWire's graph and its players miss sound then, and nobody can record it
    return [] if scene.system == "pulse" else [Window("processors busy", begin, time.time() + 1)]


def disk_frozen(scene, chance):
    """For less than --buffer is long."""
    if scene.freezing.freeze():
        time.sleep(chance.uniform(0.5, 6))
    scene.freezing.thaw()
    return []


def disk_filled(scene, chance):
    scene.small.fill()
    time.sleep(chance.uniform(1.5, 3))
    scene.small.free()
    return []


def reader_paused(scene, chance):
    readers = [r.reader for r in scene.running() if r.reader]
    for reader in readers:
        reader.go.clear()
    time.sleep(chance.uniform(0.5, 6))
    for reader in readers:
        reader.go.set()
    return []


def possible(scene):
    """The faults that make sense in this scene."""
    found = [server_killed, server_restarted, server_stopped, recorder_stopped, clock_stepped]
    if scene.busy:
        found.append(processors_busy)
    if not scene.own_sink:
        # a second player would be moved too, and mixed with the first
        if len(scene.players) == 1 or all(r.kind == "app" for r in scene.recordings):
            found += [sink_unloaded, default_moved, streams_moved]
        # PipeWire 0.3.65 gives nothing but zeros to whoever recorded before: it
        # makes no links to the monitor again
        if scene.system == "pulse":
            found.append(sink_suspended)
        if any(r.reader for r in scene.recordings):
            found.append(reader_paused)
    if scene.freezing and any(r.folder == scene.freezing.folder for r in scene.recordings):
        found.append(disk_frozen)
    if scene.small and any(r.folder == scene.small.folder for r in scene.recordings):
        found.append(disk_filled)
    return found
