"""The files of a Kokoro model: the ONNX file and the folder of voices."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wyoming_voice_stack.errors import ModelNotFound
from wyoming_voice_stack.models.hub_model import HubModel
from wyoming_voice_stack.models.lfs_pointer import refuse_lfs_pointers
from wyoming_voice_stack.tts.engines.kokoro.voices import PUBLISHED_VOICES, VoiceFolder

HUB_FOLDER = "onnx"
HUB_FILE = f"{HUB_FOLDER}/model_quantized.onnx"
MODEL_SUFFIX = ".onnx"
KOKORO_HUB = HubModel(
    "onnx-community/Kokoro-82M-v1.0-ONNX",
    include=(HUB_FILE, "voices/*.bin"),
    required=(HUB_FILE, *(f"voices/{name}.bin" for name in PUBLISHED_VOICES)),
)
"""The 8-bit export and its voices: 121 MB."""
VOICES = "voices"
_PREFERRED = (
    HUB_FILE,
    "onnx/model.onnx",
    "model_quantized.onnx",
    "model.onnx",
)
"""Of several models in a folder, the first of these is used."""


@dataclass(frozen=True)
class KokoroFiles:
    """Where a Kokoro model and its voices are."""

    model: Path
    voices: VoiceFolder

    @classmethod
    def in_folder(cls, folder: Path) -> KokoroFiles:
        """Find the files in a folder: an ONNX file, and `*.bin` files in `voices/` or beside it.

        The path of the ONNX file stands for its folder.

        Raises:
            ModelNotFound: there is no model, there are several, or there are no voices.
            ModelCorrupt: a file is a Git LFS pointer, or a voice does not have the right size.
        """
        model = _model_in(folder)
        place = _voices_in(folder)
        voices = VoiceFolder(place)
        if not voices.names:
            raise ModelNotFound(
                f"{place} contains no voices of Kokoro, such as af_heart.bin. Copy them from"
                f" {KOKORO_HUB.repo_id}."
            )
        refuse_lfs_pointers(model)
        refuse_lfs_pointers(place)
        voices.check()
        return cls(model, voices)


def voice_names(folder: Path) -> tuple[str, ...]:
    """The voices in a model's folder, whose files are not checked."""
    return VoiceFolder(_voices_in(folder)).names


def _voices_in(folder: Path) -> Path:
    if folder.is_file():
        beside = folder.parent
        # The hub has the models in a folder beside the voices.
        folder = beside.parent if beside.name == HUB_FOLDER else beside
    return folder / VOICES if (folder / VOICES).is_dir() else folder


def _model_in(folder: Path) -> Path:
    if folder.is_file() and folder.suffix == MODEL_SUFFIX:
        return folder
    if not folder.is_dir():
        raise ModelNotFound(
            f"{folder} is not a folder. Set TTS_MODEL to kokoro:FOLDER, a folder with model.onnx and"
            " the folder voices."
        )
    for name in _PREFERRED:
        if (folder / name).is_file():
            return folder / name
    found = sorted(
        [
            path
            for place in ("", f"{HUB_FOLDER}/")
            for path in folder.glob(f"{place}*{MODEL_SUFFIX}")
        ]
    )
    if len(found) == 1:
        return found[0]
    names = ", ".join(str(path.relative_to(folder)) for path in found[:8])
    raise ModelNotFound(
        f"{folder} contains several models ({names}). Set TTS_MODEL to the path of one, such as"
        f" kokoro:{found[0]}."
        if found
        else f"{folder} contains no model of Kokoro. Copy {HUB_FILE} of {KOKORO_HUB.repo_id} to it."
    )
