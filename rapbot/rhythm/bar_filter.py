"""Fit a constant tempo and bar line to onset channels: a matched filter over whole bars.

Aim: decide tempo, beat level and downbeat together, by how well the folded recording looks like a bar of rap.  The
bar pointer model of Krebs, Böck & Widmer (ISMIR 2013) follows a tempo that may change; backing tracks do not change,
so every (tempo, bar line) can be tried exactly: a bar-periodic template sees only harmonics of the bar frequency,
hence one FFT per channel serves all tempos and one short inverse FFT all bar lines.

*Conventions.*  Channels: float64, shape (frames, channels), `FRAMES_PER_S` frames a second.  A template's weights are
complex, shape (templates, channels, HARMONICS): Fourier coefficients 1..HARMONICS over one bar of 4/4.  Scores are log
odds (natural logarithm), tempo prior included.  ``bar_phase`` is the share of a bar, in [0, 1), at which the first bar
line lies after time 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rapbot.rhythm.features import FRAMES_PER_S

HARMONICS = 32  # the finest thing a template knows is the 64th of a bar
PHASES = 64  # bar lines tried per tempo; one lies within 1/32 of a beat of any true one
MIN_BPM, MAX_BPM = 58.0, 190.0
KNOWN_BPM_SLACK = 0.04  # a tempo typed by a user is trusted to 4 %
PAD = 8  # zero padding that makes the nearest FFT bin good enough at the recording's edges (phase error < 0.2 rad)
CHUNK_TEMPOS = 1024  # tempos scored at once, to keep memory small on long recordings


@dataclass(frozen=True)
class BarTemplates:
    """What bars look like: one entry per kind of beat (or voice alone), each with the tempos it is found at."""

    names: tuple[str, ...]
    weights: np.ndarray
    log_bpm_mean: np.ndarray
    log_bpm_sigma: np.ndarray
    log_prior: np.ndarray

    def tempo_prior(self, bpm: np.ndarray) -> np.ndarray:
        """Log density over log tempo, plus the template's own log prior; shape (tempos, templates)."""
        z = (np.log(bpm)[:, None] - self.log_bpm_mean) / self.log_bpm_sigma
        return self.log_prior - 0.5 * z**2 - np.log(self.log_bpm_sigma)

    def only(self, chosen: np.ndarray) -> BarTemplates:
        """The templates where the boolean array ``chosen`` is true."""
        names = tuple(name for name, keep in zip(self.names, chosen, strict=True) if keep)
        return BarTemplates(
            names, self.weights[chosen], self.log_bpm_mean[chosen], self.log_bpm_sigma[chosen], self.log_prior[chosen]
        )


def read_templates(path: Path) -> BarTemplates:
    """Templates from the file that `models/make_beat_templates.py` writes."""
    with np.load(path) as table:
        weights = table["weights"].astype(np.float64)
        return BarTemplates(
            names=tuple(str(name) for name in table["names"]),
            weights=weights[..., 0] + 1j * weights[..., 1],
            log_bpm_mean=np.log(table["bpm_mean"].astype(np.float64)),
            log_bpm_sigma=table["log_bpm_sigma"].astype(np.float64),
            log_prior=np.log(table["prior"].astype(np.float64)),
        )


@dataclass(frozen=True)
class BarScores:
    """Scores of every tempo and bar line tried: ``log_odds`` has shape (tempos, PHASES)."""

    bpm: np.ndarray
    log_odds: np.ndarray


class ChannelHarmonics:
    """Fourier transform of the channels, looked up at any multiple of any bar frequency.

    Time is measured from the middle of the recording, so that neighbouring tempos agree in phase.
    """

    def __init__(self, channels: np.ndarray) -> None:
        self._frames = len(channels)
        self.middle_s = self._frames / 2 / FRAMES_PER_S
        self.duration_s = self._frames / FRAMES_PER_S
        self._size = 1 << int(np.ceil(np.log2(max(PAD * self._frames, 1024))))
        self._spectrum = np.fft.rfft(channels - channels.mean(axis=0), self._size, axis=0) / max(self._frames, 1)

    def at(self, bpm: np.ndarray) -> np.ndarray:
        """Mean of channel times exp(-2 pi i k f t), f the bar frequency: shape (tempos, HARMONICS, channels)."""
        hz = bpm[:, None] / 240.0 * np.arange(1, HARMONICS + 1)
        bins = np.minimum(np.round(hz / FRAMES_PER_S * self._size).astype(int), len(self._spectrum) - 1)
        turn = np.exp(2j * np.pi * bins / self._size * (self._frames / 2))
        return self._spectrum[bins] * turn[..., None]


def tempo_grid(duration_s: float, known_bpm: float | None) -> np.ndarray:
    """Tempos to try: so dense that even the highest harmonic drifts by less than 1/4 of a cycle at the edges."""
    low, high = MIN_BPM, MAX_BPM
    if known_bpm is not None:
        low, high = known_bpm * (1 - KNOWN_BPM_SLACK), known_bpm * (1 + KNOWN_BPM_SLACK)
    step = 240.0 / (2 * HARMONICS * max(duration_s, 2.0))
    return np.linspace(low, high, max(2, int(np.ceil((high - low) / step)) + 1))


def _log_sum_exp(values: np.ndarray, axis: int) -> np.ndarray:
    top = values.max(axis=axis, keepdims=True)
    return np.squeeze(top, axis) + np.log(np.exp(values - top).sum(axis=axis))


def score_bars(harmonics: ChannelHarmonics, templates: BarTemplates, bpm: np.ndarray) -> BarScores:
    """Log odds of every (tempo, bar line); bar line ``p`` lies p/PHASES of a bar after the middle."""
    filters = np.conj(templates.weights).transpose(2, 1, 0)  # (harmonics, channels, templates)
    rows = []
    for first in range(0, len(bpm), CHUNK_TEMPOS):
        part = bpm[first : first + CHUNK_TEMPOS]
        matched = np.matmul(harmonics.at(part).transpose(1, 0, 2), filters)  # (harmonics, tempos, templates)
        series = np.zeros((PHASES // 2 + 1, len(part), len(templates.names)), complex)
        series[1 : HARMONICS + 1] = matched[: PHASES // 2]
        if PHASES // 2 == HARMONICS:
            series[HARMONICS] = 2 * series[HARMONICS].real  # the Nyquist term counts once in an inverse real FFT
        match = np.fft.irfft(series, PHASES, axis=0) * (PHASES / 2)
        total = match + templates.tempo_prior(part)
        rows.append(_log_sum_exp(total, axis=2).T)
    return BarScores(bpm, np.concatenate(rows))
