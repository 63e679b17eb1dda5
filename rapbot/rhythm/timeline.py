"""Beat time as a value: beats to samples and back.

Aim: one place where musical and sample time meet, with no state and no accumulated error (the idea of Ableton Link's
``Timeline.hpp``).

*Conventions.*  Beats are float quarter notes.  Samples are integers on the stream clock.  ``sample_of`` rounds half up,
so ``sample_of(beat_of(n)) == n`` for every sample n, and grid points are computed, never accumulated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

BEATS_PER_BAR = 4
SLOTS_PER_BEAT = 4  # 16th notes
SLOTS_PER_BAR = BEATS_PER_BAR * SLOTS_PER_BEAT


@dataclass(frozen=True)
class Timeline:
    """Beat ``beat_origin`` lies at sample ``sample_origin``; ``bpm`` quarters a minute, ``rate_hz`` samples/s."""

    bpm: float
    rate_hz: int
    beat_origin: float = 0.0
    sample_origin: int = 0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.bpm) and self.bpm > 0):
            raise ValueError(f"bpm must be a finite positive number, got {self.bpm}")
        if self.rate_hz <= 0:
            raise ValueError(f"rate_hz must be positive, got {self.rate_hz}")

    @property
    def samples_per_beat(self) -> float:
        return 60.0 * self.rate_hz / self.bpm

    @property
    def beat_s(self) -> float:
        return 60.0 / self.bpm

    @property
    def slot_s(self) -> float:
        """Length of one 16th note, seconds."""
        return self.beat_s / SLOTS_PER_BEAT

    @property
    def bar_s(self) -> float:
        return self.beat_s * BEATS_PER_BAR

    def sample_of(self, beat: float) -> int:
        return self.sample_origin + math.floor((beat - self.beat_origin) * self.samples_per_beat + 0.5)

    def beat_of(self, sample: int) -> float:
        return self.beat_origin + (sample - self.sample_origin) / self.samples_per_beat

    def next_bar_line(self, sample: int) -> int:
        """Sample of the first bar line at or after ``sample``."""
        bars = math.ceil(self.beat_of(sample) / BEATS_PER_BAR - 1e-9)
        return self.sample_of(bars * BEATS_PER_BAR)
