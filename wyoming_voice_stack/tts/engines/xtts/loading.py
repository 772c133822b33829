"""From a checkpoint's folder to coqui-tts's model, and from that to the thread that speaks.

Importing this imports no torch; calling it does.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from wyoming_voice_stack.errors import EngineError, ModelCorrupt, ModelNotFound
from wyoming_voice_stack.machine.hardware import available_cores
from wyoming_voice_stack.tts.engines.coqui.compat import importing
from wyoming_voice_stack.tts.engines.torch_device import device_of, place
from wyoming_voice_stack.tts.engines.xtts.decoding.precision import form_on

if TYPE_CHECKING:
    from wyoming_voice_stack.tts.engines.xtts.decoding.scheduler import Scheduler

_FILES = ("config.json", "model.pth", "vocab.json")


def load_model(folder: Path, device: str, threads: int | None = None) -> Any:
    """Coqui-tts's `Xtts` on `device`, ready to speak.

    Raises:
        ModelNotFound: a file is missing.
        ModelCorrupt: a file is damaged, or not of this architecture.
        EngineError: coqui-tts is not installed, or the device does not work.
    """
    missing = [name for name in _FILES if not (folder / name).is_file()]
    if missing:
        raise ModelNotFound(
            f"No XTTS model is in {folder}: {', '.join(missing)} missing. Fetch the model"
            " again, or name the folder that holds it."
        )
    with importing():
        import torch
        from TTS.tts.configs.xtts_config import XttsConfig
        from TTS.tts.models.xtts import Xtts

    # torch counts the machine's cores, of which a container may have few.
    torch.set_num_threads(threads or min(torch.get_num_threads(), available_cores()))
    try:
        config = XttsConfig()
        config.load_json(str(folder / "config.json"))
        model = Xtts(config)
        model.load_checkpoint(config, checkpoint_dir=str(folder), eval=True)
    except Exception as error:
        # coqui-tts rewrites a checkpoint of the first form in place when it first reads it.
        raise ModelCorrupt(
            f"The XTTS model in {folder} cannot be read ({type(error).__name__}: {error}). Delete"
            " the folder and fetch the model again; if it is a checkpoint of 2023, let the folder"
            " be writable for once."
        ) from error
    # cuDNN's attention prepares itself for each length, for 50 ms: longer than a token sounds.
    torch.backends.cuda.enable_cudnn_sdp(False)
    # With less exact products, a window of sound is not what the whole sentence would be there.
    torch.backends.cudnn.allow_tf32 = False
    return place(model, device)


def start_scheduler(model: Any, precision: str, *, rows: int) -> Scheduler:
    """The thread that speaks with `model`, whose transformer it takes away from it.

    Raises:
        EngineError: the device cannot compute with this precision.
    """
    import torch

    from wyoming_voice_stack.tts.engines.xtts.decoding.cuda_graphs import recorder_on
    from wyoming_voice_stack.tts.engines.xtts.decoding.decoder import Decoder
    from wyoming_voice_stack.tts.engines.xtts.decoding.sampling import Sampler, SamplingOptions
    from wyoming_voice_stack.tts.engines.xtts.decoding.scheduler import Scheduler
    from wyoming_voice_stack.tts.engines.xtts.torch_threads import Cores
    from wyoming_voice_stack.tts.engines.xtts.vocoding.vocoder import Vocoder

    gpt, config = model.gpt, model.config
    form = form_on(device_of(model), precision)
    device = gpt.mel_head.weight.device
    try:
        decoder = Decoder(gpt, form, max_rows=rows, record=recorder_on(device))
    except (AttributeError, RuntimeError) as error:
        raise EngineError(
            f"XTTS cannot be loaded as {form} on {device_of(model)} ({error}). Set TTS_PRECISION to"
            " auto or float32."
        ) from error
    # coqui-tts's own way of speaking needs them; their weights are there in another form now.
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
    return Scheduler(
        decoder,
        sampler,
        Vocoder(model.hifigan_decoder),
        rows=rows,
        stop_token=gpt.stop_audio_token,
        most_tokens=gpt.max_gen_mel_tokens,
        sample_rate=int(config.audio.output_sample_rate),
        cores=Cores(torch.get_num_threads()),
        beside=device_of(model) == "cpu" and torch.get_num_threads() > 1,
    )
