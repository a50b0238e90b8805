#!/usr/bin/env bats
# What is passed on: the archive of the sources and the Debian package. (The zip
# for Windows: windows_dist.bats.)

bats_require_minimum_version 1.5.0
load dist.bash

setup_file() {
    ROOT=$(realpath "$BATS_TEST_DIRNAME/../..")
    # nobody's own settings
    export HOME=$BATS_FILE_TMPDIR GIT_CONFIG_NOSYSTEM=1
    unset MAKEFLAGS MAKELEVEL DESTDIR
    ! command -v git >/dev/null || make_repository "$BATS_FILE_TMPDIR/repository"
}

setup() {
    ROOT=$(realpath "$BATS_TEST_DIRNAME/../..")
    REPOSITORY=$BATS_FILE_TMPDIR/repository
    VERSION=$(sed -n 's/^VERSION := //p' "$ROOT/Makefile")
    cd "$BATS_TEST_TMPDIR" || return
}

needs() { command -v "$1" >/dev/null || skip "no $1"; }

@test "there is one version" {
    [ "$("$ROOT/build/native/looprec" --version)" = "looprec $VERSION" ]
    [[ $(grep -m 1 '^## ' "$ROOT/CHANGELOG.md") == "## $VERSION"* ]]
}

@test "make dist: the same commit gives the same bytes" {
    needs git
    local archive=build/looprec-$VERSION.tar.gz
    make -s -C "$REPOSITORY" dist
    git clone -q "$REPOSITORY" elsewhere
    git -C elsewhere config tar.umask 0077
    touch elsewhere/not-committed
    (umask 077 && TZ=Pacific/Auckland make -s -C elsewhere dist) 2>messages
    cmp "$REPOSITORY/$archive" "elsewhere/$archive"
    # what is not in it is told
    grep -q '^dist: 1 files are not as in the last commit' messages
    # the whole tree, in one folder, from the commit's day
    tar -tzf "$REPOSITORY/$archive" | grep -v '/$' | sort >in-it
    git -C "$REPOSITORY" ls-files | sed "s|^|looprec-$VERSION/|" | LC_ALL=C sort >committed
    diff in-it committed
    TZ=UTC tar -tvzf "$REPOSITORY/$archive" | grep -c '2001-02-03 04:05 ' >count
    [ "$(cat count)" -eq "$(tar -tzf "$REPOSITORY/$archive" | wc -l)" ]
}

@test "the executable: other folders, the same bytes" {
    local folder
    for folder in one another/one/with/a/longer/name; do
        mkdir -p "$folder"
        cp -r "$ROOT/Makefile" "$ROOT/src" "$folder"
        make -s -j 2 -C "$folder" bin
    done
    cmp {one,another/one/with/a/longer/name}/build/native/looprec
}

@test "make dist: outside of a repository it says so" {
    needs git
    mkdir tree
    cp -r "$REPOSITORY/scripts" "$REPOSITORY/Makefile" tree
    run ! make -s -C tree dist
    [[ $output == *"not the top of a git repository"* ]]
}

installed() { # the files below $1, with their rights
    (cd "$1" && find . ! -type d -printf '%m %P\n' | LC_ALL=C sort -k 2)
}

# Built from the archive: what it lacks is seen here.
@test "make deb: a package that works" {
    needs git
    needs dpkg-buildpackage
    needs dh
    dpkg-checkbuilddeps "$ROOT/packaging/debian/control" 2>/dev/null || skip "not all is there that it needs to be built"
    DEB_BUILD_OPTIONS='noopt noautodbgsym' make -s -C "$REPOSITORY" deb >out 2>err || {
        cat err "$REPOSITORY/build/deb/log"
        return 1
    }
    local deb
    deb=$REPOSITORY/$(cat out)
    [ "$(dpkg-deb -f "$deb" Package Version | xargs)" = "Package: looprec Version: $VERSION-1" ]
    [[ $(dpkg-deb -f "$deb" Depends) == *libpulse0*libsndfile1*libsoxr0* ]]
    dpkg-deb -x "$deb" root
    installed root >files
    cat >expected <<'END'
755 usr/bin/looprec
644 usr/share/bash-completion/completions/looprec
644 usr/share/doc/looprec/README.md.gz
644 usr/share/doc/looprec/changelog.Debian.gz
644 usr/share/doc/looprec/changelog.gz
644 usr/share/doc/looprec/copyright
644 usr/share/fish/vendor_completions.d/looprec.fish
644 usr/share/man/man1/looprec.1.gz
644 usr/share/zsh/vendor-completions/_looprec
END
    diff expected files
    [ "$(root/usr/bin/looprec --version)" = "looprec $VERSION" ]
    root/usr/bin/looprec -q --source=synth:tone,fast -d 1 a.flac
    [ "$(soxi -s a.flac)" -eq 48000 ]
    root/usr/bin/looprec -q --source=synth:tone,fast -d 1 -r 44100 b.flac
    [ "$(soxi -s b.flac)" -eq 44100 ]
    zcat root/usr/share/doc/looprec/changelog.Debian.gz | grep -q '03 Feb 2001'
    zcat root/usr/share/doc/looprec/changelog.gz | head -n 1 | grep -qx '# Changes'
    # the tree that it came from is as it was
    [ -z "$(git -C "$REPOSITORY" status --porcelain)" ]
    if command -v lintian >/dev/null; then
        lintian --allow-root --fail-on error "${deb%.deb}.changes"
    fi
}
