#!/usr/bin/env bats
# What `make install` puts where, and that `make uninstall` takes it away again.

bats_require_minimum_version 1.5.0

setup() {
    ROOT=$(realpath "$BATS_TEST_DIRNAME/../..")
    VERSION=$(sed -n 's/^VERSION := //p' "$ROOT/Makefile")
    unset MAKEFLAGS MAKELEVEL DESTDIR
    cd "$BATS_TEST_TMPDIR" || return
}

installed() { # the files below $1, with their rights
    (cd "$1" && find . ! -type d -printf '%m %P\n' | LC_ALL=C sort -k 2)
}

@test "make install and uninstall" {
    (umask 077 && make -s -C "$ROOT" install DESTDIR="$PWD/to" prefix=/usr)
    installed to >files
    cat >expected <<'END'
755 usr/bin/looprec
644 usr/share/bash-completion/completions/looprec
644 usr/share/doc/looprec/CHANGELOG.md
644 usr/share/doc/looprec/LICENSE
644 usr/share/doc/looprec/README.md
644 usr/share/fish/vendor_completions.d/looprec.fish
644 usr/share/man/man1/looprec.1
644 usr/share/zsh/site-functions/_looprec
END
    diff expected files
    [ "$(to/usr/bin/looprec --version)" = "looprec $VERSION" ]
    # what was there before stays
    touch to/usr/share/doc/looprec/other to/usr/bin/other
    make -s -C "$ROOT" uninstall DESTDIR="$PWD/to" prefix=/usr
    [ "$(cd to && find . -type f | sort | xargs)" = "./usr/bin/other ./usr/share/doc/looprec/other" ]
    rm to/usr/share/doc/looprec/other
    make -s -C "$ROOT" uninstall DESTDIR="$PWD/to" prefix=/usr
    [ ! -e to/usr/share/doc/looprec ]
}

@test "make install: without DESTDIR, folders of one's own" {
    make -s -C "$ROOT" install prefix="$PWD/mine" mandir="$PWD/mine/man" docdir="$PWD/texts"
    [ -x mine/bin/looprec ]
    [ -s mine/man/man1/looprec.1 ]
    [ -s texts/README.md ]
    make -s -C "$ROOT" uninstall prefix="$PWD/mine" mandir="$PWD/mine/man" docdir="$PWD/texts"
    [ -z "$(find mine -type f)" ]
    [ ! -e texts ]
}
