"""`rapbot bench grid`: does the voice stay on the grid, and is it understood there?

24 lines that were used for no tuning, at four tempi, in every voice, on the planner's own slots.  Vowel onsets are
measured in the waveform by `rapbot.bench.onsets`, which the aligner does not use; whisper base writes down what it
hears.  Beside that: every syllable on the next 16th at 6.5 a second, the stock library saying the same lines freely,
affects and voices told apart (`rapbot.bench.affects`, `rapbot.bench.voices`), and a finished mix on the meters.

*Conventions.*  Grid error is measured onset minus target, in ms; nothing is subtracted from it.  Rates are k/n with a
95 % Wilson interval.  WER counts word edits over all lines of a group.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rapbot.bench.onsets import detector_error, flux_onsets, gated_vowels, measure_onsets
from rapbot.bench.respond import sound_alike, wilson, word_errors
from rapbot.errors import EngineUnavailable
from rapbot.language.syllables import accent_final, line_syllables
from rapbot.protocols import HEARING_RATE_HZ, MIX_RATE_HZ, AcousticModel, G2p
from rapbot.rates import at_rate
from rapbot.respond.performer import planned
from rapbot.rhythm.timeline import SLOTS_PER_BEAT
from rapbot.values import Take
from rapbot.voicing.backing_vocals import Performer
from rapbot.voicing.voice import Voice
from rapbot.voicing.voices import DEFAULT_VOICE, SPOKEN_VOICES, VOICES

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
PACE_SYL_S = 6.5  # the planner's limit
FIRST_SEED = 1
WINDOW_ERROR_S = 0.03  # detectors are tried with windows this far off, either way
QUIET_S = 0.2  # silence around a take before it is transcribed


def run_default() -> dict[str, Any]:
    """The benchmark with the real engines."""
    from rapbot.bench import affects, voices
    from rapbot.engines.hibari_text import HibariText
    from rapbot.engines.hibari_voice import HibariVoice
    from rapbot.engines.speaker_encoder import SpeakerEncoder
    from rapbot.engines.whisper import FasterWhisper
    from rapbot.resources import weights_dir

    whisper = FasterWhisper(weights_dir("whisper-base"))
    encoder = SpeakerEncoder()  # said now if it is missing, not after minutes

    def transcribe(samples: np.ndarray) -> str:
        return " ".join(word.text for word in whisper.transcribe(samples))

    model, speaker = HibariVoice(), HibariText()
    result = run(model, speaker, transcribe)
    return {
        **result,
        "pace": pace(model, speaker, transcribe),
        "ready": ready(model, speaker),
        "affects": affects.run(model, speaker),
        "made_ahead": made_ahead(model, speaker, transcribe),
        "voices": voices.run(model, speaker, encoder, lambda take: transcribe(for_hearing(take))),
        "mix": mixed(model, speaker),
    }


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


def made_ahead(
    model: AcousticModel, speaker: G2p, transcribe: Callable[[np.ndarray], str], bpm: float = 90.0
) -> list[dict[str, Any]]:
    """Every line by the voices of sound alone whose licence is clear and whose weights are installed."""
    from rapbot.respond.performer import open_performer

    groups = []
    for name, spec in SPOKEN_VOICES.items():
        if "unclear" in spec.licence:
            continue
        try:
            voice = open_performer(name, model)
        except EngineUnavailable:
            continue
        groups.append(_group(name, voice, bpm, LINES, speaker, transcribe))
    return [{"voice": group["voice"], "misheard": group["misheard"], **_figures([group])} for group in groups]


def pace(
    model: AcousticModel, speaker: G2p, transcribe: Callable[[np.ndarray], str], lines: Sequence[str] = LINES
) -> dict[str, Any]:
    """Words lost when every syllable comes `PACE_SYL_S` a second, natural timing or not."""
    voice = Voice(model, VOICES[DEFAULT_VOICE])
    bpm = 60 * PACE_SYL_S / SLOTS_PER_BEAT
    edits = said = 0
    for index, line in enumerate(lines):
        words = accent_final(speaker.pronounce(line))
        take = voice.render(words, range(len(line_syllables(words))), bpm, seed=FIRST_SEED + index)
        more_edits, more = word_errors(line, transcribe(for_hearing(take)))
        edits, said = edits + more_edits, said + more
    return {"rate_syl_s": PACE_SYL_S, "word_edits": edits, "words": said, "wer_percent": round(100 * edits / said, 2)}


def ready(model: AcousticModel, speaker: G2p, lines: Sequence[str] = LINES, bpm: float = 90.0) -> dict[str, Any]:
    """From text to the first chunk and to the whole bar, ours and hibari's own, turn by turn in one thread.

    Text is pronounced and slots are planned inside the time.  The library speaks freely, gives everything at once and
    puts nothing on a grid: its time is what a caller would wait for with it.
    """
    from hibari import Hibari

    stock = Hibari(threads=1)
    voice = Voice(model, VOICES[DEFAULT_VOICE])
    times: dict[str, list[float]] = {"first": [], "whole": [], "stock": []}
    first_s, whole_s, stock_s = [], [], []
    for repeat in range(3):
        for line in lines:
            began = time.perf_counter()
            words, plan = planned(speaker, line, bpm)
            chunks = voice.stream(words, plan.slots, bpm)
            chunk = next(chunks)
            first = time.perf_counter()
            rest = list(chunks)
            whole = time.perf_counter()
            sound = stock(line)
            done = time.perf_counter()
            if repeat == 0:
                continue  # every path has been walked once
            for name, spent in (("first", first - began), ("whole", whole - began), ("stock", done - whole)):
                times[name].append(1000 * spent)
            first_s.append(len(chunk.samples) / chunk.rate_hz)
            whole_s.append((len(chunk.samples) + sum(len(c.samples) for c in rest)) / chunk.rate_hz)
            stock_s.append(len(sound) / chunk.rate_hz)
    out: dict[str, Any] = {"bpm": bpm, "lines": len(times["first"])}
    for name, spent_ms in times.items():
        out[f"{name}_ms_median"] = round(float(np.median(spent_ms)), 1)
        out[f"{name}_ms_p90"] = round(float(np.percentile(spent_ms, 90)), 1)
    for name, length_s in (("first", first_s), ("whole", whole_s), ("stock", stock_s)):
        out[f"{name}_audio_s_median"] = round(float(np.median(length_s)), 2)
    out["first_audio_s_least"] = round(min(first_s), 2)
    return out


def mixed(model: AcousticModel, speaker: G2p, bpm: float = 90.0) -> dict[str, Any]:
    """Four bars over one of our beats through the whole chain, on the meters."""
    from rapbot.sound.backing import render_backing
    from rapbot.sound.mix import mix_reply
    from rapbot.voicing.assemble import place

    voice = Voice(model, VOICES[DEFAULT_VOICE])
    bar = round(4 * 60 / bpm * MIX_RATE_HZ)
    takes = []
    for line in LINES[:4]:
        words, plan = planned(speaker, line, bpm)
        takes.append(voice.render(words, plan.slots, bpm))
    track = place(takes, [MIX_RATE_HZ + k * bar for k in range(4)], MIX_RATE_HZ)
    beat = render_backing("boom-bap", bpm, 6, FIRST_SEED, MIX_RATE_HZ).samples
    result = mix_reply(track, beat, MIX_RATE_HZ)
    return {
        "loudness_lufs": round(result.loudness_lufs, 2),
        "true_peak_dbfs": round(result.true_peak_dbfs, 2),
    }


def _group(
    name: str,
    voice: Performer,
    bpm: float,
    lines: Sequence[str],
    speaker: G2p,
    transcribe: Callable[[np.ndarray], str] | None,
) -> dict[str, Any]:
    errors: list[float] = []
    flux: list[float] = []
    stressed: list[bool] = []
    costs, renders_ms, misheard = [], [], []
    edits = by_ear = words_said = 0
    for index, line in enumerate(lines):
        words, plan = planned(speaker, line, bpm)
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
            by_ear += word_errors(line, heard, sound_alike)[0] if line_edits else 0
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
        "word_edits_by_ear": by_ear,
        "words": words_said,
        "misheard": misheard,
        "mean_cost": round(float(np.mean(costs)), 4),
        "render_ms_median": round(float(np.median(renders_ms)), 1),
    }


def for_hearing(take: Take) -> np.ndarray:
    """A take as a recogniser wants it: 16 kHz, a little silence around it."""
    clip = at_rate(take.samples, take.rate_hz, HEARING_RATE_HZ)
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
    by_ear = sum(g["word_edits_by_ear"] for g in groups)
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
        "word_edits_by_ear": by_ear,
        "wer_by_ear_percent": round(100 * by_ear / words, 2) if words else None,
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
        f"{'WER':>34} {'ms a line':>10}"
    ]
    summary = result["summary"]
    named = [("all", summary["all"])]
    named += [(name, figures) for name, figures in summary["by_voice"].items()]
    named += [(f"{bpm} BPM", figures) for bpm, figures in summary["by_bpm"].items()]
    for name, f in named:
        wer = "–"
        if f["words"]:
            low, high = f["wer_interval_percent"]
            wer = f"{f['word_edits']}/{f['words']} ({low:.1f}–{high:.1f} %; by ear {f['word_edits_by_ear']})"
        rows.append(
            f"{name:14} {f['stressed_mean_abs_ms']:13.1f} {f['stressed_p95_abs_ms']:6.1f} {f['all_mean_abs_ms']:9.1f} "
            f"{f['all_p95_abs_ms']:6.1f} {f['bias_ms']:6.1f} {f['unmeasured']:7d}/{f['syllables']:<6d} {wer:>34} "
            f"{f['render_ms_median']:10.0f}"
        )
    rows.append("")
    for name, error in result["detectors"].items():
        rows.append(
            f"detector {name}: bias {error['mean_ms']:+.1f} ms, mean {error['mean_abs_ms']:.1f}, p95 "
            f"{error['p95_abs_ms']:.1f}, missed {error['missed']}/{error['count']} (gated vowels, windows ±30 ms off)"
        )
    if "ready" in result:
        rows += ["", *_more(result)]
    rows.append("by ear: homophones (rapper, wrapper) are no errors")
    rows.append("goals: stressed p95 ≤ 15 ms, all p95 ≤ 25 ms, unmeasured ≤ 5 %, WER ≤ 3 %")
    return "\n".join(rows)


def _more(result: dict[str, Any]) -> list[str]:
    from rapbot.bench import affects, voices

    fast, soon, mix = result["pace"], result["ready"], result["mix"]
    return [
        f"at {fast['rate_syl_s']} syllables/s: WER {fast['word_edits']}/{fast['words']} = {fast['wer_percent']} % "
        "(goal ≤ 10 %)",
        ready_table(soon),
        *(
            f"{g['voice']} (made ahead): stressed p95 {g['stressed_p95_abs_ms']} ms, all p95 {g['all_p95_abs_ms']} ms, "
            f"WER {g['word_edits']}/{g['words']} = {g['wer_percent']} %"
            for g in result["made_ahead"]
        ),
        f"mix: {mix['loudness_lufs']} LUFS, true peak {mix['true_peak_dbfs']} dBFS (goals −14 ± 1, ≤ −1)",
        "",
        affects.table(result["affects"]),
        "",
        voices.table(result["voices"]),
    ]


def ready_default() -> dict[str, Any]:
    """`ready` with the real engines: half a minute, wants an idle machine."""
    from rapbot.engines.hibari_text import HibariText
    from rapbot.engines.hibari_voice import HibariVoice

    return {"benchmark": "ready", **ready(HibariVoice(), HibariText())}


def ready_table(result: dict[str, Any]) -> str:
    """The waits for people."""
    return (
        f"text to first {result['first_audio_s_median']} s (at least {result['first_audio_s_least']} s): "
        f"{result['first_ms_median']} ms, p90 {result['first_ms_p90']} (goal ≤ 20)\n"
        f"text to whole line of {result['whole_audio_s_median']} s: {result['whole_ms_median']} ms, p90 "
        f"{result['whole_ms_p90']} (goal ≤ 45); hibari alone, no grid, {result['stock_audio_s_median']} s: "
        f"{result['stock_ms_median']} ms"
    )
