"""Finer word times by forced alignment, phrase by phrase.

Aim: once the words are known, an aligner places them ten times more finely than the recogniser did; but it can refuse or
be led astray by a wrong word, so it is asked for one phrase at a time and believed only near the recogniser's times.

*Conventions.*  16 kHz mono float32; times in seconds from the recording's first sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from rapbot.protocols import HEARING_RATE_HZ
from rapbot.values import Word

PHRASE_GAP_S = 0.4  # a rest this long parts two phrases
MAX_PHRASE_S = 8.0  # keeps one wrong word from spoiling more than a few bars
MARGIN_S = 0.3  # sound added on both sides, at most up to the neighbouring phrase
MAX_MEDIAN_SHIFT_S = 0.25  # recogniser and aligner differ by about 0.1 s when both are right
MAX_SHIFT_S = 0.8


class TimedPhone(Protocol):
    """A phone of an aligned word."""

    @property
    def phone(self) -> str: ...
    @property
    def start_s(self) -> float: ...


class TimedWord(Protocol):
    """A word placed by an aligner."""

    @property
    def start_s(self) -> float: ...
    @property
    def end_s(self) -> float: ...
    @property
    def phones(self) -> Sequence[TimedPhone]: ...


class WordAligner(Protocol):
    """Places known words in sound."""

    def align(self, samples: np.ndarray, words: Sequence[str]) -> Sequence[TimedWord] | None:
        """One placed word for each of ``words``, seconds from the first sample, or None where it refuses."""
        ...


@dataclass(frozen=True)
class PlacedWord:
    """A word with its best times; ``vowels_s`` are its vowel onsets where an aligner found them, else empty."""

    word: Word
    vowels_s: tuple[float, ...]


def phrases(words: Sequence[Word]) -> tuple[tuple[int, int], ...]:
    """(first, past last) word indices of each phrase: parted at rests, and where one grows too long at its widest gap."""
    parts: list[tuple[int, int]] = []
    first = 0
    for index in range(1, len(words) + 1):
        if index == len(words) or words[index].start_s - words[index - 1].end_s >= PHRASE_GAP_S:
            parts.extend(_halved(words, first, index))
            first = index
    return tuple(parts)


def _halved(words: Sequence[Word], first: int, last: int) -> list[tuple[int, int]]:
    if last - first < 2 or words[last - 1].end_s - words[first].start_s <= MAX_PHRASE_S:
        return [(first, last)] if last > first else []
    middle_s = (words[first].start_s + words[last - 1].end_s) / 2

    def badness(index: int) -> float:  # distance from the middle, forgiven by the rest before the word
        return abs(words[index].start_s - middle_s) - 5.0 * (words[index].start_s - words[index - 1].end_s)

    cut = min(range(first + 1, last), key=badness)
    return _halved(words, first, cut) + _halved(words, cut, last)


def placed(
    samples: np.ndarray, words: Sequence[Word], aligner: WordAligner | None, vowels: frozenset[str]
) -> tuple[PlacedWord, ...]:
    """Each word with the aligner's times where they can be believed, else its own."""
    result = [PlacedWord(word, ()) for word in words]
    if aligner is None:
        return tuple(result)
    bounds = phrases(words)
    for number, (first, last) in enumerate(bounds):
        before_s = words[first - 1].end_s if number else 0.0
        after_s = words[last].start_s if number + 1 < len(bounds) else len(samples) / HEARING_RATE_HZ
        start_s = max(0.0, min(before_s, words[first].start_s), words[first].start_s - MARGIN_S)
        end_s = min(len(samples) / HEARING_RATE_HZ, max(after_s, words[last - 1].end_s), words[last - 1].end_s + MARGIN_S)
        start_samples = round(start_s * HEARING_RATE_HZ)
        clip = samples[start_samples : round(end_s * HEARING_RATE_HZ)]
        aligned = aligner.align(clip, [word.text for word in words[first:last]])
        if aligned is None:
            continue
        offset_s = start_samples / HEARING_RATE_HZ
        shifts_s = [abs(one.start_s + offset_s - word.start_s) for one, word in zip(aligned, words[first:last], strict=True)]
        if float(np.median(shifts_s)) > MAX_MEDIAN_SHIFT_S or max(shifts_s) > MAX_SHIFT_S:
            continue
        for index, one in enumerate(aligned, start=first):
            onsets_s = tuple(phone.start_s + offset_s for phone in one.phones if phone.phone in vowels)
            word = words[index]
            result[index] = PlacedWord(
                Word(word.text, one.start_s + offset_s, one.end_s + offset_s, word.confidence), onsets_s
            )
    return tuple(result)
