"""The memory file: what is told is never lost, never counted twice, and damage is put right or refused in one line."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import astuple, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rapbot.errors import UserError
from rapbot.writing import memory as memory_module
from rapbot.writing.bandit import FADE, Tally, after_round
from rapbot.writing.daydream import Heard
from rapbot.writing.ideas import Idea, idea_couplet
from rapbot.writing.memory import (
    HEADER,
    MAX_CANDIDATES,
    Battle,
    Concept,
    Contents,
    Dreamt,
    Episode,
    Memory,
    Outcome,
    Record,
    Said,
    Used,
    about_idea,
    about_opponent,
    episode_json,
    merge,
    open_memory,
    untouched,
    writer_here,
)

SHARK = Heard("shark", "claim", "animal.fish")


def an_idea(first: str = "You're {aX}? My bath has teeth", critic: float = 0.7, provenance: str = "frame 1") -> Idea:
    couplet = idea_couplet(
        "flip", "claim:animal sg been", "shape", 3, (first, "and you still lost to the soap beneath")
    )
    return Idea(couplet, "shared", ("shark", "bath"), 0.5, critic, provenance, "shark")


def an_episode(chosen: str = "w1-1", opponent: str = "Marcus") -> Episode:
    return Episode("c0ffee", (SHARK,), (("w1-1", 1.5), ("w1-2", -0.25)), chosen, 0.75, "comedian", 2, 7, opponent)


ROUND: tuple[Record, ...] = (
    Said("w1-1"),
    Said("w1-1"),
    Said("p5-3"),
    Dreamt(an_idea(), 12.5),
    Used(an_idea().id),
    Outcome("move", "flip", "Marcus", 0.8),
    Outcome("persona", "comedian", "Marcus", 0.6),
    Concept("Marcus", *vars(SHARK).values()),
    an_episode(),
    Battle("Marcus"),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "memory.jsonl"


@pytest.fixture(autouse=True)
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What reached the disk, as names of calls in order.  The disk itself is spared: a test cannot pull its plug."""
    calls: list[str] = []
    real = os.write
    monkeypatch.setattr(os, "fsync", lambda _: calls.append("fsync"))
    monkeypatch.setattr(os, "write", lambda descriptor, data: calls.append("write") or real(descriptor, data))
    return calls


# ------------------------------------------------------------------------------------------------ remembering


def test_one_write_that_is_on_the_disk_when_it_returns(path: Path, synced: list[str]) -> None:
    memory = open_memory(path)
    synced.clear()
    memory.append(ROUND)
    assert synced == ["write", "fsync"]


def test_what_was_told_is_known_after_opening_again(path: Path) -> None:
    told = open_memory(path)
    told.append(ROUND)
    again = open_memory(path, writable=False)
    for memory in (told, again):
        assert memory.spent() == {"w1-1": 2, "p5-3": 1}
        assert memory.ideas() == (an_idea(),)
        assert memory.idea(an_idea().id) == an_idea()
        assert memory.idea("d-nothing") is None
        assert memory.contents.uses() == {an_idea().id: 1}
        assert memory.heard() == memory.heard("Marcus") == (SHARK,)
        assert memory.heard("Eve") == ()
        assert memory.episodes() == (an_episode(),)
        assert memory.contents.opponents() == ("Marcus",)
        assert memory.contents.battles == 1
        paid = memory.tallies("move")["flip", "Marcus"]
        assert (paid.count, paid.reward, paid.fresh_count) == (1, 0.8, 1.0)
        assert set(memory.tallies("persona")) == {("comedian", "Marcus")}
        assert memory.tallies("idea") == {}
    assert told.digest() == again.digest()
    assert again.remarks == ()


def test_the_file_is_json_lines_with_a_schema(path: Path) -> None:
    open_memory(path).append(ROUND)
    header, *lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert header == {"schema": "rapbot.memory/1"}
    assert [line["kind"] for line in lines if line["kind"] == "episode"] == ["episode"]
    episode = next(line for line in lines if line["kind"] == "episode")
    assert episode_json(an_episode()).items() <= episode.items()
    assert episode["schema"] == "rapbot.episode/1"


