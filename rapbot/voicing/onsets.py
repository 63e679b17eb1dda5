"""Where the vowels start in a sound we made ourselves, so that they can be moved onto the grid.

Aim: the aligner's ear.  It knows which syllables to expect and roughly when, finds each one's rise, and reports the
time at which the envelope has risen half-way from the dip before to the vowel's peak, the definition the project
measures by.  The benchmark has its own code for that (`rapbot.bench.onsets`), which shares nothing with this file.

*Conventions.*  Envelopes are sampled at `ENVELOPE_RATE_HZ`; times are seconds from the first sample.  Everything is
zero phase, so nothing is late.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import signal

ENVELOPE_RATE_HZ = 1000
BAND_HZ = (250.0, 2800.0)  # vowels' first formants; plosive bursts and hiss lie above, voicing bars below
SMOOTH_HZ = 20.0
FLOOR_DB = 45.0  # below the loudest point nothing is heard as a syllable
RISE_S = 0.025  # a rise is compared over this long on each side
RISE_TOP_DB = 18.0  # a burst after silence must not outweigh several ordinary onsets
EARLY_S, LATE_S = 0.10, 0.08  # how far a rise may lie from where it is expected before it has been found
SPREAD_S = 0.03  # and how far it usually lies
RISE_DB_PER_NAT = 4.0  # 4 dB of rise weigh as much as half a squared SPREAD_S
MIN_DEPTH_DB = 1.0  # a vowel that does not rise by this much over the dip before has no onset to speak of


def vowel_envelope(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """Amplitude envelope of the vowel band at `ENVELOPE_RATE_HZ`."""
    band, smooth = _filters(rate_hz)
    step = rate_hz // ENVELOPE_RATE_HZ
    if len(samples) < rate_hz // 4:  # the filters need some run-in
        samples = np.pad(samples, (0, rate_hz // 4 - len(samples)))
    amplitude = np.abs(signal.sosfiltfilt(band, samples))
    return np.maximum(signal.sosfiltfilt(smooth, amplitude), 0.0)[::step]


@lru_cache(maxsize=4)
def _filters(rate_hz: int) -> tuple[np.ndarray, np.ndarray]:
    band = signal.butter(3, BAND_HZ, "band", fs=rate_hz, output="sos")
    return band, signal.butter(2, SMOOTH_HZ, fs=rate_hz, output="sos")


def find_rises(envelope: np.ndarray, expected_s: np.ndarray) -> np.ndarray:
    """The likeliest rise for each expected syllable, in order (Viterbi over all of them together), seconds."""
    decibels = 20 * np.log10(np.maximum(envelope, envelope.max() * 10 ** (-FLOOR_DB / 20)) + 1e-12)
    reach = round(RISE_S * ENVELOPE_RATE_HZ)
    padded = np.pad(decibels, reach, mode="edge")
    rise = np.clip(padded[2 * reach :] - padded[: -2 * reach], 0.0, RISE_TOP_DB)
    candidates, scores = [], []
    for expected in expected_s:
        first = int(np.clip((expected - EARLY_S) * ENVELOPE_RATE_HZ, 0, len(rise) - 1))
        last = int(np.clip((expected + LATE_S) * ENVELOPE_RATE_HZ, first + 1, len(rise)))
        index = np.arange(first, last, 2)
        off = (index / ENVELOPE_RATE_HZ - expected) / SPREAD_S
        candidates.append(index)
        scores.append(rise[index] / RISE_DB_PER_NAT - 0.5 * off**2)
    best = scores[0]
    came_from = []
    for k in range(1, len(candidates)):
        least = 0.5 * (expected_s[k] - expected_s[k - 1]) * ENVELOPE_RATE_HZ  # syllables may not swap or melt
        allowed = candidates[k][:, None] - candidates[k - 1][None, :] >= least
        ways = np.where(allowed, best[None, :], -1e9)
        came_from.append(ways.argmax(axis=1))
        best = ways.max(axis=1) + scores[k]
    choice = int(best.argmax())
    path = [choice]
    for back in reversed(came_from):
        choice = int(back[choice])
        path.append(choice)
    return np.asarray([index[p] for index, p in zip(candidates, reversed(path), strict=True)]) / ENVELOPE_RATE_HZ


def half_rises(envelope: np.ndarray, rises_s: np.ndarray) -> np.ndarray:
    """For each syllable the time its envelope is half-way up from the dip to the peak; NaN where there is no rise."""
    peaks = []
    for k, rise in enumerate(rises_s):
        until = rise + 0.16
        if k + 1 < len(rises_s):
            until = min(until, rise + 0.8 * (rises_s[k + 1] - rise))
        first = int(np.clip((rise - 0.02) * ENVELOPE_RATE_HZ, 0, len(envelope) - 2))
        last = int(np.clip(until * ENVELOPE_RATE_HZ, first + 2, len(envelope)))
        peaks.append(first + int(np.argmax(envelope[first:last])))
    out = np.full(len(rises_s), np.nan)
    for k, peak in enumerate(peaks):
        first = max(0, int((rises_s[k] - 0.16) * ENVELOPE_RATE_HZ), peaks[k - 1] if k else 0)
        if peak <= first + 1:
            continue
        dip = first + int(np.argmin(envelope[first : peak + 1]))
        depth_db = 20 * np.log10((envelope[peak] + 1e-9) / (envelope[dip] + 1e-9))
        if depth_db < MIN_DEPTH_DB:
            continue
        half = 0.5 * (envelope[dip] + envelope[peak])
        at = dip + int(np.argmax(envelope[dip : peak + 1] >= half))
        if at > dip:  # between two envelope samples
            below, above = envelope[at - 1], envelope[at]
            at_exact = at - 1 + (half - below) / max(above - below, 1e-12)
        else:
            at_exact = float(at)
        out[k] = at_exact / ENVELOPE_RATE_HZ
    return out
