"""Echo and room for chosen words.

Aim: space as an accent, not a wash.  A *throw* sends one word into a delay in time with the beat, whose few repeats are
darker and softer each time and wander from side to side; a *room* puts a word between walls: early reflections and a
short diffuse tail (Moorer 1979, "About this reverberation business", in its shortest form: an impulse response made
once from seeded noise).  Only what is sent is heard in it.

*Conventions.*  Sends are mono, shape (frames,); returns stereo, shape (frames, 2), float64, just the effect, same start
and length as the send: what would ring on past its end is cut.  Windows are (start, end) in samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import signal

REPEATS = 3
REPEAT_DB = -6.5  # of each repeat against the one before
FIRST_DB = -9.0
LOW_CUT_HZ, HIGH_CUT_HZ = 350.0, 3600.0  # of the first repeat: an echo without chest or hiss
DARKER = 0.75  # each repeat's upper edge against the one before
PING_PONG = 0.55  # how far from the middle the repeats stand
DOTTED_EIGHTH_BEATS, QUARTER_BEATS = 0.75, 1.0
LONGEST_DELAY_S = 0.6  # a quarter longer than this falls behind the beat: take the dotted 8th

ROOM_S = 0.32  # −60 dB
ROOM_LATE_S = 0.018  # the first wall
EARLY_MS = ((11.0, 0.55), (17.0, -0.42), (23.0, 0.36), (29.0, -0.28), (37.0, 0.22))  # left; the right ear 13 % later
EAR_SHIFT = 1.13
ROOM_DB = -11.0  # of the whole room against the word
ROOM_SEED = 20_26
WINDOW_FADE_S = 0.012


@dataclass(frozen=True)
class Space:
    """Which stretches of the lead are sent where, in samples, and the tempo the delay keeps."""

    bpm: float
    throws: tuple[tuple[int, int], ...] = ()
    rooms: tuple[tuple[int, int], ...] = ()


def delay_beats(bpm: float) -> float:
    """A quarter where it is short enough to belong to the word, else a dotted 8th."""
    return QUARTER_BEATS if 60.0 / bpm <= LONGEST_DELAY_S else DOTTED_EIGHTH_BEATS


def sent(samples: np.ndarray, windows: Sequence[tuple[int, int]], rate_hz: int) -> np.ndarray:
    """The samples inside the windows, faded at their edges, silence elsewhere."""
    gain = np.zeros(len(samples))
    for start, end in windows:
        low, high = max(0, start), min(len(samples), end)
        if high <= low:
            continue
        fade = min(round(WINDOW_FADE_S * rate_hz), (high - low) // 2)
        shape = np.ones(high - low)
        ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(fade) + 0.5) / max(1, fade))
        shape[:fade] = ramp
        shape[len(shape) - fade :] = ramp[::-1]
        gain[low:high] = np.maximum(gain[low:high], shape)
    return np.asarray(samples, float) * gain


def delay_throw(send: np.ndarray, rate_hz: int, bpm: float) -> np.ndarray:
    """The repeats of what is sent."""
    out = np.zeros((len(send), 2))
    if len(send) == 0:
        return out
    step = round(delay_beats(bpm) * 60.0 / bpm * rate_hz)
    repeat = signal.sosfilt(signal.butter(1, LOW_CUT_HZ, "highpass", fs=rate_hz, output="sos"), np.asarray(send, float))
    for k in range(REPEATS):
        edge_hz = min(HIGH_CUT_HZ * DARKER**k, 0.45 * rate_hz)
        repeat = signal.sosfilt(signal.butter(1, edge_hz, fs=rate_hz, output="sos"), repeat)
        start = (k + 1) * step
        if start >= len(send):
            break
        side = PING_PONG if k % 2 else -PING_PONG
        level = 10 ** ((FIRST_DB + k * REPEAT_DB) / 20)
        out[start:] += level * repeat[: len(send) - start, None] * np.asarray([1 - max(0, side), 1 + min(0, side)])
    return out


def room(send: np.ndarray, rate_hz: int) -> np.ndarray:
    """The room around what is sent, without the word itself."""
    if len(send) == 0:
        return np.zeros((0, 2))
    response = room_response(rate_hz)
    wet = signal.fftconvolve(np.asarray(send, float)[:, None], response, axes=0)[: len(send)]
    return np.where(np.abs(wet) > 1e-9, wet, 0.0)  # what the FFT leaves in silence


@lru_cache(maxsize=4)
def room_response(rate_hz: int) -> np.ndarray:
    """Impulse response, shape (frames, 2), energy such that white noise comes back `ROOM_DB` below itself."""
    count = round(ROOM_S * rate_hz)
    rng = np.random.default_rng(ROOM_SEED)
    time_s = np.arange(count) / rate_hz
    tail = rng.standard_normal((count, 2)) * (10 ** (-3 * time_s / ROOM_S))[:, None]
    tail *= np.clip((time_s - ROOM_LATE_S) / ROOM_LATE_S, 0.0, 1.0)[:, None]
    tail = signal.sosfilt(signal.butter(1, 4500.0, fs=rate_hz, output="sos"), tail, axis=0)
    tail = signal.sosfilt(signal.butter(1, 200.0, "highpass", fs=rate_hz, output="sos"), tail, axis=0)
    tail /= np.sqrt((tail**2).sum(axis=0))
    early = np.zeros((count, 2))
    for delay_ms, level in EARLY_MS:
        for ear, shift in enumerate((1.0, EAR_SHIFT)):
            early[round(delay_ms * shift * rate_hz / 1000), ear] += level
    both = early + 0.7 * tail
    both *= 10 ** (ROOM_DB / 20) / np.sqrt((both**2).sum(axis=0))
    both.setflags(write=False)
    return both
