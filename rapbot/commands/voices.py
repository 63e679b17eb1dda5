"""`rapbot voices`: every voice with its description, licence and cost."""

from __future__ import annotations

import argparse
import json
from typing import Any


def add_parser(subparsers: Any) -> None:
    parser = subparsers.add_parser("voices", help="list the voices", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    from rapbot.voicing.voices import DEFAULT_VOICE, OPPONENT_VOICE, all_voices

    known = all_voices()

    if args.json:
        voices = [
            {
                "name": spec.name,
                "description": spec.description,
                "licence": spec.licence,
                "cost": spec.cost,
                "live": spec.live,
                "default": spec.name == DEFAULT_VOICE,
            }
            for spec in known.values()
        ]
        print(json.dumps({"voices": voices}, separators=(",", ":")))
        return 0
    width = max(map(len, known))
    for spec in known.values():
        role = {DEFAULT_VOICE: " (default)", OPPONENT_VOICE: " (bundled verses)"}.get(spec.name, "")
        print(f"{spec.name:{width}}  {spec.description}{role}; {spec.licence}; {spec.cost}")
    return 0
