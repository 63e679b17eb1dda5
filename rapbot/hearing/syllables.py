"""Syllable nuclei, and which word each belongs to.

Aim: times of vowels that do not depend on the words being right, joined to the words where they fit, so that a rhyme can
be placed by sound and a stress can be looked up.

*Conventions.*  Times in seconds from the recording's first sample; vowels are ARPAbet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rapbot.values import HeardSyllable, PhoneSpan, Word

VOWELS = frozenset("AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW".split())
MIN_SPACING_S = 0.06  # the fastest rap has 10 syllables a second; closer vowels are one, heard twice
UNHEARD_COST = 0.30  # seconds of distance an unmatched nucleus or dictionary syllable is worth
MATCH_LIMIT_S = 0.30  # Whisper's word edges are rarely further off

SyllableStresses = Callable[[str], Sequence[int]]


@dataclass(frozen=True)
class Expected:
    """A syllable the words promise: where its vowel should be, roughly, its stress and its word."""

    time_s: float
    stress: int
    word_index: int


def is_vowel(phone: str) -> bool:
    return phone.rstrip("012") in VOWELS


def nuclei(phones: Sequence[PhoneSpan]) -> tuple[PhoneSpan, ...]:
    """The vowels, without those that follow another closer than any mouth can."""
    kept: list[PhoneSpan] = []
    for phone in phones:
        if is_vowel(phone.phone) and (not kept or phone.start_s - kept[-1].start_s >= MIN_SPACING_S):
            kept.append(phone)
    return tuple(kept)


def expected_syllables(words: Sequence[Word], stresses: SyllableStresses) -> tuple[Expected, ...]:
    """Dictionary syllables spread evenly over each word's span, in order."""
    found: list[Expected] = []
    for index, word in enumerate(words):
        pattern = tuple(stresses(word.text))
        for number, stress in enumerate(pattern):
            # vowels start a third into a syllable on average: consonants come first
            share = (number + 1 / 3) / len(pattern)
            found.append(Expected(word.start_s + share * (word.end_s - word.start_s), stress, index))
    return tuple(sorted(found, key=lambda syllable: (syllable.word_index, syllable.time_s)))


def matched(onsets_s: Sequence[float], expected: Sequence[Expected]) -> tuple[HeardSyllable, ...]:
    """Each nucleus with the dictionary syllable it pairs with, if any: the cheapest pairing that keeps both orders."""
    partners = cheapest_pairing(np.asarray(onsets_s, float), np.array([one.time_s for one in expected], float))
    return tuple(
        HeardSyllable(float(onset_s), None, None)
        if partner is None
        else HeardSyllable(float(onset_s), expected[partner].stress, expected[partner].word_index)
        for onset_s, partner in zip(onsets_s, partners, strict=True)
    )


def cheapest_pairing(onsets_s: np.ndarray, targets_s: np.ndarray) -> list[int | None]:
    """For each onset the index of its target, or None: edit distance whose substitution cost is the time between them."""
    rows, columns = len(onsets_s), len(targets_s)
    steps = np.arange(columns + 1) * UNHEARD_COST
    cost = np.empty((rows + 1, columns + 1))
    cost[0] = steps
    for row in range(1, rows + 1):
        distance = np.abs(targets_s - onsets_s[row - 1])
        pair = cost[row - 1, :-1] + np.where(distance <= MATCH_LIMIT_S, distance, np.inf)
        best = cost[row - 1] + UNHEARD_COST
        best[1:] = np.minimum(best[1:], pair)
        cost[row] = np.minimum.accumulate(best - steps) + steps  # skipping targets costs UNHEARD_COST each
    partners: list[int | None] = [None] * rows
    row, column = rows, columns
    while row and column:
        distance_s = abs(targets_s[column - 1] - onsets_s[row - 1])
        options = (
            cost[row - 1, column - 1] + distance_s if distance_s <= MATCH_LIMIT_S else np.inf,
            cost[row - 1, column] + UNHEARD_COST,
            cost[row, column - 1] + UNHEARD_COST,
        )
        choice = int(np.argmin(options))
        if choice == 0:
            partners[row - 1] = column - 1
        row -= choice in (0, 1)
        column -= choice in (0, 2)
    return partners
