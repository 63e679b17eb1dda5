"""Syllables of written lines, on the real pronouncer where it matters that counts agree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapbot.language.phones import CONSONANTS, VOWELS, arpabet, is_vowel, misaki_nuclei
from rapbot.language.syllables import (
    accent_final,
    legal_onset,
    line_syllables,
    split_phones,
    spoken_ends,
    weak_by_partner,
    weak_words,
)
from rapbot.values import PronouncedWord

PHONES = sorted(CONSONANTS) + [vowel + stress for vowel in sorted(VOWELS) for stress in "012"]


def said(text: str, misaki: str, after: str = "") -> PronouncedWord:
    return PronouncedWord(text, misaki, arpabet(misaki), after)


@pytest.mark.parametrize(
    ("cluster", "legal"), [("", True), ("S T R", True), ("NG", False), ("T L", False), ("ZH", True), ("P R", True)]
)
def test_legal_onsets(cluster, legal):
    assert legal_onset(cluster.split()) is legal


@pytest.mark.parametrize(
    ("phones", "parts"),
    [("M AY1 K R AH0 F OW2 N", "M AY1|K R AH0|F OW2 N"), ("AE1 TH L IY2 T", "AE1|TH L IY2 T"), ("S T", ""), ("", ""),
     ("S IH1 NG ER0", "S IH1 NG|ER0"), ("K AE1 T L AA2 G", "K AE1 T|L AA2 G")],
)  # fmt: skip
def test_consonants_go_to_the_next_syllable_as_far_as_english_allows(phones, parts):
    if phones.startswith("AE1 TH"):
        parts = "AE1 TH|L IY2 T"  # /thl/ begins no English syllable
    expected = tuple(tuple(part.split()) for part in parts.split("|") if part)
    assert split_phones(phones.split()) == expected


@given(st.lists(st.sampled_from(PHONES), max_size=12))
def test_splitting_loses_nothing_and_gives_one_part_a_vowel(phones):
    parts = split_phones(phones)
    if any(is_vowel(phone) for phone in phones):
        assert [phone for part in parts for phone in part] == phones
        assert all(sum(is_vowel(phone) for phone in part) == 1 for part in parts)
    else:
        assert parts == ()


def test_a_merged_diphthong_is_one_syllable_with_both_vowels():
    (fire,) = line_syllables([said("fire", "fˈIəɹ")])
    assert fire.phones == ("F", "AY1", "ER0")
    assert fire.vowel == "AY"


def test_words_stress_and_pauses_are_marked():
    parts = line_syllables([said("battle", "bˈæTᵊl", ","), said("me", "mˌi")])
    assert [(s.word_text, s.stress, s.ends_word, s.pause_after) for s in parts] == [
        ("battle", 1, False, False),
        ("battle", 0, True, True),
        ("me", 2, True, False),
    ]


def test_a_word_without_a_vowel_is_named():
    with pytest.raises(ValueError, match="'hmm'"):
        line_syllables([said("hmm", "hm")])


def test_the_last_word_is_accented_only_where_it_is_weak():
    weak = [said("keep", "kˈip"), said("you", "ju")]
    strong = [said("keep", "kˈip"), said("town", "tˈWn")]
    assert accent_final(weak)[-1].phones == ("Y", "UW1")
    assert accent_final(weak)[:-1] == tuple(weak[:-1])
    assert accent_final(strong) == tuple(strong)
    assert accent_final([]) == ()


def test_accenting_keeps_a_secondary_stress_rather_than_the_last_vowel():
    (word,) = accent_final([said("anyone", "ɛnɪwˌʌn")])
    assert word.phones == ("EH0", "N", "IH0", "W", "AH1", "N")


def test_lines_have_as_many_syllables_as_the_voice_has_nuclei(hibari, opponents):
    for line in "\n".join(opponents).splitlines():
        words = accent_final(hibari.pronounce(line))
        sung = sum(len(misaki_nuclei(word.misaki)) for word in words)
        parts = line_syllables(words)
        assert len(parts) == sung
        assert [phone for part in parts for phone in part.phones] == [phone for word in words for phone in word.phones]


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("I spit fire for an hour", 6),
        ("my name is Marcus", 5),
        ("you didn't button it", 6),
        ("the power of the flower", 5),
    ],
)
def test_counts_a_rapper_would_make(hibari, line, count):
    assert len(line_syllables(hibari.pronounce(line))) == count


@pytest.mark.parametrize(
    ("line", "weak", "end"),
    [
        ("so nice to meet you", 1, ["M IY1 T", "Y UW0"]),
        ("you would have to hug me", 1, ["HH AH1 G", "M IY0"]),  # the pronoun's own secondary stress goes
        ("and you're still in it", 1, ["IH1 N", "IH0 T"]),  # a weak preposition takes the accent
        ("there wasn't that much to it", 1, ["T UW1", "IH0 T"]),  # and has its strong vowel then
        ("I am so sure of it", 2, ["SH UH1 R", "AH0 V", "IH0 T"]),
    ],
)
def test_the_accent_may_fall_before_the_last_words(hibari, line, weak, end):
    words = hibari.pronounce(line)
    said_so = accent_final(words, weak)
    assert [" ".join(word.phones) for word in said_so[-1 - weak :]] == end
    assert said_so[: -1 - weak] == words[: -1 - weak]
    assert [word.phones for word in said_so] == [arpabet(word.misaki) for word in said_so]
    assert weak_words(line_syllables(said_so)) == weak
    assert weak_words(line_syllables(accent_final(words))) == 0


def test_an_accent_must_have_a_word_to_fall_on():
    with pytest.raises(ValueError, match=r"0\.\.0"):
        accent_final([said("you", "ju")], 1)


def test_a_line_can_end_in_as_many_ways_as_it_can_be_said(hibari):
    ends = spoken_ends(hibari.pronounce("I am so sure of it"))
    assert [(end.word, end.weak) for end in ends] == [("sure", 2), ("of", 1), ("it", 0)]
    assert [end.sounds[0][-1] for end in ends] == ["T", "T", "T"]
    assert spoken_ends([]) == ()


def test_the_partner_line_says_where_the_accent_is(hibari):
    def weak(*lines: str) -> tuple[int, ...]:
        return weak_by_partner([hibari.pronounce(line) for line in lines])

    assert weak("I'm nobody, so nice to meet you.", "They told me nobody could beat you.") == (1, 1)
    assert weak("the crowd just couldn't stand you.", "I only said it 'cause they knew.") == (0, 0)
    assert weak("I'm up in half a minute.", "and you're still in it.") == (0, 1)
    assert weak("so nice to meet you.", "I drove the car.", "nobody could beat you.", "you had a guitar.") == (
        1,
        0,
        1,
        0,
    )
    assert weak("so nice to meet you.") == (0,)
    assert weak() == ()
