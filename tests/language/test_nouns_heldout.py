"""How often the noun lexicon is right about nouns it was not made from.

Measured 24 November 2026, right / no category / wrong (95 % Wilson interval of wrong), by the plain look-up:

    first draw of 300, hand lists as they were            195 / 84 / 21   7.0 % (4.6-10.5)
    first draw, WordNet's list added                      224 / 55 / 21   7.0 % (4.6-10.5)
    first draw, hand lists corrected                      240 / 55 /  5   1.7 % (0.7-3.8): no longer held out
    fresh draw of 152, all of that in place               133 / 10 /  9   5.9 % (3.1-10.9)

The corrections are for what the first draw and two smaller ones (227 nouns, 19 wrong, not kept) showed, and their like.
So the goal of at most 5 % wrong holds only on nouns the lists were corrected for; on fresh ones it is not shown.  What
WordNet's list answers was right in 29 of 29 of the first draw; the faults are the hand lists', whose categories follow
the couplets ("uncle" is filed with siblings).  The judge of both draws is their author alone.
"""

from collections import Counter
from pathlib import Path

import pytest

from rapbot.language.nouns import HAND_FILES, WORDNET_FILE, NounLexicon, parse_nouns

MODELS = Path(__file__).resolve().parents[2] / "models" / "nouns"
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
    return read_draws((data / "nouns_heldout.tsv").read_text(encoding="utf-8"))


def verdicts(draw: Draw, nouns: NounLexicon) -> Counter[str]:
    """Counts of right, any (no category given) and wrong; a noun marked "-" can be any or wrong."""
    out: Counter[str] = Counter()
    for noun, acceptable in draw.items():
        entry = nouns.lookup(noun)
        out["any" if entry is None else "right" if entry.category in acceptable else "wrong"] += 1
    return out


def test_the_draws_share_no_noun_and_ask_for_categories_that_exist(draws, nouns):
    assert {name: len(draw) for name, draw in draws.items()} == {"first": 300, "fresh": 152}
    assert not draws["first"].keys() & draws["fresh"].keys()
    asked = {category for draw in draws.values() for categories in draw.values() for category in categories}
    assert asked - {NONE} <= {entry.category for entry in nouns.entries}


def test_the_first_draw_stays_as_right_as_it_was_made(draws, nouns):
    counts = verdicts(draws["first"], nouns)
    assert counts["wrong"] / 300 <= 0.05
    assert counts["right"] / 300 >= 240 / 300 - MARGIN


def test_the_fresh_draw_is_no_worse_than_measured(draws, nouns):
    """Held out: never correct the lists for these nouns; draw new ones instead."""
    counts = verdicts(draws["fresh"], nouns)
    assert counts["wrong"] / 152 <= 9 / 152 + MARGIN
    assert counts["right"] / 152 >= 133 / 152 - MARGIN


def test_the_wordnet_list_adds_right_answers_and_no_wrong_one_to_the_first_draw(draws, nouns):
    entries = [entry for name in HAND_FILES for entry in parse_nouns((MODELS / name).read_text(encoding="utf-8"), name)]
    by_hand = verdicts(draws["first"], NounLexicon(entries))
    both = verdicts(draws["first"], nouns)
    assert both["wrong"] <= by_hand["wrong"]
    assert both["right"] >= by_hand["right"] + 20


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
