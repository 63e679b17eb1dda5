"""`rapbot bench affects`: can a machine that hears only pitch and level tell how a line was meant?

Every affect is rendered on the planner's slots in several voices.  A classifier that knows nothing of the voice's
settings sees a few figures of the finished sound (fundamental frequency tracked by autocorrelation, level by frames),
each relative to how the same voice sounds when it says *other* lines plainly.  It learns on some lines and is tested on
others, in a rotation, so that no line is on both sides.

Sources: features after Scherer 2003 ("Vocal communication of emotion"); linear discriminant analysis with shrinkage
(Ledoit & Wolf 2004 give the reason, a fixed share is enough here).

*Conventions.*  Pitch in semitones, level in dB, both over voiced frames; a line's time runs from 0 to 1.  Accuracy is
k/n with a 95 % Wilson interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rapbot.bench.grid import LINES, planned
from rapbot.bench.respond import wilson
from rapbot.protocols import AcousticModel, G2p
from rapbot.voicing.delivery import AFFECTS, with_affect
from rapbot.voicing.voice import Voice
from rapbot.voicing.voices import VOICES

FOLDS = 3
BPM = 90.0
SEED = 1

HOP_S = 0.01
WINDOW_S = 0.04  # two and a half periods of the lowest voice
LOW_HZ, HIGH_HZ = 60.0, 500.0
VOICED_CORRELATION = 0.6
VOICED_BELOW_LOUDEST_DB = 25.0
OCTAVE_BONUS = 0.06  # a peak at twice the period must be this much better to be taken for the period
MEDIAN_FRAMES = 5  # single octave jumps are filtered out
SHORTEST_RUN = 4  # frames: fewer in a row are a consonant's hum
FURTHEST_SEMITONES = 11.0  # from the line's median: beyond it lies an octave error
END_S = 0.20  # before the last voiced frame: the last syllable
LEAST_FRAMES = 20
SHRINKAGE = 0.4

FEATURES = (
    "pitch_median", "pitch_spread", "pitch_range", "pitch_slope", "pitch_moves", "end_height", "end_move",
    "level_mean", "level_spread", "level_slope", "end_level",
)  # fmt: skip


def track_pitch(samples: np.ndarray, rate_hz: int) -> tuple[np.ndarray, np.ndarray]:
    """(f0_hz, level_db) every `HOP_S`; f0 is 0 where there is no clear period.  Normalised autocorrelation."""
    width, hop = round(WINDOW_S * rate_hz), round(HOP_S * rate_hz)
    padded = np.pad(np.asarray(samples, float), width // 2)
    if len(padded) < width:
        return np.zeros(0), np.zeros(0)
    frames = np.lib.stride_tricks.sliding_window_view(padded, width)[::hop]
    level_db = 10 * np.log10((frames**2).mean(axis=1) + 1e-12)
    window = np.hanning(width)
    size = 1 << (2 * width - 1).bit_length()
    spectrum = np.fft.rfft((frames - frames.mean(axis=1, keepdims=True)) * window, size, axis=1)
    own = np.fft.irfft(np.abs(spectrum) ** 2, size, axis=1)[:, :width]
    shape = np.fft.irfft(np.abs(np.fft.rfft(window, size)) ** 2, size)[:width]
    shortest, longest = int(rate_hz / HIGH_HZ), min(width - 2, int(rate_hz / LOW_HZ))
    correlation = own / (own[:, :1] + 1e-9) / np.maximum(shape / shape[0], 0.05)
    part = correlation[:, shortest : longest + 1] - OCTAVE_BONUS * np.log2(np.arange(shortest, longest + 1) / shortest)
    best = part.argmax(axis=1) + shortest
    rows = np.arange(len(best))
    left, middle, right = (correlation[rows, best + shift] for shift in (-1, 0, 1))
    bend = left - 2 * middle + right
    period = best + np.where(bend < 0, 0.5 * (left - right) / np.where(bend < 0, bend, 1.0), 0.0)
    clear = (middle > VOICED_CORRELATION) & (level_db > level_db.max() - VOICED_BELOW_LOUDEST_DB)
    return np.where(clear, rate_hz / period, 0.0), level_db


def features(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """`FEATURES` of one line, from the waveform alone."""
    f0_hz, level_db = track_pitch(samples, rate_hz)
    at = _steady(f0_hz)
    if len(at) < LEAST_FRAMES:
        raise ValueError(f"a line needs at least {LEAST_FRAMES * HOP_S:g} s of voice to be described")
    pitch = _median_filtered(12 * np.log2(f0_hz[at] / 100.0))
    level = level_db[at]
    time = (at - at[0]) / (at[-1] - at[0])
    end = at > at[-1] - END_S / HOP_S
    body = ~end if (~end).sum() > LEAST_FRAMES // 2 else np.ones(len(at), bool)
    low, high = np.percentile(pitch, [5, 95])
    return np.asarray([
        np.median(pitch), pitch.std(), high - low, _slope(time[body], pitch[body]), np.abs(np.diff(pitch)).mean(),
        pitch[end].mean() - np.median(pitch), _slope(HOP_S * at[end], pitch[end]) * END_S if end.sum() > 2 else 0.0,
        10 * np.log10((10 ** (level / 10)).mean()), level.std(), _slope(time[body], level[body]),
        level[end].mean() - level[body].mean(),
    ])  # fmt: skip


def _steady(f0_hz: np.ndarray) -> np.ndarray:
    """Frames that belong to a vowel: voiced in a run, and no octave from where the line lies."""
    at = np.flatnonzero(f0_hz > 0)
    if len(at) == 0:
        return at
    semitones = 12 * np.log2(f0_hz[at])
    at = at[np.abs(semitones - np.median(semitones)) < FURTHEST_SEMITONES]
    runs = np.split(at, np.flatnonzero(np.diff(at) > 1) + 1)
    return np.concatenate([run for run in runs if len(run) >= SHORTEST_RUN] or [at[:0]])


def _slope(time: np.ndarray, values: np.ndarray) -> float:
    return float(np.polyfit(time, values, 1)[0])


def _median_filtered(values: np.ndarray) -> np.ndarray:
    half = MEDIAN_FRAMES // 2
    padded = np.pad(values, half, mode="edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, MEDIAN_FRAMES), axis=1)


# --------------------------------------------------------------------------------------------------- the classifier


def fit_discriminant(rows: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(weights, offsets) of a linear discriminant with one shrunken covariance; labels are 0 … classes−1."""
    classes = int(labels.max()) + 1
    centres = np.stack([rows[labels == k].mean(axis=0) for k in range(classes)])
    within = rows - centres[labels]
    covariance = within.T @ within / max(1, len(rows) - classes)
    covariance = (
        (1 - SHRINKAGE) * covariance + SHRINKAGE * np.diag(np.diag(covariance)) + 1e-6 * np.eye(len(covariance))
    )
    weights = np.linalg.solve(covariance, centres.T)
    return weights, -0.5 * np.einsum("kf,fk->k", centres, weights)


