"""Feeds the protocol with bytes that an engine chooses by the code they reach.

    python -m tests.support.fuzzing.coverage_guided SECONDS CORPUS

Needs atheris. Ends with an error at the first input that makes the servers do what they must not, and
leaves that input beside the corpus.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(
    include=["wyoming_voice_stack.protocol", "wyoming_voice_stack.http"]
):
    from tests.support.fuzzing.fuzz_inputs import SEEDS
    from tests.support.fuzzing.fuzz_targets import framing, vocabulary
    from tests.support.fuzzing.fuzzed_servers import fuzzed_servers

LONGEST_INPUT = 8192
SLOWEST_INPUT_S = 20


def write_seeds(corpus: Path, targets: int) -> None:
    """Write every valid request for every target; the first byte of an input chooses the target."""
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS):
        for target in range(targets):
            (corpus / f"seed-{number}-{target}").write_bytes(bytes([target]) + seed)


def main(seconds: int, corpus: Path) -> None:
    with tempfile.TemporaryDirectory() as folder, fuzzed_servers(Path(folder)) as servers:
        targets: list[Callable[[bytes], object]] = [
            framing,
            vocabulary,
            lambda data: servers.serve("asr", data),
            lambda data: servers.serve("tts", data),
        ]
        write_seeds(corpus, len(targets))

        def one_input(data: bytes) -> None:
            if data:
                targets[data[0] % len(targets)](data[1:])

        options = [
            f"-max_total_time={seconds}",
            f"-max_len={LONGEST_INPUT}",
            f"-timeout={SLOWEST_INPUT_S}",
            f"-artifact_prefix={corpus.parent}/",
        ]
        atheris.Setup([sys.argv[0], *options, str(corpus)], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
