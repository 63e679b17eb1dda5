"""Gains on a take: clear syllables, silent rests, ends that do not click, one loudness for all.

*Conventions.*  Samples are float32 mono; gains are raised-cosine shaped, so nothing clicks; levels are dB re full
scale.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

GATE_DB = -40.0  # what is left of a rest: room, not a hole
GATE_FADE_S = 0.03
GATE_AFTER_S = 0.025  # the sound before a boundary rings on this long into it …
GATE_BEFORE_S = 0.055  # … and the next one starts this much before its token (see durations.ONSET_OFFSET_S)
ARTICULATION_DB = 6.0  # a vowel this far above the dip before it is heard as a beat of its own
ARTICULATION_MOST_DB = 6.0
DIP_BACK_S, PEAK_AHEAD_S = 0.08, 0.12  # where dip and peak are sought around an onset
NOTCH_BEFORE_S, NOTCH_LOW_S, NOTCH_AFTER_S = (
    0.07,
    0.025,
    0.01,
)  # the closure begins, is deepest, is over, about the onset
NOTCH_GAIN = 1.5  # the 20 Hz smoothing of the envelope fills a third of a notch this short
FADE_IN_S, FADE_OUT_S = 0.005, 0.03
SILENT_DB = 50.0  # this far below the loudest sample a take has not begun, or is over
TRIM_BEFORE_S = 0.01
TAKE_RMS_DB = -20.0  # of the spoken part: leaves 17 dB for peaks
PEAK = 0.9
SPOKEN_BELOW_PEAK_DB = 30.0  # blocks quieter than this under the loudest are not speech
BLOCK_S = 0.02


def shallow_dips(envelope: np.ndarray, envelope_rate_hz: int, onsets_s: np.ndarray) -> np.ndarray:
    """How many dB each syllable's dip falls short of `ARTICULATION_DB` under its peak; 0 where it is deep enough."""
    out = np.zeros(len(onsets_s))
    gaps = np.diff(onsets_s)
    for k in range(1, len(onsets_s)):
        back = min(DIP_BACK_S, 0.5 * gaps[k - 1])
        ahead = min(PEAK_AHEAD_S, 0.6 * gaps[k]) if k < len(gaps) else PEAK_AHEAD_S
        at, first, last = (round(t * envelope_rate_hz) for t in (onsets_s[k], onsets_s[k] - back, onsets_s[k] + ahead))
        dip, peak = envelope[max(0, first) : at + 1], envelope[at : last + 1]
        if len(dip) and len(peak):
            depth_db = 20 * np.log10((peak.max() + 1e-9) / (dip.min() + 1e-9))
            out[k] = np.clip(ARTICULATION_DB - depth_db, 0.0, ARTICULATION_MOST_DB)
    return out


def articulated(
    samples: np.ndarray, rate_hz: int, onsets_s: np.ndarray, short_db: np.ndarray, earliest_s: float = 0.0
) -> np.ndarray:
    """Each onset with a shallow dip gets one: the little closure a rapper puts between "you" and "always".

    Nothing before ``earliest_s`` is touched: it may have been played already.
    """
    out = samples.copy()
    for onset_s, depth_db in zip(onsets_s, short_db, strict=True):
        before_s = min(NOTCH_BEFORE_S, onset_s - earliest_s)
        if depth_db <= 0 or before_s < 1.5 * NOTCH_LOW_S:
            continue
        first, last = (int(np.clip(round((onset_s + t) * rate_hz), 0, len(out))) for t in (-before_s, NOTCH_AFTER_S))
        times = np.arange(first, last, dtype=np.float32) / rate_hz - onset_s
        down = np.clip((times + before_s) / (before_s - NOTCH_LOW_S), 0, 1)
        up = np.clip((NOTCH_AFTER_S - times) / (NOTCH_AFTER_S + NOTCH_LOW_S), 0, 1)
        notch = 0.5 - 0.5 * np.cos(np.pi * np.minimum(down, up))
        out[first:last] *= 10 ** (-NOTCH_GAIN / 20 * depth_db * notch)
    return out


