"""`rapbot bench respond`: is the answer to a recorded verse any good?  Measured on the audio it wrote.

For every bundled verse and seed: tempo against the truth file, words heard, the dry voice understood by whisper base,
vowel onsets found in the waveform by code that knows nothing of the aligner, end rhymes checked in the second lexicon,
and how many distinct things the opponent said were answered.

*Conventions.*  Rates are k/n with a 95 % Wilson interval.  WER is Levenshtein distance over words after `normalise`.
"""

from __future__ import annotations

import math
import operator
import re
import resource
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from rapbot.bench.onsets import measure_onsets
from rapbot.bench.verses import BundledVerse
from rapbot.protocols import HEARING_RATE_HZ, MIX_RATE_HZ
from rapbot.respond.answer import Answer, Request, answer, resample
from rapbot.respond.kit import Kit, open_kit
from rapbot.sound.files import read_audio
from rapbot.values import Audio
from rapbot.voicing.assemble import place
from rapbot.writing.checker import Checker

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


def run(verses: Sequence[BundledVerse], seeds: Sequence[int] = (0, 1, 2)) -> dict[str, Any]:
    """The whole table; see the module's aim."""
    kit = open_kit()
    rows = []
    for verse in verses:
        recording = read_audio(verse.path)
        for seed in seeds:
            start = time.perf_counter()
            reply = answer(recording, Request(seed=seed), kit)
            rows.append(_row(verse, seed, reply, kit, time.perf_counter() - start, recording.duration_s))
    return {"benchmark": "respond", "rows": rows, "summary": _summary(rows)}


def _row(verse: BundledVerse, seed: int, reply: Answer, kit: Kit, wall_s: float, verse_s: float) -> dict[str, Any]:
    truth = verse.truth
    stressed, everything, unmeasured = grid_errors_ms(reply)
    in_stem = stem_errors_ms(reply)
    rhymes = couplet_rhymes(reply, Checker(kit.text, kit.second_lexicon))
    said = " ".join(bar.text for bar in reply.verse.bars)
    understood = kit.linguist.transcribe(resample(dry_voice(reply), HEARING_RATE_HZ))
    edits, words = word_errors(said, " ".join(word.text for word in understood))
    heard_edits, heard_words = word_errors(" ".join(truth["lines"]), " ".join(w.text for w in reply.opponent.words))
    bar_s = 4 * 60 / truth["bpm"]
    offset = (reply.opponent.grid.beat_origin_s - truth["beat_origin_s"]) / bar_s
    answered = {text for bar in reply.verse.bars for text in bar.answers}
    return {
        "verse": verse.name,
        "seed": seed,
        "bpm_error_percent": round(100 * (reply.opponent.grid.bpm / truth["bpm"] - 1), 3),
        "bar_line_error_ms": round(1e3 * bar_s * (offset - round(offset)), 1),
        "heard_edits": heard_edits,
        "heard_words": heard_words,
        "reply_edits": edits,
        "reply_words": words,
        "stressed_ms": stressed,
        "all_ms": everything,
        "stem_stressed_ms": in_stem,
        "unmeasured": unmeasured,
        "rhymes_confirmed": sum(rhymes),
        "rhymes": len(rhymes),
        "bars": len(reply.verse.bars),
        "answered": sorted(answered),
        "wall_s": round(wall_s, 2),
        "verse_s": round(verse_s, 2),
    }


def dry_voice(reply: Answer) -> Audio:
    """The takes in their places, before any effect."""
    return Audio(place(reply.takes, reply.bar_starts, MIX_RATE_HZ), MIX_RATE_HZ)


def grid_errors_ms(reply: Answer) -> tuple[list[float], list[float], int]:
    """Vowel onset errors of stressed and of all syllables measured on each dry take, and the count not measurable."""
    stressed, everything, unmeasured = [], [], 0
    for take in reply.takes:
        targets = np.array([s.target_s for s in take.syllables]) + take.origin_samples / take.rate_hz
        found = measure_onsets(take.samples, take.rate_hz, targets)
        for syllable, error in zip(take.syllables, 1e3 * (found - targets), strict=True):
            if not math.isfinite(error):
                unmeasured += 1
                continue
            everything.append(round(float(error), 2))
            if syllable.stress == 1:
                stressed.append(round(float(error), 2))
    return stressed, everything, unmeasured


def stem_errors_ms(reply: Answer) -> list[float]:
    """Errors of stressed vowel onsets measured on the finished voice stem, after equaliser, compressor and limiter."""
    rows = [
        (start / MIX_RATE_HZ + syllable.target_s)
        for take, start in zip(reply.takes, reply.bar_starts, strict=True)
        for syllable in take.syllables
    ]
    stressed = [syllable.stress == 1 for take in reply.takes for syllable in take.syllables]
    targets = np.array(rows)
    errors = 1e3 * (measure_onsets(reply.voice_stem.mean(axis=1), MIX_RATE_HZ, targets) - targets)[stressed]
    return [round(float(error), 2) for error in errors if math.isfinite(error)]


def couplet_rhymes(reply: Answer, checker: Checker) -> list[bool]:
    """Per couplet (bars of one rhyme group): do the ends rhyme in the second lexicon?"""
    groups: dict[str, list[str]] = {}
    for bar in reply.verse.bars:
        groups.setdefault(bar.rhyme_group, []).append(bar.text)
    return [checker.rhymes(pair) for lines in groups.values() for pair in pairwise(lines)]


