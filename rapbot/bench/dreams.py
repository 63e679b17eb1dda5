"""Does dreaming pay?  What it costs, how much of bar 1 it supplies, how far-fetched it gets, how new replies become.

*Conventions.*  One dream of `STEPS` pairs about everything the opponents said, in this process; the same pen answers
the same opponents with and without it.  CPU is this process's.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from rapbot.bench.writing import BARS, Kit, Opponent, rate
from rapbot.resources import models_root
from rapbot.values import Verse
from rapbot.writing.arsenal import words_of
from rapbot.writing.candidates import Candidate
from rapbot.writing.daydream import Dreamer, Heard, open_dreamer
from rapbot.writing.ideas import Idea
from rapbot.writing.pen import Order, Pen
from rapbot.writing.planner import PICK_UP

STEPS = 12_000  # about a minute
SURPRISES = (0.0, 0.25, 0.5, 0.75, 1.0)
OPENERS = 20  # candidates for bar 1 that are looked at
SEEDS = range(2)


def dream(kit: Kit, opponents: Sequence[Opponent], steps: int = STEPS) -> tuple[Dreamer, list[Idea], float]:
    """(the dreamer, what it kept, CPU seconds)."""
    heard = [
        Heard(a.text, a.kind, a.category)
        for one in opponents
        for a in one.anchors
        if a.category is not None and a.kind not in ("said", "name")
    ]
    start = time.process_time()
    dreamer = open_dreamer(kit.text, kit.second, kit.pen.nouns, models_root(), 1, heard)
    kept = [idea for idea in (dreamer.step() for _ in range(steps)) if idea is not None]
    return dreamer, kept, time.process_time() - start


def measure_dreams(kit: Kit, opponents: Sequence[Opponent]) -> dict[str, Any]:
    """All of it.  The pen of the kit keeps the ideas: measure everything else before."""
    without = _verses(kit.pen, opponents)
    dreamer, kept, cpu_s = dream(kit, opponents)
    kit.pen.remember(kept)
    with_dreams = _verses(kit.pen, opponents)
    used = [bar for verse in with_dreams for bar in verse.bars[::2] if kit.pen.is_idea(bar.entry_id)]
    far = {idea.id: idea.distance for idea in kept}
    openers = [c for one in opponents for c in _openers(kit.pen, one, Order(one.bpm, BARS))]
    ladder = {
        str(s): _mean_distance(
            [c for one in opponents for c in _ideas(kit.pen, one, Order(one.bpm, BARS, surprise=s))], far
        )
        for s in SURPRISES
    }
    return {
        "tried": dreamer.tally.tried,
        "kept": len(kept),
        "used": len(used),
        "verses": len(with_dreams),
        "cpu_s_per_kept": round(cpu_s / max(1, len(kept)), 3),
        "cpu_s_per_used": round(cpu_s / max(1, len(used)), 3),
        "bar_1_from_dreams": rate(sum(kit.pen.is_idea(c.couplet.id) for c in openers), len(openers)),
        "distance_by_surprise": ladder,
        "distinct_3_without": _distinct(without),
        "distinct_3_with": _distinct(with_dreams),
    }


def table(result: dict[str, Any]) -> str:
    """For people."""
    share = result["bar_1_from_dreams"]
    ladder = ", ".join(f"{s}: {far:.3f}" for s, far in result["distance_by_surprise"].items())
    return "\n".join(
        (
            f"daydream: {result['tried']} pairs tried, {result['kept']} kept, {result['used']} used in "
            f"{result['verses']} verses; tax {result['cpu_s_per_kept']:.2f} s of CPU an idea kept, "
            f"{result['cpu_s_per_used']:.2f} s an idea used",
            f"candidates for bar 1 that were dreamt (goal ≥ 30 %): {share['k']}/{share['n']}",
            f"distance of the linked concepts by surprise (goal: rising): {ladder}",
            f"distinct word triples of all replies: without {result['distinct_3_without']:.3f}, "
            f"with {result['distinct_3_with']:.3f}",
        )
    )


def _verses(pen: Pen, opponents: Sequence[Opponent]) -> list[Verse]:
    return [
        pen.write(one.anchors, one.facts, one.bpm, BARS, seed=seed, heard=one.heard)
        for seed in SEEDS
        for one in opponents
    ]


def _openers(pen: Pen, one: Opponent, order: Order) -> list[Candidate]:
    found = [c for c in pen.weighed(one.anchors, one.facts, order) if c.couplet.move in PICK_UP]
    return sorted(found, key=lambda c: (-c.value, c.key))[:OPENERS]


def _ideas(pen: Pen, one: Opponent, order: Order) -> list[Candidate]:
    """The five ideas that stand best."""
    found = [c for c in pen.weighed(one.anchors, one.facts, order) if pen.is_idea(c.couplet.id)]
    return sorted(found, key=lambda c: (-c.value, c.key))[:5]


def _mean_distance(candidates: Sequence[Candidate], far: dict[str, float]) -> float:
    return round(fmean(far[c.couplet.id] for c in candidates), 4) if candidates else 0.0


def _distinct(verses: Sequence[Verse]) -> float:
    triples = [
        tuple(words[k : k + 3])
        for verse in verses
        for bar in verse.bars
        for words in (words_of(bar.text),)
        for k in range(len(words) - 2)
    ]
    return round(len(set(triples)) / len(triples), 4) if triples else 0.0
