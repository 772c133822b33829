# Sourced by test_images.sh: the compose files, used as in docs/deployment.md.
# The servers are published on the address of the tests' own bridge, so that nothing reaches other machines.
# shellcheck shell=bash

PUBLISHED=${BRIDGE_ADDRESS%/*}
ANNOUNCED_WAIT_SECONDS=60
VOICE_WAIT_SECONDS=60
# Six seconds or more of speech, as a recording to clone.
RECORDING="The quick brown fox jumps over the lazy dog. Every morning, the baker opens the shop, \
sweeps the floor and puts the first loaves into the oven. Please turn on the lights in the kitchen."
CHECKPOINT=/app/models/tiny-xtts

# compose ARGUMENTS...: in the folder and with the files of the test, on ports of its own.
compose() {
    (
        cd "$FOLDER"
        export LISTEN=${LISTEN:-$PUBLISHED} ASR_PORT=5811 TTS_PORT=5812
        export ASR_MODEL=$WHISPER TTS_MODEL=${TTS_MODEL:-$PIPER}
        docker compose "${COMPOSE_FILES[@]}" "$@"
    )
}

test_compose() {
    build_production
    combinations
    alone
    one_server
    on_the_host
    in_a_checkout
    without_compose
}

combinations() {
    local files
    for files in docker-compose.yml "docker-compose.yml docker-compose.gpu.yml" \
        "docker-compose.yml docker-compose.host.yml" \
        "docker-compose.yml docker-compose.host.yml docker-compose.gpu.yml" \
        "docker-compose.yml docker-compose.override.yml docker-compose.gpu.yml"; do
        # shellcheck disable=SC2086
        docker compose $(printf -- '-f %s ' $files) config --quiet || failed "compose: $files"
    done
    passed "compose reads every combination of the files"
    # The same program under its other name, which finds the files by itself.
    "$CACHE/tools/bin/docker-compose" config --quiet || failed "docker-compose"
    passed "docker-compose reads them too"
}

# docker-compose.yml in an empty folder, with an image of the registry's name.
alone() {
    FOLDER=$WORK/alone COMPOSE_FILES=()
    mkdir "$FOLDER"
    cp docker-compose.yml "$FOLDER"
    local published
    published=$(compose config --images | sort -u)
    docker tag "$IMAGE" "$published"
    compose create >/dev/null 2>"$WORK/create" || failed "compose create: $(tail -n 3 "$WORK/create")"
    fill asr
    fill tts
    up_and_wait
    same "a missing folder of voices is made" "0 755" "$(stat -c '%u %a' "$FOLDER/voices")"
    same "images" "$published" "$(docker inspect --format '{{.Config.Image}}' voice-stack-asr voice-stack-tts voice-stack-announcer | sort -u)"
    same "limits, restart, logs and root file system" "4294967296 0 unless-stopped 10m true" "$(docker inspect \
        --format '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.RestartPolicy.Name}} {{index .HostConfig.LogConfig.Config "max-size"}} {{.HostConfig.ReadonlyRootfs}}' \
        voice-stack-asr)"
    contains "compose logs" "listening on port 5002" "$(compose logs tts 2>&1)"
    contains "docker logs voice-stack-asr" "listening on port 5001" "$(docker logs voice-stack-asr 2>&1)"
    same "docker exec voice-stack-asr bash" 1000 "$(docker exec voice-stack-asr bash -c 'id -u')"
    announced_both
    pages_linked
    killed
    voices
    limited
    compose down --timeout 30 >/dev/null 2>&1
    same "compose down leaves no container" "" "$(docker ps -aq)"
    same "compose down keeps the volumes" "asr-models tts-models" "$(docker volume ls --format '{{.Name}}' | xargs)"
}

# fill MODE: the models of the tests in its volume, written as the image's user does.
fill() {
    tar -C "$MODELS" --owner=1000 --group=1000 -c . |
        docker run --rm -i --network none --volume "$1-models:/app/models" --entrypoint tar "$IMAGE" \
            -x -C /app/models || failed "the image's user cannot write to $1-models"
    passed "the image's user writes to the volume $1-models"
}

up_and_wait() {
    local began=${EPOCHREALTIME/./}
    compose up --detach --wait >/dev/null 2>"$WORK/up" ||
        failed "compose up: $(tail -n 3 "$WORK/up")" voice-stack-asr voice-stack-tts voice-stack-announcer
    passed "compose up --wait: both are healthy after $(((${EPOCHREALTIME/./} - began) / 1000)) ms"
    same "/health of asr" '"ok" "asr"' "$(health_of 5811 "$PUBLISHED")"
    same "/health of tts" '"ok" "tts"' "$(health_of 5812 "$PUBLISHED")"
}

# client ARGUMENTS...: the command line, on the host's network.
client() { docker run --rm --network host "${HARDENED[@]}" --entrypoint wyoming-voice-stack "$IMAGE" "$@"; }

found_servers() { client discover 2>/dev/null | grep "$PUBLISHED" | tr -s ' │' ' '; }

announced_both() {
    local began=$SECONDS found mode
    until found=$(found_servers) && (($(wc -l <<<"$found") >= 2)); do
        ((SECONDS - began < ANNOUNCED_WAIT_SECONDS)) ||
            failed "the announcer does not announce both: $found" voice-stack-announcer
        sleep 1
    done
    for mode in "asr 5811" "tts 5812"; do
        contains "the host's network finds ${mode% *} at the published port" \
            "wyoming-${mode% *}-${HOSTNAME%%.*} $PUBLISHED ${mode#* } $PUBLISHED" "$found"
    done
    passed "the announcer uses $(docker exec voice-stack-announcer sh -c 'cat /proc/*/status' | awk '/^VmRSS/ && $2 > most {most = $2} END {print most}') kB"
}

