#!/usr/bin/env bash
# Fetches axe-core, which checks the accessibility of the page in its tests, and prints the path of axe.min.js.
# It comes from npm into the user's cache folder, once. Ends with status 69, after a line that says why, if it
# cannot be fetched.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/environment.sh
. scripts/environment.sh

VERSION=4.14.1
SHA512=1477dafa598d8d065f273d6af302aa203c02e83131707b7fa648cd41bd3d6b734f8c22a0dab86ee6a6f64b8afbe804b214d36db85a2826965edfb3a0b9d546b5
folder=${XDG_CACHE_HOME:-$HOME/.cache}/wyoming-voice-stack/axe-core-$VERSION

if ! [ -f "$folder/axe.min.js" ]; then
    if ! command -v npm >/dev/null 2>&1; then
        say "Not fetched: axe-core; npm is missing."
        exit 69
    fi
    mkdir -p "$folder"
    unpacked=$(mktemp -d "$folder/fetch.XXXXXX")
    trap 'rm -rf "$unpacked"' EXIT
    if ! npm pack --silent --pack-destination "$unpacked" "axe-core@$VERSION" >/dev/null; then
        say "Not fetched: axe-core; npm does not give it."
        exit 69
    fi
    printf '%s  %s\n' "$SHA512" "$unpacked/axe-core-$VERSION.tgz" | sha512sum --check --quiet >&2
    tar --extract --gzip --directory "$unpacked" --file "$unpacked/axe-core-$VERSION.tgz" package/axe.min.js
    mv "$unpacked/package/axe.min.js" "$folder/axe.min.js"
fi
printf '%s\n' "$folder/axe.min.js"
