"""The flow goes one way: a module imports only from the layers to its right."""

from __future__ import annotations

import ast
from pathlib import Path

import wyoming_voice_stack

ROOT = Path(wyoming_voice_stack.__file__).parent
PACKAGE = ROOT.name

LAYERS: tuple[tuple[str, ...], ...] = (
    ("__main__",),
    ("cli",),
    ("demo",),
    ("assembly",),
    ("assembly.hearing", "assembly.house_voice", "assembly.speaking"),
    ("app", "logs", "recordings", "weights"),
    ("client", "discovery", "config", "licence", "models", "supervisor"),
    ("core.listener", "fetch"),
    ("core.connection", "core.http", "hub"),
    ("asr.service", "tts.service"),
    ("asr.house", "asr.session", "tts.session"),
    ("asr.utterance", "tts.reply"),
    ("tts.script", "tts.take"),
    ("tts.voicing",),
    (
        "core.framing",
        "core.inbox",
        "core.lodging",
        "core.vocabulary",
        "core.worker",
        "asr.house.owner",
        "tts.catalogue",
        "tts.detection",
    ),
    ("asr.house.link", "core.rest", "core.slot", "core.stream", "core.ticket"),
    ("core.channel", "core.queue"),
    ("core.metrics", "core.session"),
    ("asr", "tts"),
    (
        *("addresses", "audio", "hardware", "languages", "mdns", "memory"),
        *("onnx_file.building", "onnx_file.graph", "options", "processor"),
    ),
    ("onnx_file.nodes",),
    ("errors", "core", "onnx_file", ""),
)
"""From the user's end to the engines and what everything stands on. `asr` and `tts` without more
are all other modules of the two: the engines' side."""

HEAVY = {
    "TTS",
    "ctranslate2",
    "faster_whisper",
    "huggingface_hub",
    "lingua",
    "onnxruntime",
    "piper",
    "soundfile",
    "torch",
    "torchaudio",
    "zeroconf",
}
LATE = {
    f"tts.xtts.{name}"
    for name in (
        *("cache", "cores", "decoder", "graphs", "prefix", "projection", "sampling"),
        *("scheduler", "vocoder", "vocoding"),
    )
}
"""Modules that import something heavy at once, and so are themselves imported inside functions only."""
MAX_LINES = 305
MODULES = sorted(ROOT.rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def layer_of(module: str) -> int:
    candidates = [module, module.partition(".")[0]]
    for name in candidates:
        for place, layer in enumerate(LAYERS):
            if name in layer:
                return place
    raise AssertionError(f"{module} has no place in LAYERS; give it one")


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
    engines_side = layer_of(here) == layer_of(other) == layer_of("asr")
    same_half = here.partition(".")[0] == other.partition(".")[0]
    return layer_of(here) < layer_of(other) or (engines_side and same_half)


def test_imports_go_to_the_right() -> None:
    edges = {(name_of(path), other) for path in MODULES for other in own_modules(path)}
    edges = {(here, other) for here, other in edges if other not in {here, ""}}
    assert len(edges) > 100
    assert not {edge for edge in edges if not is_allowed(*edge)}


def test_nothing_heavy_is_imported_early() -> None:
    early = {path: packages(imports(path, at_import_time=True)) & HEAVY for path in MODULES}
    assert {name_of(path) for path, names in early.items() if names} <= LATE
    for path in MODULES:
        if name_of(path) not in LATE:
            assert not own_modules(path, at_import_time=True) & LATE, f"{path} is not late"


def test_engines_know_neither_asyncio_nor_wyoming() -> None:
    engines_side = [path for path in MODULES if layer_of(name_of(path)) == layer_of("asr")]
    assert len(engines_side) > 10
    known = {path: packages(imports(path)) & {"asyncio", "wyoming"} for path in engines_side}
    assert not {name_of(path): names for path, names in known.items() if names}


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
