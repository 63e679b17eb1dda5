"""Measuring where syllables start in a finished recording, by code the voice does not share.

Aim: grade the voice against the grid.  Two detectors run side by side:

- `measure_onsets`, the project's definition: the time at which the 250–2800 Hz amplitude envelope (zero phase, 20 Hz
  low-pass) has risen half-way from the dip before to the vowel's peak.  It is given approximate windows and nothing
  else.
- `flux_onsets`, which knows no syllables: peaks of half-wave rectified spectral flux over log-spaced bands (Dixon 2006,
  "Onset detection revisited").

Each one's own error is measured on `gated_vowels` whose onsets are known to the sample (`detector_error`).  No bias is
removed from either anywhere.

*Conventions.*  Times are seconds from the first sample.  NaN means unmeasured: there is no rise to speak of.  Filters
are applied by FFT, so their phase is exactly zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import fft

LOW_HZ, HIGH_HZ = 250.0, 2800.0
BAND_ORDER = 3  # Butterworth order of the band edges, applied forwards and backwards (power response)
SMOOTH_HZ = 20.0
SMOOTH_ORDER = 2
CURVE_RATE_HZ = 2000
DIP_BACK_S, DIP_AHEAD_S = 0.12, 0.03  # the dip before a vowel is sought this far around the approximate time
DIP_REACH = 0.6  # … but no further back than this share of the way to the time before
PEAK_AHEAD_S = 0.16  # the vowel's peak lies between the dip and this long after the time
PEAK_REACH = 0.75  # … and within this share of the way to the next
LEAST_RISE_DB = 1.5  # less is no onset: counted as unmeasured

# F1 to F3 of five vowels (Peterson & Barney 1952)
VOWEL_FORMANTS_HZ = ((730, 1090, 2440), (530, 1840, 2480), (300, 870, 2240), (570, 840, 2410), (660, 1720, 2410))

FLUX_FRAME_S = 0.02
FLUX_HOP_S = 0.002
FLUX_BANDS_HZ = tuple(100.0 * 2 ** (k / 3) for k in range(17))  # third octaves, 100 Hz to 4 kHz
FLUX_FLOOR_DB = 50.0
FLUX_REACH_S = 0.06  # on each side of the approximate time


def smooth_amplitude(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """The vowel band's amplitude envelope at `CURVE_RATE_HZ`."""
    step = rate_hz // CURVE_RATE_HZ
    if step * CURVE_RATE_HZ != rate_hz:
        raise ValueError(f"rate must be a multiple of {CURVE_RATE_HZ} Hz, got {rate_hz}")
    pad = rate_hz // 2  # half a second of silence on each side, against wrap-around
    padded = np.zeros(fft.next_fast_len(len(samples) + 2 * pad, real=True))
    padded[pad : pad + len(samples)] = samples
    spectrum = fft.rfft(padded)
    hz = fft.rfftfreq(len(padded), 1 / rate_hz)
    with np.errstate(divide="ignore", over="ignore"):
        band = 1 / (1 + ((hz**2 - LOW_HZ * HIGH_HZ) / (np.maximum(hz, 1e-9) * (HIGH_HZ - LOW_HZ))) ** (2 * BAND_ORDER))
    rectified = np.abs(fft.irfft(spectrum * band, len(padded)))
    smooth = 1 / (1 + (hz / SMOOTH_HZ) ** (2 * SMOOTH_ORDER))
    curve = fft.irfft(fft.rfft(rectified) * smooth, len(padded))
    return np.maximum(curve, 0.0)[pad : pad + len(samples) : step]


def measure_onsets(samples: np.ndarray, rate_hz: int, near_s: np.ndarray) -> np.ndarray:
    """One onset for each approximate time, by the project's definition."""
    curve = smooth_amplitude(samples, rate_hz)
    near = np.asarray(near_s, float)
    gaps = np.diff(near)
    out = np.full(len(near), np.nan)
    for k, time in enumerate(near):
        back = min(DIP_BACK_S, DIP_REACH * gaps[k - 1]) if k else DIP_BACK_S
        ahead = min(PEAK_AHEAD_S, PEAK_REACH * gaps[k]) if k < len(gaps) else PEAK_AHEAD_S
        a, middle, b = (
            int(np.clip(round(x * CURVE_RATE_HZ), 0, len(curve) - 1))
            for x in (time - back, time + DIP_AHEAD_S, time + ahead)
        )
        if b - a < 3:
            continue
        dip = a + int(curve[a : max(a + 1, middle)].argmin())
        peak = dip + int(curve[dip : b + 1].argmax())
        low, high = curve[dip], curve[peak]
        if high <= 0 or 20 * np.log10(high / max(low, high * 1e-5)) < LEAST_RISE_DB:
            continue
        level = low + (high - low) / 2
        last_below = (
            dip + int((curve[dip : peak + 1] >= level).argmax()) - 1
        )  # at least the dip: it lies below the level
        here, there = curve[last_below], curve[last_below + 1]
        out[k] = (last_below + (level - here) / (there - here)) / CURVE_RATE_HZ
    return out


