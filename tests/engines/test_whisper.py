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
COUPLET_END_S = 4.9  # the third line begins here
COUPLET = "my name is tony and i'm cooler than ice i play the guitar and i roll with the dice".split()
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
def couplet() -> np.ndarray:
    return read_audio(VERSE, rate_hz=HEARING_RATE_HZ).samples[: round(COUPLET_END_S * HEARING_RATE_HZ)]


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


def names_apart(words) -> list[str]:
    """The texts, with either spelling of the name."""
    return ["tony" if text == "toni" else text for text in texts(words)]


def test_a_couplet_is_heard(tiny, couplet):
    words = tiny.transcribe(couplet)
    assert names_apart(words) == COUPLET
    check_times(words, len(couplet) / HEARING_RATE_HZ)


def test_equal_input_gives_equal_words(tiny, couplet):
    assert tiny.transcribe(couplet) == tiny.transcribe(couplet)
    assert tiny.transcribe_window(couplet) == tiny.transcribe_window(couplet)


def test_more_than_one_window_of_thirty_seconds(tiny, couplet):
    """The couplet again after 30 s of silence: it lies in Whisper's second window."""
    again_s = len(couplet) / HEARING_RATE_HZ + 30.0
    words = tiny.transcribe(np.concatenate([couplet, np.zeros(30 * HEARING_RATE_HZ, np.float32), couplet]))
    late = [word for word in words if word.start_s > again_s - 1.0]
    assert names_apart(late) == COUPLET
    guitar = next(word for word in late if word.text == "guitar")
    assert abs(guitar.start_s - (again_s + 3.25)) < 0.5  # its vowel lies at 3.33 s; Whisper's words are 0.1 s rough


def test_a_recorded_speaker(tiny, speaker):
    found = texts(tiny.transcribe(speaker))
    assert found == (SHARED / "jfk.lab").read_text().lower().split()


def test_a_short_window_is_read_without_loops(tiny, couplet):
    words = tiny.transcribe_window(couplet)
    assert names_apart(words) == COUPLET
    check_times(words, len(couplet) / HEARING_RATE_HZ)


def test_a_window_continues_the_settled_words_and_does_not_repeat_them(tiny, couplet):
    words = tiny.transcribe_window(couplet, ["My", "name", "is", "Tony"])
    assert texts(words) == COUPLET[4:]
    assert 1.0 < words[0].start_s < 1.6  # "and", whose vowel lies at 1.38 s: timed after the settled words


def test_a_settled_word_is_kept_although_it_was_misheard(tiny, couplet):
    words = tiny.transcribe_window(couplet, ["My", "name", "is", "Tuna"])
    assert texts(words)[-3:] == ["with", "the", "dice"]
    assert "tuna" not in texts(words)


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


def test_english_only_weights_tell_no_language(tiny, couplet):
    with pytest.raises(EngineError, match="English only"):
        tiny.language(couplet)


def test_the_multilingual_model_knows_english_rap(couplet):
    base = whisper("whisper-base")
    code, probability = base.language(couplet)
    assert code == "en" and probability > 0.6
    assert names_apart(base.transcribe(couplet)) == COUPLET
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
