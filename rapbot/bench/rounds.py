"""Battles of six rounds against scripted opponents: nothing twice, callbacks that are true, lines as long as asked.

*Conventions.*  A callback counts as true when the round it names is one in which the opponent said what it quotes; who
said what is found anew from the script, not taken from the pen's own notes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from rapbot.bench.writing import BARS, TYPED_FOLDER, Opponent, blocks, opponent_of, rate, typed_text
from rapbot.language.nouns import NounLexicon
from rapbot.values import Bar
from rapbot.writing.candidates import RECALLING, speaks_of
from rapbot.writing.draft import Text
from rapbot.writing.pen import Density, Pen
from rapbot.writing.rounds import ROUND_WORDS, History

FILE = "battles.txt"
BPM = 90.0
SEEDS = range(7)  # of three opponents: twenty-one battles
SYLLABLES = (6, 8, 10, 12, 14, 16)  # of an opponent's bars, for the density that is asked to follow or oppose


@dataclass(frozen=True)
class Fought:
    """One battle: what they said in each round and all that was answered."""

    script: tuple[Opponent, ...]
    history: History


def scripts(text: Text, nouns: NounLexicon, folder: str | Path = TYPED_FOLDER) -> list[tuple[Opponent, ...]]:
    """The scripted opponents, round by round.  Raises UserError where their file is missing."""
    out = []
    for number, script in enumerate(re.split(r"\n-+\n", typed_text(Path(folder) / FILE)), 1):
        rounds = enumerate(blocks(script), 1)
        out.append(tuple(opponent_of(f"s{number}r{k}", BPM, verse, text, nouns) for k, verse in rounds))
    return out


def fight(pen: Pen, script: Sequence[Opponent], seed: int, persona: str | None = None) -> Fought:
    """All rounds of one script."""
    history = History()
    for number, one in enumerate(script, 1):
        verse = pen.write(
            one.anchors, one.facts, BPM, BARS, persona=persona, seed=seed, heard=one.heard, history=history,
            last_round=number == len(script),
        )  # fmt: skip
        history = history.after(one.anchors, verse)
    return Fought(tuple(script), history)


def repeats(fought: Fought) -> tuple[int, int]:
    """(bars said before in this battle, bars)."""
    lines = [bar.text for one in fought.history.rounds for bar in one.verse.bars]
    return len(lines) - len(set(lines)), len(lines)


def callbacks(fought: Fought) -> tuple[int, int, int]:
    """(rounds with a true callback, rounds that could have one, callbacks that are false)."""
    rounds_with, false = 0, 0
    for number, one in enumerate(fought.history.rounds[1:], 1):
        quoting = [bar for bar in one.verse.bars if bar.move in RECALLING and bar.answers]
        true = [_is_true(bar, one.verse.bars, fought, number) for bar in quoting]
        rounds_with += any(true)
        false += true.count(False)
    return rounds_with, len(fought.history.rounds) - 1, false


def _is_true(bar: Bar, bars: Sequence[Bar], fought: Fought, number: int) -> bool:
    """Did the opponent say in the round that the couplet names (any earlier one where it names none) what it quotes?"""
    couplet = " ".join(other.text for other in bars if other.entry_id == bar.entry_id).lower()
    named = [k for k, word in enumerate(ROUND_WORDS) if f"round {word}" in couplet]
    rounds = [number - 1] if "last round" in couplet else named or list(range(number))
    # "I'll shut you down" is quoted as "shut me down"
    said = ["\n".join(fought.script[k].lines).replace(" you ", " me ") for k in rounds if k < number]
    return bool(said) and all(any(speaks_of(text, answer) for text in said) for answer in bar.answers)


def density_correlation(pen: Pen, opponents: Iterable[Opponent], density: Density) -> float:
    """Correlation of our syllables a line with theirs, the same verses rapped as sparse and as dense as `SYLLABLES`."""
    theirs, ours = [], []
    for k, one in enumerate(opponents):
        for count in SYLLABLES:
            facts = replace(one.facts, syllables_per_bar=(count,) * max(1, len(one.facts.syllables_per_bar)))
            verse = pen.write(one.anchors, facts, 85.0, BARS, seed=k, density=density)
            theirs.append(count)
            ours.append(fmean(len(bar.syllables) for bar in verse.bars))
    return round(float(np.corrcoef(theirs, ours)[0, 1]), 3)


def measure_rounds(pen: Pen, fights: Sequence[Sequence[Opponent]], personas: Sequence[str]) -> dict[str, Any]:
    """Every script with every seed, the personas in turn."""
    fought = [
        fight(pen, script, seed, personas[(seed + k) % len(personas)])
        for seed in SEEDS
        for k, script in enumerate(fights)
    ]
    twice, bars = map(sum, zip(*(repeats(one) for one in fought), strict=True))
    true, rounds, false = map(sum, zip(*(callbacks(one) for one in fought), strict=True))
    moves = [bar.move for one in fought for each in one.history.rounds for bar in each.verse.bars[::2]]
    openers = [script[0] for script in fights]
    return {
        "battles": len(fought),
        "repeats": rate(twice, bars),
        "rounds_with_callback": rate(true, rounds),
        "false_callbacks": false,
        "traps_set": moves.count("setup"),
        "traps_sprung": moves.count("spring"),
        "density_match": density_correlation(pen, openers, "match"),
        "density_contrast": density_correlation(pen, openers, "contrast"),
    }


def table(result: dict[str, Any]) -> str:
    """For people."""
    kept, again = result["rounds_with_callback"], result["repeats"]
    return "\n".join(
        (
            f"{result['battles']} battles of six rounds: bars said before {again['k']}/{again['n']} (goal 0)",
            f"rounds with a true callback (goal ≥ 60 %): {kept['k']}/{kept['n']}, false {result['false_callbacks']}; "
            f"traps set {result['traps_set']}, sprung {result['traps_sprung']}",
            f"our syllables a line against theirs (goal ≥ .6 / ≤ −.4): match {result['density_match']:+.2f}, "
            f"contrast {result['density_contrast']:+.2f}",
        )
    )
