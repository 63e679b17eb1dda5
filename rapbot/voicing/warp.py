"""Moving vocoder frames in time: a piecewise linear map that carries found onsets onto wanted ones.

*Conventions.*  ``found_s`` and ``wanted_s`` are seconds from the first frame's start, both increasing.  Before the
first and after the last pair the map is a shift.  Envelopes are read between frames by linear interpolation; phase and
voicing come from the nearer frame.
"""

from __future__ import annotations

import numpy as np

from rapbot.protocols import SpeechFrames

VOICED_HZ = 40.0
PHASE_PARTS = (4,)  # of hibari's five spectra: log harmonic, its phase, log noise, log residual, residual phase


def warp_frames(frames: SpeechFrames, found_s: np.ndarray, wanted_s: np.ndarray) -> SpeechFrames:
    """The same sounds with the found instants at the wanted ones; as long as the shifted end asks for."""
    count = len(frames.f0_hz)
    length_s = count * frames.hop_s
    source = np.concatenate([[min(0.0, found_s[0]) - 1.0], found_s, [max(length_s, found_s[-1]) + 1.0]])
    target = np.concatenate(
        [[source[0] + wanted_s[0] - found_s[0]], wanted_s, [source[-1] + wanted_s[-1] - found_s[-1]]]
    )
    if np.any(np.diff(source) <= 0) or np.any(np.diff(target) <= 0):
        raise ValueError("onsets must increase")
    new_count = max(2, round((length_s + wanted_s[-1] - found_s[-1]) / frames.hop_s))
    at = np.interp((np.arange(new_count) + 0.5) * frames.hop_s, target, source) / frames.hop_s - 0.5
    at = np.clip(at, 0, count - 1)
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, count - 1)
    weight = (at - low).astype(np.float32)
    nearest = np.round(at).astype(int)
    parts = tuple(
        part[:, nearest] if index in PHASE_PARTS else part[:, low] * (1 - weight) + part[:, high] * weight
        for index, part in enumerate(frames.parts)
    )
    both = (frames.f0_hz[low] > VOICED_HZ) & (frames.f0_hz[high] > VOICED_HZ)
    blended = frames.f0_hz[low] * (1 - weight) + frames.f0_hz[high] * weight
    return SpeechFrames(parts, np.where(both, blended, frames.f0_hz[nearest]).astype(np.float32), frames.hop_s)
