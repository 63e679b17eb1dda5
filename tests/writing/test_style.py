"""The reader of style: it knows who it learnt, names nobody it did not, and its file tells what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rapbot.errors import UserError
from rapbot.values import Bar, Verse
from rapbot.writing.style import features, learn, load_style, to_json


def verse(persona: str, *lines: str, move: str = "flip", answers: tuple[str, ...] = ()) -> Verse:
    bars = tuple(Bar(k, line, move, "e", answers, "A", "", (), (), 0.0) for k, line in enumerate(lines))
    return Verse(bars, 90.0, 4, persona)


KNOWN = [
    verse("cat", "my cat sits on the throne", "an invoice for the moat"),
    verse("robot", "error the printer is loading", "please reboot the screen", move="boast"),
]


def test_a_persona_is_known_by_its_words_and_moves() -> None:
    reader = learn(KNOWN)
    said = reader.probabilities(verse("?", "the cat has sent an invoice").bars)
    assert said["cat"] > 0.7 and sum(said.values()) == pytest.approx(1.0)
    assert reader.bleed(KNOWN[1]) < 0.2 < reader.bleed(verse("cat", "error loading the printer", move="boast"))


def test_a_persona_that_was_not_learnt_has_no_bleed() -> None:
    assert learn(KNOWN).bleed(verse("stranger", "hello")) is None


def test_words_nobody_used_say_nothing() -> None:
    reader = learn(KNOWN)
    bare = reader.probabilities(verse("?", "the of and").bars)
    assert reader.probabilities(verse("?", "the xylophone of quokkas and").bars) == bare


def test_the_opponents_words_are_not_style() -> None:
    counted = features(verse("cat", "your chrome tractor broke", answers=("tractor",)).bars)
    assert counted["word chrome"] == 1 and "word tractor" not in counted


def test_a_reader_survives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "style.json"
    path.write_text(to_json(learn(KNOWN)), encoding="utf-8")
    assert load_style(path).probabilities(KNOWN[0].bars) == learn(KNOWN).probabilities(KNOWN[0].bars)


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": "rapbot.style/9"}', '{"schema": "rapbot.style/1"}'])
def test_a_file_that_is_none_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "style.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match="make_style"):
        load_style(path)


def test_nothing_to_learn_from_is_refused() -> None:
    with pytest.raises(ValueError, match="got none"):
        learn([])
