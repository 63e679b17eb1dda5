"""Nuclei find the syllables their words promise, in order, and never one that is far away."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rapbot.hearing.syllables import (
    MATCH_LIMIT_S,
    MIN_SPACING_S,
    SAME_NUCLEUS_S,
    UNHEARD_COST,
    Expected,
    cheapest_pairing,
    expected_syllables,
    matched,
    nuclei,
    with_aligned,
)
from rapbot.values import PhoneSpan, Word

STRESSES = {"microphone": (1, 0, 2), "is": (0,), "mine": (1,)}


def stresses(word: str) -> tuple[int, ...]:
    return STRESSES.get(word, ())


def test_nuclei_are_vowels_far_enough_apart():
    heard = [PhoneSpan("M", 0.0, 0.1), PhoneSpan("AY", 0.1, 0.2), PhoneSpan("AH", 0.1 + MIN_SPACING_S / 2, 0.2)]
    assert nuclei([*heard, PhoneSpan("OW", 0.4, 0.5)]) == (heard[1], PhoneSpan("OW", 0.4, 0.5))


def test_dictionary_syllables_spread_over_their_word():
    words = [Word("microphone", 1.0, 1.9, 0.9), Word("is", 1.9, 2.0, 0.9), Word("skrrt", 2.0, 2.2, 0.9)]
    found = expected_syllables(words, stresses)
    assert [(one.stress, one.word_index) for one in found] == [(1, 0), (0, 0), (2, 0), (0, 1)]
    assert [one.time_s for one in found] == sorted(one.time_s for one in found)
    assert 1.0 <= found[0].time_s < found[2].time_s < 1.9


def test_aligned_vowels_are_used_only_where_their_number_fits():
    words = [Word("microphone", 1.0, 1.9, 0.9), Word("mine", 2.0, 2.4, 0.9)]
    found = expected_syllables(words, stresses, [(1.11, 1.42, 1.63), (2.1, 2.2)])
    assert [one.time_s for one in found[:3]] == [1.11, 1.42, 1.63]
    assert found[3].time_s not in (2.1, 2.2)


def test_nuclei_take_stress_and_word_and_an_extra_one_takes_none():
    expected = [Expected(1.0, 1, 0), Expected(1.2, 0, 0), Expected(2.0, 1, 1)]
    found = matched([1.03, 1.22, 1.6, 2.01], expected)
    assert [(one.stress, one.word_index) for one in found] == [(1, 0), (0, 0), (None, None), (1, 1)]


def test_a_nucleus_does_not_reach_across_the_limit():
    (one,) = matched([1.0], [Expected(1.0 + MATCH_LIMIT_S + 0.01, 1, 0)])
    assert one.word_index is None


def test_nothing_heard_and_nothing_expected():
    assert matched([], []) == ()
    assert matched([], [Expected(1.0, 1, 0)]) == ()
    assert [one.word_index for one in matched([1.0], [])] == [None]


times = st.lists(st.floats(0.0, 2.0), max_size=5).map(sorted)


@settings(max_examples=60)
@given(times, times)
def test_the_pairing_is_the_cheapest_one_in_order(onsets, targets):
    """Against every order-keeping pairing there is (lists short enough to try them all)."""

    def price(pairs) -> float:
        distance_s = [abs(onsets[i] - targets[j]) for i, j in pairs]
        if any(one_s > MATCH_LIMIT_S for one_s in distance_s):
            return np.inf
        return sum(distance_s) + UNHEARD_COST * (len(onsets) + len(targets) - 2 * len(pairs))

    found = cheapest_pairing(np.array(onsets), np.array(targets))
    pairs = [(i, j) for i, j in enumerate(found) if j is not None]
    assert [j for _, j in pairs] == sorted({j for _, j in pairs})
    cheapest = min(
        price(list(zip(rows, columns, strict=True)))
        for size in range(min(len(onsets), len(targets)) + 1)
        for rows in itertools.combinations(range(len(onsets)), size)
        for columns in itertools.combinations(range(len(targets)), size)
    )
    assert price(pairs) <= cheapest + 1e-9


@given(times, times)
def test_aligned_vowels_fill_gaps_only(heard, aligned):
    every = with_aligned(heard, aligned)
    assert list(every) == sorted(every)
    added = len(every) - len(heard)
    assert added == sum(all(abs(one - other) > SAME_NUCLEUS_S for other in heard) for one in aligned)
