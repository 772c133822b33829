#!/usr/bin/env bash
# Becomes the server that SERVICE_MODE names, with options of `wyoming-voice-stack serve`, or one of its other commands.
set -euo pipefail
case "${1:-}" in
    announce | demo | discover | health | languages | models | say | serve | status | transcribe | voices | -h | --help | --version)
        exec wyoming-voice-stack "$@"
        ;;
    wyoming-voice-stack | bash | sh) exec "$@" ;;
    "" | -*) ;;
    *)
        echo "'$1' is not a command of wyoming-voice-stack; --help lists them. For a server, give only options, such as --model." >&2
        exit 64
        ;;
esac
mode=${SERVICE_MODE:-}
# `docker run --env-file` keeps quotes, blanks, line ends of Windows and a byte order mark.
plain=${mode//[\"\'[:space:]]/}
plain=${plain#$'\xef\xbb\xbf'}
case "${plain,,}" in
    asr | tts) exec wyoming-voice-stack serve --mode "${plain,,}" "$@" ;;
    "") echo "SERVICE_MODE is not set; set it to asr or tts." >&2 ;;
    *) echo "SERVICE_MODE='$mode' is not valid; set it to asr or tts." >&2 ;;
esac
exit 64
