#!/usr/bin/env bash
# What `hatch run dev:quick` runs: format, lint, types, and the tests that need no model.
#   scripts/quick.sh             everything; further arguments go to pytest
#   scripts/quick.sh types       only the types
set -euo pipefail
cd "$(dirname "$0")/.."

# torch is missing here: what comes from it has no type.
types() { mypy --ignore-missing-imports --allow-subclassing-any --no-warn-return-any --no-warn-unused-ignores; }

if [ "${1:-}" = types ]; then
    types
    exit
fi
[ $# -gt 0 ] || set -- tests/unit tests/packaging
black --check --quiet .
ruff check --quiet .
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0
# Many tests wait: types are checked beside them, and there is one worker more than cores.
types >"$log" 2>&1 &
pytest -p tests.support.without_models -q -r fE -n "$(($(nproc) + 1))" --dist worksteal "$@" || failed=1
wait $! || failed=1
cat "$log"
exit "$failed"
