"""Elements that hide their content, one inside the other."""

from __future__ import annotations

from wyoming_voice_stack.tts.text.markup.chat_marks import ChatMark

MAX_OPEN_ELEMENTS = 16
"""More elements inside each other are not counted."""
MAX_UNCERTAIN_CHARACTERS = 1500
"""Longer text behind a closed inner element is no content of the outer one, whose closing tag is missing."""
_NESTING = frozenset({"reasoning", "think", "tools", "details"})


class OpenElements:
    """The open elements of one family, and the text behind the last of them that was closed.

    That text is hidden if the outer element is closed too. Otherwise, its closing tag is missing, and the
    text is spoken.
    """

    def __init__(self, mark: ChatMark) -> None:
        self.family = mark.family
        self.uncertain = ""
        self._names = [mark.name]
        self._is_uncertain = False

    def open(self, mark: ChatMark) -> None:
        """Take an opening tag, which counts if it is of the family."""
        if mark.family != self.family or self.family not in _NESTING:
            return
        if len(self._names) < MAX_OPEN_ELEMENTS:
            self._names.append(mark.name)
        self._is_uncertain = False

    def close(self, mark: ChatMark) -> bool:
        """Take a closing tag of the family; return whether no element is open any more.

        It closes the last element of its name with all inside it, and else the last element.
        """
        del self._names[self._last(mark.name) :]
        self.uncertain, self._is_uncertain = "", True
        return not self._names

    def push(self, text: str) -> bool:
        """Take hidden text; return whether the closing tag of the outer element is missing."""
        if self._is_uncertain:
            self.uncertain += text
        return len(self.uncertain) > MAX_UNCERTAIN_CHARACTERS

    def _last(self, name: str) -> int:
        for place in reversed(range(len(self._names))):
            if self._names[place] == name:
                return place
        return len(self._names) - 1
