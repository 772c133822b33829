"""A server without a checkout: Compose, plain Docker, graphics cards, settings and volumes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.packaging.guide.promises import holds
from tests.support.guide.compose_files import compose, mounts, service_environment
from tests.support.guide.dockerfiles import environment, values
from tests.support.guide.image_tests import assert_checked
from tests.support.guide.jobs import HOME, repository, run_job
from tests.support.guide.pipeline import MAIN, selected
from tests.support.guide.programs import Project, fake, run
from wyoming_voice_stack.config.settings import Settings, load_settings
from wyoming_voice_stack.errors import EXIT_USAGE, ConfigError
from wyoming_voice_stack.models.store import ModelStore
from wyoming_voice_stack.server.assembly.references.model_references import weights_of

ROOT = Path(__file__).parents[3]
XTTS = "tts_models/multilingual/multi-dataset/xtts_v2"
DEPLOYMENT = (ROOT / "docs" / "deployment.md").read_text("utf-8")
DEFAULTS = Settings.model_construct()
SERVERS = ("asr", "tts")
COMMON = {
    "asr": ("SERVICE_MODE", "ASR_PORT", "ASR_MODEL", "ASR_DEVICE", "LOG_LEVEL"),
    "tts": ("SERVICE_MODE", "TTS_PORT", "TTS_MODEL", "TTS_DEVICE", "LOG_LEVEL"),
}
"""The variables that the guide gives for each server, which its template has."""


def commands() -> list[str]:
    """The commands of docs/deployment.md, each on one line."""
    blocks = re.findall(r"^```sh\n(.*?)^```", DEPLOYMENT, re.MULTILINE | re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [" ".join(line.split()) for line in lines]


def template(mode: str) -> dict[str, str]:
    """The variables of a template that are not commented out."""
    text = (ROOT / "scripts" / f".env.production.{mode}").read_text("utf-8")
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE))


@holds("production-1")
def test_compose_needs_no_other_file() -> None:
    loaded = compose("docker-compose.yml")
    assert not {"include", "configs", "secrets"} & loaded.keys()
    for service in loaded["services"].values():
        assert not {"build", "extends", "configs", "secrets"} & service.keys()
        files = service.get("env_file", [])
        assert [each for each in files if not isinstance(each, dict) or each["required"]] == []
        sources = {source for source, _ in mounts(service).values()}
        # Docker creates a missing folder; a missing file would become a folder as well.
        assert sources <= {*loaded["volumes"], "./voices"}
    assert_checked("compose", "alone", 'cp docker-compose.yml "$FOLDER"', "up_and_wait")


@holds("production-2")
def test_compose_runs_the_image_that_the_pipeline_pushes() -> None:
    images = {service["image"] for service in compose("docker-compose.yml")["services"].values()}
    assert images == {f"{HOME}:latest"}
    assert repository("production") == HOME


@holds("production-3")
@pytest.mark.parametrize("mode", SERVERS)
def test_a_server_is_watched_and_restarted(mode: str) -> None:
    service = compose("docker-compose.yml")["services"][mode]
    assert service["restart"] == "unless-stopped"
    assert "healthcheck" not in service, "the image's own check is enough"
    assert values("Dockerfile", "HEALTHCHECK")[-1].partition("CMD")[1]
    assert_checked("compose", "up_and_wait", "--wait", "/health of asr", "/health of tts")


@holds("production-4", "production-5")
@pytest.mark.parametrize("mode", SERVERS)
def test_docker_run_as_in_the_guide(mode: str) -> None:
    [command] = [line for line in commands() if f"--name voice-stack-{mode} " in line]
    port = getattr(DEFAULTS, f"{mode}_port")
    for option in (
        *("docker run -d ", "--restart unless-stopped ", f"-e SERVICE_MODE={mode} "),
        *(f"-e {mode.upper()}_MODEL=", f"-p {port}:{port} ", f"-v {mode}-models:/app/models "),
    ):
        assert option in command
    assert ("-v ./voices:/app/voices:ro " in command) == (mode == "tts")
    folders = json.loads(values("Dockerfile", "VOLUME")[-1])
    assert folders == ["/app/models", "/app/voices"]
    assert_checked(
        *("compose", "without_compose", f"docker run -d --name voice-stack-{mode}"),
        *(f"-v {mode}-models:/app/models", f"wait_healthy voice-stack-{mode}"),
    )


@holds("production-4", "production-5")
def test_the_settings_of_the_guide_are_accepted() -> None:
    asr = load_settings({"service_mode": "asr", "asr_device": "cuda", "asr_model": "base"})
    tts = load_settings({"service_mode": "tts", "tts_device": "cuda", "tts_model": XTTS})
    assert (asr.asr_device, tts.tts_device) == ("cuda", "cuda")
    # The image for CPUs names the one to take.
    for variable in ("ASR_DEVICE=cuda", "TTS_DEVICE=cuda"):
        what = f'unavailable "{variable} in the image for CPUs" ":latest-cuda"'
        assert_checked("production", "refusals", what)


@holds("production-6")
def test_the_pipeline_pushes_an_image_for_cuda(tmp_path: Path) -> None:
    project = Project(tmp_path)
    assert "build:cuda-image" in selected(MAIN, "Dockerfile")
    assert run_job(project, "build:cuda-image").status == 0
    [build] = [call for call in project.calls() if call.startswith("buildx build ")]
    assert " --build-arg TORCH_BACKEND=cuda " in build
    for image in ("production", "ci"):
        run_job(project, f"build:{image}-image")
    done = run_job(project, "release:latest")
    assert done.status == 0, done.errors
    registry = project.registry()
    assert registry[f"{HOME}:latest-cuda"] != registry[f"{HOME}:latest"]
    assert_checked("cuda", "test_cuda", "--build-arg TORCH_BACKEND=cuda", "cuda_libraries")


@holds("production-7")
def test_the_steps_for_the_toolkit_are_documented() -> None:
    section = DEPLOYMENT.partition("\n## Graphics card\n")[2].partition("\n## ")[0]
    for step in (
        "https://nvidia.github.io/libnvidia-container/gpgkey",
        "apt-get install -y nvidia-container-toolkit",
        "nvidia-ctk runtime configure --runtime=docker",
        "systemctl restart docker",
        "nvidia-smi",
    ):
        assert step in section
    assert "apt-key" not in DEPLOYMENT


@holds("production-8")
@pytest.mark.parametrize("mode", SERVERS)
def test_compose_gives_a_server_the_card(mode: str) -> None:
    service = compose("docker-compose.yml", "docker-compose.gpu.yml")["services"][mode]
    assert service["runtime"] == "nvidia"
    given = service_environment(service)
    assert given["NVIDIA_VISIBLE_DEVICES"] == "all"
    assert given[f"{mode.upper()}_DEVICE"] == "cuda"
    assert service["image"] == f"{HOME}:latest-cuda"
    assert "runtime" not in compose("docker-compose.yml")["services"][mode]
    assert_checked("compose", "combinations", "docker-compose.gpu.yml", "config --quiet")


@holds("production-9")
def test_a_container_can_use_the_card_that_it_is_given() -> None:
    capabilities = environment("Dockerfile")["NVIDIA_DRIVER_CAPABILITIES"].split(",")
    assert {"compute", "utility"} <= set(capabilities)
    assert "`--gpus all`" in DEPLOYMENT


@holds("production-10")
@pytest.mark.parametrize("mode", SERVERS)
def test_a_template_shows_the_common_variables(mode: str) -> None:
    given = template(mode)
    assert set(COMMON[mode]) <= given.keys()
    assert given["SERVICE_MODE"] == mode
    assert given[f"{mode.upper()}_PORT"] == str(getattr(DEFAULTS, f"{mode}_port"))
    assert given["LOG_LEVEL"] == "INFO"


@holds("production-11")
@pytest.mark.parametrize("mode", ["", "both"])
def test_a_mode_is_required(tmp_path: Path, mode: str) -> None:
    fake(tmp_path, "wyoming-voice-stack", "#!/bin/sh\necho started\n")
    environ = {"SERVICE_MODE": mode} if mode else {}
    entrypoint = ROOT / "scripts" / "entrypoint.sh"
    done = run(entrypoint, cwd=tmp_path, programs=tmp_path, HOME=str(tmp_path), **environ)
    assert (done.status, done.output) == (EXIT_USAGE, "")
    assert "asr or tts" in done.errors
    assert_checked("production", "refusals", "SERVICE_MODE is not set")


@holds("production-12")
def test_host_is_an_address_to_listen_on() -> None:
    assert load_settings({"host": "0.0.0.0"}).host == "0.0.0.0"
    assert DEFAULTS.host is None


@holds("production-13")
@pytest.mark.parametrize(("mode", "port"), [("asr", 5001), ("tts", 5002)])
def test_ports(mode: str, port: int) -> None:
    assert getattr(DEFAULTS, f"{mode}_port") == port
    settings = load_settings({"service_mode": mode, f"{mode}_port": "6001"})
    assert settings.port == 6001


@holds("production-14")
def test_log_level() -> None:
    assert DEFAULTS.log_level == "INFO"
    assert load_settings({"log_level": "DEBUG"}).log_level == "DEBUG"
    with pytest.raises(ConfigError, match="LOG_LEVEL='LOUD'"):
        load_settings({"log_level": "LOUD"})


@holds("production-15")
@pytest.mark.parametrize("mode", SERVERS)
def test_devices(mode: str) -> None:
    name = f"{mode}_device"
    for device in ("cpu", "cuda"):
        assert getattr(load_settings({name: device}), name) == device
    assert getattr(DEFAULTS, name) == "auto"
    with pytest.raises(ConfigError, match=f"{name.upper()}='gpu'"):
        load_settings({name: "gpu"})


@holds("production-16")
def test_models(tmp_path: Path) -> None:
    store, licence = ModelStore(tmp_path), {"COQUI_TOS_AGREED": "1"}
    assert load_settings({"asr_model": "base"}).asr_model == ("base",)
    assert weights_of("base", store, environ=licence).engine == "whisper"
    assert weights_of(XTTS, store, environ=licence, text_to_speech=True).engine == "xtts"
    assert DEFAULTS.tts_model == template("tts")["TTS_MODEL"] == XTTS
    assert DEFAULTS.asr_model == ("auto",)


@holds("production-17")
@pytest.mark.parametrize("mode", SERVERS)
def test_models_are_in_a_volume_of_the_server(mode: str) -> None:
    loaded = compose("docker-compose.yml")
    source, access = mounts(loaded["services"][mode])["/app/models"]
    assert (source, access) == (f"{mode}-models", "rw")
    # A name of its own, so that it is the volume of `docker volume create` and `docker run` too.
    assert loaded["volumes"][source]["name"] == source
    assert environment("Dockerfile")["MODELS_DIR"] == "/app/models"


@holds("production-18")
def test_voices_are_a_folder_that_the_server_only_reads() -> None:
    service = compose("docker-compose.yml")["services"]["tts"]
    assert mounts(service)["/app/voices"] == ("./voices", "ro")
    assert "/app/voices" not in mounts(compose("docker-compose.yml")["services"]["asr"])
    assert environment("Dockerfile")["VOICES_DIR"] == "/app/voices"
    assert_checked("compose", "voices", "the folder of voices is writable")
