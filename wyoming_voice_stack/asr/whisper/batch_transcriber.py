"""From spans of speech to texts: batches, decoding passes, names, and times of words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from wyoming_voice_stack.asr.engine import Speech, TimedWord, Transcription
from wyoming_voice_stack.asr.text.joining import join_texts
from wyoming_voice_stack.asr.text.name_correction import likely_names, with_names
from wyoming_voice_stack.asr.whisper.decoding.decode_passes import (
    CAREFUL,
    DecodePass,
    refine,
)
from wyoming_voice_stack.asr.whisper.decoding.full_window import decode_full_window
from wyoming_voice_stack.asr.whisper.decoding.halving import decode_in_halves, repeats_speech
from wyoming_voice_stack.asr.whisper.decoding.hints import compose_hints, with_only_names
from wyoming_voice_stack.asr.whisper.decoding.hypothesis_filter import (
    accepted_texts,
    confidence_of,
)
from wyoming_voice_stack.asr.whisper.decoding.window import (
    Encoded,
    Hypothesis,
    decode,
    detect_languages,
    encode,
    new_tokenizer,
    window_seconds,
)
from wyoming_voice_stack.asr.whisper.placement import Placement
from wyoming_voice_stack.asr.whisper.word_alignment import timed_words
from wyoming_voice_stack.engine.job_handle import Wanted, require_wanted
from wyoming_voice_stack.errors import UnknownLanguage


@dataclass(frozen=True)
class _DecodedSpan:
    """A span of speech, and what Whisper made of it."""

    number: int
    speech: Speech
    language: str
    hypotheses: list[Hypothesis]

    @property
    def text(self) -> str:
        return join_texts(accepted_texts(self.hypotheses), self.language)

    def transcription(self, text: str, words: tuple[TimedWord, ...] = ()) -> Transcription:
        request = self.speech.request
        language = "en" if request.task == "translate" else self.language
        return Transcription(
            text,
            language if text else request.language,
            words=words,
            confidence=confidence_of(self.hypotheses),
        )


@dataclass(frozen=True)
class BatchTranscriber:
    """Transcribes spans of speech in batches of equal windows. Any thread may use it."""

    model: Any
    """A `faster_whisper.WhisperModel`."""
    languages: tuple[str, ...]
    """Whisper's codes of the languages that the model supports."""
    beam_size: int
    placement: Placement

    def transcribe(
        self, speeches: Sequence[Speech], wanted: Wanted
    ) -> Iterator[tuple[int, Transcription]]:
        """Return each text with the number of its span, as soon as it is there.

        Raises:
            UnknownLanguage: the model supports neither the language nor any of the candidates.
            Abandoned: `wanted` returned False.
        """
        for numbers in self._batches(speeches):
            batch = {number: speeches[number] for number in numbers}
            yield from self._transcribe_batch(batch, wanted)

    def _batches(self, speeches: Sequence[Speech]) -> list[list[int]]:
        """Group numbers by what a batch must share: window length, hints and decode passes."""

        def batch_key(number: int) -> tuple[int, str, bool, str]:
            speech = speeches[number]
            hints = compose_hints(speech.request, self.model.hf_tokenizer) or ""
            seconds = self._window_seconds(speech, self._first_pass(speech))
            passes = self.placement.passes.group(self._known_language(speech))
            return seconds, hints, speech.request.partial, passes

        ordered = sorted(range(len(speeches)), key=batch_key)
        return [list(numbers) for _, numbers in groupby(ordered, key=batch_key)]

    def _passes(self, speech: Speech) -> tuple[DecodePass, ...]:
        return self.placement.passes.for_language(self._known_language(speech))

    def _known_language(self, speech: Speech) -> str | None:
        candidates = self._candidates(speech)
        return candidates[0] if len(candidates) == 1 else None

    def _first_pass(self, speech: Speech) -> DecodePass:
        if speech.request.partial:
            return self.placement.passes.for_partial_text(self._known_language(speech))
        return self._passes(speech)[0]

    def _window_seconds(self, speech: Speech, decode_pass: DecodePass) -> int:
        return window_seconds(speech.samples, self.placement.window_step_s, decode_pass.context_s)

    def _transcribe_batch(
        self, batch: dict[int, Speech], wanted: Wanted
    ) -> Iterator[tuple[int, Transcription]]:
        """Texts that need no further pass come first."""
        speeches = list(batch.values())
        first = self._first_pass(speeches[0])
        candidates = [self._candidates(speech) for speech in speeches]
        require_wanted(wanted)
        encoded = self._encode(speeches, first)
        languages = self._detect_languages(encoded, candidates)
        require_wanted(wanted)
        found = self._decode(encoded, speeches, languages, first)
        spans = [
            _DecodedSpan(number, speech, language, [hypothesis])
            for (number, speech), language, hypothesis in zip(
                batch.items(), languages, found, strict=True
            )
        ]
        unsure = [span for span in spans if not _is_settled(span, first)]
        yield from self._finish([span for span in spans if span not in unsure], wanted)
        if unsure:
            refined = self._refine(unsure, encoded, [spans.index(one) for one in unsure], wanted)
            looped = [span for span in refined if span.hypotheses[0].unreliable]
            yield from self._finish([span for span in refined if span not in looped], wanted)
            for span in looped:
                yield from self._finish([self._decode_safely(span, wanted)], wanted)

    def _finish(
        self, spans: Sequence[_DecodedSpan], wanted: Wanted
    ) -> Iterator[tuple[int, Transcription]]:
        """Correct names and find the times of words; texts without either come first."""
        later: list[tuple[_DecodedSpan, str, tuple[str, ...]]] = []
        for span in spans:
            text = span.text
            names = likely_names(text, span.speech.request.known_names)
            if names or (text and span.speech.request.word_times):
                later.append((span, text, names))
            else:
                yield span.number, span.transcription(text)
        for span, text, names in later:
            spelled = text
            if names:
                require_wanted(wanted)
                spelled = with_names(text, self._with_hints(names, span) or text, names)
            timed = spelled and span.speech.request.word_times
            words = self._timed_words(spelled, span, wanted) if timed else ()
            yield span.number, span.transcription(spelled, words)

    def _encode(self, speeches: Sequence[Speech], decode_pass: DecodePass) -> Encoded:
        seconds = self._window_seconds(speeches[0], decode_pass)
        return encode(self.model, [speech.samples for speech in speeches], seconds)

    def _candidates(self, speech: Speech) -> tuple[str, ...]:
        request = speech.request
        requested = (request.language,) if request.language else request.candidate_languages
        known = tuple(code for code in requested if code in self.languages)
        if requested and not known:
            raise UnknownLanguage(
                f"The Whisper model does not support language {', '.join(requested)!r:.80};"
                " request another language or load a multilingual model."
            )
        return known or self.languages

    def _detect_languages(
        self, encoded: Encoded, candidates: Sequence[tuple[str, ...]]
    ) -> list[str]:
        if all(len(codes) == 1 for codes in candidates):
            return [codes[0] for codes in candidates]
        return detect_languages(self.model, encoded, candidates)

    def _decode(
        self,
        encoded: Encoded,
        speeches: Sequence[Speech],
        languages: Sequence[str],
        decode_pass: DecodePass,
    ) -> list[Hypothesis]:
        tokenizers = [
            new_tokenizer(self.model, language, speech.request.task)
            for speech, language in zip(speeches, languages, strict=True)
        ]
        hints = compose_hints(speeches[0].request, self.model.hf_tokenizer)
        prompts = [
            self.model.get_prompt(tokenizer, [], without_timestamps=False, hotwords=hints)
            for tokenizer in tokenizers
        ]
        beams = decode_pass.beams or self.beam_size
        return decode(self.model, encoded, prompts, tokenizers[0], beams)

    def _with_hints(self, names: tuple[str, ...], span: _DecodedSpan) -> str:
        """Decode again with a few names in the prompt; empty for partial text."""
        if span.speech.request.partial:
            return ""
        encoded = self._encode([span.speech], CAREFUL)
        hinted = with_only_names(names, span.speech)
        [second] = self._decode(encoded, [hinted], [span.language], CAREFUL)
        return join_texts(accepted_texts([second]), span.language)

    def _timed_words(self, text: str, span: _DecodedSpan, wanted: Wanted) -> tuple[TimedWord, ...]:
        require_wanted(wanted)
        encoded = self._encode([span.speech], CAREFUL)
        tokenizer = new_tokenizer(self.model, span.language, span.speech.request.task)
        return timed_words(self.model, encoded, span.speech.samples, text, tokenizer)

    def _refine(
        self,
        spans: Sequence[_DecodedSpan],
        first: Encoded,
        windows: Sequence[int],
        wanted: Wanted,
    ) -> list[_DecodedSpan]:
        """Replace hypotheses that are not sure by those of further passes.

        `windows` are the numbers of the spans' windows in `first`, the encoder output of the first pass.
        """
        passes = [one.with_beams(self.beam_size) for one in self._passes(spans[0].speech)]

        def window(index: int, decode_pass: DecodePass) -> int:
            return self._window_seconds(spans[index].speech, decode_pass)

        def decode_some(indices: Sequence[int], decode_pass: DecodePass) -> list[Hypothesis]:
            require_wanted(wanted)
            speeches = [spans[index].speech for index in indices]
            languages = [spans[index].language for index in indices]
            if decode_pass.context_s == passes[0].context_s:
                encoded = first.some([windows[index] for index in indices])
            else:
                encoded = self._encode(speeches, decode_pass)
            return self._decode(encoded, speeches, languages, decode_pass)

        found = [span.hypotheses[0] for span in spans]
        refine(found, passes, window, decode_some)
        return [
            _DecodedSpan(span.number, span.speech, span.language, [hypothesis])
            for span, hypothesis in zip(spans, found, strict=True)
        ]

    def _decode_safely(self, span: _DecodedSpan, wanted: Wanted) -> _DecodedSpan:
        """Decode the full window; if that text repeats itself, the speech is decoded in parts."""
        require_wanted(wanted)
        speech, language = span.speech, span.language
        found = decode_full_window(self.model, speech, language, self.beam_size)
        if repeats_speech(found):

            def decode_one(part: Speech) -> Hypothesis:
                require_wanted(wanted)
                [one] = self._decode(self._encode([part], CAREFUL), [part], [language], CAREFUL)
                return one

            found = decode_in_halves(speech, decode_one)
        return _DecodedSpan(span.number, speech, language, found)


def _is_settled(span: _DecodedSpan, first: DecodePass) -> bool:
    """Return whether the text of the first pass is used."""
    [hypothesis] = span.hypotheses
    sure = first.is_sure(hypothesis) and not hypothesis.unreliable
    return sure or span.speech.request.partial
