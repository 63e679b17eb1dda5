"""Train ``beat_templates.npz``: what a bar of rap looks like to the onset channels.

Aim: weights per template, channel and bar harmonic such that, among all tempos and bar lines of a recording, the true
one gets the highest odds.  A log-linear model with a hidden kind of beat, started from each style's mean bar, trained
by Adam on the cross entropy, with the tempos that fooled the model added to each recording's list of rivals between
rounds.

Run: ``python models/make_beat_templates.py`` (about five minutes; needs hibari-tts for the voice).  Same versions, same
bytes.

*Conventions.*  Rivals: shape (recordings, tempos, HARMONICS, channels), complex, turned so that the true bar line is
phase 0; tempo 0 is the true one.  Weights as in `rapbot.rhythm.bar_filter`.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parent)]

from beat_material import RATE_HZ, STYLES, Style, VoiceBank, make_clip, make_voice_bank  # noqa: E402

from rapbot.rhythm.bar_filter import (  # noqa: E402
    HARMONICS,
    MAX_BPM,
    MIN_BPM,
    PHASES,
    BarTemplates,
    ChannelHarmonics,
    score_bars,
    tempo_grid,
)
from rapbot.rhythm.features import CHANNELS, SpectrumStage, onset_channels  # noqa: E402

SEED = 1
CLIPS = 1500
RIVALS = 18  # tempos a recording is asked to tell apart
RATIOS = (1 / 2, 2, 2 / 3, 3 / 2, 3 / 4, 4 / 3, 1 / 3, 3, 5 / 4, 4 / 5)  # metrical levels a beat is mistaken for
ROUNDS, STEPS, BATCH = 3, 300, 64
LEARNING_RATE, DECAY = 0.1, 1e-4
VOICE_SHARE = 0.3  # prior of a voice without a beat; the styles share the rest
VOICE_BPM, VOICE_SPREAD = 94.0, 0.2
MIN_SPREAD = 0.12
USUAL_BPM, USUAL_SPREAD = 115.0, 0.27  # below 115 BPM every style may be as slow or fast as rap is (MCFlow: 72 to 129)


@dataclass(frozen=True)
class Example:
    """A recording as the model sees it; ``bar_phase`` in bars from the recording's middle."""

    harmonics: ChannelHarmonics
    bpm: float
    bar_phase: float
    name: str


def examples(count: int, seed: int, bank: VoiceBank) -> list[Example]:
    """Random clips: three of four with a beat, most with a voice, some through a microphone, some after silence."""
    out = []
    for index in range(count):
        rng = np.random.default_rng([seed, index])
        beat = bool(rng.random() < 0.75)
        voice = str(rng.choice(["none", "rapped", "free"], p=[0.25, 0.5, 0.25])) if beat else "rapped"
        intro_s = float(rng.choice([0.0, 0.0, rng.uniform(0.2, 3.0)]))
        microphone, length_s = bool(rng.random() < 0.4), float(rng.uniform(9, 36))
        clip = make_clip(
            rng, bank, beat=beat, voice=voice, microphone=microphone, length_s=length_s + intro_s, intro_s=intro_s
        )
        stage = SpectrumStage(RATE_HZ)
        stage.feed(clip.samples)
        harmonics = ChannelHarmonics(onset_channels(stage.finish()))
        phase = (clip.bar_origin_s - harmonics.middle_s) / clip.bar_s % 1.0
        out.append(Example(harmonics, clip.bpm, phase, clip.style if beat else "voice"))
    return out


def rival_tempos(example: Example, mined: tuple[float, ...], rng: np.random.Generator) -> np.ndarray:
    """The true tempo, the ones that fooled the model, metrical relatives, then random ones."""
    related = [example.bpm * r for r in RATIOS if MIN_BPM <= example.bpm * r <= MAX_BPM]
    anywhere = np.exp(rng.uniform(np.log(MIN_BPM), np.log(MAX_BPM), RIVALS))
    return np.array([example.bpm, *mined, *related, *anywhere])[:RIVALS]


def rivals(data: list[Example], mined: list[tuple[float, ...]]) -> tuple[np.ndarray, np.ndarray]:
    """Turned harmonics and tempos of every example's rivals."""
    turn = np.arange(1, HARMONICS + 1)
    bars, tempos = [], []
    for index, (example, fooled) in enumerate(zip(data, mined, strict=True)):
        bpm = rival_tempos(example, fooled, np.random.default_rng([SEED, 7, index]))
        shift = np.exp(2j * np.pi * turn * example.bar_phase)[None, :, None]
        bars.append((example.harmonics.at(bpm) * shift).astype(np.complex64))
        tempos.append(bpm)
    return np.array(bars), np.array(tempos)


def mine(data: list[Example], templates: BarTemplates) -> list[tuple[float, ...]]:
    """The six wrong tempos each example scores highest at."""
    out = []
    for example in data:
        grid = tempo_grid(example.harmonics.duration_s, None)[::2]
        best = score_bars(example.harmonics, templates, grid).log_odds.max(axis=1)
        best[np.abs(grid / example.bpm - 1) < 0.03] = -np.inf
        fooled = []
        for _ in range(6):
            worst = int(best.argmax())
            fooled.append(float(grid[worst]))
            best[np.abs(grid / grid[worst] - 1) < 0.02] = -np.inf
        out.append(tuple(fooled))
    return out


