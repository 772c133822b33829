# Sourced by test_images.sh: the CUDA image, as far as a machine without a graphics card can tell.
# shellcheck shell=bash

test_cuda() {
    local size IMAGE=$CUDA_IMAGE
    build "$IMAGE" . --build-arg TORCH_BACKEND=cuda || failed "the CUDA image does not build"
    install_models
    size=$(image_field '{{.Size}}')
    ((size < MAX_CUDA_BYTES)) || failed "$IMAGE takes $(megabytes "$size")"
    passed "$IMAGE takes $(megabytes "$size")"
    cuda_libraries
    uses_xtts
    no_card asr ASR_DEVICE -e ASR_MODEL=base
    no_card tts TTS_DEVICE -e TTS_MODEL="$XTTS"
    falls_back
}

# A real run needs a card; that every library is found and loads does not.
cuda_libraries() {
    local script
    script=$(<scripts/images/cuda_libraries.py)
    in_image python -c "$script" >"$WORK/libraries" 2>&1 || failed "CUDA's libraries: $(<"$WORK/libraries")"
    while read -r line; do passed "$line"; done <"$WORK/libraries"
}

# no_card MODE VARIABLE RUN-ARGUMENTS...: one line, and nothing is downloaded.
no_card() {
    local mode=$1 variable=$2 models=$WORK/models-$1
    install -d -o 1000 -g 1000 "$models"
    unavailable "$variable=cuda without a card" \
        "$variable=cuda cannot be used: no usable graphics card found." \
        -e SERVICE_MODE="$mode" -e "$variable=cuda" "${@:3}" --volume "$models:/app/models" "$IMAGE"
    same "$variable=cuda without a card: no download begins" "" "$(ls -A "$models")"
}

falls_back() {
    docker run --detach --name auto --network none "${HARDENED[@]}" --health-interval 2s \
        -e SERVICE_MODE=asr -e ASR_MODEL="$WHISPER" --volume "$MODELS:/app/models:ro" "$IMAGE" >/dev/null
    wait_healthy auto
    contains "ASR_DEVICE=auto without a card" "Whisper runs on the CPU: no usable graphics card was found." \
        "$(docker logs auto 2>&1)"
    stop_container auto
}
