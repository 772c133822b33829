"""Continuous batching: one thread decodes all sentences, each step adds one token to every one of them.

Sentences join and leave the batch between two steps. Importing this imports torch.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from wyoming_voice_stack.errors import VoiceStackError
from wyoming_voice_stack.machine.checked_executor import start_thread
from wyoming_voice_stack.tts.audio.samples import as_samples
from wyoming_voice_stack.tts.engines.xtts.audio_queue import AudioQueue
from wyoming_voice_stack.tts.engines.xtts.decoding.decoder import Decoder
from wyoming_voice_stack.tts.engines.xtts.decoding.sampling import INVALID_TOKEN, Sampler
from wyoming_voice_stack.tts.engines.xtts.decoding_errors import (
    decoding_failed,
    engine_unloaded,
    invalid_scores,
)
from wyoming_voice_stack.tts.engines.xtts.decoding_stream import DecodingRequest, DecodingStream
from wyoming_voice_stack.tts.engines.xtts.torch_threads import ThreadBudget
from wyoming_voice_stack.tts.engines.xtts.vocoding.vocoder import Vocoder
from wyoming_voice_stack.tts.engines.xtts.vocoding.vocoder_thread import VocoderThread

RESERVE_SECONDS = 2.0
"""Streams with more buffered audio than this wait while another stream has none yet."""


@dataclass(frozen=True)
class BatchOptions:
    """Limits of the batch, and how audio is produced."""

    rows: int
    """Rows of the decoder; further streams wait for a free one."""
    stop_token: int
    """The audio token that ends a stream."""
    max_tokens: int
    """Audio tokens after which a stream is truncated."""
    sample_rate: int
    """Rate of the vocoder's output in Hz."""
    separate_vocoder: bool
    """Produce the audio in the thread `xtts-vocoder`, in parallel with decoding, except for the first chunk of a
    reply, during which all other streams wait."""


