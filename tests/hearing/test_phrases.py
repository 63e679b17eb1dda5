"""Aligned times are taken phrase by phrase, and only where they agree with the recogniser."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rapbot.hearing.phrases import MAX_PHRASE_S, phrases, placed
from rapbot.hearing.syllables import VOWELS
from rapbot.protocols import HEARING_RATE_HZ
from rapbot.values import Word

SECOND = np.zeros(HEARING_RATE_HZ, np.float32)


@dataclass(frozen=True)
class Phone:
    phone: str
    start_s: float


@dataclass(frozen=True)
class Placed:
    start_s: float
    end_s: float
    phones: tuple[Phone, ...]


class ShiftingAligner:
    """Puts each word of a clip at even distances, all ``shift_s`` late; refuses clips that hold a forbidden word."""

    def __init__(self, word_s: float, first_s: float, shift_s: float = 0.0, forbidden: str = "") -> None:
        self.word_s, self.first_s, self.shift_s, self.forbidden = word_s, first_s, shift_s, forbidden
        self.asked: list[tuple[str, ...]] = []

    def align(self, samples, words):
        self.asked.append(tuple(words))
        if self.forbidden in words:
            return None
        starts = [self.first_s + self.shift_s + index * self.word_s for index in range(len(words))]
        return [Placed(one, one + self.word_s, (Phone("K", one), Phone("AY", one + 0.05))) for one in starts]


def row(count: int, start_s: float = 0.3, word_s: float = 0.3) -> list[Word]:
    return [Word(f"w{i}", start_s + i * word_s, start_s + (i + 1) * word_s, 0.9) for i in range(count)]


def test_phrases_part_at_rests():
    words = row(3) + row(2, start_s=2.0)
    assert phrases(words) == ((0, 3), (3, 5))
    assert phrases([]) == ()


@given(st.lists(st.tuples(st.floats(0.0, 1.0), st.floats(0.05, 0.8)), max_size=60))
def test_phrases_cover_all_words_once_and_stay_short(steps):
    words, now_s = [], 0.0
    for gap_s, length_s in steps:
        words.append(Word("w", now_s + gap_s, now_s + gap_s + length_s, 0.9))
        now_s += gap_s + length_s
    parts = phrases(words)
    assert [index for first, last in parts for index in range(first, last)] == list(range(len(words)))
    for first, last in parts:
        assert last - first == 1 or words[last - 1].end_s - words[first].start_s <= MAX_PHRASE_S


def test_agreeing_alignment_refines_times_and_keeps_the_rest():
    words = row(4)
    found = placed(np.tile(SECOND, 3), words, ShiftingAligner(0.3, 0.3, shift_s=0.08), VOWELS)
    assert [one.word.text for one in found] == [word.text for word in words]
    assert np.allclose([one.word.start_s for one in found], [word.start_s + 0.08 for word in words], atol=1e-3)
    assert all(len(one.vowels_s) == 1 for one in found)


def test_an_alignment_far_from_the_recogniser_is_not_believed():
    words = row(4)
    found = placed(np.tile(SECOND, 3), words, ShiftingAligner(0.3, 0.3, shift_s=0.5), VOWELS)
    assert [one.word for one in found] == words
    assert all(one.vowels_s == () for one in found)


def test_a_refused_phrase_is_halved_so_that_the_good_half_is_kept():
    words = row(8)
    aligner = ShiftingAligner(0.3, 0.3, forbidden="w6")
    found = placed(np.tile(SECOND, 4), words, aligner, VOWELS)
    assert found[0].vowels_s and not found[6].vowels_s
    assert aligner.asked[0] == tuple(word.text for word in words)


def test_without_an_aligner_words_stay_as_they_are():
    words = row(3)
    assert [one.word for one in placed(SECOND, words, None, VOWELS)] == words