def normalise(text: str) -> list[str]:
    """Lower-case words without punctuation; numbers spelled, hyphens split."""
    words = re.sub(r"[^a-z0-9' ]+", " ", text.lower().replace("’", "'").replace("-", " ")).split()
    bare = (word.strip("'") for word in words)
    return [part for word in bare if word for part in _spelled(word)]


def _spelled(word: str) -> list[str]:
    """A whole number below ten thousand as it is said; any other word as it is."""
    if not word.isascii() or not word.isdigit() or len(word) > 4:
        return [word]
    number, out = int(word), []
    for size, name in ((1000, "thousand"), (100, "hundred")):
        if number >= size:
            out += [*_spelled(str(number // size)), name]
            number %= size
    if number >= 20:
        out.append(_TENS[number // 10 - 2])
        number %= 10
    return [*out, _SMALL[number]] if number or not out else out


@lru_cache(maxsize=4096)
def sound_alike(word: str, other: str) -> bool:
    """The same word, or one that the second lexicon says with the same phones: "rapper" and "wrapper"."""
    from rapbot.engines.cmu import CmuLexicon

    lexicon = CmuLexicon()

    def sounds(text: str) -> set[tuple[str, ...]]:
        return {tuple(phone.rstrip("012") for phone in said) for said in lexicon.pronunciations(text)}

    return word == other or bool(sounds(word) & sounds(other))


def word_errors(reference: str, hypothesis: str, alike: Callable[[str, str], bool] = operator.eq) -> tuple[int, int]:
    """(edits, reference words) by Levenshtein distance over normalised words; ``alike`` says which are no error."""
    a, b = normalise(reference), normalise(hypothesis)
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        above, row = row, [i]
        for j, y in enumerate(b, 1):
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (not alike(x, y))))
    return row[-1], len(a)


def wilson(k: int, n: int) -> tuple[float, float]:
    """95 % score interval of a proportion (Wilson 1927)."""
    if n == 0:
        return 0.0, 1.0
    z, p = 1.96, k / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def _summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    def total(key: str) -> int:
        return sum(row[key] for row in rows)

    stressed = np.abs([e for row in rows for e in row["stressed_ms"]])
    stem = np.abs([e for row in rows for e in row["stem_stressed_ms"]])
    everything = np.abs([e for row in rows for e in row["all_ms"]])
    measured, missed = len(everything), total("unmeasured")
    per_8 = [8 * len(row["answered"]) / row["bars"] for row in rows]
    return {
        "tempo_within_1_percent": [sum(abs(r["bpm_error_percent"]) <= 1 for r in rows), len(rows)],
        "bar_line_within_50_ms": [sum(abs(r["bar_line_error_ms"]) <= 50 for r in rows), len(rows)],
        "heard_wer_percent": round(100 * total("heard_edits") / total("heard_words"), 2),
        "reply_wer_percent": round(100 * total("reply_edits") / total("reply_words"), 2),
        "stressed_mean_ms": round(float(stressed.mean()), 2),
        "stressed_p95_ms": round(float(np.percentile(stressed, 95)), 2),
        "stem_stressed_p95_ms": round(float(np.percentile(stem, 95)), 2),
        "all_p95_ms": round(float(np.percentile(everything, 95)), 2),
        "unmeasured": [missed, measured + missed],
        "rhymes_confirmed": [total("rhymes_confirmed"), total("rhymes")],
        "answered_per_8_bars": round(float(np.mean(per_8)), 2),
        "wall_over_verse_max": round(max(r["wall_s"] / r["verse_s"] for r in rows), 3),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }


def table(result: dict[str, Any]) -> str:
    """Goal against measured, for people."""
    s = result["summary"]

    def rate(key: str) -> str:
        k, n = s[key]
        low, high = wilson(k, n)
        return f"{k}/{n} ({100 * low:.0f}–{100 * high:.0f} %)"

    rows = [
        ("tempo within 1 %", "all", rate("tempo_within_1_percent")),
        ("bar line within 50 ms", "–", rate("bar_line_within_50_ms")),
        ("opponent's words, WER", "–", f"{s['heard_wer_percent']:.1f} %"),
        ("reply understood by whisper base, WER", "≤ 10 %", f"{s['reply_wer_percent']:.1f} %"),
        ("stressed vowel onset, p95", "≤ 25 ms", f"{s['stressed_p95_ms']:.1f} ms (mean {s['stressed_mean_ms']:.1f})"),
        ("the same in the mixed voice stem, p95", "–", f"{s['stem_stressed_p95_ms']:.1f} ms"),
        ("all vowel onsets, p95", "–", f"{s['all_p95_ms']:.1f} ms"),
        ("syllables not measurable", "≤ 5 %", rate("unmeasured")),
        ("end rhymes confirmed", "≥ 97 %", rate("rhymes_confirmed")),
        ("distinct anchors answered per 8 bars", "≥ 2.5", f"{s['answered_per_8_bars']:.2f}"),
        ("wall time over verse length, worst", "< 1", f"{s['wall_over_verse_max']:.2f}"),
        ("peak memory", "< 2 GB", f"{s['peak_memory_mb']:.0f} MB"),
    ]
    width = max(len(row[0]) for row in rows)
    return "\n".join(
        f"{name:<{width}}  {goal:>8}  {got}" for name, goal, got in [("measure", "goal", "measured"), *rows]
    )
