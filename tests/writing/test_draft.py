"""A reply that follows word by word: two speeds, one mind, and what was begun stays said."""

from __future__ import annotations

import pytest

from rapbot.engines.hibari_text import HibariText
from rapbot.errors import UserError
from rapbot.language.anchors import words_from_text
from rapbot.values import Word
from rapbot.writing.draft import Draft
from rapbot.writing.pen import Order, Pen

from .conftest import VERSE

WORDS, LINES = words_from_text(VERSE)


def up_to(count: int) -> tuple[tuple[Word, ...], list[range]]:
    return WORDS[:count], [range(line.start, min(line.stop, count)) for line in LINES if line.start < count]


def draft(pen: Pen, text: HibariText, **options) -> Draft:
    return Draft(pen, text, Order(90.0, seed=3, **options))


def test_the_way_there_does_not_change_the_plan(pen: Pen, text: HibariText) -> None:
    followed = draft(pen, text)
    for count in range(1, len(WORDS) + 1, 7):
        followed.opening(*up_to(count))
        followed.hear(*up_to(count))
    assert followed.hear(WORDS, LINES) == draft(pen, text).hear(WORDS, LINES)


def test_an_opening_is_a_couplet_that_passes(pen: Pen, text: HibariText) -> None:
    one = draft(pen, text)
    for count in range(6, len(WORDS) + 1, 5):
        bars = one.opening(*up_to(count))
        assert [bar.index for bar in bars] == [0, 1]
        assert bars[0].entry_id == bars[1].entry_id
        assert all(bar.slots and "{" not in bar.text for bar in bars)
        one.hear(*up_to(count))


def test_the_opening_takes_up_what_the_last_word_brought(pen: Pen, text: HibariText) -> None:
    """The threat is complete only with its last word, and nothing else was ever thrown."""
    words, lines = words_from_text("I drive a tractor down the road\nI'm going to unplug you")
    one = draft(pen, text)
    one.hear(words[:-1], [lines[0], range(lines[1].start, lines[1].stop - 1)])
    bars = one.opening(words, lines)
    assert "unplug" in {answer for bar in bars for answer in bar.answers}


def test_what_was_begun_stays(pen: Pen, text: HibariText) -> None:
    one = draft(pen, text)
    one.hear(*up_to(40))
    first = one.opening(*up_to(44))
    one.begin()
    for count in (50, 70, len(WORDS)):
        assert one.opening(*up_to(count)) == first
        verse = one.hear(*up_to(count))
        assert verse.bars[:2] == first
        assert len(verse.bars) == 8
        assert len({bar.entry_id for bar in verse.bars}) == 4


def test_nothing_can_be_begun_before_there_is_a_plan(pen: Pen, text: HibariText) -> None:
    with pytest.raises(ValueError, match="nothing was planned"):
        draft(pen, text).begin()


def test_the_plan_holds_while_words_bring_nothing_new(pen: Pen, text: HibariText) -> None:
    """The dice are the turn's: a word like "and" must not throw the whole verse over."""
    words, lines = words_from_text("I drive a Cadillac\nand my dog is a lion and")
    one = draft(pen, text)
    before = one.hear(words[:-1], [lines[0], range(lines[1].start, lines[1].stop - 1)])
    assert [bar.text for bar in one.hear(words, lines).bars] == [bar.text for bar in before.bars]


def test_an_unknown_persona_is_said(pen: Pen, text: HibariText) -> None:
    with pytest.raises(UserError, match="no persona"):
        draft(pen, text, persona="nobody").hear(WORDS, LINES)


@pytest.mark.parametrize("wrong", [{"bars": 1}, {"surprise": 2.0}, {"heat": "boiling"}])
def test_an_order_out_of_range_is_refused(wrong: dict) -> None:
    with pytest.raises(ValueError):
        Order(90.0, **wrong)
