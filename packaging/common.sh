# What the scripts beside this file share: where things are, what the project is called, and the tree that every package holds.
# shellcheck shell=bash disable=SC2034 # they use what is set here
set -euo pipefail
umask 022
# Sorted and read alike everywhere.
export LC_ALL=C

target_dir=${CARGO_TARGET_DIR:-target}
tools=$target_dir/tools
# The program that is packaged.
program=${PACKAGING_PROGRAM:-$target_dir/release/threadkeep}

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
fail() { say "$@"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# A field of a manifest, which stands alone in its line.
field() {
    local value
    value=$(sed -n "s/^$1 = \"\(.*\)\"\$/\1/p" "$2")
    [ -n "$value" ] || fail "$2 has no $1"
    printf '%s\n' "${value%%$'\n'*}"
}

# SHA-256 of files, a line each, or of what it reads.
checksums() { if have sha256sum; then sha256sum "$@"; else shasum -a 256 "$@"; fi; }

# Makes a directory for what is needed for a while, in which programs may be run, and removes it at the end.
make_work() {
    mkdir -p "$target_dir"
    work=$(cd "$target_dir" && mktemp -d "$PWD/packaging.XXXXXX")
    trap 'rm -rf -- "$work"' EXIT
}

# Runs the program of the tree in $1 with the other arguments, by its name: its completions call it as it is called. Of the
# user's own settings and home it learns nothing.
in_tree() {
    local tree=$1
    shift
    (cd "$tree" && env -i "PATH=$tree/bin:$PATH" "HOME=$tree/nowhere" LC_ALL=C threadkeep "$@" </dev/null)
}

# Whether the program of the tree in $1 has the command $2, which came with a later version than the first.
has_command() {
    if in_tree "$1" "$2" --help >/dev/null 2>&1; then return; fi
    say "$program has no command \`$2\`; what that writes is left out"
    return 1
}

write_completions() {
    local tree=$1 shell=$2 file=$1/share/$3
    mkdir -p "${file%/*}"
    if ! in_tree "$tree" completions "$shell" >"$file" || [ ! -s "$file" ]; then
        fail "\`threadkeep completions $shell\` failed"
    fi
}

# Lays out in the directory $1 what every package holds, as it stands below a prefix: the program without its symbols, man
# pages, completions, README with its pages, and licence.
make_tree() {
    local tree
    [ -f "$program" ] || fail "there is no program at $program; run \`make program\` first"
    mkdir -p "$1"
    tree=$(cd "$1" && pwd)
    mkdir -p "$tree/bin" "$tree/share/doc/threadkeep"
    if have strip; then
        strip -o "$tree/bin/threadkeep" "$program" || fail "strip failed on $program"
    else
        say "there is no strip; the program keeps its symbols"
        cp "$program" "$tree/bin/threadkeep"
    fi
    chmod 755 "$tree/bin/threadkeep"
    if has_command "$tree" man; then
        mkdir -p "$tree/share/man/man1"
        if ! in_tree "$tree" man "$tree/share/man/man1" >/dev/null || [ ! -s "$tree/share/man/man1/threadkeep.1" ]; then
            fail "\`threadkeep man\` failed"
        fi
    fi
    if has_command "$tree" completions; then
        write_completions "$tree" bash bash-completion/completions/threadkeep
        write_completions "$tree" zsh zsh/site-functions/_threadkeep
        write_completions "$tree" fish fish/vendor_completions.d/threadkeep.fish
    fi
    cp -R README.md LICENSE docs "$tree/share/doc/threadkeep"
    find "$tree/share" -type f -exec chmod 644 {} +
}
