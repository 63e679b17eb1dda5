"""Tempo, beats and bar lines of a recorded verse, whole or while it is still being heard.

Aim: from somebody rapping over a beat, or alone, find the one constant tempo and bar line that explain the recording.
Three steps: the bar filter (`bar_filter`) picks tempo, beat level and downbeat together; the hits nearest the beats
then fix tempo and phase by robust regression; what the filter could not tell apart lowers the confidence.

*Conventions.*  Seconds from the first sample fed.  A hit's time is where its sound starts: `PEAK_DELAY_S` holds the
constant distance from there to the peak of each onset channel, measured in full mixes of `models/beat_material.py`,
whose hits are known to the sample.  Beats before the first sound or after the last sample are not reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from rapbot.errors import EngineUnavailable
from rapbot.rhythm.bar_filter import (
    PHASES,
    BarScores,
    BarTemplates,
    ChannelHarmonics,
    read_templates,
    score_bars,
    tempo_grid,
)
from rapbot.rhythm.features import CHANNELS, FRAMES_PER_S, BandSpectra, SpectrumStage, onset_channels
from rapbot.rhythm.timeline import BEATS_PER_BAR
from rapbot.values import BeatGrid

TEMPLATES_FILE = "beat_templates.npz"
ESTIMATE_EVERY_S = 0.5  # how often a live tracker commits to the next beat and bar line
MIN_HEARD_S = 1.5  # less than this holds no two beats of a slow beat
USUAL_BPM = 96.0  # the median of human rap (MCFlow), also the answer where a recording says nothing
# Log spread around it: 5 to 95 % of rap lies within 0.18 of log tempo; wider, because trap, drill and grime are counted
# at 140.  Only half and double of a tempo are near enough in odds for this to decide.
USUAL_SPREAD = 0.25
SEARCH_S = 60.0  # the bar filter needs no more than this; longer recordings are searched in their middle
LIVE_SEARCH_S = 24.0  # eight bars at 80 BPM: live estimates follow the recent past

# The filter was trained on few tempos at a time and spreads its odds too widely over all of them: with this exponent
# the share that agrees is the share of recordings that are right (benchmarks/beats.py prints both).
CONFIDENCE_SHARPNESS = 1.8
MAX_CONFIDENCE = 0.99  # one recording in a hundred fools it whatever the odds say

# Log odds for a bar line at the very first sound: backing tracks and loops are played from their first bar line.
START_BONUS = 1.5
START_TOLERANCE_S = 0.06
START_LEVEL = 0.1  # the first frame with a tenth of the usual strong level is where the recording really begins

EDGE_S = 0.02  # more than any phase error here: nearer to an end of the recording a beat is on it, not inside

# Hits used to fix tempo and phase, with their trust: kicks carry the grid, snares are played late on purpose in places.
HIT_WEIGHTS = {"kick": 1.0, "body": 0.4, "snare": 0.6, "hat": 0.6}
VOICE_HIT_WEIGHTS = {"vowel": 1.0}
PEAK_DELAY_S = {"kick": -0.0005, "body": -0.002, "snare": -0.0007, "hat": -0.0003, "vowel": 0.016}
MIN_HIT = 0.12  # weaker peaks are ripple
HIT_WIDTHS_S = (
    0.045,
    0.030,
    0.020,
    0.014,
    0.010,
    0.010,
)  # closing in from what the bar filter leaves open
VOICE_TEMPLATE = "voice"  # templates whose names start so describe a voice without a beat
ONSET_SIGMA_FRAMES = 1.5  # vowel onsets told by a recogniser are good to about 15 ms


@dataclass(frozen=True)
class BeatEstimate:
    """What a live tracker knew at ``asked_s`` from the audio before it."""

    asked_s: float
    bpm: float
    next_beat_s: float
    next_bar_s: float
    confidence: float


@dataclass(frozen=True)
class BarFit:
    """A constant-tempo grid: one bar line at ``bar_s`` (any bar), ``alone`` if the voice has no beat under it."""

    bpm: float
    bar_s: float
    confidence: float
    alone: bool


@lru_cache(maxsize=1)
def beat_templates() -> BarTemplates:
    """The templates trained for this package, read once: a table of constants, from the wheel or the checkout."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "_models", package.parent / "models"):
        if (folder / TEMPLATES_FILE).is_file():
            return read_templates(folder / TEMPLATES_FILE)
    raise EngineUnavailable(f"{TEMPLATES_FILE} is missing: install rapbot again (`pip install --force-reinstall`)")


