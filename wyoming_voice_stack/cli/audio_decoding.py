"""Decodes audio files with whatever library is installed: libsndfile first, then FFmpeg."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable

from wyoming_voice_stack.audio import to_pcm16
from wyoming_voice_stack.cli.client import AudioClip
from wyoming_voice_stack.errors import ConfigError

MAX_DECODED_BYTES = 1024 * 1024 * 1024
_BLOCK_FRAMES = 64 * 1024
_WIDTH = 2


class _NotDecoded(Exception):
    """A library cannot decode the file, or is not installed; the text says why."""


def decode(shown: str, raw: bytes) -> AudioClip:
    """Decode an audio file of any format that soundfile or PyAV reads.

    Args:
        shown: what messages call the file.
        raw: the file.

    Raises:
        ConfigError: no installed library can decode it, or its audio is too long.
    """
    reasons = []
    for decoder in _DECODERS:
        try:
            return decoder(shown, raw)
        except _NotDecoded as error:
            reasons.append(str(error))
    raise ConfigError(
        f"{shown} is not a supported audio file ({'; '.join(reasons)}); convert it to WAV."
    )


def _with_soundfile(shown: str, raw: bytes) -> AudioClip:
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise _NotDecoded("soundfile is not installed") from error
    pcm = bytearray()
    try:
        with soundfile.SoundFile(io.BytesIO(raw)) as file:
            # Read as integers, files of floating-point samples would become silence.
            for block in file.blocks(_BLOCK_FRAMES, dtype="float32", always_2d=True):
                pcm += to_pcm16(block)
                _check_size(shown, pcm)
            return AudioClip(file.samplerate, _WIDTH, file.channels, bytes(pcm))
    except soundfile.LibsndfileError as error:
        raise _NotDecoded(error.error_string.rstrip(".")) from error


def _with_av(shown: str, raw: bytes) -> AudioClip:
    try:
        import av
    except (ImportError, OSError) as error:
        raise _NotDecoded("PyAV is not installed") from error
    pcm = bytearray()
    try:
        with av.open(io.BytesIO(raw), "r") as file:
            if not file.streams.audio:
                raise _NotDecoded("no audio in it")
            stream = file.streams.audio[0]
            resampler = av.AudioResampler("s16", stream.layout.name, stream.rate)
            for frame in itertools.chain(file.decode(stream), [None]):
                for part in resampler.resample(frame):
                    pcm += part.to_ndarray().tobytes()
                _check_size(shown, pcm)
            return AudioClip(stream.rate, _WIDTH, stream.layout.nb_channels, bytes(pcm))
    except av.FFmpegError as error:
        raise _NotDecoded(str(error.strerror or type(error).__name__)) from error


def _check_size(shown: str, pcm: bytearray) -> None:
    if len(pcm) > MAX_DECODED_BYTES:
        raise ConfigError(
            f"{shown} has more than {MAX_DECODED_BYTES} bytes of audio; split it into shorter files."
        )


_DECODERS: tuple[Callable[[str, bytes], AudioClip], ...] = (_with_soundfile, _with_av)