def gated(samples: np.ndarray, rate_hz: int, rests: Sequence[tuple[float, float]]) -> np.ndarray:
    """The take with its rests turned down."""
    gain = np.ones(len(samples), np.float32)
    floor = 10 ** (GATE_DB / 20)
    for start_s, end_s in rests:
        opens, closes = end_s - GATE_BEFORE_S, start_s + GATE_AFTER_S
        if opens - closes < 2 * GATE_FADE_S:
            continue
        first, last = (int(np.clip(round(t * rate_hz), 0, len(samples))) for t in (closes, opens))
        times = np.arange(first, last) / rate_hz
        shut = np.clip((times - closes) / GATE_FADE_S, 0, 1) * np.clip((opens - times) / GATE_FADE_S, 0, 1)
        smooth = 0.5 - 0.5 * np.cos(np.pi * shut)
        gain[first:last] *= (1 - (1 - floor) * smooth).astype(np.float32)
    return samples * gain


def first_sound(samples: np.ndarray, rate_hz: int) -> int:
    """Index from which a take is kept: a little before it is loud enough to be heard; its length where it never is."""
    loud = np.flatnonzero(np.abs(samples) > np.abs(samples).max(initial=0.0) * 10 ** (-SILENT_DB / 20))
    return max(0, int(loud[0]) - round(TRIM_BEFORE_S * rate_hz)) if len(loud) else len(samples)


def last_sound(samples: np.ndarray, rate_hz: int, loudest: float) -> int:
    """Index up to which the end of a take is kept, against the loudest sample of all of it."""
    loud = np.flatnonzero(np.abs(samples) > loudest * 10 ** (-SILENT_DB / 20))
    return min(len(samples), int(loud[-1]) + 1 + round(FADE_OUT_S * rate_hz)) if len(loud) else 0


def trimmed(samples: np.ndarray, rate_hz: int) -> tuple[np.ndarray, int]:
    """The take without the silence around it, and how many samples were cut from its front."""
    first = first_sound(samples, rate_hz)
    if first == len(samples):
        return samples, 0
    return samples[first : last_sound(samples, rate_hz, float(np.abs(samples).max()))], first


def faded(samples: np.ndarray, rate_hz: int, start: bool = True, end: bool = True) -> np.ndarray:
    """Short fades at the ends asked for."""
    out = samples.astype(np.float32, copy=True)
    for wanted, length_s, at_end in ((start, FADE_IN_S, False), (end, FADE_OUT_S, True)):
        if not wanted:
            continue
        count = min(len(out), round(length_s * rate_hz))
        ramp = (0.5 - 0.5 * np.cos(np.pi * (np.arange(count) + 0.5) / count)).astype(np.float32)
        if at_end:
            out[len(out) - count :] *= ramp[::-1]
        else:
            out[:count] *= ramp
    return out


def level_take(samples: np.ndarray, rate_hz: int, energy_db: float) -> np.ndarray:
    """The take at `TAKE_RMS_DB` plus ``energy_db`` over its spoken part; peaks are bent under `PEAK`, never clipped."""
    level_db = spoken_level_db(samples, rate_hz)
    if not np.isfinite(level_db):
        return samples
    return bent(samples * 10 ** ((TAKE_RMS_DB + energy_db - level_db) / 20)).astype(np.float32)


def spoken_level_db(samples: np.ndarray, rate_hz: int) -> float:
    """Root-mean-square level over the spoken part; −inf for silence."""
    block = round(BLOCK_S * rate_hz)
    whole = samples[: len(samples) // block * block].reshape(-1, block)
    power = (whole.astype(float) ** 2).mean(axis=1)
    spoken = power[power > power.max(initial=0.0) * 10 ** (-SPOKEN_BELOW_PEAK_DB / 10)]
    return 10 * float(np.log10(spoken.mean())) if len(spoken) else -np.inf


def bent(samples: np.ndarray) -> np.ndarray:
    """Soft knee above two thirds of `PEAK`: linear below, tanh above."""
    knee = PEAK * 2 / 3
    size = np.abs(samples)
    over = knee + (PEAK - knee) * np.tanh((size - knee) / (PEAK - knee))
    return np.where(size > knee, np.sign(samples) * over, samples)
