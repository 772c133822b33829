"""Where a torch model runs."""

from __future__ import annotations

from typing import Any

from wyoming_voice_stack.errors import EngineError


def place(model: Any, device: str) -> Any:
    """Move the model to `device` and return it; `auto` is CUDA where torch can use it, else the CPU.

    Raises:
        EngineError: the device does not work.
    """
    import torch

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        return model.to(device)
    except (AssertionError, RuntimeError) as error:
        raise EngineError(
            f"The model cannot run on {device!r} ({error}). Choose another TTS_DEVICE, such as cpu."
        ) from error


def device_of(model: Any) -> str:
    """Name of the device that the model is on, such as `cpu` or `cuda:0`."""
    return str(next(model.parameters()).device)


def empty_card() -> None:
    """Give a graphics card what torch keeps of it and nothing uses.

    No CUDA graph may be there any more: graphs use cuBLAS's memory and do not own it.
    """
    import torch

    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        # 67 MB of an H200 for each stream in which there was a product.
        torch._C._cuda_clearCublasWorkspaces()  # noqa: SLF001 - there is no other way
        torch.cuda.empty_cache()
