#!/usr/bin/env bash
# Installs torch and torchaudio: the CUDA build if there is an NVIDIA GPU, else the CPU build.
#   scripts/install_torch.sh [PYTHON]
# TORCH_BACKEND chooses the build: auto, cpu, cuda (the build that pip finds) or a backend of uv,
# such as cu126. TORCH_VERSION chooses another release, TORCH_INDEX_URL an index of builds.
set -euo pipefail
python=${1:-python3}
torch="torch==${TORCH_VERSION:-2.13.0}"
cuda_torch=$torch
# Three equals signs leave out 2.13.0+cpu, where pip knows such a build.
[ -n "${TORCH_VERSION:-}" ] || cuda_torch="torch===2.13.0"
torchaudio="torchaudio>=2.9"
backend=${TORCH_BACKEND:-auto}

if [ "$backend" = auto ] && ! nvidia-smi -L >/dev/null 2>&1; then backend=cpu; fi
pip() { "$python" -m pip install --disable-pip-version-check --quiet "$@"; }

# uv knows the index of each backend.
install_by_uv() {
    pip uv
    UV_HTTP_TIMEOUT=20 "$python" -m uv pip install --quiet --python "$python" \
        --torch-backend "$backend" "$torch" "$torchaudio" 2>/dev/null
}

install_by_pip() {
    pip "${1:-$torch}"
    # Its newest release may be older than torch's and does not require the same version.
    pip --no-deps "$torchaudio"
}

has_cuda() { "$python" -c 'import sys, torch; sys.exit(torch.version.cuda is None)'; }

is_installed() {
    "$python" -c 'import importlib.metadata as m; m.version("torch"); m.version("torchaudio")' 2>/dev/null
}

if is_installed; then
    if [[ "$backend" != cu* ]] || has_cuda; then
        echo "torch is already installed" >&2
        exit 0
    fi
    echo "Replacing the build for CPUs" >&2
    "$python" -m pip uninstall --quiet --yes torch torchaudio
fi
if [ -n "${TORCH_INDEX_URL:-}" ]; then
    pip --index-url "$TORCH_INDEX_URL" "$torch" "$torchaudio"
elif [ "$backend" = cuda ]; then
    install_by_pip "$cuda_torch"
elif ! install_by_uv; then
    echo "The builds for '$backend' cannot be reached; using the one that pip finds." >&2
    install_by_pip
fi
case "${TORCH_BACKEND:-auto}" in
    cu*) has_cuda || {
        echo "TORCH_BACKEND=$TORCH_BACKEND, but the $torch that was found is no CUDA build;" \
            "name another backend that uv knows (cu130), or an index in TORCH_INDEX_URL." >&2
        exit 69
    } ;;
esac
