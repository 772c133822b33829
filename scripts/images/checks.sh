# Sourced by test_images.sh: checks and their output.
# shellcheck shell=bash

# Containers as they are meant to run: nothing may be written but the volumes and /tmp.
HARDENED=(--read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges)
HEALTHY_WAIT_SECONDS=180
REFUSAL_WAIT_SECONDS=60
UNAVAILABLE_WAIT_SECONDS=60
GRACE_SECONDS=30

section() { printf '\n-- %s\n' "$*"; }

passed() { printf '   ok  %s\n' "$*"; }

# failed WHAT [CONTAINER ...]: prints the logs of the containers and ends the script.
failed() {
    printf '   NO  %s\n' "$1" >&2
    local container
    for container in "${@:2}"; do
        printf '\n%s\n' "---- logs of $container" >&2
        docker logs --tail 60 "$container" >&2 2>&1 || true
        printf '%s\n' "---- state of $container" >&2
        docker inspect --format '{{json .State}}' "$container" >&2 || true
    done
    exit 1
}

# same WHAT EXPECTED FOUND
same() {
    [ "$2" = "$3" ] || failed "$1: expected '$2', found '$3'"
    passed "$1"
}

# contains WHAT EXPECTED TEXT
contains() {
    [[ "$3" == *"$2"* ]] || failed "$1: '$2' is not in '$3'"
    passed "$1"
}

# one_line WHAT STATUS WORDS RUN-ARGUMENTS...: the container ends with that status and one such line.
one_line() {
    local what=$1 status=$2 words=$3 found=0 output
    output=$(timeout "$REFUSAL_WAIT_SECONDS" "$DOCKER" run --rm --network none "${HARDENED[@]}" "${@:4}" 2>&1) || found=$?
    same "$what: exit status" "$status" "$found"
    same "$what: lines" 1 "$(wc -l <<<"$output")"
    contains "$what: \"$output\"" "$words" "$output"
}

# unavailable WHAT WORDS RUN-ARGUMENTS...: the server stays, and says in one line why it cannot work.
unavailable() {
    local what=$1 words=$2 began=$SECONDS errors
    docker run --detach --name unavailable --network none "${HARDENED[@]}" "${@:3}" >/dev/null
    until errors=$(docker logs unavailable 2>&1 | grep " is not available: "); do
        ((SECONDS - began < UNAVAILABLE_WAIT_SECONDS)) || failed "$what: nothing is said" unavailable
        sleep 0.5
    done
    same "$what: lines" 1 "$(wc -l <<<"$errors")"
    contains "$what: \"${errors#*is not available: }\"" "$words" "$errors"
    stop_container unavailable
}

# state CONTAINER: starting, healthy or unhealthy.
state() { docker inspect --format '{{.State.Health.Status}}' "$1"; }

wait_healthy() {
    local container=$1 began=$SECONDS
    until [ "$(state "$container")" = healthy ]; do
        ((SECONDS - began < HEALTHY_WAIT_SECONDS)) || failed "$container is not healthy" "$container"
        [ "$(docker inspect --format '{{.State.Running}}' "$container")" = true ] ||
            failed "$container has ended" "$container"
        sleep 1
    done
    passed "$container is healthy after $((SECONDS - began)) s"
}

stop_container() {
    local began=$SECONDS
    docker stop --time "$GRACE_SECONDS" "$1" >/dev/null
    [ "$(docker inspect --format '{{.State.ExitCode}}' "$1")" = 0 ] || failed "$1 does not end well" "$1"
    passed "$1 ends with 0 on SIGTERM after $((SECONDS - began)) s"
    docker rm -v "$1" >/dev/null
}

megabytes() { printf '%s MB' "$(($1 / 1000000))"; }

# show_table: seconds of each part, and the sizes of the images that were built.
show_table() {
    local part image
    printf '   %-24s %10s\n' Part Seconds
    for part in "${parts[@]}"; do printf '   %-24s %10s\n' "$part" "${PART_SECONDS[$part]}"; done
    printf '   %-24s %10s\n\n' all "$SECONDS"
    printf '   %-24s %10s\n' Image Size
    for image in "$IMAGE" "$CUDA_IMAGE" "$CI_IMAGE"; do
        docker image inspect "$image" >/dev/null 2>&1 || continue
        printf '   %-24s %10s\n' "$image" "$(megabytes "$(docker image inspect --format '{{.Size}}' "$image")")"
    done
}