def test_look_ups_follow_every_append(path: Path) -> None:
    memory = open_memory(path)
    spent = memory.spent()
    assert memory.ideas() == () and memory.heard() == () and memory.tallies("move") == {}
    memory.append(
        [Said("w1-1"), Dreamt(an_idea()), Outcome("move", "flip", "", 1.0), Concept("", "dog", "claim", "pet")]
    )
    assert spent["w1-1"] == 1  # a view, not a copy
    assert len(memory.ideas()) == len(memory.heard()) == len(memory.tallies("move")) == 1


def test_the_most_frequent_words_come_first(path: Path) -> None:
    memory = open_memory(path)
    words = ["dog", "boat", "dog", "cat"]
    memory.append([Concept("Eve", word, "claim", "any") for word in words])
    memory.append([Concept("Marcus", "cat", "claim", "any"), Concept("Marcus", "cat", "claim", "any")])
    assert [heard.text for heard in memory.heard()] == ["cat", "dog", "boat"]
    assert [heard.text for heard in memory.heard("Eve")] == ["dog", "boat", "cat"]


def test_outcomes_fade_with_the_rounds_that_pass(path: Path) -> None:
    memory = open_memory(path)
    memory.append([Outcome("move", "flip", "Marcus", 1.0), Outcome("move", "flip", "Marcus", 0.5)])
    memory.append([Said("w1-1")])  # no round: nobody reacted
    memory.append([Outcome("move", "name", "Eve", 0.5)])
    memory.append([Outcome("move", "name", "Eve", 0.5)])
    for one in (memory, open_memory(path)):
        paid = one.tallies("move")["flip", "Marcus"]
        assert (paid.count, paid.reward, paid.own_count) == (2, 1.5, 2.0)
        assert paid.fresh_count == pytest.approx(2 * FADE**2)
        assert one.tallies("move")["name", "Eve"].own_count == pytest.approx(1 + FADE)


rounds = st.lists(
    st.lists(
        st.tuples(st.sampled_from(("flip", "name")), st.sampled_from(("", "Eve", "Marcus")), st.floats(0.0, 1.0)),
        min_size=1,
        max_size=4,
    ),
    max_size=8,
)


@given(rounds)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_the_file_keeps_the_tallies_the_bandit_would(path: Path, told: list[list[tuple[str, str, float]]]) -> None:
    path.unlink(missing_ok=True)
    memory = open_memory(path)
    tallies: dict[tuple[str, str], Tally] = {}
    for one in told:
        memory.append([Outcome("move", *paid) for paid in one])
        tallies = after_round(tallies, one)
    for found in (memory.tallies("move"), open_memory(path).tallies("move")):
        assert found.keys() == tallies.keys()
        for arm, tally in tallies.items():
            assert astuple(found[arm]) == pytest.approx(astuple(tally))  # fading once by n or n times by 1: rounding


def test_an_idea_that_says_the_same_is_the_same(path: Path) -> None:
    memory = open_memory(path)
    better = an_idea("you're {aX}... my bath has teeth!", 0.9, "frame 2")
    memory.append([Dreamt(an_idea(), 5.0), Dreamt(better, 9.0), Dreamt(an_idea("So what, {X}?", 0.8))])
    first, second = memory.ideas()
    assert first == replace(better, provenance="frame 1 + frame 2")
    assert second.couplet.lines[0] == "So what, {X}?"
    assert memory.idea(an_idea().id) == first  # also under the name of the copy that gave way
    memory.append([Dreamt(an_idea())])
    assert len(memory.ideas()) == 2


def test_an_episode_keeps_what_was_close_and_what_was_chosen(path: Path) -> None:
    memory = open_memory(path)
    many = tuple((f"w1-{k}", float(-k)) for k in range(100))
    memory.append([replace(an_episode("w1-99"), candidates=many)])
    (logged,) = open_memory(path).episodes()
    assert len(logged.candidates) == MAX_CANDIDATES
    assert logged.candidates[:2] == (("w1-0", 0.0), ("w1-1", -1.0)) and logged.candidates[-1] == ("w1-99", -99.0)