# Each page finds the other server by the name of its service and links to its published port.
pages_linked() {
    local here other
    for here in 5811 5812; do
        other=$((5811 + 5812 - here))
        grep -m 1 -q "\"http://$PUBLISHED:$other/ui/\"" < <(timeout 30 curl -sN "http://$PUBLISHED:$here/ui/api/events") ||
            failed "the page on port $here does not find the other server" voice-stack-asr voice-stack-tts
    done
    curl -sf "http://$PUBLISHED:5811/ui/api/sample" -H 'Content-Type: application/json' -H 'X-Voice-Stack: 1' \
        -d '{"text": "The light is on."}' -o "$WORK/sample.wav" || failed "no sample is spoken" voice-stack-asr
    passed "the pages link to each other, and a sample is spoken"
}

# A server that crashes is restarted and works again.
killed() {
    local pid
    pid=$(docker inspect --format '{{.State.Pid}}' voice-stack-asr)
    kill -9 "$pid"
    until [ "$(docker inspect --format '{{.RestartCount}}' voice-stack-asr)" -ge 1 ]; do sleep 0.2; done
    wait_healthy voice-stack-asr
    same "/health after kill -9" '"ok" "asr"' "$(health_of 5811 "$PUBLISHED")"
}

# A recording in ./voices on the host becomes a voice of XTTS, here of a small checkpoint with random weights.
voices() {
    local began
    client say "$RECORDING" --uri "tcp://$PUBLISHED:5812" -o - >"$WORK/anna.wav" || failed "nothing is spoken" voice-stack-tts
    docker run --rm --network none --user root --volume tts-models:/app/models --volume "$PWD/tests:/source/tests:ro" \
        --env PYTHONPATH=/source --entrypoint python "$IMAGE" -m tests.support.checkpoints.tiny_xtts "$CHECKPOINT" \
        >/dev/null 2>"$WORK/trouble" || failed "no checkpoint: $(tail -n 3 "$WORK/trouble")"
    TTS_MODEL=$CHECKPOINT compose up --detach --wait >/dev/null 2>"$WORK/up" ||
        failed "compose up with another model: $(tail -n 3 "$WORK/up")" voice-stack-tts
    cp "$WORK/anna.wav" "$FOLDER/voices/anna.wav"
    began=$SECONDS
    until client voices --uri "tcp://$PUBLISHED:5812" >"$WORK/voices" 2>&1 && grep -q 'anna \[en\]' "$WORK/voices"; do
        ((SECONDS - began < VOICE_WAIT_SECONDS)) ||
            failed "the recording is not a voice: $(tail -n 3 "$WORK/voices")" voice-stack-tts
        sleep 1
    done
    passed "a recording copied to ./voices is a voice after $((SECONDS - began)) s"
    ! docker exec voice-stack-tts touch /app/voices/x 2>/dev/null || failed "the folder of voices is writable"
    passed "the container cannot write to ./voices"
}

limited() {
    ASR_CPUS=0.5 ASR_MEMORY=1g compose up --detach --scale announcer=0 asr >/dev/null 2>"$WORK/up" ||
        failed "compose up with limits: $(tail -n 3 "$WORK/up")"
    same "--scale announcer=0 removes the announcer" "" "$(docker ps --quiet --filter name=voice-stack-announcer)"
    same "ASR_CPUS and ASR_MEMORY" "1073741824 500000000" \
        "$(docker inspect --format '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}' voice-stack-asr)"
}

