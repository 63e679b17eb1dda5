"""What a reply takes from a memory, and what it leaves in it.

*Conventions.*  A memory changes what is written only where it was asked for; what is left in it is one batch, so a kill
loses all of a reply or nothing.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace

from rapbot.language.anchors import VerseFacts
from rapbot.values import Anchor, Verse
from rapbot.writing.arsenal import MOVES
from rapbot.writing.bandit import leanings
from rapbot.writing.candidates import FLIP_CONFIDENCE, Candidate
from rapbot.writing.daydream import Heard
from rapbot.writing.memory import Battle, Concept, Episode, Memory, Record, Said, Used
from rapbot.writing.pen import Order, Pen

MENTIONED = "said"  # a kind of anchor that says little about who they are


def remembering(order: Order, pen: Pen, memory: Memory, opponent: str = "") -> Order:
    """The order with what the memory knows: its ideas go to the pen, what was said and what worked into the order."""
    pen.remember(memory.ideas())
    return replace(order, spent=memory.spent(), leanings=leanings(memory.tallies("move"), sorted(MOVES), opponent))


def opponent_name(anchors: Sequence[Anchor]) -> str:
    """What the opponent calls themselves, surest first; "" where nothing was understood."""
    names = [anchor for anchor in anchors if anchor.kind == "name"]
    return max(names, key=lambda a: (a.confidence, -a.start_s)).text if names else ""


def records_of(verse: Verse, anchors: Sequence[Anchor], pen: Pen, order: Order, opponent: str = "") -> list[Record]:
    """What a finished reply leaves: who they were, what was said, which ideas found their moment, each decision."""
    sure = [a for a in anchors if a.kind not in (MENTIONED, "name") and a.confidence >= FLIP_CONFIDENCE]
    heard = tuple(Heard(a.text, a.kind, a.category) for a in sure if a.category is not None)
    out: list[Record] = [Concept(opponent, one.text, one.kind, one.category) for one in heard]
    context = zlib.crc32("|".join((*(a.text for a in anchors), verse.persona, str(order.seed))).encode())
    entries = list(dict.fromkeys(bar.entry_id for bar in verse.bars))
    for entry in entries:
        out.append(Said(entry))
        if pen.is_idea(entry):
            out.append(Used(entry))
        out.append(
            Episode(
                f"{context:08x}", heard, pen.beside(entry), entry, None, verse.persona,
                len(order.history.rounds) + 1, order.seed, opponent,
            )
        )  # fmt: skip
    if order.last_round:
        out.append(Battle(opponent))
    return out


def answer_remembering(
    pen: Pen,
    order: Order,
    memory: Memory | None,
    anchors: Sequence[Anchor],
    facts: VerseFacts,
    heard: Sequence[str] = (),
    proposed: Sequence[Candidate] = (),
) -> Verse:
    """`Pen.answer` with what the memory knows, put down in it afterwards; without one just that.

    A memory that may only be read is used and left as it is; it has said so in its remarks.
    """
    if memory is None:
        return pen.answer(anchors, facts, order, heard, proposed)
    opponent = opponent_name(anchors)
    order = remembering(order, pen, memory, opponent)
    verse = pen.answer(anchors, facts, order, heard, proposed)
    if memory.writable:
        memory.append(records_of(verse, anchors, pen, order, opponent))
    return verse
