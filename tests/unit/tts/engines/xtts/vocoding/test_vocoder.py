"""Decoding in windows gives the same audio as decoding the whole sentence."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.checkpoints.tiny_xtts import WIDTH

WINDOW_STEP = 16
LARGEST_WINDOW = 208
LATENTS = 24

pytestmark = pytest.mark.usefixtures("inference")


@pytest.fixture(scope="module")
def decoder(stock: Any) -> Any:
    return stock.hifigan_decoder


@pytest.fixture(scope="module")
def vocoder(decoder: Any) -> Any:
    from wyoming_voice_stack.tts.engines.xtts.vocoding.vocoder import Vocoder

    return Vocoder(decoder)


@pytest.fixture(scope="module")
def latents() -> Any:
    import torch

    return torch.randn(LATENTS, WIDTH, generator=torch.Generator().manual_seed(3))


@pytest.fixture(scope="module")
def speaker() -> Any:
    import torch

    embedding = torch.randn(1, 512, 1, generator=torch.Generator().manual_seed(4))
    return torch.nn.functional.normalize(embedding, dim=1)


def at_once(decoder: Any, latents: Any, speaker: Any, speed: float) -> Any:
    """The same as coqui-tts."""
    import torch

    stretched = latents[None]
    if speed != 1.0:
        stretched = torch.nn.functional.interpolate(
            stretched.transpose(1, 2), scale_factor=1 / speed, mode="linear"
        ).transpose(1, 2)
    return decoder(stretched, g=speaker).squeeze()


def rest(stream: Any) -> list[Any]:
    """All remaining windows, once the last latent was added."""
    made = [stream.pull(last=True)]
    while stream.has_more:
        made.append(stream.pull(last=True))
    return made


def pieces(vocoder: Any, latents: Any, speaker: Any, speed: float, ends: set[int]) -> list[Any]:
    stream = vocoder.start_stream(speaker, speed)
    made = []
    for count, latent in enumerate(latents, 1):
        stream.add(latent)
        if count in ends:
            made.append(stream.pull(last=False))
    made += rest(stream)
    return [piece for piece in made if piece is not None]


@pytest.mark.parametrize("speed", [1.0, 0.83, 1.3, 2.0])
def test_windows_equal_the_whole(
    decoder: Any, vocoder: Any, latents: Any, speaker: Any, speed: float
) -> None:
    import torch

    whole = at_once(decoder, latents, speaker, speed)
    made = pieces(vocoder, latents, speaker, speed, {1, 8, 9, 16, 23})
    assert len(made) >= 3
    assert (torch.cat(made) - whole).abs().max() < 1e-6
    assert whole.abs().max() > 0.1


def test_returned_samples_never_change(vocoder: Any, latents: Any, speaker: Any) -> None:
    """Whatever follows: the same beginning is continued in two ways."""
    import torch

    beginnings = []
    for tail in (latents[12:], -latents[12:]):
        stream = vocoder.start_stream(speaker, 1.0)
        for latent in latents[:12]:
            stream.add(latent)
        given = stream.pull(last=False)
        for latent in tail:
            stream.add(latent)
        whole = torch.cat([given, *rest(stream)])
        complete = pieces(vocoder, torch.cat([latents[:12], tail]), speaker, 1.0, set())[0]
        assert (whole - complete).abs().max() < 1e-6
        beginnings.append(given)
    assert torch.equal(*beginnings)


def test_the_context_is_the_receptive_field(vocoder: Any, speaker: Any, latents: Any) -> None:
    """Only samples within the receptive field depend on a frame, and it is not much too large."""
    import torch

    assert vocoder.context_frames == 14
    frames = torch.randn(1, WIDTH, 61)
    other = frames.clone()
    other[:, :, 30] += 3.0
    changed = (vocoder.decode(frames, speaker) - vocoder.decode(other, speaker)).abs() > 1e-7
    where = changed.nonzero().squeeze(1) // vocoder.frame_samples
    assert 30 - 14 <= int(where.min()) <= 30 - 12
    assert 30 + 12 <= int(where.max()) <= 30 + 14


def test_little_is_held_back(vocoder: Any, latents: Any, speaker: Any) -> None:
    """The first chunk has half of the audio of eight tokens, 0.37 s."""
    first = pieces(vocoder, latents[:9], speaker, 1.0, {8})[0]
    assert len(first) == 18 * 256


def test_no_latent_is_decoded_again(
    vocoder: Any, latents: Any, speaker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Except for the context on both sides of a window."""
    decoded: list[int] = []
    decode = vocoder.decode

    def count_and_decode(frames: Any, speaker: Any) -> Any:
        decoded.append(frames.shape[2])
        return decode(frames, speaker)

    monkeypatch.setattr(vocoder, "decode", count_and_decode)
    made = pieces(vocoder, latents, speaker, 1.0, {8, 16})
    frames = sum(map(len, made)) // vocoder.frame_samples
    assert frames == LATENTS * 4 * 24000 // 22050
    seams = len(decoded) - 1
    assert seams == 2
    # The last window has a length that oneDNN has cached.
    assert 0 <= sum(decoded) - frames - 2 * seams * vocoder.context_frames < WINDOW_STEP


def test_windows_have_few_lengths_and_a_longest(
    vocoder: Any, speaker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    decoded: list[int] = []
    per_frame = vocoder.frame_samples

    def decode(frames: Any, _: Any) -> Any:
        decoded.append(frames.shape[2])
        return torch.arange(float(frames.shape[2] * per_frame))

    monkeypatch.setattr(vocoder, "decode", decode)
    many = torch.zeros(301, WIDTH)
    made = pieces(vocoder, many, speaker, 1.0, {8, 9, 17, 29, 130})
    assert sum(map(len, made)) == 301 * 4 * 24000 // 22050 * per_frame
    assert max(decoded) == LARGEST_WINDOW
    assert not any(length % WINDOW_STEP for length in decoded)


def test_windows_of_the_largest_size_equal_the_whole(
    decoder: Any, vocoder: Any, speaker: Any
) -> None:
    """All latents at once, which are too many for the longest window."""
    import torch

    many = torch.randn(60, WIDTH, generator=torch.Generator().manual_seed(5))
    made = pieces(vocoder, many, speaker, 1.0, set())
    assert len(made) > 1
    assert (torch.cat(made) - at_once(decoder, many, speaker, 1.0)).abs().max() < 1e-6


def test_too_few_latents_give_no_samples(vocoder: Any, latents: Any, speaker: Any) -> None:
    assert pieces(vocoder, latents[:1], speaker, 3.0, set()) == []
