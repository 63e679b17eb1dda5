"""The noun lexicon: forms, senses, blocked words, and the shipped data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapbot.errors import UserError
from rapbot.language.nouns import NounLexicon, looks_plural, parse_nouns, parse_words, plural, singulars

SMALL = NounLexicon(
    parse_nouns(
        "# a comment\n"
        "dog|animal.pet|sg|been,owned|a kennel|pet\n"
        "shoes|clothing.shoes|pl|worn,owned|a shoe box|shoes\n"
        "ice|jewelry.stone|mass|worn,owned|a glass case|jewelry\n"
        "ice|water.ice|mass|been,said|a freezer|weather\n"
        "toaster|insult.appliance|sg|been,owned|a counter|kitchen\n"
        "vending machine|insult.vending|sg|been|a hallway|machine\n"
        "line of code|insult.code|sg|been|a screen|computer\n"
        "Spider-Man|hero.name|sg|been|a web|comic\n"
        "cotton candy|food.dessert|mass|eaten|a fair|bakery\n"
        "spade|tool.garden|sg|used|a shed|garden\n"
    ),
    blocked=("cotton", "spade"),
    first_names=("marcus",),
)


def test_a_plural_of_a_listed_singular_is_found_as_plural():
    entry = SMALL.lookup("dogs")
    assert entry is not None
    assert (entry.category, entry.number, entry.lemma) == ("animal.pet", "pl", "dog")


def test_a_singular_of_a_noun_listed_in_the_plural_is_found_as_singular():
    entry = SMALL.lookup("shoe")
    assert entry is not None
    assert (entry.category, entry.number) == ("clothing.shoes", "sg")


@pytest.mark.parametrize("form", ["vending machine", "Vending  Machines", "lines of code", "spider man", "spider-man"])
def test_compounds_are_found_in_either_number_and_spelling(form):
    assert SMALL.lookup(form) is not None


def test_an_unknown_noun_has_no_category_and_neither_has_a_compound_of_known_words():
    assert SMALL.lookup("zeugma") is None
    assert SMALL.lookup("dog machine") is None


def test_the_frame_chooses_the_sense():
    assert SMALL.lookup("ice", "worn").category == "jewelry.stone"
    assert SMALL.lookup("ice", "been").category == "water.ice"


def test_owning_an_insult_is_owning_a_plain_thing():
    assert SMALL.lookup("toaster", "been").category == "insult.appliance"
    assert SMALL.lookup("toaster", "owned").category == "house.part"


def test_blocked_nouns_are_never_found_but_a_listed_compound_may_contain_one():
    assert SMALL.lookup("spade") is None
    assert SMALL.lookup("spades") is None
    assert SMALL.is_blocked("spades")
    assert SMALL.is_blocked("cotton field")
    assert not SMALL.is_blocked("cotton candy")
    assert SMALL.lookup("cotton candy") is not None


@pytest.mark.parametrize(
    ("one", "many"),
    [("dog", "dogs"), ("city", "cities"), ("boy", "boys"), ("bus", "buses"), ("wolf", "wolves"), ("knife", "knives"),
     ("foot", "feet"), ("box", "boxes"), ("vending machine", "vending machines"), ("piece of junk", "pieces of junk")],
)  # fmt: skip
def test_plural_and_back(one, many):
    assert plural(one) == many
    assert one in singulars(many)


@pytest.mark.parametrize("word", ["boss", "virus", "chess", "mathematics", "bus", "glass", "gas"])
def test_singulars_in_s_do_not_look_plural(word):
    assert not looks_plural(word)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=12))
def test_a_plural_that_looks_like_one_leads_back_to_its_singular(word):
    if looks_plural(plural(word)):  # "menus" does not, by its form alone: it could be a virus
        assert word in singulars(plural(word))


@pytest.mark.parametrize(
    "line",
    ["dog|animal", "dog|animal.pet|few|been|a|b", "dog|animal.pet|sg|flown|a|b"],
    ids=["fields", "number", "frame"],
)
def test_a_broken_line_is_named(line):
    with pytest.raises(UserError, match="line 2"):
        parse_nouns("# ok\n" + line)


def test_word_lists_take_commas_lines_and_comments():
    assert parse_words("# x\nAda, bob\n\ncy # tail\n") == ("ada", "bob", "cy")


def test_first_names_ignore_case():
    assert SMALL.is_first_name("Marcus")
    assert not SMALL.is_first_name("toaster")


# ------------------------------------------------------------------------------------------------ the shipped lists


@pytest.mark.parametrize(
    ("noun", "frame", "category"),
    [("dog", "owned", "animal.pet"), ("leash", "owned", "creature.thing"), ("cadillac", "driven", "vehicle.car"),
     ("engine", "owned", "vehicle.part"), ("lasagna", "eaten", "food.dish"), ("chicken", "eaten", "food.dish"),
     ("chicken", "been", "animal.farm"), ("buck", "owned", "money.cash"), ("buck", "been", "animal.wild"),
     ("toaster", "been", "insult.appliance"), ("brooklyn", "lived", "place.borough"), ("surgeon", "been",
     "job.medical"), ("bass", "played", "instrument.string"), ("ice", "been", "water.ice"), ("grandma", "owned",
     "family.parent")],
)  # fmt: skip
def test_shipped_nouns_have_the_category_their_frame_calls_for(nouns, noun, frame, category):
    assert nouns.lookup(noun, frame).category == category


def test_every_shipped_noun_can_be_looked_up_unless_blocked(nouns):
    lost = [
        entry.lemma
        for entry in nouns.entries
        if nouns.lookup(entry.lemma) is None and not nouns.is_blocked(entry.lemma)
    ]
    assert lost == []


def test_no_blocked_noun_is_shipped_under_a_plain_look_up(nouns, data):
    blocked = parse_words((data.parents[2] / "models" / "nouns" / "nouns_block.txt").read_text(encoding="utf-8"))
    assert blocked
    assert [noun for noun in blocked if nouns.lookup(noun) is not None] == []


def test_an_animal_category_holds_animals_only(nouns):
    """A couplet about a pet must not meet its leash: places, parts and gear have categories of their own."""
    creatures = {entry.lemma for entry in nouns.entries if entry.group == "animal"}
    assert not creatures & {"barn", "cage", "leash", "wing", "web", "zoo", "aquarium", "saddle", "venom"}
