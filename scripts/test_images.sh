#!/usr/bin/env bash
# Builds the images and uses them as a user does, without an image registry:
#   scripts/test_images.sh                     everything
#   scripts/test_images.sh production compose  some parts of: static, production, addons, compose, ci, cuda
# Needs root on Debian or a relative. Runs a Docker daemon of its own and stops it at the end; the
# images are built on a stand-in of python:3.11-slim-bookworm that is made from Debian's packages.
# Downloads and layers stay in IMAGES_CACHE (below the user's cache folder) for the next run.
# The last lines are a table of times and sizes. cuda needs 20 GB of disk.
# CI_TESTS is the command of hatch that the CI image runs. Exit status 69: Docker is not available.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/environment.sh
. scripts/environment.sh
for part in machine base checks production addons compose ci cuda; do
    # shellcheck source=/dev/null
    . "scripts/images/$part.sh"
done

CACHE=${IMAGES_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/wyoming-voice-stack/images}
WORK=$(mktemp -d "${TMPDIR:-/tmp}/images.XXXXXX")
IMAGE=voice-stack:latest
CUDA_IMAGE=voice-stack:cuda
CI_IMAGE=voice-stack-ci:latest
CI_TESTS=${CI_TESTS:-test-core}
MAX_PRODUCTION_BYTES=2200000000
MAX_CUDA_BYTES=6500000000

trap 'leave $?' EXIT
trap 'exit 130' INT TERM

parts=("$@")
((${#parts[@]})) || parts=(static production addons compose ci cuda)
declare -A PART_SECONDS
for part in "${parts[@]}"; do
    case "$part" in
        static | production | addons | compose | ci | cuda) ;;
        *) say "Unknown part '$part'. Available: static, production, addons, compose, ci, cuda." && exit 64 ;;
    esac
done

prepare_machine
for part in "${parts[@]}"; do
    section "$part"
    began=$SECONDS
    "test_$part"
    PART_SECONDS[$part]=$((SECONDS - began))
done
section "done"
show_table
