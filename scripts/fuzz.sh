#!/usr/bin/env bash
# Fuzzes framing, events, sessions and the HTTP switch, guided by the code that an input reaches.
#   scripts/fuzz.sh [SECONDS]      default: 60
# Needs the environment of scripts/test.sh; installs atheris into a folder of its own there, and keeps the
# inputs that reach new code. An input that fails is written there, too, and the exit status is not 0. Where atheris cannot be installed, it prints NOT RUN and exits with status 75.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/environment.sh
. scripts/environment.sh

ATHERIS=atheris==3.0.0

seconds=${1:-60}
if ! [[ "$seconds" =~ ^[1-9][0-9]*$ ]]; then
    say "fuzz: '$seconds' is not a number of seconds"
    exit 64
fi
venv=${VENV:-.venv-test}
folder=$venv/fuzzing
if [ "$(cat "$folder/.installed" 2>/dev/null)" != "$ATHERIS" ]; then
    rm -rf "$folder/packages"
    if ! pip_install "$venv" --no-deps --only-binary :all: --target "$folder/packages" "$ATHERIS" >&2; then
        say "fuzz: NOT RUN: $ATHERIS cannot be installed for this Python."
        exit 75
    fi
    printf '%s' "$ATHERIS" >"$folder/.installed"
fi
PYTHONPATH=$folder/packages exec "$venv/bin/python" -m tests.support.fuzzing.coverage_guided "$seconds" "$folder/corpus"
