"""Every setting, once: its name, default, bounds and meaning.

A setting `asr_model` is read from the variable `ASR_MODEL`, or from the file that
`ASR_MODEL_FILE` names, or from the JSON object in `OPTIONS_FILE`. Nothing below this module reads
the environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from wyoming_voice_stack.config.options_file import OPTIONS_VARIABLE, read_options
from wyoming_voice_stack.errors import ConfigError

MAX_SECRET_BYTES = 64 * 1024


def _comma_separated(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _empty_is_none(value: Any) -> Any:
    return None if isinstance(value, str) and value.strip() in {"", "auto"} else value


def _lower(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


def _upper(value: Any) -> Any:
    return value.strip().upper() if isinstance(value, str) else value


def _exactly_one(value: Any) -> Any:
    # As coqui-tts reads it: a licence is not accepted by something like "yes, but".
    return value is True or value == "1"


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_comma_separated)]
Networks = Annotated[
    tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_comma_separated)
]
Optional = Annotated[str | None, BeforeValidator(_empty_is_none)]
Mode = Literal["asr", "tts"]
Device = Annotated[str, BeforeValidator(_lower), Field(pattern=r"^(auto|cpu|cuda(:\d+)?)$")]


class Settings(BaseSettings):
    """The whole configuration of one process. Frozen; checked once, when it is made."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        case_sensitive=False,
        use_attribute_docstrings=True,
    )

    service_mode: Annotated[Mode | None, BeforeValidator(_lower)] = None
    """Which of the two servers this process is: asr or tts."""
    host: Optional = None
    """Address to listen on; unset listens on every IPv4 and IPv6 address."""
    asr_port: int = Field(default=5001, ge=0, le=65535)
    """Port of the speech-to-text server; 0 lets the system choose."""
    tts_port: int = Field(default=5002, ge=0, le=65535)
    """Port of the text-to-speech server; 0 lets the system choose."""

    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = (
        "INFO"
    )
    """DEBUG, INFO, WARNING or ERROR; only DEBUG shows what is spoken."""
    log_format: Annotated[Literal["text", "json"], BeforeValidator(_lower)] = "text"
    """Log lines for people or for machines: text or json."""

    models_dir: Path = Path("models")
    """Where fetched models are kept."""
    voices_dir: Path = Path("voices")
    """Recordings to clone: `anna.wav`, or a folder `anna/` of takes."""

    asr_device: Device = "auto"
    """Where Whisper runs: auto, cpu, cuda or cuda:N."""
    asr_model: Names = ("auto",)
    """Whisper models, comma separated; the first one is the default."""
    asr_compute_type: Annotated[str, BeforeValidator(_lower)] = "auto"
    """CTranslate2's type; auto is float16 on CUDA and int8 on a CPU."""
    asr_language: Optional = None
    """Language of speech when the request names none; unset detects it."""
    asr_languages: Names = ()
    """Languages of the household, among which detection chooses; empty stands for all."""
    asr_beam_size: int = Field(default=5, ge=1, le=20)
    """Hypotheses that Whisper follows at once."""
    asr_cpu_threads: int = Field(default=0, ge=0, le=256)
    """Threads that Whisper takes on a CPU, in all; 0 takes one a core, four at most."""
    asr_initial_prompt: Optional = None
    """Text in the style of what will be spoken, to bias Whisper."""
    asr_task: Annotated[Literal["transcribe", "translate"], BeforeValidator(_lower)] = "transcribe"
    """transcribe writes what is spoken, translate puts it into English."""
    asr_endpoint_silence: float | None = Field(default=None, ge=0.1, le=10)
    """Seconds of silence after which the server itself ends an utterance; unset waits for the client."""
    asr_partial_text: bool = True
    """Send text while somebody still speaks, as far as it is stable."""
    asr_max_utterance_seconds: int = Field(default=600, ge=1, le=7200)
    """Longest utterance that is taken."""

    hass_url: Optional = None
    """Address of the Home Assistant that tells the names of the house, to be heard better."""
    hass_token: SecretStr | None = None
    """Long-lived access token of an administrator of that Home Assistant."""
    supervisor_token: SecretStr | None = None
    """Given to an add-on: the server announces itself there, and not by zeroconf."""
    supervisor_url: str = "http://supervisor"
    """Where an add-on finds the Supervisor; tests have one of their own."""
    hass_refresh_seconds: int = Field(default=300, ge=10, le=86_400)
    """How often the names of the house are read again."""

    tts_device: Device = "auto"
    """Where the voice runs: auto, cpu, cuda or cuda:N. Piper always runs on the CPU."""
    tts_model: str = "tts_models/multilingual/multi-dataset/xtts_v2"
    """A Coqui model name, a directory, `piper:NAME`, `piper:PATH.onnx`, or auto: Piper in the language of the house."""
    coqui_tos_agreed: Annotated[bool, BeforeValidator(_exactly_one)] = False
    """1 says that you have read and accepted the licence of XTTS."""
    tts_voice: Optional = None
    """Voice when the request names none; unset takes the first."""
    tts_language: Optional = None
    """Language when neither the request nor the voice names one; unset detects it. A region counts: en-GB reads 3/4 as a day in April."""
    tts_languages: Names = ()
    """Languages of the household: those advertised and detected; empty stands for all."""
    tts_speed: float = Field(default=1.0, ge=0.25, le=4.0)
    """How fast the voice speaks."""
    tts_sentence_pause_ms: int = Field(default=250, ge=0, le=5000)
    """Silence between two sentences."""
    tts_precision: Annotated[
        Literal["auto", "float32", "float16", "bfloat16", "int8"], BeforeValidator(_lower)
    ] = "auto"
    """What XTTS computes in: auto is float16 on CUDA and float32 on a CPU; int8 is not verified."""
    tts_cache_mb: int = Field(default=16, ge=0, le=4096)
    """Memory for short sentences that were spoken before, in megabytes; 0 keeps none."""
    tts_cache_cloned: bool = False
    """Whether sentences of cloned voices are kept too."""
    tts_cpu_threads: int = Field(default=0, ge=0, le=256)
    """Threads of one synthesis on a CPU; 0 takes one a core."""
    tts_max_text_characters: int = Field(default=100_000, ge=1, le=10_000_000)
    """Longest text of one request."""

    idle_unload_seconds: float | None = Field(default=None, ge=1, le=604_800)
    """Seconds without a request after which a model gives its memory back; unset keeps it loaded."""
    max_connections: int = Field(default=64, ge=1, le=10_000)
    """Wyoming connections at once."""
    max_queued_requests: int = Field(default=32, ge=1, le=10_000)
    """Requests that wait for an engine; one more is answered `busy`."""
    allowed_clients: Networks = ()
    """Addresses or networks that may connect, beside this machine itself; empty stands for all."""
    idle_timeout_seconds: float = Field(default=600.0, gt=0, le=86_400)
    """How long a connection may stay silent between two events."""
    read_timeout_seconds: float = Field(default=30.0, gt=0, le=3600)
    """How long one event may take to arrive."""
    write_timeout_seconds: float = Field(default=120.0, gt=0, le=3600)
    """How long a client may leave its replies unread."""
    shutdown_grace_seconds: float = Field(default=20.0, ge=0, le=300)
    """How long running requests may go on after SIGTERM or SIGINT."""

    zeroconf: bool = True
    """Announce the server on the network."""
    zeroconf_name: Optional = None
    """Name of the announcement; unset takes one from the host's name."""

    @field_validator("allowed_clients", mode="before")
    @classmethod
    def _read_networks(cls, value: Any) -> Any:
        parts = _comma_separated(value)
        return tuple(ip_network(part, strict=False) for part in parts)

    @property
    def port(self) -> int:
        """Port of the server that this process is."""
        return self.asr_port if self.service_mode == "asr" else self.tts_port

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line first, then the environment, then files that it names, an add-on's last."""
        del dotenv_settings, file_secret_settings
        named = os.environ.get(OPTIONS_VARIABLE, "")
        options = InitSettingsSource(settings_cls, read_options(named) if named else {})
        return init_settings, env_settings, _NamedFiles(settings_cls), options


