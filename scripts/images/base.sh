# Sourced by test_images.sh: a stand-in of python:3.11-slim-bookworm, and builds on it.
# Documentation and translations are left out, as in the genuine one.
# It is for these tests alone: it carries the certificates and pip's settings of this machine.
# shellcheck shell=bash

BASE=python:3.11-slim-bookworm
PACKAGES_PORT=5895

# Folders that this machine's pip looks into are served on loopback, where builds can reach them.
serve_packages() {
    mkdir -p "$WORK/packages" "$WORK/base"
    "$CACHE/tools/bin/python" scripts/images/pip_settings.py "http://127.0.0.1:$PACKAGES_PORT" "$WORK/packages" "$WORK/base"
    python3 -m http.server --bind 127.0.0.1 --directory "$WORK/packages" "$PACKAGES_PORT" \
        >"$WORK/packages.log" 2>&1 7>&- &
    PACKAGE_SERVER=$!
}

make_base() {
    local tar=$CACHE/bookworm.tar
    if [ ! -e "$tar" ]; then
        section "base: Debian's packages"
        mmdebstrap --quiet --variant=minbase \
            --include=python3,python3-venv,python3-pip,ca-certificates --dpkgopt=force-unsafe-io \
            --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/man/*' \
            --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
            bookworm "${tar%.tar}.part.tar" "$(debian_sources)" >&2 || return 1
        mv "${tar%.tar}.part.tar" "$tar"
    fi
    docker image inspect bookworm-python >/dev/null 2>&1 ||
        docker import -c 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
            "$tar" bookworm-python >/dev/null || return 1
    find /usr/local/share/ca-certificates -name '*.crt' -exec cp {} "$WORK/base" \; 2>/dev/null
    cat >"$WORK/base/Dockerfile" <<'TEXT'
FROM bookworm-python
COPY . /usr/local/share/ca-certificates/
RUN mv /usr/local/share/ca-certificates/pip*.* /etc/ && update-ca-certificates >/dev/null 2>&1 \
    && rm -f /usr/lib/python3*/EXTERNALLY-MANAGED \
    && for name in python python3 python3.11; do ln -s /usr/bin/python3.11 /usr/local/bin/$name; done \
    && for name in pip pip3; do ln -s /usr/bin/pip3 /usr/local/bin/$name; done
CMD ["python3"]
TEXT
    build "$BASE" "$WORK/base"
}

# The machine's own mirror if it names one, else Debian's.
debian_sources() {
    local file
    for file in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
        if [ -s "$file" ] && grep -q bookworm "$file"; then
            printf '%s' "$file"
            return
        fi
    done
}

# build TAG CONTEXT [OPTION ...]: with the host's network, as the bridge has no way out.
build() {
    local tag=$1 context=$2 began=$SECONDS
    if ! DOCKER_BUILDKIT=1 docker build --progress plain --network host --tag "$tag" "${@:3}" \
        "$context" >"$CACHE/build.log" 2>&1; then
        tail -n 40 "$CACHE/build.log" >&2
        return 1
    fi
    say "   built $tag in $((SECONDS - began)) s"
}
