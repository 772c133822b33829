"""The errors that clients get when an engine fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from wyoming_voice_stack.errors import EngineError, ModelCorrupt, VoiceStackError, install_hint
from wyoming_voice_stack.machine.memory import ran_out_of_memory


def package_missing(package: str, extra: str, error: ImportError) -> EngineError:
    """A package that an engine needs cannot be imported; `extra` of this package installs it."""
    return EngineError(f"{package} cannot be imported ({error}); {install_hint(extra)}")


def loading_failed(model: str, error: Exception, advice: str) -> VoiceStackError:
    """A model cannot be loaded: its files are damaged, unless memory ran out. `advice` is for damage."""
    if ran_out_of_memory(error):
        failure: VoiceStackError = EngineError(f"Not enough memory to load {model}.")
    else:
        failure = ModelCorrupt(
            f"{model} cannot be loaded ({type(error).__name__}: {error}). {advice}"
        )
    failure.__cause__ = error
    return failure


def synthesis_failed(
    engine: str, error: Exception, advice: str = "choose another voice"
) -> EngineError:
    """An engine failed on a sentence because of `error`, whose text may quote the sentence."""
    failure = EngineError(
        f"{engine} failed to synthesize a sentence ({type(error).__name__}). Try again; if the error"
        f" persists, {advice}."
    )
    failure.__cause__ = error
    return failure


@contextmanager
def synthesis_errors(engine: str) -> Iterator[None]:
    """Within the block, errors that clients cannot interpret become `EngineError`s."""
    try:
        yield
    except VoiceStackError:
        raise
    except Exception as error:
        raise synthesis_failed(engine, error) from error
