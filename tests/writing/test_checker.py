"""The constraints: rhyme in a second lexicon, room in the bar, nothing copied."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapbot.engines.cmu import CmuLexicon
from rapbot.engines.hibari_text import HibariText
from rapbot.writing.arsenal import words_of
from rapbot.writing.checker import COPY_WORDS, Checker, runs

MOSAIC = ("I'm nobody? You said it. Nice to meet you.", "You told your friends that nobody could beat you.")
ON_THE_PRONOUN = ("It said they couldn't stand you,", "and that was all they knew.")
GOOD = ("You came in like a lion, so they said,", "you're leaving with a blanket on your head.")


@pytest.fixture(scope="module")
def checker(text: HibariText, second: CmuLexicon) -> Checker:
    return Checker(text, second)


def test_a_good_couplet_has_no_fault(checker: Checker) -> None:
    assert checker.faults(GOOD, 90.0, 4, frozenset()) == []


@pytest.mark.parametrize(
    ("first", "other", "confirmed"),
    [
        ("said", "head", True), ("way", "today", True), ("pool", "cruel", True), ("said", "said", False),
        ("fake", "way", False),
        ("heart", "cold", False), ("zorblax", "tax", False),
    ],
)  # fmt: skip
def test_rhymes_are_confirmed_by_the_second_lexicon(checker: Checker, first: str, other: str, confirmed: bool) -> None:
    assert checker.confirmed(first, other) is confirmed


@pytest.mark.parametrize(
    ("lines", "bpm", "what"),
    [
        (("You came in like a lion, so they say,", GOOD[1]), 90.0, "no confirmed rhyme"),
        ((GOOD[0], "you're leaving on a {X} with your head."), 90.0, "open slot"),
        ((GOOD[0], "you're leaving " + "very " * 12 + "quietly instead."), 90.0, "syllables"),
        (("They said they'd read it live,", "it hit the floor by five."), 90.0, "the voice does not rhyme"),
        ((MOSAIC[0], "You told your friends that you would meet you."), 90.0, "'you' and 'you' are no confirmed"),
    ],
)
def test_each_fault_is_told(checker: Checker, lines: tuple[str, str], bpm: float, what: str) -> None:
    assert any(what in fault for fault in checker.faults(lines, bpm, 4, frozenset()))


def test_four_words_in_a_row_are_copying(checker: Checker) -> None:
    theirs = runs(words_of("they told me You came in like a winner"))
    assert any("copies" in fault for fault in checker.faults(GOOD, 90.0, 4, theirs))
    assert checker.faults(GOOD, 90.0, 4, runs(words_of("came in like that"))) == []


def test_a_verse_gets_one_slot_a_syllable(checker: Checker) -> None:
    plans = checker.slots([*GOOD, *GOOD], 90.0, 4)
    assert not isinstance(plans, int)
    for line, plan in zip([*GOOD, *GOOD], plans, strict=True):
        spoken = checker.spoken(line)
        assert spoken is not None
        assert len(plan.slots) == len(spoken.syllables)


def test_the_line_that_does_not_fit_is_pointed_at(checker: Checker) -> None:
    assert checker.slots([*GOOD, "very " * 14 + "slow"], 90.0, 4) == 2


@given(st.lists(st.sampled_from("abcd"), max_size=12))
def test_runs_are_all_and_only_the_windows(words: list[str]) -> None:
    found = runs(words)
    assert all(len(run) == COPY_WORDS for run in found)
    joined = "".join(words)
    assert all("".join(run) in joined for run in found)
    assert (len(words) >= COPY_WORDS) == bool(found)


@pytest.mark.parametrize(
    ("lines", "weak", "length"),
    [
        (MOSAIC, (1, 1), 2),
        (("I crash? I'm up again in half a minute.", "You crashed at Mom's, and now you're still in it."), (0, 1), 2),
        (
            ("They came for your old job. You watched it do it,", "then give it back. There wasn't much to it."),
            (1, 1),
            2,
        ),
        (
            ("The plug's behind me, so you'd have to hug me.", "It's been a while for you. Come on. Unplug me."),
            (1, 1),
            2,
        ),
        (ON_THE_PRONOUN, (0, 0), 1),  # what rhymes on its last words lands on them
        ((MOSAIC[0], MOSAIC[0]), (0, 0), 0),
    ],
)
def test_a_line_ends_where_its_partner_rhymes(
    checker: Checker, lines: tuple[str, str], weak: tuple[int, int], length: int
) -> None:
    assert checker.rhymes(lines) is (length > 0)
    assert checker.weak_words(lines) == weak
    assert checker.rhymed_syllables(lines) == length
    if length:
        assert checker.faults(lines, 90.0, 4, frozenset()) == []


def test_the_accent_and_the_beat_fall_on_the_word_that_rhymes(checker: Checker) -> None:
    spoken = [line for line in checker.spoken_couplet(MOSAIC) if line is not None]
    assert [line.syllables[-2].word_text for line in spoken] == ["meet", "beat"]
    assert [[s.stress for s in line.syllables[-2:]] for line in spoken] == [[1, 0], [1, 0]]
    plans = checker.slots([*GOOD, *MOSAIC], 90.0, 4)
    assert not isinstance(plans, int)
    for plan in plans[2:]:
        assert plan.slots[-2] == 12.0  # beat four, where the planner puts a rhyme; the weak word after it
        assert plan.slots[-1] > 12.0
    on_the_pronoun = [line for line in checker.spoken_couplet(ON_THE_PRONOUN) if line is not None]
    assert [line.syllables[-1].stress for line in on_the_pronoun] == [1, 1]


def test_the_order_of_asking_changes_nothing(text: HibariText, second: CmuLexicon) -> None:
    """One line may end in two ways: each couplet gets its own."""
    other = (MOSAIC[0], "It's all the same to me, it isn't new.")
    forward, backward = Checker(text, second), Checker(text, second)
    first = [forward.spoken_couplet(MOSAIC), forward.spoken_couplet(other)]
    assert [backward.spoken_couplet(other), backward.spoken_couplet(MOSAIC)] == first[::-1]
    assert first[0][0] != first[1][0]
