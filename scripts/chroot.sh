# Sourced by the scripts that need another release of Debian: makes chroots with mmdebstrap and runs commands in them.
# shellcheck shell=bash

# can_make_chroots: says what is missing.
can_make_chroots() {
    if [ "$(id -u)" -ne 0 ]; then
        say "A chroot needs root."
    elif ! command -v mmdebstrap >/dev/null; then
        say "A chroot needs mmdebstrap; scripts/install_system_deps.sh --with-tests installs it."
    else
        return 0
    fi
    return 1
}

# Which mirror this machine uses itself.
debian_mirror() {
    awk '$1 == "URIs:" { print $2; exit } $1 == "deb" { for (i = 2; i <= NF; i++) if ($i ~ /^http/) { print $i; exit } }' \
        /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list /etc/apt/sources.list.d/*.sources 2>/dev/null
}

# make_chroot RELEASE DIRECTORY PACKAGE...: unless DIRECTORY has them. Its log is DIRECTORY.log.
make_chroot() {
    local release=$1 root=$2 mirror proxy options=() packages
    packages=$(IFS=,; printf '%s' "${*:3}")
    if [ "$(cat "$root/.complete" 2>/dev/null)" != "$packages" ]; then
        mirror=$(debian_mirror)
        say "Making a chroot of Debian $release"
        rm -rf "$root"
        mkdir -p "$(dirname "$root")"
        proxy=$(apt-config dump --format '%v' Acquire::http::Proxy 2>/dev/null) || proxy=
        [ -z "$proxy" ] || options+=(--aptopt="Acquire::http::Proxy \"$proxy\"")
        # A mirror that is an archive has Release files that have expired.
        if ! mmdebstrap --quiet --variant=apt --include="$packages" \
            --aptopt='Acquire::Check-Valid-Until "false"' "${options[@]}" \
            "$release" "$root" ${mirror:+"$mirror"} >"$root.log" 2>&1; then
            say "Debian $release could not be installed: $(tail -n 1 "$root.log") ($root.log)"
            rm -rf "$root"
            return 1
        fi
        printf '%s' "$packages" >"$root/.complete"
    fi
    # How this machine reaches the network.
    cp /etc/resolv.conf /etc/hosts "$root/etc/"
    cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
}

# in_chroot DIRECTORY FOLDER TARGET COMMAND...: runs COMMAND with FOLDER of this machine mounted at TARGET. It
# replaces the calling process; a mount namespace of its own ends the mounts with it.
in_chroot() {
    local root=$1 folder=$2 target=$3 index
    shift 3
    mkdir -p "$root$target"
    # The user's pip.conf is not in the chroot.
    if index=$(python3 -m pip config get global.index-url 2>/dev/null); then export PIP_INDEX_URL=$index; fi
    # shellcheck disable=SC2016  # expanded in the namespace
    exec unshare --mount bash -euc '
        root=$1
        mount --bind "$2" "$root$3"
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        shift 3
        exec chroot "$root" env -u TMPDIR -u PIP_FIND_LINKS PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "$@"
    ' bash "$root" "$folder" "$target" "$@"
}
