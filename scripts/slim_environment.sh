#!/usr/bin/env bash
# Takes out of an installed environment what no server uses, and compiles what servers do use.
#   scripts/slim_environment.sh VENV
set -euo pipefail
venv=${1:?name the environment}
packages=$(echo "$venv"/lib/python3*/site-packages)

"$venv/bin/python" -m pip uninstall --quiet --yes uv 2>/dev/null || true
rm -rf "$packages"/torch/{include,test,share} "$packages"/torch/bin/{protoc*,test_*,*_test} \
    "$packages"/tensorboard_data_server/bin
# numpy's tests stay: numpy.testing, which other packages import, reads one of them.
for package in matplotlib numba scipy sklearn sympy; do
    [ -d "$packages/$package" ] || continue
    find "$packages/$package" -type d -name tests -prune -exec rm -rf {} +
done
find "$venv/lib" -type d -name __pycache__ -prune -exec rm -rf {} +
# Of these no server imports more than a module or two; compiled they would be 140 MB.
seldom='fontTools|grpc|matplotlib|networkx|numba|sklearn|tensorboard|torch/_inductor|transformers/models/(?!auto/|gpt2/)'
"$venv/bin/python" -m compileall -q -j 0 -x "site-packages/($seldom)" "$packages" || true
"$venv/bin/python" -m pip uninstall --quiet --yes pip
