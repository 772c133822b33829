#!/usr/bin/env bash
# Lists the licences of an environment's packages, which an image has to include.
#   scripts/list_licences.sh VENV FILE
set -euo pipefail
venv=${1:?name the environment}
file=${2:?name the file to write}
tool=$(mktemp -d)
trap 'rm -rf "$tool"' EXIT
python3 -m venv "$tool"
"$tool/bin/pip" install --quiet --disable-pip-version-check 'pip-licenses>=5.0'
{
    cat <<'TEXT'
# Licences of what this image carries

wyoming-voice-stack itself is under the MIT licence. It carries piper-tts, which is
GPL-3.0-or-later, and espeak-ng, which is GPL-3.0-or-later; coqui-tts is MPL-2.0. The texts are in
each package's `dist-info` folder below `/opt/venv`, those of Debian's packages in
`/usr/share/doc/*/copyright`. Where an NVIDIA build of torch is inside, NVIDIA's own terms hold for
its libraries.

No model is in this image. Models that a server fetches have terms of their own; the weights of XTTS
come under the Coqui Public Model License (CPML), for non-commercial use only:
https://tts-hub.github.io/cpml
Those of Kokoro are under Apache-2.0, those of Piper's voices under the terms in their MODEL_CARD.

TEXT
    "$tool/bin/pip-licenses" --python "$venv/bin/python" --from=mixed --order=license --format=markdown
} >"$file"
