"""`rapbot memory` as a user meets it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from rapbot.cli import main
from rapbot.writing.daydream import Heard
from rapbot.writing.ideas import Idea, idea_couplet
from rapbot.writing.memory import Battle, Concept, Dreamt, Episode, Outcome, Said, Used, open_memory

LINES = ("You're {aX}? My bath has teeth", "and you still lost to the soap beneath")
IDEA = Idea(
    idea_couplet("flip", "claim:animal sg been", "s", 3, LINES), "shared", ("shark", "bath"), 0.5, 0.7, "frame 1"
)
EPISODE = Episode("c0ffee", (Heard("shark", "claim", "animal.fish"),), (("w1-1", 1.5),), "w1-1", None, "surgeon", 1, 7)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "memory.jsonl"
    memory = open_memory(path)
    memory.append([Dreamt(IDEA), Used(IDEA.id), Said("w1-1"), Said("w1-1"), EPISODE, Battle("Marcus")])
    memory.append([Outcome("move", "flip", "Marcus", 1.0), Outcome("move", "name", "Marcus", 0.0)])
    memory.append([Outcome("move", "name", "Eve", 1.0), Concept("Marcus", "shark", "claim", "animal.fish")])
    return path


def shown(path: Path, capsys: pytest.CaptureFixture[str], *options: str) -> dict:
    capsys.readouterr()
    assert main(["memory", "show", str(path), "--json", *options]) == 0
    return json.loads(capsys.readouterr().out)


def test_show_prints_one_object(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = shown(path, capsys)
    assert found["schema"] == "rapbot.memory-summary/1"
    assert found["digest"] == open_memory(path).digest()
    assert found["battles"] == 1 and found["opponents"] == ["Eve", "Marcus"]
    assert found["counts"] == {"ideas": 1, "couplets_said": 1, "concepts": 1, "episodes": 1}
    assert found["ideas"][0]["lines"] == list(LINES) and found["ideas"][0]["used"] == 1
    assert found["said"] == [{"entry": "w1-1", "count": 2}]
    assert found["heard"] == [{"text": "shark", "kind": "claim", "category": "animal.fish"}]
    assert {arm["arm"]: (arm["count"], arm["mean_reward"]) for arm in found["arms"]["move"]} == {
        "flip": (1, 1.0),
        "name": (2, 0.5),
    }


def test_show_leans_by_opponent(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    marcus = {arm["arm"]: arm["leaning"] for arm in shown(path, capsys, "--opponent", "Marcus")["arms"]["move"]}
    eve = {arm["arm"]: arm["leaning"] for arm in shown(path, capsys, "--opponent", "Eve")["arms"]["move"]}
    assert marcus["flip"] > eve["flip"] and marcus["name"] < eve["name"]
    assert main(["memory", "show", str(path), "--opponent", "Nobody"]) == 2
    assert "it knows Eve, Marcus" in capsys.readouterr().err


def test_show_lists_no_more_than_asked(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = shown(path, capsys, "--top", "0")
    assert found["ideas"] == found["said"] == found["heard"] == found["arms"]["move"] == []
    assert main(["memory", "show", str(path), "--top", "-1"]) == 2


def test_show_is_readable(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["memory", "show", str(path)]) == 0
    text = capsys.readouterr().out
    assert "1 battle against Eve, Marcus; 1 idea" in text
    assert " / ".join(LINES) in text and "shark x bath, used 1 time" in text


def test_episodes_are_one_object_a_line(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["memory", "show", str(path), "--episodes"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {
        "schema": "rapbot.episode/1",
        "context": "c0ffee",
        "anchors": [["shark", "claim", "animal.fish"]],
        "candidates": [["w1-1", 1.5]],
        "chosen": "w1-1",
        "outcome": None,
        "persona": "surgeon",
        "round": 1,
        "seed": 7,
        "opponent": "",
    }


def test_showing_changes_nothing_and_tells_of_damage(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open(path, "ab") as file:
        file.write(b"what?\n")
    before = path.read_bytes()
    assert main(["memory", "show", str(path)]) == 0
    assert capsys.readouterr().err.count("1 line cannot be read") == 1
    assert path.read_bytes() == before


def test_merging_twice_is_merging_once(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other, out = tmp_path / "other.jsonl", tmp_path / "out.jsonl"
    shutil.copy(path, other)
    open_memory(other).append([Said("w1-1")])
    for _ in range(2):
        assert main(["memory", "merge", str(out), str(path), str(other)]) == 0
        assert capsys.readouterr().out == f"{out}: 1 battle, 1 idea, 1 decision\n"
        assert open_memory(out).spent() == {"w1-1": 3}


@pytest.mark.parametrize(
    ("options", "left"),
    [
        (("--opponent", "Marcus"), {"opponents": ["Eve"], "battles": 0, "said": [{"entry": "w1-1", "count": 2}]}),
        (("--idea", IDEA.id), {"ideas": [], "battles": 1, "said": [{"entry": "w1-1", "count": 2}]}),
        (("--all",), {"ideas": [], "opponents": [], "battles": 0, "said": []}),
    ],
)
def test_forgetting(path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], left: dict) -> None:
    assert main(["memory", "forget", str(path), *options, "--yes"]) == 0
    assert "forgot" in capsys.readouterr().out
    assert left.items() <= shown(path, capsys).items()
    assert main(["memory", "forget", str(path), *options, "--yes"]) == 0
    assert "nothing to forget" in capsys.readouterr().out


def test_forgetting_what_is_old(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    memory = open_memory(path)
    for _ in range(5):
        memory.append([Said("p5-3"), Battle("Eve")])
    assert main(["memory", "forget", str(path), "--older-than-battles", "3", "--yes"]) == 0
    found = shown(path, capsys)
    assert found["said"] == [{"entry": "p5-3", "count": 5}] and found["ideas"] == [] and found["opponents"] == ["Eve"]


def test_forgetting_asks_first(path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()
    assert main(["memory", "forget", str(path), "--all"]) == 2  # nobody there to ask
    assert "add --yes" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: "n")
    assert main(["memory", "forget", str(path), "--all"]) == 0
    assert path.read_bytes() == before
    monkeypatch.setattr("builtins.input", lambda _: "y")
    assert main(["memory", "forget", str(path), "--all"]) == 0
    assert open_memory(path).spent() == {}


@pytest.mark.parametrize(
    "options",
    [
        ("show", "none.jsonl"),
        ("forget", "none.jsonl", "--all", "--yes"),
        ("merge", "out.jsonl", "none.jsonl"),
        ("forget", "memory.jsonl", "--older-than-battles", "-1"),
    ],
)
def test_mistakes_are_one_line_and_make_no_file(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    monkeypatch.chdir(path.parent)
    assert main(["memory", *options]) == 2
    error = capsys.readouterr().err
    assert error.startswith("rapbot: ") and error.count("\n") == 1
    assert [file.name for file in path.parent.iterdir()] == [path.name]
