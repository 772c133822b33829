"""The thread that runs the vocoder in parallel with the decoder's steps. Importing this imports torch."""

from __future__ import annotations

import threading

import torch

from wyoming_voice_stack.machine.checked_executor import start_thread
from wyoming_voice_stack.tts.audio.samples import as_samples
from wyoming_voice_stack.tts.engines.xtts.decoding_errors import decoding_failed, engine_unloaded
from wyoming_voice_stack.tts.engines.xtts.decoding_stream import DecodingStream
from wyoming_voice_stack.tts.engines.xtts.torch_threads import ThreadBudget


class VocoderThread:
    """Owns the thread `xtts-vocoder`, which `close` stops.

    Of the streams whose audio is due, the one with the least buffered audio gets the next window. The
    thread does not wait for full windows: when it falls behind, more latents are ready at the next turn
    and windows grow. `changed` is notified of everything that happens to a stream.
    """

    def __init__(self, changed: threading.Condition, thread_budget: ThreadBudget) -> None:
        self._changed = changed
        self._thread_budget = thread_budget
        self._streams: list[DecodingStream] = []
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="xtts-vocoder", daemon=True)
        start_thread(self._thread)

    def add(self, stream: DecodingStream) -> None:
        """Take over a stream: its windows, and ending its queue.

        Raises:
            EngineError: the thread has stopped.
        """
        with self._changed:
            if self._closed:
                raise engine_unloaded()
            self._streams.append(stream)
            self._changed.notify_all()

    def close(self) -> None:
        """Stop after the current window; unfinished streams end with an error."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        try:
            with torch.inference_mode():
                while (stream := self._next()) is not None:
                    with self._thread_budget.share():
                        self._decode(stream)
                    # The variable would keep the stream and its voice until the next one is due.
                    del stream
        finally:
            with self._changed:
                self._closed = True
                for each in self._streams:
                    each.audio.end(engine_unloaded())
                self._streams.clear()

    def _next(self) -> DecodingStream | None:
        """Wait for a stream whose audio is due; None once the thread is closed."""
        with self._changed:
            while not self._closed:
                # Buffered audio shrinks as it plays, so the streams are examined only once.
                if due := self._due():
                    return min(due, key=lambda each: each.buffered_s)
                self._changed.wait()
            return None

    def _due(self) -> list[DecodingStream]:
        self._streams = [stream for stream in self._streams if not stream.audio.done]
        return [stream for stream in self._streams if stream.due and not stream.audio.full]

    def _decode(self, stream: DecodingStream) -> None:
        try:
            samples = stream.pull()
            if samples is not None:
                stream.audio.put(as_samples(samples.cpu().numpy()))
        except Exception as error:  # noqa: BLE001 - fails for this stream only
            stream.audio.end(decoding_failed(error))
            # Lets the decoder's thread drop the stream.
            stream.audio.close()
        else:
            if stream.complete:
                stream.audio.end()
