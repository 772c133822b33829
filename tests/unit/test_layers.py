"""The flow goes one way: a module imports only from the layers to its right."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import wyoming_voice_stack

ROOT = Path(wyoming_voice_stack.__file__).parent
PACKAGE = ROOT.name

LAYERS: tuple[tuple[str, ...], ...] = (
    ("__main__",),
    ("cli",),
    ("server.assembly",),
    ("server.assembly.references",),
    ("server",),
    ("http.page.sections",),
    ("http.page",),
    ("http.api.realtime",),
    ("http.api.speech", "http.api.transcription"),
    ("http.api",),
    ("protocol.connection",),
    ("announce", "config", "http", "protocol"),
    ("asr", "tts"),
    ("asr.home_assistant", "tts.text.language.detection_client", "tts.voices"),
    ("asr.onnx", "tts.engines.kokoro", "tts.engines.piper", "tts.engines.xtts"),
    ("asr.whisper", "tts.engines.kokoro.generator", "tts.engines.kokoro.text"),
    ("asr.whisper.decoding",),
    ("tts.engines.xtts.decoding", "tts.engines.xtts.vocoding"),
    ("tts.engines.xtts.decoding_stream",),
    (
        "tts.engines.xtts.audio_queue",
        "tts.engines.xtts.decoding_errors",
        "tts.engines.xtts.speakers",
        "tts.engines.xtts.torch_threads",
    ),
    ("tts.engines.coqui",),
    ("tts.engines.vits",),
    ("tts.engines.vits.simplification",),
    ("tts.engines", "tts.voices.cloning"),
    ("asr.text", "asr.vad", "tts.normalization", "tts.text"),
    ("tts.normalization.numbers",),
    (
        "tts.normalization.dates_and_times",
        "tts.normalization.identifiers",
        "tts.normalization.units",
    ),
    (
        "tts.normalization.locale",
        "tts.text.full_stops",
        "tts.text.language",
        "tts.text.markup",
        "tts.audio",
    ),
    ("asr.engine", "asr.engine_errors", "tts.engine"),
    ("tts.scheduling",),
    ("engine", "models"),
    ("engine.queueing",),
    ("codecs",),
    ("audio", "background", "languages", "logs", "machine", "metrics", "onnx_file"),
    ("errors", ""),
)
"""From the user's end to what everything stands on. A folder has a row, which holds for all its files
but those that have a row of their own; within a folder, files may import each other in one direction."""

HEAVY = {
    "TTS",
    "av",
    "ctranslate2",
    "faster_whisper",
    "huggingface_hub",
    "lingua",
    "onnx_asr",
    "onnxruntime",
    "piper",
    "soundfile",
    "torch",
    "torchaudio",
    "zeroconf",
}
LATE = {
    *(
        f"tts.engines.xtts.decoding.{name}"
        for name in ("cuda_graphs", "decoder", "kv_cache", "prompt", "projection", "sampling")
    ),
    "tts.engines.xtts.batch_scheduler",
    "tts.engines.xtts.torch_threads",
    "tts.engines.xtts.vocoding.convolutions",
    "tts.engines.xtts.vocoding.vocoder_stages",
    "tts.engines.xtts.vocoding.vocoder",
    "tts.engines.xtts.vocoding.vocoder_thread",
}
"""Modules that import something heavy at once, and so are themselves imported inside functions only."""
MAX_LINES = 305
MAX_MODULES = 12
MAX_MODULES_AT_THE_ROOT = 8
SHARED_NAMES = {"__init__.py", "service.py", "engine.py", "catalogue.py", "loading.py"}
"""Names that stand for the same thing in each half and in each engine."""
MODULES = sorted(ROOT.rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def place_of(module: str) -> str:
    """The row's entry that holds for a module: its own, or that of the nearest folder."""
    entries = {entry for row in LAYERS for entry in row}
    name = module
    while name not in entries:
        name, dot, _ = name.rpartition(".")
        assert dot, f"{module} has no place in LAYERS; give it one"
    return name


def layer_of(module: str) -> int:
    place = place_of(module)
    return next(number for number, row in enumerate(LAYERS) if place in row)


