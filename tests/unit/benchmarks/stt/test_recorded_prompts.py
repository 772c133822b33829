"""Which of the recorded prompts are used."""

from __future__ import annotations

from benchmarks.stt.recorded_prompts import half_of, prompts

LISTING = """\ufeff; Core Sounds

vm-delete: Press 7 to delete this message.
dir-usingkeypad: ... using your touchtone keypad.  Use the 7 key.
vm-login: Casella di posta? Digitare il numero.
goodbye: Goodbye.
vm-duration: This message lasts ...
beeperr: an error beep tone
silence/4: four seconds of silence
at: at the sign [@]
vm-intro: Leave a message. (simple tone sound plays)
confbridge-join: <beep ascending> and a name
dictate/both_help: press * to pause the dictation
spy-misdn: M I S D N
conf-full: La conferenza ? piena di gente.
at-tone-time-exactly: Il tempo sar? esattamente questo qui.
vm-tempremoved: Il messaggio è stato eliminato vm-then-pound: poi premere cancelletto
"""


def test_only_plain_speech_is_taken() -> None:
    assert dict(prompts(LISTING.removeprefix("\ufeff"))) == {
        "vm-delete": "Press 7 to delete this message.",
        "dir-usingkeypad": "... using your touchtone keypad.  Use the 7 key.",
        "vm-login": "Casella di posta? Digitare il numero.",
    }


def test_halves_never_change() -> None:
    assert [half_of(name) for name in ("vm-delete", "dir-instr")] == ["unseen"] * 2
    assert [half_of(name) for name in ("agent-pass", "goodbye")] == ["tune"] * 2
    halves = [half_of(f"prompt-{number}") for number in range(1000)]
    assert set(halves) == {"tune", "unseen"}
    assert 450 < halves.count("tune") < 550
