"""Whole verses: what is answered, what never repeats, what is deterministic."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rapbot.bench.writing import end_rhyme
from rapbot.engines.cmu import CmuLexicon
from rapbot.errors import UserError
from rapbot.language.anchors import VerseFacts
from rapbot.resources import models_root
from rapbot.rhythm.slots import FIT_COST
from rapbot.values import Anchor, AnchorKind, Verse
from rapbot.writing.arsenal import load_arsenal, parse_couplets, words_of
from rapbot.writing.candidates import FLIP_CONFIDENCE, Candidate, speaks_of
from rapbot.writing.checker import runs
from rapbot.writing.pen import Pen, letter
from rapbot.writing.planner import REBUTS, Taste, weigh
from rapbot.writing.vocabulary import parse_vocabulary

from .conftest import Heard

NOTHING = VerseFacts(0, (), None, (), None, 0.0)
SOMETHING = VerseFacts(60, ("town", "chest", "dead"), None, (11, 11, 11), None, 20.0)


def anchor(text: str, kind: AnchorKind, category: str | None, confidence: float = 1.0) -> Anchor:
    return Anchor(text, kind, "sg", category, None, 0.0, confidence, 0)


def write(pen: Pen, heard: Heard, **options) -> Verse:
    options = {"bpm": 90.0, "seed": 1, **options}
    return pen.write(heard.anchors, heard.facts, heard=heard.words, **options)


def answered(verse: Verse) -> set[str]:
    return {text for bar in verse.bars for text in bar.answers}


@pytest.mark.parametrize("bars", [4, 6, 8, 12, 16, 32])
def test_as_many_bars_as_asked(pen: Pen, heard: Heard, bars: int) -> None:
    verse = write(pen, heard, bars=bars)
    assert [bar.index for bar in verse.bars] == list(range(bars))
    assert [bar.rhyme_group for bar in verse.bars] == [letter(k // 2) for k in range(bars)]


def test_an_odd_count_gives_one_less(pen: Pen, heard: Heard) -> None:
    assert len(write(pen, heard, bars=7).bars) == 6


@pytest.mark.parametrize("seed", range(6))
def test_eight_bars_answer_at_least_two_things(pen: Pen, heard: Heard, seed: int) -> None:
    verse = write(pen, heard, seed=seed)
    spoken = answered(verse)
    assert len(spoken) >= 2
    assert spoken <= {a.text for a in heard.anchors}
    for bar in verse.bars:
        assert all(speaks_of(bar.text, text) for text in bar.answers)
    assert verse.bars[0].move in REBUTS  # what was thrown is returned first


@pytest.mark.parametrize("bpm", [54.0, 66.0, 80.0, 90.0, 100.0, 112.0, 140.0])
def test_every_bar_rhymes_and_fits_at_any_tempo(pen: Pen, heard: Heard, second: CmuLexicon, bpm: float) -> None:
    verse = write(pen, heard, bpm=bpm)
    assert len(verse.bars) == 8
    for first, other in zip(verse.bars[::2], verse.bars[1::2], strict=True):
        assert end_rhyme(first.text, other.text, second) == "confirmed", (first.text, other.text)
    for bar in verse.bars:
        assert bar.slot_cost <= FIT_COST
        assert len(bar.slots) == len(bar.syllables)
        assert all(right > left for left, right in zip(bar.slots, bar.slots[1:], strict=False))
        assert "{" not in bar.text
        assert bar.text.split()[-1].strip("\".,!?:;'’").lower().endswith(bar.end_word.lower())


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_said_twice(pen: Pen, heard: Heard, seed: int) -> None:
    vocabulary = parse_vocabulary((models_root() / "categories.toml").read_text(encoding="utf-8"))
    bank = {couplet.id: couplet for couplet in load_arsenal(models_root() / "arsenal")}
    ids = [bar.entry_id for bar in write(pen, heard, seed=seed).bars[::2]]
    chosen = [bank[i] for i in ids]
    families = [vocabulary.family(couplet.shape) for couplet in chosen]
    openers = [couplet.opener for couplet in chosen]
    props = [prop for couplet in chosen for prop in couplet.words & vocabulary.props]
    for listed in (ids, families, openers, props):
        assert len(set(listed)) == len(listed), listed


def test_the_opponent_is_not_quoted(pen: Pen, heard: Heard) -> None:
    theirs = runs(words_of(" ".join(heard.words)))
    for seed in range(4):
        assert not any(runs(words_of(bar.text)) & theirs for bar in write(pen, heard, seed=seed).bars)


def test_a_continuation_follows_its_own_image(pen: Pen, heard: Heard) -> None:
    bank = {couplet.id: couplet for couplet in load_arsenal(models_root() / "arsenal")}
    followed = 0
    for seed in range(10):
        chosen = [bank[bar.entry_id] for bar in write(pen, heard, seed=seed).bars[::2]]
        for before, after in zip(chosen, chosen[1:], strict=False):
            if after.move == "cont":
                followed += 1
                assert before.image == after.image
    assert followed  # otherwise this test says nothing


def test_the_same_seed_writes_the_same_verse(pen: Pen, heard: Heard) -> None:
    assert write(pen, heard, seed=5) == write(pen, heard, seed=5)
    verses = {tuple(bar.text for bar in write(pen, heard, seed=seed).bars) for seed in range(5)}
    assert len(verses) == 5


def test_spent_couplets_do_not_come_back(pen: Pen, heard: Heard) -> None:
    used: frozenset[str] = frozenset()
    for seed in range(4):
        ids = {bar.entry_id for bar in write(pen, heard, seed=seed, used=used).bars}
        assert not ids & used
        used |= ids


def test_a_doubtful_word_is_never_flipped(pen: Pen) -> None:
    unsure = (anchor("shark", "claim", "animal.sea", FLIP_CONFIDENCE - 0.05),)
    for seed in range(5):
        verse = pen.write(unsure, SOMETHING, 90.0, seed=seed)
        assert not answered(verse)  # the word alone may turn up: some boasts have sharks of their own
    sure = pen.write((replace(unsure[0], confidence=0.9),), SOMETHING, 90.0)
    assert answered(sure) == {"shark"}


def test_silence_is_said_to_be_silence(pen: Pen) -> None:
    verse = pen.write((), NOTHING, 90.0, seed=3)
    silent = {c.id for c in load_arsenal(models_root() / "arsenal") if c.needs.term == "silence"}
    assert len(verse.bars) == 8
    assert verse.bars[0].entry_id in silent
    assert answered(verse) == set()
    assert "amnesia" not in verse.monitors
    assert not any(bar.entry_id in silent for bar in pen.write((), SOMETHING, 90.0, seed=3).bars)


def test_a_name_that_sounds_like_a_pun_gets_it(pen: Pen) -> None:
    marcus = (anchor("marcus", "name", None),)
    ids = {bar.entry_id for seed in range(12) for bar in pen.write(marcus, SOMETHING, 84.0, seed=seed).bars}
    puns = {c.id for c in load_arsenal(models_root() / "arsenal") if c.needs.term == "carcass"}
    assert puns & ids
    others = {
        c.id for c in load_arsenal(models_root() / "arsenal") if c.needs.head == "pun" and c.needs.term != "any"
    } - puns
    assert not others & ids


def test_clean_leaves_the_dead_in_peace(pen: Pen, heard: Heard) -> None:
    street = parse_vocabulary((models_root() / "categories.toml").read_text(encoding="utf-8")).street_words
    anchor_words = {word for a in heard.anchors for word in words_of(a.text)}
    for seed in range(6):
        for bar in write(pen, heard, heat="clean", seed=seed).bars:
            assert not (set(words_of(bar.text)) - anchor_words) & street


def test_amnesia_is_the_share_left_unanswered(pen: Pen) -> None:
    verse = pen.write((anchor("lion", "claim", "animal.wild"),), SOMETHING, 90.0)
    assert verse.monitors["amnesia"] == 0.0
    many = tuple(anchor(word, "claim", "animal.wild") for word in ("lion", "tiger", "bear", "wolf", "fox", "hyena"))
    assert 0.0 < pen.write(many, SOMETHING, 90.0).monitors["amnesia"] < 1.0


@pytest.mark.parametrize(
    "options",
    [{"bars": 1}, {"bars": 65}, {"bpm": 5.0}, {"heat": "boiling"}, {"surprise": 1.5}],
)
def test_arguments_out_of_range_are_refused(pen: Pen, heard: Heard, options: dict) -> None:
    with pytest.raises(ValueError, match="must"):
        write(pen, heard, **options)


def test_personas_have_voices_and_an_unknown_one_is_told(pen: Pen, heard: Heard) -> None:
    assert len(pen.personas) >= 2
    assert all(pen.persona(name).voice for name in pen.personas)
    assert write(pen, heard, persona="surgeon").persona == "surgeon"
    with pytest.raises(UserError, match="comedian"):
        pen.persona("nobody")


def test_letters_go_on_after_z() -> None:
    assert [letter(k) for k in (0, 1, 25, 26, 27)] == ["A", "B", "Z", "AA", "AB"]


def test_what_was_said_before_comes_back_last(pen: Pen, heard: Heard) -> None:
    first = write(pen, heard, seed=1)
    spent = {bar.entry_id: 3 for bar in first.bars}
    again = write(pen, heard, seed=1, spent=spent)
    assert len({bar.entry_id for bar in again.bars} & set(spent)) <= 1  # the bank may hold one thing only to say


def test_another_maker_competes_with_the_bank(pen: Pen, heard: Heard) -> None:
    plain = write(pen, heard, seed=1)
    entry = parse_couplets(
        "llm-1|boast|none|own-idea|any|3|I came in through the cable, late,|and ate your legend off the plate."
    )
    better = Candidate(entry[0], entry[0].lines, (), ((), ()), 20.0)
    worse = replace(better, value=-20.0)
    assert "llm-1" in {bar.entry_id for bar in write(pen, heard, seed=1, proposed=(better,)).bars}
    assert write(pen, heard, seed=1, proposed=(worse,)) == plain


def test_one_more_option_does_not_shuffle_the_rest() -> None:
    """Re-planning at every word would be useless if each word threw all dice anew."""
    taste = Taste({}, {}, 0.3, 0.05, 12)
    options = [Candidate(c, c.lines, (), ((), ()), 0.0) for c in load_arsenal(models_root() / "arsenal")[:60]]
    few, many = weigh(options[:30], taste, (7,)), weigh(options, taste, (7,))
    assert few == many[:30]
