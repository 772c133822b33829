# Sourced by test_images.sh: the add-ons' images, with a Supervisor that records requests.
# shellcheck shell=bash

ADDON_WAIT_SECONDS=180

test_addons() {
    build_production
    # The Supervisor's own network: ingress comes from one address in it.
    docker network create --subnet 172.30.32.0/23 --ip-range 172.30.33.0/24 addons >/dev/null
    start_supervisor
    try_addon asr 5001 "{\"asr_model\": \"/share/${WHISPER##*/}\", \"asr_languages\": [], \"log_level\": \"info\"}"
    try_addon tts 5002 "{\"tts_model\": \"piper:/share/${PIPER##*/}\", \"tts_languages\": [\"en\"], \"log_level\": \"info\"}"
    refused_addon
    docker rm -f -v supervisor >/dev/null
    docker network rm addons >/dev/null
}

# A fake Supervisor, in a container of that name on the add-ons' network.
start_supervisor() {
    docker run --detach --name supervisor --network addons --user root \
        --volume "$PWD/tests:/source/tests:ro" --env PYTHONPATH=/source --entrypoint python "$IMAGE" \
        -m tests.support.fake_servers.fake_supervisor --host 0.0.0.0 --port 80 >/dev/null
}

# try_addon MODE PORT OPTIONS: started as the Supervisor does, registered once, stopped cleanly.
try_addon() {
    local mode=$1 port=$2 name=voice-stack-$1 data=$WORK/data-$1 requests
    build "addon-$mode" "addon/$name" --build-arg "VOICE_STACK_IMAGE=$IMAGE" --build-arg BUILD_ARCH=amd64 ||
        failed "the add-on $name does not build"
    same "$name: label" "app amd64" "$(docker image inspect --format \
        '{{index .Config.Labels "io.hass.type"}} {{index .Config.Labels "io.hass.arch"}}' "addon-$mode")"
    mkdir -p "$data"
    (umask 077 && printf '%s' "$3" >"$data/options.json")
    docker run --detach --name "$name" --hostname "$name" --network addons --health-interval 2s \
        --tmpfs /tmp --env SUPERVISOR_TOKEN=key-of-the-add-on \
        --volume "$data:/data" --volume "$MODELS:/share" "addon-$mode" >/dev/null
    wait_healthy "$name"
    wait_told "tcp://$name:$port" "$name"
    same "$name: user and capabilities of all but the start" "1000 0000000000000000" \
        "$(docker exec "$name" awk '/^Uid|^CapBnd/ {printf "%s%s", sep, $2; sep = " "}' /proc/1/status)"
    page_by_ingress "$name" "http://$name:$port/ui/api/state"
    docker stop --time 40 "$name" >/dev/null
    same "$name: exit status" 0 "$(docker inspect --format '{{.State.ExitCode}}' "$name")"
    requests=$(docker logs supervisor 2>&1)
    [[ "$requests" != *DELETE* ]] || failed "$name withdraws its registration" supervisor
    passed "$name takes nothing back when it stops"
    docker rm -v "$name" >/dev/null
}

# page_by_ingress NAME URL: Home Assistant's users may change things, other add-ons may not.
page_by_ingress() {
    same "$1: the page through ingress" '"can_change": true' "$(asked_from 172.30.32.2 "$2")"
    same "$1: the page for another add-on" '"can_change": false' "$(asked_from 172.30.33.200 "$2")"
    if [[ $1 == *-tts ]]; then
        docker exec --user speech "$1" test -O /share/voice-stack || failed "$1 cannot add voices" "$1"
        passed "$1 may add voices to the share"
    fi
}

asked_from() {
    docker run --rm --network addons --ip "$1" --entrypoint python "$IMAGE" -c "
import sys, urllib.request
headers = {'X-Ingress-Path': '/api/hassio_ingress/token', 'Host': 'localhost'}
request = urllib.request.Request(sys.argv[1], headers=headers)
print(*(part for part in urllib.request.urlopen(request).read().decode().split(', ') if 'can_change' in part))
" "$2"
}

wait_told() {
    local began=$SECONDS
    until docker logs supervisor 2>&1 | grep -qF "$1"; do
        ((SECONDS - began < ADDON_WAIT_SECONDS)) || failed "the Supervisor has no registration of $1" "$2" supervisor
        sleep 1
    done
    passed "the Supervisor has a registration of $1"
}

# The image accepts the licence of XTTS; the add-on leaves that to its user.
refused_addon() {
    local data=$WORK/data-licence found=0 output
    mkdir -p "$data"
    printf '{"tts_model": "tts_models/multilingual/multi-dataset/xtts_v2"}' >"$data/options.json"
    output=$(docker run --rm --network none --volume "$data:/data" addon-tts 2>&1) || found=$?
    same "XTTS without its licence: exit status" 78 "$found"
    contains "XTTS without its licence: \"$output\"" "Coqui Public Model License" "$output"
}
