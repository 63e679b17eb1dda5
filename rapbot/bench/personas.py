"""Are the personas different, and do they stay themselves?

A style reader (`rapbot.writing.style`) is trained on verses against half the opponents and names the persona of single
verses against the other half.  The harder count leaves out of a verse every line that the training verses held, so that
only manner is left to go by.

*Conventions.*  ``style_bleed`` is 1 − P(persona | verse), the project's monitor.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from rapbot.bench.respond import wilson
from rapbot.bench.writing import BARS, Opponent, line_phones, rate
from rapbot.language.density import rhymed_share
from rapbot.values import Verse
from rapbot.writing.pen import Pen
from rapbot.writing.rounds import History
from rapbot.writing.style import StyleReader, learn

TRAIN_SEEDS, TEST_SEEDS = range(4), range(100, 102)
ROUNDS = 6


def verses_of(pen: Pen, persona: str, opponents: Sequence[Opponent], seeds: Iterable[int]) -> list[Verse]:
    """The persona's verses against each opponent, nothing remembered between them."""
    return [
        pen.write(o.anchors, o.facts, o.bpm, BARS, persona=persona, seed=seed, heard=o.heard)
        for seed in seeds
        for o in opponents
    ]


def measure_personas(pen: Pen, opponents: Sequence[Opponent]) -> dict[str, Any]:
    """Recognition, style bleed over six rounds, and what each persona rhymes and says."""
    known, unseen = opponents[::2], opponents[1::2]
    training = {name: verses_of(pen, name, known, TRAIN_SEEDS) for name in pen.personas}
    reader = learn([verse for verses in training.values() for verse in verses])
    lines = {bar.text for verses in training.values() for verse in verses for bar in verse.bars}
    tests = {name: verses_of(pen, name, unseen, TEST_SEEDS) for name in pen.personas}
    right = {name: sum(_named(reader, verse) == name for verse in verses) for name, verses in tests.items()}
    manner = {
        name: [_named(reader, stripped) == name for verse in verses if (stripped := _without(verse, lines)).bars]
        for name, verses in tests.items()
    }
    total = sum(len(verses) for verses in tests.values())
    unseen_only = [hit for hits in manner.values() for hit in hits]
    bleeds = {name: _battle_bleeds(pen, name, unseen, reader) for name in pen.personas}
    return {
        "recognised": rate(sum(right.values()), total),
        "recognised_by_persona": {name: rate(right[name], len(tests[name])) for name in tests},
        "recognised_by_new_lines": rate(sum(unseen_only), len(unseen_only)),
        "style_bleed_6_rounds": round(statistics.fmean(b for bs in bleeds.values() for b in bs), 4),
        "style_bleed_by_persona": {name: round(statistics.fmean(bs), 4) for name, bs in bleeds.items()},
        "density_rhymed_share": {name: round(_density(verses), 4) for name, verses in tests.items()},
        "own_lines": {name: _own_share(pen, name, verses) for name, verses in tests.items()},
    }


def table(result: dict[str, Any]) -> str:
    """For people."""
    low, high = wilson(round(result["recognised"]["k"]), round(result["recognised"]["n"]))
    rows = [
        f"persona named from one verse (goal ≥ 80 %): {result['recognised']['k']}/{result['recognised']['n']} "
        f"({100 * low:.1f}–{100 * high:.1f} %); by lines the reader never saw "
        f"{result['recognised_by_new_lines']['k']}/{result['recognised_by_new_lines']['n']}",
        f"style bleed over {ROUNDS} rounds (goal ≤ 0.2): {result['style_bleed_6_rounds']:.3f}",
    ]
    for name, share in result["density_rhymed_share"].items():
        hit = result["recognised_by_persona"][name]
        rows.append(
            f"  {name:<10} named {hit['k']}/{hit['n']}, bleed {result['style_bleed_by_persona'][name]:.3f}, "
            f"rhymed share {share:.3f}, own lines {100 * result['own_lines'][name]:.0f} %"
        )
    return "\n".join(rows)


def _named(reader: StyleReader, verse: Verse) -> str:
    found = reader.probabilities(verse.bars)
    return max(sorted(found), key=lambda name: found[name])


def _without(verse: Verse, lines: set[str]) -> Verse:
    return replace(verse, bars=tuple(bar for bar in verse.bars if bar.text not in lines))


def _battle_bleeds(pen: Pen, persona: str, opponents: Sequence[Opponent], reader: StyleReader) -> list[float]:
    history = History()
    bleeds: list[float] = []
    for number, one in enumerate(opponents[:ROUNDS]):
        last = number == ROUNDS - 1
        verse = pen.write(
            one.anchors, one.facts, one.bpm, BARS, persona=persona, seed=number, history=history, last_round=last
        )
        history = history.after(one.anchors, verse)
        bleeds.append(reader.bleed(verse) or 0.0)
    return bleeds


def _density(verses: Sequence[Verse]) -> float:
    return statistics.fmean(rhymed_share([line_phones(bar) for bar in verse.bars]) for verse in verses)


def _own_share(pen: Pen, name: str, verses: Sequence[Verse]) -> float:
    own = {couplet.id for couplet in pen.persona(name).own}
    bars = [bar.entry_id in own for verse in verses for bar in verse.bars]
    return round(statistics.fmean(bars), 4)
