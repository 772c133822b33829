# Sourced by test_images.sh: the CI image runs the tests without a network, as the caller.
# shellcheck shell=bash

CALLER=1000

test_ci() {
    build "$CI_IMAGE" . --file Dockerfile.ci || failed "the CI image does not build"
    # A copy, so that the tests leave no files here.
    mkdir "$WORK/tree"
    tar --exclude='./.venv*' --exclude=./.git --exclude='__pycache__' --exclude='./.*_cache' -c . |
        tar -x -C "$WORK/tree"
    chown -R "$CALLER:$CALLER" "$WORK/tree"
    in_ci root "hatch run $CI_TESTS" hatch run "$CI_TESTS" -q
    in_ci "$CALLER:$CALLER" "hatch run lint" hatch run lint
    same "files in the mounted folder that do not belong to the caller" "" \
        "$(find "$WORK/tree" ! -user "$CALLER" -o ! -group "$CALLER" | head -n 5)"
    same "home folder of a caller whom the image does not know" "4321 /home/ci" "$(known_home)"
    starts_shells
    accepts_licence root --user root
    accepts_licence "another user" --user "$CALLER:$CALLER"
    accepts_licence "a user without HOME" --user "$CALLER:$CALLER" --env HOME=
}

# in_ci USER WHAT COMMAND...: in the mounted tree; the last line of the output is shown.
in_ci() {
    docker run --rm --network none --user "$1" --volume "$WORK/tree:/workspace" "$CI_IMAGE" "${@:3}" \
        >"$CACHE/ci.log" 2>&1 || {
        tail -n 40 "$CACHE/ci.log" >&2
        failed "$2 (user $1)"
    }
    passed "$2 (user $1): $(tail -n 1 "$CACHE/ci.log")"
}

# known_home: the user, and the home folder that programs find without HOME.
known_home() {
    mkdir "$WORK/other-tree"
    chown 4321:4321 "$WORK/other-tree"
    docker run --rm --network none --volume "$WORK/other-tree:/workspace" "$CI_IMAGE" \
        env --unset=HOME python3 -c 'import os, pathlib; print(os.getuid(), pathlib.Path.home())'
}

# GitLab starts a shell as root, writes the job's commands to it, and links its working tree.
starts_shells() {
    same "a shell of the pipeline is root, and can replace the working tree" "0 /builds" \
        "$(echo 'rmdir /workspace && mkdir /builds && ln -s /builds /workspace && echo "$(id -u) $(readlink /workspace)"' |
            docker run --rm -i --network none "$CI_IMAGE" sh -c 'if [ -x /bin/bash ]; then exec /bin/bash; fi')"
}

# accepts_licence WHO RUN-ARGUMENTS...: XTTS cannot be downloaded here; its licence is no obstacle.
accepts_licence() {
    local began=$SECONDS output
    docker run --detach --name run-tts --network none "${@:2}" --volume "$WORK/tree:/workspace" \
        "$CI_IMAGE" hatch run run_tts >/dev/null
    until output=$(docker logs run-tts 2>&1 | grep " is not available: "); do
        ((SECONDS - began < UNAVAILABLE_WAIT_SECONDS)) || failed "hatch run run_tts says nothing" run-tts
        [ "$(docker inspect --format '{{.State.Running}}' run-tts)" = true ] ||
            failed "hatch run run_tts ends ($1)" run-tts
        sleep 1
    done
    contains "hatch run run_tts accepts the licence of XTTS ($1)" "HF_HUB_OFFLINE forbids downloads" "$output"
    docker rm -f run-tts >/dev/null
}
