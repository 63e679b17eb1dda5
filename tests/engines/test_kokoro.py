"""Kokoro cut in two: the whole of its own, and what it says when told how long."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rapbot.engines.kokoro import GRAPH_FILE, MODEL_NAME, STYLES, UNIT_S, KokoroModel, KokoroSpeaker
from rapbot.errors import EngineUnavailable
from rapbot.protocols import Utterance
from rapbot.resources import weights_dir
from rapbot.voicing.voices import SPOKEN_VOICES

LINE = Utterance((), "ɡˌO hˈOm.")  # the engine reads only the phonemes


@pytest.fixture(scope="module")
def folder() -> Path:
    try:
        return weights_dir(MODEL_NAME)
    except EngineUnavailable as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def model(folder: Path) -> KokoroModel:
    return KokoroModel(folder)


def test_the_two_pieces_are_the_whole(model: KokoroModel, folder: Path) -> None:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    whole = onnxruntime.InferenceSession(str(folder / GRAPH_FILE), options, providers=["CPUExecutionProvider"])
    ids = [[0, *(model.ids[char] for char in LINE.misaki), 0]]
    style = model.styles["jm_kumo"].reshape(-1, 256)[len(LINE.misaki) - 1][None]
    feed = {"tokens": np.asarray(ids, np.int64), "style": style, "speed": np.ones(1, np.float32)}
    expected = whole.run(None, feed)[0].reshape(-1)
    spoken = KokoroSpeaker(model, "jm_kumo").speak(LINE, None, 0)
    assert spoken.samples.shape == expected.shape
    # what onnxruntime fuses differs between the graphs, and int8 rounding makes that audible to a subtraction only
    assert np.abs(spoken.samples - expected).max() < 0.02 * np.abs(expected).max()


@pytest.mark.parametrize("style", STYLES[::4])
def test_sound_is_as_long_as_its_tokens(model: KokoroModel, style: str) -> None:
    speaker = KokoroSpeaker(model, style)
    natural = speaker.natural(LINE)
    assert natural.tokens == ("^", *LINE.misaki, "$")
    told = natural.durations.astype(int)
    told[3] += 6  # the first vowel
    own, longer = speaker.speak(LINE, None, 0), speaker.speak(LINE, told, 0)
    for spoken, units in ((own, natural.durations), (longer, told)):
        assert np.isfinite(spoken.samples).all() and np.abs(spoken.samples).max() > 0.05
        assert len(spoken.edges_s) == len(spoken.tokens) + 1
        assert np.diff(spoken.edges_s) == pytest.approx(units * UNIT_S)
        assert len(spoken.samples) == round(spoken.edges_s[-1] * spoken.rate_hz)
    assert longer.edges_s[-1] - own.edges_s[-1] == pytest.approx(6 * UNIT_S)


def test_equal_input_gives_equal_bytes(model: KokoroModel) -> None:
    speaker = KokoroSpeaker(model, "jm_kumo")
    first, again = (speaker.speak(LINE, None, seed).samples for seed in (1, 2))
    assert first.tobytes() == again.tobytes()  # nothing in it is random


def test_arguments_are_checked(model: KokoroModel) -> None:
    speaker = KokoroSpeaker(model, "jm_kumo")
    with pytest.raises(ValueError, match="no sound for '💥'"):
        speaker.natural(Utterance((), "bˈu💥m"))
    with pytest.raises(ValueError, match="empty"):
        speaker.natural(Utterance((), " "))
    with pytest.raises(ValueError, match="longer than the voice's 500"):
        speaker.natural(Utterance((), "a" * 501))
    with pytest.raises(ValueError, match="one duration of at least 1"):
        speaker.speak(LINE, np.ones(3), 0)
    with pytest.raises(ValueError, match="one duration of at least 1"):
        speaker.speak(LINE, np.zeros(len(LINE.misaki) + 2), 0)
    with pytest.raises(ValueError, match="choose from"):
        KokoroSpeaker(model, "af_heart")


def test_the_voices_on_offer_exist(model: KokoroModel) -> None:
    offered = [spec.engine.partition(":")[2] for spec in SPOKEN_VOICES.values() if spec.engine.startswith("kokoro:")]
    assert len(offered) >= 2 and set(offered) <= set(model.styles) == set(STYLES)
