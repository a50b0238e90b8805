# A repository for tests of what is passed on. Sourced by .bats files.
# shellcheck shell=bash

# Makes a repository in $1 of the files that are here, changed or not, so that a
# test is of them and not of the last commit.
make_repository() {
    mkdir -p "$1"
    if git -C "$ROOT" rev-parse --git-dir >/dev/null 2>&1; then
        (cd "$ROOT" && git ls-files -co --exclude-standard -z |
            while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
            tar -c --null -T -) | tar -x -C "$1"
    else
        tar -c -C "$ROOT" --exclude ./build --exclude ./.git . | tar -x --no-same-owner -C "$1"
    fi
    git -C "$1" init -q
    git -C "$1" add -A
    GIT_AUTHOR_DATE='2001-02-03T04:05:06Z' GIT_COMMITTER_DATE='2001-02-03T04:05:06Z' \
        git -C "$1" -c user.name=tests -c user.email=tests@localhost commit -q -m tests
}
