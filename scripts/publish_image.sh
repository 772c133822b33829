#!/usr/bin/env bash
# Tags the image of a commit in the registry. It is built only if there is no image of the same inputs,
# so a first pipeline, a cancelled one and one after a failure all end with the right image.
#   scripts/publish_image.sh REPOSITORY COMMIT DOCKERFILE PLATFORMS INPUT...
# PLATFORMS is a comma-separated list; the INPUTs are the files and folders that the image is made of.
# VARIANT, such as cuda, is the TORCH_BACKEND of the build and ends each of its tags.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/environment.sh
. scripts/environment.sh
if (($# < 5)); then
    echo "Usage: publish_image.sh REPOSITORY COMMIT DOCKERFILE PLATFORMS INPUT..." >&2
    exit 64
fi
repository=$1 commit=$2 dockerfile=$3 platforms=$4
shift 4
suffix=${VARIANT:+-$VARIANT}
variant=()
[ -z "$suffix" ] || variant=(--build-arg "TORCH_BACKEND=$VARIANT")

for input in "$@"; do
    if [ -z "$(git ls-tree HEAD -- "$input")" ]; then
        echo "$input is not in this commit; correct INPUTS in .gitlab-ci.yml." >&2
        exit 66
    fi
done
version=$(project_version)
made_of=inputs-$(git ls-tree -r HEAD -- "$@" | sha256sum | cut -c1-16)$suffix

if docker buildx imagetools inspect "$repository:$made_of" >/dev/null 2>&1; then
    echo "$repository:$made_of is there; nothing has to be built."
else
    echo "Building $repository:$made_of for $platforms"
    docker buildx build --file "$dockerfile" --platform "$platforms" \
        --cache-from "type=registry,ref=$repository:cache$suffix" \
        --cache-to "type=registry,ref=$repository:cache$suffix,mode=max" \
        --build-arg "VERSION=$version" --build-arg "REVISION=$commit" "${variant[@]}" \
        --provenance mode=max --sbom true \
        --tag "$repository:$made_of" --push .
fi
docker buildx imagetools create --tag "$repository:$commit$suffix" "$repository:$made_of"
