#!/usr/bin/env bash
# Installs client libraries of OpenAI's API for the tests of ours, which are skipped without them:
#   scripts/api_clients.sh           every environment (1.6 GB)
#   scripts/api_clients.sh NAME...   libraries: openai, LiteLLM, LiveKit and Pipecat
#                                    older-livekit: a release of LiveKit's plugin that handles speech differently
#                                    wyoming-openai: a Wyoming server in front of the API
# Each has its own environment in API_CLIENTS_CACHE (below the user's cache folder), because their versions
# conflict. Ends with status 69 if this machine cannot have one, after a line that says why.
#   scripts/api_clients.sh python NAME  prints the interpreter of an environment; status 1 if it is not installed
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/environment.sh
. scripts/environment.sh

UV=uv==0.13.9
CACHE=${API_CLIENTS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/wyoming-voice-stack/api-clients}
FOLDER=tests/integration/api_clients
ENVIRONMENTS=(libraries older-livekit wyoming-openai)
declare -A PYTHONS=(
    [libraries]="3.11 3.12 3.13"
    [older-livekit]="3.11 3.12 3.13"
    [wyoming-openai]="3.12 3.13 3.14"
)

requirements() { printf '%s/requirements-%s.txt' "$FOLDER" "$1"; }
wanted() { cksum <"$(requirements "$1")"; }
usage() {
    say "Usage: api_clients.sh [python] [$(IFS='|' && printf '%s' "${ENVIRONMENTS[*]}")]..."
    exit 64
}

# python_for NAME: prints an interpreter that the libraries of this environment support.
python_for() {
    local version
    for version in ${PYTHONS[$1]}; do
        python_of "$version" && return
    done
    return 1
}

# uv installs them in seconds and links the files that two environments share.
install_uv() {
    make_venv "$CACHE/tools"
    up_to_date "$CACHE/tools" "$UV" && return
    pip_install "$CACHE/tools" "$UV" || return 1
    printf '%s' "$UV" >"$CACHE/tools/.installed"
}

# install NAME
install() {
    local venv=$CACHE/$1 python index
    up_to_date "$venv" "$(wanted "$1")" && return
    if ! python=$(python_for "$1"); then
        say "Not installed: $1; it needs one of Python ${PYTHONS[$1]}."
        return 69
    fi
    if ! install_uv; then
        say "Not installed: $1; pip could not install uv."
        return 69
    fi
    say "Installing client libraries: $1 (once)"
    # uv does not read pip's configuration.
    if index=$("$CACHE/tools/bin/python" -m pip config get global.index-url 2>/dev/null); then
        export UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-$index}
    fi
    "$CACHE/tools/bin/uv" venv --quiet --clear --python "$python" "$venv"
    "$CACHE/tools/bin/uv" pip install --quiet --python "$venv/bin/python" -r "$(requirements "$1")"
    wanted "$1" >"$venv/.installed"
}

if [ "${1:-}" = python ]; then
    [ -n "${2:-}" ] && [ -n "${PYTHONS[$2]:-}" ] || usage
    up_to_date "$CACHE/$2" "$(wanted "$2")" || exit 1
    printf '%s\n' "$CACHE/$2/bin/python"
    exit
fi
names=("$@")
((${#names[@]})) || names=("${ENVIRONMENTS[@]}")
for name in "${names[@]}"; do [ -n "${PYTHONS[$name]:-}" ] || usage; done
result=0
for name in "${names[@]}"; do
    # Not `||`: the function must end at the first command that fails.
    set +e
    (set -e; install "$name")
    status=$?
    set -e
    [ "$status" -eq 0 ] || [ "$status" -eq 69 ] || exit "$status"
    [ "$status" -eq 0 ] || result=69
done
exit "$result"
