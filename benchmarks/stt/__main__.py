"""Measures speech to text: our server, another one, or both in alternation.

    python -m benchmarks.stt --peer --limit 32 --out stt.json
    python -m benchmarks.stt --server tcp://127.0.0.1:10300 --pid 4711
    python -m benchmarks.stt --peer --sounds

Recorded prompts are sent to the servers as Home Assistant sends speech, one connection per
utterance: in real time (chunks of 10 ms, and a pause before the end), and at once. The streams of a
round begin together; with `--scenarios one-by-one`, each sends its next utterance when the last one is
answered, and with `beside-file`, the server transcribes a file of ten minutes meanwhile. The time from `audio-stop` to the transcript is measured. Quiet noise is mixed with all audio. With --peer,
wyoming-faster-whisper runs with the same model, threads and beam size as our server; the two
transcribe the same utterances in alternation, never at the same time.

A failure (an error, a closed connection, no answer) counts as an infinite wait and as an empty
transcript. CPU time is that of the server's processes per second of audio, silence included.
`late p99` is how late this program sent its own chunks: trust real-time figures only where it is
small. Choose constants with --half tune, and report figures of --half unseen. The last lines count
the utterances with more than one transcript: in real time, at once and in any crowd, the text of a
server should be the same.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import cache
from itertools import starmap
from pathlib import Path

import numpy as np
from rich.console import Console

from benchmarks.common.measurement import pairs, warm_up
from benchmarks.common.program import (
    add_file_options,
    add_server_options,
    new_parser,
    run_program,
)
from benchmarks.common.report import print_failures, print_targets
from benchmarks.common.servers import Target, serving
from benchmarks.stt import transcription_report as report
from benchmarks.stt.non_speech import transcribe_sounds
from benchmarks.stt.recorded_prompts import HALVES, LANGUAGES, Utterance, load
from benchmarks.stt.repeated_utterances import repeated_utterances
from benchmarks.stt.room_acoustics import with_room_noise
from benchmarks.stt.transcription_plan import (
    SCENARIOS,
    USUAL_SCENARIOS,
    MeasuredTranscription,
    StreamCase,
    TranscriptionPlan,
    measure_plan,
    plan,
    sending,
)
from benchmarks.stt.transcription_summary import compare, summarise
from benchmarks.stt.utterance_client import EncodedUtterance, encode_utterance
from benchmarks.stt.whisper_base import BASE, model_directory
from benchmarks.stt.whisper_servers import WhisperOptions, our_whisper, peer_whisper
from wyoming_voice_stack.asr.engine import SAMPLE_RATE

STREAMS = (1, 4, 8, 16)
LONGEST_S = 15.0
"""Home Assistant cuts a command there."""
FILE_S = 590.0
"""Servers take up to ten minutes."""
COLUMNS = 140


def parser() -> argparse.ArgumentParser:
    made = new_parser(__doc__)
    add = made.add_argument_group("utterances").add_argument
    add("--language", choices=LANGUAGES, default="en")
    add("--half", choices=HALVES, default="unseen", help="half of the prompts; default: unseen")
    add("--longest", type=float, default=LONGEST_S, help="longest utterance in seconds")
    add("--limit", type=int, default=64, help="maximum number of utterances per row")
    add("--rounds", type=int, help="maximum number of rounds per row")
    add("--scenarios", nargs="+", choices=SCENARIOS, default=USUAL_SCENARIOS)
    add("--streams", nargs="+", type=int, default=STREAMS, help="utterances at the same time")
    add("--file-seconds", type=float, default=FILE_S, help="length of the file of beside-file")
    add("--silence", type=float, default=0.7, help="seconds of silence before audio-stop")
    add("--sounds", action="store_true", help="send sounds without speech instead")
    add("--sound-seconds", type=float, default=60.0, help="length of each sound")
    add = add_server_options(made, "wyoming-faster-whisper").add_argument
    add("--model", default=BASE, help="as in ASR_MODEL; default: base")
    add("--threads", type=int, default=2)
    add("--device", default="cpu", help="device of our server: cpu, cuda or cuda:N")
    add("--beam", type=int, default=5)
    add_file_options(made)
    return made


def servers(options: argparse.Namespace) -> AbstractContextManager[list[Target]]:
    """Run the servers that the options ask for."""

    @cache
    def whisper() -> WhisperOptions:
        model = model_directory(options.model, options.cache)
        return WhisperOptions(
            model, options.language, options.threads, options.beam, options.device
        )

    def peer(folder: Path) -> AbstractContextManager[Target]:
        return peer_whisper(whisper(), folder, options.cache, options.peer_options)

    return serving(
        options.server,
        options.pid,
        lambda folder: our_whisper(whisper(), folder),
        peer if options.peer else None,
    )


def encoded(utterances: list[Utterance], silence_s: float) -> list[EncodedUtterance]:
    return [
        encode_utterance(one.name, with_room_noise(one.samples, one.name, silence_s), one.language)
        for one in utterances
    ]


def long_file(options: argparse.Namespace, utterances: list[Utterance]) -> EncodedUtterance:
    """All prompts in a row, again and again."""
    samples = np.concatenate([one.samples for one in utterances])
    wanted = round(options.file_seconds * SAMPLE_RATE)
    return encode_utterance("file", np.resize(samples, wanted), options.language)


def plans(
    options: argparse.Namespace, utterances: list[EncodedUtterance]
) -> Iterator[TranscriptionPlan]:
    """Every scenario with every number of streams."""
    for scenario in options.scenarios:
        for streams in options.streams:
            case = StreamCase(scenario, streams)
            yield plan(case, utterances, options.limit, options.rounds)


async def measure_speech(
    options: argparse.Namespace,
    utterances: list[Utterance],
    targets: list[Target],
    console: Console,
) -> list[MeasuredTranscription]:
    requests = encoded(utterances, options.silence)
    await warm_up(targets, requests[-1:], sending(real_time=False))
    file = long_file(options, utterances) if "beside-file" in options.scenarios else None
    measured = []
    for one in plans(options, requests):
        with console.status(f"{one.case}, {len(one.rounds)} rounds"):
            measured += await measure_plan(one, targets, file)
    return measured


def speech(options: argparse.Namespace, targets: list[Target], console: Console) -> None:
    everything = load(options.language, options.half, options.cache)
    utterances = [one for one in everything if one.seconds <= options.longest]
    references = {one.name: one.text for one in utterances}
    measured = asyncio.run(measure_speech(options, utterances, targets, console))
    summaries = [summarise(one, references, options.language) for one in measured]
    console.print(report.summary_table(summaries))
    if len(targets) > 1:
        names = [target.name for target in targets]
        console.print(report.ratio_table(starmap(compare, pairs(summaries, *names)), *names))
    for one in repeated_utterances(measured):
        console.print(str(one), highlight=False, markup=False)
    print_failures(measured, console)
    if options.out:
        report.write_report(
            *(options.out, vars(options), targets, measured, summaries), references=references
        )


def sounds(options: argparse.Namespace, targets: list[Target], console: Console) -> None:
    with console.status("sounds without speech"):
        results = asyncio.run(transcribe_sounds(targets, options.sound_seconds, options.language))
    console.print(report.non_speech_table(results))
    console.print(report.non_speech_counts(results))
    if options.out:
        report.write_report(options.out, vars(options), targets, non_speech=results)


def run(options: argparse.Namespace, console: Console) -> None:
    with servers(options) as targets:
        print_targets(targets, console)
        (sounds if options.sounds else speech)(options, targets, console)


if __name__ == "__main__":
    sys.exit(run_program(run, parser().parse_args(), columns=COLUMNS))
