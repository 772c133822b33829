# Sourced by test_images.sh: the CI image runs the tests without a network.
# shellcheck shell=bash

test_ci() {
    build "$CI_IMAGE" . --file Dockerfile.ci || failed "the CI image does not build"
    # A copy, so that the tests leave no files here.
    mkdir "$WORK/tree"
    tar --exclude='./.venv*' --exclude=./.git --exclude='__pycache__' --exclude='./.*_cache' -c . |
        tar -x -C "$WORK/tree"
    docker run --rm --network none --volume "$WORK/tree:/workspace" "$CI_IMAGE" \
        hatch run "$CI_TESTS" -q >"$CACHE/ci.log" 2>&1 || {
        tail -n 40 "$CACHE/ci.log" >&2
        failed "hatch run $CI_TESTS"
    }
    passed "hatch run $CI_TESTS: $(tail -n 1 "$CACHE/ci.log")"
    docker run --rm --network none --volume "$WORK/tree:/workspace" "$CI_IMAGE" hatch run lint \
        >"$CACHE/ci.log" 2>&1 || failed "hatch run lint: $(tail -n 5 "$CACHE/ci.log")"
    passed "hatch run lint"
}
