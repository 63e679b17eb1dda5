"""The bundled verses, three over a beat and one a cappella, begun on the bar, after an intro or in mid-bar."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rapbot.rhythm.tracker import track
from rapbot.sound.files import read_audio

VERSES = Path(__file__).resolve().parents[1] / "data" / "verses"


@pytest.mark.parametrize("name", ["marcus", "jessica", "dante", "tony"])
def test_a_bundled_verse_gives_its_tempo_and_bar_lines(name: str) -> None:
    truth = json.loads((VERSES / f"{name}.json").read_text())
    audio = read_audio(VERSES / f"{name}.flac")
    grid = track(audio.samples, audio.rate_hz)
    assert grid.bpm == pytest.approx(truth["bpm"], rel=0.001)
    bar_s = 240.0 / truth["bpm"]
    off_s = (grid.beat_origin_s - truth["beat_origin_s"] + bar_s / 2) % bar_s - bar_s / 2
    assert abs(off_s) < 0.015  # five times what was measured; a 16th here is 150 ms
    assert grid.confidence > 0.8
