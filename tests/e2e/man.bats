#!/usr/bin/env bats
# The examples of man/looprec.1 do what they say: each has a comment before it
# that tells what it needs ("run: synth", "run: sound", "run: no"). $LOOPREC
# names the executable (build/native/looprec).

bats_require_minimum_version 1.5.0

setup() {
    ROOT=$(realpath "$BATS_TEST_DIRNAME/../..")
    LOOPREC=$(realpath "${LOOPREC:-$ROOT/build/native/looprec}")
    export LOOPREC
    cd "$BATS_TEST_TMPDIR" || return
    # what has no end of its own gets Ctrl-C after a while
    mkdir bin
    cat >bin/looprec <<'END'
#!/bin/sh
case " $* " in
*" -d "* | *" -l "* | *" -- "*) exec "$LOOPREC" "$@" ;;
esac
exec timeout --preserve-status -s INT 2 "$LOOPREC" "$@"
END
    chmod +x bin/looprec
    PATH=$PWD/bin:$PATH
}

examples() { # of the kind $1, one a line
    awk -v kind="$1" '
        /^\.\\" run: / { armed = ($3 == kind) }
        /^\.Dl / && armed { sub(/^\.Dl /, ""); print; armed = 0 }
    ' "$ROOT/man/looprec.1"
}

@test "every example says what it needs" {
    local dl marks
    dl=$(grep -c '^\.Dl looprec' "$ROOT/man/looprec.1")
    marks=$(grep -c '^\.\\" run: \(synth\|sound\|no\)$' "$ROOT/man/looprec.1")
    [ "$dl" -eq "$marks" ]
    [ "$dl" -ge 5 ]
}

# An unknown item is answered with all there are, and with "see the manual page".
@test "the page has the items of synthetic sources that there are" {
    run -2 "$LOOPREC" --source=synth:no-such-item
    [[ $output == *"is none of: tone "* ]]
    local list
    list=${output#*is none of: }
    tr ' ' '\n' <<<"${list%%;*}" | tr -d = | sort >known
    sed -n '/^\.Sh SYNTHETIC SOURCES/,/^\.Sh FILES/p' "$ROOT/man/looprec.1" |
        sed -n 's/^\.It //p' | sed 's/ , /\n/g' |
        sed 's/^Cm \([a-z-]*\).*/\1/; s/^\(flag-every-packet\)$/\1/' | sort >told
    diff known told
}

@test "examples that need nothing" {
    local example count=0
    while read -r example; do
        echo "$example"
        bash -o pipefail -c "$example" 3>&-
        count=$((count + 1))
    done < <(examples synth)
    [ "$count" -ge 1 ]
    [ "$(soxi -s tone.wav)" -eq 48000 ]
}

@test "examples that need a sound server" {
    [ -x "$ROOT/scripts/with-null-sink" ] || skip "no scripts/with-null-sink"
    local example count=0
    # a player that is quick
    printf '#!/bin/sh\nexec paplay song.wav\n' >bin/mpv
    chmod +x bin/mpv
    "$LOOPREC" -q --source=synth:noise,fast -d 300ms -f s16 song.wav
    while read -r example; do
        local code=0
        echo "$example"
        "$ROOT/scripts/with-null-sink" bash -o pipefail -c "$example" \
            </dev/null 3>&- || code=$?
        # nothing plays there: --fail-if-silent says so
        case $example in
        *--fail-if-silent*) [ "$code" -eq 3 ] ;;
        *) [ "$code" -eq 0 ] ;;
        esac
        count=$((count + 1))
    done < <(examples sound)
    [ "$count" -ge 3 ]
    [ "$(soxi -s song.flac)" -eq 480000 ]
    # a command is recorded where a server runs, without a sink of its own
    [ "$(soxi -s played.flac)" -gt 14000 ]
    sox played.flac -n stat 2>&1 | grep -q '^Maximum amplitude: *0\.[1-9]'
    jq -es '.[-1].event == "finished"' take.json
}

# Those that name no device, application or command of somebody's.
@test "the README's examples are commands that work" {
    local example count=0
    # shellcheck disable=SC2016
    printf '#!/bin/sh\ncase $1 in --repair) ;; *) set -- "$@" %s ;; esac\nexec "$LOOPREC" "$@"\n' \
        '--source=synth:noise,fast -d 300ms' >bin/looprec
    mkdir spare
    HOME=$PWD looprec -q -f s16 whole.wav
    head -c 40001 whole.wav >interview.wav
    while read -r example; do
        echo "$example"
        HOME=$PWD bash -o pipefail -c "$example" </dev/null 3>&-
        rm -f radio*
        count=$((count + 1))
    done < <(sed -n '/^## Every day/,/^While it records/s/^    \(looprec\)/\1/p' "$ROOT/README.md" |
        grep -Ev -- '-(D|l|L|-app|-null-sink|-wait|-doctor)\b|-- ')
    [ "$count" -ge 10 ]
    [ "$(soxi -r talk.wav)" -eq 16000 ] && [ "$(soxi -c talk.wav)" -eq 1 ]
    [ "$(soxi -s interview.wav)" -gt 9000 ]
    [ "$(soxi -b quiet.wav)" -eq 16 ]
}

@test "the page is well formed" {
    command -v mandoc >/dev/null || skip "no mandoc"
    run -0 mandoc -Tlint -W warning "$ROOT/man/looprec.1"
    [ -z "$output" ]
}
