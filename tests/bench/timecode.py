"""The time code (timecode.c): played into a server, and found again in what was
recorded of it, frame by frame."""

import array
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from lib import RATE, die, program

STEADY_NS = 10_000_000  # the most that two answers about the time may disagree
NEAR_FRAMES = RATE // 2  # answers so near to a frame tell when it was heard


class Player:
    """A player of the time code from frame FIRST on. As it is made it plays
    already."""

    def __init__(self, first=0):
        self.first = first
        self.said = tempfile.TemporaryFile("w+")
        self.child = subprocess.Popen([program("timecode"), str(first)],
                                      stdout=self.said)
        end = time.monotonic() + 10
        while len(self.answers()) < 2:
            if time.monotonic() > end or self.child.poll() is not None:
                die("the time code does not play")
            time.sleep(0.02)

    def answers(self):
        """(ns of the monotonic clock, the frame heard then), where the stream
        went on as the clock did since the answer before."""
        size = os.fstat(self.said.fileno()).st_size
        lines = os.pread(self.said.fileno(), size, 0).decode().split("\n")[:-1]
        said = [tuple(map(int, line.split())) for line in lines]
        said = [one for one in said if one[1] > self.first]
        return [b for a, b in zip(said, said[1:])
                if abs((b[1] - a[1]) * 10**9 / RATE - (b[0] - a[0])) < STEADY_NS]

    def heard_ns(self, frame, side=0):
        """When FRAME was heard. SIDE: only from answers before (-1) or from it
        on (1), where the stream stood still on the other side."""
        near = [ns + (frame - at) * 10**9 / RATE for ns, at in self.answers()
                if abs(at - frame) <= NEAR_FRAMES and
                (side == 0 or (at >= frame) == (side > 0))]
        if not near:
            die(f"nobody knows when frame {frame} was heard")
        return statistics.median(near)

    def end(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGKILL)
            self.child.wait()


def read_wav(path):
    """The samples of a stereo s16 file; of one that was not finished, all that
    lie in it."""
    with open(path, "rb") as file:
        data = file.read()
    at = 12
    while at + 8 <= len(data) and data[at:at + 4] != b"data":
        at += 8 + int.from_bytes(data[at + 4:at + 8], "little")
    size = int.from_bytes(data[at + 4:at + 8], "little")
    size = min(size, len(data) - at - 8) // 4 * 4
    samples = array.array("h", data[at + 8:at + 8 + max(size, 0)])
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def runs_of(samples):
    """What is in a recording: [place, first, frames] for each run of frames
    that follow each other, FIRST being the number of the one at PLACE; None for
    silence."""
    found = []
    expected = object()
    for place, (left, right) in enumerate(zip(samples[::2], samples[1::2])):
        if -8 < right < 8 and -8 < left < 8:  # (SoX dithers it)
            n = None
        else:
            n = (left + 32768 >> 4) | (right + 32768 >> 4) << 12
        if n == expected:
            found[-1][2] += 1
        else:
            found.append([place, n, 1])
        expected = None if n is None else n + 1
    return found


def sound_of(runs):
    return [run for run in runs if run[1] is not None]


def prove():
    """The finder on a recording that is known to the frame; dies if it errs."""

    def play(first, frames):
        said = subprocess.run([program("timecode"), str(first), str(frames)],
                              check=True, stdout=subprocess.PIPE).stdout
        return array.array("h", said)

    first = (1 << 12) - 700  # over the seam of the two channels
    whole = play(first, 5000)
    near = array.array("h", [min(max(s + 7, -32768), 32767) for s in whole])
    file = whole[:2 * 1000] + array.array("h", [0, 0] * 250) + \
        whole[2 * 1000:2 * 2000] + near[2 * 2003:2 * 3000] + \
        whole[2 * 2990:]
    wanted = [[0, first, 1000], [1000, None, 250], [1250, first + 1000, 1000],
              [2250, first + 2003, 997], [3247, first + 2990, 2010]]
    if runs_of(file) != wanted:
        die(f"the finder of the time code errs: {runs_of(file)}")
