"""The writing benchmark's instruments: each tells a good pen from a bad one, and the draw for readers gives nothing
away.

Most tests use a pen that says what it is told to, so that what should be counted is known beforehand; the real pen
writes a few verses at the end.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rapbot.bench import writing as bench
from rapbot.engines.cmu import CmuLexicon
from rapbot.engines.hibari_text import HibariText
from rapbot.errors import UserError
from rapbot.language.nouns import load_nouns
from rapbot.language.syllables import accent_final, line_syllables
from rapbot.resources import models_root
from rapbot.rhythm.slots import plan_verse
from rapbot.values import Bar, Verse
from rapbot.writing.arsenal import end_word, load_arsenal
from rapbot.writing.pen import open_pen
from rapbot.writing.vocabulary import parse_vocabulary

ROOT = Path(__file__).resolve().parents[2]
TYPED, VERSES = ROOT / "benchmarks", ROOT / "tests" / "data" / "verses"

LION = "I'm the lion of the city and I drive a red tractor,\nI'll smash you into pieces, you're a terrible actor."
NURSE = "I'm a surgeon in Chicago with a diamond on my hand,\nyou're a printer in the corner and you never had a band."
COUPLETS = (
    ("A lion? I have seen you at the zoo,", "they feed you twice and leave you with a shoe."),
    ("You drove your tractor slowly to the show,", "the cows got off because it felt too slow."),
    ("A surgeon? Only paper lost its life,", "you needed half an hour to find the knife."),
    ("A printer? Then I'll print you out a bill,", "you owe me for the time I'm sitting still."),
)


@pytest.fixture(scope="module")
def text() -> HibariText:
    return HibariText()


@pytest.fixture(scope="module")
def second() -> CmuLexicon:
    return CmuLexicon()


@pytest.fixture(scope="module")
def nouns():
    return load_nouns(models_root() / "nouns")


@pytest.fixture(scope="module")
def lion(text, nouns) -> bench.Opponent:
    return bench.opponent_of("lion", 90.0, LION, text, nouns)


@pytest.fixture(scope="module")
def nurse(text, nouns) -> bench.Opponent:
    return bench.opponent_of("nurse", 90.0, NURSE, text, nouns)


def verse_of(lines: Sequence[str], answers: Sequence[tuple[str, ...]], bpm: float = 90.0, tag: str = "t") -> Verse:
    engine = HibariText()
    syllables = [line_syllables(accent_final(engine.pronounce(line))) for line in lines]
    plans = plan_verse(syllables, bpm)
    bars = tuple(
        Bar(k, line, "flip", f"{tag}-{k // 2}", answers[k], "AB"[k // 2 % 2], end_word(line), s, p.slots, p.cost)
        for k, (line, s, p) in enumerate(zip(lines, syllables, plans, strict=True))
    )
    return Verse(bars, bpm, 4, "nobody")


def made(opponent: bench.Opponent, verse: Verse | None, seed: int = 0) -> bench.Reply:
    return bench.Reply(opponent, 90.0 if verse is None else verse.bpm, seed, verse, 1.0)


@pytest.fixture(scope="module")
def to_lion() -> Verse:
    lines = [line for couplet in COUPLETS[:2] for line in couplet]
    return verse_of(lines, [("lion",), (), ("tractor",), ()], tag="lion")


@pytest.fixture(scope="module")
def to_nurse() -> Verse:
    lines = [line for couplet in COUPLETS[2:] for line in couplet]
    return verse_of(lines, [("surgeon",), (), ("printer",), ()], tag="nurse")


class ScriptedPen:
    """Says the same verse to everybody and remembers what it was asked to leave out."""

    def __init__(self, verse: Verse, refuse_bpm: float | None = None) -> None:
        self.verse = verse
        self.refuse_bpm = refuse_bpm
        self.used: list[frozenset[str]] = []
        self.anchors: list[int] = []

    def write(self, anchors, facts, bpm, bars=8, *, seed=0, used=frozenset(), spent=(), heard=()) -> Verse:
        self.used.append(used)
        self.anchors.append(len(anchors))
        if bpm == self.refuse_bpm:
            raise UserError("no verse fits")
        return self.verse


# ------------------------------------------------------------------------------------------------ the verses


def test_thirty_known_and_twelve_fresh_opponents_who_share_no_line():
    known, fresh = bench.known_verses(TYPED, VERSES), bench.fresh_verses(TYPED)
    assert (len(known), len(fresh)) == (30, 12)
    assert len({name for name, _, _ in known + fresh}) == 42
    lines = [line for _, _, verse in known + fresh for line in verse.splitlines()]
    assert len(lines) == len({line.lower() for line in lines}) == 42 * 8


def test_verses_that_are_not_there_are_a_users_mistake_told_in_one_line(tmp_path):
    with pytest.raises(UserError, match="run from a checkout") as error:
        bench.fresh_verses(tmp_path)
    assert "\n" not in str(error.value)
    with pytest.raises(UserError, match="seeds"):
        bench.run_default(seeds=0)
    with pytest.raises(UserError, match="even"):
        bench.run_default(bars=9)


# ------------------------------------------------------------------------------------------------ rhyme


@pytest.mark.parametrize(
    ("first", "other", "kind"),
    [
        ("zoo", "shoe", "confirmed"),
        ("Zoo", "zoo", "same word"),
        ("flour", "flower", "homophones"),
        ("zoo", "life", "none"),
        ("zoo", "qwxzt", "unknown"),
    ],
)
def test_end_rhymes_are_told_from_what_only_looks_like_one(first, other, kind, second):
    assert bench.end_rhyme(first, other, second) == bench.end_rhyme(other, first, second) == kind


@pytest.mark.parametrize(
    ("first", "other", "loose", "accented"),
    [
        ("I gave you dental care", "a sentimental chair", 3, 3),
        ("I swept you off the floor", "I threw you out the door", 1, 1),  # the same "the" twice is no rhyme
        ("I left him on a floor", "I left her by the door", 2, 1),  # two weak vowels before the rhyme
        ("I leave you with the paper", "I never met a vapor", 3, 2),
        ("you said it to the zoo", "you found the other life", 0, 0),
    ],
)
def test_multis_are_counted_over_words_and_never_through_a_repeated_one(first, other, loose, accented):
    a, b = verse_of([first, other], [(), ()]).bars
    assert bench.line_multi(a, b) == bench.line_multi(b, a) == loose
    assert bench.line_multi(a, b, accented=True) == accented


def test_end_words_rhyme_on_as_many_syllables_as_they_share(second):
    assert bench.word_multi("paper", "vapor", second) == 2
    assert bench.word_multi("floor", "door", second) == 1
    assert bench.word_multi("floor", "floor", second) == 0


def test_a_bar_is_given_back_word_by_word(to_lion):
    phones = bench.line_phones(to_lion.bars[0])
    assert len(phones) == 9 and phones[1] == ("L", "AY1", "AH0", "N")


# ------------------------------------------------------------------------------------------------ what a reply did


def test_fit_is_judged_again_and_not_believed(lion, to_lion):
    good = made(lion, to_lion)
    assert bench.fitting(good) == 4
    bar = to_lion.bars[1]
    shuffled = Bar(**{**vars(bar), "slots": tuple(reversed(bar.slots))})
    lying = Verse((to_lion.bars[0], shuffled, *to_lion.bars[2:]), 90.0, 4, "nobody")
    assert bench.fitting(made(lion, lying)) == 3
    assert bench.fitting(bench.Reply(lion, 240.0, 0, to_lion, 1.0)) < 4
    assert bench.fitting(made(lion, None)) == 0


def test_an_answer_counts_only_where_it_is_spoken(lion, to_lion):
    lying = verse_of(COUPLETS[0], [("lion", "tractor"), ("lion",)])
    assert bench.answered(made(lion, to_lion)) == {"lion", "tractor"}
    assert bench.claimed_unspoken(made(lion, to_lion)) == 0
    assert bench.answered(made(lion, lying)) == {"lion"}
    assert bench.claimed_unspoken(made(lion, lying)) == 2


def test_four_of_their_words_in_a_row_are_a_copy_and_three_are_not(lion):
    four = verse_of(["the Lion of the City came to me", "he left again and climbed into a tree"], [(), ()])
    three = verse_of(["and I drive you home at night", "you never saw a bigger light"], [(), ()])
    assert bench.copies(made(lion, four)) == 1
    assert bench.copies(made(lion, three)) == 0


def test_a_reply_speaks_its_own_opponents_words_and_a_swapped_one_does_not(lion, nurse, to_lion, to_nurse):
    right = bench.right_verse([made(lion, to_lion), made(nurse, to_nurse)])
    swapped = bench.right_verse([made(lion, to_nurse), made(nurse, to_lion)])
    assert right["ratio"] is None and right["own_share"] > 0
    assert swapped["ratio"] == 0
    mixed = bench.right_verse([made(lion, to_lion), made(nurse, to_nurse), made(nurse, to_lion)])
    assert mixed["ratio"] == pytest.approx(2, abs=0.6)  # two replies in three are right


def test_what_both_verses_say_proves_nothing(text, nouns, lion, to_lion):
    too = bench.opponent_of("too", 90.0, LION.replace("city", "valley"), text, nouns)
    result = bench.right_verse([made(lion, to_lion), made(too, to_lion)])
    assert result == {"own_share": 0.0, "other_share": 0.0, "ratio": None}


def test_bars_without_a_category_are_counted_among_those_that_answer(text, nouns):
    opponent = bench.opponent_of("odd", 90.0, "I'm a lion and I got a zorbleflange,\nyou're a robot", text, nouns)
    lines = ["Your zorbleflange is broken in the rain,", "your lion took the early morning train."]
    verse = verse_of(lines, [("zorbleflange",), ("lion",)])
    assert bench.without_category(made(opponent, verse)) == (1, 2)


# ------------------------------------------------------------------------------------------------ staleness


def test_lines_heard_a_third_time_are_stale(lion, nurse, to_lion, to_nurse):
    once = [made(lion, to_lion)]
    assert bench.stale(once)["lines"]["k"] == bench.stale(once * 2)["lines"]["k"] == 0
    worn = bench.stale([*once * 3, made(nurse, to_nurse)])
    assert (worn["lines"]["k"], worn["lines"]["n"], worn["different_lines"]) == (12, 16, 8)
    assert worn["entries"]["k"] == 12


def test_the_same_joke_about_another_noun_is_stale_by_entry_only(lion):
    verses = [
        verse_of([f"A {noun}? I have seen you at the zoo,", f"they gave the {noun} a leather shoe."], [(), ()])
        for noun in ("lion", "tiger", "tractor")
    ]
    result = bench.stale([made(lion, verse) for verse in verses])
    assert (result["lines"]["k"], result["entries"]["k"]) == (0, 6)


def test_repeats_in_a_battle_are_found_by_entry_and_by_wording(lion, to_lion, to_nurse):
    renamed = verse_of([bar.text.upper() for bar in to_lion.bars], [()] * 4, tag="other")
    assert bench.battle_repeats([made(lion, to_lion), made(lion, to_nurse)]) == (0, 8)
    assert bench.battle_repeats([made(lion, to_lion), made(lion, renamed)]) == (4, 8)
    assert bench.battle_repeats([made(lion, to_lion), made(lion, to_nurse), made(lion, to_nurse)]) == (4, 12)


def test_a_pen_is_told_what_it_used_as_each_measure_says(lion, nurse, to_lion):
    entries = frozenset(bar.entry_id for bar in to_lion.bars)
    forgets, recalls, fights = ScriptedPen(to_lion), ScriptedPen(to_lion), ScriptedPen(to_lion)
    people: Any = [lion, nurse]
    assert len(bench.evening(forgets, people)) == 7  # 3⅓ replies to each of two
    assert forgets.used == [frozenset()] * 7
    bench.evening(recalls, people, memory=6)
    assert recalls.used == [frozenset(), *[entries] * 6]
    bench.battle(fights, lion, rounds=3)
    assert fights.used == [frozenset(), entries, entries]


def test_memory_forgets_the_oldest_reply(lion, to_lion):
    class Numbered(ScriptedPen):
        def write(self, *args, **options) -> Verse:
            super().write(*args, **options)
            bars = tuple(Bar(**{**vars(bar), "entry_id": f"n{len(self.used)}"}) for bar in to_lion.bars)
            return Verse(bars, 90.0, 4, "nobody")

    pen = Numbered(to_lion)
    bench.evening(pen, [lion] * 3, memory=2)
    assert pen.used[:4] == [frozenset(), {"n1"}, {"n1", "n2"}, {"n2", "n3"}]


def test_a_refused_tempo_is_counted_against_the_pen(lion, to_lion, second):
    pen = ScriptedPen(to_lion, refuse_bpm=60.0)
    result = bench.measure(pen, [lion], second, {}, _vocabulary(), bars=4, seeds=1)
    assert result["refused"] == 1 and result["fits_by_bpm"]["60"] == [0, 4]
    assert result["fits_by_bpm"]["90"] == [4, 4] and result["fits"]["k"] == result["fits"]["n"] == 4
    assert result["battle_repeats"]["k"] == 5 * 4  # it says the same six times


def _vocabulary():
    return parse_vocabulary((models_root() / "categories.toml").read_text(encoding="utf-8"))


# ------------------------------------------------------------------------------------------------ the draw


def test_the_draw_is_the_same_for_a_seed_and_never_twice_the_same_couplet(lion, nurse, to_lion, to_nurse):
    replies = [made(lion, to_lion), made(nurse, to_nurse), made(lion, to_lion, seed=1)]
    found = bench.drawn(replies, 3, 10)
    assert len(found) == 4 and found == bench.drawn(replies, 3, 10)
    assert {(a.text, b.text) for a, b in (one.couplet for one in found)} == set(COUPLETS)
    assert len({tuple(one.couplet[0].text for one in bench.drawn(replies, seed, 4)) for seed in range(8)}) > 1
    second_of = {one.couplet[0].text: one for one in found}[COUPLETS[1][0]]
    assert tuple(bar.text for bar in second_of.before) == COUPLETS[0]
    assert second_of.context == ("I'm the lion of the city and I drive a red tractor,",)


def test_blind_readers_see_no_entry_and_the_key_has_it(lion, to_lion):
    found = bench.drawn([made(lion, to_lion)], 0, 2)
    blind, key = bench.draw_tsv(found), bench.draw_tsv(found, key=True)
    assert "lion-0" not in blind and "flip" not in blind and "lion-0" in key
    rows = [line.split("\t") for line in blind.splitlines()]
    assert rows[0] == ["number", "opponent", "before", "bar_1", "bar_2"] and {len(row) for row in rows} == {5}


@given(st.lists(st.text(max_size=30), min_size=1, max_size=4))
@settings(max_examples=50, deadline=None)
def test_no_text_breaks_a_row_of_the_draw(lines):
    facts = bench.VerseFacts(0, (), None, (), None, 0.0)
    opponent = bench.Opponent("any", 90.0, tuple(lines), (), (), facts)
    bar = Bar(0, lines[0], "flip", "e", (), "A", "", (), (), 0.0)
    table = bench.draw_tsv([bench.Drawn(opponent, 0, (bar, bar))])
    assert table.count("\n") == 2 and table.count("\t") == 8


# ------------------------------------------------------------------------------------------------ the real pen


def test_the_pen_that_ships_answers_rhymes_and_fits(text, second, tmp_path):
    """The instruments on two fresh verses and the real bank; floors far below what the whole benchmark measures."""
    pen = open_pen(text, second, models_root())
    people = [bench.opponent_of(*verse, text, pen.nouns) for verse in bench.fresh_verses(TYPED)[:2]]
    replies = bench.answer_all(pen, people, seeds=1)
    again = bench.answer_all(pen, people, seeds=1)
    assert [r.verse for r in replies] == [r.verse for r in again]
    bank = {couplet.id: couplet for couplet in load_arsenal(models_root() / "arsenal")}
    result = bench._of_replies(replies, second, bank, _vocabulary(), bench.BARS)
    assert result["rhymes_confirmed"]["k"] == result["rhymes_confirmed"]["n"] == 8  # the checker refuses any other
    assert result["fits"]["k"] == result["fits"]["n"] == 16
    assert result["copied"]["k"] == 0 and result["claimed_unspoken"] == 0
    assert result["answered_per_8_bars"] >= 1
    assert 0 < result["density_rhymed_share"] < 1 and result["density_vowel_run_mean"] > 0
    assert json.loads(json.dumps(result)) == result


def test_the_table_has_a_column_for_each_set_and_the_result_is_json(lion, nurse, to_lion, second):
    pen: Any = ScriptedPen(to_lion)
    sets = {
        name: bench.measure(pen, people, second, {}, _vocabulary(), bars=4, seeds=1)
        for name, people in (("opponents", [lion, nurse]), ("fresh", [nurse]))
    }
    result = {
        "benchmark": "writing", "bars": 4, "seeds": 1, "entries_in_bank": 0, "cpu_open_ms": 1.0, "cpu_cold_ms": 1.0,
        "cpu_opening_ms": bench.spread([1.0, 3.0]), "cpu_replan_ms": bench.spread([]),
        "opening_is_the_plan": bench.rate(1, 2), "sets": sets,
    }  # fmt: skip
    assert json.loads(json.dumps(result)) == result
    heading, *rows = bench.table(result).splitlines()
    assert "opponents (2)" in heading and "fresh (1)" in heading
    assert any(row.startswith("right verse") and "×" in row for row in rows)
    assert len(rows) == len(bench._ROWS) + 2  # what was opened, and what following costs