@pytest.mark.parametrize(
    "record",
    [
        Outcome("move", "flip", "", 1.5),
        Outcome("move", "flip", "", float("nan")),
        Outcome("mood", "flip", "", 0.5),  # type: ignore[arg-type]
        Dreamt(an_idea(critic=2.0)),
        Dreamt(an_idea(), float("inf")),
        Said("x" * 100_000),
        replace(an_episode(), outcome=-1.0),
        replace(an_episode(), seed=-1),
    ],
)
def test_what_could_not_be_read_again_is_not_written(path: Path, record: Record) -> None:
    memory = open_memory(path)
    memory.append(ROUND)
    before, digest = path.read_bytes(), memory.digest()
    with pytest.raises(ValueError):
        memory.append([Said("w1-9"), record])
    assert path.read_bytes() == before
    assert memory.digest() == digest


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_any_name_survives(path: Path, names: list[str]) -> None:
    path.unlink(missing_ok=True)
    memory = open_memory(path)
    memory.append([Outcome("move", name, name, 0.5) for name in names] + [Said(name) for name in names])
    again = open_memory(path)
    assert again.spent() == Counter(names)
    assert again.digest() == memory.digest()
    assert again.remarks == ()


# ------------------------------------------------------------------------------------------------ damage


def test_a_kill_in_mid_write_costs_what_was_being_written_and_nothing_else(path: Path) -> None:
    memory = open_memory(path)
    memory.append(ROUND)
    before, known = path.read_bytes(), memory.digest()
    memory.append([Said("w1-1"), Outcome("move", "flip", "Marcus", 0.1), an_episode("p5-3")])
    whole, told = path.read_bytes(), memory.digest()
    torn = path.with_name("memory.jsonl.torn")
    for cut in range(len(before), len(whole)):
        path.write_bytes(whole[:cut])
        torn.unlink(missing_ok=True)
        reading = open_memory(path, writable=False)
        found = open_memory(path)
        assert reading.digest() == found.digest() == (told if cut == len(whole) - 1 else known)
        if len(before) < cut < len(whole) - 1:
            assert torn.read_bytes().removesuffix(b"\n") == whole[len(before) : cut].removesuffix(b"\n")
            assert path.read_bytes() == before
            assert len(reading.remarks) == len(found.remarks) == 1
            assert str(torn) in found.remarks[0] and "\n" not in found.remarks[0]
        else:
            assert not torn.exists() and found.remarks == ()
        found.append([Said("w1-1"), an_episode("w1-2")])
        again = open_memory(path)
        assert again.remarks == ()
        assert again.spent()["w1-1"] == found.spent()["w1-1"] == (4 if cut == len(whole) - 1 else 3)
        assert again.episodes()[-1] == an_episode("w1-2")
        reading.refresh()
        assert reading.digest() == again.digest()


@pytest.mark.parametrize("cut", range(len(HEADER) + 1))
def test_a_kill_while_the_file_was_made_leaves_an_empty_memory(path: Path, cut: int) -> None:
    path.write_bytes(HEADER[:cut])
    assert open_memory(path, writable=False).spent() == {}
    assert path.read_bytes() == HEADER[:cut]
    open_memory(path).append([Said("w1-1")])
    assert open_memory(path).spent() == {"w1-1": 1}


