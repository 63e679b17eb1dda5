"""`rapbot daydream`, and what `rapbot write --memory` takes from a memory and leaves in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rapbot.cli import main
from rapbot.resources import models_root
from rapbot.writing.links import load_links
from rapbot.writing.memory import open_memory

OPPONENT = "My name is Rico / I'm a lion, I got a piano and a Cadillac / you're a toaster and I'll unplug you"


def dream(capsys: pytest.CaptureFixture, *options: str) -> dict:
    assert main(["daydream", "--minutes", "0.03", "--json", *options]) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_the_tables_that_ship_are_sound() -> None:
    links = load_links(models_root() / "daydream")
    assert len(links.shared) >= 100 and len(links.frames) >= 30
    assert {"poss", "claim", "insult"} <= {frame.head for frame in links.frames}


def test_a_dream_fills_a_memory_and_goes_on_where_it_stopped(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / "m.jsonl"
    first = dream(capsys, "--memory", str(path))
    assert first["schema"] == "rapbot.daydream/1" and first["kept"] == first["in_memory"] > 0
    assert first["tried"] > first["kept"] and first["used"] == 0 and first["cpu_s_per_used"] is None
    again = dream(capsys, "--memory", str(path), "--seed", "1")
    assert again["in_memory"] == first["kept"] + again["kept"]
    assert len(open_memory(path).ideas()) == again["in_memory"]


def test_a_verse_is_remembered(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = tmp_path / "m.jsonl"
    assert main(["write", "--opponent", OPPONENT, "--memory", str(path), "--json"]) == 0
    entries = {bar["entry"] for bar in json.loads(capsys.readouterr().out)["bars"]}
    memory = open_memory(path)
    assert set(memory.spent()) == entries
    assert "rico" in memory.contents.opponents()
    assert {"lion", "toaster"} <= {one.text for one in memory.heard("rico")}
    assert {episode.chosen for episode in memory.episodes()} == entries
    assert all(episode.candidates for episode in memory.episodes())
    dream(capsys, "--memory", str(path), "--opponent", "rico")


def test_without_a_memory_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["write", "--opponent", OPPONENT, "--json"]) == 0
    first = capsys.readouterr().out
    assert main(["write", "--opponent", OPPONENT, "--json"]) == 0
    assert capsys.readouterr().out == first and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--minutes", "0"), "--minutes must be above 0"),
        (("--minutes", "nan"), "--minutes must be above 0"),
        (("--seed", "-1"), "--seed must not be negative"),
        (("--opponent", "nobody"), "knows nothing of an opponent called 'nobody'"),
    ],
)
def test_a_mistake_is_told(tmp_path: Path, capsys: pytest.CaptureFixture, options: tuple[str, ...], told: str) -> None:
    assert main(["daydream", "--memory", str(tmp_path / "m.jsonl"), *options]) != 0
    error = capsys.readouterr().err
    assert told in error and error.count("\n") == 1