def flux_curve(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """Spectral flux: summed rise in dB over third-octave bands, at steps of `FLUX_HOP_S`."""
    width, hop = round(FLUX_FRAME_S * rate_hz), round(FLUX_HOP_S * rate_hz)
    padded = np.pad(np.asarray(samples, float), width // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, width)[::hop] * np.hanning(width)
    power = np.abs(fft.rfft(frames, 4 * width, axis=1)) ** 2
    hz = fft.rfftfreq(4 * width, 1 / rate_hz)
    edges = np.searchsorted(hz, FLUX_BANDS_HZ)
    bands = np.stack([power[:, a : max(b, a + 1)].sum(axis=1) for a, b in zip(edges, edges[1:], strict=False)], axis=1)
    decibels = 10 * np.log10(bands + 1e-12)
    decibels = np.maximum(decibels, decibels.max() - FLUX_FLOOR_DB)
    lag = 5  # compare frames 10 ms apart
    rise = np.maximum(decibels[2 * lag :] - decibels[: -2 * lag], 0).sum(axis=1)
    return np.pad(rise, lag)


def flux_onsets(samples: np.ndarray, rate_hz: int, near_s: np.ndarray) -> np.ndarray:
    """The strongest flux peak within reach of each approximate time."""
    curve = flux_curve(samples, rate_hz)
    near = np.asarray(near_s, float)
    gaps = np.diff(near)
    out = np.full(len(near), np.nan)
    for k, time in enumerate(near):
        back = min(FLUX_REACH_S, gaps[k - 1] / 2 if k else FLUX_REACH_S)
        ahead = min(FLUX_REACH_S, gaps[k] / 2 if k < len(gaps) else FLUX_REACH_S)
        a = int(np.clip(round((time - back) / FLUX_HOP_S), 0, len(curve)))
        b = int(np.clip(round((time + ahead) / FLUX_HOP_S), 0, len(curve)))
        if b - a >= 3 and curve[a:b].max() > 0:
            out[k] = (a + int(curve[a:b].argmax())) * FLUX_HOP_S
    return out


# --------------------------------------------------------------------------------------------------- their own error


@dataclass(frozen=True)
class DetectorError:
    """A detector against gated vowels of known onset: bias and spread in ms, and how many it missed."""

    count: int
    missed: int
    mean_ms: float
    mean_abs_ms: float
    p95_abs_ms: float


def gated_vowels(rate_hz: int, seed: int, count: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Synthetic vowels (pulse train through three formants) with raised-cosine attacks, and their true half-rise times.

    Attacks last 20 to 60 ms and gaps are filled to −14 dB, as in speech; the truth is the middle of the attack.
    """
    rng = np.random.default_rng(seed)
    starts = np.cumsum(rng.uniform(0.16, 0.4, count)) + 0.5
    length = round((starts[-1] + 1.0) * rate_hz)
    pitch_hz = 120 + 60 * np.sin(np.arange(length) / rate_hz * 1.7)
    phase = np.cumsum(pitch_hz) / rate_hz
    source = np.where(np.diff(np.floor(phase), prepend=0) > 0, 1.0, 0.0)
    sound = np.zeros(length)
    truth = []
    edges = np.append(starts, starts[-1] + 0.4)
    for k, start in enumerate(starts):
        attack_s = rng.uniform(0.02, 0.06)
        end = edges[k + 1] - 0.05
        a, b = int((start - 0.1) * rate_hz), int((end + 0.1) * rate_hz)
        times = np.arange(a, b) / rate_hz
        rise = 0.5 - 0.5 * np.cos(np.pi * np.clip((times - start) / attack_s, 0, 1))
        fall = 0.5 + 0.5 * np.cos(np.pi * np.clip((times - end) / 0.04, 0, 1))
        formants_hz = VOWEL_FORMANTS_HZ[int(rng.integers(len(VOWEL_FORMANTS_HZ)))]
        sound[a:b] += _formants(source[a:b], rate_hz, formants_hz) * (0.2 + 0.8 * rise * fall)
        truth.append(start + attack_s / 2)
    return (sound / np.abs(sound).max()).astype(np.float32), np.asarray(truth)


def detector_error(onsets: np.ndarray, truth: np.ndarray) -> DetectorError:
    found = ~np.isnan(onsets)
    error_ms = (onsets - truth)[found] * 1000
    if len(error_ms) == 0:
        return DetectorError(len(truth), len(truth), float("nan"), float("nan"), float("nan"))
    absolute = np.abs(error_ms)
    return DetectorError(
        len(truth),
        int((~found).sum()),
        float(error_ms.mean()),
        float(absolute.mean()),
        float(np.percentile(absolute, 95)),
    )


def _formants(source: np.ndarray, rate_hz: int, formants_hz: Sequence[float]) -> np.ndarray:
    """Two-pole resonators in parallel, by FFT."""
    size = fft.next_fast_len(2 * len(source), real=True)
    spectrum = fft.rfft(source, size)
    z = np.exp(2j * np.pi * fft.rfftfreq(size))
    response = np.zeros(len(z), complex)
    for centre in formants_hz:
        radius = np.exp(-np.pi * 90 / rate_hz)
        pole = radius * np.exp(2j * np.pi * centre / rate_hz)
        response += (1 - radius) / ((1 - pole / z) * (1 - np.conj(pole) / z))
    return fft.irfft(spectrum * response, size)[: len(source)]
