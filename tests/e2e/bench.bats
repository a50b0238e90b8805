#!/usr/bin/env bats
# The benchmarks' entry: what it says, writes and exits with. The figures are
# not looked at: `make bench` is for them.

load lib.bash

setup_file() {
    [ "$SYSTEM" != wine ] || return 0
    make -s -C "$ROOT" build/native/bench/micro >&2
}

setup() {
    [ "$SYSTEM" != wine ] || skip "for the native executable"
    cd "$BATS_TEST_TMPDIR" || return
    # a copy, so that a test can ask for more
    mkdir tests
    cp -r "$ROOT/tests/bench" tests/
    ln -s "$ROOT/build" build
    git init -q .
}

bench() { tests/bench/bench --only micro --pairs 1 "$@"; }

@test "the benchmarks print a table, and write it with the machine's description" {
    sed -i 's/^RING_LEAST = .*/RING_LEAST = 0/; s/^TIMELINE_MOST_NS = .*/TIMELINE_MOST_NS = 1e9/' \
        tests/bench/micro.py
    run -0 bench --check --report=docs/benchmarks.md
    [[ $output == *"every bar is passed"* ]]
    grep -q '^- Processor: .* cores$' docs/benchmarks.md
    grep -q '^- Date: 20' docs/benchmarks.md
    grep -q '^- Versions: looprec 0.*libsndfile [1-9].*libFLAC [1-9]' docs/benchmarks.md
    grep -q '^## Ring, timeline' docs/benchmarks.md
    grep -q '| pass |' docs/benchmarks.md
    run ! grep 'bars are due to' docs/benchmarks.md
    run ! grep -F "$(hostname)" docs/benchmarks.md
    run ! grep -F "$ROOT" docs/benchmarks.md
}

@test "a bar that is missed is seen in the table, the report and, if asked, the exit status" {
    sed -i 's/^RING_LEAST = .*/RING_LEAST = 1e9/' tests/bench/micro.py
    run -0 bench --report=report.md
    [[ $output == *"FAIL   bytes a second, ring / memcpy"* ]]
    [[ $output == *"2 bars are missed"* ]]
    [ "$(grep -cF '| **FAIL** |' report.md)" -eq 2 ]
    # nobody has told why, and then somebody has
    [[ $output == *"are due to is not known yet."* ]]
    [ "$(tail -n 1 report.md)" = "What the missed bars are due to is not known yet." ]
    echo 'WHY = "a book"' >>tests/bench/micro.py
    run -0 bench --report=report.md
    [[ $output == *"are due to stands in a book."* ]]
    [ "$(tail -n 1 report.md)" = "What the missed bars are due to stands in a book." ]
    run -1 bench --check
}

@test "the benchmarks in docs say below each table with a missed bar what that is due to" {
    cd "$ROOT" || return
    run -0 python3 -B - <<'END'
import sys
sys.path.insert(0, "tests/bench")
import apps, capture, encode, exact, live, micro, scale, stall, start
with open("docs/benchmarks.md") as file:
    text = file.read()
for section in apps, capture, encode, exact, live, micro, scale, stall, start:
    part = text.split(f"\n## {section.TITLE}\n")[1].split("\n## ")[0]
    missed = "**FAIL**" in part
    why = getattr(section, "WHY", "nowhere")
    assert ("bars are due to" in part) == missed, section.TITLE
    assert not missed or f"stands in {why}." in part, section.TITLE
END
}
