"""Decodes and encodes audio formats with whatever library is installed: libsndfile first, then FFmpeg."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wyoming_voice_stack.audio import PcmFormat, to_pcm16
from wyoming_voice_stack.cli.client import AudioClip
from wyoming_voice_stack.codecs.decoding import decode_file
from wyoming_voice_stack.errors import ConfigError, UnsupportedAudio

MAX_DECODED_BYTES = 1024 * 1024 * 1024
_BLOCK_FRAMES = 64 * 1024
"""Frames at once: libsndfile overflows its stack if it writes a long Vorbis file in one piece."""
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
            # Read as integers, files of floating-point samples would become silence. `blocks` fails
            # with formats in which libsndfile cannot seek, such as GSM.
            while len(block := file.read(_BLOCK_FRAMES, dtype="float32", always_2d=True)):
                pcm += to_pcm16(block)
                _check_size(shown, pcm)
            return AudioClip(file.samplerate, _WIDTH, file.channels, bytes(pcm))
    except soundfile.LibsndfileError as error:
        raise _NotDecoded(error.error_string.rstrip(".")) from error


def _with_av(shown: str, raw: bytes) -> AudioClip:
    try:
        import av  # noqa: F401 - the decoder's own message is one of a server
    except (ImportError, OSError) as error:
        raise _NotDecoded("PyAV is not installed") from error
    pcm = bytearray()
    form: PcmFormat | None = None
    try:
        for piece in decode_file(raw):
            form = form or piece.pcm
            if piece.pcm != form:
                raise _NotDecoded("its sample rate or channels change")
            pcm += piece.data
            _check_size(shown, pcm)
    except UnsupportedAudio as error:
        raise _NotDecoded("FFmpeg cannot decode it") from error
    if form is None:
        raise _NotDecoded("no audio in it")
    return AudioClip(form.rate, form.width, form.channels, bytes(pcm))


def _check_size(shown: str, pcm: bytearray) -> None:
    if len(pcm) > MAX_DECODED_BYTES:
        raise ConfigError(
            f"{shown} has more than {MAX_DECODED_BYTES} bytes of audio; split it into shorter files."
        )


_DECODERS: tuple[Callable[[str, bytes], AudioClip], ...] = (_with_soundfile, _with_av)


@dataclass(frozen=True)
class _Encoding:
    """A format of libsndfile."""

    format: str
    subtype: str
    rates: tuple[int, ...] = ()
    """Allowed sample rates in Hz; empty allows all."""

    def rate_for(self, rate: int) -> int:
        """Return the lowest allowed rate that keeps all of the sound."""
        if not self.rates:
            return rate
        return min((each for each in self.rates if each >= rate), default=self.rates[-1])


_WAV_SUFFIXES = frozenset({"", ".wav", ".wave"})
_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_OPUS_RATES = (8000, 12000, 16000, 24000, 48000)
_ENCODINGS = {
    ".mp3": _Encoding("MP3", "MPEG_LAYER_III", _MP3_RATES),
    ".flac": _Encoding("FLAC", "PCM_16"),
    ".ogg": _Encoding("OGG", "VORBIS"),
    ".opus": _Encoding("OGG", "OPUS", _OPUS_RATES),
}


def require_encoder(name: str) -> None:
    """Check, before anything is spoken, that a file of this name can be encoded.

    Raises:
        ConfigError: it cannot; the message says what to do.
    """
    suffix = Path(name).suffix.lower()
    if suffix in _WAV_SUFFIXES:
        return
    if suffix not in _ENCODINGS:
        raise ConfigError(
            f"{name} cannot be written: {suffix} is not a supported format; use"
            f" .wav, {', '.join([*_ENCODINGS][:-1])} or {[*_ENCODINGS][-1]}."
        )
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise ConfigError(
            f"{name} cannot be written: soundfile is not installed; run: pip install soundfile"
        ) from error
    encoding = _ENCODINGS[suffix]
    if not soundfile.check_format(encoding.format, encoding.subtype):
        raise ConfigError(
            f"{name} cannot be written: the installed libsndfile does not support {suffix}; update"
            " it, or use .wav."
        )


def encode(name: str, recording: AudioClip) -> bytes:
    """Return the content of a file of this name; `require_encoder` has accepted the name."""
    suffix = Path(name).suffix.lower()
    if suffix in _WAV_SUFFIXES:
        return _wav(recording)
    return _compressed(recording, _ENCODINGS[suffix])


def _wav(recording: AudioClip) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setframerate(recording.rate)
        file.setsampwidth(recording.width)
        file.setnchannels(recording.channels)
        file.writeframes(recording.pcm)
    return buffer.getvalue()


def _compressed(recording: AudioClip, encoding: _Encoding) -> bytes:
    import soundfile
    import soxr

    samples, rate = soundfile.read(io.BytesIO(_wav(recording)), dtype="float32", always_2d=True)
    target = encoding.rate_for(rate)
    samples = soxr.resample(samples, rate, target)
    buffer = io.BytesIO()
    with soundfile.SoundFile(
        *(buffer, "w", target, recording.channels),
        format=encoding.format,
        subtype=encoding.subtype,
    ) as file:
        for begin in range(0, len(samples), _BLOCK_FRAMES):
            file.write(samples[begin : begin + _BLOCK_FRAMES])
    return buffer.getvalue()
