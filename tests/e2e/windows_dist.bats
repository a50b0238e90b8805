#!/usr/bin/env bats
# The zip for Windows: what is in it, and that its bytes are the commit's.

bats_require_minimum_version 1.5.0
load dist.bash

setup_file() {
    ROOT=$(realpath "$BATS_TEST_DIRNAME/../..")
    ! command -v git >/dev/null || make_repository "$BATS_FILE_TMPDIR/repository"
}

setup() {
    ROOT=$(realpath "$BATS_TEST_DIRNAME/../..")
    EXE=$(realpath "${LOOPREC:-$ROOT/build/windows/looprec.exe}")
    REPOSITORY=$BATS_FILE_TMPDIR/repository
    VERSION=$(sed -n 's/^VERSION := //p' "$ROOT/Makefile")
    NAME=looprec-$VERSION-windows-x86_64
    cd "$BATS_TEST_TMPDIR" || return
    local tool
    for tool in git zip unzip mandoc; do
        command -v "$tool" >/dev/null || skip "no $tool"
    done
}

@test "the executable has no time of its build in it" {
    make -s -C "$ROOT" VARIANT=windows BIN="$PWD/again.exe" bin
    cmp "$EXE" again.exe
    x86_64-w64-mingw32-strip -s -o stripped.exe again.exe
    # nor the folder
    ! grep -aqF -e "$ROOT/" -e "$HOME/" stripped.exe
}

@test "the zip: the same commit gives the same bytes" {
    "$REPOSITORY/scripts/dist" windows "$EXE" >out
    [ "$(cat out)" = "build/$NAME.zip" ]
    git clone -q "$REPOSITORY" elsewhere
    (umask 077 && TZ=Pacific/Auckland elsewhere/scripts/dist windows "$EXE")
    cmp "$REPOSITORY/build/$NAME.zip" "elsewhere/build/$NAME.zip"
    # the sources in it must be those of the executable
    touch elsewhere/not-committed
    run ! elsewhere/scripts/dist windows "$EXE"
    [[ $output == *"commit first"* ]]
}

@test "the zip: the program, its manual, the licence and source of what is in it" {
    "$REPOSITORY/scripts/dist" windows "$EXE" >/dev/null
    unzip -q "$REPOSITORY/build/$NAME.zip"
    [ "$(ls)" = "$NAME" ]
    cd "$NAME"
    grep -q '^ *-D, --device\|^ *-D NAME, --device=NAME' looprec.txt
    LC_ALL=C run ! grep -q $'[^\t\r -~]' looprec.txt
    [ "$(grep -c $'\r$' looprec.txt)" -eq "$(wc -l <looprec.txt)" ]
    [ -s README.md ]
    [ -s CHANGELOG.md ]
    grep -q 'BSD 2-Clause' LICENSE.txt

    # each library that the linker takes has its licence here, and is listed
    local libs name
    libs=$("$ROOT/scripts/windows-libs" --print)
    while read -r name; do
        case $name in
        sndfile | soxr | vorbis | vorbisenc | ogg) name=lib${name%enc} ;;
        FLAC) name=flac ;;
        mp3lame) name=lame ;;
        pthread | m | shlwapi) name=mingw-w64 ;;
        esac
        [ -n "$(find "licences/$name" -type f -size +400c)" ]
        grep -q "^  $name  *[0-9]" licences/README.txt
    done < <(tr ' ' '\n' <"$libs/link-flags" | sed -n 's/^-l//p')
    grep -q 'winpthreads' licences/mingw-w64/copyright
    grep -q 'RUNTIME LIBRARY EXCEPTION' licences/gcc/copyright
    # those under the LGPL: their sources, and ours
    for name in $(awk '$3 ~ /^LGPL/ { print $1 }' licences/README.txt); do
        grep -qi 'LESSER GENERAL PUBLIC LICENSE\|LIBRARY GENERAL PUBLIC LICENSE' "licences/$name"/COPYING*
        tar -tf sources/"$name"_*.orig.tar.* >/dev/null
        tar -tf sources/"$name"_*.debian.tar.* | grep -q '^debian/'
    done
    [ "$(find sources -name '*.orig.tar.*' | wc -l)" -eq 4 ]
    tar -tzf "sources/looprec-$VERSION.tar.gz" | grep -qx "looprec-$VERSION/scripts/windows-libs"
    if "$ROOT/scripts/wine-root" --print >/dev/null; then
        "$ROOT/scripts/wine" ./looprec.exe --version | tr -d '\r' >version
        [ "$(cat version)" = "looprec $VERSION" ]
    fi
}
