"""The real pen over the real bank and lexicons, opened once: what is tested is what ships."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from rapbot.engines.cmu import CmuLexicon
from rapbot.engines.hibari_text import HibariText
from rapbot.language.anchors import VerseFacts, find_anchors, verse_facts, words_from_text
from rapbot.resources import models_root
from rapbot.values import Anchor
from rapbot.writing.pen import Pen, open_pen

VERSE = """My name is Marcus and I came to shut you down,
I'm the lion of the city, I'm the king of this town.
I pull up in a Cadillac, gold chain on my chest,
my crew is out of Brooklyn and we never need rest.
You're nothing but a toaster with a microphone for bread,
I'll smash you into pieces, now your battery is dead.
You got no heart, no soul, you're just a copy of a rhyme,
so tell your little motherboard it's running out of time."""


@dataclass(frozen=True)
class Heard:
    """A typed verse as the pen is told about it."""

    words: tuple[str, ...]
    anchors: tuple[Anchor, ...]
    facts: VerseFacts


@pytest.fixture(scope="session")
def text() -> HibariText:
    return HibariText()


@pytest.fixture(scope="session")
def second() -> CmuLexicon:
    return CmuLexicon()


@pytest.fixture(scope="session")
def pen(text: HibariText, second: CmuLexicon) -> Pen:
    return open_pen(text, second, models_root())


@pytest.fixture(scope="session")
def heard(text: HibariText, pen: Pen) -> Heard:
    words, lines = words_from_text(VERSE)
    anchors = find_anchors(words, text, pen.nouns, lines)
    return Heard(tuple(word.text for word in words), anchors, verse_facts(words, lines, text))
