#!/usr/bin/env bash
# Takes the pictures in docs/images again: the newest Home Assistant in a browser, with both servers discovered, and
# the web pages of the servers.
#   scripts/take_pictures.sh [--page] [FOLDER]
# With --page only the web pages. Needs Debian's chromium and chromium-driver, and without --page what
# scripts/home_assistant.sh newest needs; ends with status 69 without them.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/environment.sh
. scripts/environment.sh

only_page=
if [ "${1:-}" = --page ]; then
    only_page=yes
    shift
fi
folder=$(realpath "${1:-docs/images}")
venv=${VENV:-.venv-test}
browser=${XDG_CACHE_HOME:-$HOME/.cache}/wyoming-voice-stack/playwright
for program in chromium chromedriver; do
    if ! [ -x "/usr/bin/$program" ]; then
        say "No pictures: $program is missing; run scripts/install_system_deps.sh --with-tests."
        exit 69
    fi
done
[ -n "$only_page" ] || bash scripts/home_assistant.sh newest
bash scripts/test.sh --version >/dev/null
[ -d "$browser/playwright" ] || pip_install "$venv" --target "$browser" playwright pillow
export PYTHONPATH=$browser
"$venv/bin/python" -m tests.integration.page.pictures "$folder"
[ -n "$only_page" ] || exec "$venv/bin/python" -m tests.integration.home_assistant.pictures "$folder"
