"""Checkpoints of Coqui's real VITS architecture, small and with random weights: they hum.

They read letters instead of phonemes, so they do not need espeak-ng.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from wyoming_voice_stack.tts.engines.coqui.compat import importing

SAMPLE_RATE = 16_000
SPEAKERS = ("p225", "p226\n", "p227")
"""The second has trailing white space, like a model in Coqui's catalogue."""
LANGUAGES = ("en", "fr-fr", "pt-br")


def make_tiny_vits(
    directory: Path,
    *,
    seed: int = 0,
    speakers: tuple[str, ...] = (),
    languages: tuple[str, ...] = (),
    **settings: Any,
) -> Path:
    """Write a checkpoint and return `directory`; `settings` are added to its configuration.

    The paths in the configuration are those of an author's machine, which do not exist here.
    """
    with importing():
        import torch
        from TTS.tts.models.vits import Vits

    directory.mkdir(parents=True, exist_ok=True)
    arguments = _arguments(directory, speakers, languages)
    config = _config(arguments, settings)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        torch.save({"model": Vits(config).state_dict()}, directory / "model_file.pth")
    for setting in ("speakers_file", "language_ids_file"):
        if named := config.model_args[setting]:
            config.model_args[setting] = f"/home/author/{Path(named).name}"
    config.save_json(str(directory / "config.json"))
    return directory


def _arguments(directory: Path, speakers: tuple[str, ...], languages: tuple[str, ...]) -> Any:
    from TTS.tts.configs.vits_config import VitsArgs

    arguments = VitsArgs(
        hidden_channels=32,
        hidden_channels_ffn_text_encoder=64,
        num_layers_text_encoder=1,
        num_layers_posterior_encoder=1,
        num_layers_flow=1,
        upsample_initial_channel_decoder=64,
        init_discriminator=False,
    )
    if speakers:
        arguments.use_speaker_embedding = True
        arguments.speaker_embedding_channels = 16
        arguments.speakers_file = _write_ids(directory / "speaker_ids.json", speakers)
    if languages:
        arguments.use_language_embedding = True
        arguments.embedded_language_dim = 4
        arguments.language_ids_file = _write_ids(directory / "language_ids.json", languages)
    return arguments


def _config(arguments: Any, settings: dict[str, Any]) -> Any:
    from TTS.config.shared_configs import BaseAudioConfig
    from TTS.tts.configs.vits_config import VitsConfig

    return VitsConfig(
        model_args=arguments,
        audio=BaseAudioConfig(sample_rate=SAMPLE_RATE),
        use_phonemes=False,
        text_cleaner="basic_cleaners",
        add_blank=True,
        **settings,
    )


def _write_ids(path: Path, names: tuple[str, ...]) -> str:
    path.write_text(json.dumps({name: number for number, name in enumerate(names)}))
    return str(path)
