"""All settings of the servers: names, defaults, bounds and meanings.

A setting `asr_model` is read from the variable `ASR_MODEL`, or from the file that
`ASR_MODEL_FILE` names, or from the JSON object in `OPTIONS_FILE`. Modules below this one do not read
the environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from wyoming_voice_stack.config.networks import PRIVATE_NETWORKS
from wyoming_voice_stack.config.options_file import OPTIONS_VARIABLE, read_options
from wyoming_voice_stack.config.value_types import (
    ComputeType,
    Device,
    Folder,
    HostNames,
    Languages,
    Names,
    Networks,
    Optional,
    OptionalHost,
    OptionalLanguage,
    Origins,
    ServerAddress,
    VoiceAliases,
    exactly_one,
    lower,
    quoted,
    unquoted,
    upper,
)
from wyoming_voice_stack.errors import ConfigError
from wyoming_voice_stack.machine.plain_files import read_plain_file

MAX_SECRET_BYTES = 64 * 1024

Mode = Literal["asr", "tts"]


class Settings(BaseSettings):
    """The configuration of one process. Immutable; validated when it is created."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        case_sensitive=False,
        use_attribute_docstrings=True,
    )

    service_mode: Annotated[Mode | None, BeforeValidator(lower)] = None
    """Server to run, speech to text or text to speech: asr or tts."""
    host: OptionalHost = None
    """Address to listen on; unset listens on all IPv4 and IPv6 addresses."""
    asr_port: int = Field(default=5001, ge=0, le=65535)
    """Port of the speech-to-text server; 0 lets the system choose."""
    tts_port: int = Field(default=5002, ge=0, le=65535)
    """Port of the text-to-speech server; 0 lets the system choose."""

    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(upper)] = (
        "INFO"
    )
    """Lowest level of log lines: DEBUG, INFO, WARNING or ERROR. Only DEBUG logs what is spoken."""
    log_format: Annotated[Literal["text", "json"], BeforeValidator(lower)] = "text"
    """Format of log lines: text or json."""

    models_dir: Folder = Path("models")
    """Folder for downloaded models."""
    voices_dir: Folder = Path("voices")
    """Folder of recordings to clone: `anna.wav`, or a folder `anna/` with several."""

    asr_device: Device = "auto"
    """Device for Whisper: auto, cpu, cuda or cuda:N. Models of onnx-asr always run on the CPU."""
    asr_model: Names = ("auto",)
    """Whisper models, and others as `onnx-asr:NAME`, separated by commas; the first one is the default. auto chooses a Whisper model for the machine."""
    asr_compute_type: ComputeType = "auto"
    """CTranslate2 compute type; auto is float16 on CUDA and int8 on a CPU."""
    asr_language: OptionalLanguage = None
    """Language of the speech if the request specifies none; unset detects it."""
    asr_languages: Languages = ()
    """Languages of the household; detection chooses one of these. Empty allows all."""
    asr_beam_size: int = Field(default=5, ge=1, le=20)
    """Beam size of Whisper: the number of hypotheses that it keeps."""
    asr_cpu_threads: int = Field(default=0, ge=0, le=256)
    """CPU threads for speech to text in total; 0 uses one per core, four at most."""
    asr_initial_prompt: Optional = None
    """Example text in the style of the expected speech, as a prompt for Whisper."""
    asr_task: Annotated[Literal["transcribe", "translate"], BeforeValidator(lower)] = "transcribe"
    """transcribe keeps the language of the speech; translate translates it to English."""
    asr_endpoint_silence: float | None = Field(default=None, ge=0.1, le=10)
    """Seconds of silence after which the server ends an utterance; unset waits for the client."""
    asr_partial_text: bool = True
    """Send stable text during speech, before the utterance ends."""
    asr_max_utterance_seconds: int = Field(default=600, ge=1, le=7200)
    """Longest utterance in seconds."""

    hass_url: Optional = None
    """Home Assistant URL; the names of its areas and entities improve recognition."""
    hass_token: SecretStr | None = None
    """Long-lived access token of a Home Assistant administrator."""
    supervisor_token: SecretStr | None = None
    """Token that the Supervisor gives to an add-on; with it, the Supervisor announces the server instead of zeroconf."""
    supervisor_url: str = "http://supervisor"
    """Address of the Supervisor for an add-on; only tests change it."""
    hass_refresh_seconds: int = Field(default=300, ge=10, le=86_400)
    """Seconds between two updates of the names from Home Assistant."""

    tts_device: Device = "auto"
    """Device for speech synthesis: auto, cpu, cuda or cuda:N. Kokoro and Piper always run on the CPU."""
    tts_model: str = "tts_models/multilingual/multi-dataset/xtts_v2"
    """A Coqui model name, a directory, `kokoro`, `kokoro:FOLDER`, `piper:NAME`, `piper:PATH.onnx`, or auto: a Piper voice in the language of the household, or Kokoro for English on a fast machine."""
    coqui_tos_agreed: Annotated[bool, BeforeValidator(exactly_one)] = False
    """1 means that you have read and accepted the licence of XTTS."""
    tts_voice: Optional = None
    """Voice if the request specifies none, or for Kokoro a mixture such as `af_heart+af_bella`; unset uses the first one of the household's languages."""
    tts_language: OptionalLanguage = None
    """Language if neither the request nor the voice specifies one; unset detects it. The region matters: en-GB reads 3/4 as a day in April."""
    tts_languages: Languages = ()
    """Languages of the household; only these are advertised and detected. Empty allows all."""
    tts_speed: float = Field(default=1.0, ge=0.25, le=4.0)
    """Speaking rate; 1 is the voice's own."""
    tts_sentence_pause_ms: int = Field(default=250, ge=0, le=5000)
    """Milliseconds of silence between two sentences."""
    tts_precision: Annotated[
        Literal["auto", "float32", "float16", "bfloat16", "int8"], BeforeValidator(lower)
    ] = "auto"
    """Precision of XTTS; auto is float16 on CUDA and float32 on a CPU. int8 is not verified. With auto and int8, a Piper voice multiplies 8-bit integers before its vocoder, where that is faster."""
    tts_cache_mb: int = Field(default=0, ge=0, le=4096)
    """Megabytes of memory for the cache of short sentences, for clients that repeat them; 0 disables the cache."""
    tts_cache_cloned: bool = False
    """Whether to cache sentences of cloned voices as well."""
    tts_cpu_threads: int = Field(default=0, ge=0, le=256)
    """CPU threads for one synthesis; 0 uses one per core."""
    tts_max_text_characters: int = Field(default=100_000, ge=1, le=10_000_000)
    """Longest text of one request, in characters."""

    idle_unload_seconds: float | None = Field(default=None, ge=1, le=604_800)
    """Unload the model after this many idle seconds to free its memory; unset keeps it loaded."""
    max_connections: int = Field(default=80, ge=1, le=10_000)
    """Limit of simultaneous Wyoming connections."""
    max_queued_requests: int | None = Field(default=None, ge=1, le=10_000)
    """Limit of requests waiting for an engine; further ones are answered `busy`. Unset: text to speech accepts one for each connection; speech to text accepts those that will wait for 100 s at most."""
    allowed_clients: Networks = PRIVATE_NETWORKS
    """Addresses or networks that may connect, besides this machine: `private` stands for all private networks, `any` for all."""
    allowed_hosts: HostNames = ()
    """Further names under which browsers and proxies may reach the HTTP side; addresses and local names always may."""
    api_key: SecretStr | None = None
    """Key that requests to the OpenAI-compatible API must send; if unset, no key is needed."""
    api_voices: VoiceAliases = ()
    """Voices of this server for names that API clients send, such as `alloy=anna [de],nova=bert`."""
    api_origins: Origins = ()
    """Web origins whose pages may use the API from a browser, such as `https://chat.example.com`."""
    max_api_requests: int = Field(default=80, ge=1, le=1000)
    """Limit of API requests that the server works on at once; further ones are answered 503."""
    max_upload_mb: int = Field(default=25, ge=1, le=1024)
    """Largest file that a client may upload, in MiB."""
    web_ui: Annotated[Literal["off", "read", "full"], BeforeValidator(lower)] = "read"
    """Web page at `/ui/`: off, read (no changes), or full (changes through Home Assistant, from a browser on this machine or with API_KEY)."""
    other_server: ServerAddress | None = None
    """Address of the other server for the web page, as HOST or HOST:PORT; unset searches this machine and, with zeroconf, the network."""
    idle_timeout_seconds: float = Field(default=600.0, gt=0, le=86_400)
    """Longest time in seconds without data from a client."""
    read_timeout_seconds: float = Field(default=30.0, gt=0, le=3600)
    """Longest time in seconds for one event to arrive."""
    write_timeout_seconds: float = Field(default=120.0, gt=0, le=3600)
    """Longest time in seconds that a client may leave replies unread."""
    shutdown_grace_seconds: float = Field(default=20.0, ge=0, le=300)
    """Seconds for running requests to finish after SIGTERM or SIGINT."""

    zeroconf: bool = True
    """Announce the server on the local network with zeroconf (mDNS)."""
    zeroconf_name: Optional = None
    """Name of the announced server; unset derives one from the host name."""

    @model_validator(mode="before")
    @classmethod
    def _without_quotes(cls, values: Any) -> Any:
        """Remove quotes and blanks around values; one with nothing else is not set."""
        read = {
            name: unquoted(value) if isinstance(value, str) else value
            for name, value in values.items()
        }
        return {name: value for name, value in read.items() if value != ""}

    @property
    def port(self) -> int:
        """Port of the server that `service_mode` selects."""
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
        """Order of the sources: command line, environment, `NAME_FILE` files, `OPTIONS_FILE`."""
        del dotenv_settings, file_secret_settings
        named = os.environ.get(OPTIONS_VARIABLE, "")
        options = InitSettingsSource(settings_cls, read_options(named) if named else {})
        return init_settings, env_settings, _ValueFiles(settings_cls), options


