"""One thread that reads all sentences at once: a step makes one token more of each.

Sentences join and leave between two steps. Importing this imports torch.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence

import torch
from torch import Tensor

from wyoming_voice_stack.errors import VoiceStackError
from wyoming_voice_stack.tts.audio.samples import as_samples
from wyoming_voice_stack.tts.engines.xtts.decoding.decoder import Decoder
from wyoming_voice_stack.tts.engines.xtts.decoding.sampling import NO_NUMBER, Sampler
from wyoming_voice_stack.tts.engines.xtts.decoding_stream import (
    DecodingRequest,
    DecodingStream,
)
from wyoming_voice_stack.tts.engines.xtts.failures import failed, no_number, unloaded
from wyoming_voice_stack.tts.engines.xtts.outbox import Outbox
from wyoming_voice_stack.tts.engines.xtts.torch_threads import Cores
from wyoming_voice_stack.tts.engines.xtts.vocoding.vocoder import Vocoder
from wyoming_voice_stack.tts.engines.xtts.vocoding.vocoder_thread import VocoderThread

RESERVE_SECONDS = 2.0
"""Who has more sound in hand than this waits while somebody has heard nothing yet."""


class Scheduler:
    """Owns the thread `xtts-decoder`. `close` ends it.

    A line ends after `stop_token` or `most_tokens` audio tokens. Lines beyond the decoder's
    `rows` wait until one is free. If `beside` is true, another thread makes the sound while this one
    goes on; but for a reply's first piece, for which everybody waits.
    """

    def __init__(
        self,
        decoder: Decoder,
        sampler: Sampler,
        vocoder: Vocoder,
        *,
        rows: int,
        stop_token: int,
        most_tokens: int,
        sample_rate: int,
        cores: Cores,
        beside: bool,
    ) -> None:
        self._decoder = decoder
        self._sampler = sampler
        self._vocoder = vocoder
        self._rows = rows
        self._stop_token = stop_token
        self._most_tokens = most_tokens
        self._sample_rate = sample_rate
        self._cores = cores
        self._changed = threading.Condition()
        self._vocoding = VocoderThread(self._changed, cores) if beside else None
        self._streams: list[DecodingStream] = []
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="xtts-decoder", daemon=True)
        self._thread.start()

    def add(self, line: DecodingRequest) -> DecodingStream:
        """Begin to speak a line; its sound comes to the stream's outbox. From any thread.

        Raises:
            EngineError: the engine is closed.
        """
        with self._changed:
            if self._closed:
                raise unloaded()
            stream = DecodingStream(line, Outbox(self._changed, self._sample_rate))
            self._streams.append(stream)
            self._changed.notify_all()
            return stream

    def close(self) -> None:
        """Stop after the step that is under way; lines that are not finished end with an error."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()
        if self._vocoding is not None:
            self._vocoding.close()

    def _run(self) -> None:
        try:
            with torch.inference_mode():
                while self._wait():
                    for stream in [one for one in self._streams if one.outbox.left]:
                        self._end(stream)
                    if chosen := self._choose():
                        with self._cores.taken():
                            self._advance(chosen)
        finally:
            with self._changed:
                self._closed = True
            for stream in list(self._streams):
                self._end(stream, unloaded())

    def _wait(self) -> bool:
        """Wait until there is something to do; False once there never will be."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed
                or any(stream.outbox.left for stream in self._streams)
                or self._able()
            )
            return not self._closed

    def _able(self) -> list[DecodingStream]:
        """Those that can go on: there is a row for them, and somebody takes their sound."""
        with self._changed:
            free = self._rows - sum(stream.row is not None for stream in self._streams)
            waiting = [stream for stream in self._streams if stream.row is None][:free]
            return [
                stream
                for stream in self._streams
                if (stream.row is not None or stream in waiting) and not stream.outbox.full
            ]

    def _choose(self) -> list[DecodingStream]:
        """Those that have heard nothing yet, as long as all others can wait; else all."""
        able = self._able()
        in_hand = {id(stream): stream.in_hand_s for stream in able}
        silent = [stream for stream in able if in_hand[id(stream)] == -math.inf]
        others = [in_hand[id(stream)] for stream in able if in_hand[id(stream)] > -math.inf]
        return silent if silent and all(s > RESERVE_SECONDS for s in others) else able

    def _advance(self, streams: Sequence[DecodingStream]) -> None:
        """One token more for each stream."""
        going = [stream for stream in streams if stream.row is not None]
        going.sort(key=lambda stream: stream.row or 0)
        begun = {
            stream: latent
            for stream in streams
            if stream.row is None and (latent := self._begin(stream)) is not None
        }
        together = [*going, *begun]
        if not together:
            return
        try:
            latents = torch.cat([*self._step(going), *begun.values()])
            rows = [stream.row for stream in together if stream.row is not None]
            tokens = self._sampler.draw(rows, self._decoder.logits(latents))
        except Exception as error:  # noqa: BLE001 - a step is everybody's
            for stream in together:
                self._end(stream, failed(error))
            return
        taken = zip(together, tokens, latents, strict=True)
        for stream, token, latent in sorted(taken, key=lambda each: each[0].in_hand_s):
            self._take(stream, token, latent)

    def _begin(self, stream: DecodingStream) -> Tensor | None:
        line = stream.line
        try:
            stream.sound = self._vocoder.speak(line.likeness.speaker_embedding, line.speed)
            stream.row, latent = self._decoder.begin(
                line.likeness.gpt_cond_latent, line.text_tokens
            )
        except Exception as error:  # noqa: BLE001 - it is this stream's alone
            self._end(stream, failed(error))
            return None
        self._sampler.begin(stream.row)
        return latent

    def _step(self, going: Sequence[DecodingStream]) -> list[Tensor]:
        if not going:
            return []
        rows = [stream.row for stream in going if stream.row is not None]
        tokens = [stream.token for stream in going]
        return [self._decoder.step(rows, tokens, [stream.tokens for stream in going])]

    def _take(self, stream: DecodingStream, token: int, latent: Tensor) -> None:
        """Give a stream its token, see to the sound that is due, and end it after its last token."""
        if token == NO_NUMBER:
            self._end(stream, no_number())
            return
        ended = token == self._stop_token
        try:
            stream.add(token, latent)
            if ended or stream.tokens >= self._most_tokens:
                stream.cut, stream.finished = not ended, True
            self._sound(stream)
        except VoiceStackError as error:
            self._end(stream, error)
        except Exception as error:  # noqa: BLE001 - it is this stream's alone
            self._end(stream, failed(error))
        else:
            if stream.finished:
                self._end(stream)

    def _sound(self, stream: DecodingStream) -> None:
        """Make the sound that is due, or tell the other thread of it."""
        if self._vocoding is not None and stream.in_hand_s > -math.inf:
            if not stream.handed_over:
                self._vocoding.add(stream)
                stream.handed_over = True
            elif stream.due:
                with self._changed:
                    self._changed.notify_all()
            return
        while stream.due:
            samples = stream.pull()
            if samples is not None:
                stream.outbox.put(as_samples(samples.cpu().numpy()))
            elif not stream.finished:
                break

    def _end(self, stream: DecodingStream, error: VoiceStackError | None = None) -> None:
        row, stream.row = stream.row, None
        with self._changed:
            if stream in self._streams:
                self._streams.remove(stream)
        # Whoever waits is told first, whatever becomes of the cache. What was handed over has no end before
        # its sound is made.
        if error is not None or not (stream.handed_over and stream.finished):
            stream.outbox.end(error)
        if row is not None:
            self._decoder.cache.close(row)
