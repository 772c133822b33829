"""A full-size XTTS v2 with random weights, as a checkpoint of 7 MB.

All large tensors are views of one short row of random numbers, each from another place:
`torch.save` writes the row once, and loading copies it into ordinary parameters. Every text takes
the same number of audio tokens: the model never stops by itself and is cut at that number. Sampling
is greedy, so that each implementation makes the same audio.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from benchmarks.common.cache import cached_folder
from tests.support.checkpoints.tiny_xtts import STOP_AUDIO_TOKEN, make_tiny_xtts
from wyoming_voice_stack.tts.engines.coqui.compat import importing

CONFIG_FILE = "config.json"
SPEAKER = "Claribel Dervla"

_SEED = 0
_CUT_BEFORE = 3
"""The model is cut this many tokens before `gpt_max_audio_tokens`."""
_NEVER = -100.0
_GREEDY = {"top_k": 1}
_FULL_SIZE = {
    "gpt_layers": 30,
    "gpt_n_model_channels": 1024,
    "gpt_n_heads": 16,
    "decoder_input_dim": 1024,
    "gpt_number_text_tokens": 6681,
}
_VOCABULARY_FILE = "vocab.json"
_ROW = 1 << 16
"""Random numbers that all large tensors of the same standard deviation share."""
_KEPT = 1 << 14
"""Tensors with fewer elements stay as they are."""
_VOCODER_NORM = 1.3
"""Found by trial: with it the audio is neither silent nor clipped."""


def checkpoint(cache: Path, tokens: int, *, tiny: bool) -> Path:
    """Return the folder of a checkpoint that makes `tokens` audio tokens per text, made if need be."""

    def make(temporary: Path) -> Path:
        folder = temporary / "checkpoint"
        make_tiny_xtts(folder, stop_bias=_NEVER, max_audio_tokens=tokens + _CUT_BEFORE)
        _change_config(folder, {} if tiny else _FULL_SIZE)
        if not tiny:
            _write_full_size(folder)
        return folder

    return cached_folder(cache / "xtts" / f"{'tiny' if tiny else 'full'}-{tokens}", make)


def _change_config(folder: Path, arguments: dict[str, int]) -> None:
    path = folder / CONFIG_FILE
    config = json.loads(path.read_text())
    config |= _GREEDY
    config["model_args"] |= arguments
    path.write_text(json.dumps(config, indent=1))


def _fill_vocabulary(folder: Path) -> None:
    """Add words that occur in no text: coqui-tts takes the number of text tokens from here."""
    path = folder / _VOCABULARY_FILE
    tokenizer = json.loads(path.read_text())
    vocabulary = tokenizer["model"]["vocab"]
    free = range(max(vocabulary.values()) + 1, _FULL_SIZE["gpt_number_text_tokens"])
    vocabulary |= {f"<{number}>": number for number in free}
    path.write_text(json.dumps(tokenizer, ensure_ascii=False))


def _write_full_size(folder: Path) -> None:
    """Replace the small weights, speakers and vocabulary by full-size ones."""
    _fill_vocabulary(folder)
    with importing():
        import torch
        from TTS.tts.configs.xtts_config import XttsConfig
        from TTS.tts.models.xtts import Xtts

    config = XttsConfig()
    config.load_json(str(folder / CONFIG_FILE))
    with torch.random.fork_rng():
        torch.manual_seed(_SEED)
        model = Xtts(config)
        row = torch.randn(_ROW)
        speaker = {
            "gpt_cond_latent": torch.randn(1, 32, config.model_args.gpt_n_model_channels),
            "speaker_embedding": torch.nn.functional.normalize(torch.randn(1, 512, 1), dim=1),
        }
    torch.save({"model": _shared(model, row)}, folder / "model.pth")
    torch.save({SPEAKER: speaker}, folder / "speakers_xtts.pth")


def _shared(model: Any, row: Any) -> dict[str, Any]:
    """Tensors of the model; each large parameter is a view of the row, scaled to its standard deviation."""
    weights = dict(model.state_dict())
    rows: dict[float, Any] = {}
    for name, parameter in model.named_parameters():
        if name.endswith("weight.original0"):
            weights[name] = parameter.detach().clone().fill_(_VOCODER_NORM)
        elif parameter.numel() > _KEPT:
            spread = float(f"{parameter.detach().std():.0e}")
            scaled = rows.setdefault(spread, row * spread)
            weights[name] = _view(scaled, parameter.shape)
    weights["gpt.mel_head.bias"][STOP_AUDIO_TOKEN] = _NEVER
    return weights


def _view(row: Any, shape: tuple[int, ...]) -> Any:
    """A tensor whose first dimension moves along the row; in the others elements are adjacent."""
    inner = math.prod(shape[1:])
    walk = max(1, (len(row) - inner) // max(1, shape[0] - 1))
    strides = [math.prod(shape[place + 1 :]) for place in range(1, len(shape))]
    return row.as_strided(shape, (walk, *strides))
