"""What other programs make of a sound file: libsndfile (by its own library),
FFmpeg and SoX. Each gives samples of 32 bits (integers, the file's own bits
uppermost), or raises Unreadable with what was said.
"""
import ctypes
import ctypes.util
import subprocess

SFM_READ = 0x10
SF_COUNT_MAX = 0x7FFFFFFFFFFFFFFF


class Unreadable(Exception):
    pass


class Info(ctypes.Structure):
    _fields_ = [("frames", ctypes.c_int64), ("samplerate", ctypes.c_int),
                ("channels", ctypes.c_int), ("format", ctypes.c_int),
                ("sections", ctypes.c_int), ("seekable", ctypes.c_int)]


def library():
    lib = ctypes.CDLL(ctypes.util.find_library("sndfile") or "libsndfile.so.1")
    lib.sf_open.restype = ctypes.c_void_p
    lib.sf_open.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.POINTER(Info)]
    lib.sf_readf_int.restype = ctypes.c_int64
    lib.sf_readf_int.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64]
    lib.sf_seek.restype = ctypes.c_int64
    lib.sf_seek.argtypes = [ctypes.c_void_p, ctypes.c_int64, ctypes.c_int]
    lib.sf_strerror.restype = ctypes.c_char_p
    lib.sf_strerror.argtypes = [ctypes.c_void_p]
    lib.sf_close.argtypes = [ctypes.c_void_p]
    return lib


LIB = library()
BLOCK = 65536  # frames


def sndfile_blocks(path):
    """The samples, a block at a time; the first thing yielded is Info."""
    info = Info()
    handle = LIB.sf_open(path.encode(), SFM_READ, ctypes.byref(info))
    if not handle:
        raise Unreadable("libsndfile: " + LIB.sf_strerror(None).decode())
    try:
        yield info
        buffer = (ctypes.c_int32 * (BLOCK * info.channels))()
        while True:
            got = LIB.sf_readf_int(handle, buffer, BLOCK)
            if got <= 0:
                break
            yield memoryview(buffer).cast("B")[:got * info.channels * 4]
    finally:
        LIB.sf_close(handle)


def sndfile(path):
    blocks = sndfile_blocks(path)
    next(blocks)
    return b"".join(bytes(block) for block in blocks)


def sndfile_part(path, first, count):
    """So many frames from the frame `first` on."""
    info = Info()
    handle = LIB.sf_open(path.encode(), SFM_READ, ctypes.byref(info))
    if not handle:
        raise Unreadable("libsndfile: " + LIB.sf_strerror(None).decode())
    try:
        if LIB.sf_seek(handle, first, 0) != first:
            raise Unreadable("libsndfile finds no frame %d" % first)
        buffer = (ctypes.c_int32 * (count * info.channels))()
        got = LIB.sf_readf_int(handle, buffer, count)
        return bytes(memoryview(buffer).cast("B")[:got * info.channels * 4])
    finally:
        LIB.sf_close(handle)


def sndfile_frames(path):
    """As the file tells it; None where it tells none."""
    frames = next(sndfile_blocks(path)).frames
    return frames if frames < SF_COUNT_MAX else None


FFMPEG = ["ffmpeg", "-nostdin", "-v", "error", "-i"]
FFMPEG_OUT = ["-c:a", "pcm_s32le", "-f", "s32le", "-"]
SOX = ["sox", "-D"]
SOX_OUT = ["-t", "raw", "-e", "signed-integer", "-b", "32", "-"]


def output_of(command, empty_is_fine=False):
    """SoX fails where a file ends early, though it read all of it, and FFmpeg
    tells of frames that are torn: what came is what counts."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True)
    if not done.stdout and done.returncode != 0 and not empty_is_fine:
        raise Unreadable("%s: %s" % (command[0], done.stderr.decode(errors="replace").strip()))
    return done.stdout


def ffmpeg(path):
    return output_of(FFMPEG + [path] + FFMPEG_OUT)


def sox(path):
    return output_of(SOX + [path] + SOX_OUT)


def widened(raw, bits):
    """Packed samples of 16 or 24 bits as the readers give them."""
    width = bits // 8
    wide = bytearray(len(raw) // width * 4)
    for k in range(width):
        wide[4 - width + k::4] = raw[k::width]
    return bytes(wide)
