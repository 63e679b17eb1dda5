"""`rapbot bench grid`: does the voice stay on the grid, and is it understood there?

24 lines that were used for no tuning, at four tempi, in every voice, on the planner's own slots.  Vowel onsets are
measured in the waveform by `rapbot.bench.onsets`, which the aligner does not use; whisper base writes down what it
hears.

*Conventions.*  Grid error is measured onset minus target, in ms; nothing is subtracted from it.  Rates are k/n with a
95 % Wilson interval.  WER counts word edits over all lines of a group.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rapbot.bench.onsets import detector_error, flux_onsets, gated_vowels, measure_onsets
from rapbot.bench.respond import wilson, word_errors
from rapbot.language.syllables import accent_final, line_syllables
from rapbot.protocols import HEARING_RATE_HZ, AcousticModel, G2p
from rapbot.rhythm.slots import plan_slots, span_beats_for
from rapbot.values import Take
from rapbot.voicing.voice import Voice
from rapbot.voicing.voices import DEFAULT_VOICE, VOICES

LINES = (
    "You brought a plastic sword into a thunderstorm,",
    "my pencil never slept and now it's sharp again.",
    "They hid the trophy when they saw you at the door,",
    "I built a better rapper out of kitchen parts.",
    "Your shadow took a job with someone else today,",
    "the crowd is checking coats before you find your key.",
    "I left a candle burning in your empty chair,",
    "it had more fire in it than your final verse.",
    "Remember when you promised me a heavy punch?",
    "I'm waiting on the carpet with a cup of soup.",
    "The manager has asked you for the jacket back,",
    "your mirror wrote a letter to complain to me.",
    "You practice in the basement with the volume low,",
    "and even then the spiders pack their bags and go.",
    "A rookie with a ribbon and a rented crown,",
    "come closer to the speaker while I shut it down.",
    "I never had a mother, I was made by hand,",
    "so every word I'm saying is a word I planned.",
    "You fumble with the rhythm like a broken drum,",
    "the traffic on the corner has a better hum.",
    "Go home, and tell your cousin that the show was brief,",
    "a garden full of turnips would have brought relief.",
    "Slow down, you lost the pocket and you lost the room,",
    "I swept up what was left of you, I brought a broom.",
)
TEMPI_BPM = (80.0, 90.0, 100.0, 120.0)
FIRST_SEED = 1
WINDOW_ERROR_S = 0.03  # detectors are tried with windows this far off, either way
QUIET_S = 0.2  # silence around a take before it is transcribed


def run_default() -> dict[str, Any]:
    """The benchmark with the real engines."""
    from rapbot.engines.hibari_text import HibariText
    from rapbot.engines.hibari_voice import HibariVoice
    from rapbot.engines.whisper import FasterWhisper
    from rapbot.resources import weights_dir

    whisper = FasterWhisper(weights_dir("whisper-base"))

    def transcribe(samples: np.ndarray) -> str:
        return " ".join(word.text for word in whisper.transcribe(samples))

    return run(HibariVoice(), HibariText(), transcribe)


def run(
    model: AcousticModel,
    speaker: G2p,
    transcribe: Callable[[np.ndarray], str],
    voices: Sequence[str] = tuple(VOICES),
    tempi_bpm: Sequence[float] = TEMPI_BPM,
    lines: Sequence[str] = LINES,
) -> dict[str, Any]:
    """Every line at every tempo in every voice; other voices than the default are transcribed at one tempo only."""
    groups = []
    for name in voices:
        voice = Voice(model, VOICES[name])
        for bpm in tempi_bpm:
            heard = transcribe if name == DEFAULT_VOICE or bpm == tempi_bpm[min(1, len(tempi_bpm) - 1)] else None
            groups.append(_group(name, voice, bpm, lines, speaker, heard))
    return {"benchmark": "grid", "detectors": _detectors(), "groups": groups, "summary": _summary(groups)}


def _group(
    name: str,
    voice: Voice,
    bpm: float,
    lines: Sequence[str],
    speaker: G2p,
    transcribe: Callable[[np.ndarray], str] | None,
) -> dict[str, Any]:
    errors: list[float] = []
    flux: list[float] = []
    stressed: list[bool] = []
    costs, renders_ms, misheard = [], [], []
    edits = words_said = 0
    span = span_beats_for(bpm)
    for index, line in enumerate(lines):
        words = accent_final(speaker.pronounce(line))
        syllables = line_syllables(words)
        plan = plan_slots(syllables, bpm, span_beats=span)
        take = voice.render(words, plan.slots, bpm, seed=FIRST_SEED + index)
        costs.append(plan.cost)
        renders_ms.append(take.render_ms)
        targets_s = np.asarray([s.target_s for s in take.syllables]) + take.origin_samples / take.rate_hz
        errors.extend(1000 * (measure_onsets(take.samples, take.rate_hz, targets_s) - targets_s))
        flux.extend(1000 * (flux_onsets(take.samples, take.rate_hz, targets_s) - targets_s))
        stressed.extend(s.stress == 1 for s in take.syllables)
        if transcribe is not None:
            heard = transcribe(for_hearing(take))
            line_edits, line_words = word_errors(line, heard)
            edits, words_said = edits + line_edits, words_said + line_words
            if line_edits:
                misheard.append({"said": line, "heard": heard, "edits": line_edits})
    return {
        "voice": name,
        "bpm": bpm,
        "lines": len(lines),
        "errors_ms": [None if math.isnan(e) else round(float(e), 2) for e in errors],
        "flux_errors_ms": [None if math.isnan(e) else round(float(e), 1) for e in flux],
        "stressed": stressed,
        "word_edits": edits,
        "words": words_said,
        "misheard": misheard,
        "mean_cost": round(float(np.mean(costs)), 4),
        "render_ms_median": round(float(np.median(renders_ms)), 1),
    }


def for_hearing(take: Take) -> np.ndarray:
    """A take as a recogniser wants it: 16 kHz, a little silence around it."""
    from scipy.signal import resample_poly

    divisor = math.gcd(HEARING_RATE_HZ, take.rate_hz)
    clip = resample_poly(take.samples, HEARING_RATE_HZ // divisor, take.rate_hz // divisor)
    return np.pad(clip, round(QUIET_S * HEARING_RATE_HZ)).astype(np.float32)


def _detectors() -> dict[str, dict[str, float]]:
    """Each detector's own error on gated vowels whose onsets are known."""
    out = {}
    for rate_hz in (24_000, 48_000):
        sound, truth_s = gated_vowels(rate_hz, seed=FIRST_SEED)
        near_s = truth_s + np.random.default_rng(FIRST_SEED).uniform(-WINDOW_ERROR_S, WINDOW_ERROR_S, len(truth_s))
        for name, detect in (("half_rise", measure_onsets), ("flux", flux_onsets)):
            out[f"{name}_{rate_hz}"] = vars(detector_error(detect(sound, rate_hz, near_s), truth_s))
    return out


