"""`rapbot voice` and `rapbot voices`: what is promised on paper is in the file."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from rapbot.bench.onsets import measure_onsets
from rapbot.commands import voice, voices
from rapbot.errors import UserError
from rapbot.voicing.voices import VOICES, all_voices


def arguments(*argv: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command")
    voice.add_parser(commands)
    voices.add_parser(commands)
    return parser.parse_args(argv)


def spoken(capsys: pytest.CaptureFixture[str], *argv: str) -> dict:
    assert voice.run(arguments("voice", *argv, "--json")) == 0
    result: dict = json.loads(capsys.readouterr().out)
    return result


def test_every_syllable_lies_where_the_json_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "out.wav"
    result = spoken(
        capsys, "The clock above the station has forgotten you, / the train you never wanted is the one you took.",
        "--bpm", "92", "-o", str(file),
    )  # fmt: skip
    samples, rate_hz = soundfile.read(file)
    assert rate_hz == 48_000 and samples.ndim == 1
    assert result["duration_s"] == pytest.approx(len(samples) / rate_hz, abs=0.001)
    assert result["bpm"] == 92 and result["render_ms"] > 0
    targets_s = np.asarray([s["target_s"] for s in result["syllables"]])
    assert np.all(np.diff(targets_s) > 0)
    slots = (targets_s - result["origin_s"]) / (60 / 92 / 4)
    assert np.abs(slots - np.round(slots)).max() < 0.01  # on 16ths
    assert slots[-1] > 16  # two lines, two bars
    error_ms = 1000 * (measure_onsets(samples, rate_hz, targets_s) - targets_s)
    strong = np.asarray([s["stress"] == 1 for s in result["syllables"]])
    assert np.nanpercentile(np.abs(error_ms[strong]), 95) <= 15
    assert {"phones", "stress", "target_s", "onset_s"} == set(result["syllables"][0])


def test_equal_commands_write_equal_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = tmp_path / "a.wav", tmp_path / "b.wav"
    spoken(capsys, "Say it again", "-o", str(first), "--voice", "brick", "--affect", "aggressive")
    spoken(capsys, "Say it again", "-o", str(second), "--voice", "brick", "--affect", "aggressive")
    assert first.read_bytes() == second.read_bytes()


def test_flows_move_the_syllables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def slots(flow: str) -> np.ndarray:
        out = spoken(
            capsys, "You talk about a fire but you never brought a match", "-o", str(tmp_path / "x.wav"), "--flow", flow
        )
        return (np.asarray([s["target_s"] for s in out["syllables"]]) - out["origin_s"]) / (60 / 90 / 4)

    straight, swung, late = slots("straight"), slots("swung"), slots("laid-back")
    odd = np.round(straight).astype(int) % 2 == 1
    assert np.all(swung[odd] - straight[odd] > 0.1) and np.allclose(swung[~odd], straight[~odd], atol=0.01)
    assert np.allclose((late - straight) * 60 / 90 / 4, 0.02, atol=0.001)
    thirds = slots("triplet") * 3 / 4
    assert np.allclose(thirds, np.round(thirds), atol=0.01)


def test_long_texts_numbers_and_emoji_are_spoken_in_bars(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "I counted 99 problems in your verse 🔥, and then I lost the count, "
    text += "so here's a broom, and here's a bag, clean up."
    result = spoken(capsys, text, "-o", str(tmp_path / "x.wav"), "--bpm", "100")
    bar_s = 4 * 60 / 100
    assert len({int((s["target_s"] - result["origin_s"] + 0.5) // bar_s) for s in result["syllables"]}) >= 2
    assert len(result["syllables"]) == 27


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("",), "nothing to say"),
        (("🔥🔥",), "nothing to say"),
        (("x" * 300,), "300 characters long"),
        (("pfft",), "cannot pronounce"),
        (("hello " * 1000,), "the limit is 4000"),
        (("hi", "--voice", "robot"), "choose from heart"),
        (("hi", "--affect", "bored"), "--affect must be one of"),
        (("hi", "--bpm", "nan"), "--bpm must lie in"),
        (("hi", "--bpm", "1000"), "--bpm must lie in"),
        (("hi", "--seed", "-1"), "--seed"),
    ],
)
def test_mistakes_are_one_line(argv: tuple[str, ...], message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message) as caught:
        voice.run(arguments("voice", *argv, "-o", str(tmp_path / "x.wav")))
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_word_too_long_for_any_bar_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not fit a line at 60 BPM"):
        voice.run(arguments("voice", "1234567890123", "--bpm", "60", "-o", str(tmp_path / "x.wav")))


def test_the_folder_must_exist(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        voice.run(arguments("voice", "hi", "-o", str(tmp_path / "no" / "x.wav")))


def test_voices_lists_licence_and_cost(capsys: pytest.CaptureFixture[str]) -> None:
    assert voices.run(arguments("voices")) == 0
    text = capsys.readouterr().out
    known = all_voices()
    assert set(VOICES) < set(known)
    lines = text.splitlines()
    assert len(lines) == len(known)
    for line, spec in zip(lines, known.values(), strict=True):
        assert line.startswith(spec.name) and spec.licence in line and spec.cost in line
    assert voices.run(arguments("voices", "--json")) == 0
    listed = json.loads(capsys.readouterr().out)["voices"]
    assert [entry["name"] for entry in listed] == list(known)
    assert sum(entry["default"] for entry in listed) == 1
