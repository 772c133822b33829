#!/usr/bin/env bash
# Installs the few system packages that are needed on Debian and its relatives.
#   python3-venv   for the virtual environment
#   espeak-ng      for Coqui VITS models that speak phonemes (Piper brings its own)
#   libsndfile1    for recordings in mp3 and flac
# With --with-tests also what only tests need:
#   apparmor       to read the add-ons' profiles
#   chromium       with chromium-driver, for the web page in a browser
#   haproxy        for replicas behind a balancer
#   iproute2       for network namespaces
#   mmdebstrap     for other releases of Debian, in chroots
#   npm            for axe-core, the voices of Kokoro, and gitlab-ci-local
#   rsync          for gitlab-ci-local, which runs the pipeline
set -euo pipefail
packages=(python3-venv espeak-ng libsndfile1)
case "${1:-}" in
    "") ;;
    --with-tests)
        packages+=(apparmor chromium chromium-driver haproxy iproute2 mmdebstrap rsync)
        # The nodejs of other repositories has it, and conflicts with the package.
        command -v npm >/dev/null 2>&1 || packages+=(npm)
        ;;
    *) echo "Usage: install_system_deps.sh [--with-tests]" >&2 && exit 64 ;;
esac
if ! command -v apt-get >/dev/null 2>&1; then
    echo "apt-get was not found. Install the equivalents of: ${packages[*]}" >&2
    exit 69
fi
if [ "$(id -u)" -eq 0 ]; then run=(); else run=(sudo); fi
# Mirrors fail now and then, and another program may hold the lock.
apt=(apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120)
"${run[@]}" "${apt[@]}" update
"${run[@]}" env DEBIAN_FRONTEND=noninteractive "${apt[@]}" install -y --no-install-recommends "${packages[@]}"
