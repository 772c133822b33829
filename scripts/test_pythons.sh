#!/usr/bin/env bash
# Runs the quick tests (those that need no model) on each supported Python that this machine has or can get:
#   scripts/test_pythons.sh              every supported version
#   scripts/test_pythons.sh 3.13 3.14    these versions
# A version is taken from PATH, from pyenv, or, as root on a machine with mmdebstrap, from a chroot
# with Debian's packages. Each gets an environment in PYTHONS_CACHE (below the user's cache folder). Ends with
# status 1 if tests have failed, 69 if no version could be had; it names the versions that it did not run.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/environment.sh
. scripts/environment.sh
# shellcheck source=scripts/chroot.sh
. scripts/chroot.sh

SUPPORTED=(3.11 3.12 3.13 3.14)
# Which release of Debian has which Python.
declare -A DEBIAN=([3.11]=bookworm [3.13]=trixie [3.14]=forky)
CACHE=${PYTHONS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/wyoming-voice-stack/pythons}
EXTRAS=asr,text,quick
PYTEST=(-m pytest -q -p tests.support.without_models -p no:cacheprovider)
TESTS=(tests/unit)

# test_here VERSION PYTHON
test_here() {
    local venv=$CACHE/venv-$1 wanted
    [ -x "$venv/bin/pip" ] || "$2" -m venv "$venv" || return 1
    wanted=$(fingerprint "$EXTRAS $PWD")
    if ! up_to_date "$venv" "$wanted"; then
        pip_install "$venv" -e ".[$EXTRAS]" || return 1
        printf '%s' "$wanted" >"$venv/.installed"
    fi
    "$venv/bin/python" "${PYTEST[@]}" "${TESTS[@]}"
}

# test_in_chroot VERSION: the working copy is mounted into it.
test_in_chroot() {
    local release=${DEBIAN[$1]}
    make_chroot "$release" "$CACHE/debian-$release" \
        ca-certificates iproute2 libsndfile1 python3 python3-venv || return 1
    (in_chroot "$CACHE/debian-$release" "$PWD" /workspace env HOME=/root PYTHONS_CACHE=/var/cache/pythons \
        bash /workspace/scripts/test_pythons.sh "$1")
}

versions=("$@")
((${#versions[@]})) || versions=("${SUPPORTED[@]}")
mkdir -p "$CACHE"
passed=() failed=() missing=()
export OMP_WAIT_POLICY=PASSIVE GOMP_SPINCOUNT=0 ORT_DISABLE_TELEMETRY=1 HF_HUB_OFFLINE=1
for version in "${versions[@]}"; do
    say "== Python $version"
    status=0
    if python=$(python_of "$version"); then
        test_here "$version" "$python" || status=$?
    elif [ -n "${DEBIAN[$version]:-}" ] && can_make_chroots; then
        test_in_chroot "$version" || status=$?
    else
        missing+=("$version")
        continue
    fi
    if [ "$status" -eq 0 ]; then passed+=("$version"); else failed+=("$version"); fi
done
say "test_pythons: passed: ${passed[*]:-none}; failed: ${failed[*]:-none}; not run: ${missing[*]:-none}"
((${#failed[@]} == 0)) || exit 1
((${#passed[@]})) || exit 69
