"""Personas: who answers.  A leaning in the choice of moves and writers, a voice, and the attitudes it knows.

*Conventions.*  One TOML file a persona, named after it: ``description``, ``voice`` (a name of the voice list),
``[moves]`` and ``[writers]`` with leanings of about ±0.5 (see `rapbot.writing.candidates` for the unit); writers are
the ids' prefixes.  ``[affects]`` says how much it likes each way of saying a line, relatively and above 0; one that is
missing is never used, and no table at all means all of them alike.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rapbot.errors import UserError
from rapbot.writing.arsenal import MOVES

# As in `rapbot.voicing.delivery`, which this layer does not know; a test keeps the two equal.
AFFECT_NAMES = ("calm", "mocking", "aggressive", "triumphant", "deadpan")
DEFAULT_PERSONA = "comedian"


@dataclass(frozen=True)
class Persona:
    """Who raps."""

    name: str
    description: str
    voice: str
    moves: Mapping[str, float]
    writers: Mapping[str, float]
    affects: Mapping[str, float] = field(default_factory=dict)


def parse_persona(name: str, text: str) -> Persona:
    """One persona from its file's text.

    Raises:
        UserError: not TOML, a key missing, or a leaning towards a move that does not exist.
    """
    try:
        table = tomllib.loads(text)
        moves = {move: float(value) for move, value in table.get("moves", {}).items()}
        writers = {writer: float(value) for writer, value in table.get("writers", {}).items()}
        affects = {affect: float(value) for affect, value in table.get("affects", {}).items()}
        persona = Persona(name, table["description"], table["voice"], moves, writers, affects)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"persona {name} is not TOML: {error}") from None
    except KeyError as error:
        raise UserError(f"persona {name} lacks {error}") from None
    except (TypeError, ValueError) as error:
        raise UserError(f"persona {name}: leanings must be numbers ({error})") from None
    unknown = sorted(set(moves) - MOVES)
    if unknown:
        raise UserError(
            f"persona {name} leans towards an unknown move {unknown[0]!r}; known: {', '.join(sorted(MOVES))}"
        )
    for affect, weight in affects.items():
        if affect not in AFFECT_NAMES:
            raise UserError(f"persona {name} has an unknown affect {affect!r}; known: {', '.join(AFFECT_NAMES)}")
        if not 0.0 < weight < math.inf:
            raise UserError(f"persona {name}: the weight of affect {affect!r} must be above 0, got {weight:g}")
    return persona


def load_personas(folder: Path) -> dict[str, Persona]:
    """Every persona in ``folder`` by name, in alphabetical order."""
    found = {
        path.stem: parse_persona(path.stem, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.toml"))
    }
    if DEFAULT_PERSONA not in found:
        raise UserError(f"the persona folder {folder.name}/ lacks {DEFAULT_PERSONA}.toml")
    return found