def logits(bars: np.ndarray, bpm: np.ndarray, templates: BarTemplates) -> np.ndarray:
    """Scores per phase, recording, tempo and template."""
    flat = bars.reshape(-1, HARMONICS, len(CHANNELS)).transpose(1, 0, 2)
    matched = np.matmul(flat, np.conj(templates.weights).transpose(2, 1, 0))
    series = np.zeros((PHASES // 2 + 1, *matched.shape[1:]), complex)
    series[1 : HARMONICS + 1] = matched
    series[HARMONICS] = 2 * series[HARMONICS].real
    scores = np.fft.irfft(series, PHASES, axis=0) * (PHASES / 2) + templates.tempo_prior(bpm.reshape(-1))
    return scores.reshape(PHASES, len(bars), -1, len(templates.names))


def gradient(bars: np.ndarray, bpm: np.ndarray, templates: BarTemplates) -> tuple[np.ndarray, float]:
    """Ascent direction of the mean log probability of the truth, and the cross entropy."""
    scores = logits(bars, bpm, templates)
    odds = np.exp(scores - scores.max(axis=(0, 2, 3), keepdims=True))
    belief = odds / odds.sum(axis=(0, 2, 3), keepdims=True)
    truth = belief[0, :, 0]  # (recordings, templates): phase 0, true tempo
    wanted = np.zeros_like(belief)
    wanted[0, :, 0] = truth / truth.sum(axis=1, keepdims=True)
    pull = np.conj(np.fft.fft((wanted - belief) / len(bars), axis=0)[1 : HARMONICS + 1])
    flat = bars.reshape(-1, HARMONICS, len(CHANNELS))
    pull = pull.reshape(HARMONICS, len(flat), -1)
    slope = np.matmul(pull.transpose(2, 0, 1)[..., None, :], flat.transpose(1, 0, 2)[None])[:, :, 0].transpose(0, 2, 1)
    return slope - DECAY * templates.weights, float(-np.log(truth.sum(axis=1)).mean())


def spread_of(style: Style) -> float:
    """Spread of log tempo that the tracker should expect of a style."""
    common = style.bpm < USUAL_BPM and style.spread > MIN_SPREAD
    return USUAL_SPREAD if common else max(MIN_SPREAD, 1.25 * style.spread)


def first_templates(data: list[Example], bars: np.ndarray) -> BarTemplates:
    """Each style's mean bar, scaled by the channels' power; two templates for a voice alone."""
    names = (*(style.name for style in STYLES), "voice", "voice, second")
    power = (np.abs(bars[:, 0]) ** 2).mean(axis=(0, 1))
    weights = np.zeros((len(names), len(CHANNELS), HARMONICS), complex)
    for index, name in enumerate(names):
        chosen = [i for i, example in enumerate(data) if example.name == name.split(",")[0]]
        # The second voice template starts from another half of the voices, so that the two can part.
        chosen = chosen[::2] if name == "voice" else chosen[1::2] if "," in name else chosen
        weights[index] = 0.5 / np.sqrt(len(CHANNELS)) * (bars[chosen, 0].mean(axis=0) / power).T
    share = np.array([style.share for style in STYLES])
    prior = np.concatenate([(1 - VOICE_SHARE) * share / share.sum(), [VOICE_SHARE / 2] * 2])
    return BarTemplates(
        names,
        weights,
        np.log([*(style.bpm for style in STYLES), VOICE_BPM, VOICE_BPM]),
        np.array([*(spread_of(style) for style in STYLES), VOICE_SPREAD, VOICE_SPREAD]),
        np.log(prior),
    )


def train(data: list[Example]) -> BarTemplates:
    """Adam in rounds, with new rivals after each."""
    rng = np.random.default_rng(SEED)
    bars, bpm = rivals(data, [()] * len(data))
    templates = first_templates(data, bars)
    momentum, power, step = np.zeros_like(templates.weights), np.zeros(templates.weights.shape), 0
    for round_index in range(ROUNDS):
        for within in range(STEPS):
            batch = rng.choice(len(data), BATCH, replace=False)
            slope, loss = gradient(bars[batch], bpm[batch], templates)
            step += 1
            momentum = 0.9 * momentum + 0.1 * slope
            power = 0.99 * power + 0.01 * np.abs(slope) ** 2
            rate = LEARNING_RATE * (1 - within / STEPS if round_index == ROUNDS - 1 else 1.0)
            change = rate * (momentum / (1 - 0.9**step)) / (np.sqrt(power / (1 - 0.99**step)) + 1e-6)
            templates = BarTemplates(
                templates.names,
                templates.weights + change,
                templates.log_bpm_mean,
                templates.log_bpm_sigma,
                templates.log_prior,
            )
            if step % 100 == 0:
                print(f"round {round_index} step {step} cross entropy {loss:.3f}", flush=True)
        if round_index < ROUNDS - 1:
            bars, bpm = rivals(data, mine(data, templates))
    return templates


def write(templates: BarTemplates, path: Path) -> None:
    """Half precision: the weights' third digit changes no decision."""
    np.savez_compressed(
        path,
        names=np.array(templates.names),
        weights=np.stack([templates.weights.real, templates.weights.imag], axis=-1).astype(np.float16),
        bpm_mean=np.exp(templates.log_bpm_mean).astype(np.float32),
        log_bpm_sigma=templates.log_bpm_sigma.astype(np.float32),
        prior=np.exp(templates.log_prior).astype(np.float32),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", type=Path, default=Path(__file__).with_name("beat_templates.npz"))
    parser.add_argument("--clips", type=int, default=CLIPS)
    options = parser.parse_args()
    write(train(examples(options.clips, SEED, make_voice_bank())), options.o)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
