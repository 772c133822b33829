"""The thread that makes sound of what the decoder's thread has made of text, beside its steps.

Importing this imports torch.
"""

from __future__ import annotations

import threading

import torch

from wyoming_voice_stack.tts.audio.samples import as_samples
from wyoming_voice_stack.tts.engines.xtts.decoding_stream import DecodingStream
from wyoming_voice_stack.tts.engines.xtts.failures import failed, unloaded
from wyoming_voice_stack.tts.engines.xtts.torch_threads import Cores


class VocoderThread:
    """Owns the thread `xtts-vocoder`. `close` ends it.

    Of the streams whose sound is due, that with least in hand gets the next window. Nobody waits for a
    window to be full: where the thread is late, more is there at its next turn, and windows grow.
    `changed` is told of everything that happens to a stream.
    """

    def __init__(self, changed: threading.Condition, cores: Cores) -> None:
        self._changed = changed
        self._cores = cores
        self._streams: list[DecodingStream] = []
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="xtts-vocoder", daemon=True)
        self._thread.start()

    def add(self, stream: DecodingStream) -> None:
        """Take over a stream: its windows, and the end of its outbox.

        Raises:
            EngineError: the thread has ended.
        """
        with self._changed:
            if self._closed:
                raise unloaded()
            self._streams.append(stream)
            self._changed.notify_all()

    def close(self) -> None:
        """Stop after the window that is under way; streams not finished end with an error."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        try:
            with torch.inference_mode():
                while (stream := self._next()) is not None:
                    with self._cores.taken():
                        self._decode(stream)
                    # Until the next one is chosen this would keep it, and with it its voice.
                    del stream
        finally:
            with self._changed:
                self._closed = True
                for each in self._streams:
                    each.outbox.end(unloaded())
                self._streams.clear()

    def _next(self) -> DecodingStream | None:
        """Wait for a stream whose sound is due; None once there never will be any."""
        with self._changed:
            while not self._closed:
                # What is in hand changes by itself, so the streams are looked at once.
                if due := self._due():
                    return min(due, key=lambda each: each.in_hand_s)
                self._changed.wait()
            return None

    def _due(self) -> list[DecodingStream]:
        self._streams = [stream for stream in self._streams if not stream.outbox.over]
        return [stream for stream in self._streams if stream.due and not stream.outbox.full]

    def _decode(self, stream: DecodingStream) -> None:
        try:
            samples = stream.pull()
            if samples is not None:
                stream.outbox.put(as_samples(samples.cpu().numpy()))
        except Exception as error:  # noqa: BLE001 - it is this stream's alone
            stream.outbox.end(failed(error))
            # The decoder's thread then takes no more steps for it.
            stream.outbox.leave()
        else:
            if stream.complete:
                stream.outbox.end()
