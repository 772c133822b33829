"""Translates failures of downloads from the hub into the error tree."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wyoming_voice_stack.errors import DiskFull, ModelError, ModelNotFound
from wyoming_voice_stack.machine.hardware import disk_is_full
from wyoming_voice_stack.models.hub_model import HubModel, hub_address
from wyoming_voice_stack.models.transfer import SlowServer
from wyoming_voice_stack.models.write_access import cannot_write

_NETWORK_ERRNOS = frozenset({errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH})


@contextmanager
def translated_refusals(model: HubModel) -> Iterator[None]:
    """Translate the hub's answer that it does not have the model, or not for this user."""
    from huggingface_hub import errors

    name = model.repo_id
    try:
        yield
    except errors.GatedRepoError as error:
        raise ModelNotFound(
            f"{name} is available only to users who accepted its terms: accept them at"
            f" {hub_address()}/{name} and set HF_TOKEN"
        ) from error
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError) as error:
        raise ModelNotFound(
            f"the hub has no {name} at revision {model.revision}, or it is private;"
            " check the name, or set HF_TOKEN"
        ) from error


@contextmanager
def translated_errors(model: HubModel, root: Path) -> Iterator[None]:
    """Translate failures of the disk and the network into the error tree."""
    name = model.repo_id
    try:
        yield
    except ModelError:
        raise
    except Exception as error:
        if disk_is_full(error):
            raise DiskFull(
                f"The disk became full while {name} was fetched to {root}; free some space, or set"
                " MODELS_DIR to a folder on a larger disk"
            ) from error
        if isinstance(error, OSError) and _is_about_the_disk(error):
            raise ModelError(cannot_write(name, root, error, cause(error))) from error
        reason = f"and cannot be fetched ({cause(error)})"
        raise ModelNotFound(model.absent(root, reason)) from error


def _is_about_the_disk(error: OSError) -> bool:
    if isinstance(error, ConnectionError):
        return False
    return error.errno is not None and error.errno not in _NETWORK_ERRNOS


def cause(error: BaseException) -> str:
    """Return what went wrong in the first place, in one line."""
    while error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, SlowServer):
        return str(error)
    first_line = str(error).strip().splitlines()[:1]
    return f"{type(error).__name__}: {''.join(first_line)}"
