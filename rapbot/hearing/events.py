"""What the ears say, as it happens.

*Conventions.*  ``start_s`` and ``end_s`` place the thing in the stream; ``emitted_s`` is how much of the stream had
been fed when it was committed.  All are seconds from the stream's first sample.  A committed event is never taken back.
"""

from __future__ import annotations

from dataclasses import dataclass

from rapbot.values import HeardSyllable, Word


@dataclass(frozen=True)
class SpeechStarted:
    """A voice began at ``start_s``; ``end_s`` is the end of the sound that decided it."""

    start_s: float
    end_s: float
    emitted_s: float


@dataclass(frozen=True)
class SpeechEnded:
    """The voice heard from ``start_s`` stopped at ``end_s``."""

    start_s: float
    end_s: float
    emitted_s: float


@dataclass(frozen=True)
class WordCommitted:
    """A word two successive readings agreed on; times are good to about 0.1 s."""

    text: str
    start_s: float
    end_s: float
    confidence: float
    emitted_s: float


@dataclass(frozen=True)
class SyllableHeard:
    """A syllable nucleus: ``phone`` is its ARPAbet vowel without stress, ``start_s`` its vowel onset."""

    phone: str
    start_s: float
    end_s: float
    emitted_s: float


Event = SpeechStarted | SpeechEnded | WordCommitted | SyllableHeard


@dataclass(frozen=True)
class Heard:
    """Everything known about a recording once it is over.

    ``words`` come from the accurate pass over the whole recording and may differ from what was committed on the way.
    ``closing`` are the events committed only because the stream ended; with those `feed` returned, the stream is whole.
    """

    words: tuple[Word, ...]
    syllables: tuple[HeardSyllable, ...]
    end_s: float
    speech: tuple[tuple[float, float], ...]
    closing: tuple[Event, ...] = ()
