from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.common.servers import Target
from benchmarks.robustness import robust_servers
from benchmarks.robustness.__main__ import assigned, attacks, choices, parser
from benchmarks.robustness.robust_servers import Attacked, Choice
from benchmarks.robustness.trial import Subject

DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); signal.pause()"
KILLED = -9


@pytest.mark.parametrize("is_started_here", [True, False])
def test_only_own_processes_are_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_started_here: bool
) -> None:
    with subprocess.Popen([sys.executable, "-c", DEAF], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()

        @contextmanager
        def start(_: Path) -> Iterator[Target]:
            yield Target("peer", "127.0.0.1", 1, process.pid)

        async def known(target: Target) -> Subject:
            return Subject(target, "asr")

        monkeypatch.setattr(robust_servers, "get_to_know", known)
        attacked = Attacked(Choice("peer", start, is_started_here=is_started_here), tmp_path)
        try:
            attacked.subject()
            attacked.kill()
            if is_started_here:
                assert process.wait() == KILLED
            else:
                assert process.poll() is None
        finally:
            process.kill()


def test_peers_alone() -> None:
    options = parser().parse_args(["--only-peer"])
    assert [choice.name for choice in choices(options)] == ["peer asr", "peer tts"]
    for _, wanted in assigned(choices(options), attacks(None)):
        assert not any(attack.outsiders or attack.over_http for attack in wanted)
    for _, wanted in assigned(choices(parser().parse_args([])), attacks(None)):
        assert any(attack.over_http for attack in wanted) or wanted[0].outsiders
