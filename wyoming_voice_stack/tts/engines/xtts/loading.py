"""Loading a checkpoint as coqui-tts's model, and starting the scheduler that decodes with it.

Importing this imports no torch; calling it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wyoming_voice_stack.errors import EngineError, ModelCorrupt, ModelNotFound
from wyoming_voice_stack.machine.processor import read_processor
from wyoming_voice_stack.models.hub_model import HubModel
from wyoming_voice_stack.models.json_files import read_json
from wyoming_voice_stack.models.lfs_pointer import refuse_lfs_pointers
from wyoming_voice_stack.models.licence import XTTS_FAMILY
from wyoming_voice_stack.tts.engines.coqui.compat import importing
from wyoming_voice_stack.tts.engines.torch_device import device_of, limit_threads, place
from wyoming_voice_stack.tts.engines.xtts.decoding.precision import (
    vocodes_in_bfloat16,
    weight_format,
)

if TYPE_CHECKING:
    from wyoming_voice_stack.tts.engines.xtts.batch_scheduler import BatchScheduler

_FILES = ("config.json", "model.pth", "vocab.json")
SPEAKERS_FILE = "speakers_xtts.pth"
_HUB_FILES = (*_FILES, SPEAKERS_FILE)
HUB_MODELS: Mapping[str, HubModel] = {
    f"{XTTS_FAMILY}{name}": HubModel(repo_id, include=_HUB_FILES, required=_HUB_FILES)
    for name, repo_id in (("xtts_v2", "tts-hub/XTTS-v2"), ("xtts_v1.1", "tts-hub/XTTS-v1"))
}
"""Coqui's names of XTTS, and the repositories with its checkpoints."""


def is_xtts(folder: Path) -> bool:
    """Return whether the Coqui model in a folder is XTTS.

    Raises:
        ModelNotFound: the folder has no readable `config.json`.
    """
    try:
        config = read_json(folder / "config.json")
    except (OSError, ValueError) as error:
        raise ModelNotFound(
            f"No Coqui model in {folder}: its config.json cannot be read ({error}). Set the folder that"
            " contains config.json and the weights."
        ) from error
    return isinstance(config, dict) and config.get("model") == "xtts"


def _check_speakers(path: Path) -> None:
    """Load the studio speakers alone, without running code in the file, so that damage is named.

    Raises:
        ModelCorrupt: the file is damaged.
    """
    import torch

    if not path.is_file():
        return
    try:
        speakers = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise _damaged_speakers(path) from error
    if not isinstance(speakers, Mapping):
        raise _damaged_speakers(path)


def _damaged_speakers(path: Path) -> ModelCorrupt:
    return ModelCorrupt(f"{path} is damaged. Delete this file and download the model again.")


def load_model(folder: Path, device: str, threads: int | None = None) -> Any:
    """Load coqui-tts's `Xtts` on `device`, in evaluation mode.

    Raises:
        ModelNotFound: a file is missing.
        ModelCorrupt: a file is damaged, or not of this architecture.
        EngineError: coqui-tts is not installed, or the device does not work.
    """
    missing = [name for name in _FILES if not (folder / name).is_file()]
    if missing:
        raise ModelNotFound(
            f"No XTTS model in {folder}: {', '.join(missing)} missing. Download the model again, or set"
            " the folder that contains it."
        )
    refuse_lfs_pointers(folder)
    with importing():
        import torch
        from TTS.tts.configs.xtts_config import XttsConfig
        from TTS.tts.models.xtts import Xtts

    limit_threads(threads)
    _check_speakers(folder / SPEAKERS_FILE)
    try:
        config = XttsConfig()
        config.load_json(str(folder / "config.json"))
        model = Xtts(config)
        model.load_checkpoint(config, checkpoint_dir=str(folder), eval=True)
    except Exception as error:
        # coqui-tts converts a checkpoint of the old format in place when it first loads it.
        raise ModelCorrupt(
            f"The XTTS model in {folder} cannot be loaded ({type(error).__name__}: {error}). Delete the"
            " folder and download the model again. If it is a checkpoint of 2023, make the folder"
            " writable for the first start."
        ) from error
    # cuDNN's attention compiles for each length, which takes 50 ms: longer than the audio of a token.
    torch.backends.cuda.enable_cudnn_sdp(False)
    # With less exact products, windows would differ from the audio of the whole sentence.
    torch.backends.cudnn.allow_tf32 = False
    return place(model, device)


def start_scheduler(model: Any, precision: str, *, rows: int) -> BatchScheduler:
    """Start the scheduler for `model`, whose transformer and vocoder are converted and removed from it.

    Raises:
        EngineError: the device does not support the precision.
    """
    import torch

    from wyoming_voice_stack.tts.engines.xtts.batch_scheduler import BatchOptions, BatchScheduler
    from wyoming_voice_stack.tts.engines.xtts.decoding.cuda_graphs import cuda_graph_capture
    from wyoming_voice_stack.tts.engines.xtts.decoding.decoder import Decoder
    from wyoming_voice_stack.tts.engines.xtts.decoding.sampling import Sampler, SamplingOptions
    from wyoming_voice_stack.tts.engines.xtts.torch_threads import ThreadBudget
    from wyoming_voice_stack.tts.engines.xtts.vocoding.vocoder import Vocoder

    gpt, config = model.gpt, model.config
    number_format = weight_format(device_of(model), precision)
    device = gpt.mel_head.weight.device
    try:
        capture = cuda_graph_capture(device)
        decoder = Decoder(gpt, number_format, max_rows=rows, capture=capture)
    except (AttributeError, RuntimeError) as error:
        raise EngineError(
            f"XTTS cannot be loaded with {number_format} on {device_of(model)} ({error}). Set"
            " TTS_PRECISION to auto or float32."
        ) from error
    # Only coqui-tts's own generation loop needs them, and the decoder has their weights now.
    del gpt.gpt_inference, gpt.gpt
    if device.type == "cuda":
        torch.cuda.empty_cache()
    sampler = Sampler(
        SamplingOptions(config.temperature, config.repetition_penalty, config.top_k, config.top_p),
        rows=rows,
        tokens=gpt.num_audio_tokens,
        start_token=gpt.start_audio_token,
        device=device,
    )
    options = BatchOptions(
        rows=rows,
        stop_token=gpt.stop_audio_token,
        max_tokens=gpt.max_gen_mel_tokens,
        sample_rate=int(config.audio.output_sample_rate),
        separate_vocoder=device_of(model) == "cpu" and torch.get_num_threads() > 1,
    )
    budget = ThreadBudget(torch.get_num_threads())
    fast = vocodes_in_bfloat16(device.type, number_format, read_processor())
    vocoder = Vocoder(model.hifigan_decoder, bfloat16_threads=budget.half if fast else 0)
    # The vocoder has its weights now.
    del model.hifigan_decoder.waveform_decoder
    return BatchScheduler(decoder, sampler, vocoder, options, budget)
