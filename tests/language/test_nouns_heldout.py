"""How often the noun lexicon is right about nouns it was not made from.

Measured as right / no category / wrong (95 % Wilson interval of wrong), by the plain look-up unless it says otherwise.
24 November 2026, by the author of the first two draws:

    first draw of 300, hand lists as they were            195 / 84 / 21   7.0 % (4.6-10.5)
    first draw, WordNet's list added                      224 / 55 / 21   7.0 % (4.6-10.5)
    first draw, hand lists corrected                      240 / 55 /  5   1.7 % (0.7-3.8): no longer held out
    fresh draw of 152, all of that in place               133 / 10 /  9   5.9 % (3.1-10.9)

25 November, by another author, who wrote "second" and "third" before reading more of the lists than their first lines
and the exceptions in categories.toml. "The last word" lets every unlisted compound fall back to it; "headed" asks
`NounLexicon.headed`:

    second draw of 287, lists as they were                208 / 57 / 22   7.7 % (5.1-11.3)
      and the last word                                   222 / 36 / 29  10.1 % (7.1-14.1)
    third draw of 282, lists as they were                 199 / 60 / 23   8.2 % (5.5-11.9)
      and the last word                                   224 / 23 / 35  12.4 % (9.1-16.8)

Then every hand-listed noun was read through by category, some 360 were filed by what they are, and 1,370 were added,
what the first four draws lacked among them and none from the third:

    third draw                                            211 / 60 / 11   3.9 % (2.2-6.8)
      headed                                              226 / 38 / 18   6.4 % (4.1-9.9)
    197 nouns drawn by lot from WordNet, headed           137 / 57 /  3   1.5 % (0.5-4.4)
    188 rappers' nouns, mostly compounds, headed           85 / 98 /  5   2.7 % (1.1-6.1)
      and the last word                                   119 / 49 / 20  10.6 % (7.0-15.9)
    these three together, headed                          448 /193 / 26   3.9 % (2.7-5.7)

After that a few faults of their kind were mended in the lists and in `SHIFTING`, so none of the draws is held out any
more. What is in doubt: the judge is the author alone, and he read the lists through knowing the third draw, so its
gain is partly his memory; the last two draws were written with the lists read, and words drawn by lot are plainer than
a rapper's (the old lists had none of them wrong). The aim of at most 5 % wrong is met by the joint figure; the upper
end of its interval lies above.
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from rapbot.language.nouns import HAND_FILES, WORDNET_FILE, NounEntry, NounLexicon, parse_nouns

MODELS = Path(__file__).resolve().parents[2] / "models" / "nouns"
FILES = ("nouns_heldout.tsv", "nouns_heldout_2.tsv", "nouns_heldout_3.tsv")
SIZES = {"first": 300, "fresh": 152, "second": 287, "pairs": 243, "third": 282, "drawn": 197, "compounds": 188}
MARGIN = 0.02  # two nouns in a hundred: an edit of the lists may cost a few answers, not a layer of them
NONE = "-"

Draw = dict[str, frozenset[str]]


def read_draws(text: str) -> dict[str, Draw]:
    draws: dict[str, Draw] = {}
    for line in text.splitlines():
        if line.startswith("# draw:"):
            draw = draws.setdefault(line.split()[2], {})
        elif line and not line.startswith("#"):
            noun, _, categories = line.partition("\t")
            assert noun not in draw
            draw[noun] = frozenset(categories.split(","))
    return draws


@pytest.fixture(scope="module")
def draws(data: Path) -> dict[str, Draw]:
    return {
        name: draw for file in FILES for name, draw in read_draws((data / file).read_text(encoding="utf-8")).items()
    }


def verdicts(draw: Draw, look_up: Callable[[str], NounEntry | None]) -> Counter[str]:
    """Counts of right, any (no category given) and wrong; a noun marked "-" can be any or wrong."""
    out: Counter[str] = Counter()
    for noun, acceptable in draw.items():
        entry = look_up(noun)
        out["any" if entry is None else "right" if entry.category in acceptable else "wrong"] += 1
    return out


def test_the_draws_share_no_noun_and_ask_for_categories_that_exist(draws, nouns):
    assert {name: len(draw) for name, draw in draws.items()} == SIZES
    times = Counter(noun for draw in draws.values() for noun in draw)
    assert [noun for noun, count in times.items() if count > 1] == []
    asked = {category for draw in draws.values() for categories in draw.values() for category in categories}
    assert asked - {NONE} <= {entry.category for entry in nouns.entries}


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [("first", 295, 3), ("fresh", 151, 1), ("second", 283, 3), ("pairs", 91, 1), ("third", 218, 4), ("drawn", 135, 0),
     ("compounds", 28, 0)],
)  # fmt: skip
def test_the_plain_look_up_stays_as_right_as_it_was_made(draws, nouns, name, right, wrong):
    """What is listed.  Right answers may only be lost, and wrong ones gained, within the margin."""
    counts = verdicts(draws[name], nouns.lookup)
    assert counts["wrong"] <= wrong + MARGIN * SIZES[name]
    assert counts["right"] >= right - MARGIN * SIZES[name]


@pytest.mark.parametrize(
    ("name", "right", "wrong"), [("third", 235, 6), ("drawn", 138, 2), ("compounds", 86, 4), ("pairs", 150, 9)]
)
def test_the_headed_look_up_stays_as_right_as_it_was_made(draws, nouns, name, right, wrong):
    """What is listed and what a last word may speak for: never add one of these nouns to the lists; draw new ones."""
    counts = verdicts(draws[name], nouns.headed)
    assert counts["wrong"] <= wrong + MARGIN * SIZES[name]
    assert counts["right"] >= right - MARGIN * SIZES[name]


def test_a_last_word_that_speaks_is_right_oftener_than_any_last_word(draws, nouns):
    """Measured of the unlisted compounds answered: 94 % and 88 % right, of bare last words 82 % and 54 %."""

    def last_word(noun: str) -> NounEntry | None:
        return nouns.lookup(noun.rpartition(" ")[2])

    for name in ("compounds", "pairs"):
        unlisted = {noun: kinds for noun, kinds in draws[name].items() if " " in noun and nouns.lookup(noun) is None}
        headed, bare = verdicts(unlisted, nouns.headed), verdicts(unlisted, last_word)
        share = headed["right"] / (headed["right"] + headed["wrong"])
        assert share >= 0.85
        assert share >= bare["right"] / (bare["right"] + bare["wrong"]) + 0.08  # or the rule is not worth having
        assert headed["right"] >= 0.5 * bare["right"]


def test_the_wordnet_list_adds_right_answers_and_no_wrong_one(draws, nouns):
    entries = [entry for name in HAND_FILES for entry in parse_nouns((MODELS / name).read_text(encoding="utf-8"), name)]
    hand = NounLexicon(entries)
    added = Counter[str]()
    for name in ("first", "third", "drawn"):
        by_hand, both = verdicts(draws[name], hand.lookup), verdicts(draws[name], nouns.lookup)
        assert both["wrong"] <= by_hand["wrong"]
        added["right"] += both["right"] - by_hand["right"]
    assert added["right"] >= 20


def test_the_wordnet_list_names_its_licence_and_repeats_nothing(nouns):
    text = (MODELS / WORDNET_FILE).read_text(encoding="utf-8")
    first_line = text.partition("\n")[0]
    assert first_line.startswith("#")
    assert "Princeton University" in first_line
    added = parse_nouns(text, WORDNET_FILE)
    hand = [entry for name in HAND_FILES for entry in parse_nouns((MODELS / name).read_text(encoding="utf-8"), name)]
    lemmas = [entry.lemma for entry in added]
    assert 0 < len(lemmas) <= 6000
    assert len(set(lemmas)) == len(lemmas)
    assert not set(lemmas) & {entry.lemma for entry in hand}
    assert {entry.category for entry in added} <= {entry.category for entry in hand}
    assert [lemma for lemma in lemmas if nouns.is_blocked(lemma) or nouns.is_first_name(lemma)] == []
