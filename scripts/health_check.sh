#!/usr/bin/env bash
# The image's health check: exit status 0 if the model is loaded, 1 if not, with the server's answer on standard output.
# Docker runs it every few seconds, so it starts Python only if the port is set elsewhere than in plain variables.
set -euo pipefail
ANSWER_SECONDS=5
MAX_CHARACTERS=2000

case "${SERVICE_MODE:-}" in
    asr) port=${ASR_PORT:-5001} ;;
    tts) port=${TTS_PORT:-5002} ;;
    *) port=0 ;;
esac
# Linux connects to this machine for 0.0.0.0 and ::, too.
host=${HOST:-127.0.0.1}

if { exec 3<>"/dev/tcp/$host/$port"; } 2>/dev/null; then
    printf 'GET /ready HTTP/1.0\r\n\r\n' >&3
    read -r -t "$ANSWER_SECONDS" _ status _ <&3 || status=none
    if [ "$status" = 200 ] || [ "$status" = 503 ]; then
        read -r -d '' -t "$ANSWER_SECONDS" -n "$MAX_CHARACTERS" answer <&3 || true
        printf '%s\n' "${answer#*$'\r\n\r\n'}"
        [ "$status" = 200 ]
        exit
    fi
fi
exec wyoming-voice-stack health --ready
