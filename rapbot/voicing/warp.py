"""Moving vocoder frames in time: a piecewise linear map that carries found onsets onto wanted ones.

*Conventions.*  Times are seconds; frame k's centre lies at (k + ½) · ``hop_s``.  Envelopes are read between frames by
linear interpolation; phase and voicing come from the nearer frame.
"""

from __future__ import annotations

import numpy as np

from rapbot.protocols import SpeechFrames

VOICED_HZ = 40.0
PHASE_PARTS = (4,)  # of hibari's five spectra: log harmonic, its phase, log noise, log residual, residual phase
FAR_S = 1000.0
LEAST_GAP_S = 0.02  # instants closer than this cannot be told apart


def carried(times_s: np.ndarray, from_s: np.ndarray, to_s: np.ndarray) -> np.ndarray:
    """Times read through the piecewise linear map from one set of instants to the other, a shift outside them."""
    if np.any(np.diff(from_s) <= 0) or np.any(np.diff(to_s) <= 0):
        raise ValueError("instants must increase")
    xs = np.concatenate([[from_s[0] - FAR_S], from_s, [from_s[-1] + FAR_S]])
    ys = np.concatenate([[to_s[0] - FAR_S], to_s, [to_s[-1] + FAR_S]])
    return np.interp(times_s, xs, ys)


def increasing(instants_s: np.ndarray, least_gap_s: float = LEAST_GAP_S) -> np.ndarray:
    """Instants pushed later where they lie closer than ``least_gap_s`` to the one before."""
    steps = np.arange(len(instants_s)) * least_gap_s
    return np.maximum.accumulate(np.asarray(instants_s, float) - steps) + steps


def frames_at(frames: SpeechFrames, times_s: np.ndarray) -> SpeechFrames:
    """The frames one would see at these times, held at both ends; one a given time, increasing or not."""
    last = len(frames.f0_hz) - 1
    at = np.clip(np.asarray(times_s) / frames.hop_s - 0.5, 0, last)
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, last)
    weight = (at - low).astype(np.float32)[:, None]
    nearest = np.round(at).astype(int)
    parts = tuple(
        # whole frames are gathered as rows: engines lay them out one after the other
        part.T[nearest].T if index in PHASE_PARTS else _between(part.T, low, high, weight).T
        for index, part in enumerate(frames.parts)
    )
    both = (frames.f0_hz[low] > VOICED_HZ) & (frames.f0_hz[high] > VOICED_HZ)
    blended = frames.f0_hz[low] * (1 - weight[:, 0]) + frames.f0_hz[high] * weight[:, 0]
    return SpeechFrames(parts, np.where(both, blended, frames.f0_hz[nearest]).astype(np.float32), frames.hop_s)


def _between(rows: np.ndarray, low: np.ndarray, high: np.ndarray, weight: np.ndarray) -> np.ndarray:
    out = rows[high]
    below = rows[low]
    out -= below
    out *= weight
    out += below
    return out


def joined(first: SpeechFrames, second: SpeechFrames) -> SpeechFrames:
    """Frames one after the other."""
    parts = tuple(np.concatenate(pair, axis=1) for pair in zip(first.parts, second.parts, strict=True))
    return SpeechFrames(parts, np.concatenate([first.f0_hz, second.f0_hz]), first.hop_s)


def cut(frames: SpeechFrames, first: int, last: int) -> SpeechFrames:
    """Frames first to last − 1."""
    return SpeechFrames(tuple(part[:, first:last] for part in frames.parts), frames.f0_hz[first:last], frames.hop_s)
