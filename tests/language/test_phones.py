"""Phones: the two alphabets agree on how many syllables a word has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapbot.language.phones import (
    CONSONANTS,
    MANNER,
    MISAKI_VOWELS,
    VOWELS,
    arpabet,
    is_vowel,
    misaki_nuclei,
    stress_of,
    with_syllabic_nasals,
)

MISAKI = sorted(MISAKI_VOWELS) + list("bdfɡhjklmnŋpɹsʃtθðvwzʒʤʧ") + ["ˈ", "ˌ", " "]


def test_every_consonant_has_a_manner_and_no_vowel_has_one():
    assert set(MANNER) == set(CONSONANTS)
    assert not set(MANNER) & VOWELS


@pytest.mark.parametrize(
    ("misaki", "phones"),
    [("fˈOn", "F OW1 N"), ("kˈæt", "K AE1 T"), ("bˈɜɹd", "B ER1 D"), ("lˈɛTəɹ", "L EH1 T ER0"), ("ʤˈʌʤ", "JH AH1 JH"),
     ("mˈIkɹəfˌOn", "M AY1 K R AH0 F OW2 N"), ("", ""), ("hˈI, ðˈɛɹ!", "HH AY1 DH EH1 R")],
)  # fmt: skip
def test_arpabet_of_misaki(misaki, phones):
    assert arpabet(misaki) == tuple(phones.split())


def test_a_character_of_neither_alphabet_is_named():
    with pytest.raises(ValueError, match="'7'"):
        arpabet("fˈ7n")


@pytest.mark.parametrize(
    ("misaki", "count"),
    [("fˈIəɹ", 1), ("pˈWəɹ", 1), ("ɹˈYəl", 1), ("fˈOn", 1), ("lˈIən", 2), ("mˈIkɹəfˌOn", 3), ("flˈWəɹz", 1), ("st", 0)],
)  # fmt: skip
def test_a_stressed_diphthong_swallows_a_schwa_before_r_or_l_only(misaki, count):
    assert len(misaki_nuclei(misaki)) == count


def test_a_nucleus_spans_its_stress_mark_and_what_it_swallows():
    (fire,) = misaki_nuclei("fˈIəɹ")
    assert (fire.start, fire.vowel, fire.end, fire.stress) == (1, 2, 4, 1)


def test_syllabic_nasals_get_their_vowel():
    assert with_syllabic_nasals("bˈʌtn") == "bˈʌtᵊn"
    assert with_syllabic_nasals("hˈæpən") == "hˈæpən"
    assert len(misaki_nuclei(with_syllabic_nasals("dˈɪdnt"))) == 2


@given(st.lists(st.sampled_from(MISAKI), max_size=20).map("".join))
def test_nuclei_are_disjoint_in_order_and_no_more_than_the_vowels(misaki):
    nuclei = misaki_nuclei(misaki)
    assert all(a.end <= b.start for a, b in zip(nuclei, nuclei[1:], strict=False))
    assert all(n.start <= n.vowel < n.end <= len(misaki) for n in nuclei)
    assert all(misaki[n.vowel] in MISAKI_VOWELS for n in nuclei)
    assert len(nuclei) <= sum(is_vowel(phone) for phone in arpabet(misaki))


@given(st.lists(st.sampled_from(MISAKI), max_size=20).map("".join))
def test_every_phone_is_in_the_inventory_with_a_digit_on_vowels_only(misaki):
    for phone in arpabet(misaki):
        if is_vowel(phone):
            assert phone[-1] in "012"
            assert phone[:-1] in VOWELS
        else:
            assert phone in CONSONANTS
            assert stress_of(phone) == 0
