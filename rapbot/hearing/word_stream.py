"""Words while they are being said: LocalAgreement-2 over a growing window.

Aim: commit a word as soon as two successive readings agree on it (Liu et al. 2020, arXiv 2005.11185; Machacek et al.
2023, arXiv 2307.14743, showed it with Whisper), and never take one back.  What is committed is forced on the decoder as
the beginning of the next reading, so readings differ only in what is still open.

*Conventions.*  The window is at most `MAX_WINDOW_S` of 16 kHz mono float32.  Positions are samples from the stream's
first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np

from rapbot.hearing.guards import speakable, without_loops
from rapbot.protocols import HEARING_RATE_HZ
from rapbot.values import Word

MAX_WINDOW_S = 8.0  # one reading stays near 70-160 ms of work
KEPT_WINDOW_S = 4.0  # context left after a cut: about two bars
CUT_SEARCH_S = 2.0  # how much more may be kept to cut between words
CARRY_REST_S = 2.0  # speech resumed sooner than this is the same thought: Whisper mishears short stretches alone
CARRY_WINDOW_S = 5.0  # how much of the stretch before is kept: 3 s left 3 points more of the words wrong
MIN_WINDOW_S = 0.6  # less sound than this yields guesses, not words
STALL_S = 1.2  # a voice that goes on this long without a word is not being heard
EDGE_S = 0.3  # a word ending this near the edge may go on; at 0.1 a seventh more of the words were wrong


class WindowTranscriber(Protocol):
    """Words of a short window, quickly."""

    def transcribe_window(self, samples: np.ndarray, prefix: Sequence[str] = ()) -> tuple[Word, ...]:
        """Words after ``prefix`` in a window of at most 12 s of 16 kHz mono float32; seconds from its first sample."""
        ...


def agreement(one: Sequence[Word], other: Sequence[Word]) -> int:
    """Length of the common beginning of two readings, letter case aside."""
    count = 0
    for first, second in zip(one, other, strict=False):
        if first.text.lower() != second.text.lower():
            break
        count += 1
    return count


class WordStream:
    """One stretch of speech after another, read again and again as it grows."""

    def __init__(self, transcriber: WindowTranscriber) -> None:
        self._transcriber = transcriber
        self._start_samples: int | None = None
        self._open = False
        self._stretch_s = 0.0  # when the stretch now open began
        self._settled: list[Word] = []  # committed words inside the window, stream times
        self._previous: tuple[Word, ...] = ()  # the last reading's open words, stream times
        self._last_end_s = 0.0  # end of the last committed word: later words cannot begin before it

    @property
    def start_samples(self) -> int | None:
        """First sample of the window while a stretch is open, else None."""
        return self._start_samples if self._open else None

    def open(self, start_samples: int) -> None:
        """A stretch of speech begins at ``start_samples``; one that follows closely keeps the last as its context."""
        start = max(start_samples, round(self._last_end_s * HEARING_RATE_HZ))
        self._stretch_s = start / HEARING_RATE_HZ
        resting_s = start / HEARING_RATE_HZ - self._last_end_s
        self._previous = ()
        if self._start_samples is not None and self._settled and resting_s <= CARRY_REST_S:
            self._shorten(start - round(CARRY_WINDOW_S * HEARING_RATE_HZ))
        else:
            self._start_samples = start
            self._settled = []
        self._open = True

    def read(self, window: np.ndarray, voiced_to_s: float | None = None) -> tuple[Word, ...]:
        """Words to commit after one more reading; ``window`` runs from `start_samples` to now.

        ``voiced_to_s`` is when a voice was last heard (None: now): where there was none, no word is missed.
        """
        reading = self._open_words(window, voiced_to_s)
        now_s = self._window_start_s + len(window) / HEARING_RATE_HZ
        count = agreement(reading, self._previous)
        while count and reading[count - 1].end_s > now_s - EDGE_S:
            count -= 1
        committed = self._commit(reading[:count])
        self._previous = reading[count:]
        self._cut(len(window))
        return committed

    def close(self, window: np.ndarray, voiced_to_s: float | None = None) -> tuple[Word, ...]:
        """The stretch is over: commit everything its last reading holds."""
        committed = self._commit(self._open_words(window, voiced_to_s))
        self._previous = ()
        self._open = False
        return committed

    @property
    def _window_start_s(self) -> float:
        if self._start_samples is None:
            raise ValueError("no stretch of speech is open")
        return self._start_samples / HEARING_RATE_HZ

    def _open_words(self, window: np.ndarray, voiced_to_s: float | None) -> tuple[Word, ...]:
        """What the window holds after the settled words.

        A wrong word or two, once forced, can make the decoder see nothing to add although the voice goes on; then it is
        asked without them, and what lies after them in time counts.
        """
        if len(window) < MIN_WINDOW_S * HEARING_RATE_HZ:
            return ()
        reading = self._placed(self._transcriber.transcribe_window(window, [word.text for word in self._settled]))
        heard_to_s = self._window_start_s + len(window) / HEARING_RATE_HZ if voiced_to_s is None else voiced_to_s
        if reading or not self._settled or heard_to_s - max(self._last_end_s, self._stretch_s) < STALL_S:
            return reading
        return self._placed(
            word
            for word in self._transcriber.transcribe_window(window)
            if (word.start_s + word.end_s) / 2 + self._window_start_s > self._last_end_s
        )

    def _placed(self, found: Iterable[Word]) -> tuple[Word, ...]:
        """Words of the window in stream time, in order, none before the last committed, loops removed."""
        offset_s = self._window_start_s
        shifted = []
        floor_s = self._last_end_s
        for word in found:
            start_s = max(floor_s, word.start_s + offset_s)
            end_s = max(start_s, word.end_s + offset_s)
            shifted.append(Word(word.text, start_s, end_s, word.confidence))
            floor_s = start_s
        # loops are judged with what came before them; settled words themselves stay whatever the verdict
        return without_loops([*self._settled, *speakable(shifted)])[len(self._settled) :]

    def _commit(self, words: Sequence[Word]) -> tuple[Word, ...]:
        if words:
            self._settled.extend(words)
            self._last_end_s = words[-1].end_s
        return tuple(words)

    def _cut(self, window_samples: int) -> None:
        """Shorten a window that has grown too long."""
        if self._start_samples is not None and window_samples >= MAX_WINDOW_S * HEARING_RATE_HZ:
            self._shorten(self._start_samples + window_samples - round(KEPT_WINDOW_S * HEARING_RATE_HZ))

    def _shorten(self, latest_samples: int) -> None:
        """Let the window begin near ``latest_samples``: at the widest gap between committed words, else anywhere."""
        if self._start_samples is None or latest_samples <= self._start_samples:
            return
        latest_s = latest_samples / HEARING_RATE_HZ
        best_gap_s, cut_s, kept_from = -1.0, latest_s, len(self._settled)
        for index in range(1, len(self._settled)):
            before, after = self._settled[index - 1], self._settled[index]
            gap_s = after.start_s - before.end_s
            if latest_s - CUT_SEARCH_S <= after.start_s <= latest_s and gap_s >= best_gap_s:
                best_gap_s, cut_s, kept_from = gap_s, (before.end_s + after.start_s) / 2, index
        if (
            best_gap_s < 0.0
        ):  # no committed boundary there: words across the cut are lost to the prefix, not to the listener
            kept_from = next((i for i, word in enumerate(self._settled) if word.start_s >= cut_s), len(self._settled))
            self._previous = ()
        self._settled = self._settled[kept_from:]
        self._start_samples = max(self._start_samples, round(cut_s * HEARING_RATE_HZ))
