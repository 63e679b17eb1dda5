"""One judge for every writer: it counts what is on the page, whoever wrote it."""

from __future__ import annotations

import pytest

from rapbot.bench import writing_baselines as bench
from rapbot.bench.writing import Opponent, opponent_of
from rapbot.engines.cmu import CmuLexicon
from rapbot.engines.hibari_text import HibariText
from rapbot.language.nouns import load_nouns
from rapbot.resources import models_root
from rapbot.writing.arsenal import load_arsenal
from rapbot.writing.candidates import Matcher
from rapbot.writing.checker import Checker
from rapbot.writing.vocabulary import parse_vocabulary

LION = "I'm a lion and I drive a Cadillac\nyou're a toaster and I'll smash you on your back"
NURSE = "I play the banjo and my job is nurse\nyou're a printer and you print a curse"


@pytest.fixture(scope="module")
def text() -> HibariText:
    return HibariText()


@pytest.fixture(scope="module")
def people(text: HibariText) -> list[Opponent]:
    nouns = load_nouns(models_root() / "nouns")
    return [opponent_of(name, 90.0, verse, text, nouns) for name, verse in (("lion", LION), ("nurse", NURSE))]


@pytest.fixture(scope="module")
def checker(text: HibariText) -> Checker:
    return Checker(text, CmuLexicon())


def test_what_is_said_of_whom_is_counted(people: list[Opponent], checker: Checker) -> None:
    own = (("Your Cadillac is rusty and it's cold,", "a lion in a cardigan, and old."),)
    other = (("I never met a lion, what a shame,", "the wheels are off, the paint is all the same."),)
    found = bench.judged([own, other], people, checker)
    assert found["rhymed"] == [2, 2] and found["fit"] == [4, 4]
    assert found["answered_mean"] == 1.0  # two things of the lion's, none of the nurse's
    assert found["own_percent"] > 0 and found["other_percent"] > 0  # the second verse speaks of the lion to the nurse


def test_lines_that_do_not_rhyme_or_fit_are_no_bars(people: list[Opponent], checker: Checker) -> None:
    long = "I would like to say at some considerable length that your Cadillac, sir, is not a motor vehicle I admire,"
    found = bench.judged([(("Your Cadillac is orange and it's cold,", long),), ()], people, checker)
    assert found["rhymed"] == [0, 1] and found["fit"] == [1, 2]


def test_the_bank_without_a_plan_still_answers(people: list[Opponent]) -> None:
    models = models_root()
    bank = load_arsenal(models / "arsenal")
    vocabulary = parse_vocabulary((models / "categories.toml").read_text(encoding="utf-8"))
    write = bench.unplanned(Matcher(bank, vocabulary, load_nouns(models / "nouns")))
    verse = write(people[0], 3)
    assert len(verse) == bench.COUPLETS and verse == write(people[0], 3) != write(people[0], 4)
    said = " ".join(line for couplet in verse for line in couplet).lower()
    assert "{" not in said and any(word in said for word in ("lion", "cadillac", "toaster", "smash"))


def test_a_free_model_is_asked_about_the_last_line_and_read_leniently(people: list[Opponent]) -> None:
    class Model:
        def free(self, prompt: str, count: int, seed: int) -> tuple[str, ...]:
            assert prompt.endswith(people[0].lines[-1])
            return (
                "Sure! Here you go:\n1. You came in like a lion on a chain,\n2. you left in like a kitten in the rain.",
                "no",
                "",
            )

    assert bench.free(Model())(people[0], 1) == (
        ("You came in like a lion on a chain,", "you left in like a kitten in the rain."),
    )


def test_the_table_says_what_was_left_out(people: list[Opponent], checker: Checker) -> None:
    result = bench.run({"nobody": lambda opponent, seed: (("You cold,", "so old."),)}, people, checker)
    assert "nobody" in bench.table(result) and "SmolLM2 left out" in bench.table(result)
