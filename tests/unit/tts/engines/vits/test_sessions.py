from __future__ import annotations

import dataclasses
import gc
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.checkpoints.tiny_onnx_voice import make_tiny_voice
from tests.support.voice_windows import (
    SCALES,
    CountedSession,
    again,
    counted_stages,
    difference,
    feeds,
    steps,
)
from wyoming_voice_stack.onnx_file.graph import read_graph
from wyoming_voice_stack.tts.engines.vits.partition import partition
from wyoming_voice_stack.tts.engines.vits.receptive_field import ReceptiveField
from wyoming_voice_stack.tts.engines.vits.sessions import (
    MIN_SHARED_PHONEMES,
    EncoderSessions,
    StreamingVoice,
    load_voice,
)
from wyoming_voice_stack.tts.engines.vits.stages import (
    MAX_POSITIONS,
    NEGLIGIBLE_CONTEXT,
    LazyTensor,
    StageOutput,
)
from wyoming_voice_stack.tts.engines.vits.streaming_sentence import StreamingSentence
from wyoming_voice_stack.tts.engines.vits.windows import Window


def _readers_of(voice: StreamingVoice) -> list[Any]:
    return [voice._encoder.single_threaded, voice._encoder.multi_threaded]


def _kept_positions(sentence: StreamingSentence) -> int:
    """Positions kept in all tensors between stages."""
    made: LazyTensor = sentence._waveform
    count = 0
    while isinstance(made, StageOutput):
        assert made._kept is not None
        # A view keeps the whole array in memory.
        whole = made._kept if made._kept.base is None else made._kept.base
        count += whole.shape[-1]
        made = made._source
    return count


@pytest.fixture(scope="module")
def joe(piper_model: Path) -> StreamingVoice:
    voice = load_voice(piper_model)
    assert isinstance(voice, StreamingVoice)
    return voice


