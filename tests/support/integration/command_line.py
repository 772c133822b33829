"""What the tests of the command line share."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from tests.support.speech import say, silence
from wyoming_voice_stack.audio import to_pcm16
from wyoming_voice_stack.cli.client import AudioClip

NOBODY = "tcp://127.0.0.1:1"


def recording_of(sentence: str) -> AudioClip:
    samples = np.concatenate((silence(0.3), say(sentence), silence(0.3)))
    return AudioClip(16000, 2, 1, to_pcm16(samples))


@contextmanager
def answering(reply: bytes) -> Iterator[int]:
    """A server that sends the same reply to any request of one client."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            with client:
                client.recv(1)
                client.sendall(reply)
                client.shutdown(socket.SHUT_WR)
                while client.recv(65536):
                    pass

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()
