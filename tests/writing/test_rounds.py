"""Rounds: callbacks quote what was really said and when, traps are set and sprung, nothing comes twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rapbot.engines.cmu import CmuLexicon
from rapbot.engines.hibari_text import HibariText
from rapbot.language.anchors import VerseFacts, find_anchors, verse_facts, words_from_text
from rapbot.resources import models_root
from rapbot.values import Anchor, Bar, Verse
from rapbot.writing.pen import Pen, open_pen
from rapbot.writing.persona import parse_persona
from rapbot.writing.rounds import History

SAID = (
    "I'm a lion and I drive a Cadillac\nyou're a toaster and I'll unplug you",
    "I got a diamond watch and a penthouse\nyou're a printer and you got no soul",
    "I'm a lawyer and my brother is a cop\nyou're a calculator, I'm going to delete you",
)
BASE = 'description = "d"\nvoice = "heart"\n'
OWN = "\n".join(
    "|".join(fields)
    for fields in (
        ("t1-001", "callback", "insult sg", "was-called", "any", "3",
         "{R} you called me {aI}. Look around:", "nobody's laughing, and you're losing ground."),
        ("t1-002", "setup", "poss:any sg owned", "lent-money", "loan-trap", "2",
         "I lent your {X} twenty. Keep that low.", "It says it pays on Tuesday. We don't know."),
        ("t1-003", "spring", "poss:any sg owned", "tuesday-came", "loan-trap", "3",
         "It's Tuesday, and your {X} hasn't paid.", "It told me where you live. It was afraid."),
    )
)  # fmt: skip


def heard(pen: Pen, text: HibariText, said: str) -> tuple[tuple[Anchor, ...], VerseFacts]:
    words, lines = words_from_text(said)
    return find_anchors(words, text, pen.nouns, lines), verse_facts(words, lines, text)


@pytest.fixture(scope="module")
def tester(text: HibariText, second: CmuLexicon) -> Pen:
    """A pen with one persona whose own lines hold a callback and a trap."""
    pen = open_pen(text, second, models_root())
    pen.welcome(parse_persona("tester", BASE, OWN))
    return pen


def battle(pen: Pen, text: HibariText, seed: int, persona: str, rounds: int = 3) -> History:
    history = History()
    for number in range(rounds):
        anchors, facts = heard(pen, text, SAID[number % len(SAID)])
        verse = pen.write(
            anchors, facts, 90.0, persona=persona, seed=seed, history=history, last_round=number == rounds - 1
        )
        history = history.after(anchors, verse)
    return history


@pytest.mark.parametrize("seed", range(8))
def test_a_callback_quotes_the_round_it_names(tester: Pen, text: HibariText, seed: int) -> None:
    history = battle(tester, text, seed, "tester")
    for number, one in enumerate(history.rounds):
        for bar in one.verse.bars:
            if bar.move != "callback" or not bar.answers:
                continue
            when = "last round" if "last round" in bar.text.lower() else "round one"
            source = history.rounds[number - 1 if when == "last round" else 0]
            assert number > 0 and set(bar.answers) <= {a.text for a in source.anchors}


def test_callbacks_and_traps_happen(tester: Pen, text: HibariText) -> None:
    moves = [
        bar.move for seed in range(40) for one in battle(tester, text, seed, "tester").rounds for bar in one.verse.bars
    ]
    assert {"callback", "setup", "spring"} <= set(moves)


@pytest.mark.parametrize("seed", range(12))
def test_a_trap_is_sprung_after_it_was_set_about_the_same_thing(tester: Pen, text: HibariText, seed: int) -> None:
    set_about: set[str] = set()
    for one in battle(tester, text, seed, "tester").rounds:
        sprung = {text for bar in one.verse.bars if bar.move == "spring" for text in bar.answers}
        assert sprung <= set_about
        set_about |= {text for bar in one.verse.bars if bar.move == "setup" for text in bar.answers}


def test_no_trap_in_the_last_round(tester: Pen, text: HibariText) -> None:
    for seed in range(40):
        history = battle(tester, text, seed, "tester", rounds=1)
        assert "setup" not in {bar.move for bar in history.rounds[0].verse.bars}


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_said_twice_in_six_rounds(pen: Pen, text: HibariText, seed: int) -> None:
    history = battle(pen, text, seed, "comedian", rounds=6)
    lines = [bar.text for one in history.rounds for bar in one.verse.bars]
    assert len(lines) == len(set(lines)) == 48


def bar(move: str, image: str, answers: tuple[str, ...]) -> Bar:
    return Bar(0, "line", move, "e", answers, "A", "line", (), (), 0.0, image)


def test_a_sprung_trap_waits_no_more() -> None:
    def verse(*bars: Bar) -> Verse:
        return Verse(bars, 90.0, 4, "p")

    history = History().after((), verse(bar("setup", "t", ()), bar("setup", "t", ("watch",))))
    assert [(trap.name, trap.about) for trap in history.traps()] == [("t", "watch")]
    assert history.after((), verse(bar("spring", "t", ("watch",)))).traps() == ()


def test_only_sure_anchors_are_recalled_and_the_latest_mention_counts() -> None:
    sure = Anchor("lion", "claim", "sg", "animal.wild", "been", 0.0, 0.9, 0)
    verse = Verse((), 90.0, 4, "p")
    history = History().after((sure, replace(sure, text="tiger", confidence=0.5)), verse)
    assert [(r.anchor.text, r.when) for r in history.recalled()] == [("lion", "last round")]
    history = history.after((replace(sure, text="bear"),), verse)
    assert {(r.anchor.text, r.when) for r in history.recalled()} == {("bear", "last round"), ("lion", "round one")}
    history = history.after((sure,), verse)
    assert {(r.anchor.text, r.round_number) for r in history.recalled()} == {("lion", 3), ("bear", 2)}


def test_a_traps_word_may_be_a_name_a_round_later(tester: Pen, text: HibariText) -> None:
    """The trap was about their "rose"; in the next round Rose is who they are."""
    rose = Anchor("watch", "possession", "sg", "jewelry.watch", "worn", 0.0, 0.97, 0)
    history = History().after((rose,), Verse((bar("setup", "loan-trap", ("watch",)),), 90.0, 4, "tester"))
    history = history.after((Anchor("watch", "name", "sg", None, None, 0.0, 0.97, 0),), Verse((), 90.0, 4, "tester"))
    anchors, facts = heard(tester, text, SAID[0])
    assert len(tester.write(anchors, facts, 90.0, persona="tester", history=history).bars) == 8
