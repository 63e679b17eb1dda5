"""Gains: rests go quiet, edges go to zero, levels agree, nothing clips."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapbot.voicing.effects import PEAK, TAKE_RMS_DB, articulated, faded, gated, level_take, shallow_dips, trimmed

RATE_HZ = 24_000


def tone(seconds: float, level: float = 0.1) -> np.ndarray:
    return (level * np.sin(2 * np.pi * 500 * np.arange(round(seconds * RATE_HZ)) / RATE_HZ)).astype(np.float32)


def rms_db(samples: np.ndarray) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(samples.astype(float) ** 2)) + 1e-12))


def test_a_rest_is_silent_and_its_neighbours_are_not() -> None:
    out = gated(tone(2.0), RATE_HZ, ((0.8, 1.2),))
    assert rms_db(out[int(0.9 * RATE_HZ) : int(1.1 * RATE_HZ)]) < -55
    np.testing.assert_array_equal(out[: int(0.8 * RATE_HZ)], tone(2.0)[: int(0.8 * RATE_HZ)])
    np.testing.assert_array_equal(out[int(1.2 * RATE_HZ) :], tone(2.0)[int(1.2 * RATE_HZ) :])


def test_a_boundary_too_short_to_be_a_rest_is_left_alone() -> None:
    np.testing.assert_array_equal(gated(tone(1.0), RATE_HZ, ((0.5, 0.6),)), tone(1.0))


def test_edges_fade_to_nothing() -> None:
    out = faded(np.ones(RATE_HZ, np.float32), RATE_HZ)
    assert abs(out[0]) < 0.01 and abs(out[-1]) < 0.01
    assert out[RATE_HZ // 2] == 1.0
    assert np.abs(np.diff(out)).max() < 0.02


def test_silence_around_the_take_is_cut_and_counted() -> None:
    padded = np.concatenate([np.zeros(5000, np.float32), tone(0.5), np.zeros(9000, np.float32)])
    out, cut = trimmed(padded, RATE_HZ)
    assert 5000 - 0.011 * RATE_HZ <= cut <= 5000
    assert len(out) <= 0.5 * RATE_HZ + 0.05 * RATE_HZ
    silence = np.zeros(100, np.float32)
    assert trimmed(silence, RATE_HZ) == (pytest.approx(silence), 0)


@given(level=st.floats(1e-3, 2.0), energy_db=st.floats(-12, 3))
def test_takes_come_out_at_one_level_and_never_clip(level: float, energy_db: float) -> None:
    out = level_take(tone(1.0, level), RATE_HZ, energy_db)
    assert np.abs(out).max() <= PEAK
    assert rms_db(out) == pytest.approx(TAKE_RMS_DB + energy_db, abs=0.5)


def test_silence_stays_silence() -> None:
    assert not level_take(np.zeros(RATE_HZ, np.float32), RATE_HZ, 0.0).any()


def test_only_shallow_dips_are_deepened() -> None:
    envelope = np.ones(1000)
    envelope[440:500] = 0.1  # a deep dip before the onset at 0.5 s, none before the one at 0.7 s
    short_db = shallow_dips(envelope, 1000, np.asarray([0.3, 0.5, 0.7]))
    assert short_db[1] == 0
    assert short_db[2] > 4
    out = articulated(tone(1.0), RATE_HZ, np.asarray([0.3, 0.5, 0.7]), np.asarray([0.0, 0.0, short_db[2]]))
    before = slice(int(0.65 * RATE_HZ), int(0.69 * RATE_HZ))
    assert rms_db(out[before]) < rms_db(tone(1.0)[before]) - 3
    np.testing.assert_allclose(out[: int(0.6 * RATE_HZ)], tone(1.0)[: int(0.6 * RATE_HZ)], atol=1e-6)
    np.testing.assert_allclose(out[int(0.72 * RATE_HZ) :], tone(1.0)[int(0.72 * RATE_HZ) :], atol=1e-6)
