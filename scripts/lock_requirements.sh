#!/usr/bin/env bash
# Writes scripts/image-requirements.txt: every package of the production image with its version and hashes,
# for all platforms. Run it to update the packages, or after a change of the dependencies in pyproject.toml.
#   scripts/lock_requirements.sh [OPTION...]     options of `uv pip compile`, such as --upgrade-package NAME
# torch and what only torch brings are left out: each build of torch has hashes of its own
# (scripts/install_torch.sh).
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/environment.sh
. scripts/environment.sh

UV=uv==0.13.9
IMAGE_PYTHON=3.11
lock=scripts/image-requirements.txt

venv=.venv-lock
make_venv "$venv"
if ! up_to_date "$venv" "$UV"; then
    pip_install "$venv" "$UV"
    printf '%s' "$UV" >"$venv/.installed"
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$venv/bin/python" scripts/list_requirements.py pyproject.toml all >"$work/wanted.txt"
sed -n 's/^torch="torch==.*:-\(.*\)}"$/torch==\1/p' scripts/install_torch.sh >"$work/torch.txt"
# Versions of an earlier lock are kept unless an option asks for newer ones.
if [ -f "$lock" ]; then cp "$lock" "$work/lock.txt"; fi
"$venv/bin/uv" pip compile --quiet --universal --python-version "$IMAGE_PYTHON" --generate-hashes \
    --no-header --no-annotate --constraint "$work/torch.txt" --output-file "$work/lock.txt" "$@" \
    "$work/wanted.txt" >/dev/null
{
    echo "# Written by scripts/lock_requirements.sh; without torch and its libraries."
    awk '/^[^ ]/ { kept = $0 !~ /^(torch|torchaudio|triton|nvidia-[a-z0-9-]+|cuda-[a-z0-9-]+)==/ } kept' "$work/lock.txt"
} >"$work/final.txt"
mv "$work/final.txt" "$lock"
say "$lock has $(grep -c '^[^ #]' "$lock") packages"
