from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from wyoming_voice_stack.errors import EXIT_LICENCE, LicenceNotAccepted
from wyoming_voice_stack.models.licence import (
    coqui_licence_file,
    needs_coqui_licence,
    require_coqui_licence,
)

FAMILY = "tts_models/multilingual/multi-dataset/"
XTTS = FAMILY + "xtts_v2"
SCRIPT = Path(__file__).parents[3] / "scripts" / "accept_coqui_license.sh"

ASK_COQUI = """
import json, os, sys
from wyoming_voice_stack.tts.engines.coqui import compat as coqui_compat
with coqui_compat.importing():
    from TTS.utils.manage import ModelManager
answers = []
for model_name, environ in json.loads(sys.argv[1]):
    for variable in ("TTS_HOME", "XDG_DATA_HOME", "COQUI_TOS_AGREED", "HOME"):
        os.environ.pop(variable, None)
    os.environ.update(environ)
    manager = ModelManager()
    item, folder_name, _ = manager._set_model_item(model_name)
    folder = manager.output_prefix / folder_name
    answers.append([str(folder / "tos_agreed.txt"), manager.tos_agreed(item, folder)])
print(json.dumps(answers))
"""


def accept(
    environ: dict[str, str], *arguments: str, folder: Path
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SCRIPT), *arguments],
        env={"PATH": os.environ["PATH"]} | environ,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def ask_coqui(questions: list[tuple[str, dict[str, str]]], folder: Path) -> list[tuple[Path, bool]]:
    root = str(SCRIPT.parents[1])
    out = subprocess.run(
        [sys.executable, "-c", ASK_COQUI, json.dumps(questions)],
        env=os.environ | {"PYTHONPATH": root},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    return [(Path(path), agreed) for path, agreed in json.loads(out.stdout.splitlines()[-1])]


class TestRequirement:
    @pytest.mark.parametrize("name", [XTTS, FAMILY + "xtts_v1.1", "xtts_v2", "xtts_v1.1"])
    def test_not_accepted_is_one_line_that_says_what_to_do(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(LicenceNotAccepted) as caught:
            require_coqui_licence(name, environ={"HOME": str(tmp_path)})
        said = str(caught.value)
        assert caught.value.exit_status == EXIT_LICENCE
        assert "\n" not in said
        for part in (name, "non-commercial", "COQUI_TOS_AGREED=1", "accept_coqui_license.sh"):
            assert part in said

    @pytest.mark.parametrize("value", ["", "true", "yes", "1 ", "0"])
    def test_only_one_counts(self, value: str, tmp_path: Path) -> None:
        environ = {"HOME": str(tmp_path), "COQUI_TOS_AGREED": value}
        with pytest.raises(LicenceNotAccepted, match="only 1 counts"):
            require_coqui_licence(XTTS, environ=environ)

    def test_accepted_by_variable_without_any_home(self) -> None:
        require_coqui_licence(XTTS, environ={"COQUI_TOS_AGREED": "1"})

    @pytest.mark.parametrize(
        "name",
        [
            "tts_models/en/ljspeech/vits",
            FAMILY + "your_tts",
            FAMILY + "bark",
            "piper:en_US-joe-medium",
            "/models/xtts_v2",
            "xtts",
        ],
    )
    def test_other_models_need_nothing(self, name: str, tmp_path: Path) -> None:
        assert not needs_coqui_licence(name)
        require_coqui_licence(name, environ={"HOME": str(tmp_path)})

    @pytest.mark.parametrize("folder", ["/dev/null/x", "/" + "x" * 300, "~no-such-user"])
    def test_unreadable_folder_is_not_accepted(self, folder: str) -> None:
        with pytest.raises(LicenceNotAccepted):
            require_coqui_licence(XTTS, environ={"TTS_HOME": folder})

    def test_nothing_is_accepted_on_the_way(self, tmp_path: Path) -> None:
        environ = {"HOME": str(tmp_path)}
        with pytest.raises(LicenceNotAccepted):
            require_coqui_licence(XTTS, environ=environ)
        assert environ == {"HOME": str(tmp_path)}
        assert list(tmp_path.iterdir()) == []


class TestScript:
    @pytest.mark.model
    def test_accepts_exactly_where_coqui_looks(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        home = str(tmp_path / "home")
        places: list[dict[str, str]] = [
            {"HOME": home},
            {"HOME": home, "XDG_DATA_HOME": str(tmp_path / "xdg data")},
            {"HOME": home, "XDG_DATA_HOME": str(tmp_path / "no"), "TTS_HOME": str(tmp_path / "t")},
            {"HOME": home, "TTS_HOME": "~/in-home"},
            {"HOME": home, "TTS_HOME": "~"},
            {"HOME": home, "TTS_HOME": "relative"},
            {"HOME": home, "TTS_HOME": "", "XDG_DATA_HOME": home},
        ]
        questions = [
            (FAMILY + name, place) for place in places for name in ("xtts_v2", "xtts_v1.1")
        ]
        before = ask_coqui(questions, tmp_path)
        assert not any(agreed for _, agreed in before)
        for name, environ in questions:
            with pytest.raises(LicenceNotAccepted):
                require_coqui_licence(name, environ=environ)
            done = accept(environ, name, folder=tmp_path)
            assert done.returncode == 0, done.stderr
            require_coqui_licence(name, environ=environ)
        after = ask_coqui(questions, tmp_path)
        ours = [coqui_licence_file(name, environ=environ) for name, environ in questions]
        assert after == [(path, True) for path in ours]

    @pytest.mark.model
    def test_coqui_agrees_on_what_counts_in_the_variable(self, tmp_path: Path) -> None:
        home = {"HOME": str(tmp_path)}
        values = ["1", "true", "", "1 "]
        questions = [(XTTS, home | {"COQUI_TOS_AGREED": value}) for value in values]
        other = ("tts_models/en/ljspeech/vits", home)
        answers = ask_coqui([*questions, other], tmp_path)
        assert [agreed for _, agreed in answers] == [True, False, False, False, True]

    def test_default_is_xtts_v2_and_twice_is_as_good_as_once(self, tmp_path: Path) -> None:
        environ = {"HOME": str(tmp_path)}
        first = accept(environ, folder=tmp_path)
        file = coqui_licence_file("xtts_v2", environ=environ)
        content = file.read_bytes()
        for part in ("Coqui Public Model License", "non-commercial", "https://", str(file)):
            assert part in first.stdout
        second = accept(environ, "xtts_v2", folder=tmp_path)
        assert second.returncode == 0
        assert "accepted already" in second.stdout
        assert file.read_bytes() == content

    @pytest.mark.parametrize("arguments", [("bark",), ("xtts_v2", "xtts_v1.1"), ("",), ("../x",)])
    def test_wrong_use_accepts_nothing(self, arguments: tuple[str, ...], tmp_path: Path) -> None:
        done = accept({"HOME": str(tmp_path)}, *arguments, folder=tmp_path)
        assert done.returncode == 64
        assert done.stderr
        assert list(tmp_path.iterdir()) == []

    def test_help_accepts_nothing(self, tmp_path: Path) -> None:
        done = accept({"HOME": str(tmp_path)}, "--help", folder=tmp_path)
        assert done.returncode == 0
        assert "non-commercial" in done.stdout
        assert list(tmp_path.iterdir()) == []

    def test_unknown_users_home_is_refused(self, tmp_path: Path) -> None:
        done = accept({"HOME": str(tmp_path), "TTS_HOME": "~who/x"}, folder=tmp_path)
        assert done.returncode == 64
        assert list(tmp_path.iterdir()) == []

    def test_folder_that_cannot_be_written(self, tmp_path: Path) -> None:
        done = accept({"HOME": "/dev/null"}, folder=tmp_path)
        assert done.returncode != 0
        assert "/dev/null" in done.stderr
