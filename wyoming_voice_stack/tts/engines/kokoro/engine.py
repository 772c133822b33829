"""The Kokoro engine: 41 voices in seven languages, faster than real time on two cores."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator
from dataclasses import KW_ONLY, dataclass
from functools import lru_cache, partial
from pathlib import Path

from wyoming_voice_stack.errors import UnknownVoice
from wyoming_voice_stack.machine.hardware import available_cores
from wyoming_voice_stack.machine.memory import trim_heap
from wyoming_voice_stack.tts.audio.samples import as_samples
from wyoming_voice_stack.tts.engine import EngineCard, Samples, SynthesisRequest, Voice
from wyoming_voice_stack.tts.engines.failures import synthesis_errors
from wyoming_voice_stack.tts.engines.kokoro.calibrated_voices import (
    CalibratedVoices,
    calibration_cache,
)
from wyoming_voice_stack.tts.engines.kokoro.calibration_texts import calibration_texts
from wyoming_voice_stack.tts.engines.kokoro.files import KokoroFiles, voice_names
from wyoming_voice_stack.tts.engines.kokoro.generator.streamed_sentence import (
    SAMPLE_RATE,
    MeasuredSentence,
    StreamedSentence,
    beginning,
    with_own_first_stage,
)
from wyoming_voice_stack.tts.engines.kokoro.loading import (
    StreamingKokoro,
    WholeKokoro,
    load_model,
)
from wyoming_voice_stack.tts.engines.kokoro.text.alphabet import divide_tokens
from wyoming_voice_stack.tts.engines.kokoro.text.phonemes import tokens
from wyoming_voice_stack.tts.engines.kokoro.text_half import SentenceTokens
from wyoming_voice_stack.tts.engines.kokoro.voice_calibration import (
    LevelledSentence,
    VoiceCalibration,
    gain_of,
)
from wyoming_voice_stack.tts.engines.kokoro.voices import (
    MAX_VOICES,
    PUBLISHED_VOICES,
    STYLES,
    VoiceFolder,
    kokoro_card,
)
from wyoming_voice_stack.tts.engines.model_files import ModelFiles
from wyoming_voice_stack.tts.engines.request_checks import nothing_to_speak, require_language
from wyoming_voice_stack.tts.engines.vits.sentence_decoding import EncodedSentence, decode_in_chunks
from wyoming_voice_stack.tts.engines.vits.windows import Window
from wyoming_voice_stack.tts.scheduling.fair_scheduler import FairScheduler
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer

MAX_CHARACTERS = 250
"""Longer sentences are spoken hurriedly; about as many tokens, of which the model takes 510."""
LANES = 8
"""Sentences in progress at a time. Each holds what its text half computed, up to 10 MB."""
MAX_WHOLE_FRAMES = 104
"""Frames of sentences that are computed at once, with their own statistics: 1.3 seconds. The statistics of
short ones differ most from those of others, and there is little to wait for."""
MAX_OWN_FIRST_STAGE_FRAMES = 320
"""Frames of sentences whose first stage, a third of the work, is computed at once: four seconds. Its
statistics matter most, and the shorter a sentence, the more they differ from those of others."""
MAX_MEASURED_FRAMES = 480
"""Frames of a sentence that are computed at once where the voice has not been measured: six seconds. Those
after them get the statistics of these, which bounds memory and the wait."""
UNHURRIED_S = 3600.0
"""Audio that a measured sentence counts as having buffered, so that every reply comes first."""


@dataclass(frozen=True)
class KokoroSource:
    """A model that is not loaded yet: a folder with an ONNX file and voices.

    `voice` is the one that is measured when the model is loaded, so that its first request need not
    wait; a mixture such as `af_heart+af_bella` becomes one voice more. `threads` limits the threads of
    one synthesis; None allows one for each core. `voices_cache` keeps what was measured of voices.
    """

    files: ModelFiles
    _: KW_ONLY
    voice: str | None = None
    threads: int | None = None
    voices_cache: Path | None = None

    def card(self) -> EngineCard:
        """Facts from the folder's voices, or about those of the hub while it is not on disk."""
        folder = self.files.find()
        return kokoro_card(PUBLISHED_VOICES if folder is None else voice_names(folder), self.voice)

    def max_characters(self, language: str) -> int:
        """The same for every language."""
        del language
        return MAX_CHARACTERS

    def load(self) -> KokoroSynthesizer:
        """Load the model; takes about 2 s, and as long again where its voice has not been measured yet.

        Raises:
            ModelNotFound: there is no model, or it has no voices.
            ModelCorrupt: a file is damaged.
            EngineError: onnxruntime or piper-tts is not installed.
            UnknownVoice: `voice` is not valid.
        """
        files = KokoroFiles.in_folder(self.files.locate())
        card = kokoro_card(files.voices.names, self.voice)
        cores = available_cores()
        model = load_model(files.model, self.threads or cores)
        calibrated = None
        if isinstance(model, StreamingKokoro):
            folder = self.voices_cache
            calibrated = CalibratedVoices(
                None if folder is None else calibration_cache(folder, files.model, model.parts)
            )
        # One core each for many clients, all cores for a single one. One sentence more than there are
        # cores is computed, so that no core is idle while one turn ends and another begins.
        at_once = max(1, min(LANES, cores // self.threads if self.threads else cores + 1))
        scheduler = FairScheduler(at_once, cores, self.threads)
        synthesizer = KokoroSynthesizer(model, files.voices, card, calibrated, scheduler)
        synthesizer.warm_up(self.voice)
        # The model's parts as they were before the sessions had them.
        trim_heap()
        return synthesizer


class KokoroSynthesizer:
    """A loaded Kokoro model, on the CPU; the sentences of all lanes are computed in turns."""

    def __init__(
        self,
        model: StreamingKokoro | WholeKokoro,
        voices: VoiceFolder,
        card: EngineCard,
        calibrated: CalibratedVoices | None,
        scheduler: FairScheduler,
    ) -> None:
        self._model = model
        self._voices = voices
        self._calibrated = calibrated
        self._scheduler = scheduler
        self._voice_key = lru_cache(maxsize=MAX_VOICES)(self._digest)
        self.card = card
        self.device = "cpu"
        self.sample_rate = SAMPLE_RATE
        self.lanes = LANES

    def synthesize(self, request: SynthesisRequest, playback: PlaybackBuffer) -> Generator[Samples]:
        """Yield the sentence in chunks, the first one short.

        Raises:
            EngineError: the model or espeak-ng failed.
            NoAudio: the text contains nothing to speak.
            UnknownLanguage: the voice does not support the language.
            UnknownVoice: there is no such voice.
        """
        voice = self._voice(request)
        language = require_language(voice, request.language)
        with synthesis_errors("Kokoro"):
            ids = tokens(request.text, language)
            if not ids:
                raise nothing_to_speak()
            calibration = self._calibration(voice)
            for part in divide_tokens(ids):
                sentence = self._sentence(voice, part, request.speed)
                encode = partial(self._encode, sentence, calibration)
                for chunk, _ in decode_in_chunks(encode, SAMPLE_RATE, self._scheduler, playback):
                    yield as_samples(chunk)
        if not self._scheduler.callers:
            # A sentence leaves 150 MB of free memory behind, which the next one would use again.
            trim_heap()

    def warm_up(self, name: str | None) -> None:
        """Measure a voice, by default the first, and the speed of the machine."""
        voice = self._voice(SynthesisRequest("", "", voice=name))
        if self._calibrated is not None and self._calibration(voice, later=False) is None:
            self._calibrated.measure(self._voice_key(voice.name), partial(self._measured, voice))
        language = voice.languages[0]
        request = SynthesisRequest(calibration_texts(language)[1], language, voice=voice.name)
        for _ in self.synthesize(request, PlaybackBuffer()):
            pass

    def close(self) -> None:
        """Free the sessions and their weights."""
        if self._calibrated is not None:
            self._calibrated.close()
        del self._model

    def _voice(self, request: SynthesisRequest) -> Voice:
        name = request.voice
        found = [voice for voice in self.card.voices if name in {None, voice.name}]
        if not found or request.clone is not None or request.speaker:
            raise UnknownVoice(
                "Kokoro does not support voice cloning or speakers. Choose one of its voices."
                if found
                else f"Unknown voice {name!r:.80} of Kokoro."
            )
        return found[0]

    def _sentence(self, voice: Voice, ids: tuple[int, ...], speed: float) -> SentenceTokens:
        return SentenceTokens(ids, self._voices.style(voice.name, len(ids)), speed)

    def _encode(
        self, sentence: SentenceTokens, calibration: VoiceCalibration | None, threads: int
    ) -> EncodedSentence:
        if isinstance(self._model, WholeKokoro):
            encoded = self._model.encode(sentence)
            return LevelledSentence(encoded, gain_of([encoded.decode(Window(0, 1))]))
        text = self._model.encode(sentence)
        if calibration is None:
            part = beginning(text, MAX_MEASURED_FRAMES)
            whole = text.frames <= MAX_MEASURED_FRAMES
            measured = MeasuredSentence(self._model.parts, text if whole else part, threads)
            if whole:
                return LevelledSentence(measured, gain_of([measured.samples]))
            streamed = StreamedSentence(self._model.parts, text, measured.statistics)
            return LevelledSentence(streamed, gain_of([measured.samples]))
        if text.frames - text.spoken_from <= MAX_WHOLE_FRAMES:
            measured = MeasuredSentence(self._model.parts, text, threads)
            return LevelledSentence(measured, calibration.gain)
        statistics = calibration.statistics(text.frames)
        streamed = (
            with_own_first_stage(self._model.parts, text, statistics, threads)
            if text.frames <= MAX_OWN_FIRST_STAGE_FRAMES
            else StreamedSentence(self._model.parts, text, statistics)
        )
        return LevelledSentence(streamed, calibration.gain)

    def _calibration(self, voice: Voice, *, later: bool = True) -> VoiceCalibration | None:
        """What is known of a voice. Unless told otherwise, it is measured later if nothing is."""
        if self._calibrated is None:
            return None
        key = self._voice_key(voice.name)
        known = self._calibrated.get(key)
        if known is None and later:
            self._calibrated.measure_later(key, partial(self._measured, voice))
        return known

    def _measured(self, voice: Voice) -> Iterator[MeasuredSentence]:
        """Sentences of a voice, synthesized as a whole while no reply needs the turn."""
        language = voice.languages[0]
        unhurried = PlaybackBuffer()
        unhurried.add(UNHURRIED_S)
        for text in calibration_texts(language):
            sentence = self._sentence(voice, tokens(text, language), speed=1.0)
            if isinstance(self._model, StreamingKokoro):
                with self._scheduler.acquire(unhurried) as turn:
                    encoded = self._model.encode(sentence)
                    measured = MeasuredSentence(self._model.parts, encoded, turn.threads)
                # What a sentence leaves behind is in pieces that the next, longer one cannot use.
                del encoded
                trim_heap()
                yield measured

    def _digest(self, name: str) -> str:
        """Changes with the voice's styles."""
        styles = [self._voices.style(name, count).tobytes() for count in range(1, STYLES + 1)]
        return f"{name[0]} {hashlib.sha256(b''.join(styles)).hexdigest()}"
