#!/usr/bin/env bash
# Creates the complete environment, including torch, and runs the tests:
#   scripts/test.sh                       all tests
#   scripts/test.sh unit|packaging|integration
#                                         a group, or several
#   scripts/test.sh tests/unit/protocol   files and folders
# Further arguments go to pytest. For the quick tests, which need no model, see CONTRIBUTING.md.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/environment.sh
. scripts/environment.sh

groups=()
while [[ "${1:-}" =~ ^(unit|packaging|integration)$ ]]; do
    groups+=("tests/$1")
    shift
done

venv=${VENV:-.venv-test}
make_venv "$venv"
wanted=$(fingerprint "test")
if ! up_to_date "$venv" "$wanted"; then
    say "Installing (once; with torch)"
    bash scripts/install_torch.sh "$venv/bin/python"
    if ! pip_install "$venv" --only-binary mojimoji -e '.[all,test,lint,ja]'; then
        say "Japanese needs a compiler for this Python (mojimoji): installing without; its tests are skipped."
        pip_install "$venv" -e '.[all,test,lint]'
    fi
    install_embedded_models "$venv"
    printf '%s' "$wanted" >"$venv/.installed"
fi
# A waiting thread that spins takes CPU time from working threads.
export OMP_WAIT_POLICY=PASSIVE GOMP_SPINCOUNT=0 ORT_DISABLE_TELEMETRY=1 HF_HUB_OFFLINE=1
exec "$venv/bin/python" -m pytest "${groups[@]}" "$@"
