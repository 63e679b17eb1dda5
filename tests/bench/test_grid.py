"""`bench grid` end to end on two lines, and its table."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rapbot.bench import grid
from rapbot.engines.hibari_text import HibariText
from rapbot.engines.hibari_voice import HibariVoice
from rapbot.language.syllables import accent_final, line_syllables
from rapbot.rhythm.slots import FIT_COST, plan_slots, span_beats_for


@pytest.fixture(scope="module")
def speaker() -> HibariText:
    return HibariText()


@pytest.fixture(scope="module")
def result(speaker: HibariText) -> dict:
    heard = []

    def transcribe(samples: np.ndarray) -> str:
        assert samples.dtype == np.float32
        heard.append(len(samples))
        return "you brought a plastic sword into a thunder storm"

    out = grid.run(
        HibariVoice(), speaker, transcribe, voices=("heart", "brick"), tempi_bpm=(80.0, 90.0), lines=grid.LINES[:2]
    )
    assert len(heard) == 6  # the default voice at both tempi, the other at one
    return out


def test_figures_are_complete_and_plain_json(result: dict) -> None:
    assert json.loads(json.dumps(result)) == result
    everything = result["summary"]["all"]
    assert everything["syllables"] == sum(len(group["errors_ms"]) for group in result["groups"])
    assert everything["words"] == 3 * sum(len(line.split()) for line in grid.LINES[:2])
    assert 0 < everything["word_edits"] <= everything["words"]
    assert set(result["summary"]["by_voice"]) == {"heart", "brick"}
    assert result["detectors"]["half_rise_24000"]["missed"] == 0


def test_the_table_names_every_group(result: dict) -> None:
    text = grid.table(result)
    for part in ("all", "heart", "brick", "80 BPM", "90 BPM", "detector half_rise_48000", "goals"):
        assert part in text


def test_the_lines_are_fair(speaker: HibariText) -> None:
    """24 lines the planner accepts at every tempo of the benchmark, none repeated, no digits for whisper to spell."""
    assert len(set(grid.LINES)) == 24
    for line in grid.LINES:
        assert not any(char.isdigit() for char in line)
        syllables = line_syllables(accent_final(speaker.pronounce(line)))
        for bpm in grid.TEMPI_BPM:
            assert plan_slots(syllables, bpm, span_beats=span_beats_for(bpm)).cost <= FIT_COST
