#!/usr/bin/env bash
# Removes what no server uses from an environment, and compiles the bytecode of the rest.
#   scripts/slim_environment.sh VENV
set -euo pipefail
venv=${1:?name the environment}
packages=$(echo "$venv"/lib/python3*/site-packages)

# triton compiles kernels for torch.compile, which nothing here uses.
"$venv/bin/python" -m pip uninstall --quiet --yes uv triton 2>/dev/null || true
rm -rf "$packages"/torch/{include,test,share} "$packages"/torch/bin/{protoc*,test_*,*_test} \
    "$packages"/tensorboard_data_server/bin
# Of CUDA: headers, static libraries, tools for profiling, and second builds of a library.
rm -rf "$packages"/nvidia/*/include "$packages"/nvidia/*/lib/{*.a,*.bc} \
    "$packages"/nvidia/*/lib/lib{cusolverMg,nvperf_host,nvrtc.alt,nvrtc-builtins.alt}.so*
# numpy's tests are kept: numpy.testing, which other packages import, reads one of them.
for package in matplotlib numba scipy sklearn sympy; do
    [ -d "$packages/$package" ] || continue
    find "$packages/$package" -type d -name tests -prune -exec rm -rf {} +
done
find "$venv/lib" -type d -name __pycache__ -prune -exec rm -rf {} +
# Servers import at most two modules of these; compiled, they would take 140 MB.
seldom='fontTools|grpc|matplotlib|networkx|numba|sklearn|tensorboard|torch/_inductor|transformers/models/(?!auto/|gpt2/)'
"$venv/bin/python" -m compileall -q -j 0 -x "site-packages/($seldom)" "$packages" || true
"$venv/bin/python" -m pip uninstall --quiet --yes pip
