"""The search itself, on a bank small enough to know the answer."""

from __future__ import annotations

import pytest

from rapbot.values import Anchor
from rapbot.writing.arsenal import parse_couplets
from rapbot.writing.candidates import Candidate, number_words, speaks_of
from rapbot.writing.planner import Search, Taste, sections, weigh
from rapbot.writing.vocabulary import Vocabulary

VOCABULARY = Vocabulary(
    {}, {"rats-leave": "leaves", "cats-leave": "leaves"}, frozenset(("soup",)), frozenset(), frozenset(), frozenset()
)
SHARK = Anchor("shark", "claim", "sg", "animal.sea", None, 0.0, 1.0, 0)
TASTE = Taste({}, {}, 0.0, 0.0, 12)


def candidate(
    line: str, answers: tuple[str, ...] = (), bound: tuple[Anchor, ...] = (), value: float = 0.0
) -> Candidate:
    couplet = parse_couplets(line)[0]
    return Candidate(couplet, couplet.lines, bound, (answers, ()), value)


REBUT = candidate("r1|insult|insult:any sg|r|any|2|Say that again|then say it to ten", ("toaster",))
FLIP = candidate("f1|flip|claim:animal.sea sg|f|sea|2|Sharks like you|end up in stew", ("shark",), (SHARK,))
CONT = candidate("c1|cont|after:sea claim|c|sea|2|The tank was small|it held it all")
OWNED = candidate("c2|cont|after:sea poss|c2|sea|2|Its bowl is wide|there is room inside")
CLOSE = candidate("k1|close|image:sea claim|k|sea|2|So swim away|we close today")
PLAIN = candidate("p1|boast|none|p|any|2|My wires are long|my wires are strong")


def test_the_arc_is_rebut_flip_continue_close() -> None:
    chosen = Search([PLAIN, CLOSE, CONT, FLIP, REBUT], VOCABULARY).best(4)
    assert [c.couplet.id for c in chosen] == ["r1", "f1", "c1", "k1"]


def test_a_continuation_needs_its_stance_and_its_flip() -> None:
    assert "c2" not in {c.couplet.id for c in Search([FLIP, OWNED, PLAIN], VOCABULARY).best(2)}
    assert [c.couplet.id for c in Search([CONT, CLOSE, PLAIN], VOCABULARY).best(3)] == ["p1"]


def test_what_the_checker_refused_is_left_out() -> None:
    chosen = Search([REBUT, FLIP, CONT, CLOSE, PLAIN], VOCABULARY).best(4, {CONT.key})
    assert "c1" not in {c.couplet.id for c in chosen}


def test_families_props_and_openers_do_not_meet() -> None:
    pool = [
        candidate("a1|boast|none|rats-leave|any|2|The rats went out|without a doubt", value=2.0),
        candidate("a2|boast|none|cats-leave|any|2|My cats went too|as rappers do", value=1.9),
        candidate("a3|boast|none|x|any|2|Some soup was cold|the soup was old", value=1.8),
        candidate("a4|boast|none|y|any|2|No soup for you|I drank it too", value=1.7),
        candidate("a5|boast|none|z|any|2|The rats came in|for tin and gin", value=1.6),
        candidate("a6|boast|none|w|any|2|Quite plain and true|the end of you", value=-3.0),
    ]
    ids = [c.couplet.id for c in Search(pool, VOCABULARY).best(3)]
    # the best pair of all, a1 and a2, is one family; a4 has a3's soup; a5 opens like a1
    assert sorted(ids) == ["a2", "a3", "a5"]


def test_dice_are_thrown_once_an_entry_and_only_by_the_seed() -> None:
    twice = [FLIP, candidate("f1|flip|claim:animal.sea sg|f|sea|2|Sharks like me|live in the sea", ("sea",))]
    first, other = weigh(twice, TASTE, (1, 2))
    assert first.value == other.value
    assert weigh(twice, TASTE, (1, 2)) == [first, other]
    assert weigh(twice, TASTE, (2, 2))[0].value != first.value


@pytest.mark.parametrize(
    ("couplets", "sizes"), [(1, (1,)), (4, (4,)), (5, (5,)), (6, (4, 2)), (8, (4, 4)), (9, (4, 5)), (16, (4, 4, 4, 4))]
)
def test_sections_hold_four_couplets(couplets: int, sizes: tuple[int, ...]) -> None:
    assert sections(couplets) == sizes


def test_no_section_is_empty_and_none_is_lost() -> None:
    for couplets in range(1, 40):
        assert sum(sections(couplets)) == couplets
        assert min(sections(couplets)) >= 1
    with pytest.raises(ValueError, match="at least one"):
        sections(0)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"), (7, "seven"), (19, "nineteen"), (20, "twenty"), (61, "sixty-one"), (100, "one hundred"),
        (342, "three hundred and forty-two"),
    ],
)  # fmt: skip
def test_numbers_are_said_in_words(number: int, words: str) -> None:
    assert number_words(number) == words


@pytest.mark.parametrize(
    ("text", "anchor", "spoken"),
    [
        ("Your chains are loud", "chain", True),
        ("The shark's in the tank", "shark", True),
        ("a remarkable sharkskin", "shark", False),
        ("You'd pull the plug?", "unplug", True),
        ("You'll take me down?", "take down", True),
        ("A vending machine did this", "vending machine", True),
        ("A machine did this", "vending machine", False),
    ],
)
def test_spoken_means_the_word_or_its_inflection(text: str, anchor: str, spoken: bool) -> None:
    assert speaks_of(text, anchor) is spoken
