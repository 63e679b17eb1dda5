"""Whose verse is this?  A reader of style, for the monitor that says when a persona wanders.

A multinomial naive Bayes over what a verse is made of: its content words (the opponent's own left out), its moves, the
length of its lines.  ``models/personas/style.json`` holds what it learnt, ``models/make_style.py`` made it.

*Conventions.*  Probabilities are softened by `SOFTEN`, as naive Bayes is always too sure of itself.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rapbot.errors import UserError
from rapbot.values import Bar, Verse
from rapbot.writing.arsenal import OVERLAP_STOP, words_of

SCHEMA = "rapbot.style/1"
SMOOTHING = 0.3  # of a count
SOFTEN = 0.25  # exponent of the likelihood
LONG_LINE = 13  # syllables


@dataclass(frozen=True)
class StyleReader:
    """Log probability of each feature by persona."""

    personas: tuple[str, ...]
    features: Mapping[str, tuple[float, ...]]

    def probabilities(self, bars: Sequence[Bar]) -> dict[str, float]:
        """P(persona | bars), over the personas that were learnt."""
        scores = [0.0] * len(self.personas)
        for feature, count in sorted(features(bars).items()):
            row = self.features.get(feature)
            if row is not None:  # a word nobody used says nothing about who it was
                scores = [score + count * value for score, value in zip(scores, row, strict=True)]
        top = max(scores)
        weights = [math.exp(SOFTEN * (score - top)) for score in scores]
        return {name: weight / sum(weights) for name, weight in zip(self.personas, weights, strict=True)}

    def bleed(self, verse: Verse) -> float | None:
        """1 − P(persona | verse); None for a persona that was not learnt (a user's own)."""
        return None if verse.persona not in self.personas else 1.0 - self.probabilities(verse.bars)[verse.persona]


def features(bars: Sequence[Bar]) -> Counter[str]:
    """What a verse is made of, counted."""
    out: Counter[str] = Counter()
    for bar in bars:
        theirs = {word for answer in bar.answers for word in words_of(answer)}
        out.update(f"word {word}" for word in words_of(bar.text) if word not in theirs and word not in OVERLAP_STOP)
        out[f"move {bar.move}"] += 1
        out["long line" if len(bar.syllables) >= LONG_LINE else "short line"] += 1
    return out


def learn(verses: Sequence[Verse]) -> StyleReader:
    """A reader from verses whose personas are known.

    Raises:
        ValueError: no verses.
    """
    if not verses:
        raise ValueError("a style reader learns from verses, got none")
    counts: dict[str, Counter[str]] = {}
    for verse in verses:
        counts.setdefault(verse.persona, Counter()).update(features(verse.bars))
    personas = tuple(sorted(counts))
    every = sorted(set().union(*counts.values()))
    sizes = [sum(counts[name].values()) + SMOOTHING * len(every) for name in personas]
    table = {
        feature: tuple(
            round(math.log((counts[name][feature] + SMOOTHING) / size), 3)
            for name, size in zip(personas, sizes, strict=True)
        )
        for feature in every
    }
    return StyleReader(personas, table)


def to_json(reader: StyleReader) -> str:
    """The reader as text, one feature a line."""
    rows = ",\n".join(f"{json.dumps(name)}: {list(values)}" for name, values in reader.features.items())
    head = json.dumps({"schema": SCHEMA, "personas": reader.personas})[:-1]
    return f'{head}, "features": {{\n{rows}\n}}}}\n'


def load_style(path: Path) -> StyleReader:
    """The reader in a file.  Raises UserError where it is none."""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        if table["schema"] != SCHEMA:
            raise UserError(f"{path.name} follows {table['schema']!r}, not {SCHEMA}: run models/make_style.py")
        return StyleReader(
            tuple(table["personas"]),
            {name: tuple(values) for name, values in table["features"].items()},
        )
    except (json.JSONDecodeError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise UserError(f"{path.name} is no style table ({error}): run models/make_style.py") from None
