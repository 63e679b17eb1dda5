"""From the spectral shapes of one speaker to those of another: a linear map of cepstra, frame by frame.

Aim: more of a person's colour than one average spectrum holds.  How the shapes of somebody's vowels spread about their
mean (which formants move together, how far) differs between people as much as the mean does.  Taking both for normal
distributions, the map that carries one into the other with the least movement is linear and known in closed form
(Dowson & Landau 1982; in voice conversion the one-class case of Stylianou et al. 1998).  It needs no parallel sentences
and no training, and since neighbouring frames are treated alike, words survive it.

*Conventions.*  A shape is the first `ORDER` cosine coefficients of the log power in `BANDS` mel bands up to 8 kHz, the
0th (the level) left out: shape (frames, ORDER), nepers of power.  What comes out for a frame is a change of its log
magnitude at each bin from 0 to 12 kHz.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.fft import dct, idct
from scipy.linalg import sqrtm

from rapbot.protocols import VOICE_RATE_HZ

BANDS, ORDER = 40, 20  # a coefficient for every 400 mel: formants are resolved, harmonics are not
TOP_HZ = 8000.0  # references are heard at 16 kHz; above, the change at the top is held
HIGHEST_HZ = VOICE_RATE_HZ / 2
WINDOW_S, HOP_S = 0.025, 0.010
OFF_DIAGONAL_KEPT = 0.95  # shrinkage of covariances: a clip of 3 s holds 200 voiced frames …
LEAST_VARIANCE = 1e-3
STRETCH = (0.5, 2.0)  # … and no direction of shape is taken for less or more variable than this
SPARE_POWER = 1e-9
UNVOICED_SHARE = 0.6  # of the shift of the mean that noise gets: its own shapes are not what was measured
HIGHEST_LOG = 20.0


@dataclass(frozen=True, eq=False)
class ShapeMap:
    """``wanted = mean + (shape − own mean) @ turn``; ``share`` of the way is gone."""

    own_mean: np.ndarray
    mean: np.ndarray
    turn: np.ndarray
    share: float = 1.0

    def gain(self, spectra: np.ndarray, voiced: np.ndarray) -> np.ndarray:
        """What to add to log magnitudes, shape (bins, frames); ``spectra`` is log magnitude, ``voiced`` a mask."""
        bins, frames = spectra.shape
        shape = shapes(np.exp(2 * np.minimum(spectra, HIGHEST_LOG)).T, HIGHEST_HZ)
        change = self.mean + (shape - self.own_mean) @ self.turn - shape
        change = np.where(voiced[:, None], change, UNVOICED_SHARE * (self.mean - self.own_mean))
        padded = np.zeros((frames, BANDS))
        padded[:, 1 : ORDER + 1] = 0.5 * self.share * change  # of power to of magnitude
        return (idct(padded, axis=1, norm="ortho") @ _spread(bins)).T.astype(np.float32)


def shape_map(own: np.ndarray, wanted: np.ndarray, own_mean: np.ndarray | None = None, share: float = 1.0) -> ShapeMap:
    """The map that gives shapes spread like ``own`` the mean and covariance of ``wanted``, both (frames, ORDER).

    ``own_mean`` is where the speaker's mean lies for the same measurement that ``wanted`` comes from, where ``own`` was
    measured in another way; only its distance to the mean of ``wanted`` counts.
    """
    centre = own.mean(axis=0)
    shift = wanted.mean(axis=0) - (centre if own_mean is None else own_mean)
    root = np.real(sqrtm(_covariance(own)))
    back = np.linalg.inv(root)
    turn = back @ np.real(sqrtm(root @ _covariance(wanted) @ root)) @ back
    sizes, ways = np.linalg.eigh((turn + turn.T) / 2)
    turn = ways @ np.diag(np.clip(sizes, *STRETCH)) @ ways.T
    return ShapeMap(centre, centre + shift, turn, share)


def shapes(power: np.ndarray, top_hz: float) -> np.ndarray:
    """Shapes of power spectra, (frames, bins) from 0 to ``top_hz``."""
    bands = np.log(power @ _mel(power.shape[1], top_hz) + SPARE_POWER)
    return dct(bands, axis=1, norm="ortho")[:, 1 : ORDER + 1]


def clip_shapes(clip: np.ndarray, rate_hz: int) -> np.ndarray:
    """Shapes of mono sound, one every `HOP_S`, the first window starting with the clip."""
    size, hop = round(WINDOW_S * rate_hz), round(HOP_S * rate_hz)
    if len(clip) < size:
        return np.zeros((0, ORDER))
    frames = np.lib.stride_tricks.sliding_window_view(clip, size)[::hop]
    return shapes(np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)) ** 2, rate_hz / 2)


def _covariance(shape: np.ndarray) -> np.ndarray:
    whole = np.cov(shape.T)
    own = np.diag(np.diag(whole))
    return OFF_DIAGONAL_KEPT * whole + (1 - OFF_DIAGONAL_KEPT) * own + LEAST_VARIANCE * np.eye(len(whole))


def _mel_hz(count: int) -> np.ndarray:
    """That many frequencies from 0 to `TOP_HZ`, evenly spaced in mel (O'Shaughnessy 1987)."""
    top = 2595 * np.log10(1 + TOP_HZ / 700)
    return 700 * (10 ** (np.linspace(0.0, top, count) / 2595) - 1)


@lru_cache(maxsize=8)
def _mel(bins: int, top_hz: float) -> np.ndarray:
    """(bins, BANDS) triangles of equal area."""
    edges = _mel_hz(BANDS + 2)
    at = np.linspace(0.0, top_hz, bins)[:, None]
    rising = (at - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - at) / (edges[2:] - edges[1:-1])
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return triangles / np.maximum(triangles.sum(axis=0), 1e-9)


@lru_cache(maxsize=4)
def _spread(bins: int) -> np.ndarray:
    """(BANDS, bins): from values at the bands' middles to values at bins, straight in between."""
    at = np.interp(np.linspace(0.0, HIGHEST_HZ, bins), _mel_hz(BANDS + 2)[1:-1], np.arange(BANDS))
    low = np.minimum(at.astype(int), BANDS - 2)
    out = np.zeros((BANDS, bins))
    out[low, np.arange(bins)] = 1 - (at - low)
    out[low + 1, np.arange(bins)] = at - low
    return out
