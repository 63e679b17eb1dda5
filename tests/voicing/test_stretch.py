"""Stretching a waveform: moments go where they are told, pitch stays, nothing is lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rapbot.voicing.stretch import SEARCH_S, SLOWEST, paced, stretched
from rapbot.voicing.warp import LEAST_GAP_S, carried, increasing

RATE_HZ = 24_000


def tone(hz: float, length_s: float) -> np.ndarray:
    """A buzz with eight harmonics."""
    times_s = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    return (0.1 * sum(np.sin(2 * np.pi * hz * k * times_s) / k for k in range(1, 9))).astype(np.float32)


def peak_hz(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 1 << 18))
    return float(np.argmax(spectrum)) * RATE_HZ / (1 << 18)


def test_nothing_moved_is_nothing_changed() -> None:
    sound = tone(140.0, 1.0)
    same = stretched(sound, RATE_HZ, np.asarray([0.2, 0.7]), np.asarray([0.2, 0.7]))
    assert len(same) == len(sound)
    assert np.abs(same - sound).max() < 1e-6


@pytest.mark.parametrize("hz", [95.0, 150.0, 240.0])
@pytest.mark.parametrize("ratio", [0.6, 0.8, 1.25, 1.6])
def test_pitch_stays_and_nothing_buzzes(hz: float, ratio: float) -> None:
    moved = stretched(tone(hz, 1.2), RATE_HZ, np.asarray([0.1, 1.1]), np.asarray([0.1, 0.1 + ratio]))
    middle = moved[round(0.15 * RATE_HZ) : round((0.05 + ratio) * RATE_HZ)]
    assert peak_hz(middle) == pytest.approx(hz, rel=0.01)  # a semitone is 6 %
    block = RATE_HZ // 50
    power = (middle[: len(middle) // block * block].reshape(-1, block) ** 2).mean(axis=1)
    # overlaps in phase keep the level; out of phase they would cancel.  The residual swell is a fraction of a dB, plus
    # what 20 ms blocks see of a 95 Hz period
    assert 10 * np.log10(power.max() / power.min()) < 2.5


def test_moments_land_where_they_are_wanted() -> None:
    rng = np.random.default_rng(4)
    source_s = np.cumsum(rng.uniform(0.15, 0.3, 12))
    wanted_s = source_s[0] + np.concatenate([[0.0], np.cumsum(np.diff(source_s) * rng.uniform(0.65, 1.5, 11))])
    sound = np.zeros(round((source_s[-1] + 0.3) * RATE_HZ), np.float32)
    burst = np.hanning(round(0.004 * RATE_HZ)) * rng.standard_normal(round(0.004 * RATE_HZ))
    for time_s in source_s:
        at = round(time_s * RATE_HZ) - len(burst) // 2
        sound[at : at + len(burst)] = burst
    moved = stretched(sound, RATE_HZ, source_s, wanted_s)
    for time_s in wanted_s:
        near = slice(round((time_s - 0.03) * RATE_HZ), round((time_s + 0.03) * RATE_HZ))
        power = moved[near] ** 2
        assert power.sum() > 0
        centre_s = float((np.arange(len(power)) * power).sum() / power.sum()) / RATE_HZ - 0.03
        assert abs(centre_s) <= SEARCH_S + 0.002  # the search may move a moment by its reach


@settings(max_examples=40, deadline=None)
@given(
    gaps=st.lists(st.tuples(st.floats(0.03, 0.8), st.floats(0.03, 1.5)), min_size=1, max_size=12),
    length_s=st.floats(0.0, 3.0),
    shift_s=st.floats(-0.5, 0.5),
    pauses=st.lists(st.floats(0.0, 3.0), max_size=4),
)
def test_any_map_gives_finite_sound_of_the_promised_length(
    gaps: list[tuple[float, float]], length_s: float, shift_s: float, pauses: list[float]
) -> None:
    source_s = np.concatenate([[0.1], 0.1 + np.cumsum([a for a, _ in gaps])])
    wanted_s = np.concatenate([[0.1], 0.1 + np.cumsum([b for _, b in gaps])]) + shift_s
    from_s, to_s = paced(source_s, wanted_s, sorted(pauses))
    assert (np.diff(from_s) > 0).all() and (np.diff(to_s) > 0).all()
    assert carried(source_s, from_s, to_s) == pytest.approx(wanted_s)
    sound = np.random.default_rng(1).uniform(-1, 1, round(length_s * RATE_HZ)).astype(np.float32)
    moved = stretched(sound, RATE_HZ, from_s, to_s)
    assert np.isfinite(moved).all()
    assert np.abs(moved).max(initial=0.0) <= 1.0 + 1e-6  # a weighted mean never exceeds what it is made of
    end = round(float(carried(np.asarray([len(sound) / RATE_HZ]), from_s, to_s)[0]) * RATE_HZ)
    assert len(moved) == max(1, end)


def test_equal_input_gives_equal_bytes() -> None:
    sound = tone(120.0, 1.0)
    maps = np.asarray([0.1, 0.5, 0.9]), np.asarray([0.1, 0.4, 1.1])
    assert stretched(sound, RATE_HZ, *maps).tobytes() == stretched(sound, RATE_HZ, *maps).tobytes()


def test_a_pause_takes_what_a_voice_cannot() -> None:
    from_s, to_s = paced(np.asarray([0.2, 0.5]), np.asarray([0.2, 1.4]), [0.35])
    rates = np.diff(to_s) / np.diff(from_s)
    longest = int(rates.argmax())
    assert from_s[longest] <= 0.35 <= from_s[longest + 1]
    assert from_s[longest + 1] - from_s[longest] <= LEAST_GAP_S + 1e-9
    assert np.delete(rates, longest).max() <= SLOWEST + 1e-9


def test_the_consonant_moves_with_its_vowel() -> None:
    from_s, to_s = paced(np.asarray([0.2, 0.5]), np.asarray([0.2, 0.6]), [])
    assert carried(np.asarray([0.45]), from_s, to_s)[0] == pytest.approx(0.55)


def test_instants_are_pushed_apart() -> None:
    assert increasing(np.asarray([0.1, 0.05, 0.3]), 0.02) == pytest.approx([0.1, 0.12, 0.3])
