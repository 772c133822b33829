"""Elements that hide their content, one inside the other."""

from __future__ import annotations

from wyoming_voice_stack.tts.text.markup.chat_marks import ChatMark

MAX_OPEN_ELEMENTS = 16
"""More elements inside each other are not counted."""
MAX_UNCERTAIN_CHARACTERS = 1500
"""Longer text behind a closed inner element is no content of the outer one, whose closing tag is missing."""
_NESTING = frozenset({"reasoning", "think", "tools", "details"})
_BEHIND_MENTION = frozenset(" -,.;:!?)\"'\u2019\u201d\u201c\u00bb")
"""What follows a tag that a sentence mentions; reasoning itself begins with a letter or a new line."""


class OpenElements:
    """The open elements of one family, and text that may not be their content.

    That is the text behind the last inner element that was closed: it is hidden if the outer element is
    closed too. Otherwise, its closing tag is missing, and the text is spoken. So is the rest of a line in
    which a sentence only mentions the tag, as in "the <think> tag".
    """

    def __init__(self, mark: ChatMark, sentence: str) -> None:
        """`sentence` is the line before, if the element begins within a sentence; else empty."""
        self.family = mark.family
        self.sentence = sentence
        self.uncertain = ""
        self.is_mention: bool | None = None if sentence else False
        """None until the character behind the tag decides it."""
        self._names = [mark.name]
        self._is_uncertain = False

    def open(self, mark: ChatMark) -> None:
        """Take an opening tag, which counts if it is of the family."""
        if mark.family != self.family or self.family not in _NESTING:
            return
        if len(self._names) < MAX_OPEN_ELEMENTS:
            self._names.append(mark.name)
        self._is_uncertain = bool(self.is_mention)

    def close(self, mark: ChatMark) -> bool:
        """Take a closing tag of the family; return whether no element is open any more.

        It closes the last element of its name with all inside it, and else the last element.
        """
        del self._names[self._last(mark.name) :]
        self.uncertain, self._is_uncertain, self.is_mention = "", True, False
        return not self._names

    def push(self, text: str) -> bool:
        """Take hidden text; return whether what is uncertain is certainly no content."""
        if self.is_mention is None:
            self.is_mention = self._is_uncertain = text[0] in _BEHIND_MENTION
        if self._is_uncertain:
            self.uncertain += text
        return bool(self.is_mention and "\n" in text) or (
            len(self.uncertain) > MAX_UNCERTAIN_CHARACTERS
        )

    def _last(self, name: str) -> int:
        for place in reversed(range(len(self._names))):
            if self._names[place] == name:
                return place
        return len(self._names) - 1