class _ValueFiles(PydanticBaseSettingsSource):
    """Reads `NAME` from the file that `NAME_FILE` names, such as a container secret."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        del field
        variable = f"{field_name.upper()}_FILE"
        named = os.environ.get(variable, "")
        if not named:
            return None, field_name, False
        try:
            raw = read_plain_file(named, MAX_SECRET_BYTES)
            if len(raw) > MAX_SECRET_BYTES:
                raise ConfigError(
                    f"{variable}={named!r} is larger than {MAX_SECRET_BYTES} bytes; set it to a file"
                    " that contains only the value"
                )
            value = raw.decode().strip()
        except UnicodeDecodeError as error:
            raise ConfigError(
                f"{variable}={named!r} is not UTF-8 text; set it to a file that contains only the value"
            ) from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise ConfigError(
                f"{variable}={named!r} cannot be read ({reason}); set it to a readable text file"
            ) from error
        if not value:
            # Without this, an empty secret would leave the API open to everyone.
            raise ConfigError(
                f"{variable}={named!r} is empty; write the value to the file, or unset {variable}"
            )
        return value, field_name, False

    def __call__(self) -> dict[str, Any]:
        values = {
            name: self.get_field_value(field, name)[0]
            for name, field in self.settings_cls.model_fields.items()
        }
        return {name: value for name, value in values.items() if value}


def load_settings(overrides: Mapping[str, Any] | None = None) -> Settings:
    """Read all settings; `overrides` from the command line take precedence.

    Raises:
        ConfigError: one line with the variable, its value and what is allowed.
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
    given = "(not shown)" if secret else quoted(first["input"])
    return f"{name}={given} is not valid: {first['msg']}; {_allowed(name.lower())}"


def _allowed(field_name: str) -> str:
    field = Settings.model_fields[field_name]
    bounds = [
        f"{word} {getattr(limit, attribute)}"
        for limit in field.metadata
        for attribute, word in (("ge", "at least"), ("gt", "more than"), ("le", "at most"))
        if hasattr(limit, attribute)
    ]
    if field.annotation is bool:
        bounds.append("true or false")
    meaning = (field.description or "").rstrip(".")
    return f"allowed: {' and '.join(bounds)} ({meaning})" if bounds else f"meaning: {meaning}"