class BatchScheduler:
    """Owns the thread `xtts-decoder`, which `close` stops."""

    def __init__(
        self,
        decoder: Decoder,
        sampler: Sampler,
        vocoder: Vocoder,
        options: BatchOptions,
        thread_budget: ThreadBudget,
    ) -> None:
        self._decoder = decoder
        self._sampler = sampler
        self._vocoder = vocoder
        self._options = options
        self._thread_budget = thread_budget
        self._changed = threading.Condition()
        self._vocoder_thread = (
            VocoderThread(self._changed, thread_budget) if options.separate_vocoder else None
        )
        self._streams: list[DecodingStream] = []
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="xtts-decoder", daemon=True)
        start_thread(self._thread)

    def submit(self, request: DecodingRequest) -> DecodingStream:
        """Start a request; its audio arrives in the stream's queue. Thread-safe.

        Raises:
            EngineError: the engine is closed.
        """
        with self._changed:
            if self._closed:
                raise engine_unloaded()
            stream = DecodingStream(request, AudioQueue(self._changed, self._options.sample_rate))
            self._streams.append(stream)
            self._changed.notify_all()
            return stream

    def close(self) -> None:
        """Stop after the current step; unfinished streams end with an error."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()
        if self._vocoder_thread is not None:
            self._vocoder_thread.close()

    def _run(self) -> None:
        try:
            with torch.inference_mode():
                while self._wait():
                    for stream in [each for each in self._streams if each.audio.closed]:
                        self._finish(stream)
                    if selected := self._select():
                        with self._thread_budget.share():
                            self._step(selected)
        finally:
            with self._changed:
                self._closed = True
            for stream in list(self._streams):
                self._finish(stream, engine_unloaded())

    def _wait(self) -> bool:
        """Wait until a stream needs attention; False once the scheduler is closed."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed
                or any(stream.audio.closed for stream in self._streams)
                or self._runnable()
            )
            return not self._closed

    def _runnable(self) -> list[DecodingStream]:
        """Streams that have a row or can get one, and whose queue is not full."""
        with self._changed:
            free = self._options.rows - sum(stream.row is not None for stream in self._streams)
            waiting = [stream for stream in self._streams if stream.row is None][:free]
            return [
                stream
                for stream in self._streams
                if (stream.row is not None or stream in waiting) and not stream.audio.full
            ]

    def _select(self) -> list[DecodingStream]:
        """Streams without audio yet, as long as all others have a reserve; otherwise all."""
        runnable = self._runnable()
        buffered = {id(stream): stream.buffered_s for stream in runnable}
        silent = [stream for stream in runnable if buffered[id(stream)] == -math.inf]
        others = [buffered[id(stream)] for stream in runnable if buffered[id(stream)] > -math.inf]
        return silent if silent and all(s > RESERVE_SECONDS for s in others) else runnable

    def _step(self, streams: Sequence[DecodingStream]) -> None:
        """Decode one more token for each stream."""
        running = [stream for stream in streams if stream.row is not None]
        running.sort(key=lambda stream: stream.row or 0)
        started = {
            stream: latent
            for stream in streams
            if stream.row is None and (latent := self._start(stream)) is not None
        }
        batch = [*running, *started]
        if not batch:
            return
        try:
            latents = torch.cat([*self._decode(running), *started.values()])
            rows = [stream.row for stream in batch if stream.row is not None]
            tokens = self._sampler.draw(rows, self._decoder.logits(latents))
        except Exception as error:  # noqa: BLE001 - a step fails for the whole batch
            for stream in batch:
                self._finish(stream, decoding_failed(error))
            return
        results = zip(batch, tokens, latents, strict=True)
        for stream, token, latent in sorted(results, key=lambda each: each[0].buffered_s):
            self._accept(stream, token, latent)

    def _start(self, stream: DecodingStream) -> Tensor | None:
        request = stream.request
        try:
            stream.vocoder_stream = self._vocoder.start_stream(
                request.conditioning.speaker_embedding, request.speed
            )
            stream.row, latent = self._decoder.begin(
                request.conditioning.gpt_cond_latent, request.text_tokens
            )
        except Exception as error:  # noqa: BLE001 - fails for this stream only
            self._finish(stream, decoding_failed(error))
            return None
        self._sampler.begin(stream.row)
        return latent

    def _decode(self, running: Sequence[DecodingStream]) -> list[Tensor]:
        if not running:
            return []
        rows = [stream.row for stream in running if stream.row is not None]
        tokens = [stream.last_token for stream in running]
        return [self._decoder.step(rows, tokens, [stream.token_count for stream in running])]

    def _accept(self, stream: DecodingStream, token: int, latent: Tensor) -> None:
        """Add the token to its stream, produce audio that is due, and finish after the last token."""
        if token == INVALID_TOKEN:
            self._finish(stream, invalid_scores())
            return
        ended = token == self._options.stop_token
        try:
            stream.add(token, latent)
            if ended or stream.token_count >= self._options.max_tokens:
                stream.truncated, stream.finished = not ended, True
            self._produce_audio(stream)
        except VoiceStackError as error:
            self._finish(stream, error)
        except Exception as error:  # noqa: BLE001 - fails for this stream only
            self._finish(stream, decoding_failed(error))
        else:
            if stream.finished:
                self._finish(stream)

    def _produce_audio(self, stream: DecodingStream) -> None:
        """Produce the audio that is due, or notify the vocoder's thread."""
        if self._vocoder_thread is not None and stream.buffered_s > -math.inf:
            if not stream.handed_over:
                self._vocoder_thread.add(stream)
                stream.handed_over = True
            elif stream.due:
                with self._changed:
                    self._changed.notify_all()
            return
        while stream.due:
            samples = stream.pull()
            if samples is not None:
                stream.audio.put(as_samples(samples.cpu().numpy()))
            elif not stream.finished:
                break

    def _finish(self, stream: DecodingStream, error: VoiceStackError | None = None) -> None:
        row, stream.row = stream.row, None
        with self._changed:
            if stream in self._streams:
                self._streams.remove(stream)
        # The client must get the end even if freeing the cache fails. A stream that was handed over ends
        # once the vocoder's thread has produced its audio.
        if error is not None or not (stream.handed_over and stream.finished):
            stream.audio.end(error)
        if row is not None:
            self._decoder.cache.free(row)
