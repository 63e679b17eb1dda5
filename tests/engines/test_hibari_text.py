"""hibari's text front end: sounds, tags, lexicon, and what rap needs on top."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rapbot.engines.hibari_text import MAX_WORD_CHARS, SLANG, HibariText
from rapbot.language.phones import arpabet, misaki_nuclei


@pytest.fixture(scope="module")
def hibari() -> HibariText:
    return HibariText()


def test_words_come_back_in_order_with_their_punctuation(hibari):
    words = hibari.pronounce("Yo, I'm the king. You're not!")
    assert [word.text for word in words] == ["Yo", "I'm", "the", "king", "You're", "not"]
    assert [word.after for word in words] == [",", "", "", ".", "", "!"]


def test_phones_are_those_of_the_voice(hibari):
    for word in hibari.pronounce("my microphone is louder than your whole ensemble"):
        assert word.phones == arpabet(word.misaki)


def test_a_dropped_g_keeps_the_vowel_and_loses_the_velar(hibari):
    (full,) = hibari.pronounce("running")
    (dropped,) = hibari.pronounce("runnin'")
    assert dropped.phones[:-1] == full.phones[:-1]
    assert (full.phones[-1], dropped.phones[-1]) == ("NG", "N")


@pytest.mark.parametrize("word", sorted(SLANG))
def test_every_slang_word_is_sayable_and_as_written(hibari, word):
    (spoken,) = hibari.pronounce(word)
    assert spoken.misaki.replace("ᵊ", "") == SLANG[word].replace("ᵊ", "")
    assert misaki_nuclei(spoken.misaki)
    assert hibari.pronunciations(word) == (spoken.phones,)


def test_known_words_have_a_pronunciation_and_babble_has_none(hibari):
    assert hibari.pronunciations("toaster") == (("T", "OW1", "S", "T", "ER0"),)
    assert hibari.pronunciations("zxqvbk") == ()


def test_stresses_are_one_per_syllable(hibari):
    assert hibari.syllable_stresses("microphone") == (1, 0, 2)
    assert hibari.syllable_stresses("...") == ()


def test_tags_are_one_per_word(hibari):
    assert hibari.tag(()) == ()
    tags = hibari.tag("my dog runs".split())
    assert tags[:2] == ("PRP$", "NN")


def test_the_same_line_sounds_the_same_twice(hibari):
    line = "I read the book you read at half past 10"
    assert hibari.pronounce(line) == hibari.pronounce(line)


def test_line_noise_is_refused_by_name(hibari):
    with pytest.raises(ValueError, match=f"the limit is {MAX_WORD_CHARS}"):
        hibari.pronounce("a" * (MAX_WORD_CHARS + 1))


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(codec="ascii"), max_size=40))
def test_any_short_text_is_pronounced_or_refused_as_a_value_error(hibari, line):
    try:
        words = hibari.pronounce(line)
    except ValueError:
        return
    assert all(word.phones and misaki_nuclei(word.misaki) for word in words)


def test_no_at_a_sentence_end_is_not_a_number() -> None:
    spoken = HibariText().pronounce("They asked me and I told them no.")
    assert spoken[-1].text == "no" and spoken[-1].phones == ("N", "OW1") and "." in spoken[-1].after
    assert HibariText().pronounce("You are no. 5 at best")[2].phones[0] == "N"


def test_every_has_two_syllables_as_it_is_rapped() -> None:
    assert len(HibariText().syllable_stresses("every")) == 2


@pytest.mark.parametrize("line", ['"The end," he said.', "“The end,” he said.", 'He said "the end."'])
def test_quotation_marks_are_not_pronounced(line: str) -> None:
    plain = HibariText().pronounce(line.translate({ord(mark): None for mark in '"“”'}))
    assert HibariText().pronounce(line) == plain
