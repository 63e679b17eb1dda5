"""The two options with which a voice sounds like somebody: ``--reference CLIP --i-have-consent``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rapbot.respond.performer import Reference
    from rapbot.voicing.reference import Leaning


def add_reference(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--reference",
        metavar="CLIP",
        help="3 s or more of a person speaking: lean a live voice to them (half a minute), or clone with coqui:FOLDER",
    )
    parser.add_argument(
        "--i-have-consent", action="store_true", help="that person agreed to be imitated; written to the report"
    )


def reference_of(args: argparse.Namespace) -> Reference | None:
    """What the options say."""
    from rapbot.respond.performer import Reference

    return Reference(Path(args.reference), args.i_have_consent) if args.reference else None


def leaning_line(leaning: Leaning) -> str:
    """What leaning brought, for people."""
    return (
        f"{leaning.spec.name} leans towards the clip: similarity {leaning.similarity_before:.2f} → "
        f"{leaning.similarity_after:.2f} (the person to themselves {leaning.ceiling:.2f})"
    )
