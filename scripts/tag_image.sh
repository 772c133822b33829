#!/usr/bin/env bash
# Gives the image of a commit that has passed its names: those of a release, and `latest`.
#   scripts/tag_image.sh REPOSITORY COMMIT BRANCH [TAG]
# BRANCH is the ref of the default branch. With TAG (v1.2.3), the image gets the names v1.2.3 and 1.2.3.
# VARIANT, such as cuda, ends each name: v1.2.3-cuda, latest-cuda.
#
# `latest` is moved to this commit unless that would go back:
# - TAG is a release, and the registry has a newer one;
# - `latest` is the image of a newer commit: one of BRANCH that this commit lacks, or a release that
#   contains this commit.
set -euo pipefail
cd "$(dirname "$0")/.."
if (($# < 3)); then
    echo "Usage: tag_image.sh REPOSITORY COMMIT BRANCH [TAG]" >&2
    exit 64
fi
repository=$1 commit=$2 branch=$3 tag=${4:-}
suffix=${VARIANT:+-$VARIANT}
image=$repository:$commit$suffix
MAX_NEWER_COMMITS=200

# digest IMAGE: prints nothing if there is no such image.
digest() { { docker buildx imagetools inspect "$1" 2>/dev/null || true; } | sed -n 's/^Digest: *//p'; }

releases() { git tag --sort=-version:refname "$@" | grep -E '^v[0-9]+\.[0-9]+\.[0-9]+$' || true; }

newer_release() {
    local other
    for other in $(releases); do
        [ "$other" != "$tag" ] || return 0
        if [ -n "$(digest "$repository:$other$suffix")" ]; then
            printf '%s' "$other"
            return
        fi
    done
}

newer_commits() {
    local release
    git rev-list --max-count="$MAX_NEWER_COMMITS" "$commit..$branch"
    for release in $(releases --contains "$commit"); do git rev-parse "$release^{commit}"; done
}

newer_latest() {
    local present other
    present=$(digest "$repository:latest$suffix")
    if [ -z "$present" ] || [ "$present" = "$(digest "$image")" ]; then return 0; fi
    for other in $(newer_commits); do
        if [ "$(digest "$repository:$other$suffix")" = "$present" ]; then
            printf '%s' "$other"
            return
        fi
    done
}

for revision in "$commit" "$branch"; do
    git rev-parse --quiet --verify "$revision^{commit}" >/dev/null || {
        echo "$revision is not in this clone; fetch it first." >&2
        exit 66
    }
done
if [ -n "$tag" ]; then
    docker buildx imagetools create --tag "$repository:$tag$suffix" --tag "$repository:${tag#v}$suffix" "$image"
    newer=$(newer_release)
    if [ -n "$newer" ]; then
        echo "latest$suffix is not moved: $newer is a newer release than $tag."
        exit
    fi
fi
newer=$(newer_latest)
if [ -n "$newer" ]; then
    echo "latest$suffix is not moved: it is the image of $newer, which is newer than $commit."
    exit
fi
docker buildx imagetools create --tag "$repository:latest$suffix" "$image"
