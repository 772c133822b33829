#!/usr/bin/env bash
# Prepares the folders that the Supervisor mounts, as root, and then runs the server as the user of the image.
set -euo pipefail
readonly user=speech options=/run/voice-stack/options.json

install -d -o "$user" -g "$user" "$MODELS_DIR" /run/voice-stack
# The web page adds recordings to the folder. All users can read the share.
[[ -z "${VOICES_DIR:-}" ]] || install -d -o "$user" -g "$user" "$VOICES_DIR"
# The Supervisor makes the options readable by root only.
install -o "$user" -g "$user" -m 0400 "$OPTIONS_FILE" "$options"
export OPTIONS_FILE=$options

exec setpriv --reuid "$user" --regid "$user" --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all \
    tini -- entrypoint.sh "$@"
