#!/usr/bin/env bash
# Runs a command in the CI image as the owner of the mounted working tree, so that new files belong to
# the caller. Runs it unchanged for any other user, and where the tree belongs to root.
set -euo pipefail
tree=/workspace
run=()
if [ "$(id -u)" -eq 0 ]; then
    owner=$(stat -c %u "$tree")
    if [ "$owner" -ne 0 ]; then
        group=$(stat -c %g "$tree")
        # Programs look up the home folder there, where HOME is not passed on.
        getent passwd "$owner" >/dev/null ||
            tee -a /etc/passwd >/dev/null <<<"caller:x:$owner:$group::$CI_HOME:/bin/bash"
        run=(setpriv --reuid "$owner" --regid "$group" --clear-groups)
    fi
fi
# `docker run --user` finds no home folder for a user whom the image does not know.
[ "${HOME:-/}" != / ] || export HOME=$CI_HOME
exec "${run[@]}" "$@"
