"""How well the beat tracker hears tempo, beats and bar lines: a table and one JSON line.

Aim: the figures a user would see: our own backing styles (which the tracker's templates were not trained on) at
several tempos, alone, under a rapping voice and under speech that ignores the beat, straight and through a simulated
microphone, started on the bar, after silence or in the middle of a bar; and the same voice without any beat.

Run: ``python benchmarks/beats.py [--quick] [--json F]``.

*Conventions.*  A beat counts as found within 70 ms (mir_eval's F-measure), a downbeat likewise.  "1 %" and "4 %" are
shares of recordings whose tempo is that near; "octave" are those that are right but for a factor of two.  Phase error
is the absolute and the signed distance in ms of the found grid from the true one in the middle of the recording, where
the beat is right.  ``conf`` is the mean confidence, ``right`` the share with tempo and bar line right.  "usual" are the
recordings between 72 and 150 BPM.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[1] / "models")]

import beat_material as material  # noqa: E402

from rapbot.rhythm.tracker import BeatTracker, track  # noqa: E402
from rapbot.sound.backing import render_backing  # noqa: E402
from rapbot.sound.styles import STYLE_BOOK  # noqa: E402
from rapbot.values import BeatGrid  # noqa: E402

F_WINDOW_S = 0.07
USUAL_LOW_BPM, USUAL_HIGH_BPM = 72.0, 150.0  # 5 % of rap is slower, hardly any faster (MCFlow)
ODD_TEMPOS = (78.5, 88.3, 104.7, 121.9)  # beat lengths that share nothing with frames or samples
VOICE_OVER_BEAT_DB = (3.0, 6.0)


@dataclass(frozen=True)
class Case:
    """One recording: mono samples, its true tempo and one true bar line."""

    group: str
    label: str
    samples: np.ndarray
    rate_hz: int
    bpm: float
    bar_s: float


@dataclass(frozen=True)
class Result:
    """How the tracker did on one case."""

    group: str
    label: str
    bpm: float
    tempo_ratio: float
    beat_f: float
    downbeat_f: float
    phase_ms: float
    right: bool
    confidence: float


def f_measure(found_s: np.ndarray, true_s: np.ndarray) -> float:
    """Share of beats found and of found beats that are true (harmonic mean), each matched at most once."""
    if not len(found_s) or not len(true_s):
        return 0.0
    hits, taken = 0, -1
    for t in found_s:  # both lists ascend, so the greedy match from the left is the best one
        near = np.flatnonzero(np.abs(true_s - t) <= F_WINDOW_S)
        near = near[near > taken]
        if len(near):
            hits, taken = hits + 1, int(near[0])
    return 2 * hits / (len(found_s) + len(true_s))


def judge(case: Case, grid: BeatGrid) -> Result:
    """Compare a grid with the truth over the part of the recording that has music."""
    duration_s = len(case.samples) / case.rate_hz
    beat_s = 60.0 / case.bpm
    loud = np.flatnonzero(np.abs(case.samples) > 0.05 * np.abs(case.samples).max())
    index = np.arange(
        np.ceil((loud[0] / case.rate_hz - 0.05 - case.bar_s) / beat_s), (duration_s - case.bar_s) / beat_s
    )
    true_s = case.bar_s + index * beat_s
    ratio = grid.bpm / case.bpm
    middle_s = duration_s / 2

    def off(period_s: float, found_period_s: float) -> float:
        nearest = grid.beat_origin_s + found_period_s * round((middle_s - grid.beat_origin_s) / found_period_s)
        return ((nearest - case.bar_s) / period_s + 0.5) % 1.0 * period_s - 0.5 * period_s

    phase_s, bar_off_s = off(beat_s, 60.0 / grid.bpm), off(4 * beat_s, 240.0 / grid.bpm)
    good_tempo = abs(ratio - 1) < 0.01
    return Result(
        case.group,
        case.label,
        case.bpm,
        ratio,
        f_measure(np.array(grid.beats_s), true_s),
        f_measure(np.array(grid.downbeats_s), true_s[index % 4 == 0]),
        1e3 * phase_s if good_tempo and abs(phase_s) < 0.2 * beat_s else float("nan"),
        good_tempo and abs(bar_off_s) < F_WINDOW_S,
        grid.confidence,
    )


def _at_rate(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    return resample_poly(samples, rate_hz, 48_000) if rate_hz != 48_000 else samples


def cases(bank: material.VoiceBank, quick: bool) -> list[Case]:
    """Every style at its low, home and high tempo and at odd tempos between, times voice, times microphone."""
    out: list[Case] = []
    for style_index, (style, info) in enumerate(STYLE_BOOK.items()):
        own = (info.info.low_bpm, info.info.home_bpm, info.info.high_bpm)
        tempos = (
            [info.info.home_bpm]
            if quick
            else sorted({*own, *(t for t in (78.5, 88.3, 104.7, 121.9) if own[0] <= t <= own[2])})
        )
        for tempo_index, bpm in enumerate(tempos):
            rng = np.random.default_rng([style_index, tempo_index])
            bars = 8 if bpm < 130 else 16
            beat = render_backing(style, bpm, bars, seed=int(rng.integers(1000))).samples.astype(np.float64)
            beat = resample_poly(beat.mean(axis=1) if beat.ndim == 2 else beat, 1, 2)
            start_s = (0.0, float(rng.uniform(0.3, 2.5)), -float(rng.uniform(0.1, 240 / bpm)))[tempo_index % 3]
            beat = np.concatenate([np.zeros(round(max(start_s, 0) * material.RATE_HZ)), beat])
            beat = beat[round(max(-start_s, 0) * material.RATE_HZ) :]
            beat /= np.sqrt(np.mean(beat**2))
            length_s = len(beat) / material.RATE_HZ
            for voice in ("none", "rapped", "free"):
                mix = beat.copy()
                if voice != "none":
                    rapped = voice == "rapped"
                    speech = (
                        material.rapped_voice(bank, bpm, length_s, start_s, rng)
                        if rapped
                        else material.free_speech(bank, length_s, rng)
                    )[: len(mix)]
                    speech /= np.sqrt(np.mean(speech**2))
                    mix[: len(speech)] += speech * 10 ** (rng.uniform(*VOICE_OVER_BEAT_DB) / 20)
                for microphone in (False, True):
                    heard = material.room_and_microphone(mix, rng) if microphone else mix
                    rate_hz = (48_000, 16_000, 24_000)[tempo_index % 3]
                    heard = resample_poly(heard, rate_hz, material.RATE_HZ) / (4 * np.abs(heard).max())
                    group = f"beat{'' if voice == 'none' else ' + ' + voice}{', mic' if microphone else ''}"
                    out.append(Case(group, f"{style} {bpm:g}", heard.astype(np.float32), rate_hz, bpm, start_s))
    for bpm_index, bpm in enumerate(np.linspace(70, 120, 4 if quick else 22)):
        rng = np.random.default_rng([99, bpm_index])
        bars = (8, 16, 4)[bpm_index % 3]
        bar_s = float(rng.uniform(0, 1.0))
        speech = material.rapped_voice(bank, float(bpm), bars * 240 / bpm + bar_s, bar_s, rng)
        for microphone in (False, True):
            heard = material.room_and_microphone(speech, rng) if microphone else speech
            heard = (heard / (4 * np.abs(heard).max())).astype(np.float32)
            out.append(
                Case(
                    f"voice alone{', mic' if microphone else ''}",
                    f"{bpm:.1f} x{bars}",
                    heard,
                    24_000,
                    float(bpm),
                    bar_s,
                )
            )
    return out


def table(results: list[Result]) -> dict[str, dict[str, float]]:
    """Figures per group, printed and returned."""
    figures: dict[str, dict[str, float]] = {}
    print(
        f"{'':24}{'n':>4}{'1 %':>7}{'4 %':>7}{'octave':>8}{'beat F':>8}{'bar F':>7}"
        f"{'|phase|':>9}{'signed':>8}{'right':>7}{'conf':>6}"
    )
    for group in [*dict.fromkeys(r.group for r in results), "usual", "all"]:
        usual = group == "usual"
        some = [r for r in results if group in (r.group, "all") or (usual and USUAL_LOW_BPM <= r.bpm <= USUAL_HIGH_BPM)]
        ratio = np.array([r.tempo_ratio for r in some])
        phase = np.array([r.phase_ms for r in some])
        octave = np.minimum(np.abs(ratio / 2 - 1), np.abs(ratio * 2 - 1)) < 0.04
        row = {
            "n": len(some),
            "tempo_1pc": float(np.mean(np.abs(ratio - 1) < 0.01)),
            "tempo_4pc": float(np.mean(np.abs(ratio - 1) < 0.04)),
            "octave_errors": float(np.mean(octave)),
            "beat_f": float(np.mean([r.beat_f for r in some])),
            "downbeat_f": float(np.mean([r.downbeat_f for r in some])),
            "phase_abs_ms": float(np.nanmedian(np.abs(phase))),
            "phase_signed_ms": float(np.nanmedian(phase)),
            "right": float(np.mean([r.right for r in some])),
            "confidence": float(np.mean([r.confidence for r in some])),
        }
        figures[group] = row
        print(
            f"{group:24}{len(some):4}{row['tempo_1pc']:7.2f}{row['tempo_4pc']:7.2f}{row['octave_errors']:8.2f}"
            f"{row['beat_f']:8.3f}{row['downbeat_f']:7.3f}{row['phase_abs_ms']:9.1f}{row['phase_signed_ms']:8.1f}"
            f"{row['right']:7.2f}{row['confidence']:6.2f}"
        )
    return figures


CONFIDENCE_STEPS = (0.0, 0.5, 0.7, 0.85, 0.95, 1.0)
LIVE_AFTER_S = 8.0  # a live tracker is judged once it has heard about three bars


def reliability(results: list[Result]) -> None:
    """Does a confidence of 0.8 mean right four times in five?"""
    print("\nconfidence    n  mean  right")
    for low, high in zip(CONFIDENCE_STEPS, CONFIDENCE_STEPS[1:], strict=False):
        some = [r for r in results if low <= r.confidence < high]
        if some:
            mean, right = np.mean([r.confidence for r in some]), np.mean([r.right for r in some])
            print(f"{low:.2f}-{high:.2f} {len(some):5} {mean:5.2f} {right:6.2f}")


def live(every: list[Case]) -> dict[str, float]:
    """Predictions every half second from the past alone, over every third case."""
    beat_ms, on_beat, on_bar = [], [], []
    for case in every[::3]:
        beat_s = 60.0 / case.bpm
        for e in BeatTracker(case.rate_hz).feed(case.samples):
            if e.asked_s < LIVE_AFTER_S + max(case.bar_s, 0.0):
                continue
            error_s = abs(((e.next_beat_s - case.bar_s) / beat_s + 0.5) % 1.0 - 0.5) * beat_s
            true_bar_s = case.bar_s + 4 * beat_s * np.ceil((e.asked_s - F_WINDOW_S - case.bar_s) / (4 * beat_s))
            beat_ms.append(1e3 * error_s)
            on_beat.append(error_s < 0.05)
            on_bar.append(abs(e.next_bar_s - true_bar_s) < 0.05 or abs(e.next_bar_s - true_bar_s - 4 * beat_s) < 0.05)
    return {
        "n": len(beat_ms),
        "next_beat_median_ms": float(np.median(beat_ms)),
        "next_beat_within_50ms": float(np.mean(on_beat)),
        "next_bar_within_50ms": float(np.mean(on_bar)),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one tempo per style")
    parser.add_argument("--known", action="store_true", help="tell the tracker the tempo, 2 %% wrong")
    parser.add_argument("--json", type=Path, help="write the figures and every case here")
    parser.add_argument("--failures", action="store_true", help="list the recordings that went wrong")
    options = parser.parse_args()
    bank = material.make_voice_bank()
    every = cases(bank, options.quick)
    started = time.process_time()
    results = [judge(c, track(c.samples, c.rate_hz, c.bpm * 1.02 if options.known else None)) for c in every]
    spent_s = time.process_time() - started
    heard_s = sum(len(c.samples) / c.rate_hz for c in every)
    figures = table(results)
    if options.failures:
        for r in results:
            if not r.right:
                what = f"ratio {r.tempo_ratio:.3f} beat F {r.beat_f:.2f} conf {r.confidence:.2f}"
                print(f"  {r.group:24}{r.label:16} {what}")
    reliability(results)
    foretold = live(every)
    print("\nlive:", "  ".join(f"{name} {value:.3g}" for name, value in foretold.items()))
    summary = {"bench": "beats", "live": foretold, "cpu_s_per_30s": 30 * spent_s / heard_s, "groups": figures}
    if options.json:
        options.json.write_text(json.dumps({**summary, "cases": [vars(r) for r in results]}, indent=1) + "\n")
    print(json.dumps(summary))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
