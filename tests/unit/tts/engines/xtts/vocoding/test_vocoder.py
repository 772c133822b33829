"""Decoding in windows gives the same audio as decoding the whole sentence."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tests.support.checkpoints.tiny_xtts import WIDTH

WINDOW = 32
MAX_WINDOWS = 6
LATENTS = 36
CONTEXTS = (4, 61, 61, 61, 63)
RATES = (1, 8, 64, 128, 256)
ROUNDING = 1e-5
"""Sums of float32 in another order differ by less; the samples reach 0.1 at least."""

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


def zero_latents(count: int) -> Any:
    import torch

    return torch.zeros(count, WIDTH)


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
    made = pieces(vocoder, latents, speaker, speed, {1, 8, 9, 16, 23, 34})
    assert len(made) >= 3
    assert (torch.cat(made) - whole).abs().max() < ROUNDING
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
        assert (whole - complete).abs().max() < ROUNDING
        beginnings.append(given)
    assert torch.equal(*beginnings)


@pytest.mark.parametrize("number", range(len(CONTEXTS)))
def test_the_context_of_a_stage_is_its_receptive_field(vocoder: Any, number: int) -> None:
    """An output depends on the inputs within the context, the outermost included, and on no others."""
    import torch

    stage = vocoder.staged.stages[number]
    assert (stage.context, stage.rate) == (CONTEXTS[number], RATES[number])
    layer = vocoder.staged.speaker_layers[number]
    width = WIDTH if number == 0 else layer.out_channels
    changed_at = 80
    inputs = torch.randn(1, width, 1, 161, generator=torch.Generator().manual_seed(number))
    other = inputs.clone()
    other[..., changed_at] += 30.0
    before, after = (stage.compute(each, None) for each in (inputs, other))
    where = (before != after).any(1).flatten().nonzero().flatten() // stage.scale
    assert int(where.min()) == changed_at - stage.context
    assert int(where.max()) == changed_at + stage.context


def test_little_is_held_back(vocoder: Any, latents: Any, speaker: Any) -> None:
    """The first chunk has more than half of the audio of eight tokens, 0.37 s."""
    first = pieces(vocoder, latents[:9], speaker, 1.0, {8})[0]
    held_back = sum(context / rate for context, rate in zip(CONTEXTS, RATES, strict=True))
    assert len(first) == 32 * 256 - held_back * 256
    assert len(first) > 18.5 * 256


def count_positions(vocoder: Any, monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The lengths of all windows from now on, for each stage."""
    counted: list[list[int]] = [[] for _ in vocoder.staged.stages]

    def counting(number: int, stage: Any) -> Any:
        def compute(inputs: Any, addition: Any) -> Any:
            counted[number].append(inputs.shape[3])
            return stage.compute(inputs, addition)

        return dataclasses.replace(stage, compute=compute)

    stages = tuple(counting(number, stage) for number, stage in enumerate(vocoder.staged.stages))
    monkeypatch.setattr(vocoder, "staged", dataclasses.replace(vocoder.staged, stages=stages))
    return counted


