"""docker-compose.gpu.yml gives both servers the card, in the way that is active and in the one that is a comment."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
GPU = ROOT / "docker-compose.gpu.yml"
_COMMENTED = re.compile(r"^  # (deploy:\n(?:  #  .*\n)+)", re.MULTILINE)


def services(text: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(text)["services"]
    return loaded


def reserved() -> str:
    """The file with the comment in place of the runtime."""
    text = GPU.read_text("utf-8")
    found = _COMMENTED.search(text)
    assert found
    block = "".join(f"  {line}" for line in found[1].replace("  # ", "").splitlines(keepends=True))
    return text.replace("  runtime: nvidia\n", "").replace(found[0], block)


@pytest.mark.parametrize("mode", ["asr", "tts"])
def test_the_runtime_is_the_active_way(mode: str) -> None:
    service = services(GPU.read_text("utf-8"))[mode]
    assert service["runtime"] == "nvidia"
    assert "deploy" not in service
    assert service["environment"] == {
        "NVIDIA_VISIBLE_DEVICES": "${NVIDIA_VISIBLE_DEVICES:-all}",
        f"{mode.upper()}_DEVICE": f"${{{mode.upper()}_DEVICE:-cuda}}",
    }


@pytest.mark.parametrize("mode", ["asr", "tts"])
def test_the_image_is_that_for_cuda_and_nothing_is_built(mode: str) -> None:
    service = services(GPU.read_text("utf-8"))[mode]
    assert re.fullmatch(r"\$\{VOICE_STACK_IMAGE:-[\w./-]+:latest-cuda\}", service["image"])
    assert "build" not in service


@pytest.mark.parametrize("mode", ["asr", "tts"])
def test_the_comment_reserves_the_device(mode: str) -> None:
    service = services(reserved())[mode]
    assert "runtime" not in service
    [device] = service["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}


def test_the_comment_fits_the_specification(tmp_path: Path) -> None:
    file = tmp_path / "compose.json"
    file.write_text(json.dumps({"services": services(reserved())}))
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", file],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
