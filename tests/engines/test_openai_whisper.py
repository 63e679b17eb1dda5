"""The reference back end: the same weights, the same words; skipped where the extra is not installed."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from rapbot.engines.openai_whisper import OpenAiWhisper, dimensions_of, read_model, repacked
from rapbot.engines.whisper import FasterWhisper
from rapbot.errors import EngineError, EngineUnavailable
from rapbot.protocols import HEARING_RATE_HZ
from rapbot.resources import weights_dir
from rapbot.sound.files import read_audio

VERSE = Path(__file__).resolve().parents[1] / "data" / "verses" / "tony.flac"
COUPLET_END_S = 4.9  # the third line begins here


def folder(name: str) -> Path:
    try:
        return weights_dir(name)
    except EngineUnavailable as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def reference() -> OpenAiWhisper:
    if importlib.util.find_spec("whisper") is None:
        pytest.skip("openai-whisper is not installed: pip install 'rapbot[torch]'")
    return OpenAiWhisper(folder("whisper-tiny.en"))


@pytest.fixture(scope="module")
def couplet() -> np.ndarray:
    return read_audio(VERSE, rate_hz=HEARING_RATE_HZ).samples[: round(COUPLET_END_S * HEARING_RATE_HZ)]


def texts(words) -> list[str]:
    return [word.text.lower() for word in words]


def test_the_repacked_state_is_whole():
    state = repacked(read_model(folder("whisper-tiny.en") / "model.bin"))
    dimensions = dimensions_of(state)
    assert dimensions["n_text_layer"] == dimensions["n_audio_layer"] == 4
    assert (dimensions["n_mels"], dimensions["n_audio_ctx"], dimensions["n_text_ctx"]) == (80, 1500, 448)
    assert dimensions["n_audio_state"] == 64 * dimensions["n_audio_head"]  # every Whisper head is 64 wide
    assert all(np.isfinite(value).all() for value in state.values())


def test_a_key_bias_is_nothing_to_lose():
    """Repacking drops the bias CTranslate2 stores for keys: it must be zero, or the model would change."""
    variables = read_model(folder("whisper-tiny.en") / "model.bin")
    width = variables["encoder/position_encodings/encodings"].shape[1]
    for name, value in variables.items():
        if name.endswith("self_attention/linear_0/bias"):
            assert not value[width : 2 * width].any(), name
        elif name.endswith("/attention/linear_1/bias"):
            assert not value[:width].any(), name


def test_both_back_ends_hear_the_same_words(reference, couplet):
    theirs, ours = reference.transcribe(couplet), FasterWhisper(folder("whisper-tiny.en")).transcribe(couplet)
    same = sum(one == other for one, other in zip(texts(theirs), texts(ours), strict=False))
    assert same >= len(ours) - 1 and len(theirs) == len(ours) == 19  # int8 may tip one doubtful name: Tony, Toni
    assert all(0.0 <= word.start_s <= word.end_s <= COUPLET_END_S + 0.1 for word in theirs)


def test_short_and_wrong_input(reference):
    assert reference.transcribe(np.zeros(100, np.float32)) == ()
    with pytest.raises(ValueError, match="mono"):
        reference.transcribe(np.zeros((100, 2), np.float32))
    with pytest.raises(EngineError, match="English only"):
        reference.language(np.zeros(HEARING_RATE_HZ, np.float32))


def test_the_multilingual_model_knows_english_rap(reference, couplet):
    code, probability = OpenAiWhisper(folder("whisper-base")).language(couplet)
    assert code == "en" and probability > 0.6


def test_missing_and_damaged_weights_name_the_command(tmp_path):
    with pytest.raises(EngineUnavailable, match="rapbot models install"):
        OpenAiWhisper(tmp_path)
    (tmp_path / "model.bin").write_bytes(b"\x06\0\0\0\x0c\0WhisperSpec\0\x03\0\0\0\x09\0\0\0")
    with pytest.raises(EngineUnavailable, match="damaged"):
        read_model(tmp_path / "model.bin")
    (tmp_path / "model.bin").write_bytes(b"not a model at all")
    with pytest.raises(EngineUnavailable, match="damaged"):
        read_model(tmp_path / "model.bin")
