from __future__ import annotations

import pytest

from wyoming_voice_stack.asr.text.joining import join_texts


@pytest.mark.parametrize(
    ("parts", "language", "joined"),
    [
        ([" Turn it on. ", "Now."], "en", "Turn it on. Now."),
        (["Turn it on.", "Now."], None, "Turn it on. Now."),
        (["开灯", "。"], "zh", "开灯。"),
        ([" .", " ..."], "en", ""),
        ([" Yes\ufffd"], "en", "Yes"),
        ([], "en", ""),
    ],
)
def test_parts_become_one_text(parts: list[str], language: str | None, joined: str) -> None:
    assert join_texts(parts, language) == joined
