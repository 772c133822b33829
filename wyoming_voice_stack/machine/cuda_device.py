"""Checks that a graphics card is there, before a model for it is downloaded."""

from __future__ import annotations

from collections.abc import Callable

from wyoming_voice_stack.errors import EngineError


def require_cuda_device(variable: str, device: str, count_devices: Callable[[], int]) -> None:
    """Check that the card that a setting names exists; does nothing for `auto` and `cpu`.

    `count_devices` returns how many cards the engine's library can use.

    Raises:
        EngineError: there is no such card.
    """
    kind, _, index = device.partition(":")
    if kind != "cuda":
        return
    count = count_devices()
    if count <= int(index or 0):
        found = (
            f"only {count} usable graphics card(s) found"
            if count
            else "no usable graphics card found"
        )
        raise EngineError(
            f"{variable}={device} cannot be used: {found}. Check the driver, use the CUDA image and give"
            f" the container the card, or set {variable} to auto or cpu."
        )
