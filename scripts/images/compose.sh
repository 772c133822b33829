# Sourced by test_images.sh: the compose files, used as in the README.
# shellcheck shell=bash

# compose ARGUMENTS...: in a project of its own, published to this machine alone.
compose() {
    COMPOSE_PROJECT_NAME=voicetest LISTEN=127.0.0.1 ASR_PORT=5811 TTS_PORT=5812 \
        docker compose "${COMPOSE_FILES[@]}" "$@"
}

test_compose() {
    build_production
    local gpu
    for gpu in "" "-f docker-compose.gpu.yml"; do
        # shellcheck disable=SC2086
        docker compose -f docker-compose.yml $gpu config --quiet || failed "compose: base $gpu"
        # shellcheck disable=SC2086
        docker compose -f docker-compose.yml -f docker-compose.bridge.yml $gpu config --quiet ||
            failed "compose: bridge $gpu"
    done
    passed "compose reads every combination of the files"
    write_override
    COMPOSE_FILES=(--project-directory . -f docker-compose.yml -f docker-compose.bridge.yml -f "$WORK/override.yml")
    both_servers
    COMPOSE_FILES=(--project-directory . -f docker-compose.yml -f "$WORK/override.yml")
    on_the_host
}

# Additions for the tests: short health check intervals, and small models.
write_override() {
    cat >"$WORK/override.yml" <<TEXT
services:
  asr:
    environment: {ASR_MODEL: $WHISPER, ZEROCONF: "false", HOST: "\${HOST_ADDRESS:-}"}
    healthcheck: {interval: 2s}
  tts:
    environment: {TTS_MODEL: "$PIPER", ZEROCONF: "false", HOST: "\${HOST_ADDRESS:-}"}
    healthcheck: {interval: 2s}
TEXT
}

fill_volume() {
    compose create --no-build >/dev/null 2>&1 || failed "compose create"
    tar -C "$MODELS" --owner=1000 --group=1000 -c . |
        docker run --rm -i --network none --volume voicetest_models:/app/models --entrypoint tar "$IMAGE" \
            -x -C /app/models || failed "the volume of models cannot be written to by the image's user"
    passed "the image's user writes to the volume of models"
}

both_servers() {
    fill_volume
    compose up --detach --wait --no-build >/dev/null 2>"$WORK/up" ||
        failed "compose up: $(tail -n 3 "$WORK/up")" voicetest-asr-1 voicetest-tts-1
    passed "compose up: both are healthy"
    same "/health of asr" '"ok" "asr"' "$(health_of 5811)"
    same "/health of tts" '"ok" "tts"' "$(health_of 5812)"
    same "memory limits, restart and logs" "4294967296 unless-stopped 10m true" "$(docker inspect \
        --format '{{.HostConfig.Memory}} {{.HostConfig.RestartPolicy.Name}} {{index .HostConfig.LogConfig.Config "max-size"}} {{.HostConfig.ReadonlyRootfs}}' \
        voicetest-asr-1)"
    contains "compose logs" "listening on port 5001" "$(compose logs asr 2>&1)"
    # A recording, as a user adds one.
    printf x >"$WORK/anna.wav"
    compose cp "$WORK/anna.wav" tts:/app/voices >/dev/null 2>&1 || failed "compose cp"
    contains "compose cp puts a recording among the voices" anna.wav \
        "$(docker exec voicetest-tts-1 ls /app/voices)"
    killed
    compose down --timeout 30 >/dev/null 2>&1
    same "compose down leaves no container" "" "$(docker ps -aq)"
    same "the volume keeps the models" "model.bin" \
        "$(docker run --rm --network none --volume voicetest_models:/app/models:ro --entrypoint ls "$IMAGE" "$WHISPER" | grep model.bin)"
}

# A server that crashes is restarted and works again.
killed() {
    local pid
    pid=$(docker inspect --format '{{.State.Pid}}' voicetest-asr-1)
    kill -9 "$pid"
    until [ "$(docker inspect --format '{{.RestartCount}}' voicetest-asr-1)" -ge 1 ]; do sleep 0.2; done
    wait_healthy voicetest-asr-1
    same "/health after kill -9" '"ok" "asr"' "$(health_of 5811)"
}

# The default: the host's network, here on loopback alone.
on_the_host() {
    HOST_ADDRESS=127.0.0.1 compose up --detach --wait --no-build asr >/dev/null 2>"$WORK/up" ||
        failed "compose up asr: $(tail -n 3 "$WORK/up")" voicetest-asr-1
    same "compose up asr starts nothing else" voicetest-asr-1 "$(docker ps --format '{{.Names}}')"
    same "/health on the host's network" '"ok" "asr"' "$(health_of 5811)"
    compose down --volumes --timeout 30 >/dev/null 2>&1
}
