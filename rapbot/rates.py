"""Sound from one sampling rate to another."""

from __future__ import annotations

import math

import numpy as np


def at_rate(samples: np.ndarray, rate_hz: int, wanted_hz: int) -> np.ndarray:
    """Mono float32 at ``wanted_hz`` (polyphase, linear phase, no delay); the same array where it is there already."""
    if rate_hz == wanted_hz:
        return samples
    from scipy.signal import resample_poly

    divisor = math.gcd(rate_hz, wanted_hz)
    return resample_poly(samples, wanted_hz // divisor, rate_hz // divisor).astype(np.float32)
