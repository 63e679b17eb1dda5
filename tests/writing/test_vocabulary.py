"""Which noun meets which couplet: a wrong category is worse than none."""

from __future__ import annotations

import pytest

from rapbot.errors import UserError
from rapbot.resources import models_root
from rapbot.values import Anchor, AnchorKind
from rapbot.writing.arsenal import load_arsenal
from rapbot.writing.pen import Pen
from rapbot.writing.vocabulary import Vocabulary, parse_vocabulary


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return parse_vocabulary((models_root() / "categories.toml").read_text(encoding="utf-8"))


def anchor(pen: Pen, text: str, kind: AnchorKind = "claim") -> Anchor:
    entry = pen.nouns.lookup(text)
    return Anchor(text, kind, entry.number if entry else "sg", entry.category if entry else None, None, 0.0, 1.0, 0)


@pytest.mark.parametrize(
    ("head", "term", "noun", "meets"),
    [
        ("claim", "animal.pet", "poodle", True),
        ("poss", "animal.pet", "leash", False),
        ("claim", "animal.wild", "lion", True),
        ("claim", "animal.wild", "zoo", False),
        ("claim", "royalty.kingqueen", "king", True),
        ("claim", "royalty.kingqueen", "prince", False),
        ("claim", "magic", "wizard", True),
        ("claim", "magic", "unicorn", False),
        ("poss", "vehicle.car", "tractor", True),
        ("poss", "vehicle.car", "traffic", False),
        ("poss", "vehicle.bike", "pedal", False),
        ("job", "job.doctor", "surgeon", True),
        ("job", "job.cook", "waiter", False),
        ("insult", "vending", "vending machine", True),
        ("insult", "vending", "slot machine", False),
        ("insult", "toy", "toy", True),
        ("insult", "toy", "yo-yo", False),
        ("poss", "toy", "yo-yo", True),
        ("insult", "appliance", "microwave", True),
        ("family", "family", "marriage", False),
        ("said", "sport.combat", "karate", True),
        ("claim", "sport.combat", "boxer", True),
        ("claim", "any", "boxer", True),
    ],
)
def test_terms(vocabulary: Vocabulary, pen: Pen, head: str, term: str, noun: str, meets: bool) -> None:
    assert vocabulary.meets(head, term, anchor(pen, noun), pen.nouns) is meets


def test_an_unknown_noun_meets_only_any(vocabulary: Vocabulary, pen: Pen) -> None:
    unknown = anchor(pen, "zorblax")
    assert not vocabulary.meets("claim", "animal.pet", unknown, pen.nouns)
    assert vocabulary.meets("claim", "any", unknown, pen.nouns)


def test_every_family_and_prop_exists_in_the_bank(vocabulary: Vocabulary) -> None:
    shapes = {couplet.shape for couplet in load_arsenal(models_root() / "arsenal")}
    unused = sorted(set(vocabulary.families) - shapes)
    assert len(unused) <= 0.1 * len(vocabulary.families), unused  # a few lie in the reserve


@pytest.mark.parametrize("text", ["term = 3 =", "[term]\n", "[term.x]\nnoun = ['a']\n[family]\n[props]\nwords=''"])
def test_a_broken_table_is_told(text: str) -> None:
    with pytest.raises(UserError, match=r"categories\.toml"):
        parse_vocabulary(text)
