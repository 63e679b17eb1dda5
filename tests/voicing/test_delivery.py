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
    leaned,
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
    before = TIMES_S[MELODY_HZ > 0] < 0.4  # a line's last accent also holds up what comes after it
    assert np.abs(rise[before]).max() < 0.1
    twice = np.asarray([[0.6, 1.0], [1.1, 1.0]])
    rise = semitones(shaped_pitch(MELODY_HZ, TIMES_S, twice, how)) - semitones(MELODY_HZ)
    first = TIMES_S[MELODY_HZ > 0] < 0.85
    assert rise[first].max() == pytest.approx(3, abs=0.1)
    assert TIMES_S[MELODY_HZ > 0][int(rise[first].argmax())] == pytest.approx(0.65, abs=0.02)
    energy = shaped_energy(np.zeros(100, np.float32), TIMES_S, np.asarray([[0.6, 1.0]]))
    assert energy.max() > 0.3 and abs(energy[0]) < 0.01


def test_the_end_of_a_line_moves_as_told_and_keeps_its_force() -> None:
    accents = np.asarray([[0.3, 1.0], [0.9, 1.4]])
    flat = np.full(100, 200.0, np.float32)
    rising = shaped_pitch(flat, TIMES_S, accents, Delivery(accent_semitones=0, final_semitones=5))
    assert 12 * np.log2(rising[-1] / 200) == pytest.approx(5, abs=0.1)
    assert rising[TIMES_S < 0.85] == pytest.approx(200, rel=0.001)
    sinking = np.where(TIMES_S < 0.9, 200.0, np.maximum(200 * 2 ** (-(TIMES_S - 0.9) * 6), 30.0)).astype(np.float32)
    held = shaped_pitch(sinking, TIMES_S, accents, Delivery(accent_semitones=0, pitch_range=1))
    assert held[TIMES_S > 1.0].min() > 120  # no creak under the rhyme
    dropping = np.where(TIMES_S < 0.85, 7.0, 4.0).astype(np.float32)
    kept, weak = (shaped_energy(dropping, TIMES_S, accents, Delivery(end_force=x, accent_db=0)) for x in (1.0, 0.0))
    at = int(0.95 / 0.0125)
    assert kept[at] > weak[at] + 2.0 and weak[at] == pytest.approx(4.0)
    np.testing.assert_allclose(kept[TIMES_S < 0.8], weak[TIMES_S < 0.8])


def test_slopes_turn_about_the_middle_of_the_line() -> None:
    flat = np.full(100, 200.0, np.float32)
    out = 12 * np.log2(shaped_pitch(flat, TIMES_S, NO_ACCENTS, Delivery(slope_semitones=4)) / 200)
    assert out[0] == pytest.approx(-2, abs=0.01) and out[-1] == pytest.approx(2, abs=0.01)
    assert np.median(out) == pytest.approx(0, abs=0.05)
    accents = np.asarray([[0.2, 1.0], [1.0, 1.0]])
    growing = shaped_energy(np.zeros(100, np.float32), TIMES_S, accents, Delivery(energy_slope_db=4, accent_db=0))
    assert growing[-1] > growing[50] > growing[0]
    louder = shaped_energy(np.zeros(100, np.float32), TIMES_S, accents, Delivery(effort_db=2.7, accent_db=0))
    np.testing.assert_allclose(louder, 1.0, atol=1e-5)


def test_the_punch_goes_where_the_delivery_puts_it() -> None:
    accents = np.asarray([[0.1, 1.0], [0.5, 0.5], [0.9, 1.4]])
    np.testing.assert_allclose(leaned(accents, Delivery())[:, 1], [1.0, 0.5, 1.4])
    np.testing.assert_allclose(leaned(accents, Delivery(punch_from_end=2))[:, 1], [1.4, 0.5, 1.0])
    np.testing.assert_allclose(leaned(accents, Delivery(punch_from_end=9))[:, 1], [1.4, 0.5, 1.0])
    np.testing.assert_allclose(leaned(accents, Delivery(punch=0))[:, 1], [1.0, 0.5, 1.0])


def test_pitch_stays_where_the_decoder_has_heard_speech() -> None:
    wild = shaped_pitch(MELODY_HZ, TIMES_S, NO_ACCENTS, Delivery(transpose_semitones=-14, pitch_range=3))
    assert wild[wild > 0].min() >= LOWEST_HZ
    wild = shaped_pitch(MELODY_HZ * 2, TIMES_S, NO_ACCENTS, Delivery(transpose_semitones=10, pitch_range=3))
    assert wild.max() <= HIGHEST_HZ
    np.testing.assert_array_equal(shaped_pitch(np.zeros(9), np.arange(9.0), NO_ACCENTS, Delivery()), np.zeros(9))


@pytest.mark.parametrize("affect", sorted(AFFECTS))
def test_every_affect_suits_every_voice(affect: str) -> None:
    for spec in VOICES.values():
        assert with_affect(spec.delivery, affect) != spec.delivery
        assert with_affect(spec.delivery, affect, 0.0) == spec.delivery


@given(
    affect=st.sampled_from(sorted(AFFECTS)),
    amount=st.floats(0, 2),
    transpose=st.floats(-14, 10),
    spread=st.floats(0, 3),
    seed=st.integers(0, 50),
)
def test_any_delivery_in_any_affect_gives_curves_the_decoder_knows(
    affect: str, amount: float, transpose: float, spread: float, seed: int
) -> None:
    how = with_affect(Delivery(transpose_semitones=transpose, pitch_range=spread), affect, amount)
    rng = np.random.default_rng(seed)
    f0_hz = np.where(rng.random(100) < 0.3, 0.0, rng.uniform(1, 500, 100)).astype(np.float32)
    count = int(rng.integers(0, 5))
    accents = np.stack([np.sort(rng.uniform(0, 1.25, count)), rng.uniform(0.5, 1.4, count)], axis=1)
    out = shaped_pitch(f0_hz, TIMES_S, accents, how)
    assert np.isfinite(out).all() and out.shape == f0_hz.shape
    assert ((out <= f0_hz) | ((out >= LOWEST_HZ) & (out <= HIGHEST_HZ))).all()
    energy = shaped_energy(rng.uniform(-3, 9, 100), TIMES_S, accents, how)
    assert np.isfinite(energy).all() and np.abs(energy).max() < 30


@pytest.mark.parametrize("values", [{"pitch_range": -1}, {"late_ms": float("nan")}])
def test_limits(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must lie in"):
        Delivery(**values)
    with pytest.raises(ValueError, match="affect"):
        with_affect(Delivery(), "bored")
