#!/usr/bin/env bash
# Installs Home Assistant for its tests, which are skipped without it:
#   scripts/home_assistant.sh             both releases
#   scripts/home_assistant.sh oldest      the oldest supported release, in .venv-hass (0.7 GB)
#   scripts/home_assistant.sh newest      the newest release, below the user's cache folder (1.3 GB)
# The newest needs Python 3.14 and runs in a chroot of Debian testing, which needs root and mmdebstrap.
# Ends with status 69 if this machine cannot have a release, after a line that says why.
#   scripts/home_assistant.sh has RELEASE         status 0 if it is installed
#   scripts/home_assistant.sh run RELEASE FOLDER  runs it with the configuration in FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/environment.sh
. scripts/environment.sh
# shellcheck source=scripts/chroot.sh
. scripts/chroot.sh

CACHE=${HASS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/wyoming-voice-stack/home-assistant}
OLDEST=$(realpath -m "${VENV_HASS:-.venv-hass}")
ROOT=$CACHE/debian-forky
IN_CHROOT=/opt/home-assistant
# Two of its Python packages have no wheel for Python 3.14 and are compiled.
COMPILER=(g++ python3-dev)
PACKAGES=(ca-certificates libturbojpeg0 python3 python3-venv "${COMPILER[@]}")

requirements() { printf 'tests/integration/home_assistant/requirements-%s.txt' "$1"; }
wanted() { cksum <"$(requirements "$1")"; }

# python_for VERSION...: prints an interpreter of one of these versions, such as 3.11.
python_for() {
    local version
    for version in "$@"; do
        if "python$version" -c 'import sys; sys.exit((3, 14) <= sys.version_info < (3, 14, 2))' 2>/dev/null; then
            command -v "python$version"
            return
        fi
    done
    return 1
}

# install RELEASE VENV: its pinned versions conflict with ours, so it has its own environment.
install() {
    local venv=$2 packages
    up_to_date "$venv" "$(wanted "$1")" && return
    say "Installing Home Assistant, $1 release (once)"
    make_venv "$venv"
    # Most of it is never imported, so bytecode is compiled on import.
    pip_install "$venv" --no-compile --no-deps "$(grep '^homeassistant==' "$(requirements "$1")")"
    packages=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    pip_install "$venv" --no-compile -r "$(requirements "$1")" \
        -c "$packages/homeassistant/package_constraints.txt"
    ln -sf "$("$venv/bin/python" -c 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())')" "$venv/bin/ffmpeg"
    wanted "$1" >"$venv/.installed"
}

install_oldest() {
    # Newer versions of Python have no wheels of its pinned packages.
    if ! PYTHON=$(python_for 3.11 3.12); then
        say "Not installed: Home Assistant's oldest release; it needs Python 3.11 or 3.12."
        return 69
    fi
    install oldest "$OLDEST"
}

install_newest() {
    up_to_date "$ROOT$IN_CHROOT" "$(wanted newest)" && return
    rm -f "$ROOT/.complete"
    if ! { can_make_chroots && make_chroot forky "$ROOT" "${PACKAGES[@]}"; }; then
        say "Not installed: Home Assistant's newest release; it needs a chroot of Debian testing."
        return 69
    fi
    (in_chroot "$ROOT" "$PWD" /workspace env HOME=/root PIP_NO_CACHE_DIR=1 HASS_VENV="$IN_CHROOT" \
        bash /workspace/scripts/home_assistant.sh inside)
}

# install_inside: in the chroot. The compiler is three quarters of its size.
install_inside() {
    if ! PYTHON=$(python_for 3.14); then
        say "Not installed: Home Assistant's newest release; this mirror's Debian testing has no Python 3.14.2."
        return 69
    fi
    install newest "$HASS_VENV"
    DEBIAN_FRONTEND=noninteractive apt-get purge -qq -y --auto-remove "${COMPILER[@]}" >/dev/null
}

# run RELEASE FOLDER: as another user's program, without this one's home.
run() {
    local hass=(hass --config "$2" --skip-pip --log-no-color)
    export HOME=/nonexistent
    cd "$2"
    case "$1" in
        oldest) PATH=$OLDEST/bin:$PATH exec "${hass[@]}" ;;
        newest) in_chroot "$ROOT" "$2" "$2" env PATH="$IN_CHROOT/bin:/usr/bin:/bin" "${hass[@]}" ;;
        *) return 64 ;;
    esac
}

# has RELEASE
has() {
    case "$1" in
        oldest) [ -e "$OLDEST/.installed" ] ;;
        newest) [ -e "$ROOT$IN_CHROOT/.installed" ] ;;
        *) return 64 ;;
    esac
}

case "${1:-}" in
    "")
        status=0
        for release in oldest newest; do
            bash "$0" "$release" || status=$?
            [ "$status" -eq 0 ] || [ "$status" -eq 69 ] || exit "$status"
        done
        exit "$status"
        ;;
    oldest | newest | inside) "install_$1" ;;
    has) has "${2:-}" ;;
    run) run "$2" "$3" ;;
    *) say "Usage: home_assistant.sh [oldest|newest]" && exit 64 ;;
esac
