"""`rapbot daydream`: fill a memory ahead of a battle.

*Conventions.*  Ideas are put down in batches as they come, so a kill loses a few seconds of dreaming at most.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import TYPE_CHECKING, Any

from rapbot.errors import UserError

if TYPE_CHECKING:
    from rapbot.writing.daydream import Dreamer
    from rapbot.writing.ideas import Idea
    from rapbot.writing.memory import Memory

SCHEMA = "rapbot.daydream/1"
MOST_MINUTES = 24 * 60.0
BATCH = 50  # ideas put down at once
BEST_SHOWN = 8
LOOK_AT_CLOCK = 20  # steps of a few milliseconds


def add_parser(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "daydream",
        help="think of things to say ahead of a battle",
        description="Link what opponents were about with distant things, keep what a critic likes, and remember it.",
    )
    parser.add_argument("--memory", metavar="PATH", required=True, help="where ideas are kept; made if it is missing")
    parser.add_argument("--minutes", type=float, default=1.0, metavar="M", help="how long to dream (default: 1)")
    parser.add_argument("--opponent", metavar="NAME", help="dream about this opponent only (default: about all)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="another seed dreams of other things")
    parser.add_argument("--json", action="store_true", help=f"print one JSON object, schema {SCHEMA}")


def run(args: argparse.Namespace) -> int:
    if not 0.0 < args.minutes <= MOST_MINUTES:
        raise UserError(f"--minutes must be above 0 and at most {MOST_MINUTES:g}, got {args.minutes:g}")
    if args.seed < 0:
        raise UserError(f"--seed must not be negative, got {args.seed}")
    from rapbot.commands.progress import stage_progress
    from rapbot.writing.memory import open_memory

    memory = open_memory(args.memory)
    for remark in memory.remarks:
        print(f"rapbot: note: {remark}", file=sys.stderr)
    dreamer = _dreamer(memory, args.opponent, args.seed)
    cpu_start_s = time.process_time()
    with stage_progress() as progress:
        kept = _dream(dreamer, memory, 60.0 * args.minutes, lambda share: progress("daydream", share))
    print(_account(dreamer, memory, kept, time.process_time() - cpu_start_s, args.json))
    return 0


def _dreamer(memory: Memory, opponent: str | None, seed: int) -> Dreamer:
    from rapbot.engines.cmu import CmuLexicon
    from rapbot.engines.hibari_text import HibariText
    from rapbot.language.nouns import load_nouns
    from rapbot.resources import models_root
    from rapbot.writing.daydream import open_dreamer

    heard = memory.heard(opponent)
    if opponent is not None and not heard:
        raise UserError(f"the memory knows nothing of an opponent called {opponent!r}: leave out --opponent")
    models = models_root()
    nouns = load_nouns(models / "nouns")
    return open_dreamer(HibariText(), CmuLexicon(), nouns, models, seed, heard, memory.ideas())


def _dream(dreamer: Dreamer, memory: Memory, seconds: float, on_share: Any) -> list[Idea]:
    """Dream until the time is over; what is kept goes to the memory as it comes."""
    from rapbot.writing.memory import Dreamt

    start_s = now_s = time.monotonic()
    kept: list[Idea] = []
    unsaved: list[Idea] = []
    try:
        while now_s - start_s < seconds:
            found = [idea for idea in (dreamer.step() for _ in range(LOOK_AT_CLOCK)) if idea is not None]
            kept += found
            unsaved += found
            if len(unsaved) >= BATCH:
                memory.append([Dreamt(idea, time.time()) for idea in unsaved])
                unsaved = []
            now_s = time.monotonic()
            on_share((now_s - start_s) / seconds)
    finally:  # stopped with Ctrl-C, it has still dreamt
        if unsaved:
            memory.append([Dreamt(idea, time.time()) for idea in unsaved])
    return kept


def _account(dreamer: Dreamer, memory: Memory, kept: list[Idea], cpu_s: float, as_json: bool) -> str:
    used = sum(memory.contents.uses().values())
    best = sorted(kept, key=lambda idea: (-idea.critic, idea.id))[:BEST_SHOWN]
    if as_json:
        return json.dumps(
            {
                "schema": SCHEMA,
                "tried": dreamer.tally.tried,
                "kept": len(kept),
                "used": used,
                "cpu_s_per_kept": round(cpu_s / len(kept), 4) if kept else None,
                "cpu_s_per_used": round(cpu_s / used, 4) if used else None,
                "in_memory": len(memory.ideas()),
                "best": [
                    {"lines": list(idea.couplet.lines), "critic": idea.critic, "why": idea.provenance} for idea in best
                ],
            },
            ensure_ascii=False,
        )
    rows = [
        f"{dreamer.tally.tried} pairs tried, {len(kept)} kept, {len(memory.ideas())} in memory, {used} used so far",
        f"daydreaming tax: {1e3 * cpu_s / max(1, len(kept)):.0f} ms of CPU an idea kept"
        + (f", {cpu_s / used:.2f} s an idea used" if used else ""),
    ]
    for idea in best:
        rows += ["", *(f"  {line}" for line in idea.couplet.lines), f"  ({idea.provenance}; critic {idea.critic:.2f})"]
    return "\n".join(rows)
