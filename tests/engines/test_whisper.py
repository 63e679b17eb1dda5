"""Whisper on disk: words with times, short windows that continue what is settled, languages, and clear refusals."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from rapbot.engines.whisper import (
    MAX_WINDOW_S,
    FasterWhisper,
    clean_word,
    joined_words,
    looks_like_a_loop,
)
from rapbot.errors import EngineError, EngineUnavailable
from rapbot.protocols import HEARING_RATE_HZ
from rapbot.resources import weights_dir
from rapbot.sound.files import read_audio

ROOT = Path(__file__).resolve().parents[2]
VERSE = ROOT / "tests" / "data" / "verses" / "tony.flac"
SHARED = Path(os.environ.get("RAPBOT_SHARED", ROOT.parent / "shared")) / "data" / "speech"


def whisper(name: str) -> FasterWhisper:
    try:
        return FasterWhisper(weights_dir(name))
    except EngineUnavailable as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def tiny() -> FasterWhisper:
    return whisper("whisper-tiny.en")


@pytest.fixture(scope="module")
def line() -> np.ndarray:
    """My name is Tony and I'm cooler than ice."""
    return read_audio(VERSE, rate_hz=HEARING_RATE_HZ).samples[: round(2.95 * HEARING_RATE_HZ)]


@pytest.fixture(scope="module")
def speaker() -> np.ndarray:
    if not (SHARED / "jfk.wav").is_file():
        pytest.skip("the shared recordings are absent: set RAPBOT_SHARED to the folder that holds data/speech")
    return read_audio(SHARED / "jfk.wav", rate_hz=HEARING_RATE_HZ).samples


def texts(words) -> list[str]:
    return [word.text.lower() for word in words]


def check_times(words, clip_s: float) -> None:
    starts = [word.start_s for word in words]
    assert starts == sorted(starts)
    for word in words:
        assert 0.0 <= word.start_s <= word.end_s <= clip_s + 0.1  # Whisper may end a word a few frames past the clip
        assert 0.0 <= word.confidence <= 1.0


def test_a_line_is_heard(tiny, line):
    words = tiny.transcribe(line)
    assert texts(words) == "my name is tony and i'm cooler than ice".split()
    check_times(words, len(line) / HEARING_RATE_HZ)


def test_equal_input_gives_equal_words(tiny, line):
    assert tiny.transcribe(line) == tiny.transcribe(line)
    assert tiny.transcribe_window(line) == tiny.transcribe_window(line)


def test_more_than_one_window_of_thirty_seconds(tiny, line):
    """The line again after 32 s: it lies in Whisper's second window."""
    gap = np.zeros(round(32.0 * HEARING_RATE_HZ), np.float32)
    words = tiny.transcribe(np.concatenate([line, gap, line]))
    late = [word for word in words if word.start_s > 30.0]
    assert "tony" in texts(late) and "ice" in texts(late)
    assert abs(next(word.start_s for word in late if word.text.lower() == "tony") - 35.5) < 1.0


def test_a_recorded_speaker(tiny, speaker):
    found = texts(tiny.transcribe(speaker))
    assert found == (SHARED / "jfk.lab").read_text().lower().split()


def test_a_short_window_is_read_without_loops(tiny, line):
    words = tiny.transcribe_window(line)
    assert len(words) <= 11 and {"tony", "cooler", "ice"} <= set(texts(words))
    check_times(words, len(line) / HEARING_RATE_HZ)


def test_a_window_continues_the_settled_words_and_does_not_repeat_them(tiny, line):
    settled = ["My", "name", "is", "Tony"]
    words = tiny.transcribe_window(line, settled)
    assert texts(words)[:2] == ["and", "i'm"]
    assert words[0].start_s > 0.5  # timed after the settled words, not from the window's start
    assert "tony" not in texts(words)


def test_window_limits(tiny):
    assert tiny.transcribe_window(np.zeros(100, np.float32)) == ()
    with pytest.raises(ValueError, match="window"):
        tiny.transcribe_window(np.zeros(round((MAX_WINDOW_S + 0.1) * HEARING_RATE_HZ), np.float32))


def test_bad_input_is_the_callers_mistake(tiny):
    assert tiny.transcribe(np.zeros(0, np.float32)) == ()
    with pytest.raises(ValueError, match="mono"):
        tiny.transcribe(np.zeros((100, 2), np.float32))
    with pytest.raises(ValueError, match="finite"):
        tiny.transcribe(np.full(16000, np.inf, np.float32))


def test_english_only_weights_tell_no_language(tiny, line):
    with pytest.raises(EngineError, match="English only"):
        tiny.language(line)


def test_the_multilingual_model_knows_english_rap(line):
    base = whisper("whisper-base")
    code, probability = base.language(line)
    assert code == "en" and probability > 0.6
    assert {"name", "tony", "cooler"} <= set(texts(base.transcribe(line)))
    with pytest.raises(ValueError, match="language"):
        base.language(np.zeros(10, np.float32))


def test_missing_weights_name_the_command(tmp_path):
    with pytest.raises(EngineUnavailable, match="rapbot models install"):
        FasterWhisper(tmp_path)


def test_damaged_weights_name_the_command(tmp_path):
    for name in ("model.bin", "tokenizer.json", "config.json"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(EngineUnavailable, match="rapbot models install"):
        FasterWhisper(tmp_path)


def test_words_lose_punctuation_but_not_apostrophes():
    assert clean_word(" Yo!") == "Yo"
    assert clean_word(" 'cause,") == "'cause"
    assert clean_word(" runnin’.") == "runnin'"
    assert clean_word(' "mic-check"') == "mic-check"
    assert clean_word(" ...") == clean_word(" '") == clean_word("") == ""


def test_pieces_without_a_blank_belong_to_the_word_before():
    words = joined_words(
        [(" twenty", 0.0, 0.4, 0.9), ("-ten", 0.4, 0.6, 0.5), (" yo", 0.7, 0.9, 1.2), (" ?", 1.0, 1.1, 0.3)]
    )
    assert [(word.text, word.start_s, word.end_s, word.confidence) for word in words] == [
        ("twenty-ten", 0.0, 0.6, 0.5),
        ("yo", 0.7, 0.9, 1.0),
    ]


def test_a_loop_compresses_and_a_verse_does_not():
    assert looks_like_a_loop("I'm going to go to the back of it. " * 12)
    assert not looks_like_a_loop("My name is Marcus and I came to shut you down, I'm the lion of the city")
    assert not looks_like_a_loop("")
