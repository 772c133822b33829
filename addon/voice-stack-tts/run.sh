#!/usr/bin/env bash
# Prepares, as root, the folders that the Supervisor mounts; then becomes the server, as the image's user.
set -euo pipefail
readonly user=speech options=/run/voice-stack/options.json

install -d -o "$user" -g "$user" "$MODELS_DIR" /run/voice-stack
# Of the share everybody may read; only recordings to clone are looked for in it.
[[ -z "${VOICES_DIR:-}" || -d "$VOICES_DIR" ]] || mkdir -p "$VOICES_DIR"
# The Supervisor lets root alone read what the user chose.
install -o "$user" -g "$user" -m 0400 "$OPTIONS_FILE" "$options"
export OPTIONS_FILE=$options

exec setpriv --reuid "$user" --regid "$user" --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all \
    tini -- entrypoint.sh "$@"
