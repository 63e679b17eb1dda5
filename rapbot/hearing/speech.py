"""Speech on and off, from frame probabilities.

Aim: a gate that opens within a tenth of a second and does not flutter at the rests inside a bar.

*Conventions.*  Probabilities come one per frame of ``frame_s`` seconds.  A region is (start_s, end_s).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rapbot.hearing.events import SpeechEnded, SpeechStarted

OPEN_PROBABILITY = 0.5  # silero's own threshold
CLOSE_PROBABILITY = 0.35  # silero's own lower threshold
OPEN_FRAMES = 2  # one frame can be a snare; two in a row (64 ms) hardly
CLOSE_FRAMES = 12  # 0.38 s: stop consonants and short rests stay inside a region
POSSIBLE_PROBABILITY = 0.15  # beats alone stay below this in 99.7 % of frames, rap at 0 dB over them above it in 99 %
POSSIBLE_MARGIN_S = 0.3  # Whisper's word edges are this wrong at worst, and consonants begin before the voice


@dataclass(frozen=True)
class OpenRegion:
    """A region that has started and not yet ended."""

    start_s: float
    last_voiced_s: float


class SpeechGate:
    """Feeds on probabilities, answers with SpeechStarted and SpeechEnded."""

    def __init__(self, frame_s: float) -> None:
        self._frame_s = frame_s
        self._frames = 0
        self._voiced_run = 0
        self._silent_run = 0
        self._open: OpenRegion | None = None

    @property
    def open_region(self) -> OpenRegion | None:
        return self._open

    def feed(self, probability: float) -> SpeechStarted | SpeechEnded | None:
        """What the next frame changes, if anything; stamped with the end of that frame."""
        self._frames += 1
        now_s = self._frames * self._frame_s
        self._voiced_run = self._voiced_run + 1 if probability >= OPEN_PROBABILITY else 0
        if self._open is None:
            if self._voiced_run < OPEN_FRAMES:
                return None
            self._silent_run = 0
            self._open = OpenRegion(start_s=now_s - self._voiced_run * self._frame_s, last_voiced_s=now_s)
            return SpeechStarted(self._open.start_s, now_s, now_s)
        if probability >= CLOSE_PROBABILITY:
            self._silent_run = 0
            self._open = OpenRegion(self._open.start_s, now_s)
            return None
        self._silent_run += 1
        return self.close(now_s) if self._silent_run >= CLOSE_FRAMES else None

    def close(self, emitted_s: float) -> SpeechEnded | None:
        """End the open region, if there is one, at its last voiced frame."""
        if self._open is None:
            return None
        ended = SpeechEnded(self._open.start_s, self._open.last_voiced_s, emitted_s)
        self._open = None
        self._voiced_run = 0
        self._silent_run = 0
        return ended


def possible_speech(probabilities: np.ndarray, frame_s: float) -> tuple[tuple[float, float], ...]:
    """Regions where a voice is possible, with a margin, merged: what a word must touch to be believed."""
    voiced = np.flatnonzero(probabilities >= POSSIBLE_PROBABILITY)
    regions: list[tuple[float, float]] = []
    for frame in voiced:
        start_s = max(0.0, frame * frame_s - POSSIBLE_MARGIN_S)
        end_s = (frame + 1) * frame_s + POSSIBLE_MARGIN_S
        if regions and start_s <= regions[-1][1]:
            regions[-1] = (regions[-1][0], end_s)
        else:
            regions.append((start_s, end_s))
    return tuple((float(start_s), float(end_s)) for start_s, end_s in regions)
