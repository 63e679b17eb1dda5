"""`rapbot beats`: tracks, lists, renders; the promised JSON; one line for a mistake."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pytest

from rapbot.commands import beats
from rapbot.errors import UserError
from rapbot.sound.backing import STYLES
from rapbot.sound.files import read_audio, write_audio


def command(*argv: str) -> int:
    parser = argparse.ArgumentParser()
    beats.add_parser(parser.add_subparsers())
    return beats.run(parser.parse_args(["beats", *argv]))


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("beats") / "beat.wav"
    assert command("--render", "boom-bap", "--bpm", "90", "--bars", "4", "-o", str(path)) == 0
    return path


def test_render_writes_the_bars_asked_for(recording: Path) -> None:
    audio = read_audio(recording)
    assert audio.rate_hz == 48_000
    assert len(audio.samples) == round(4 * 4 * 60 / 90 * 48_000)


def test_json_holds_the_contract_and_every_half_second(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(str(recording), "--causal", "--json") == 0
    result = json.loads(capsys.readouterr().out)
    assert set(result) == {"bpm", "beats_s", "downbeats_s", "causal"}
    assert result["bpm"] == pytest.approx(90.0, rel=0.01)
    assert [entry["asked_s"] for entry in result["causal"]] == [0.5 * k for k in range(1, 22)]
    for entry in result["causal"]:
        assert set(entry) == {"asked_s", "next_beat_s", "next_bar_s"}
        assert entry["asked_s"] <= entry["next_beat_s"] <= entry["next_bar_s"] + 1e-3


def test_causal_entries_do_not_see_the_future(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    audio = read_audio(recording)
    short = tmp_path / "short.wav"
    # Float, or else both files' samples would be rounded to 16 bits in different places.
    write_audio(short, audio.samples[: 5 * audio.rate_hz], audio.rate_hz, "FLOAT")
    command(str(recording), "--causal", "--json")
    whole = json.loads(capsys.readouterr().out)["causal"]
    command(str(short), "--causal", "--json")
    prefix = json.loads(capsys.readouterr().out)["causal"]
    assert len(prefix) == 10
    assert prefix == whole[:10]


def test_without_causal_the_list_is_empty(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command(str(recording), "--json")
    assert json.loads(capsys.readouterr().out)["causal"] == []


def test_people_read_tempo_and_bars(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command(str(recording), "--bpm", "91")
    out = capsys.readouterr().out
    assert out.startswith("90.0")
    assert len(next(line for line in out.splitlines() if line.startswith("bars ")).split()) == 1 + 4


def test_an_uncertain_bar_line_is_said_to_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "noise.wav"
    noise = 0.1 * np.random.default_rng(1).standard_normal(8 * 16_000)
    write_audio(path, noise.astype(np.float32), 16_000)
    command(str(path))
    assert "uncertain" in capsys.readouterr().out


def test_list_names_every_style(capsys: pytest.CaptureFixture[str]) -> None:
    command("--list")
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(STYLES)
    command("--list", "--json")
    assert [style["name"] for style in json.loads(capsys.readouterr().out)] == list(STYLES)


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        ((), "exactly one"),
        (("a.wav", "--list"), "exactly one"),
        (("--render", "boom-bap"), "-o FILE.wav"),
        (("--render", "polka", "-o", "x.wav"), "polka"),
        (("--render", "boom-bap", "--bpm", "1000", "-o", "x.wav"), "1000"),
        (("--render", "boom-bap", "--causal", "-o", "x.wav"), "--causal"),
        (("nothing-here.wav",), "nothing-here.wav"),
        (("nothing-here.wav", "--bpm", "5"), "--bpm"),
        (("nothing-here.wav", "--bars", "5"), "--bars"),
    ],
)
def test_mistakes_are_one_line(
    argv: tuple[str, ...], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as caught:
        command(*argv)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())