def test_no_position_is_computed_again(
    vocoder: Any, latents: Any, speaker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Except for the context of each stage on both sides of a window."""
    counted = count_positions(vocoder, monkeypatch)
    made = pieces(vocoder, latents, speaker, 1.0, {8, 16})
    frames = sum(map(len, made)) // vocoder.frame_samples
    assert frames == LATENTS * 4 * 24000 // 22050
    for lengths, context, rate in zip(counted, CONTEXTS, RATES, strict=True):
        seams = len(lengths) - 1
        assert seams == frames // WINDOW
        # The last window has a length that oneDNN has cached.
        assert 0 <= sum(lengths) - frames * rate - 2 * seams * context < WINDOW * rate


def test_windows_have_one_length_and_a_call_few_windows(
    vocoder: Any, speaker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = count_positions(vocoder, monkeypatch)
    made = pieces(vocoder, zero_latents(301), speaker, 1.0, {8, 9, 17, 29, 130})
    assert sum(map(len, made)) == 301 * 4 * 24000 // 22050 * vocoder.frame_samples
    assert max(map(len, made[:-1])) == MAX_WINDOWS * WINDOW * vocoder.frame_samples
    for lengths, context, rate in zip(counted, CONTEXTS, RATES, strict=True):
        first, *later = lengths
        assert first < WINDOW * rate + context
        *interior, last = later
        assert set(interior) == {WINDOW * rate + 2 * context}
        assert (last - 2 * context) % (WINDOW * rate) == 0


def test_a_call_on_a_graphics_card_is_one_window(
    decoder: Any, vocoder: Any, latents: Any, speaker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    assert vocoder.window_frames == WINDOW
    monkeypatch.setattr(vocoder, "window_frames", MAX_WINDOWS * WINDOW)
    counted = count_positions(vocoder, monkeypatch)
    made = pieces(vocoder, latents, speaker, 1.0, {30})
    assert [len(lengths) for lengths in counted] == [2] * len(CONTEXTS)
    assert (torch.cat(made) - at_once(decoder, latents, speaker, 1.0)).abs().max() < ROUNDING


def test_a_stream_keeps_few_inputs(vocoder: Any, speaker: Any) -> None:
    """What later windows need, whatever was decoded before."""
    stream = vocoder.start_stream(speaker, 1.0)
    for latent in zero_latents(150):
        stream.add(latent)
    while stream.pull(last=False) is not None:
        pass
    kept = [each._inputs for each in stream._streams]
    for inputs, context, rate in zip(kept, CONTEXTS, RATES, strict=True):
        assert inputs.shape[3] <= 2 * context + WINDOW * rate
        assert inputs.untyped_storage().nbytes() == inputs.nbytes


def test_windows_of_the_largest_size_equal_the_whole(
    decoder: Any, vocoder: Any, speaker: Any
) -> None:
    """All latents at once, which are too many for the longest window."""
    import torch

    many = torch.randn(60, WIDTH, generator=torch.Generator().manual_seed(5))
    made = pieces(vocoder, many, speaker, 1.0, set())
    assert len(made) > 1
    assert (torch.cat(made) - at_once(decoder, many, speaker, 1.0)).abs().max() < ROUNDING


def test_too_few_latents_give_no_samples(vocoder: Any, latents: Any, speaker: Any) -> None:
    assert pieces(vocoder, latents[:1], speaker, 3.0, set()) == []


@pytest.mark.parametrize("packed", [True, False])
def test_bfloat16_differs_little(
    decoder: Any,
    latents: Any,
    speaker: Any,
    monkeypatch: pytest.MonkeyPatch,
    *,
    packed: bool,
) -> None:
    """The difference is at least 30 dB below the audio, also without weights in oneDNN's layout."""
    import torch

    from wyoming_voice_stack.tts.engines.xtts.vocoding import convolutions
    from wyoming_voice_stack.tts.engines.xtts.vocoding.vocoder import Vocoder

    if not packed:
        monkeypatch.setattr(convolutions, "packs", lambda *_: False)
    exact = at_once(decoder, latents, speaker, 1.0)
    vocoder = Vocoder(decoder, bfloat16_threads=1)
    rounded = torch.cat(pieces(vocoder, latents, speaker, 1.0, {8, 16}))
    difference = (rounded - exact).square().mean() / exact.square().mean()
    assert rounded.dtype == torch.float32
    assert 0 < float(difference) < 10 ** (-30 / 10)


def test_bfloat16_is_the_same_at_any_time_with_any_threads(
    decoder: Any, latents: Any, speaker: Any
) -> None:
    """Chunks and threads depend on the load, and rounding must not."""
    import torch

    from wyoming_voice_stack.tts.engines.xtts.torch_threads import computing_with
    from wyoming_voice_stack.tts.engines.xtts.vocoding.vocoder import Vocoder

    vocoder = Vocoder(decoder, bfloat16_threads=1)
    sounds = []
    for threads, ends in ((1, {8, 16}), (2, {8, 16}), (1, {20}), (2, set())):
        with computing_with(threads):
            sounds.append(torch.cat(pieces(vocoder, latents, speaker, 1.0, ends)))
            assert torch.get_num_threads() == threads
    for sound in sounds[1:]:
        assert torch.equal(sound, sounds[0])
