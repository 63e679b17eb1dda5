"""The pen beside what else could write: the bank without a plan, and SmolLM2, free or kept to the form.

Everybody answers the same fresh verses with four couplets, and is judged by one code that knows nothing of makers: do
the ends rhyme in the second lexicon, does every line fit its slots, how many distinct things the opponent said are
spoken, and how much rather this opponent's than another's.  Speaking a word is the generous reading of *answered*: it
does not ask whether the line means anything by it.  Whether it does is for readers (benchmarks/RESULTS.md).

*Conventions.*  A verse here is couplets of written lines.  CPU time is of this process, torch's threads included.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rapbot.bench.respond import wilson
from rapbot.bench.writing import BARS, TYPED_FOLDER, Opponent, fresh_verses, open_kit, opponent_of
from rapbot.errors import EngineUnavailable
from rapbot.rhythm.slots import FIT_COST, SlotError, plan_slots
from rapbot.writing.candidates import FLIP_CONFIDENCE, Matcher, Situation, speaks_of
from rapbot.writing.checker import Checker
from rapbot.writing.makers import Commission, MaskedMaker, parse_couplets_reply
from rapbot.writing.pen import Pen, line_span

Lines = tuple[tuple[str, str], ...]
Writer = Callable[[Opponent, int], Lines]
COUPLETS = BARS // 2
FREE_REPLIES = 12  # asked of the free model for four couplets: not every reply holds one
OWED = 0.6  # anchors of this confidence are there to be answered


def run_default(typed_folder: str = TYPED_FOLDER) -> dict[str, Any]:
    """Every writer that is installed, on the fresh verses."""
    kit = open_kit()
    bank = tuple(kit.bank.values())
    opponents = [opponent_of(*verse, kit.text, kit.pen.nouns) for verse in fresh_verses(typed_folder)]
    writers: dict[str, Writer] = {
        "rapbot": planned(kit.pen),
        "bank without plan or critic": unplanned(Matcher(bank, kit.vocabulary, kit.pen.nouns)),
    }
    writers |= _models(kit.second)
    return {"benchmark": "writing_baselines", **run(writers, opponents, Checker(kit.text, kit.second))}


def run(writers: dict[str, Writer], opponents: Sequence[Opponent], checker: Checker) -> dict[str, Any]:
    """One row a writer."""
    rows = []
    for name, write in writers.items():
        verses, spent_s = [], 0.0
        for seed, opponent in enumerate(opponents):
            start = time.process_time()
            verses.append(write(opponent, seed))
            spent_s += time.process_time() - start
        rows.append({"writer": name, **judged(verses, opponents, checker), "cpu_s": round(spent_s / len(verses), 3)})
    return {"opponents": len(opponents), "couplets": COUPLETS, "rows": rows}


def judged(verses: Sequence[Lines], opponents: Sequence[Opponent], checker: Checker) -> dict[str, Any]:
    """The figures of one writer over all opponents."""
    rhymed = fit = lines = couplets = 0
    answered, own, other, own_of, other_of = [], 0, 0, 0, 0
    for k, (verse, opponent) in enumerate(zip(verses, opponents, strict=True)):
        rival = opponents[(k + 1) % len(opponents)]
        mine, theirs = owed(opponent) - owed(rival), owed(rival) - owed(opponent)
        said = " / ".join(line for couplet in verse for line in couplet)
        answered.append(sum(speaks_of(said, word) for word in owed(opponent)))
        own, own_of = own + sum(speaks_of(said, word) for word in mine), own_of + len(mine)
        other, other_of = other + sum(speaks_of(said, word) for word in theirs), other_of + len(theirs)
        for couplet in verse:
            couplets += 1
            rhymed += checker.rhymes(couplet)
            lines += 2
            fit += sum(fits(line, opponent.bpm, checker) for line in couplet)
    return {
        "written": couplets,
        "rhymed": [rhymed, couplets],
        "fit": [fit, lines],
        "answered_mean": round(float(np.mean(answered)), 2),
        "own_percent": round(100 * own / max(own_of, 1), 1),
        "other_percent": round(100 * other / max(other_of, 1), 1),
    }


def owed(opponent: Opponent) -> frozenset[str]:
    """What the opponent said that an answer could take up."""
    return frozenset(anchor.text for anchor in opponent.anchors if anchor.confidence >= OWED)


def fits(line: str, bpm: float, checker: Checker) -> bool:
    """Does a line fit its bar by the planner?"""
    spoken = checker.spoken(line)
    if spoken is None:
        return False
    try:
        return plan_slots(spoken.syllables, bpm, span_beats=line_span(bpm)).cost <= FIT_COST
    except SlotError:
        return False


# ------------------------------------------------------------------------------------------------ writers


def planned(pen: Pen) -> Writer:
    """Our pen."""

    def write(opponent: Opponent, seed: int) -> Lines:
        verse = pen.write(opponent.anchors, opponent.facts, opponent.bpm, BARS, seed=seed, heard=opponent.heard)
        texts = [bar.text for bar in verse.bars]
        return tuple(zip(texts[::2], texts[1::2], strict=True))

    return write


def unplanned(matcher: Matcher) -> Writer:
    """Couplets of the bank that answer something, in any order: relevance without thread, arc or checks."""

    def write(opponent: Opponent, seed: int) -> Lines:
        found = [c.lines for c in matcher.candidates(Situation(opponent.anchors, opponent.facts)) if c.bound]
        order = np.random.default_rng(seed).permutation(len(found))[:COUPLETS]
        return tuple(found[k] for k in order)

    return write


def free(model: Any) -> Writer:
    """A language model asked in plain words."""

    def write(opponent: Opponent, seed: int) -> Lines:
        prompt = f"Answer this battle rap with two rhyming lines:\n{opponent.lines[-1]}"
        replies = model.free(prompt, FREE_REPLIES, seed)
        return tuple(couplet for reply in replies for couplet in parse_couplets_reply(reply)[:1])[:COUPLETS]

    return write


def masked(model: Any) -> Writer:
    """The same model kept to rhyme and syllables, without a plan."""

    def write(opponent: Opponent, seed: int) -> Lines:
        sure = tuple(anchor for anchor in opponent.anchors if anchor.confidence >= FLIP_CONFIDENCE)
        order = Commission(sure, "", "flip", "", opponent.bpm, line_span(opponent.bpm))
        return tuple(proposal.lines for proposal in MaskedMaker(model).propose(order, COUPLETS, seed))

    return write


def _models(second: Any) -> dict[str, Writer]:
    """SmolLM2 both ways, where its weights and torch are installed."""
    from rapbot.engines.smollm import SmolMaker, weight_file
    from rapbot.resources import weights_dir

    try:
        model = SmolMaker(weight_file(weights_dir("smollm2-135m-instruct")), second)
    except EngineUnavailable:
        return {}
    return {"SmolLM2, free": free(model), "SmolLM2, masked, no plan": masked(model)}


def table(result: dict[str, Any]) -> str:
    """The rows for people."""
    out = [
        f"{'writer':30} {'couplets':>8} {'rhymes confirmed':>24} {'lines that fit':>24} {'spoken of theirs':>17} "
        f"{'own / other':>16} {'CPU s':>7}"
    ]
    for row in result["rows"]:
        out.append(
            f"{row['writer']:30} {row['written']:8d} {_rate(row['rhymed']):>24} {_rate(row['fit']):>24} "
            f"{row['answered_mean']:17.2f} {row['own_percent']:7.1f} / {row['other_percent']:4.1f} % "
            f"{row['cpu_s']:7.3f}"
        )
    if len(result["rows"]) < 4:
        out.append("SmolLM2 left out: `rapbot models install smollm2-135m-instruct` and the extra `torch`")
    return "\n".join(out)


def _rate(pair: Sequence[int]) -> str:
    k, n = pair
    low, high = wilson(k, n)
    return f"{k}/{n} ({100 * low:.0f}–{100 * high:.0f} %)"