class _NamedFiles(PydanticBaseSettingsSource):
    """Reads `NAME` from the file that `NAME_FILE` names, as container secrets are given."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        del field
        variable = f"{field_name.upper()}_FILE"
        named = os.environ.get(variable, "")
        if not named:
            return None, field_name, False
        try:
            with Path(named).open("rb") as file:
                raw = file.read(MAX_SECRET_BYTES + 1)
            if len(raw) > MAX_SECRET_BYTES:
                raise ConfigError(
                    f"{variable}={named!r} holds more than {MAX_SECRET_BYTES} bytes; name the file"
                    " that holds only the value"
                )
            return raw.decode("utf-8").strip(), field_name, False
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"{variable}={named!r} cannot be read ({error}); name a readable text file"
            ) from error

    def __call__(self) -> dict[str, Any]:
        values = {
            name: self.get_field_value(field, name)[0]
            for name, field in self.settings_cls.model_fields.items()
        }
        return {name: value for name, value in values.items() if value}


def load_settings(overrides: Mapping[str, Any] | None = None) -> Settings:
    """Read every setting from the environment; `overrides` from the command line go before it.

    Raises:
        ConfigError: one line that names the variable, its value and what is allowed.
    """
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        raise ConfigError(_one_line(error)) from error


def _one_line(error: ValidationError) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0]).upper()
    secret = SecretStr in get_args(Settings.model_fields[name.lower()].annotation)
    given = "(not shown)" if secret else repr(first["input"])
    return f"{name}={given} is not usable: {first['msg']}; {_allowed(name.lower())}"


def _allowed(field_name: str) -> str:
    field = Settings.model_fields[field_name]
    bounds = [
        f"{word} {getattr(limit, attribute)}"
        for limit in field.metadata
        for attribute, word in (("ge", "at least"), ("gt", "more than"), ("le", "at most"))
        if hasattr(limit, attribute)
    ]
    meaning = (field.description or "").rstrip(".")
    return f"allowed: {' and '.join(bounds)} ({meaning})" if bounds else f"meaning: {meaning}"
