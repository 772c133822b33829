#!/usr/bin/env bash
# Looks up known vulnerabilities of the packages in the production image (scripts/image-requirements.txt).
#   scripts/audit.sh [OPTION...]     options of pip-audit, such as --ignore-vuln ID
# Ends with status 1 if there is one. Where the advisories of PyPI cannot be reached, it prints NOT RUN and
# exits with status 75.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/environment.sh
. scripts/environment.sh

PIP_AUDIT=pip-audit==2.10.1

venv=.venv-audit
make_venv "$venv"
if ! up_to_date "$venv" "$PIP_AUDIT"; then
    if ! pip_install "$venv" "$PIP_AUDIT"; then
        say "audit: NOT RUN: $PIP_AUDIT cannot be installed."
        exit 75
    fi
    printf '%s' "$PIP_AUDIT" >"$venv/.installed"
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# torch is not in that list.
sed -n 's/^torch="torch==.*:-\(.*\)}"$/torch==\1/p' scripts/install_torch.sh >"$work/torch.txt"
for list in scripts/image-requirements.txt "$work/torch.txt"; do
    report=$work/$(basename "$list").json
    # Its status is 1 with vulnerabilities and without advisories alike; the report tells them apart.
    "$venv/bin/pip-audit" --requirement "$list" --no-deps --disable-pip --progress-spinner off \
        --format json --output "$report" "$@" 2>"$work/complaints" || true
    [ -s "$report" ] || {
        say "audit: NOT RUN: no advisories: $(tail -1 "$work/complaints")"
        exit 75
    }
done
"$venv/bin/python" scripts/audit_report.py "$work"/*.json
