from __future__ import annotations

from types import SimpleNamespace

from wyoming_voice_stack.tts.engines.piper.loading import MAX_EXAMPLE_PHONEMES, _example


def test_the_example_is_bounded_however_many_phonemes_a_configuration_names() -> None:
    phonemes = {str(number): [number] for number in range(10 * MAX_EXAMPLE_PHONEMES)}
    config = SimpleNamespace(
        phoneme_id_map=phonemes, noise_scale=0.667, length_scale=1.0, noise_w_scale=0.8
    )
    example = _example(config)
    assert example["input"].shape == (1, MAX_EXAMPLE_PHONEMES)
    assert example["input_lengths"].tolist() == [MAX_EXAMPLE_PHONEMES]
