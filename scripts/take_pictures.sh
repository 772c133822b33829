#!/usr/bin/env bash
# Takes the pictures in docs/images again: the newest Home Assistant in a browser, with both servers discovered.
#   scripts/take_pictures.sh [FOLDER]
# Needs Debian's chromium, and what scripts/home_assistant.sh newest needs; ends with status 69 without them.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/environment.sh
. scripts/environment.sh

folder=$(realpath "${1:-docs/images}")
venv=${VENV:-.venv-test}
browser=${XDG_CACHE_HOME:-$HOME/.cache}/wyoming-voice-stack/playwright
if ! [ -x /usr/bin/chromium ]; then
    say "No pictures: chromium is missing; install Debian's package."
    exit 69
fi
bash scripts/home_assistant.sh newest
bash scripts/test.sh --version >/dev/null
[ -d "$browser/playwright" ] || pip_install "$venv" --target "$browser" playwright pillow
PYTHONPATH=$browser exec "$venv/bin/python" -m tests.integration.home_assistant.pictures "$folder"
