"""Where the vowels start in a sound we made ourselves, so that they can be moved onto the grid.

Aim: the aligner's ear.  It knows which syllables to expect and roughly when, finds each one's rise, and reports the
time at which the envelope has risen half-way from the dip before to the vowel's peak, the definition the project
measures by.  The benchmark has its own code for that (`rapbot.bench.onsets`), which shares nothing with this file.

*Conventions.*  Envelopes are sampled at `ENVELOPE_RATE_HZ`; times are seconds from the first sample.  Everything is
zero phase, so nothing is late.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy import fft

from rapbot.protocols import SpeechFrames

ENVELOPE_RATE_HZ = 1000
BAND_HZ = (250.0, 2800.0)  # vowels' first formants; plosive bursts and hiss lie above, voicing bars below
SMOOTH_HZ = 20.0
RECTIFY_PER_MS = 8  # the band reaches to 2.8 kHz, so its envelope is taken at 8 kHz
PAD_MS = 60  # silence against wrap-around: three times the smoothing's reach
BIN_HZ = 20.0  # of vocoder frames
VOICED_HZ = 40.0
# What an inverse STFT with a Hann window at a quarter hop makes of harmonics a distance F0 apart, of independent noise
# and of the residual, all over the same constant.
HARMONIC_POWER, NOISE_POWER, RESIDUAL_POWER = 160.0, 2.67, 2.0
FLOOR_DB = 45.0  # below the loudest point nothing is heard as a syllable
RISE_S = 0.025  # a rise is compared over this long on each side
RISE_TOP_DB = 18.0  # a burst after silence must not outweigh several ordinary onsets
EARLY_S, LATE_S = 0.10, 0.08  # how far a rise may lie from where it is expected before it has been found
SPREAD_S = 0.03  # and how far it usually lies
RISE_DB_PER_NAT = 4.0  # 4 dB of rise weigh as much as half a squared SPREAD_S
PEAK_REACH = 0.6  # of the way to the next vowel: beyond lies the consonant before it, which may be the louder one
MIN_DEPTH_DB = 1.0  # a vowel that does not rise by this much over the dip before has no onset to speak of


def vowel_envelope(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """Amplitude envelope of the vowel band at `ENVELOPE_RATE_HZ`, one value a millisecond.

    Filters are magnitudes on the spectrum (Butterworth, forwards and backwards), so their phase is exactly zero.
    """
    unit_ms = 1000 // math.gcd(rate_hz, 1000)  # stretches that are whole in samples and in milliseconds
    length_ms = math.ceil(1000 * len(samples) / rate_hz)
    total_ms = unit_ms * fft.next_fast_len(math.ceil((length_ms + PAD_MS) / unit_ms), real=True)
    spectrum = fft.rfft(np.asarray(samples, np.float32), total_ms * rate_hz // 1000)
    kept = min(len(spectrum), total_ms * RECTIFY_PER_MS // 2 + 1)
    spectrum = spectrum[:kept] * _band_gain(kept, total_ms)
    rectified = np.abs(fft.irfft(spectrum, total_ms * RECTIFY_PER_MS)) * (total_ms * RECTIFY_PER_MS)
    return _smooth(rectified / (total_ms * rate_hz // 1000), total_ms)[:length_ms]


def frame_envelope(frames: SpeechFrames) -> np.ndarray:
    """The same envelope estimated from vocoder frames before any sound is made, at `ENVELOPE_RATE_HZ`.

    Power of the three branches in the vowel band: a harmonic every F0, noise of variance 2 a bin, and the residual.
    """
    bins = slice(round(BAND_HZ[0] / BIN_HZ), round(BAND_HZ[1] / BIN_HZ))
    harmonic, noise, residual = (np.exp(2 * np.minimum(frames.parts[k][bins], 7.0)).sum(axis=0) for k in (0, 2, 3))
    voiced = frames.f0_hz > VOICED_HZ
    power = np.where(voiced, HARMONIC_POWER / np.maximum(frames.f0_hz, VOICED_HZ), 0.0) * harmonic
    amplitude = np.sqrt(power + NOISE_POWER * noise + RESIDUAL_POWER * residual)
    length_ms = round(len(amplitude) * frames.hop_s * 1000)
    fine = np.interp(np.arange(length_ms), np.arange(len(amplitude)) * frames.hop_s * 1000, amplitude)
    total_ms = fft.next_fast_len(length_ms + PAD_MS, real=True)
    return _smooth(np.pad(fine, (0, total_ms - length_ms)), total_ms)[:length_ms]


@lru_cache(maxsize=64)
def _band_gain(bins: int, total_ms: int) -> np.ndarray:
    low, high = BAND_HZ
    hz = np.arange(bins, dtype=np.float32) * np.float32(1000.0 / total_ms)
    off = (hz * hz - low * high) / (np.maximum(hz, 1e-3) * (high - low))
    return 1 / (1 + np.minimum(off * off, 1e6) ** 3)  # third order, twice


def _smooth(curve: np.ndarray, total_ms: int) -> np.ndarray:
    """A curve over ``total_ms`` through the 20 Hz low-pass, one value a millisecond."""
    spectrum = fft.rfft(curve)
    kept = total_ms // 2 + 1
    hz = np.arange(kept) * (1000.0 / total_ms)
    smooth = fft.irfft(spectrum[:kept] / (1 + (hz / SMOOTH_HZ) ** 4), total_ms)  # second order, twice
    return np.maximum(smooth * (total_ms / len(curve)), 0.0)


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
            until = min(until, rise + PEAK_REACH * (rises_s[k + 1] - rise))
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
