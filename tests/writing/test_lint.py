"""The lint finds each kind of fault it is there for, and none in what ships."""

from __future__ import annotations

import pytest

from rapbot.engines.cmu import CmuLexicon
from rapbot.engines.hibari_text import HibariText
from rapbot.resources import models_root
from rapbot.writing.arsenal import load_arsenal, parse_couplets
from rapbot.writing.checker import Checker
from rapbot.writing.lint import Finding, lint
from rapbot.writing.pen import Pen
from rapbot.writing.vocabulary import parse_vocabulary

GOOD = (
    "g1|flip|claim:animal.wild sg|s|zoo|2|"
    "You're {aX}? I've seen one on the floor,|it wiped its feet and shut the kitchen door."
)


@pytest.fixture(scope="module")
def findings(text: HibariText, second: CmuLexicon, pen: Pen):
    vocabulary = parse_vocabulary((models_root() / "categories.toml").read_text(encoding="utf-8"))
    checker = Checker(text, second)

    def run(bank: str) -> list[Finding]:
        return list(lint(parse_couplets(bank), vocabulary, pen.nouns, checker))

    return run


def test_a_good_couplet_passes(findings) -> None:
    assert findings(GOOD) == []


MOSAICS = (
    "m1|flip|insult:any sg|s|phone|3|"
    "You called me {aI}? I checked it for some credit:|no joke, no rhyme, no rhythm. You just said it.\n"
    "m2|flip|insult:any|s|any|3|"
    'You practiced "{I}" at red lights. I saw you.|The kid in the next car began to draw you.\n'
    "m3|flip|insult:any sg|s|job|3|"
    "{aI} came for your job. It watched you do it,|then gave it back. There wasn't that much to it."
)


def test_rhymes_over_word_boundaries_pass_and_the_same_word_twice_does_not(findings) -> None:
    assert [str(f) for f in findings(MOSAICS)] == []
    same = findings(MOSAICS.replace("began to draw you", "turned round and saw you"))
    assert [(f.couplet_id, f.rule) for f in same] == [("m2", "rhyme")]


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        (GOOD.replace("kitchen door", "kitchen window"), "rhyme"),
        (GOOD.replace("animal.wild", "animal.martian"), "terms"),
        (GOOD.replace("the floor", "{w1} floor"), "slots"),
        (GOOD.replace("it wiped its feet", "it wiped its very very very very very very dirty feet"), "fits"),
        (GOOD + "\n" + GOOD.replace("g1", "g2"), "copy"),
    ],
)
def test_each_fault_is_found(findings, line: str, rule: str) -> None:
    assert rule in {finding.rule for finding in findings(line)}


def test_the_new_couplets_are_clean(text: HibariText, second: CmuLexicon, pen: Pen) -> None:
    vocabulary = parse_vocabulary((models_root() / "categories.toml").read_text(encoding="utf-8"))
    new = [c for c in load_arsenal(models_root() / "arsenal") if c.id.startswith("n1-")]
    assert new
    assert [str(f) for f in lint(new, vocabulary, pen.nouns, Checker(text, second))] == []
