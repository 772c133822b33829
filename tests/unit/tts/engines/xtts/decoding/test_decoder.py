"""Our transformer, cache and sampler compared with coqui-tts's, with the same weights."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.checkpoints.tiny_xtts import WIDTH
from tests.support.checkpoints.xtts_output import ROWS, TEXTS, Ours, Reference

pytestmark = pytest.mark.usefixtures("inference")


class TestTokens:
    @pytest.mark.parametrize("number", range(len(TEXTS)))
    def test_are_those_of_the_stock_model(
        self, stock: Any, references: list[Reference], number: int
    ) -> None:
        import torch

        ours = Ours(stock)
        row = ours.begin(references[number])
        while not ours.ended(row):
            ours.step([row])
        assert ours.tokens[row] == references[number].tokens
        assert torch.allclose(torch.stack(ours.latents[row]), references[number].latents, atol=1e-4)

    def test_differ_between_the_sentences(self, references: list[Reference]) -> None:
        assert len({tuple(each.tokens) for each in references}) == len(references)
        assert all(len(each.tokens) >= 10 for each in references)

    def test_are_the_same_for_sentences_that_join_at_different_times(
        self, stock: Any, references: list[Reference], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ours = Ours(stock)
        # Memory beyond the end of a row must not affect the result.
        tensor = ours.decoder.cache._tensor
        monkeypatch.setattr(ours.decoder.cache, "_tensor", lambda *size: tensor(*size).fill_(9.0))
        waiting, rows = list(enumerate(references)), dict[int, int]()
        heard: dict[int, list[int]] = {}
        while waiting or rows:
            if waiting:
                number, sentence = waiting.pop(0)
                rows[ours.begin(sentence)] = number
            ours.step(sorted(rows))
            ours.step(sorted(rows))
            for row in [row for row in rows if ours.ended(row) or len(ours.tokens[row]) > 40]:
                heard[rows.pop(row)] = ours.tokens[row]
                ours.decoder.cache.free(row)
        for number, tokens in heard.items():
            expected = references[number].tokens
            shorter = min(len(tokens), len(expected))
            assert tokens[:shorter] == expected[:shorter]
            assert shorter >= 10

    def test_are_the_same_when_some_rows_pause(
        self, stock: Any, references: list[Reference]
    ) -> None:
        ours = Ours(stock)
        rows = [ours.begin(sentence) for sentence in references]
        assert rows == [0, 1, 2, 3]
        for step in range(20):
            ours.step([0, 2, 3] if step % 2 else [1, 3])
        for row, sentence in zip(rows, references, strict=True):
            shorter = min(len(ours.tokens[row]), len(sentence.tokens))
            assert shorter > 8
            assert ours.tokens[row][:shorter] == sentence.tokens[:shorter]

    @pytest.mark.parametrize("weight_format", ["float16", "bfloat16", "int8"])
    def test_other_weight_formats_give_nearly_the_same_latents(
        self, stock: Any, references: list[Reference], weight_format: str
    ) -> None:
        import torch

        ours = Ours(stock, weight_format)
        row = ours.begin(references[0])
        conditioning = torch.cosine_similarity(
            ours.latents[row][0], references[0].latents[0], dim=0
        )
        assert 0.9 < conditioning < 0.9999999
        ours.step([row])
        assert ours.latents[row][1].dtype == torch.float32


class TestSampling:
    @pytest.mark.parametrize(
        "options",
        [
            {"temperature": 0.3, "repetition_penalty": 2.0, "top_k": 3, "top_p": 0.5},
            {"temperature": 1.0, "repetition_penalty": 1.0, "top_k": 0, "top_p": 1.0},
            {"temperature": 2.5, "repetition_penalty": 20.0, "top_k": 2000, "top_p": 0.99},
        ],
    )
    def test_draws_what_transformers_draw(self, options: dict[str, float]) -> None:
        import torch
        from transformers import (
            LogitsProcessorList,
            RepetitionPenaltyLogitsProcessor,
            TemperatureLogitsWarper,
            TopKLogitsWarper,
            TopPLogitsWarper,
        )

        from wyoming_voice_stack.tts.engines.xtts.decoding.sampling import (
            SEED,
            Sampler,
            SamplingOptions,
        )

        sampler = Sampler(
            SamplingOptions(**options),  # type: ignore[arg-type]
            rows=2,
            tokens=1026,
            start_token=1024,
            device=torch.device("cpu"),
        )
        sampler.begin(0)
        sampler.begin(1)
        steps = LogitsProcessorList(
            [RepetitionPenaltyLogitsProcessor(options["repetition_penalty"])]
        )
        steps.append(TemperatureLogitsWarper(options["temperature"]))
        if options["top_k"]:
            steps.append(TopKLogitsWarper(int(options["top_k"])))
        if options["top_p"] < 1:
            steps.append(TopPLogitsWarper(options["top_p"]))
        read: Any = torch.tensor([[1, 1, 1024]])
        random = torch.Generator().manual_seed(SEED)
        scores = torch.randn(60, 1, 1026, generator=torch.Generator().manual_seed(7)) * 3
        for each in scores:
            probabilities = steps(read, each.clone()).softmax(-1)
            expected = torch.multinomial(probabilities, 1, generator=random)
            assert sampler.draw([0, 1], each.repeat(2, 1)) == [int(expected)] * 2
            read = torch.cat([read, expected], dim=1)

    @pytest.mark.parametrize("token", [1, 1024])
    def test_penalizes_the_prompt_like_the_stock_model(self, stock: Any, token: int) -> None:
        import torch

        sampler = Ours(stock, top_k=1).sampler
        sampler.begin(0)
        scores = torch.zeros(1, 1026)
        scores[0, token], scores[0, 500] = 2.0, 1.0
        assert sampler.draw([0], scores) == [500]

    def test_invalid_scores_do_not_affect_other_rows(self, stock: Any) -> None:
        import torch

        from wyoming_voice_stack.tts.engines.xtts.decoding.sampling import INVALID_TOKEN

        sampler = Ours(stock).sampler
        sampler.begin(0)
        sampler.begin(1)
        scores = torch.randn(2, 1026)
        expected = sampler.draw([1], scores[1:])
        sampler.begin(1)
        scores[0, 17] = float("nan")
        assert sampler.draw([0, 1], scores) == [INVALID_TOKEN, *expected]

    def test_leaves_the_global_random_numbers_alone(
        self, stock: Any, references: list[Reference]
    ) -> None:
        import torch

        before = torch.get_rng_state()
        ours = Ours(stock)
        ours.step([ours.begin(references[0])])
        assert torch.equal(torch.get_rng_state(), before)


class TestCache:
    def test_grows_by_steps_and_shrinks(self, stock: Any, references: list[Reference]) -> None:
        decoder = Ours(stock).decoder
        cache = decoder.cache
        assert cache.size == (0, 0)
        assert cache.keys == []
        rows = [decoder.begin(each.voice, each.text_tokens)[0] for each in references[:3]]
        assert rows == [0, 1, 2]
        assert cache.size == (4, 128)
        assert cache.keys[0].shape == cache.values[1].shape == (4, 4, 128, WIDTH // 4)
        cache.extend([1], 128 - cache.length(1))
        assert cache.size == (4, 128)
        cache.extend([1])
        assert cache.size == (4, 256)
        cache.free(2)
        cache.free(1)
        assert cache.size == (1, 128)
        assert decoder.begin(references[0].voice, references[0].text_tokens)[0] == 1
        cache.free(0)
        assert cache.size == (2, 128)
        cache.free(1)
        assert (cache.size, cache.keys, cache.values) == ((0, 0), [], [])

    def test_keeps_what_is_written_while_it_changes(
        self, stock: Any, references: list[Reference]
    ) -> None:
        import torch

        decoder = Ours(stock).decoder
        decoder.begin(references[0].voice, references[0].text_tokens)
        length = decoder.cache.length(0)
        before = [keys[0, :, :length].clone() for keys in decoder.cache.keys]
        decoder.begin(references[1].voice, references[1].text_tokens)
        decoder.cache.extend([1], 100)
        decoder.cache.free(1)
        for keys, kept in zip(decoder.cache.keys, before, strict=True):
            assert torch.equal(keys[0, :, :length], kept)

    def test_has_bounds(self, stock: Any, references: list[Reference]) -> None:
        decoder = Ours(stock).decoder
        for _ in range(ROWS):
            decoder.begin(references[0].voice, references[0].text_tokens)
        with pytest.raises(RuntimeError, match="rows"):
            decoder.begin(references[0].voice, references[0].text_tokens)
        with pytest.raises(RuntimeError, match="positions"):
            decoder.cache.extend([0], 2000)
        assert decoder.cache.size == (ROWS, 128)