def _common_and_own(spreads: np.ndarray) -> np.ndarray:
    """Each voice's unit: half-way (geometrically) between how much it varies by itself and how much voices do.

    A monotonous voice moves little in any affect, but not in proportion.
    """
    return np.sqrt(spreads * spreads.mean(axis=0)) + 1e-6


def guessed(rows: np.ndarray, discriminant: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """The most likely class of each row."""
    weights, offsets = discriminant
    return (rows @ weights + offsets).argmax(axis=1)


def run(
    model: AcousticModel,
    text: G2p,
    voices: Sequence[str] = tuple(VOICES),
    lines: Sequence[str] = LINES,
    folds: int = FOLDS,
) -> dict[str, Any]:
    """Render, describe, learn and guess; see the module's aim."""
    if folds < 2 or len(lines) < 2 * folds:
        raise ValueError(f"{folds} folds need at least {2 * folds} lines, got {len(lines)}")
    names = tuple(AFFECTS)
    spoken = [planned(text, line, BPM) for line in lines]
    plain: list[np.ndarray] = []
    coloured: list[np.ndarray] = []
    for name in voices:
        voice = Voice(model, VOICES[name], SEED)
        for manner, rows in ((None, plain), *((affect, coloured) for affect in names)):
            own = VOICES[name].delivery
            how = own if manner is None else with_affect(own, manner)
            takes = [voice.render(words, plan.slots, BPM, how, seed=k) for k, (words, plan) in enumerate(spoken)]
            rows.append(np.stack([features(take.samples, take.rate_hz) for take in takes]))
    plain_rows = np.stack(plain)  # (voices, lines, features)
    affect_rows = np.stack(coloured).reshape(len(voices), len(names), len(lines), -1)
    confusion = np.zeros((len(names), len(names)), int)
    by_voice = np.zeros((len(voices), 2), int)
    order = np.arange(len(lines)) // 2 % folds  # neighbouring lines rhyme: they stay on one side
    for fold in range(folds):
        learnt, held = order != fold, order == fold
        middle = plain_rows[:, learnt].mean(axis=1)[:, None, None]
        spread = _common_and_own(plain_rows[:, learnt].std(axis=1))[:, None, None]
        relative = (affect_rows - middle) / spread
        labels = np.broadcast_to(np.arange(len(names))[None, :, None], relative.shape[:3])
        discriminant = fit_discriminant(relative[:, :, learnt].reshape(-1, len(FEATURES)), labels[:, :, learnt].ravel())
        guess = guessed(relative[:, :, held].reshape(-1, len(FEATURES)), discriminant).reshape(labels[:, :, held].shape)
        np.add.at(confusion, (labels[:, :, held].ravel(), guess.ravel()), 1)
        by_voice[:, 0] += (guess == labels[:, :, held]).sum(axis=(1, 2))
        by_voice[:, 1] += guess[0].size
    right, total = int(np.trace(confusion)), int(confusion.sum())
    shift = (affect_rows.mean(axis=2) - plain_rows.mean(axis=1)[:, None]).mean(axis=0)
    return {
        "benchmark": "affects",
        "affects": list(names),
        "voices": list(voices),
        "lines": len(lines),
        "folds": folds,
        "right": right,
        "total": total,
        "accuracy": round(right / total, 4),
        "interval": [round(x, 4) for x in wilson(right, total)],
        "by_voice": {name: by_voice[k].tolist() for k, name in enumerate(voices)},
        "confusion": confusion.tolist(),
        "shift": {
            name: {feature: round(float(x), 2) for feature, x in zip(FEATURES, shift[k], strict=True)}
            for k, name in enumerate(names)
        },
    }


def run_default() -> dict[str, Any]:
    """The benchmark with the real engines."""
    from rapbot.engines.hibari_text import HibariText
    from rapbot.engines.hibari_voice import HibariVoice

    return run(HibariVoice(), HibariText())


def table(result: dict[str, Any]) -> str:
    """The confusion matrix and what each affect changed, for people."""
    names = result["affects"]
    low, high = result["interval"]
    rows = [f"{'meant / heard':14}" + "".join(f"{name:>12}" for name in names)]
    rows += [
        f"{name:14}" + "".join(f"{count:12d}" for count in counts)
        for name, counts in zip(names, result["confusion"], strict=True)
    ]
    rows.append(
        f"told apart: {result['right']}/{result['total']} = {100 * result['accuracy']:.1f} % "
        f"({100 * low:.1f}–{100 * high:.1f} %), goal ≥ 90 %; {result['folds']} folds of {result['lines']} lines, "
        + ", ".join(f"{name} {right}/{total}" for name, (right, total) in result["by_voice"].items())
    )
    rows.append("")
    rows.append(f"{'against plain':14}" + "".join(f"{feature:>14}" for feature in FEATURES))
    rows += [
        f"{name:14}" + "".join(f"{result['shift'][name][feature]:14.2f}" for feature in FEATURES) for name in names
    ]
    return "\n".join(rows)
