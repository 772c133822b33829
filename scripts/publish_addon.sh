#!/usr/bin/env bash
# Builds the image of an add-on for each architecture of Home Assistant and pushes both under one name.
#   scripts/publish_addon.sh FOLDER REPOSITORY VERSION BASE
# BASE is the production image that the add-on is built from.
set -euo pipefail
cd "$(dirname "$0")/.."
if (($# != 4)); then
    echo "Usage: publish_addon.sh FOLDER REPOSITORY VERSION BASE" >&2
    exit 64
fi
folder=$1 repository=$2 version=$3 base=$4
# Docker's name of each architecture, and Home Assistant's.
ARCHITECTURES=(amd64:amd64 arm64:aarch64)

built=()
for architecture in "${ARCHITECTURES[@]}"; do
    image=$repository:$version-${architecture#*:}
    docker buildx build --platform "linux/${architecture%:*}" \
        --build-arg "VOICE_STACK_IMAGE=$base" --build-arg "BUILD_ARCH=${architecture#*:}" \
        --build-arg "BUILD_VERSION=$version" --provenance mode=max --sbom true \
        --tag "$image" --push "$folder"
    built+=("$image")
done
docker buildx imagetools create --tag "$repository:$version" "${built[@]}"
