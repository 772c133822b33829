#!/usr/bin/env bash
# Records that you accept the licence of XTTS, in the place where coqui-tts looks for it.
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: accept_coqui_license.sh [xtts_v2 | xtts_v1.1]

Records that you accept the Coqui Public Model License (CPML) of the XTTS model; xtts_v2 if no
name is given. The licence allows non-commercial use only. Read it before you run this:

    https://tts-hub.github.io/cpml
    https://huggingface.co/tts-hub/XTTS-v2

In a container, set COQUI_TOS_AGREED=1 instead, which says the same.
TEXT
}

fail() {
    printf '%s\n' "$1" >&2
    exit 64
}

readonly FAMILY="tts_models/multilingual/multi-dataset/"

case "${1-xtts_v2}" in
    -h | --help)
        usage
        exit 0
        ;;
    xtts_v2 | "${FAMILY}xtts_v2") name="xtts_v2" ;;
    xtts_v1.1 | "${FAMILY}xtts_v1.1") name="xtts_v1.1" ;;
    *) fail "No XTTS model is called '$1'; choose xtts_v2 or xtts_v1.1, or see --help." ;;
esac
(($# <= 1)) || fail "One model at a time; see --help."

home=~
if [[ -n "${TTS_HOME+set}" ]]; then
    data_folder="$TTS_HOME"
elif [[ -n "${XDG_DATA_HOME+set}" ]]; then
    data_folder="$XDG_DATA_HOME"
else
    data_folder="$home/.local/share"
fi
case "$data_folder" in
    "~" | \~/*) data_folder="$home${data_folder#"~"}" ;;
    \~*) fail "Write the path in TTS_HOME or XDG_DATA_HOME without '$data_folder'." ;;
    "") data_folder="." ;;
esac

agreed_file="$data_folder/tts/${FAMILY//\//--}$name/tos_agreed.txt"
if [[ -e "$agreed_file" ]]; then
    echo "The licence of $name is accepted already: $agreed_file"
    exit 0
fi
mkdir -p -- "$(dirname -- "$agreed_file")"
printf 'Coqui Public Model License accepted for %s on %s.\n' "$name" "$(date -u +%F)" >"$agreed_file"
cat <<TEXT
You have accepted the Coqui Public Model License (CPML) for $name.
It allows non-commercial use only: https://tts-hub.github.io/cpml
Model card: https://huggingface.co/tts-hub/XTTS-v2
Recorded in $agreed_file; remove that file to take it back.
TEXT