@pytest.mark.parametrize(
    "line",
    [
        b"what?",
        b"\x00" * 300,
        b"\xff\xfe{}",
        b"[1,2]",
        b"null",
        b"[" * 60_000,
        b"{" + b" " * 70_000 + b"}",
        b'{"kind":"said","writer":"a","entry":"w1-1"}',
        b'{"kind":"said","writer":"a","entry":"w1-1","count":-3,"battle":0}',
        b'{"kind":"said","writer":"a","entry":"w1-1","count":1e99,"battle":0}',
        b'{"kind":"said","writer":"a","entry":["w1-1"],"count":1,"battle":0}',
        b'{"kind":"idea","entry":"x|y","link":"pun","seeds":[],"distance":0,"critic":0,"provenance":""}',
        b'{"kind":"outcome","writer":"a","count":1,"battle":0,"arm_kind":"move","arm":"flip","opponent":"","reward":NaN}',
        b'{"kind":"tomorrow","writer":"a"}',
    ],
)
def test_a_line_that_is_no_record_is_set_aside_and_the_rest_stays(path: Path, line: bytes) -> None:
    open_memory(path).append(ROUND)
    digest = open_memory(path).digest()
    whole = path.read_bytes()
    middle = whole.index(b"\n", len(whole) // 2) + 1
    damaged = whole[:middle] + line + b"\n" + whole[middle:]
    path.write_bytes(damaged)

    reading = open_memory(path, writable=False)  # nothing is written where only reading was asked for
    assert reading.digest() == digest and len(reading.remarks) == 1
    assert path.read_bytes() == damaged and os.listdir(path.parent) == [path.name]

    found = open_memory(path)
    bad = path.with_name("memory.jsonl.bad")
    assert found.digest() == digest
    assert bad.read_bytes() == line + b"\n"
    assert found.remarks == (f"{path}: 1 line could not be read and were moved to {bad}; the rest is as it was",)
    again = open_memory(path)
    assert again.digest() == digest and again.remarks == ()


def test_damage_that_comes_while_the_file_is_open_does_not_swallow_what_is_appended(path: Path) -> None:
    memory = open_memory(path)
    memory.append([Said("w1-1")])
    with open(path, "ab") as file:
        file.write(b"what?\n")
    memory.append([Said("w1-1")])
    assert open_memory(path).spent() == {"w1-1": 2}
    assert memory.remarks


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
def test_any_bytes_behind_a_memory_are_put_right(path: Path, junk: bytes) -> None:
    path.unlink(missing_ok=True)
    open_memory(path).append(ROUND)
    digest = open_memory(path).digest()
    with open(path, "ab") as file:
        file.write(junk)
    open_memory(path).append([Said("p5-3")])
    again = open_memory(path)
    assert again.remarks == ()
    assert again.spent() == {"w1-1": 2, "p5-3": 2}
    assert digest != again.digest()


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b'{"schema":"rapbot.memory/2"}\n{"kind":"hm"}\n', "is written as rapbot.memory/2, this rapbot reads rapbot"),
        (b'{"schema":"rapbot.verse/1"}\n', "is no rapbot memory"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "is no rapbot memory"),
        (b"[" * 100_000, "is no rapbot memory"),
        (b"\n", "is no rapbot memory"),
    ],
)
def test_what_is_no_memory_is_refused_and_left_alone(path: Path, data: bytes, what: str) -> None:
    path.write_bytes(data)
    for writable in (True, False, None):
        with pytest.raises(UserError, match=what) as raised:
            open_memory(path, writable)
        assert "\n" not in str(raised.value)
    assert path.read_bytes() == data


def test_places_that_hold_no_memory_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a folder"):
        open_memory(tmp_path)
    with pytest.raises(UserError, match="no such memory"):
        open_memory(tmp_path / "none", writable=False)
    with pytest.raises(UserError, match="does not exist"):
        open_memory(tmp_path / "no" / "folder")
    with pytest.raises(UserError, match="regular file"):
        open_memory("/dev/null")
    with pytest.raises(UserError, match="null character"):
        open_memory("mem\0ory")
    assert os.listdir(tmp_path) == []


def test_a_memory_over_the_limit_is_refused_with_the_way_out(path: Path) -> None:
    memory = open_memory(path, limit_bytes=2000)
    memory.append([Said("w1-1")])
    with pytest.raises(UserError, match=r"over the limit .* `rapbot memory forget") as raised:
        memory.append([Dreamt(an_idea(f"line {k} of {{X}}")) for k in range(10)])
    assert "\n" not in str(raised.value)
    assert open_memory(path).spent() == {"w1-1": 1}
    with pytest.raises(UserError, match="over the limit"):
        open_memory(path, limit_bytes=100)


