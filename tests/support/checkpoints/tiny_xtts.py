"""A checkpoint of the real XTTS v2 architecture, small and with random weights: it babbles.

Run as `python -m tests.support.checkpoints.tiny_xtts FOLDER`. The transformer has 2 layers of width 64; the
vocoder and the speaker encoder have a fixed size, so the file takes 47 MB at half precision.
"""

from __future__ import annotations

import argparse
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from wyoming_voice_stack.tts.engines.coqui.compat import importing

# What reads Japanese may be missing, but not where CI runs the tests.
JAPANESE = find_spec("cutlet") is not None or "CI" in os.environ
CODES = (
    *("en", "es", "fr", "de", "it", "pt", "pl", "tr", "ru"),
    *("nl", "cs", "ar", "zh-cn", "hu", "ko", "ja", "hi"),
)
"""Of XTTS."""
LANGUAGES = tuple(code for code in CODES if JAPANESE or code != "ja")
SPEAKERS = ("Claribel Dervla", "Daisy Studious", "Damien Black")
WIDTH = 64
STOP_AUDIO_TOKEN = 1025

_SPECIAL_TOKENS = ("[STOP]", "[UNK]", "[SPACE]", *(f"[{code}]" for code in CODES), "[START]")
_CHARACTERS = (
    *map(chr, range(0x21, 0x7F)),
    *map(chr, range(0xA1, 0x180)),
    *map(chr, range(0x430, 0x460)),
    *map(chr, range(0x621, 0x653)),
    *map(chr, range(0x901, 0x970)),
)
_MERGES = (("t", "h"), ("th", "e"), ("i", "n"), ("e", "r"), ("a", "n"), ("o", "u"))
# Found by experiment: with it, text and voice change both the audio and its length, at -12 dB.
_TRANSFORMER_GAIN = 40.0
_VOCODER_NORM = 1.3


def make_tiny_xtts(
    directory: Path, *, seed: int = 0, stop_bias: float = 0.8, max_audio_tokens: int = 60
) -> Path:
    """Write the checkpoint and return `directory`.

    A higher `stop_bias` ends sentences earlier: by default after 10 to 57 tokens, 0.4 to 2.7 s. At three
    less than `max_audio_tokens` the sentence is truncated.
    """
    with importing():
        import torch
        from TTS.tts.models.xtts import Xtts

    directory.mkdir(parents=True, exist_ok=True)
    vocabulary = _write_tokenizer(directory / "vocab.json")
    config = _config(vocabulary, max_audio_tokens)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Xtts(config)
        _enliven(model, stop_bias)
        torch.save(_speakers(), directory / "speakers_xtts.pth")
    weights = {name: tensor.half() for name, tensor in model.state_dict().items()}
    torch.save({"model": weights}, directory / "model.pth")
    config.save_json(str(directory / "config.json"))
    return directory


def _config(vocabulary: dict[str, int], max_audio_tokens: int) -> Any:
    from TTS.tts.configs.xtts_config import XttsArgs, XttsConfig

    arguments = XttsArgs(
        gpt_layers=2,
        gpt_n_model_channels=WIDTH,
        gpt_n_heads=4,
        decoder_input_dim=WIDTH,
        gpt_max_audio_tokens=max_audio_tokens,
        gpt_use_perceiver_resampler=True,
        gpt_num_audio_tokens=1026,
        gpt_start_audio_token=1024,
        gpt_stop_audio_token=STOP_AUDIO_TOKEN,
        gpt_number_text_tokens=len(vocabulary),
        gpt_start_text_token=vocabulary["[START]"],
        gpt_stop_text_token=vocabulary["[STOP]"],
    )
    return XttsConfig(
        model_args=arguments,
        languages=list(LANGUAGES),
        temperature=0.75,
        repetition_penalty=5.0,
        gpt_cond_len=30,
        gpt_cond_chunk_len=4,
        max_ref_len=30,
    )


def _write_tokenizer(path: Path) -> dict[str, int]:
    from tokenizers import Tokenizer
    from tokenizers.models import BPE
    from tokenizers.pre_tokenizers import Whitespace

    merged = tuple("".join(pair) for pair in _MERGES)
    names = dict.fromkeys((*_SPECIAL_TOKENS[:3], *_CHARACTERS, *merged, *_SPECIAL_TOKENS[3:]))
    vocabulary = {name: number for number, name in enumerate(names)}
    tokenizer = Tokenizer(BPE(vocab=vocabulary, merges=list(_MERGES), unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.add_special_tokens(list(_SPECIAL_TOKENS))
    tokenizer.save(str(path))
    return vocabulary


def _enliven(model: Any, stop_bias: float) -> None:
    """Make the text matter: otherwise the random model returns nearly the same audio for every text."""
    for name, parameter in model.named_parameters():
        if name.startswith("gpt.gpt.") and parameter.dim() > 1:
            parameter.data.mul_(_TRANSFORMER_GAIN)
        elif name.endswith("weight.original0"):
            parameter.data.fill_(_VOCODER_NORM)
    model.gpt.mel_head.bias.data[STOP_AUDIO_TOKEN] = stop_bias


def _speakers() -> dict[str, dict[str, Any]]:
    import torch

    return {
        name: {
            "gpt_cond_latent": torch.randn(1, 32, WIDTH),
            "speaker_embedding": torch.nn.functional.normalize(torch.randn(1, 512, 1), dim=1),
        }
        for name in SPEAKERS
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write a tiny random XTTS checkpoint.")
    parser.add_argument("directory", type=Path)
    make_tiny_xtts(parser.parse_args().directory)