def imports(path: Path, *, at_import_time: bool = False) -> set[str]:
    tree = ast.parse(path.read_text())
    found: set[str] = set()
    body = _at_import_time(tree.body) if at_import_time else list(ast.walk(tree))
    for node in body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            # `from package import module` names the module in its second half.
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _at_import_time(body: list[ast.stmt]) -> list[ast.AST]:
    found: list[ast.AST] = []
    for node in body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        found.append(node)
        found += _at_import_time(
            [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
        )
    return found


def packages(names: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def own_modules(path: Path, *, at_import_time: bool = False) -> set[str]:
    known = {name_of(module) for module in MODULES}
    inside = {
        name.removeprefix(PACKAGE).lstrip(".")
        for name in imports(path, at_import_time=at_import_time)
        if name.split(".")[0] == PACKAGE
    }
    return {name for name in inside if name in known}


def is_allowed(here: str, other: str) -> bool:
    return layer_of(here) < layer_of(other) or place_of(here) == place_of(other)


def test_imports_go_to_the_right() -> None:
    edges = {(name_of(path), other) for path in MODULES for other in own_modules(path)}
    edges = {(here, other) for here, other in edges if other not in {here, ""}}
    assert len(edges) > 100
    backwards = {edge for edge in edges if not is_allowed(*edge)}
    assert not backwards


def test_every_folder_has_a_row() -> None:
    entries = {entry for row in LAYERS for entry in row}
    folders = {name_of(path.parent / "__init__.py") for path in MODULES}
    assert folders - entries <= set()


def test_folders_stay_small() -> None:
    counts = Counter(path.parent for path in MODULES if path.name != "__init__.py")
    assert not {folder: count for folder, count in counts.items() if count > MAX_MODULES}
    assert len([path for path in MODULES if path.parent == ROOT]) <= MAX_MODULES_AT_THE_ROOT


def test_a_name_is_used_once() -> None:
    names = Counter(path.name for path in MODULES if path.name not in SHARED_NAMES)
    assert not {name for name, count in names.items() if count > 1}
    classes = Counter(
        node.name
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
    )
    assert not {name for name, count in classes.items() if count > 1}


def test_nothing_heavy_is_imported_early() -> None:
    early = {path: packages(imports(path, at_import_time=True)) & HEAVY for path in MODULES}
    assert {name_of(path) for path, names in early.items() if names} <= LATE
    for path in MODULES:
        if name_of(path) not in LATE:
            assert not own_modules(path, at_import_time=True) & LATE, f"{path} is not late"


def test_engines_know_neither_asyncio_nor_wyoming() -> None:
    first = layer_of("asr.onnx")
    halves = ("asr.", "tts.")
    engines_side = [
        path
        for path in MODULES
        if layer_of(name_of(path)) >= first and name_of(path).startswith(halves)
    ]
    assert len(engines_side) > 10
    known = {path: packages(imports(path)) & {"asyncio", "wyoming"} for path in engines_side}
    assert not {name_of(path): names for path, names in known.items() if names}


def test_services_know_no_front_end() -> None:
    services = [path for path in MODULES if name_of(path).startswith(("asr", "tts"))]
    assert len(services) > 100
    known = {
        (name_of(path), name)
        for path in services
        for name in packages(imports(path)) & {"wyoming"}
        | {own.partition(".")[0] for own in own_modules(path)} & {"protocol", "http"}
    }
    assert not known


def test_no_import_cycles() -> None:
    edges = {name_of(path): own_modules(path) - {name_of(path), ""} for path in MODULES}
    done: set[str] = set()

    def visit(module: str, above: tuple[str, ...]) -> None:
        assert module not in above, f"cycle: {' -> '.join((*above, module))}"
        if module not in done:
            for other in sorted(edges[module]):
                visit(other, (*above, module))
            done.add(module)

    for module in sorted(edges):
        visit(module, ())


def test_files_stay_short() -> None:
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in MODULES}
    assert not {name: length for name, length in lengths.items() if length > MAX_LINES}