class BeatTracker:
    """Audio blocks in, beat estimates out; `finish` gives the grid of the whole recording.

    With ``estimate_every_s=None`` nothing is estimated on the way.  Chunking never changes estimates or grid.
    """

    def __init__(
        self, rate_hz: int, known_bpm: float | None = None, estimate_every_s: float | None = ESTIMATE_EVERY_S
    ) -> None:
        if known_bpm is not None and not 20.0 <= known_bpm <= 400.0:
            raise ValueError(f"known_bpm must be between 20 and 400, got {known_bpm}")
        if estimate_every_s is not None and estimate_every_s <= 0.0:
            raise ValueError(f"estimate_every_s must be positive, got {estimate_every_s}")
        self.rate_hz = rate_hz
        self.known_bpm = known_bpm
        self._estimate_every_s = estimate_every_s
        self._stage = SpectrumStage(rate_hz)
        self._asked = 0

    def feed(self, block: np.ndarray) -> list[BeatEstimate]:
        """Take the next mono samples; one estimate for every half second that they complete."""
        block = np.asarray(block)
        if self._estimate_every_s is None:
            self._stage.feed(block)
            return []
        estimates: list[BeatEstimate] = []
        while True:
            next_samples = round((self._asked + 1) * self._estimate_every_s * self.rate_hz)
            missing = next_samples - self._stage.fed_samples
            if len(block) < missing:
                self._stage.feed(block)
                return estimates
            self._stage.feed(block[:missing])
            block = block[missing:]
            self._asked += 1
            estimates.append(self.estimate(self._asked * self._estimate_every_s))

    def estimate(self, asked_s: float) -> BeatEstimate:
        """Next beat and bar line at or after ``asked_s`` from what was fed; confidence 0 while that says nothing."""
        spectra = self._stage.spectra()
        skipped = max(0, len(spectra.magnitudes) - round(LIVE_SEARCH_S * FRAMES_PER_S))
        recent = BandSpectra(spectra.magnitudes[skipped:], spectra.centres_hz)
        fit = fit_bars(recent, self.known_bpm) if spectra.duration_s >= MIN_HEARD_S else None
        fit = fit or _guess(first_sound_s(recent), self.known_bpm)
        bar_s = fit.bar_s + skipped / FRAMES_PER_S
        beat_s = 60.0 / fit.bpm
        next_beat_s = bar_s + beat_s * np.ceil((asked_s - bar_s) / beat_s)
        next_bar_s = bar_s + BEATS_PER_BAR * beat_s * np.ceil((asked_s - bar_s) / (BEATS_PER_BAR * beat_s))
        return BeatEstimate(asked_s, fit.bpm, float(next_beat_s), float(next_bar_s), fit.confidence)

    def finish(self, voice_onsets_s: Sequence[float] | None = None) -> BeatGrid:
        """The grid of everything fed.

        ``voice_onsets_s``: vowel onsets from a recogniser, better than the ones heard here where there is no beat.
        A recording with nothing to hear gives confidence 0 on a grid at the known or the usual tempo.
        """
        spectra = self._stage.finish()
        duration_s = self._stage.fed_samples / self.rate_hz
        fit = fit_bars(spectra, self.known_bpm, voice_onsets_s) or _guess(first_sound_s(spectra), self.known_bpm)
        return grid_of(fit, first_sound_s(spectra), duration_s)


def track(
    samples: np.ndarray, rate_hz: int, known_bpm: float | None = None, voice_onsets_s: Sequence[float] | None = None
) -> BeatGrid:
    """Tempo, beats and bar lines of a whole mono recording."""
    tracker = BeatTracker(rate_hz, known_bpm, estimate_every_s=None)
    tracker.feed(samples)
    return tracker.finish(voice_onsets_s)


def _guess(first_s: float, known_bpm: float | None) -> BarFit:
    """What to say of too little or nothing: the usual tempo, the bar begins with the sound, no confidence."""
    return BarFit(known_bpm or USUAL_BPM, first_s, 0.0, True)


def first_sound_s(spectra: BandSpectra) -> float:
    """Where the recording really begins: the first frame with a tenth of the strong level."""
    loudness = spectra.magnitudes.max(axis=1, initial=0.0)
    if not len(loudness) or loudness.max() <= 0.0:
        return 0.0
    return float(np.argmax(loudness >= START_LEVEL * np.percentile(loudness, 95.0)) / FRAMES_PER_S)


