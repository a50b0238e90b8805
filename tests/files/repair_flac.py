"""The cases of tests/files/repair that are FLAC's: where blocks end, and damage in them."""
import readers
from repairing import (
    FRAMES, LOOPREC, case, copied, each_repaired, expect, good, looprec, make, put, read, refused,
    run, want_of, write)


def blocks_of(flac_file):
    """Offsets of the blocks, as ffprobe finds them, and their samples."""
    told = run("ffprobe", "-v", "error", "-show_entries", "packet=pos,duration", "-of", "csv=p=0",
               flac_file).stdout.decode().split()
    return [(int(line.split(",")[1]), int(line.split(",")[0])) for line in told]


@case
def flac_cut_at_many_places():
    for program, bits, channels in (("flac", 16, 2), ("ffmpeg", 16, 1), ("looprec", 24, 1),
                                    ("sox", 24, 2)):
        whole = make(program, "a.flac", bits, channels)
        blocks = blocks_of("a.flac")
        expect(len(blocks) > 3, "blocks", len(blocks))
        cuts = []
        for block, back in ((2, 0), (2, -1), (2, 1), (2, 2), (2, 5), (3, -1000), (1, 0)):
            length = blocks[block][0] + back
            # a block is whole where the next one's place is reached
            frames = sum(blocks[i][1] for i in range(len(blocks) - 1)
                         if blocks[i + 1][0] <= length)
            cuts.append((whole[:length], want_of(bits, channels, frames),
                         "%s cut at %d" % (program, length)))
        each_repaired("a.flac", cuts)


@case
def flac_that_does_not_know_its_length():
    whole = make("flac", "a.flac")
    want = want_of(16, 2, FRAMES)
    unknown = put(whole, 21, ">BI", whole[21] & 0xF0, 0)
    no_md5 = unknown[:26] + bytes(16) + unknown[42:]
    blocks = blocks_of("a.flac")
    piece = no_md5[:blocks[2][0] + 300]
    each_repaired("a.flac", [
        (unknown, want, "no length"), (no_md5, want, "no length, no checksum"),
        (no_md5 + bytes(5000), want, "zeros behind it"),
        (no_md5 + b"APETAGEX" + bytes(40), want, "something else behind it"),
        (piece + bytes(100000), want_of(16, 2, blocks[0][1] + blocks[1][1]),
         "a block that ends in zeros")])
    good("a.flac", whole[:26] + bytes(16) + whole[42:], "no checksum")


@case
def flac_whose_last_checksum_ends_with_a_zero():
    """One of 256: it comes out without the last byte as well."""
    run(*LOOPREC, "-q", "--overwrite", "--source=synth:noise=212,fast", "-d", "3000f", "-f", "s16",
        "a.flac")
    whole = read("a.flac")
    expect(whole[-1] == 0, "it tests nothing: choose another seed")
    want = readers.sndfile("a.flac")
    unknown = put(whole, 21, ">BI", whole[21] & 0xF0, 0)
    for zeros in (0, 1, 2, 3, 5000):
        good("a.flac", whole + bytes(zeros), "%d zeros behind it" % zeros)
        fixed = copied("a.flac", unknown + bytes(zeros), want, "no length, %d zeros" % zeros)
        expect(fixed == whole, "%d zeros: not as it was" % zeros)


@case
def damage_in_the_middle_is_no_reason_to_cut():
    whole = make("flac", "a.flac")
    at = blocks_of("a.flac")[1][0]
    spoilt = put(whole, at + 500, "<I", 0x12345678)
    write("a.flac", spoilt)
    status, told = looprec("--repair", "a.flac")
    expect(status == 0 and "damaged" in told and read("a.flac") == spoilt, told)
    refused("a.flac", whole[:at + 20] + whole[at + 20 + 2 * 4096 * 4:], "repair", "a part left out")


def silent_flac():
    """Hundreds of blocks of silence take no more bytes than one of sound may."""
    run(*LOOPREC, "-q", "--overwrite", "--source=synth:tone=300,amp=-70,bits=16,fast,"
        "stream=0+5,stream=80+1", "-d", "81", "a.flac")
    whole = read("a.flac")
    blocks = [at for at, _ in blocks_of("a.flac")]
    expect(len(whole) - blocks[480] < 20000, "it tests nothing:", len(whole) - blocks[480])
    return whole, blocks


def flipped(data, *places):
    out = bytearray(data)
    for at in places:
        out[at] ^= 0x40
    return bytes(out)


@case
def a_damaged_header_is_no_end():
    whole, blocks = silent_flac()
    for what, places in (
            [("byte %d" % i, [blocks[480] + i]) for i in range(6)] +
            [("two bytes", [blocks[480] + 1, blocks[480] + 3]), ("far from the end", [blocks[9] + 3]),
             ("two blocks", [blocks[480] + 3, blocks[481] + 3]), ("late", [blocks[-2] + 3]),
             ("and the block before", [blocks[5] + 50, blocks[6] + 3])]):
        write("a.flac", flipped(whole, *places))
        status, told = looprec("--repair", "a.flac")
        expect(status == 0 and "nothing to repair" in told and "damaged" in told, what, told)
        expect("00:01:21.000" in told and read("a.flac") == flipped(whole, *places), what, told)


@case
def what_is_missing_near_the_end_is_no_end():
    whole, blocks = silent_flac()
    for first, behind in ((480, 481), (480, 500), (len(blocks) - 2, len(blocks) - 1)):
        refused("a.flac", whole[:blocks[first]] + whole[blocks[behind]:], "middle",
                "%d to %d" % (first, behind))
    refused("a.flac", whole[:blocks[480]] + bytes(100) + whole[blocks[480] + 100:], "middle",
            "a hole of zeros")
