"""The machine that was measured on, and the report of a run."""

import datetime
import os
import platform
import re
import subprocess

from lib import LOOPREC, TOP, passes, why

LIBRARIES = {"libsndfile": "sndfile", "libFLAC": "flac", "libpulse": "libpulse"}
# What it is compared with: the command that tells its version.
PROGRAMS = {
    "pulseaudio": ["pulseaudio", "--version"],
    "pipewire": ["pipewire", "--version"],
    "parecord": ["parecord", "--version"],
    "pw-record": ["pw-record", "--version"],
    "arecord": ["arecord", "--version"],
    "ffmpeg": ["ffmpeg", "-version"],
    "sox": ["sox", "--version"],
    "gst-launch-1.0": ["gst-launch-1.0", "--version"],
    "flac": ["flac", "--version"],
}
# X.Y, with what belongs to it, but no copyright's year.
VERSION = re.compile(r"(?<![\d.-])\d+\.\d[\w.+~-]*")


def said(command):
    """All that COMMAND prints; "" where there is none."""
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT).stdout
    except OSError:
        return ""


def version(command):
    # pw-record names itself first, by its path
    found = VERSION.search(re.sub(r"\S*/\S*", "", said(command)))
    return found.group() if found else None


def field(path, name):
    """NAME's value in a file of "name: value" or "name=value" lines."""
    with open(path) as file:
        for line in file:
            key, _, value = re.sub(r"\s*[:=]\s*", "\0", line, count=1) \
                .partition("\0")
            if key == name:
                return value.strip().strip('"')
    return "unknown"


def conditions():
    """Lines on the machine and the programs. No name of a host, no path."""
    memory_kb = int(field("/proc/meminfo", "MemTotal").split()[0])
    now = datetime.datetime.now(datetime.timezone.utc)
    lines = [
        f"Date: {now:%Y-%m-%d %H:%M} UTC",
        f"Processor: {field('/proc/cpuinfo', 'model name')}, "
        f"{os.cpu_count()} cores",
        f"Memory: {memory_kb / 1024 / 1024:.0f} GiB",
        f"System: {field('/etc/os-release', 'PRETTY_NAME')}, "
        f"Linux {VERSION.search(platform.release()).group().split('-')[0]}",
        f"Load average at the start: {os.getloadavg()[0]:.2f}",
    ]
    commit = said(["git", "-C", TOP, "describe", "--always", "--dirty"])
    versions = {"looprec": f"{version([LOOPREC, '--version'])} "
                           f"({commit.strip() or 'no commit'})"}
    for name, package in LIBRARIES.items():
        versions[name] = version(["pkg-config", "--modversion", package])
    for name, command in PROGRAMS.items():
        versions[name] = version(command)
    lines.append("Versions: " + ", ".join(
        f"{name} {number}" for name, number in versions.items() if number))
    return lines


def table(rows):
    yield "| what | value | bar | | made of |"
    yield "|---|---:|---:|---|---|"
    for row in rows:
        bar = word = ""
        if row["bar"] is not None:
            bar = f"{'≥' if row['least'] else '≤'} {row['bar']:g}"
            word = "pass" if passes(row) else "**FAIL**"
        text = [row["what"], f"{row['value']:.3f}", bar, word, row["detail"]]
        yield "| " + " | ".join(part.replace("|", "\\|") for part in text) + " |"


def write(path, lines, options, sections):
    """SECTIONS: the modules, and each one's rows."""
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    text = ["# Benchmarks", "",
            "Made by `make bench-report`; `make bench` prints the same. Every "
            "ratio is of", "programs that ran in one run, in turns or at the "
            f"same time, the median of {options.pairs}", "where there is a "
            "range. Below a table with missed bars stands where it is told",
            "what they are due to.",
            "", *(f"- {line}" for line in lines),
            f"- Seconds of each: live {options.live}, fast {options.seconds}, "
            f"applications {options.apps}, capture {options.capture}"]
    for section, rows in sections:
        text += ["", f"## {section.TITLE}", "", *table(rows)]
        reason = why(section, rows)
        if reason:
            text += ["", reason]
    with open(path, "w") as file:
        file.write("\n".join(text) + "\n")