class TestRealVoice:
    def test_parts_meet_in_a_single_tensor(self, joe: StreamingVoice) -> None:
        # Computed by hand: four coupling layers of four convolutions, kernel 5. The vocoder's first layer
        # has a context of 3 frames, each upsampling of 1, residual blocks of 45: kernel 7, dilations 3
        # and 12.
        assert [stage.signature.receptive_field for stage in joe._stages] == [
            *[ReceptiveField(left=8, right=8, hop=1)] * 4,
            ReceptiveField(left=3 + 1, right=3 + 1, hop=8),
            ReceptiveField(left=45, right=45, hop=1),
            # 45 output positions, at 8 for each input position.
            ReceptiveField(left=1 + 6, right=1 + 6, hop=8),
            # Three more for the last layer, at 4 for each input position.
            ReceptiveField(left=1 + 12, right=1 + 12, hop=4),
        ]

    def test_every_position_is_computed_once(self, joe: StreamingVoice) -> None:
        sentence = joe.encode(feeds(60))
        stages, made = counted_stages(joe)
        cuts = steps(sentence.frames, 20)
        counted = again(sentence, stages)
        for each in cuts:
            counted.decode(each)
        positions = sentence.frames
        for stage, counts in zip(joe._stages, made, strict=True):
            # Only the context at the seams is computed twice.
            around = stage.signature.receptive_field.left + stage.signature.receptive_field.right
            assert positions <= sum(counts) <= positions + around * (len(counts) - 1)
            assert len(counts) <= 2 * len(cuts)
            positions *= stage.signature.receptive_field.hop

    @pytest.mark.parametrize("threads", [2, 3, 16])
    def test_threads_that_share_a_window_give_the_same_waveform(
        self, joe: StreamingVoice, threads: int
    ) -> None:
        sentence = joe.encode(feeds(40))
        whole = again(sentence, joe._stages).decode(Window(0, sentence.frames))
        cuts = [Window(0, 12), Window(12, sentence.frames)]
        shared = np.concatenate([sentence.decode(each, threads) for each in cuts])
        assert np.abs(shared - whole).max() < 1e-5

    def test_a_long_window_is_computed_in_several_steps(self, joe: StreamingVoice) -> None:
        sentence = joe.encode(feeds(250))
        stages, made = counted_stages(joe)
        again(sentence, stages).decode(Window(0, sentence.frames), threads=2)
        for stage, counts in zip(joe._stages, made, strict=True):
            reach = stage.signature.receptive_field
            around = reach.left + reach.right
            assert len(counts) % 2 == 0
            assert (
                max(counts) <= max(NEGLIGIBLE_CONTEXT * around, MAX_POSITIONS // reach.hop) + around
            )
        # Otherwise the last stage would hold 5 MB for each of a dozen tensors, for two seconds of audio.
        assert len(made[-1]) > 10

    def test_several_threads_encode_the_same(self, piper_model: Path) -> None:
        voice = load_voice(piper_model, threads=3)
        assert isinstance(voice, StreamingVoice)
        threads = [each.get_session_options().intra_op_num_threads for each in _readers_of(voice)]
        assert threads == [1, 3]
        asked = feeds(MIN_SHARED_PHONEMES, SCALES * np.array([0, 1, 0], np.float32))
        alone, together = voice.encode(asked), voice.encode(asked, threads=2)
        assert alone.frames == together.frames
        sounds = [each.decode(Window(0, each.frames)) for each in (alone, together)]
        assert np.abs(sounds[0]).max() > 0.01
        assert np.abs(sounds[0] - sounds[1]).max() < 1e-4

    @pytest.mark.parametrize(
        ("phonemes", "threads", "shared"),
        [
            (MIN_SHARED_PHONEMES, 1, False),
            (MIN_SHARED_PHONEMES - 1, 2, False),
            (MIN_SHARED_PHONEMES, 2, True),
        ],
    )
    def test_several_threads_encode_long_texts(
        self, joe: StreamingVoice, phonemes: int, threads: int, shared: bool
    ) -> None:
        single: list[int] = []
        multi: list[int] = []
        session = joe._encoder.single_threaded
        text = EncoderSessions(CountedSession(session, single), CountedSession(session, multi))
        sentence = StreamingVoice(text, joe._stages).encode(feeds(phonemes), threads)
        assert (single, multi) == (([], [phonemes]) if shared else ([phonemes], []))
        assert sentence._cores_awake == shared

    def test_one_thread_needs_one_session(self, joe: StreamingVoice) -> None:
        assert len(set(_readers_of(joe))) == 1

    def test_positions_no_longer_needed_are_freed(self, joe: StreamingVoice) -> None:
        sentence = joe.encode(feeds(250))
        kept = []
        for each in steps(sentence.frames, 20):
            sentence.decode(each)
            kept.append(_kept_positions(sentence))
        assert max(kept[5:]) <= 2 * kept[5]

    @pytest.mark.parametrize("phonemes", [9, 60, 250])
    def test_windows_are_the_same_waveform(self, joe: StreamingVoice, phonemes: int) -> None:
        sentence = joe.encode(feeds(phonemes))
        growing = [
            (start, min(stop, sentence.frames)) for start, stop in ((0, 9), (9, 60), (60, 9999))
        ]
        cuts = [Window(start, stop) for start, stop in growing if start < stop]
        assert len(cuts) >= 2
        assert difference(joe, sentence, cuts) < 1e-5
        if phonemes < 100:
            assert difference(joe, sentence, steps(sentence.frames, 7)) < 1e-5

    @pytest.mark.parametrize("stage", [0, 4, 5])
    def test_less_context_changes_the_result(self, joe: StreamingVoice, stage: int) -> None:
        stages = list(joe._stages)
        signature = stages[stage].signature
        less = dataclasses.replace(
            signature.receptive_field, left=signature.receptive_field.left // 4
        )
        changed = dataclasses.replace(signature, receptive_field=less)
        stages[stage] = dataclasses.replace(stages[stage], signature=changed)
        sentence = joe.encode(feeds(40))
        whole = again(sentence, joe._stages).decode(Window(0, sentence.frames))
        cuts = again(sentence, tuple(stages))
        first, second = cuts.decode(Window(0, 40)), cuts.decode(Window(40, 80))
        assert np.abs(first - whole[: 40 * 256]).max() < 1e-5
        assert np.abs(second - whole[40 * 256 : 80 * 256]).max() > 1e-5

    def test_each_weight_is_in_one_part(self, piper_model: Path) -> None:
        content = piper_model.read_bytes()
        graph = read_graph(memoryview(content))
        found = partition(graph)
        parts = [
            graph.part(found.text_nodes, {}, []),
            *(graph.part(part.nodes, {}, []) for part in found.parts),
        ]
        size = sum(len(chunk) for part in parts for chunk in part)
        assert size == pytest.approx(len(content), rel=0.01)

    def test_the_file_is_unmapped_after_loading(self, piper_model: Path, tmp_path: Path) -> None:
        model = make_tiny_voice(tmp_path / "voice.onnx")
        voice = load_voice(model, threads=2)
        mapped = Path("/proc/self/maps").read_text()
        assert str(model) not in mapped
        assert "part of a voice" not in mapped
        assert isinstance(voice, StreamingVoice)
        sessions = [*_readers_of(voice), *(stage.session for stage in voice._stages)]
        # ONNX Runtime keeps a model that is passed as bytes.
        assert [session._model_bytes for session in sessions] == [None] * len(sessions)
        held = weakref.ref(voice)
        del voice
        gc.collect()
        assert held() is None
