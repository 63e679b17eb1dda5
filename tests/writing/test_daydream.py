"""The daydream: what is linked is true, sayable and new; the tables' mistakes are told."""

from __future__ import annotations

import pytest

from rapbot.engines.cmu import CmuLexicon
from rapbot.engines.hibari_text import HibariText
from rapbot.errors import UserError
from rapbot.resources import models_root
from rapbot.writing.arsenal import parse_couplets
from rapbot.writing.checker import Checker
from rapbot.writing.daydream import KEEP, Dreamer, Heard
from rapbot.writing.ideas import better, entry_of, idea_couplet
from rapbot.writing.links import Links, affinities, distance, group_of, meets, parse_frames, parse_shared
from rapbot.writing.pen import Pen, open_pen

from .conftest import Heard as HeardVerse

SHARED = """
keys|pl|music.instrument,instrument,tech.computer,house.part,insult.computer
strings|pl|instrument,toy,clothing
a plug|sg|insult.appliance,tech,"bathtub"
legs|pl|animal,furniture
"""
FRAMES = """
f-1|poss|3|Your {X} has {W}. So has {aY}, I know,|and that one never made me watch a show.
f-2|insult|3|{aI} has {W}. So has {aY}. And who|would lose to both of them on stage? That's you.
f-3|claim|2|You say you're {aX}? Both you and {aY} have {W},|but only one of you is getting laughed at. See?
f-4|insult-twin|3|They asked around: they'd rather keep {aI}.|One look at you, and all they saw: {aY}.
"""


@pytest.fixture(scope="module")
def links() -> Links:
    return Links(parse_shared(SHARED), parse_frames(FRAMES))


def dreamer(links: Links, pen: Pen, text: HibariText, second: CmuLexicon, seed: int = 1, **options) -> Dreamer:
    return Dreamer(links, pen.nouns, Checker(text, second), second, seed, **options)


def dream(one: Dreamer, steps: int = 400) -> list:
    return [idea for idea in (one.step() for _ in range(steps)) if idea is not None]


@pytest.fixture(scope="module")
def ideas(links: Links, pen: Pen, text: HibariText, second: CmuLexicon) -> list:
    return dream(dreamer(links, pen, text, second))


def test_ideas_come_and_are_counted(links: Links, pen: Pen, text: HibariText, second: CmuLexicon, ideas: list) -> None:
    one = dreamer(links, pen, text, second)
    found = dream(one)
    assert found == ideas and len(ideas) >= 3  # same seed, same dream
    assert (one.tally.tried, one.tally.kept) == (400, len(ideas))
    assert all(idea.critic >= KEEP for idea in ideas)


def test_no_idea_is_had_twice(links: Links, pen: Pen, text: HibariText, second: CmuLexicon, ideas: list) -> None:
    assert len({idea.id for idea in ideas}) == len(ideas)
    again = dream(dreamer(links, pen, text, second, kept=ideas))
    assert not {idea.id for idea in again} & {idea.id for idea in ideas}


def test_both_concepts_have_what_links_them(links: Links, pen: Pen, ideas: list) -> None:
    for idea in ideas:
        if idea.link != "shared":
            continue
        near, far = idea.seeds
        entries = [e for e in pen.nouns.entries if e.lemma == far]
        word = next(w for w in links.shared if f"have {w.word}" in idea.provenance)
        both = [e for e in entries if any(meets(term, e) for term in word.terms)]
        assert near in word.terms and idea.distance > 0
        assert any(group_of(near, pen.nouns) != e.group for e in both)


def test_twins_rhyme(ideas: list, second: CmuLexicon, text: HibariText) -> None:
    checker = Checker(text, second)
    for idea in ideas:
        if idea.link == "twin":
            assert idea.about == idea.seeds[0]
            assert checker.confirmed(*(seed.rpartition(" ")[2] for seed in idea.seeds))


def test_a_dream_is_about_what_was_heard(links: Links, pen: Pen, text: HibariText, second: CmuLexicon) -> None:
    heard = [Heard("piano", "possession", pen.nouns.lookup("piano").category)]
    found = dream(dreamer(links, pen, text, second, heard=heard))
    near = [idea.seeds[0] for idea in found if idea.link == "shared"]
    assert sum(term.startswith("instrument") or term.startswith("music") for term in near) > len(near) / 2


def test_what_was_dreamt_is_said_where_it_fits(
    links: Links, text: HibariText, second: CmuLexicon, ideas: list, heard: HeardVerse
) -> None:
    pen = open_pen(text, second, models_root())
    before = pen.write(heard.anchors, heard.facts, 90.0, seed=1)
    insult = next(idea for idea in ideas if idea.couplet.move == "insult" and not idea.about)
    pen.remember([insult])
    said = {bar.entry_id for seed in range(150) for bar in pen.write(heard.anchors, heard.facts, 90.0, seed=seed).bars}
    fits = pen.nouns.lookup("toaster").category.startswith(insult.seeds[0])
    assert (insult.id in said) == fits
    assert pen.write(heard.anchors, heard.facts, 90.0, seed=1, used=frozenset([insult.id])) == before


def test_an_idea_survives_as_a_line_of_the_bank(ideas: list) -> None:
    for idea in ideas:
        assert parse_couplets(entry_of(idea.couplet))[0] == idea.couplet


def test_of_two_copies_the_better_stays_with_both_histories(ideas: list) -> None:
    from dataclasses import replace

    liked, other = replace(ideas[0], critic=0.9), replace(ideas[0], critic=0.7, provenance="elsewhere")
    assert better(liked, other) == better(other, liked)
    assert better(liked, other).critic == 0.9 and "elsewhere" in better(liked, other).provenance
    assert better(better(liked, other), other) == better(liked, other)


def test_the_same_wording_is_the_same_idea() -> None:
    lines = ("Your {X} has keys.", "So has a jail. You please.")
    a, b = (idea_couplet("flip", "poss:instrument sg", "s", score, lines) for score in (2, 3))
    assert a.id == b.id


@pytest.mark.parametrize("line", ["keys|pl", "keys|many|a,b", "keys|pl|animal.pet,animal.wild", "|pl|a,b"])
def test_a_broken_shared_word_is_told(line: str) -> None:
    with pytest.raises(UserError, match="shared words, line 1"):
        parse_shared(line)


@pytest.mark.parametrize(
    "line",
    ["f|poss|3|one line", "f|nobody|3|{X} {Y} {W}|b", "f|poss|3|{X} {W}|b", "f|poss|3|{X} {Y}|b", "f|poss|9|a|b"],
)
def test_a_broken_frame_is_told(line: str) -> None:
    with pytest.raises(UserError, match="frames, line 1"):
        parse_frames(line)


def test_what_has_much_in_common_lies_near(links: Links, pen: Pen) -> None:
    ties = affinities(links, pen.nouns)
    assert distance("animal", "animal", ties) == 0.0
    assert distance("instrument", "toy", ties) < distance("animal", "toy", ties) == 1.0
