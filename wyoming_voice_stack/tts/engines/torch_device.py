"""The device that a PyTorch model runs on."""

from __future__ import annotations

import logging
from typing import Any

from wyoming_voice_stack.errors import EngineError
from wyoming_voice_stack.machine.cuda_device import MissingCuda, require_cuda_device
from wyoming_voice_stack.machine.hardware import available_cores

_LOGGER = logging.getLogger(__name__)


def limit_threads(threads: int | None) -> None:
    """Let PyTorch use `threads` threads; None allows one for each core that the process may use."""
    import torch

    # PyTorch counts the machine's cores; a container may be limited to fewer.
    torch.set_num_threads(threads or min(torch.get_num_threads(), available_cores()))


def require_device(device: str) -> None:
    """Check that PyTorch can use the card that TTS_DEVICE names.

    Raises:
        EngineError: it cannot.
    """
    import torch

    require_cuda_device("TTS_DEVICE", device, torch.cuda.device_count, _missing_cuda)
    fault = _fault(device) if device.startswith("cuda") else None
    if fault is not None:
        raise EngineError(
            f"TTS_DEVICE={device} cannot be used: {_first_line(fault)} Check driver and card with"
            " nvidia-smi, or set TTS_DEVICE to auto or cpu."
        ) from fault


def _missing_cuda() -> MissingCuda | None:
    import torch

    if torch.version.cuda is not None:
        return None
    return MissingCuda(
        "the installed PyTorch is the build for CPUs",
        "TORCH_BACKEND=cuda scripts/install_torch.sh PYTHON",
    )


def place(model: Any, device: str) -> Any:
    """Move the model to `device` and return it; `auto` is CUDA where PyTorch can use it, else the CPU.

    Raises:
        EngineError: the device does not work.
    """
    if device == "auto":
        device = _best_device()
    try:
        return model.to(device)
    except (AssertionError, RuntimeError) as error:
        raise EngineError(
            f"The model cannot run on device {device!r} ({error}). Set TTS_DEVICE to another device,"
            " such as cpu."
        ) from error


def _best_device() -> str:
    import torch

    lacks = _missing_cuda()
    if lacks is not None or not torch.cuda.is_available():
        reason = "no usable graphics card was found" if lacks is None else lacks.what
        _LOGGER.info("The voice model runs on the CPU: %s.", reason)
        return "cpu"
    fault = _fault("cuda")
    if fault is not None:
        reason = _first_line(fault)
        _LOGGER.warning("The voice model runs on the CPU: the card is not usable (%s)", reason)
        return "cpu"
    return "cuda"


def _fault(device: str) -> Exception | None:
    """Return the error of a first calculation on `device`: the driver or the card may be too old."""
    import torch

    try:
        torch.ones(1, device=device).add_(1)
    except (AssertionError, RuntimeError) as error:
        return error
    return None


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


def device_of(model: Any) -> str:
    """Name of the device that the model is on, such as `cpu` or `cuda:0`."""
    return str(next(model.parameters()).device)


def free_device_memory() -> None:
    """Return unused memory that PyTorch caches to the graphics card.

    No CUDA graph may exist any more: graphs use cuBLAS's memory without owning it.
    """
    import torch

    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        # 67 MB on an H200 for each stream that has computed a matrix product.
        torch._C._cuda_clearCublasWorkspaces()  # noqa: SLF001 - there is no public function
        torch.cuda.empty_cache()