def grid_of(fit: BarFit, first_s: float, duration_s: float) -> BeatGrid:
    """Every beat from the first sound to the end; the origin is the first bar line of them.

    A beat found up to `EDGE_S` before the first sample is taken to be that sample.
    """
    beat_s = 60.0 / fit.bpm
    first = int(np.ceil((max(first_s - START_TOLERANCE_S, -EDGE_S) - fit.bar_s) / beat_s))
    last = int(np.ceil((duration_s - EDGE_S - fit.bar_s) / beat_s))
    indices = np.arange(first, max(last, first))
    beats = np.maximum(fit.bar_s + beat_s * indices, 0.0)
    origin_index = first + (-first) % BEATS_PER_BAR
    downbeats = beats[indices % BEATS_PER_BAR == 0]
    return BeatGrid(
        bpm=fit.bpm,
        beat_origin_s=max(0.0, fit.bar_s + beat_s * origin_index),
        confidence=fit.confidence,
        beats_s=tuple(float(t) for t in beats),
        downbeats_s=tuple(float(t) for t in downbeats),
    )


def fit_bars(
    spectra: BandSpectra, known_bpm: float | None = None, voice_onsets_s: Sequence[float] | None = None
) -> BarFit | None:
    """The grid that explains the spectra best; None where nothing starts anywhere."""
    channels = onset_channels(spectra)
    if not len(channels) or not channels[:, : CHANNELS.index("bass_change")].any():
        return None
    if voice_onsets_s is not None and len(voice_onsets_s):
        channels[:, CHANNELS.index("vowel")] = _told_onsets(channels[:, CHANNELS.index("vowel")], voice_onsets_s)
    first = max(0, (len(channels) - round(SEARCH_S * FRAMES_PER_S)) // 2)
    searched = channels[first : len(channels) - first] if first else channels
    harmonics = ChannelHarmonics(searched)
    middle_s = first / FRAMES_PER_S + harmonics.middle_s
    templates = beat_templates()
    scores = score_bars(harmonics, templates, tempo_grid(harmonics.duration_s, known_bpm))
    scores = _with_start_bonus(scores, first_sound_s(spectra) - middle_s)
    if known_bpm is None:
        scores = _with_usual_tempo(scores)
    tempo, phase = np.unravel_index(int(scores.log_odds.argmax()), scores.log_odds.shape)
    bpm, bar_s = _between(scores, int(tempo), int(phase))
    alone = _voice_share(harmonics, templates, float(scores.bpm[tempo]), int(phase)) > 0.5
    weights = VOICE_HIT_WEIGHTS if alone else HIT_WEIGHTS
    bar_s += middle_s
    found = hits(channels, weights)
    if first:  # a long recording: its far ends are within reach of the right beat only once the searched part is fitted
        inside = np.abs(found[:, 0] - middle_s) < SEARCH_S / 2
        bpm, bar_s = _regressed(found[inside], bpm, bar_s, middle_s)
    bpm, bar_s = _regressed(found, bpm, bar_s, middle_s)
    return BarFit(float(bpm), float(bar_s), _posterior(scores, int(tempo), int(phase)), alone)


def _told_onsets(heard: np.ndarray, onsets_s: Sequence[float]) -> np.ndarray:
    """Pulses at the told onsets, as strong as the voice rises around them."""
    out = np.zeros_like(heard)
    frames = np.arange(len(heard))
    for onset_s in onsets_s:
        at = onset_s * FRAMES_PER_S
        low, high = max(0, int(at) - 6), int(at) + 12
        if 0 <= at < len(heard):
            strength = 0.3 + 0.7 * heard[low:high].max()
            pulse = np.exp(-0.5 * ((frames[low:high] - at) / ONSET_SIGMA_FRAMES) ** 2)
            out[low:high] = np.maximum(out[low:high], strength * pulse)
    return out


def _with_start_bonus(scores: BarScores, start_s: float) -> BarScores:
    """Favour grids with a bar line at the first sound; ``start_s`` is relative to the search's middle."""
    bar_s = 240.0 / scores.bpm[:, None]
    distance = (start_s / bar_s - np.arange(PHASES) / PHASES + 0.5) % 1.0 - 0.5
    bonus = START_BONUS * np.exp(-0.5 * (distance * bar_s / START_TOLERANCE_S) ** 2)
    return BarScores(scores.bpm, scores.log_odds + bonus)


def _with_usual_tempo(scores: BarScores) -> BarScores:
    """Favour the tempos people rap at."""
    z = np.log(scores.bpm / USUAL_BPM) / USUAL_SPREAD
    return BarScores(scores.bpm, scores.log_odds - 0.5 * (z**2)[:, None])


def _between(scores: BarScores, tempo: int, phase: int) -> tuple[float, float]:
    """Tempo and bar line (seconds from the middle) by a parabola through the best phase and its neighbours."""
    row = scores.log_odds[tempo]
    left, centre, right = row[phase - 1], row[phase], row[(phase + 1) % PHASES]
    bend = left - 2 * centre + right
    shift = 0.5 * (left - right) / bend if bend < 0 else 0.0
    bpm = float(scores.bpm[tempo])
    return bpm, float((phase + shift) / PHASES * 240.0 / bpm)


def _voice_share(harmonics: ChannelHarmonics, templates: BarTemplates, bpm: float, phase: int) -> float:
    """How much of the chosen grid's odds comes from templates of a voice alone."""
    is_voice = np.array([name.startswith(VOICE_TEMPLATE) for name in templates.names])
    alone = score_bars(harmonics, templates.only(is_voice), np.array([bpm])).log_odds[0, phase]
    every = score_bars(harmonics, templates, np.array([bpm])).log_odds[0, phase]
    return float(np.exp(alone - every))


def _posterior(scores: BarScores, tempo: int, phase: int) -> float:
    """Share of all odds that agrees with the choice: tempo within 2 %, bar line within a quarter of a beat."""
    # Phases are compared in the middle of the recording, where tempos that agree also agree about the bar line.
    odds = np.exp(CONFIDENCE_SHARPNESS * (scores.log_odds - scores.log_odds.max()))
    near_tempo = np.abs(scores.bpm / scores.bpm[tempo] - 1.0) < 0.02
    distance = np.abs((np.arange(PHASES) - phase + PHASES // 2) % PHASES - PHASES // 2)
    near = near_tempo[:, None] & (distance <= PHASES // 16)
    return min(MAX_CONFIDENCE, float(odds[near].sum() / odds.sum()))


def hits(channels: np.ndarray, weights: dict[str, float]) -> np.ndarray:
    """Peaks of the named channels: shape (hits, 2), time in seconds (delay removed) and weight."""
    found = []
    for name, weight in weights.items():
        x = channels[:, CHANNELS.index(name)]
        peak = np.flatnonzero((x[1:-1] >= MIN_HIT) & (x[1:-1] > x[:-2]) & (x[1:-1] >= x[2:])) + 1
        bend = x[peak - 1] - 2 * x[peak] + x[peak + 1]
        shift = 0.5 * (x[peak - 1] - x[peak + 1]) / np.where(bend < 0, bend, -1.0)
        times_s = (peak + shift) / FRAMES_PER_S - PEAK_DELAY_S[name]
        found.append(np.stack([times_s, weight * x[peak]], axis=1))
    return np.concatenate(found)


def _regressed(found: np.ndarray, bpm: float, bar_s: float, middle_s: float) -> tuple[float, float]:
    """Tempo and bar line by weighted least squares of the hits nearest the beats, closing in step by step."""
    if not len(found):
        return bpm, bar_s
    beat_s = 60.0 / bpm
    near_s = bar_s + 4 * beat_s * round((middle_s - bar_s) / (4 * beat_s))  # bar line nearest the middle of the search
    origin_s = near_s
    times_s, strengths = found[:, 0], found[:, 1]
    span = max(1.0, (times_s.max() - times_s.min()) / beat_s)
    for width_s in HIT_WIDTHS_S:
        index = np.round((times_s - origin_s) / beat_s)
        error_s = times_s - origin_s - index * beat_s
        weight = strengths * np.exp(-0.5 * (error_s / width_s) ** 2)
        # One imaginary hit holds the slope over the whole span, so that three hits in a row cannot turn the tempo.
        total = weight.sum() + 1e-6
        centre = (weight * index).sum() / total
        slope = (weight * (index - centre) * error_s).sum() / ((weight * (index - centre) ** 2).sum() + 0.25 * span**2)
        shift = (weight * error_s).sum() / total - slope * centre
        beat_s += slope
        origin_s += shift
    return 60.0 / beat_s, origin_s
