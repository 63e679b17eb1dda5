"""The second lexicon, on the real dictionary."""

import builtins

import pytest

from rapbot.engines import cmu
from rapbot.engines.cmu import CmuLexicon
from rapbot.errors import EngineUnavailable
from rapbot.language.phones import CONSONANTS, is_vowel
from rapbot.language.rhyme import confirmed_rhyme


@pytest.fixture(scope="module")
def lexicon() -> CmuLexicon:
    return CmuLexicon()


def test_a_listed_word_gives_every_pronunciation_of_the_dictionary(lexicon):
    assert ("T", "AH0", "M", "EY1", "T", "OW2") in lexicon.pronunciations("tomato")
    assert len(lexicon.pronunciations("tomato")) == 2


def test_comments_in_the_dictionary_are_not_sounds(lexicon):
    assert lexicon.pronunciations("aalborg") == (("AO1", "L", "B", "AO0", "R", "G"), ("AA1", "L", "B", "AO0", "R", "G"))
    commented = [word for word, spoken in lexicon._lookup.items() if any("#" in phones for phones in spoken)]
    assert commented
    for word in commented:
        assert all(
            is_vowel(phone) or phone in CONSONANTS for spoken in lexicon.pronunciations(word) for phone in spoken
        )


def test_unknown_words_and_nothing_give_nothing(lexicon):
    assert lexicon.pronunciations("zxqv") == ()
    assert lexicon.pronunciations("") == ()


def test_case_and_typographic_apostrophes_do_not_matter(lexicon):
    assert lexicon.pronunciations("Don’t") == lexicon.pronunciations("don't") != ()


def test_a_dropped_g_is_the_full_form_ending_in_n(lexicon):
    (spoken,) = lexicon.pronunciations("grindin'")
    assert spoken == ("G", "R", "AY1", "N", "D", "IH0", "N")


@pytest.mark.parametrize(
    ("word", "ending"),
    [("chatbots", ("S",)), ("lambos", ("Z",)), ("roomba's", ("Z",)), ("podcasts", ("S",)), ("emojis", ("Z",))],
)
def test_a_missing_plural_or_possessive_sounds_by_its_last_phone(lexicon, word, ending):
    assert all(spoken[-1:] == ending for spoken in lexicon.pronunciations(word))
    assert lexicon.pronunciations(word)


def test_a_sibilant_takes_a_syllable_of_its_own(lexicon):
    (one,) = lexicon.pronunciations("glitch")
    many = lexicon.pronunciations("glitches")
    assert many
    assert many[0] == (*one, "IH0", "Z")


@pytest.mark.parametrize("word", sorted(cmu.SLANG))
def test_every_slang_word_has_valid_phones_and_a_stress(lexicon, word):
    (spoken,) = lexicon.pronunciations(word)
    assert any(is_vowel(phone) and phone[-1] in "1" for phone in spoken)


def test_it_confirms_and_refuses_rhymes_of_couplets(lexicon):
    def rhymes(a: str, b: str) -> bool:
        return any(confirmed_rhyme(x, y) for x in lexicon.pronunciations(a) for y in lexicon.pronunciations(b))

    assert rhymes("glue", "you")
    assert rhymes("runnin'", "gunnin'")
    assert not rhymes("glue", "spat")


def test_a_missing_package_says_what_to_install(monkeypatch):
    real = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name == "pronouncing":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    cmu._dictionary.cache_clear()
    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(EngineUnavailable, match="pip install pronouncing"):
        CmuLexicon()
    monkeypatch.undo()
    cmu._dictionary.cache_clear()
