#!/usr/bin/env bash
# Creates .venv-hass, in which the tests run Home Assistant. Its pinned versions conflict with ours, so
# it has its own environment. It takes 0.7 GB; without it, these tests are skipped.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/environment.sh
. scripts/environment.sh

requirements=tests/integration/home_assistant/requirements.txt
venv=${VENV_HASS:-.venv-hass}
wanted=$(cksum <"$requirements")
# Newer versions have no wheels of its pinned packages.
PYTHON=${PYTHON:-python3.11 python3.12}
make_venv "$venv"
up_to_date "$venv" "$wanted" && exit
say "Installing Home Assistant for its tests (once)"
# Most of it is never imported, so bytecode is compiled on import.
pip_install "$venv" --no-compile --no-deps "$(grep '^homeassistant==' "$requirements")"
constraints=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
pip_install "$venv" --no-compile -r "$requirements" \
    -c "$constraints/homeassistant/package_constraints.txt"
printf '%s' "$wanted" >"$venv/.installed"
