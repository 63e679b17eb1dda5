"""Moving the moments of a waveform in time without moving its pitch.

Aim: a voice that gives only sound is put on the grid by playing some stretches of it slower and others faster.  The
method is WSOLA (Verhelst & Roelands 1993, "An overlap-add technique based on waveform similarity"): windows a few pitch
periods long are taken from where the map says, moved by at most half a period so that each continues the one before it,
and overlapped.  Where the map runs at its natural speed the sound passes through unchanged.

*Conventions.*  Times are seconds from the first sample.  A map is given by instants of the source (``from_s``) and
where they are wanted (``to_s``), both increasing; between them it is linear, outside them a shift.  Samples are
float32 mono.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rapbot.voicing.warp import LEAST_GAP_S, carried

WINDOW_S = 0.024  # two to five pitch periods: shorter and a low voice buzzes, longer and a consonant is heard twice
SEARCH_S = 0.006  # half a period at 83 Hz; also the most a moment may be off
SAME_SPEED_S = 0.0005  # a window this near to where the last one leads is simply its continuation

SLOWEST = 1.6  # drawn out further, a vowel is a siren
BEFORE_S, BEFORE_SHARE = 0.06, 0.35  # the consonant before a vowel, at most this share of the gap
AFTER_S, AFTER_SHARE = 0.02, 0.1  # and the vowel's attack
LEAST_STEP_S = 0.001


def stretched(samples: np.ndarray, rate_hz: int, from_s: np.ndarray, to_s: np.ndarray) -> np.ndarray:
    """The sound with its instants moved; as long as the moved end of the source, at least one sample."""
    end = round(float(carried(np.asarray([len(samples) / rate_hz]), from_s, to_s)[0]) * rate_hz)
    if end < 1 or len(samples) == 0:
        return np.zeros(max(1, end), np.float32)
    half = round(WINDOW_S * rate_hz / 2)
    reach = round(SEARCH_S * rate_hz)
    pad = 2 * half + reach
    source = np.pad(np.asarray(samples, np.float64), pad)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(2 * half) + 0.5) / (2 * half))
    count = end // half + 2
    centres = np.arange(count) * half
    wanted = carried(centres / rate_hz, to_s, from_s) * rate_hz
    out = np.zeros(count * half + 2 * half)
    weight = np.zeros(len(out))
    last_start = len(source) - 2 * half
    before = None
    for k in range(count):
        start = int(np.clip(round(wanted[k]) - half + pad, 0, last_start))
        if before is not None:
            follows = before + half
            if abs(start - follows) <= SAME_SPEED_S * rate_hz:
                start = min(follows, last_start)
            elif 0 <= follows <= last_start:
                start = _most_alike(source, source[follows : follows + 2 * half], start, reach, window, last_start)
        at = k * half
        out[at : at + 2 * half] += window * source[start : start + 2 * half]
        weight[at : at + 2 * half] += window
        before = start
    cut = slice(half, half + end)
    return (out[cut] / np.maximum(weight[cut], 1e-6)).astype(np.float32)


def _most_alike(
    source: np.ndarray, pattern: np.ndarray, start: int, reach: int, window: np.ndarray, last_start: int
) -> int:
    """Where, within reach of ``start``, the source continues most like ``pattern``."""
    low, high = max(0, start - reach), min(last_start, start + reach)
    if high <= low:
        return start
    length = len(pattern)
    stretch = source[low : high + length]
    likeness = np.correlate(stretch, pattern * window, "valid")
    squares = np.concatenate([[0.0], np.cumsum(stretch**2)])
    power = squares[length:] - squares[:-length]
    return low + int(np.argmax(likeness / np.sqrt(power + 1e-9)))


def paced(from_s: np.ndarray, to_s: np.ndarray, pauses_s: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """The same map with the change of speed put where it is heard least.

    The consonant before a vowel and the vowel's attack move as one piece (`BEFORE_S`, `AFTER_S`): a burst played slower
    is another consonant.  What lies between, most of a vowel, is stretched.  Where it would be drawn out beyond
    `SLOWEST` and a pause lies in it, the sound on both sides is drawn out that far and the pause takes the rest.
    """
    sources, wanted = [float(from_s[0])], [float(to_s[0])]

    def add(source: float, place: float) -> None:
        if source - sources[-1] > LEAST_STEP_S and place - wanted[-1] > LEAST_STEP_S:
            sources.append(source)
            wanted.append(place)

    for a, b, c, d in zip(from_s[:-1], from_s[1:], to_s[:-1], to_s[1:], strict=True):
        gap = min(b - a, d - c)
        after, before = min(AFTER_S, AFTER_SHARE * gap), min(BEFORE_S, BEFORE_SHARE * gap)
        add(a + after, c + after)
        inner_a, inner_b, inner_c, inner_d = a + after, b - before, c + after, d - before
        inside = [p for p in pauses_s if inner_a + LEAST_GAP_S < p < b - LEAST_GAP_S]
        if inside and (inner_d - inner_c) - SLOWEST * (inner_b - inner_a) > LEAST_GAP_S:
            pause = min(inside[-1], inner_b)
            edge = 0.5 * LEAST_GAP_S
            add(pause - edge, inner_c + SLOWEST * (pause - edge - inner_a))
            if pause + edge < inner_b:
                add(pause + edge, inner_d - SLOWEST * (inner_b - pause - edge))
        if b - inner_b > LEAST_STEP_S:
            add(inner_b, inner_d)
        sources.append(float(b))
        wanted.append(float(d))
    return np.asarray(sources), np.asarray(wanted)