def _summary(groups: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "all": _figures(groups),
        "by_voice": {name: _figures([g for g in groups if g["voice"] == name]) for name in _seen(groups, "voice")},
        "by_bpm": {f"{bpm:g}": _figures([g for g in groups if g["bpm"] == bpm]) for bpm in _seen(groups, "bpm")},
    }


def _seen(groups: Sequence[dict[str, Any]], key: str) -> list[Any]:
    return list(dict.fromkeys(group[key] for group in groups))


def _figures(groups: Sequence[dict[str, Any]]) -> dict[str, Any]:
    errors = np.asarray([math.nan if e is None else e for g in groups for e in g["errors_ms"]])
    flux = np.asarray([math.nan if e is None else e for g in groups for e in g["flux_errors_ms"]])
    stressed = np.asarray([s for g in groups for s in g["stressed"]], bool)
    measured = ~np.isnan(errors)
    edits, words = sum(g["word_edits"] for g in groups), sum(g["words"] for g in groups)
    missed = int((~measured).sum())
    return {
        "syllables": len(errors),
        "unmeasured": missed,
        "unmeasured_interval": [round(x, 4) for x in wilson(missed, len(errors))],
        "stressed_mean_abs_ms": _mean_abs(errors[measured & stressed]),
        "stressed_p95_abs_ms": _p95(errors[measured & stressed]),
        "all_mean_abs_ms": _mean_abs(errors[measured]),
        "all_p95_abs_ms": _p95(errors[measured]),
        "bias_ms": round(float(np.mean(errors[measured])), 2) if measured.any() else None,
        "flux_stressed_median_ms": round(float(np.nanmedian(flux[stressed])), 1) if stressed.any() else None,
        "word_edits": edits,
        "words": words,
        "wer_percent": round(100 * edits / words, 2) if words else None,
        "wer_interval_percent": [round(100 * x, 2) for x in wilson(min(edits, words), words)] if words else None,
        "render_ms_median": round(float(np.median([g["render_ms_median"] for g in groups])), 1),
    }


def _mean_abs(errors_ms: np.ndarray) -> float | None:
    return round(float(np.abs(errors_ms).mean()), 2) if len(errors_ms) else None


def _p95(errors_ms: np.ndarray) -> float | None:
    return round(float(np.percentile(np.abs(errors_ms), 95)), 2) if len(errors_ms) else None


def table(result: dict[str, Any]) -> str:
    """The figures for people."""
    rows = [
        f"{'group':14} {'stressed mean':>13} {'p95':>6} {'all mean':>9} {'p95':>6} {'bias':>6} {'unmeasured':>14} "
        f"{'WER':>22} {'ms a line':>10}"
    ]
    summary = result["summary"]
    named = [("all", summary["all"])]
    named += [(name, figures) for name, figures in summary["by_voice"].items()]
    named += [(f"{bpm} BPM", figures) for bpm, figures in summary["by_bpm"].items()]
    for name, f in named:
        wer = "–"
        if f["words"]:
            low, high = f["wer_interval_percent"]
            wer = f"{f['word_edits']}/{f['words']} ({low:.1f}–{high:.1f} %)"
        rows.append(
            f"{name:14} {f['stressed_mean_abs_ms']:13.1f} {f['stressed_p95_abs_ms']:6.1f} {f['all_mean_abs_ms']:9.1f} "
            f"{f['all_p95_abs_ms']:6.1f} {f['bias_ms']:6.1f} {f['unmeasured']:7d}/{f['syllables']:<6d} {wer:>22} "
            f"{f['render_ms_median']:10.0f}"
        )
    rows.append("")
    for name, error in result["detectors"].items():
        rows.append(
            f"detector {name}: bias {error['mean_ms']:+.1f} ms, mean {error['mean_abs_ms']:.1f}, p95 "
            f"{error['p95_abs_ms']:.1f}, missed {error['missed']}/{error['count']} (gated vowels, windows ±30 ms off)"
        )
    rows.append("goals: stressed p95 ≤ 15 ms, all p95 ≤ 25 ms, unmeasured ≤ 5 %, WER ≤ 3 %")
    return "\n".join(rows)