def test_what_is_outdated_makes_room_before_the_limit_is_felt(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_module, "MAX_MARKS", 50)
    memory = open_memory(path, limit_bytes=20_000)
    for _ in range(300):
        memory.append([Said("w1-1")])
    assert path.stat().st_size <= 20_000
    assert open_memory(path).spent() == {"w1-1": 300}


def write_protected(path: Path) -> None:
    path.chmod(0o444)
    if os.access(path, os.W_OK):
        pytest.skip("this user may write anything")


def test_a_write_protected_memory_is_read(path: Path) -> None:
    open_memory(path).append(ROUND)
    write_protected(path)
    protected(path)


def test_a_memory_on_a_disk_that_may_only_be_read_is_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_memory(path).append(ROUND)
    real = os.access
    monkeypatch.setattr(os, "access", lambda file, mode: real(file, mode) and mode != os.W_OK)
    protected(path)


def protected(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(UserError, match="write-protected"):
        open_memory(path)
    memory = open_memory(path, writable=None)
    assert memory.spent()["w1-1"] == 2
    assert not memory.writable
    assert memory.remarks == (f"{path}: is write-protected, so nothing new will be remembered",)
    with pytest.raises(UserError, match="for reading only"):
        memory.append([Said("w1-1")])
    memory.refresh()
    assert path.read_bytes() == before


def test_a_full_disk_leaves_nothing_half_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = open_memory(path)
    memory.append(ROUND)
    before, digest = path.read_bytes(), memory.digest()
    real, left = os.write, [50]

    def full(descriptor: int, data: bytes) -> int:
        if not left[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        done = real(descriptor, data[: left[0]])
        left[0] -= done
        return done

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(UserError, match="no space left"):
        memory.append([Said("w1-1")])
    monkeypatch.setattr(os, "write", real)
    assert path.read_bytes() == before
    assert memory.digest() == digest == open_memory(path).digest()


def test_a_rewriting_that_fails_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = open_memory(path)
    memory.append(ROUND)
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(UserError, match="cannot be rewritten"):
        memory.compact()
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


# ------------------------------------------------------------------------------------------------ several processes


TELLING = """
import sys
from rapbot.writing.memory import Episode, Outcome, Said, open_memory
path, name = sys.argv[1:]
memory = open_memory(path)
print("ready", flush=True)
sys.stdin.readline()
for k in range(30):
    episode = Episode("", (), (), f"{name}-{k}", None, "comedian", 1, 0)
    memory.append([Said("both"), Said(name), Outcome("move", "flip", name, 1.0), episode])
    if k % 7 == 3:
        memory.compact()  # the other may wait for the file that this replaces, and must notice
"""


def child_of(program: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    folder = Path(memory_module.__file__).parents[2]  # where `import rapbot` finds what is tested here
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder)


def test_two_processes_lose_nothing_of_each_other(path: Path) -> None:
    writers = [child_of(TELLING, path, name) for name in ("one", "two")]
    for writer in writers:
        assert writer.stdout is not None and writer.stdout.readline() == "ready\n"
    for writer in writers:  # both are there before either begins
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    memory = open_memory(path)
    assert memory.remarks == ()
    assert memory.spent() == {"both": 60, "one": 30, "two": 30}
    assert sorted(episode.chosen for episode in memory.episodes()) == sorted(
        f"{name}-{k}" for name in ("one", "two") for k in range(30)
    )
    assert {opponent: tally.count for (_, opponent), tally in memory.tallies("move").items()} == {"one": 30, "two": 30}


def test_what_was_told_before_a_kill_is_there_after_it(path: Path) -> None:
    program = """
import sys
from rapbot.writing.memory import Said, open_memory
memory = open_memory(sys.argv[1])
while True:
    memory.append([Said("w1-1")] * 50)
    print("told", flush=True)
"""
    child = child_of(program, path)
    assert child.stdout is not None
    told = 0
    for _ in range(5):
        told += child.stdout.readline() == "told\n"
    child.kill()
    told += child.communicate()[0].count("told\n")
    assert told >= 5
    # the last one may have been whole, but not yet told
    assert open_memory(path).spent()["w1-1"] in (50 * told, 50 * (told + 1))


def test_what_others_wrote_is_learnt(path: Path) -> None:
    mine, reader, theirs = open_memory(path), open_memory(path, writable=False), open_memory(path)
    theirs.append([Said("w1-1")])
    assert mine.spent() == {}
    for one in (mine, reader):
        one.refresh()
        assert one.spent() == {"w1-1": 1}
    theirs.compact()
    theirs.append([Said("w1-1")])
    mine.append([Said("w1-1")])
    reader.refresh()
    assert mine.spent() == reader.spent() == open_memory(path).spent() == {"w1-1": 3}


def test_a_link_stays_a_link(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.jsonl"
    link.symlink_to(path)
    memory = open_memory(link)
    memory.append([Said("w1-1")])
    memory.compact()
    assert link.is_symlink()
    assert open_memory(path).spent() == {"w1-1": 1}


# ------------------------------------------------------------------------------------------------ bounds


def test_too_much_is_cut_to_the_best_and_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_module, "MAX_IDEAS", 3)
    monkeypatch.setattr(memory_module, "MAX_EPISODES", 4)
    memory = open_memory(path)
    ideas = [an_idea(f"number {k} says {{X}}", critic=k / 10) for k in range(1, 7)]
    memory.append([Dreamt(idea) for idea in ideas[:3]] + [an_episode(f"w-{k}") for k in range(6)])
    memory.append([Said("w1-1"), Outcome("idea", ideas[0].id, "Marcus", 0.5)] * 3)
    for _ in range(200):  # two hundred battles later only what was used is still worth something
        memory.append([Battle()])
    memory.append([Used(ideas[0].id), *(Dreamt(idea) for idea in ideas[3:5])])
    memory.compact()
    for one in (memory, open_memory(path)):
        assert one.ideas() == (ideas[4], ideas[3], ideas[0])
        assert [episode.chosen for episode in one.episodes()] == [f"w-{k}" for k in range(2, 6)]
        assert one.spent() == {"w1-1": 3}
        assert one.tallies("idea")[ideas[0].id, "Marcus"].count == 3
        assert one.contents.battles == 200
    assert sorted(memory.remarks) == [
        "2 of the ideas with the least worth were dropped to keep 3",
        "2 of the oldest episodes were dropped to keep 4",
    ]


def test_a_file_does_not_grow_with_what_is_outdated(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_module, "SPARE_LINES", 20)
    monkeypatch.setattr(memory_module, "MAX_MARKS", 5)
    memory = open_memory(path)
    for _ in range(200):
        memory.append([Said("w1-1")])
    assert len(path.read_bytes().splitlines()) < 60
    assert open_memory(path).spent() == {"w1-1": 200}


def test_compacting_changes_nothing_that_is_remembered(path: Path) -> None:
    memory = open_memory(path)
    for _ in range(3):
        memory.append(ROUND)
    digest, size = memory.digest(), path.stat().st_size
    tallies = memory.tallies("move")
    memory.compact()
    assert memory.digest() == open_memory(path).digest() == digest
    assert open_memory(path).tallies("move") == tallies
    assert path.stat().st_size < size


# ------------------------------------------------------------------------------------------------ merging

record = st.one_of(
    st.sampled_from(("w1-1", "w1-2")).map(Said),
    st.sampled_from(("d-1", "d-2")).map(Used),
    st.builds(Outcome, st.just("move"), st.sampled_from(("flip", "name")), st.sampled_from(("", "Eve")), st.just(0.5)),
    st.builds(Concept, st.just("Eve"), st.sampled_from(("dog", "cat")), st.just("claim"), st.just("animal.pet")),
    st.sampled_from(("w1-1", "p5-3")).map(an_episode),
    st.just(Battle("Eve")),
    st.builds(
        lambda line, critic, frame: Dreamt(an_idea(line, critic, frame)),
        st.sampled_from(("What, {X}?", "what {X}", "No {X}!")),
        st.sampled_from((0.5, 0.7)),
        st.sampled_from(("frame 1", "frame 2")),
    ),
)
histories = st.lists(st.lists(st.lists(record, min_size=1, max_size=4), max_size=4), min_size=3, max_size=3)


@given(histories, st.permutations((0, 1, 2)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_merging_counts_once_in_any_order(path: Path, told: list[list[list[Record]]], order: list[int]) -> None:
    for file in path.parent.iterdir():
        file.unlink()
    files = [path.with_name(f"{k}.jsonl") for k in range(3)]
    for file, batches in zip(files, told, strict=True):
        memory = open_memory(file)
        for batch in batches:
            memory.append(batch)
    flat = [one for batches in told for batch in batches for one in batch]

    together = merge(path.with_name("together.jsonl"), files)
    assert together.spent() == Counter(one.entry for one in flat if isinstance(one, Said))
    assert together.contents.uses() == Counter(one.idea for one in flat if isinstance(one, Used))
    assert together.contents.battles == sum(isinstance(one, Battle) for one in flat)
    assert len(together.episodes()) == sum(isinstance(one, Episode) for one in flat)
    paid = Counter((one.arm, one.opponent) for one in flat if isinstance(one, Outcome))
    assert {arm: tally.count for arm, tally in together.tallies("move").items()} == paid
    digest = together.digest()
    assert open_memory(path.with_name("together.jsonl")).digest() == digest

    first, second, third = (files[k] for k in order)
    pair = path.with_name("pair.jsonl")
    merge(pair, [second, third, third])
    assert merge(path.with_name("other.jsonl"), [pair, first, pair]).digest() == digest
    assert merge(path.with_name("other.jsonl"), [first, second]).digest() == digest
    assert merge(first, [second, third]).digest() == digest


def test_a_copy_that_goes_on_elsewhere_is_counted_once(path: Path, tmp_path: Path) -> None:
    open_memory(path).append(ROUND)
    copy = tmp_path / "copy.jsonl"
    shutil.copy(path, copy)
    open_memory(path).append([Said("w1-1"), Outcome("move", "flip", "Marcus", 1.0)])
    open_memory(copy).append([Said("w1-1"), Outcome("move", "flip", "Marcus", 0.0)])
    joined = merge(tmp_path / "joined.jsonl", [path, copy])
    assert joined.spent()["w1-1"] == 4
    assert joined.tallies("move")["flip", "Marcus"].count == 3
    joined.append([Said("w1-1")])
    assert merge(path, [tmp_path / "joined.jsonl"]).spent()["w1-1"] == 5
    assert writer_here(path) != writer_here(copy)


def test_two_futures_of_one_past_are_refused(path: Path, tmp_path: Path) -> None:
    memory = open_memory(path)
    memory.append([Said("w1-1")])
    backup = tmp_path / "backup.jsonl"
    shutil.copy(path, backup)
    memory.append([Said("w1-1")])
    merged = merge(tmp_path / "longer.jsonl", [backup, path])  # one is the other's past: no conflict
    assert merged.spent() == {"w1-1": 2}
    later = tmp_path / "later.jsonl"
    shutil.copy(path, later)
    shutil.copy(backup, path)  # the backup is put back, and life goes on
    open_memory(path).append([Said("p5-3")])
    before = path.read_bytes(), later.read_bytes()
    out = tmp_path / "out.jsonl"
    with pytest.raises(UserError, match="both went on from one copied memory") as raised:
        merge(out, [path, later])
    assert "\n" not in str(raised.value) and str(later) in str(raised.value)
    with pytest.raises(UserError, match="both went on"):
        merge(later, [path])
    assert not out.exists()
    assert (path.read_bytes(), later.read_bytes()) == before


def test_a_damaged_memory_is_merged_without_its_damage_and_not_touched(path: Path, tmp_path: Path) -> None:
    open_memory(path).append([Said("w1-1")])
    with open(path, "ab") as file:
        file.write(b"what?\n{torn")
    before = path.read_bytes()
    merged = merge(tmp_path / "out.jsonl", [path])
    assert merged.spent() == {"w1-1": 1}
    assert len(merged.remarks) == 2
    assert path.read_bytes() == before
    with pytest.raises(UserError, match="no such memory"):
        merge(tmp_path / "new.jsonl", [path, tmp_path / "none.jsonl"])
    assert not (tmp_path / "new.jsonl").exists()


# ------------------------------------------------------------------------------------------------ forgetting


def forget(memory: Memory, name: str) -> int:
    return memory.forget(lambda line: about_opponent(line, name))


def test_an_opponent_is_forgotten_and_the_rest_stays(path: Path) -> None:
    memory = open_memory(path)
    memory.append(ROUND)
    eve: list[Record] = [
        Outcome("move", "name", "Eve", 1.0),
        Concept("Eve", "dog", "claim", "animal.pet"),
        Battle("Eve"),
    ]
    memory.append([*eve, an_episode(opponent="Eve")])
    assert forget(memory, "Marcus") == 5
    for one in (memory, open_memory(path)):
        assert one.contents.opponents() == ("Eve",)
        assert set(one.tallies("move")) == {("name", "Eve")} and one.tallies("persona") == {}
        assert [heard.text for heard in one.heard()] == ["dog"]
        assert [episode.opponent for episode in one.episodes()] == ["Eve"]
        assert one.contents.battles == 1
        assert one.spent() == {"w1-1": 2, "p5-3": 1} and one.ideas() == (an_idea(),)
    assert b"Marcus" not in path.read_bytes()
    assert forget(memory, "Marcus") == 0


def test_what_comes_after_forgetting_is_new(path: Path, tmp_path: Path) -> None:
    memory = open_memory(path)
    memory.append([Outcome("move", "flip", "Marcus", 1.0)] * 3)
    copy = tmp_path / "copy.jsonl"
    shutil.copy(path, copy)
    forget(memory, "Marcus")
    memory.append([Outcome("move", "flip", "Marcus", 0.0)] * 2)
    assert open_memory(path).tallies("move")["flip", "Marcus"].count == 2
    # a copy that was never told to forget brings it back, beside what came since
    assert merge(path, [copy]).tallies("move")["flip", "Marcus"].count == 5


def test_an_idea_is_forgotten_with_how_it_fared(path: Path) -> None:
    memory = open_memory(path)
    other = an_idea("Oh, {aX}? I have shoes of that")
    memory.append([Dreamt(an_idea()), Dreamt(other), Outcome("idea", an_idea().id, "", 1.0), Used(an_idea().id)])
    memory.append([Said(an_idea().id), Said("w1-1")])
    memory.forget(lambda line: about_idea(line, an_idea().id))
    again = open_memory(path)
    assert again.ideas() == (other,)
    assert again.spent() == {"w1-1": 1} and again.tallies("idea") == {} and again.contents.uses() == {}


def test_what_is_old_and_unused_is_forgotten(path: Path) -> None:
    memory = open_memory(path)
    used, idle = an_idea("Use {X}"), an_idea("Leave {X}")
    memory.append([Dreamt(used), Dreamt(idle), Said("old"), Said("new"), Battle("Marcus")])
    for _ in range(5):
        memory.append([Used(used.id), Said("new"), Battle("Eve")])
    assert memory.forget(untouched(memory.contents, 10)) == 0
    memory.forget(untouched(memory.contents, 3))
    again = open_memory(path)
    assert again.ideas() == (used,)
    assert again.spent() == {"new": 6}
    assert again.contents.opponents() == ("Eve",)


def test_everything_is_forgotten(path: Path) -> None:
    memory = open_memory(path)
    memory.append(ROUND)
    memory.forget(lambda line: True)
    assert memory.digest() == open_memory(path).digest() == Contents().digest()
    assert b"Marcus" not in path.read_bytes()
    memory.append([Said("w1-1")])
    assert open_memory(path).spent() == {"w1-1": 1}
