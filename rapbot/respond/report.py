"""The machine-readable account of an answer: ``rapbot.report/1``.

*Conventions.*  Opponent times are relative to the input, reply times to ``reply.wav``.  Everything but ``timing_ms`` is
a function of input, options, seed and versions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rapbot.protocols import MIX_RATE_HZ
from rapbot.respond.answer import Answer, Request
from rapbot.respond.performer import Reference
from rapbot.values import Bar, Take
from rapbot.voicing.backing_vocals import Extra
from rapbot.voicing.performance import BarDelivery
from rapbot.voicing.reference import Leaning

SCHEMA = "rapbot.report/1"
ANCHOR_FLOOR = 0.6  # DESIGN: anchors at or above this confidence count as available to be answered
TARGET_F0_RANGE_SEMITONES = 12.0  # a lively read spans about an octave between its 5th and 95th percentile of pitch


def report(answer: Answer, request: Request) -> dict[str, Any]:
    """The whole report as plain JSON values."""
    opponent = answer.opponent
    return {
        "schema": SCHEMA,
        "seed": request.seed,
        "bpm": _round(answer.verse.bpm),
        "beat_origin_s": _round(opponent.grid.beat_origin_s),
        "grid_origin_s": _round(answer.timeline.sample_origin / MIX_RATE_HZ),
        "span_beats": answer.verse.span_beats,
        "beat": answer.beat_name,
        "voice": answer.voice_name,
        "reference": None if request.reference is None else reference_json(request.reference, answer.leaning),
        "persona": answer.verse.persona,
        "memory": answer.memory_digest,
        "warnings": list(answer.warnings),
        "opponent": {
            "bpm": _round(opponent.grid.bpm),
            "tempo_confidence": _round(opponent.grid.confidence),
            "language": opponent.language,
            "language_probability": _round(opponent.language_probability),
            "end_s": _round(opponent.end_s),
            "words": [
                {
                    "text": w.text,
                    "start_s": _round(w.start_s),
                    "end_s": _round(w.end_s),
                    "confidence": _round(w.confidence),
                }
                for w in opponent.words
            ],
            "syllables": [{"start_s": _round(s.start_s), "stress": s.stress} for s in opponent.syllables],
            "anchors": [
                {"text": a.text, "kind": a.kind, "start_s": _round(a.start_s), "confidence": _round(a.confidence)}
                for a in opponent.anchors
            ],
        },
        "reply": {"bars": _bars(answer)},
        "monitors": monitors(answer),
        "timing_ms": {name: round(ms, 1) for name, ms in answer.timing_ms},
    }


def reference_json(reference: Reference, leaning: Leaning | None) -> dict[str, Any]:
    """Whose voice was imitated (the file's name), that it was said to be allowed, and how near it came."""
    account: dict[str, Any] = {"clip": reference.path.name, "consent": reference.consent, "method": "clone"}
    if leaning is not None:
        account |= {
            "method": "lean",
            "similarity_before": _round(leaning.similarity_before),
            "similarity_after": _round(leaning.similarity_after),
            "similarity_to_itself": _round(leaning.ceiling),
            "gap_closed": _round(leaning.closed),
        }
    return account


def _bars(answer: Answer) -> list[dict[str, Any]]:
    out = []
    for bar, take, start, plan in zip(
        answer.verse.bars, answer.takes, answer.bar_starts, answer.deliveries, strict=True
    ):
        line_s = start / MIX_RATE_HZ
        out.append(
            {
                "index": bar.index,
                "text": bar.text,
                "move": bar.move,
                "entry": bar.entry_id,
                "answers": list(bar.answers),
                "rhyme_group": bar.rhyme_group,
                "end_word": bar.end_word,
                "syllables": [
                    {
                        "phones": list(s.phones),
                        "stress": s.stress,
                        "target_s": _round(line_s + s.target_s),
                        "onset_s": _round(line_s + s.onset_s),
                    }
                    for s in take.syllables
                ],
                "delivery": delivery_json(bar, plan, answer.extras),
            }
        )
    return out


def delivery_json(bar: Bar, plan: BarDelivery, extras: Sequence[Extra]) -> dict[str, Any]:
    """How one bar was said; doubles, ad-libs and breaths are those that are really on the track."""
    texts = {syllable.word_index: syllable.word_text for syllable in bar.syllables}
    mine = [extra for extra in extras if extra.bar_index == plan.index]

    def placed(kind: str) -> list[dict[str, Any]]:
        return [
            {"text": extra.text, "start_s": _round(extra.start_s), "end_s": _round(extra.end_s)}
            for extra in mine
            if extra.kind == kind
        ]

    return {
        "affect": plan.affect,
        "energy": _round(plan.energy),
        "punch": plan.is_punch,
        "accent": texts[plan.accent_word],
        "pause_before": None if plan.pause_before is None else texts[plan.pause_before],
        "doubles": placed("double"),
        "adlibs": placed("adlib"),
        "breath": any(extra.kind == "breath" for extra in mine),
        "throws": [texts[word] for word in plan.thrown],
        "rooms": [texts[word] for word in plan.roomy],
    }


def monitors(answer: Answer) -> dict[str, float | None]:
    """The live failure monitors of one reply, 0 is best; ``style_bleed`` is null for a persona of the user's own."""
    available = {a.text for a in answer.opponent.anchors if a.confidence >= ANCHOR_FLOOR}
    answered = {text for bar in answer.verse.bars for text in bar.answers} & available
    return {
        "drift_ms": _round(drift_ms(answer.takes, answer.bar_starts)),
        "amnesia": _round(1 - len(answered) / len(available)) if available else None,
        "style_bleed": answer.verse.monitors.get("style_bleed"),
        "repetition": answer.verse.monitors.get("repetition"),
        "flat_affect": _round(flat_affect(answer.takes)),
    }


def drift_ms(takes: tuple[Take, ...], starts: tuple[int, ...]) -> float:
    """Slope of the grid error over the reply times its span, milliseconds."""
    times, errors = [], []
    for take, start in zip(takes, starts, strict=True):
        for s in take.syllables:
            if np.isfinite(s.onset_s):
                times.append(start / MIX_RATE_HZ + s.target_s)
                errors.append(1e3 * (s.onset_s - s.target_s))
    if len(times) < 2:
        return 0.0
    slope = np.polyfit(np.asarray(times), np.asarray(errors), 1)[0]
    return abs(float(slope)) * (max(times) - min(times))


def flat_affect(takes: tuple[Take, ...]) -> float:
    """1 − pitch range over the target range, clipped at 0; pitch tracked in the sound by librosa's pYIN."""
    import librosa

    rate_hz = takes[0].rate_hz
    voice = np.concatenate([take.samples for take in takes])
    f0, voiced, _ = librosa.pyin(
        voice, fmin=60.0, fmax=500.0, sr=rate_hz, frame_length=1024, hop_length=512, resolution=0.2, fill_na=np.nan
    )
    heard = f0[voiced & np.isfinite(f0)]
    if len(heard) < 10:
        return 1.0
    low, high = np.percentile(heard, [5, 95])
    return max(0.0, 1.0 - 12.0 * float(np.log2(high / low)) / TARGET_F0_RANGE_SEMITONES)


def _round(value: float) -> float:
    return round(float(value), 4)
