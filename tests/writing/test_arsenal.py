"""The bank's format, and the grammar of its slots."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapbot.errors import UserError
from rapbot.resources import models_root
from rapbot.values import Number
from rapbot.writing.arsenal import (
    Couplet,
    Filler,
    end_word,
    estimated_syllables,
    fill,
    heat_of,
    load_arsenal,
    opener_of,
    parse_couplets,
    parse_needs,
    with_article,
)


def couplet(first: str, second: str, needs: str = "claim:animal.wild sg", move: str = "flip") -> Couplet:
    return parse_couplets(f"t1|{move}|{needs}|shape|zoo|2|{first}|{second}")[0]


def test_the_shipped_bank_loads_and_every_id_is_its_own() -> None:
    bank = load_arsenal(models_root() / "arsenal")
    assert len(bank) > 1100
    assert len({entry.id for entry in bank}) == len(bank)
    assert {entry.score for entry in bank} <= {1, 2, 3}


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("t1|flip|claim:animal sg|shape|zoo|2|only one line", "fields"),
        ("t1|shout|claim:animal sg|shape|zoo|2|a|b", "unknown move 'shout'"),
        ("t1|flip|claims:animal sg|shape|zoo|2|a|b", "unknown needs head 'claims'"),
        ("t1|flip|claim:animal sg|shape|zoo|7|a|b", "score"),
        ("t1|flip|claim:animal sg|shape|zoo|2|a {Z}|b", "unknown slot {Z}"),
        ("t1|flip|claim:animal sg pl|shape|zoo|2|a|b", "two numbers"),
        ("t1|flip||shape|zoo|2|a|b", "empty"),
    ],
)
def test_a_broken_line_is_named(line: str, what: str) -> None:
    with pytest.raises(UserError, match="bank line 2") as caught:
        parse_couplets("# a comment\n" + line, "bank")
    assert what in str(caught.value)


def test_an_id_used_twice_is_told(tmp_path) -> None:
    (tmp_path / "couplets.txt").write_text("t1|open|none|s|any|2|a b|c d\nt1|open|none|s|any|2|e f|g h\n")
    with pytest.raises(UserError, match="t1 is used twice"):
        load_arsenal(tmp_path)


def test_needs_are_read_in_any_order() -> None:
    needs = parse_needs("claim:animal.pet sg been")
    assert (needs.head, needs.term, needs.number, needs.flags) == ("claim", "animal.pet", "sg", frozenset(("been",)))
    assert parse_needs("image:pet claim").stance == "claim"
    assert parse_needs("insult:any sg raw").heat == "raw"
    assert parse_needs("none").number == "any"


@pytest.mark.parametrize(
    ("noun", "expected"),
    [
        ("tiger", "a tiger"), ("owl", "an owl"), ("hour", "an hour"), ("unicorn", "a unicorn"),
        ("umbrella", "an umbrella"),
        ("SUV", "an SUV"), ("MVP", "an MVP"), ("DJ", "a DJ"), ("FBI agent", "an FBI agent"), ("ukulele", "a ukulele"),
        ("one-man band", "a one-man band"), ("honest cop", "an honest cop"), ("BMW", "a BMW"), ("uncle", "an uncle"),
        ("ATM", "an ATM"), ("Audi", "an Audi"), ("European", "a European"),
    ],
)  # fmt: skip
def test_the_article_follows_the_sound(noun: str, expected: str) -> None:
    assert with_article(Filler(noun)) == expected


def test_names_plurals_and_masses_take_no_article() -> None:
    assert with_article(Filler("Batman", "sg", proper=True)) == "Batman"
    assert with_article(Filler("wolves", "pl")) == "wolves"
    assert with_article(Filler("fire", "mass")) == "fire"


def test_a_slot_that_begins_a_sentence_gets_a_capital() -> None:
    lines = fill(
        couplet("{X}. Asleep all day. {aX} never wakes.", '"{X}" it says, then "{X}" once more'), {"X": Filler("owl")}
    )
    assert lines == ("Owl. Asleep all day. An owl never wakes.", '"Owl" it says, then "owl" once more')


def test_a_threat_with_a_particle_takes_us_in_between() -> None:
    threat = couplet("You'll {V} me? Get in line.", "you couldn't {V} a vine", "verb any", "threat")
    assert fill(threat, {"V": Filler("take down")})[0] == "You'll take me down? Get in line."
    assert fill(threat, {"V": Filler("smash")})[0] == "You'll smash me? Get in line."


@pytest.mark.parametrize(
    ("needs", "first", "number", "agrees"),
    [
        ("claim:x sg", "You're {aX}?", "sg", True),
        ("claim:x sg", "You're {aX}?", "pl", False),
        ("claim:x sg", "You're {aX}?", "mass", False),
        ("poss:x sg", "Your {X} went cold", "mass", True),
        ("poss:x pl", "Your {X} went home", "sg", False),
        ("poss:x pl", "Your {X} went home", "pl", True),
        ("poss:x any", "You poured {X} and it ran", "pl", False),
        ("poss:x any", "You poured {X} and ran", "pl", True),
    ],
)
def test_number_must_agree(needs: str, first: str, number: Number, agrees: bool) -> None:
    entry = couplet(first, "and so on", needs)
    if agrees:
        assert "{" not in "".join(fill(entry, {"X": Filler("thing", number)}))
    else:
        with pytest.raises(ValueError, match="does not agree"):
            fill(entry, {"X": Filler("thing", number)})


def test_a_slot_is_never_left_open() -> None:
    with pytest.raises(ValueError, match=r"nothing to put in \{N\}"):
        fill(couplet("{N}, you're {aX}", "and so on"), {"X": Filler("owl")})


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ('it says "let me go".', "go"), ("it's dated ninety-nine.", "nine"), ("by the people's", "people's"),
        ("runnin'", "runnin"), ("…", ""),
    ],
)  # fmt: skip
def test_the_end_word_is_what_rhymes(line: str, word: str) -> None:
    assert end_word(line) == word


def test_lines_that_throw_the_word_back_share_an_opener() -> None:
    assert opener_of("You're {aX}? I know the tank") == opener_of("So you're {aX}, on ice") == "you're {aX}"
    assert opener_of("{aI}? Say it slower.") == opener_of("A toaster? Then a toast") == "echo?"
    assert opener_of("You'll {V} me? Say that") == opener_of("To {V} me? Yes") == "{V} me?"
    assert opener_of("Your {X} has eaten candles") != opener_of("I caught your {X} waiting")


def test_syllables_are_guessed_closely_enough_to_sort_by() -> None:
    assert abs(estimated_syllables("You called me a toaster. Quite the little jab.") - 11) <= 1
    assert abs(estimated_syllables("the treadmill was off and it still outran you") - 11) <= 1


def test_heat_is_by_flag_or_by_word() -> None:
    plain = couplet("The sun is up", "and so am I")
    assert heat_of(plain, {"grave"}) == "clean"
    assert heat_of(couplet("I dug a grave", "and so on"), {"grave"}) == "street"
    assert heat_of(couplet("The sun is up", "and so am I", "claim:x sg raw"), {"grave"}) == "raw"


@given(st.text(max_size=80))
def test_any_text_is_parsed_or_refused_by_line(text: str) -> None:
    try:
        entries = parse_couplets(text)
    except UserError as error:
        assert "line" in str(error)
    else:
        assert all(entry.lines[0] and entry.lines[1] for entry in entries)


@given(st.from_regex(r"[a-z]{1,12}( [a-z]{1,12})?", fullmatch=True), st.sampled_from(["sg", "mass", "pl"]))
def test_whatever_fills_a_slot_is_spoken_once_per_slot(noun: str, number: Number) -> None:
    entry = couplet("I saw {X} here", "and left {X} there", "said:any any")
    lines = fill(entry, {"X": Filler(noun, number)})
    assert lines == (f"I saw {noun} here", f"and left {noun} there")
