"""How well the pen answers: anchors answered, rhymes confirmed, bars that fit, and what repeats.

    python benchmarks/writing.py [--seeds 5] [--bars 8] [--json FILE]

Opponents are the bundled verses (tests/data/verses/verses.toml, each at its own tempo) and benchmarks/opponents.txt
(verses parted by blank lines, at 90 and 96 BPM in turn), typed, so that hearing does not blur what writing does.

*Conventions.*  *Answered*, *confirmed rhyme* and *fits* are the pen's definitions in README; rates are k/n with
Wilson's 95 % interval.  The last line of output is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import time
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rapbot.engines.cmu import CmuLexicon
from rapbot.engines.hibari_text import HibariText
from rapbot.language.anchors import VerseFacts, find_anchors, verse_facts, words_from_text
from rapbot.resources import models_root
from rapbot.rhythm.slots import FIT_COST
from rapbot.values import Anchor, Verse
from rapbot.writing.arsenal import load_arsenal, words_of
from rapbot.writing.checker import Checker, runs
from rapbot.writing.pen import Pen, open_pen
from rapbot.writing.vocabulary import parse_vocabulary

ROOT = Path(__file__).resolve().parent.parent
TEMPI = (90.0, 96.0)
ROUNDS = 5  # of a battle, for repeats from one reply to the next


@dataclass(frozen=True)
class Opponent:
    """A typed verse with what the pen is told about it."""

    name: str
    bpm: float
    heard: tuple[str, ...]
    anchors: tuple[Anchor, ...]
    facts: VerseFacts


def opponents(text: HibariText, pen: Pen) -> list[Opponent]:
    """The bundled verses and, where the file exists, benchmarks/opponents.txt."""
    table = tomllib.loads((ROOT / "tests/data/verses/verses.toml").read_text(encoding="utf-8"))
    found = [(name, float(v["bpm"]), "\n".join(v["lines"])) for name, v in table.items() if "lines" in v]
    path = ROOT / "benchmarks/opponents.txt"
    if path.exists():
        raw = path.read_text(encoding="utf-8")
        lines = [line for line in raw.splitlines() if not line.startswith("#")]
        blocks = [block for block in "\n".join(lines).split("\n\n") if block.strip()]
        found += [(f"typed{k + 1:02d}", TEMPI[k % 2], block.strip()) for k, block in enumerate(blocks)]
    out = []
    for name, bpm, verse in found:
        words, ranges = words_from_text(verse)
        anchors = find_anchors(words, text, pen.nouns, ranges)
        out.append(Opponent(name, bpm, tuple(w.text for w in words), anchors, verse_facts(words, ranges, text)))
    return out


def reply(pen: Pen, opponent: Opponent, bars: int, seed: int, used: frozenset[str] = frozenset()) -> Verse:
    return pen.write(
        opponent.anchors, opponent.facts, opponent.bpm, bars, seed=seed, used=used, heard=opponent.heard
    )  # fmt: skip


def repeats_within(verse: Verse, shapes: dict[str, tuple[str, str, frozenset[str]]]) -> int:
    """Shape families, openers and props a verse uses twice."""
    ids = list(dict.fromkeys(bar.entry_id for bar in verse.bars))
    families = Counter(shapes[i][0] for i in ids)
    openers = Counter(shapes[i][1] for i in ids)
    props = Counter(prop for i in ids for prop in shapes[i][2])
    return sum(n - 1 for counter in (families, openers, props) for n in counter.values() if n > 1)


def wilson(k: int, n: int) -> tuple[float, float]:
    """95 % interval of a rate."""
    if n == 0:
        return 0.0, 1.0
    z, p = 1.96, k / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return middle - half, middle + half


def rate(name: str, k: int, n: int) -> dict[str, object]:
    low, high = wilson(k, n)
    print(f"{name:<44}{k:>5}/{n:<5} {100 * k / max(1, n):5.1f} %  [{100 * low:.1f}, {100 * high:.1f}]")
    return {"k": k, "n": n, "low": round(low, 4), "high": round(high, 4)}


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--bars", type=int, default=8)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args(argv)

    text, second = HibariText(), CmuLexicon()
    models = models_root()
    pen = open_pen(text, second, models)
    vocabulary = parse_vocabulary((models / "categories.toml").read_text(encoding="utf-8"))
    bank = load_arsenal(models / "arsenal")
    shapes = {c.id: (vocabulary.family(c.shape), c.opener, c.words & vocabulary.props) for c in bank}
    checker = Checker(text, second)
    verses: list[Verse] = []
    answered: list[float] = []
    cpu_ms: list[float] = []
    rhymes = fits = bars = copied = twice = 0
    couplets = Counter[str]()
    everyone = opponents(text, pen)
    for opponent in everyone:
        theirs = runs(words_of(" ".join(opponent.heard)))
        for seed in range(args.seeds):
            start = time.process_time()
            verse = reply(pen, opponent, args.bars, seed)
            cpu_ms.append(1e3 * (time.process_time() - start))
            verses.append(verse)
            answered.append(8 / args.bars * len({a for bar in verse.bars for a in bar.answers}))
            for first, other in zip(verse.bars[::2], verse.bars[1::2], strict=True):
                rhymes += checker.confirmed(first.end_word, other.end_word)
            bars += len(verse.bars)
            fits += sum(bar.slot_cost <= FIT_COST for bar in verse.bars)
            copied += sum(bool(runs(words_of(bar.text)) & theirs) for bar in verse.bars)
            twice += repeats_within(verse, shapes)
            couplets.update({bar.entry_id for bar in verse.bars})
    again = spent_total = 0
    for opponent in everyone[:6]:  # battles of five rounds, entries spent as they are used
        used: frozenset[str] = frozenset()
        for seed in range(ROUNDS):
            ids = {bar.entry_id for bar in reply(pen, opponent, args.bars, seed, used).bars}
            again += len(ids & used)
            spent_total += len(ids)
            used |= ids
    print(f"{len(everyone)} opponents, {args.seeds} seeds, {args.bars} bars, {len(bank)} couplets in the bank")
    print(f"anchors answered per 8 bars: mean {statistics.mean(answered):.2f}, median {statistics.median(answered):g}")
    print(f"CPU per verse: median {statistics.median(cpu_ms):.0f} ms, worst {max(cpu_ms):.0f} ms")
    result: dict[str, object] = {
        "opponents": len(everyone), "seeds": args.seeds, "bars": args.bars,
        "answered_mean": round(statistics.mean(answered), 3),
        "cpu_ms_median": round(statistics.median(cpu_ms), 1),
        "answers_2": rate("verses with 2 or more anchors answered", sum(a >= 2 for a in answered), len(answered)),
        "answers_3": rate("verses with 3 or more", sum(a >= 3 for a in answered), len(answered)),
        "rhymes": rate("couplets whose rhyme is confirmed", rhymes, bars // 2),
        "fits": rate("bars that fit their slots", fits, bars),
        "copied": rate("bars with four copied words", copied, bars),
        "repeats_in_verse": twice,
        "repeats_in_battle": rate("couplets said again within a battle", again, spent_total),
        "distinct_couplets": len(couplets),
        "commonest": couplets.most_common(5),
    }  # fmt: skip
    threaded = sum(any(bar.move == "cont" for bar in verse.bars) for verse in verses)
    result["threaded"] = rate("verses with a continued image", threaded, len(verses))
    print(f"shape families, openers or props used twice in a verse: {twice}")
    print(f"different couplets used: {len(couplets)}; commonest: {couplets.most_common(8)}")
    if args.json:
        args.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
