"""Downloads of models from a fake hub, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.fake_servers.fake_hub import sha256
from wyoming_voice_stack.models.digests import DIGESTS_FILE, read_digests
from wyoming_voice_stack.models.fetch import HUB_ANSWER_S
from wyoming_voice_stack.models.store import HubModel

WHISPER = HubModel("org/whisper", required=("config.json", "model.bin"))


WHISPER_FILES = {"config.json": b'{"layers": 1}', "model.bin": bytes(range(256)) * 4096}


VOICE_FILES = {
    f"en/{name}.onnx{suffix}": f"{name}{suffix}".encode()
    for name in ("amy", "joe")
    for suffix in ("", ".json")
}


FETCH = """
import logging, resource, sys
from pathlib import Path
from wyoming_voice_stack.models import fetch, transfer
from wyoming_voice_stack.errors import VoiceStackError
from wyoming_voice_stack.models.store import HubModel, ModelStore
fetch.HUB_ANSWER_S = float(sys.argv.pop())
transfer.RETRY_PAUSES_S = ()
logging.basicConfig(level=logging.INFO, stream=sys.stderr)
root, model, file_size_limit = sys.argv[1:]
if int(file_size_limit):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(file_size_limit), int(file_size_limit)))
try:
    print("OK", ModelStore(Path(root)).resolve("name", eval(model)))
except VoiceStackError as error:
    print(type(error).__name__, error)
"""


def start(
    model: HubModel,
    root: Path,
    environ: Mapping[str, str],
    file_size_limit: int = 0,
    hub_answer_s: float = HUB_ANSWER_S,
) -> subprocess.Popen[str]:
    """The hub's library reads its environment once, when imported: so in a process of its own."""
    return subprocess.Popen(
        [
            # Started in the background, the tests would pass on that this signal is ignored.
            *("env", "--default-signal=INT", sys.executable, "-c", FETCH, str(root), repr(model)),
            *(str(file_size_limit), str(hub_answer_s)),
        ],
        env=dict(environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate()
    assert "Traceback" not in err, err
    assert process.returncode == 0, err
    assert "%|" not in err, "a progress bar without a terminal"
    return out.strip()


def fetch(model: HubModel, root: Path, environ: Mapping[str, str], file_size_limit: int = 0) -> str:
    return finish(start(model, root, environ, file_size_limit))


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a fetched model, whose digests are beside them."""
    files = (path for path in folder.rglob("*") if path.is_file())
    found = {str(path.relative_to(folder)): path.read_bytes() for path in files}
    assert found.pop(DIGESTS_FILE)
    digests = read_digests(folder)
    assert digests == {path: sha256(found[path]) for path in digests}
    return found
