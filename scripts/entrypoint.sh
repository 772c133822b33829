#!/usr/bin/env bash
# Becomes the server that SERVICE_MODE names; arguments go to `wyoming-voice-stack serve`.
set -euo pipefail
mode=${SERVICE_MODE:-}
# `docker run --env-file` keeps quotes and blanks.
plain=${mode//[\"\' ]/}
case "${plain,,}" in
    asr | tts) exec wyoming-voice-stack serve --mode "${plain,,}" "$@" ;;
    "") echo "SERVICE_MODE is not set; set it to asr or tts." >&2 ;;
    *) echo "SERVICE_MODE='$mode' is not valid; set it to asr or tts." >&2 ;;
esac
exit 64
