"""Speech to text and text to speech for Home Assistant, over the Wyoming protocol."""

from typing import TYPE_CHECKING

NOT_INSTALLED = "unknown (the package is not installed)"
"""The version of a source tree that runs without an installation."""

if TYPE_CHECKING:
    __version__: str
else:

    def __getattr__(name: str) -> str:
        """Read `__version__` from the metadata of the installed package, when it is first used."""
        if name != "__version__":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib.metadata import PackageNotFoundError, version

        try:
            found = version("wyoming-voice-stack")
        except PackageNotFoundError:
            found = NOT_INSTALLED
        globals()["__version__"] = found
        return found
