"""`rapbot bench NAME`: benchmarks.  A table for people, then one JSON object on the last line of stdout."""

from __future__ import annotations

import argparse
import importlib
import json
from pathlib import Path
from typing import Any

from rapbot.errors import UserError

# Benchmarks without options: their module in `rapbot.bench`, what runs them and what shows the result.
PLAIN = {
    "grid": ("grid", "run_default", "table"),
    "ready": ("grid", "ready_default", "ready_table"),
    "affects": ("affects", "run_default", "table"),
    "reference": ("reference", "run_default", "table"),
    "writing": ("writing", "run_default", "table"),
    "writers": ("writing_baselines", "run_default", "table"),
}
NAMES = ("respond", "latency", *PLAIN)
VERSES = "tests/data/verses"


def add_parser(subparsers: Any) -> None:
    parser = subparsers.add_parser("bench", help="run a benchmark", description=__doc__)
    parser.add_argument("name", choices=NAMES, help="which benchmark")
    parser.add_argument("--json", metavar="F", help="also write the JSON object to a file")
    parser.add_argument("--device", default="offline", help="latency only: offline (live devices come with the battle)")
    parser.add_argument(
        "--verses", default=VERSES, metavar="DIR", help=f"folder of the bundled verses (default {VERSES})"
    )
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="respond only: replies per verse (default 3)")


def run(args: argparse.Namespace) -> int:
    if args.json:
        from rapbot.sound.files import check_writable

        check_writable(Path(args.json))
    result, table = _run(args)
    print(table)
    line = json.dumps(result, separators=(",", ":"))
    if args.json:
        from rapbot.sound.files import atomic_write_text

        atomic_write_text(Path(args.json), line + "\n")
    print(line)
    return 0


def _run(args: argparse.Namespace) -> tuple[dict[str, Any], str]:
    if args.name in PLAIN:
        module, run_it, show = PLAIN[args.name]
        bench = importlib.import_module(f"rapbot.bench.{module}")
        result = getattr(bench, run_it)()
        return result, getattr(bench, show)(result)
    from rapbot.bench.verses import bundled_verses

    if args.name == "latency" and args.device != "offline":
        raise UserError(f"bench latency knows --device offline only so far, not {args.device!r}")
    verses = bundled_verses(args.verses)
    if args.name == "latency":
        from rapbot.bench import latency

        result = latency.run(verses)
        return result, latency.table(result)
    from rapbot.bench import respond

    if args.seeds < 1:
        raise UserError(f"--seeds must be at least 1, got {args.seeds}")
    result = respond.run(verses, tuple(range(args.seeds)))
    return result, respond.table(result)
