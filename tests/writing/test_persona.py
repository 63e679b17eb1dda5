"""Personas as data a user can write: every key told, every mistake named, own lines only for their owner."""

from __future__ import annotations

from pathlib import Path

import pytest

from rapbot.engines.cmu import CmuLexicon
from rapbot.engines.hibari_text import HibariText
from rapbot.errors import UserError
from rapbot.resources import models_root
from rapbot.writing.pen import Pen, open_pen
from rapbot.writing.persona import load_persona, load_personas, parse_persona

from .conftest import Heard

BASE = 'description = "d"\nvoice = "heart"\n'
OWN = (
    "u1-001|insult|insult:any sg|own-line|any|3|"
    "{aI}? My auntie has one in the shed.|It rusts all day and still it raps ahead."
)


def test_a_persona_needs_little() -> None:
    one = parse_persona("me", BASE)
    assert (one.rhyme, one.heat, one.flow, one.own, dict(one.moves)) == (1.0, "raw", "straight", (), {})


def test_every_key_is_read() -> None:
    text = BASE + 'likes = "Cat moat"\nrhyme = 2\nheat = "clean"\nflow = "triplet"\n[moves]\nflip = 0.3\n'
    one = parse_persona("me", text, OWN)
    assert (one.likes, one.rhyme, one.heat, one.flow) == ({"cat", "moat"}, 2.0, "clean", "triplet")
    assert one.moves == {"flip": 0.3} and [c.id for c in one.own] == ["u1-001"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nonsense", "not TOML"),
        ('voice = "heart"', "lacks 'description'"),
        (BASE + "colour = 3", "unknown key 'colour'"),
        (BASE + 'heat = "boiling"', "unknown heat 'boiling'; known: clean, raw, street"),
        (BASE + 'flow = "wobbly"', "unknown flow 'wobbly'"),
        (BASE + "[moves]\nmoonwalk = 1", "unknown move 'moonwalk'"),
        (BASE + '[moves]\nflip = "much"', "must be numbers"),
        (BASE + "moves = 3", "must be numbers"),
        (BASE + "rhyme = 9", "rhyme must lie in 0..3"),
        (BASE + "rhyme = nan", "rhyme must lie in 0..3"),
    ],
)
def test_a_mistake_is_named_in_one_line(text: str, told: str) -> None:
    with pytest.raises(UserError, match="persona me") as caught:
        parse_persona("me", text)
    assert told in str(caught.value) and "\n" not in str(caught.value)


def test_a_broken_couplet_of_its_own_is_named() -> None:
    with pytest.raises(UserError, match="persona me line 1"):
        parse_persona("me", BASE, "u1-001|insult|too few fields")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no persona file"):
        load_persona(tmp_path / "me.toml")
    (tmp_path / "me.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="cannot be read"):
        load_persona(tmp_path / "me.toml")


def test_own_lines_are_said_by_their_owner_only(heard: Heard, text: HibariText, second: CmuLexicon) -> None:
    pen = open_pen(text, second, models_root())
    pen.welcome(parse_persona("me", BASE, OWN))

    def entries(persona: str) -> set[str]:
        verses = [pen.write(heard.anchors, heard.facts, 90.0, persona=persona, seed=k) for k in range(40)]
        return {bar.entry_id for verse in verses for bar in verse.bars}

    assert "u1-001" in entries("me")
    assert "u1-001" not in entries("comedian")


def test_a_persona_is_never_rougher_than_it_is(pen: Pen, heard: Heard) -> None:
    """Asked for street, the clean one stays clean: its verse is the one that was asked for clean."""
    rough = pen.write(heard.anchors, heard.facts, 90.0, persona="oldschool", heat="street", seed=2)
    mild = pen.write(heard.anchors, heard.facts, 90.0, persona="oldschool", heat="clean", seed=2)
    assert rough == mild


def test_five_ship_and_each_has_its_own_voice() -> None:
    found = load_personas(models_root() / "personas")
    assert {"comedian", "surgeon", "oldschool", "villain", "glitch"} <= set(found)
    assert len({one.voice for one in found.values()}) == len(found)


@pytest.mark.parametrize("flow", ["swung", "triplet"])
def test_the_flow_is_the_personas(heard: Heard, text: HibariText, second: CmuLexicon, flow: str) -> None:
    """Swung offbeats lie late, triplets on thirds of a beat: neither is on the straight sixteenths."""
    guest = parse_persona("me", BASE + f'flow = "{flow}"\n')
    pen = open_pen(text, second, models_root())
    pen.welcome(guest)
    verse = pen.write(heard.anchors, heard.facts, 80.0, persona="me", seed=1)
    assert len(verse.bars) == 8
    assert any(slot != round(slot) for bar in verse.bars for slot in bar.slots)
