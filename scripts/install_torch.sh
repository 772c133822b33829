#!/usr/bin/env bash
# Installs torch and torchaudio: the CUDA build where an NVIDIA card answers, else the CPU build.
#   scripts/install_torch.sh [PYTHON]
# TORCH_VERSION chooses another release, TORCH_INDEX_URL an index of builds.
set -euo pipefail
python=${1:-python3}
torch="torch==${TORCH_VERSION:-2.13.0}"
torchaudio="torchaudio>=2.9"

if nvidia-smi -L >/dev/null 2>&1; then backend=auto; else backend=cpu; fi
pip() { "$python" -m pip install --disable-pip-version-check --quiet "$@"; }

if "$python" -c 'import importlib.metadata as m; m.version("torch"); m.version("torchaudio")' 2>/dev/null; then
    echo "torch is installed already" >&2
    exit 0
fi
if [ -n "${TORCH_INDEX_URL:-}" ]; then
    pip --index-url "$TORCH_INDEX_URL" "$torch" "$torchaudio"
    exit 0
fi
# uv knows where the builds for each backend are; where that is out of reach, pip takes what it finds.
pip uv
if ! UV_HTTP_TIMEOUT=20 "$python" -m uv pip install --quiet --python "$python" \
    --torch-backend "$backend" "$torch" "$torchaudio" 2>/dev/null; then
    echo "The builds for '$backend' are out of reach; taking the one that pip finds." >&2
    pip "$torch"
    # Its newest release may lag behind torch's and does not need that very one.
    pip --no-deps "$torchaudio"
fi
