"""Reference output of coqui-tts's transformer, and our decoder driven in the same way as by the scheduler."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.support.checkpoints.tiny_xtts import SPEAKERS, STOP_AUDIO_TOKEN

TEXTS = (
    "yes.",
    "turn on the light in the kitchen, and do it now!",
    "the door is open.",
    "it rains, so take an umbrella with you when you leave the house in the morning.",
)
ROWS = 4


class Reference:
    """A sentence decoded by the stock model: its inputs, audio tokens and latents."""

    def __init__(self, model: Any, text: str, speaker: str) -> None:
        import torch

        self.text_tokens = model.tokenizer.encode(text, lang="en")
        self.voice = model.speaker_manager.speakers[speaker]["gpt_cond_latent"]
        stands = model.gpt.compute_embeddings(self.voice, torch.tensor([self.text_tokens]))
        torch.manual_seed(1)
        config = model.config
        pairs = list(
            model.gpt.get_generator(
                fake_inputs=stands,
                do_sample=True,
                num_beams=1,
                temperature=config.temperature,
                repetition_penalty=config.repetition_penalty,
                top_k=config.top_k,
                top_p=config.top_p,
                output_hidden_states=True,
                return_dict_in_generate=True,
            )
        )
        self.tokens = [int(token) for token, _ in pairs]
        self.latents = torch.cat([latent for _, latent in pairs])


def decode_references(stock: Any) -> list[Reference]:
    """All texts, decoded by the stock model."""
    pairs = zip(TEXTS, (*SPEAKERS, SPEAKERS[0]), strict=True)
    return [Reference(stock, text, speaker) for text, speaker in pairs]


class Ours:
    """Our decoder and sampler, called in the same way as by the scheduler."""

    def __init__(
        self, stock: Any, weight_format: Any = "float32", capture: Any = None, **options: float
    ) -> None:
        from wyoming_voice_stack.tts.engines.xtts.decoding.decoder import Decoder
        from wyoming_voice_stack.tts.engines.xtts.decoding.sampling import Sampler, SamplingOptions

        names = ("temperature", "repetition_penalty", "top_k", "top_p")
        chosen: Mapping[str, Any] = {name: stock.config[name] for name in names} | options
        self.decoder = Decoder(stock.gpt, weight_format, max_rows=ROWS, capture=capture)
        self.sampler = Sampler(
            SamplingOptions(**chosen),
            rows=ROWS,
            tokens=stock.gpt.num_audio_tokens,
            start_token=stock.gpt.start_audio_token,
            device=stock.device,
        )
        self.max_tokens = stock.gpt.max_gen_mel_tokens
        self.tokens: dict[int, list[int]] = {}
        self.latents: dict[int, list[Any]] = {}

    def begin(self, references: Reference) -> int:
        row, latent = self.decoder.begin(references.voice, references.text_tokens)
        self.sampler.begin(row)
        self.tokens[row], self.latents[row] = [], []
        self._draw([row], latent)
        return row

    def step(self, rows: Sequence[int]) -> None:
        last = [self.tokens[row][-1] for row in rows]
        numbers = [len(self.tokens[row]) for row in rows]
        self._draw(rows, self.decoder.step(rows, last, numbers))

    def ended(self, row: int) -> bool:
        tokens = self.tokens[row]
        return tokens[-1] == STOP_AUDIO_TOKEN or len(tokens) == self.max_tokens

    def _draw(self, rows: Sequence[int], latents: Any) -> None:
        drawn = self.sampler.draw(rows, self.decoder.logits(latents))
        for row, token, latent in zip(rows, drawn, latents, strict=True):
            self.tokens[row].append(token)
            self.latents[row].append(latent)
