"""Personas: who answers.  Leanings, habits, a voice, attitudes, and lines nobody else may say.

*Conventions.*  One TOML file a persona, named after it; beside it, under the same name with ``.txt``, its own couplets
in the arsenal's format (optional).  A user's persona is such a file anywhere.  Keys:

``description``, ``voice``  (needed) who it is; a name of the voice list
``[moves]``, ``[writers]``  leanings of about ±0.5 (the unit is `rapbot.writing.candidates`'); writers are id prefixes
``likes``                   words it likes to say, in one string
``rhyme``                   how much rich rhymes count: 1 as usual, 0 not at all, 3 above everything
``heat``                    the roughest it ever gets: clean, street or raw
``flow``                    how its syllables lie on the beat (`rapbot.rhythm.slots.FLOWS`)
``[affects]``               how much it likes each way of saying a line, relatively and above 0; one that is missing is
                            never used, and no table at all means all of them alike
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rapbot.errors import UserError
from rapbot.rhythm.slots import FLOWS
from rapbot.writing.arsenal import HEATS, MOVES, Couplet, parse_couplets

# As in `rapbot.voicing.delivery`, which this layer does not know; a test keeps the two equal.
AFFECT_NAMES = ("calm", "mocking", "aggressive", "triumphant", "deadpan")
DEFAULT_PERSONA = "comedian"
KEYS = frozenset(("description", "voice", "moves", "writers", "likes", "rhyme", "heat", "flow", "affects"))
MOST_RHYME = 3.0


@dataclass(frozen=True)
class Persona:
    """Who raps."""

    name: str
    description: str
    voice: str
    moves: Mapping[str, float] = field(default_factory=dict)
    writers: Mapping[str, float] = field(default_factory=dict)
    affects: Mapping[str, float] = field(default_factory=dict)
    likes: frozenset[str] = frozenset()
    rhyme: float = 1.0
    heat: str = HEATS[-1]
    flow: str = "straight"
    own: tuple[Couplet, ...] = ()


def parse_persona(name: str, text: str, own: str = "") -> Persona:
    """One persona from its file's text and that of its own couplets.

    Raises:
        UserError: not TOML, a key missing, unknown or out of its range, a couplet that does not follow its format.
    """
    try:
        table = tomllib.loads(text)
        persona = Persona(
            name,
            str(table["description"]),
            str(table["voice"]),
            _numbers(table, "moves"),
            _numbers(table, "writers"),
            _numbers(table, "affects"),
            frozenset(str(table.get("likes", "")).lower().split()),
            float(table.get("rhyme", 1.0)),
            str(table.get("heat", HEATS[-1])),
            str(table.get("flow", "straight")),
            tuple(parse_couplets(own, f"persona {name}")),
        )
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"persona {name} is not TOML: {error}") from None
    except KeyError as error:
        raise UserError(f"persona {name} lacks {error}") from None
    except (TypeError, ValueError) as error:
        raise UserError(f"persona {name}: leanings must be numbers ({error})") from None
    _known(name, "key", set(table), KEYS)
    _known(name, "move", set(persona.moves), MOVES)
    _known(name, "affect", set(persona.affects), AFFECT_NAMES)
    _known(name, "heat", {persona.heat}, HEATS)
    _known(name, "flow", {persona.flow}, FLOWS)
    if not 0.0 <= persona.rhyme <= MOST_RHYME:
        raise UserError(f"persona {name}: rhyme must lie in 0..{MOST_RHYME:g}, got {persona.rhyme:g}")
    for affect, weight in persona.affects.items():
        if not 0.0 < weight < math.inf:
            raise UserError(f"persona {name}: the weight of affect {affect!r} must be above 0, got {weight:g}")
    return persona


def load_persona(path: Path) -> Persona:
    """The persona in a file, with the couplets beside it.

    Raises:
        UserError: as `parse_persona`, or a file that cannot be read.
    """
    lines = path.with_suffix(".txt")
    try:
        own = lines.read_text(encoding="utf-8") if lines.exists() else ""
        return parse_persona(path.stem, path.read_text(encoding="utf-8"), own)
    except FileNotFoundError:
        raise UserError(f"there is no persona file {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"the persona file {path} cannot be read: {error}") from None


def load_personas(folder: Path) -> dict[str, Persona]:
    """Every persona in ``folder`` by name, in alphabetical order."""
    found = {path.stem: load_persona(path) for path in sorted(folder.glob("*.toml"))}
    if DEFAULT_PERSONA not in found:
        raise UserError(f"the persona folder {folder.name}/ lacks {DEFAULT_PERSONA}.toml")
    return found


def _numbers(table: Mapping[str, Any], key: str) -> dict[str, float]:
    return {name: float(value) for name, value in dict(table.get(key, {})).items()}


def _known(persona: str, what: str, found: set[str], known: frozenset[str] | tuple[str, ...]) -> None:
    for name in sorted(found - set(known)):
        raise UserError(f"persona {persona} has an unknown {what} {name!r}; known: {', '.join(sorted(known))}")
