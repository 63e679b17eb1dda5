"""Finer word times by forced alignment, phrase by phrase.

Aim: once the words are known, an aligner places them ten times more finely than the recogniser did; but it can refuse
or be led astray by a wrong word, so it is asked for one phrase at a time and believed only near the recogniser's times.

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
MIN_PHRASE_WORDS = 3  # fewer words say too little about where they are
REST_WEIGHT = 5.0  # a tenth of a second of rest is worth half a second from the middle
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
    """(first, past last) word indices of each phrase: parted at rests, a long one again at its widest gap."""
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
    cut = _best_cut(words, first, last)
    return _halved(words, first, cut) + _halved(words, cut, last)


def _best_cut(words: Sequence[Word], first: int, last: int) -> int:
    """The word to begin the second half with: near the middle, better after a rest."""
    middle_s = (words[first].start_s + words[last - 1].end_s) / 2

    def badness(index: int) -> float:
        return abs(words[index].start_s - middle_s) - REST_WEIGHT * (words[index].start_s - words[index - 1].end_s)

    return min(range(first + 1, last), key=badness)


def placed(
    samples: np.ndarray, words: Sequence[Word], aligner: WordAligner | None, vowels: frozenset[str]
) -> tuple[PlacedWord, ...]:
    """Each word with the aligner's times where they can be believed, else its own."""
    result = [PlacedWord(word, ()) for word in words]
    pending = list(phrases(words)) if aligner is not None else []
    while pending and aligner is not None:
        first, last = pending.pop()
        found = _aligned(samples, words, first, last, aligner, vowels)
        if found is not None:
            result[first:last] = found
        elif last - first >= 2 * MIN_PHRASE_WORDS:  # one wrong word spoils a phrase: save the half without it
            cut = _best_cut(words, first, last)
            pending.extend([(first, cut), (cut, last)])
    return in_order(result)


def _aligned(
    samples: np.ndarray, words: Sequence[Word], first: int, last: int, aligner: WordAligner, vowels: frozenset[str]
) -> list[PlacedWord] | None:
    """Words first..last as the aligner places them, or None where it refuses or contradicts the recogniser."""
    clip_s = len(samples) / HEARING_RATE_HZ
    earliest_s = words[first - 1].end_s if first else 0.0
    latest_s = words[last].start_s if last < len(words) else clip_s
    start_s = max(0.0, min(words[first].start_s, max(earliest_s, words[first].start_s - MARGIN_S)))
    end_s = max(words[last - 1].end_s, min(latest_s, words[last - 1].end_s + MARGIN_S))
    start_samples = round(start_s * HEARING_RATE_HZ)
    clip = samples[start_samples : round(end_s * HEARING_RATE_HZ)]
    aligned = aligner.align(clip, [word.text for word in words[first:last]])
    if aligned is None:
        return None
    offset_s = start_samples / HEARING_RATE_HZ
    found = []
    shifts_s = []
    for one, word in zip(aligned, words[first:last], strict=True):
        shifts_s.append(abs(one.start_s + offset_s - word.start_s))
        onsets_s = tuple(phone.start_s + offset_s for phone in one.phones if phone.phone in vowels)
        better = Word(word.text, one.start_s + offset_s, one.end_s + offset_s, word.confidence)
        found.append(PlacedWord(better, onsets_s))
    if float(np.median(shifts_s)) > MAX_MEDIAN_SHIFT_S or max(shifts_s) > MAX_SHIFT_S:
        return None
    return found


def in_order(words: Sequence[PlacedWord]) -> tuple[PlacedWord, ...]:
    """Starts never decrease: where a phrase placed by the aligner meets one that is not, the later word gives way."""
    ordered: list[PlacedWord] = []
    floor_s = 0.0
    for one in words:
        start_s = max(floor_s, one.word.start_s)
        word = Word(one.word.text, start_s, max(start_s, one.word.end_s), one.word.confidence)
        ordered.append(PlacedWord(word, one.vowels_s))
        floor_s = start_s
    return tuple(ordered)
