"""Sound that tells where it comes from: each frame of 16-bit stereo holds its own
number and the player's. So of every frame in a recording it is known which one it
is, and what was left out, repeated or changed on the way.

Each bit counts here, since what is recorded must be what was played. The benchmarks'
time code (tests/bench/timecode.c) leaves the lowest bits free, because the others that
they compare with dither; so neither can be the other.
"""
RATE = 48000
FRAME = 4  # bytes
NUMBERS = 1 << 28  # frames that a player can count (93 minutes)
PERIOD = 1 << 15
MARK = 0x2000  # no frame is zero


def _lefts():
    block = bytearray(PERIOD * FRAME)
    block[0::4] = bytes(n & 0xFF for n in range(PERIOD))
    block[1::4] = bytes(n >> 8 for n in range(PERIOD))
    return block


LEFTS = _lefts()


def frames_of(player, first, count):
    """The bytes of so many frames of a player (0 or 1)."""
    parts = []
    while count > 0:
        inside = first % PERIOD
        n = min(count, PERIOD - inside)
        right = MARK | first // PERIOD & 0x1FFF | player << 14
        part = LEFTS[inside * FRAME:(inside + n) * FRAME]
        part[2::4] = bytes([right & 0xFF]) * n
        part[3::4] = bytes([right >> 8]) * n
        parts.append(part)
        first += n
        count -= n
    return b"".join(parts)


def number_of(frame):
    """(player, number) of four bytes; None: no player's."""
    left = frame[0] | frame[1] << 8
    right = frame[2] | frame[3] << 8
    if left >= PERIOD or not right & MARK or right >> 15:
        return None
    return right >> 14 & 1, (right & 0x1FFF) * PERIOD + left


class Run:
    """Frames of a recording that belong together. player: whose they are, from
    number `first` on; None: zeros; -1: nobody's."""

    def __init__(self, at, count, player, first):
        self.at = at
        self.count = count
        self.player = player
        self.first = first

    @property
    def end(self):
        return self.at + self.count

    @property
    def last(self):  # the number that would follow
        return self.first + self.count

    def __repr__(self):
        who = {None: "zeros", -1: "foreign"}.get(self.player, "player %s from %d" % (
            self.player, self.first))
        return "%d+%d %s" % (self.at, self.count, who)


def _same(sound, at, want):
    """How many bytes from `at` on are those of `want`."""
    size = min(len(want), len(sound) - at)
    if sound[at:at + size] == want[:size]:
        return size
    low, high = 0, size  # the first low are the same, the first high are not
    while high - low > 1:
        middle = (low + high) // 2
        if sound[at + low:at + middle] == want[low:middle]:
            low = middle
        else:
            high = middle
    return low


STEP = 4800
CHANCE = 8  # what was changed on the way can look like a few frames of a player's
ZEROS = bytes(STEP * FRAME)


def _length(sound, at, player, first):
    """Frames from byte `at` on that follow each other."""
    count = 0
    while at < len(sound):
        want = ZEROS if player is None else frames_of(player, first + count, STEP)
        same = _same(sound, at, want) // FRAME
        count += same
        at += same * FRAME
        if same < STEP:
            break
    return count


def runs_of(sound):
    """A recording's bytes as runs, in order and without holes between them."""
    runs = []
    at = 0
    while at + FRAME <= len(sound):
        frame = sound[at:at + FRAME]
        told = number_of(frame)
        if frame == b"\0\0\0\0":
            run = Run(at // FRAME, _length(sound, at, None, 0), None, 0)
        elif told is not None:
            run = Run(at // FRAME, _length(sound, at, *told), *told)
        else:
            run = Run(at // FRAME, 1, -1, 0)
        if run.player in (0, 1) and run.count < CHANCE:
            run.player = -1
        if runs and run.player == -1 and runs[-1].player == -1:
            runs[-1].count += run.count
        else:
            runs.append(run)
        at += run.count * FRAME
    return runs
