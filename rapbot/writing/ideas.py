"""Ideas: couplets that were thought of before they were needed.

An idea is a couplet like the bank's, its slots open for what the opponent will say, with where it came from.

*Conventions.*  ``critic`` and ``distance`` lie in 0..1.  An idea's id is a digest of its wording, so that the same
thought on two machines is one idea.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

from rapbot.writing.arsenal import Couplet, parse_couplets

LINKS = ("shared", "twin", "pun", "model")  # how two concepts were brought together


@dataclass(frozen=True)
class Idea:
    """A couplet with its provenance.

    ``about`` is the one word of the opponent it fits ("" where anything its needs name does), ``seeds`` the two
    concepts it links, ``distance`` how far they lie apart, ``critic`` what it was found to be worth.
    """

    couplet: Couplet
    link: str
    seeds: tuple[str, str]
    distance: float
    critic: float
    provenance: str
    about: str = ""

    @property
    def id(self) -> str:
        return self.couplet.id


def idea_couplet(move: str, needs: str, shape: str, score: int, lines: tuple[str, str]) -> Couplet:
    """A couplet of the bank's format, its id made from its wording.

    Raises:
        UserError: it does not follow the format.
    """
    digest = zlib.crc32(" / ".join(lines).lower().encode())
    entry = "|".join((f"d-{digest:08x}", move, needs, shape, "any", str(score), *lines))
    return parse_couplets(entry, "an idea")[0]


def entry_of(couplet: Couplet) -> str:
    """The couplet as a line of the bank."""
    needs = couplet.needs
    head = needs.head + (f":{needs.term}" if needs.term else "")
    words = [head, *([needs.number] if needs.number else []), *([needs.stance] if needs.stance else [])]
    words += sorted(needs.flags)
    fields = (couplet.id, couplet.move, " ".join(words), couplet.shape, couplet.image, str(couplet.score))
    return "|".join((*fields, *couplet.lines))


def better(a: Idea, b: Idea) -> Idea:
    """Of two copies of one idea the one the critic liked more, with both provenances."""
    first, second = sorted((a, b), key=lambda idea: (-idea.critic, idea.provenance))
    parts = dict.fromkeys(part for idea in (first, second) for part in idea.provenance.split(" + "))
    return replace(first, provenance=" + ".join(parts))
