"""Cloned voices on disk: kept over a restart, bounded, and never in the way."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save

from wyoming_voice_stack.tts.voices.cloning import latent_cache as cache_module
from wyoming_voice_stack.tts.voices.cloning.latent_cache import Arrays, LatentCache

SHAPES = {"latent": (1, 32, 8), "speaker": (1, 16, 1)}


def arrays(seed: int = 0) -> Arrays:
    numbers = np.random.default_rng(seed)
    return {
        name: numbers.standard_normal(shape).astype(np.float32) for name, shape in SHAPES.items()
    }


def same(one: Arrays | None, other: Arrays) -> bool:
    return one is not None and all(np.array_equal(one[name], other[name]) for name in SHAPES)


@pytest.fixture
def cache(tmp_path: Path) -> LatentCache:
    return LatentCache(tmp_path / "cache", "model", SHAPES)


def only_file(cache: LatentCache) -> Path:
    [path] = cache._folder.iterdir()
    return path


def test_is_there_after_a_restart(cache: LatentCache) -> None:
    assert cache.get("anna") is None
    cache.put("anna", arrays())
    again = LatentCache(cache._folder, "model", SHAPES)
    assert same(again.get("anna"), arrays())
    assert only_file(cache).stat().st_size < 10_000


def test_each_voice_and_model_has_its_own(cache: LatentCache) -> None:
    cache.put("anna", arrays(1))
    cache.put("bert", arrays(2))
    assert same(cache.get("anna"), arrays(1))
    assert LatentCache(cache._folder, "other model", SHAPES).get("anna") is None


def test_another_format_is_not_found(cache: LatentCache, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.put("anna", arrays())
    monkeypatch.setattr(cache_module, "FORMAT_VERSION", 2)
    assert cache.get("anna") is None


def test_names_come_from_the_hash_alone(cache: LatentCache) -> None:
    cache.put("../../etc/passwd", arrays())
    assert cache_module._CACHE_FILE.fullmatch(only_file(cache).name)


def test_what_was_not_contiguous_comes_back(cache: LatentCache) -> None:
    turned = {"latent": np.ones((1, 8, 32), np.float32).transpose(0, 2, 1) * np.arange(8)}
    given = {**arrays(), "latent": turned["latent"].astype(np.float32)}
    cache.put("anna", given)
    assert same(cache.get("anna"), given)


def flipped(raw: bytes) -> bytes:
    return raw[:-5] + bytes([raw[-5] ^ 1]) + raw[-4:]


def changed(raw: bytes, **others: np.ndarray) -> bytes:
    return save(load(raw) | others)


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda _: b"no tensors at all",
        lambda raw: raw[:-1],
        lambda raw: raw[:50],
        flipped,
        lambda raw: changed(raw, latent=np.zeros((1, 32, 9), np.float32)),
        lambda raw: changed(raw, latent=np.zeros((1, 32, 8), np.float64)),
        lambda raw: changed(raw, latent=np.zeros((1, 32, 8), np.float32)),
        lambda raw: changed(raw, more=np.zeros(3, np.float32)),
        lambda raw: changed(raw, sha256=np.zeros(32, np.uint8)),
        lambda raw: raw.replace(b'"F32"', b'"BF8"'),
        lambda _: bytes(5 * 2**20),
    ],
)
def test_damaged_files_are_computed_again(cache: LatentCache, damage: object) -> None:
    cache.put("anna", arrays())
    path = only_file(cache)
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    assert cache.get("anna") is None
    cache.put("anna", arrays())
    assert same(cache.get("anna"), arrays())


def test_a_pipe_in_its_place_is_not_opened(cache: LatentCache) -> None:
    cache.put("anna", arrays())
    path = only_file(cache)
    path.unlink()
    os.mkfifo(path)
    assert cache.get("anna") is None


def test_the_one_not_used_for_longest_goes(tmp_path: Path) -> None:
    cache = LatentCache(tmp_path, "model", SHAPES, max_voices=2)
    (tmp_path / "notes.txt").write_text("not ours")
    for place, name in enumerate("ab"):
        cache.put(name, arrays())
        os.utime(cache._path(name), (place, place))
    assert cache.get("a")
    cache.put("c", arrays())
    assert [name for name in "abc" if cache.get(name)] == ["a", "c"]
    assert (tmp_path / "notes.txt").exists()


def test_what_was_begun_long_ago_is_swept_away(cache: LatentCache) -> None:
    cache.put("anna", arrays())
    old, young = (cache._folder / f".begun-{name}" for name in ("old", "young"))
    for path in (old, young):
        path.touch()
    os.utime(old, (1, 1))
    cache.put("bert", arrays())
    assert not old.exists()
    assert young.exists()


def test_a_failed_write_leaves_nothing(
    cache: LatentCache, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> object:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        for name in "abc":
            cache.put(name, arrays())
    [warning] = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "No space left on device" in warning.getMessage()
    assert not list(cache._folder.iterdir())
    cache.put("a", arrays())
    assert cache.get("a")


def test_a_folder_that_cannot_be_made_costs_only_the_cache(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    cache = LatentCache(tmp_path / "file" / "cache", "model", SHAPES)
    assert cache.get("anna") is None
    cache.put("anna", arrays())
    cache.put("bert", arrays())
    assert cache.get("anna") is None
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 1


def test_threads_write_whole_files(cache: LatentCache) -> None:
    found: list[bool] = []

    def put_and_get(seed: int) -> None:
        for _ in range(20):
            cache.put("anna", arrays(seed))
            kept = cache.get("anna")
            found.append(any(same(kept, arrays(each)) for each in range(3)))

    threads = [threading.Thread(target=put_and_get, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 60
    assert only_file(cache)
