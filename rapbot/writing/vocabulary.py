"""The one vocabulary between couplets and nouns: which anchor satisfies which couplet, and what must not meet twice.

Aim: a couplet asks for a *term* ("animal.pet", "royalty.kingqueen", "gym"), a noun has a *category* ("animal.pet",
"royalty.person"); ``models/categories.toml`` settles which nouns meet which term, so neither list has to follow the
other. It also holds the readers' findings about whole verses: shape families, props, and words a clean verse leaves
out.

*Conventions.*  Nouns are lower case.  A term without an entry is met by categories equal to it or below it.  An entry
named "head:term" serves only that head ("insult:toy").
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rapbot.errors import UserError
from rapbot.language.nouns import NounLexicon
from rapbot.values import Anchor

ANY = "any"  # the term every noun meets
CLAIMED_FRAME = "been"  # a noun one can claim to be has this frame in the noun lists


@dataclass(frozen=True)
class Term:
    """What meets a couplet's term: categories (with all below them) and nouns, less exceptions; ``frame`` or None."""

    categories: tuple[str, ...]
    nouns: frozenset[str]
    exceptions: frozenset[str]
    frame: str | None

    def met_by(self, noun: str, category: str | None, frames: tuple[str, ...] | None) -> bool:
        """``frames`` None: nothing known of them, which excludes nothing."""
        if noun in self.exceptions:
            return False
        if noun in self.nouns:
            return True
        if category is None or not any(category == top or category.startswith(top + ".") for top in self.categories):
            return False
        return self.frame is None or frames is None or self.frame in frames


@dataclass(frozen=True)
class Vocabulary:
    """Terms by name, the family of each shape, words that are props, words for ``--heat street`` and above."""

    terms: Mapping[str, Term]
    families: Mapping[str, str]
    props: frozenset[str]
    street_words: frozenset[str]
    proper_categories: frozenset[str]
    proper_nouns: frozenset[str]

    def term(self, head: str, name: str) -> Term:
        """The term ``name`` as asked for by ``head``."""
        found = self.terms.get(f"{head}:{name}") or self.terms.get(name)
        return found if found is not None else Term((name,), frozenset(), frozenset(), None)

    def family(self, shape: str) -> str:
        """The recipe a shape belongs to; its own name where it is the only one."""
        return self.families.get(shape, shape)

    def meets(self, head: str, name: str | None, anchor: Anchor, nouns: NounLexicon) -> bool:
        """Does what the opponent said meet the term?"""
        if name is None or name == ANY:
            return True
        entry = nouns.headed(anchor.text)
        frames = entry.frames if entry is not None else None
        category = anchor.category or (entry.category if entry is not None else None)
        if head == "claim" and frames is not None and CLAIMED_FRAME not in frames and anchor.kind != "boast":
            term = self.term(head, name)
            return anchor.text in term.nouns and anchor.text not in term.exceptions
        return self.term(head, name).met_by(anchor.text, category, frames)

    def is_proper(self, noun: str, category: str | None) -> bool:
        """True for a noun that, spelled with a capital, takes no article ("Batman")."""
        return noun in self.proper_nouns or category in self.proper_categories


def parse_vocabulary(text: str) -> Vocabulary:
    """The vocabulary in the text of ``models/categories.toml``.

    Raises:
        UserError: the text is not TOML or lacks a table.
    """
    try:
        table = tomllib.loads(text)
        terms = {name: _term(name, entry) for name, entry in table["term"].items()}
        families: dict[str, str] = {}
        for family, shapes in table["family"].items():
            for shape in shapes.split():
                families.setdefault(shape, family)  # a shape listed twice belongs to the first, the commoner recipe
        return Vocabulary(
            terms=terms,
            families=families,
            props=frozenset(table["props"]["words"].split()),
            street_words=frozenset(table["heat"]["street"].split()),
            proper_categories=frozenset(table["proper"]["categories"]),
            proper_nouns=frozenset(table["proper"]["nouns"]),
        )
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"categories.toml is not TOML: {error}") from None
    except KeyError as error:
        raise UserError(f"categories.toml lacks {error}") from None


def _term(name: str, entry: dict[str, Any]) -> Term:
    unknown = sorted(set(entry) - {"categories", "nouns", "not", "frame"})
    if unknown:
        raise UserError(f"categories.toml, term {name!r}: unknown key {unknown[0]!r}")
    return Term(
        tuple(entry.get("categories", ())),
        frozenset(noun.lower() for noun in entry.get("nouns", ())),
        frozenset(noun.lower() for noun in entry.get("not", ())),
        entry.get("frame"),
    )
