"""The Compose files of this repository."""

from __future__ import annotations

from pathlib import Path

from wyoming_voice_stack.config.settings import Settings

ROOT = Path(__file__).parents[2]


MAIN = "docker-compose.yml"


HOST = "docker-compose.host.yml"


GPU = "docker-compose.gpu.yml"


ONE_URL = "deploy/haproxy/docker-compose.api.yml"


OPEN_WEBUI = "deploy/open-webui/docker-compose.yml"


DEFAULTS = Settings.model_construct()


PORTS = {"asr": DEFAULTS.asr_port, "tts": DEFAULTS.tts_port}


MODES = sorted(PORTS)