# A server that only this machine reaches is not announced.
one_server() {
    LISTEN=127.0.0.1 compose up --detach --wait asr >/dev/null 2>"$WORK/up" ||
        failed "compose up asr: $(tail -n 3 "$WORK/up")" voice-stack-asr
    same "compose up asr starts it and the announcer" "voice-stack-announcer voice-stack-asr" \
        "$(docker ps --format '{{.Names}}' | sort | xargs)"
    same "/health on LISTEN" '"ok" "asr"' "$(health_of 5811)"
    local began=$SECONDS
    until docker logs voice-stack-announcer 2>&1 | grep -q "port 5811 answers on this machine only"; do
        ((SECONDS - began < ANNOUNCED_WAIT_SECONDS)) || failed "nothing is said about LISTEN" voice-stack-announcer
        sleep 1
    done
    passed "a port on 127.0.0.1 is not announced"
    docker stop voice-stack-announcer >/dev/null
    same "the announcer ends with 0 on SIGTERM" 0 "$(docker inspect --format '{{.State.ExitCode}}' voice-stack-announcer)"
    compose down --timeout 30 >/dev/null 2>&1
}

on_the_host() {
    cp docker-compose.host.yml "$FOLDER"
    COMPOSE_FILES=(-f docker-compose.yml -f docker-compose.host.yml)
    LISTEN=127.0.0.1 compose up --detach --wait >/dev/null 2>"$WORK/up" ||
        failed "compose up on the host's network: $(tail -n 3 "$WORK/up")" voice-stack-asr voice-stack-tts
    same "no announcer on the host's network" "voice-stack-asr voice-stack-tts" \
        "$(docker ps --format '{{.Names}}' | sort | xargs)"
    same "network" host "$(docker inspect --format '{{.HostConfig.NetworkMode}}' voice-stack-asr)"
    same "/health on the host's network" '"ok" "asr" "ok" "tts"' "$(health_of 5811) $(health_of 5812)"
    compose down --timeout 30 >/dev/null 2>&1
}

# In a checkout, the override builds the image, here with the host's network. Compose needs buildx for it.
in_a_checkout() {
    FOLDER=$PWD COMPOSE_FILES=()
    printf 'services: {asr: {build: {network: host}}}\n' >"$WORK/network.yml"
    if ! docker buildx version >/dev/null 2>&1; then
        say "   compose build was NOT run: Docker's plugin buildx is not installed."
    elif docker compose -f docker-compose.yml -f docker-compose.override.yml -f "$WORK/network.yml" build asr \
        >"$WORK/build" 2>&1; then
        passed "compose build"
    elif grep -q "requires buildx" "$WORK/build"; then
        say "   compose build was NOT run: $(tail -n 1 "$WORK/build")."
    else
        failed "compose build: $(tail -n 3 "$WORK/build")"
    fi
    VOICES=$WORK/alone/voices compose up --detach --wait --no-build >/dev/null 2>"$WORK/up" ||
        failed "compose up in a checkout: $(tail -n 3 "$WORK/up")" voice-stack-asr voice-stack-tts
    same "image in a checkout" "$IMAGE" "$(docker inspect --format '{{.Config.Image}}' voice-stack-asr)"
    contains "settings of a checkout" "LOG_FORMAT=json" "$(docker exec voice-stack-asr env)"
    compose down --volumes --timeout 30 >/dev/null 2>&1
    same "compose down -v removes the volumes" "" "$(docker volume ls --quiet)"
}

# docker run with named volumes. Docker before 23 takes no path such as ./voices.
without_compose() {
    local mode voices=./voices
    (($(docker version --format '{{.Client.Version}}' | cut -d . -f 1) >= 23)) || voices=$WORK/run/voices
    for mode in asr tts; do
        docker volume create "$mode-models" >/dev/null
        fill "$mode"
    done
    mkdir -p "$WORK/run/voices"
    (
        cd "$WORK/run"
        docker run -d --name voice-stack-asr --restart unless-stopped -e SERVICE_MODE=asr -e ASR_MODEL="$WHISPER" \
            -p 127.0.0.1:5811:5001 -v asr-models:/app/models "$IMAGE"
        docker run -d --name voice-stack-tts --restart unless-stopped -e SERVICE_MODE=tts -e TTS_MODEL="$PIPER" \
            -p 127.0.0.1:5812:5002 -v tts-models:/app/models -v "$voices:/app/voices:ro" "$IMAGE"
    ) >/dev/null 2>"$WORK/trouble" || failed "docker run: $(tail -n 3 "$WORK/trouble")"
    wait_healthy voice-stack-asr
    wait_healthy voice-stack-tts
    same "/health with docker run" '"ok" "asr" "ok" "tts"' "$(health_of 5811) $(health_of 5812)"
    stop_container voice-stack-asr
    stop_container voice-stack-tts
}
