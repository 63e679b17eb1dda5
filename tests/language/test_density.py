"""Rhyme density on verses whose value can be counted on paper."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapbot.language.density import ends_joined, rhymed_share, vowel_run_mean

CAT, HAT, DOG, THE = ("K", "AE1", "T"), ("HH", "AE1", "T"), ("D", "AO1", "G"), ("DH", "AH0")


def test_nothing_rhymes_in_nothing():
    assert rhymed_share([]) == 0.0
    assert vowel_run_mean([]) == 0.0
    assert rhymed_share([[], []]) == 0.0


def test_share_counts_the_syllables_of_both_partners():
    assert rhymed_share([[THE, CAT], [THE, HAT]]) == pytest.approx(2 / 4)
    assert rhymed_share([[THE, CAT], [THE, DOG]]) == 0.0


def test_partners_two_lines_apart_are_too_far():
    assert rhymed_share([[CAT], [DOG], [HAT]]) == 0.0


def test_a_repeated_word_is_no_rhyme():
    assert rhymed_share([[CAT], [CAT]]) == 0.0
    assert vowel_run_mean([[CAT], [CAT]]) == 0.0


def test_runs_grow_with_the_matching_vowels():
    # "big cat / thin hat": the second line's last word matches two vowels back
    big, thin = ("B", "IH1", "G"), ("TH", "IH1", "N")
    assert vowel_run_mean([[big, CAT], [thin, HAT]]) == pytest.approx((0 + 0 + 1 + 2) / 4)


def test_rhymed_couplets_beat_the_same_lines_shuffled(hibari, opponents):
    lines = opponents[0].splitlines()
    spoken = [[word.phones for word in hibari.pronounce(line)] for line in lines]
    shuffled = [spoken[i] for i in (0, 2, 4, 6, 1, 3, 5, 7)]
    assert rhymed_share(spoken) > rhymed_share(shuffled)


PHONE_WORDS = st.lists(st.sampled_from([CAT, HAT, DOG, THE, ("S", "T")]), max_size=6)


@given(st.lists(PHONE_WORDS, max_size=5))
def test_both_are_bounded(lines):
    assert 0.0 <= rhymed_share(lines) <= 1.0
    vowels = sum(1 for line in lines for word in line for phone in word if phone[-1].isdigit())
    assert 0.0 <= vowel_run_mean(lines) <= vowels


def test_a_mosaic_end_counts_whole():
    beat, meet, you = ("B", "IY1", "T"), ("M", "IY1", "T"), ("Y", "UW0")
    lines = [[THE, beat, you], [THE, meet, you]]
    assert rhymed_share(lines) == pytest.approx(2 / 6)
    assert rhymed_share([ends_joined(line) for line in lines]) == pytest.approx(4 / 6)
    assert rhymed_share([ends_joined([THE, beat, you]), ends_joined([THE, beat, you])]) == 0.0


@given(st.lists(PHONE_WORDS, max_size=5))
def test_joining_ends_loses_no_sound(lines):
    for line in lines:
        joined = ends_joined(line)
        assert [phone for word in joined for phone in word] == [phone for word in line for phone in word]
        assert len(joined) <= len(line)
