"""Rendered bars to one track.

*Conventions.*  ``bar_starts_samples`` are the samples of the bar lines in the finished track, at its rate, increasing.
Resampling is polyphase with a linear-phase filter whose delay is taken out exactly: sample n of a take at half the rate
lies on sample 2n of the track.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rapbot.protocols import MIX_RATE_HZ
from rapbot.rates import at_rate
from rapbot.values import Take

HANDOVER_S = 0.015  # a bar that still sounds is faded out over this long, silent when the next one's first sound comes


def place(takes: Sequence[Take], bar_starts_samples: Sequence[int], rate_hz: int = MIX_RATE_HZ) -> np.ndarray:
    """Mono float32 track at ``rate_hz`` with every take's bar line on its start; ends with the last sound.

    What would lie before the track's first sample is cut off: start the first bar late enough for its pickup.
    """
    if len(takes) != len(bar_starts_samples):
        raise ValueError(f"{len(takes)} takes need as many bar lines, got {len(bar_starts_samples)}")
    if any(b <= a for a, b in zip(bar_starts_samples, bar_starts_samples[1:], strict=False)):
        raise ValueError("bar lines must increase")
    clips = [resampled(take, rate_hz) for take in takes]
    firsts = [
        start - round(take.origin_samples * rate_hz / take.rate_hz)
        for start, take in zip(bar_starts_samples, takes, strict=True)
    ]
    for k in range(len(clips) - 1):
        clips[k] = handed_over(clips[k], min(firsts[k + 1 :]) - firsts[k], rate_hz)
    ends = [first + len(clip) for first, clip in zip(firsts, clips, strict=True)]
    track = np.zeros(max([0, *ends]), np.float32)
    for clip, first, end in zip(clips, firsts, ends, strict=True):
        if end > 0:
            track[max(0, first) : end] += clip[max(0, -first) :]
    return track


def resampled(take: Take, rate_hz: int) -> np.ndarray:
    """The take's samples at another rate."""
    return at_rate(take.samples, take.rate_hz, rate_hz)


def handed_over(clip: np.ndarray, end: int, rate_hz: int) -> np.ndarray:
    """The clip silent from sample ``end`` on, faded out before it."""
    if end >= len(clip):
        return clip
    end = max(0, end)
    count = min(end, round(HANDOVER_S * rate_hz))
    out = clip[:end].copy()
    ramp = 0.5 + 0.5 * np.cos(np.pi * (np.arange(count) + 0.5) / max(1, count))
    out[end - count :] *= ramp.astype(np.float32)
    return out
