from __future__ import annotations

from wyoming_voice_stack.models.progress import LINE_S, ProgressLines, megabytes


def test_lines_from_time_to_time() -> None:
    now = [100.0]
    lines: list[str] = []
    report = ProgressLines("base", lines.append, lambda: now[0])
    report(1_000_000, 1_617_900_000)
    now[0] += LINE_S - 0.1
    report(2_000_000, 1_617_900_000)
    now[0] += 0.1
    report(3_000_000, 1_617_900_000)
    now[0] += LINE_S
    report(4_000_000, 0)
    assert lines == [
        "base: 1.0 MB of 1,617.9 MB",
        "base: 3.0 MB of 1,617.9 MB",
        "base: 4.0 MB",
    ]


def test_megabytes() -> None:
    assert megabytes(1_617_900_000) == "1,617.9 MB"
