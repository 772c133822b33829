"""Variables that were probably meant as settings."""

from __future__ import annotations

import pytest

from wyoming_voice_stack.config.misspelt_variables import misspelt_variables
from wyoming_voice_stack.config.settings import Settings


@pytest.mark.parametrize(
    ("variable", "setting"),
    [
        ("ASR_MODLE", "ASR_MODEL"),
        ("ASR_MODELS", "ASR_MODEL"),
        ("asr_modle", "ASR_MODEL"),
        ("ASRMODEL", "ASR_MODEL"),
        ("ASR_LANGAUGE", "ASR_LANGUAGE"),
        ("ASR_LANG", "ASR_LANGUAGE"),
        ("TTS_VOICES", "TTS_VOICE"),
        ("TTS_MODEL_", "TTS_MODEL"),
        ("MODEL_DIR", "MODELS_DIR"),
        ("HASS_TOKEN_FIEL", "HASS_TOKEN_FILE"),
        ("SERVICE_MOD", "SERVICE_MODE"),
        ("ZEROCONF_NAM", "ZEROCONF_NAME"),
        ("OPTION_FILE", "OPTIONS_FILE"),
    ],
)
def test_misspelt(variable: str, setting: str) -> None:
    assert misspelt_variables([variable, "ASR_PORT"]) == {variable: setting}


def test_the_settings_themselves() -> None:
    names = [name.upper() for name in Settings.model_fields]
    assert misspelt_variables([*names, *map(str.lower, names)]) == {}
    assert misspelt_variables(f"{name}_FILE" for name in names) == {}


@pytest.mark.parametrize(
    "variable",
    [
        *(
            "ASR_URI",
            "TTS_URI",
            "ASR_MEMORY",
            "TTS_MEMORY",
            "ASR_REPLICAS",
            "TTS_REPLICAS",
            "LISTEN",
        ),
        *("VOICE_STACK_IMAGE", "MODELS", "VOICES", "HF_TOKEN", "HF_HUB_OFFLINE", "TTS_HOME"),
        *(
            "HOSTNAME",
            "HOSTS",
            "HOSTTYPE",
            "PATH",
            "HOME",
            "LANG",
            "LANGUAGE",
            "LOGNAME",
            "PWD",
            "TERM",
        ),
        # Kubernetes makes these for a service with the name `asr`.
        *("ASR_SERVICE_HOST", "ASR_SERVICE_PORT", "ASR_PORT_5001_TCP", "ASR_PORT_5001_TCP_ADDR"),
        *("NVIDIA_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES", "OMP_WAIT_POLICY", "HTTP_PROXY"),
    ],
)
def test_variables_of_others(variable: str) -> None:
    assert misspelt_variables([variable]) == {}
