"""The values that flow between layers: small, frozen, a unit in every field's name.

*Conventions.*  Times ending in ``_s`` are seconds from the first sample of the stream or file they belong to.
``beat`` fields are floats in quarter notes from bar 0's line.  ``slot`` is a 16th-note index counted from the line's
own bar line: slot 0 is the downbeat, 4 is beat two, negative slots are pickups before the bar.  Phones are
ARPAbet with a stress digit on every vowel (``IH1``).  Audio is float32 mono in [-1, 1] unless a name says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

# --------------------------------------------------------------------------------------------------- audio


@dataclass(frozen=True)
class Audio:
    """A whole recording: ``samples`` float32, shape (frames,) mono or (frames, channels), at ``rate_hz``."""

    samples: np.ndarray
    rate_hz: int

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.rate_hz


# --------------------------------------------------------------------------------------------------- hearing


@dataclass(frozen=True)
class Word:
    """A recognised word.  ``confidence`` in [0, 1] is the recogniser's own probability, not a promise."""

    text: str
    start_s: float
    end_s: float
    confidence: float


@dataclass(frozen=True)
class PhoneSpan:
    """One phone heard without text (CTC): ARPAbet symbol without stress, rough span in seconds."""

    phone: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class HeardSyllable:
    """A syllable nucleus heard in the sound: vowel onset, dictionary stress 0/1/2 where a word claims it, else None."""

    start_s: float
    stress: int | None
    word_index: int | None


@dataclass(frozen=True)
class BeatGrid:
    """Tempo and bar lines of a recording.

    ``beat_origin_s`` is the first bar line; ``confidence`` in [0, 1]; ``beats_s`` every beat inside the recording.
    """

    bpm: float
    beat_origin_s: float
    confidence: float
    beats_s: tuple[float, ...]
    downbeats_s: tuple[float, ...]


AnchorKind = Literal[
    "name",
    "possession",
    "claim",
    "simile",
    "place",
    "job",
    "crew",
    "family",
    "threat",
    "insult",
    "boast",
    "lack",
    "said",
]
Number = Literal["sg", "pl", "mass"]


@dataclass(frozen=True)
class Anchor:
    """Something the opponent said that a bar can answer.

    ``text`` is lower case as heard ("vending machine"); ``category`` is "animal.pet" or None where honestly unknown;
    ``frame`` is how the noun stands to them (worn, owned, driven, played, eaten, said, been) or None.
    """

    text: str
    kind: AnchorKind
    number: Number
    category: str | None
    frame: str | None
    start_s: float
    confidence: float
    line_index: int


# --------------------------------------------------------------------------------------------------- language


@dataclass(frozen=True)
class PronouncedWord:
    """One written word with its sounds.

    ``misaki`` is the voice's own phoneme string (stress marks included), ``phones`` the ARPAbet of the same sounds,
    ``after`` the punctuation that follows it ("," "." "" …).
    """

    text: str
    misaki: str
    phones: tuple[str, ...]
    after: str


@dataclass(frozen=True)
class Syllable:
    """A written syllable: its phones, stress (0 none, 1 primary, 2 secondary), its word and whether a pause follows."""

    phones: tuple[str, ...]
    stress: int
    word_index: int
    word_text: str
    ends_word: bool
    pause_after: bool

    @property
    def vowel_index(self) -> int:
        return next(i for i, phone in enumerate(self.phones) if phone[-1].isdigit())

    @property
    def vowel(self) -> str:
        """The nucleus without its stress digit; for a merged one ("fire") the first vowel."""
        return self.phones[self.vowel_index][:-1]


# --------------------------------------------------------------------------------------------------- writing


@dataclass(frozen=True)
class Bar:
    """One written line of a verse with its place on the grid.

    ``slots`` holds one 16th index per syllable (fractions where the flow is not straight 16ths), strictly increasing.
    ``answers`` are lower-case anchor texts that occur in ``text``; ``image`` is the couplet's running image.
    """

    index: int
    text: str
    move: str
    entry_id: str
    answers: tuple[str, ...]
    rhyme_group: str
    end_word: str
    syllables: tuple[Syllable, ...]
    slots: tuple[float, ...]
    slot_cost: float
    image: str = ""


@dataclass(frozen=True)
class Verse:
    """A finished reply: bars in order, the tempo they were planned for, quarter notes one written line spans."""

    bars: tuple[Bar, ...]
    bpm: float
    span_beats: int
    persona: str
    monitors: dict[str, float] = field(default_factory=dict)


# --------------------------------------------------------------------------------------------------- voicing


@dataclass(frozen=True)
class VoicedSyllable:
    """Where a sung syllable's vowel was wanted and where it was achieved, seconds relative to the bar line."""

    phones: tuple[str, ...]
    stress: int
    target_s: float
    onset_s: float


@dataclass(frozen=True)
class Take:
    """One rendered bar: mono float32 ``samples`` at ``rate_hz``; the bar line lies at sample ``origin_samples``."""

    samples: np.ndarray
    rate_hz: int
    origin_samples: int
    syllables: tuple[VoicedSyllable, ...]
    render_ms: float


@dataclass(frozen=True)
class TakeChunk:
    """A stretch of a take as it is made: ``start_samples`` counts from the bar line (negative before it).

    Chunks follow each other without a gap; ``syllables`` are those whose vowels begin in it.
    """

    samples: np.ndarray
    rate_hz: int
    start_samples: int
    syllables: tuple[VoicedSyllable, ...]
    last: bool
