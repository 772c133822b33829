"""Prometheus metrics of one server, in a registry of their own."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info
from prometheus_client.exposition import generate_latest

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """The metrics that `/metrics` shows. Thread-safe."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "voice_stack_requests",
            "Answered requests, by kind and outcome.",
            ("kind", "outcome"),
            registry=self._registry,
        )
        self.errors = Counter(
            "voice_stack_errors",
            "Errors sent to clients, by code.",
            ("code",),
            registry=self._registry,
        )
        self.refused_connections = Counter(
            "voice_stack_refused_connections",
            "Connections that were refused before their first event, by error code.",
            ("code",),
            registry=self._registry,
        )
        self.connections = Gauge(
            "voice_stack_connections", "Open Wyoming connections.", registry=self._registry
        )
        self.tasks = Gauge("voice_stack_tasks", "Tasks of the event loop.", registry=self._registry)
        self.queue_depth = Gauge(
            "voice_stack_queue_depth",
            "Requests waiting for an engine, by model.",
            ("model",),
            registry=self._registry,
        )
        self.model_loaded = Gauge(
            "voice_stack_model_loaded",
            "1 while the model is in memory, by model.",
            ("model",),
            registry=self._registry,
        )
        self.stop_to_text = Histogram(
            "voice_stack_stop_to_text_seconds",
            "Seconds from audio-stop to the transcript.",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.speculative = Counter(
            "voice_stack_guesses",
            "Speculative transcriptions, started before the end of speech.",
            registry=self._registry,
        )
        self.first_audio = Histogram(
            "voice_stack_first_audio_seconds",
            "Seconds from the first text of a request to its first audio.",
            buckets=_SECONDS,
            registry=self._registry,
        )

        self.served = Info(
            "voice_stack",
            "What is served: version, mode, model, voice, language and device.",
            registry=self._registry,
        )

    def render(self) -> bytes:
        """Return all metrics in the Prometheus text format."""
        return generate_latest(self._registry)
