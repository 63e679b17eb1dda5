"""Melody, register and timbre do what their numbers say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapbot.voicing.delivery import (
    AFFECTS,
    HIGHEST_HZ,
    LOWEST_HZ,
    Delivery,
    shaped_energy,
    shaped_pitch,
    with_affect,
)
from rapbot.voicing.voices import VOICES

TIMES_S = np.arange(100) * 0.0125
MELODY_HZ = np.where(TIMES_S < 0.2, 0.0, 200 * 2 ** (np.sin(TIMES_S * 9) / 6)).astype(np.float32)
NO_ACCENTS = np.zeros((0, 2))


def semitones(f0_hz: np.ndarray) -> np.ndarray:
    return 12 * np.log2(f0_hz[f0_hz > 40])


@given(transpose=st.floats(-8, 5), spread=st.floats(0, 2))
def test_register_and_range(transpose: float, spread: float) -> None:
    how = Delivery(transpose_semitones=transpose, pitch_range=spread, accent_semitones=0)
    out = shaped_pitch(MELODY_HZ, TIMES_S, NO_ACCENTS, how)
    before, after = semitones(MELODY_HZ), semitones(out)
    assert np.median(after) - np.median(before) == pytest.approx(transpose, abs=0.05)
    assert np.ptp(after) == pytest.approx(np.ptp(before) * spread, abs=0.05)
    np.testing.assert_array_equal(out == 0, MELODY_HZ == 0)


def test_an_accent_rises_where_it_stands_and_nowhere_else() -> None:
    how = Delivery(accent_semitones=3)
    out = shaped_pitch(MELODY_HZ, TIMES_S, np.asarray([[0.6, 1.0]]), how)
    rise = semitones(out) - semitones(MELODY_HZ)
    assert rise.max() == pytest.approx(3, abs=0.1)
    assert TIMES_S[MELODY_HZ > 0][int(rise.argmax())] == pytest.approx(0.65, abs=0.02)
    assert rise[0] < 0.01 and rise[-1] < 0.01
    energy = shaped_energy(np.zeros(100, np.float32), TIMES_S, np.asarray([[0.6, 1.0]]))
    assert energy.max() > 0.3 and energy[0] < 0.01


def test_pitch_stays_where_the_decoder_has_heard_speech() -> None:
    wild = shaped_pitch(MELODY_HZ, TIMES_S, NO_ACCENTS, Delivery(transpose_semitones=-14, pitch_range=3))
    assert wild[wild > 0].min() >= LOWEST_HZ
    wild = shaped_pitch(MELODY_HZ * 2, TIMES_S, NO_ACCENTS, Delivery(transpose_semitones=10, pitch_range=3))
    assert wild.max() <= HIGHEST_HZ
    np.testing.assert_array_equal(shaped_pitch(np.zeros(9), np.arange(9.0), NO_ACCENTS, Delivery()), np.zeros(9))


@pytest.mark.parametrize("affect", sorted(AFFECTS))
def test_every_affect_suits_every_voice(affect: str) -> None:
    for spec in VOICES.values():
        assert with_affect(spec.delivery, affect) != spec.delivery or affect == "plain"


@pytest.mark.parametrize("values", [{"pitch_range": -1}, {"late_ms": float("nan")}])
def test_limits(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must lie in"):
        Delivery(**values)
    with pytest.raises(ValueError, match="affect"):
        with_affect(Delivery(), "bored")
