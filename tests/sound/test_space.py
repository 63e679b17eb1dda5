"""Echo and room: in time, shorter than promised, and only for what was sent."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rapbot.sound.space import (
    LONGEST_DELAY_S,
    REPEATS,
    ROOM_S,
    delay_beats,
    delay_throw,
    room,
    room_response,
    sent,
)

RATE_HZ = 48_000


def burst(length_s: float = 4.0, at_s: float = 0.1) -> np.ndarray:
    out = np.zeros(round(length_s * RATE_HZ))
    start = round(at_s * RATE_HZ)
    time_s = np.arange(2400) / RATE_HZ
    out[start : start + 2400] = np.sin(2 * np.pi * 900 * time_s) * np.hanning(2400)
    return out


@settings(max_examples=20, deadline=None)
@given(bpm=st.floats(60, 160))
def test_repeats_come_in_time_softer_each(bpm: float) -> None:
    out = delay_throw(burst(), RATE_HZ, bpm)
    step_s = delay_beats(bpm) * 60 / bpm
    assert 0.2 < step_s <= max(LONGEST_DELAY_S, 0.75 * 60 / bpm)
    level = np.abs(out).max(axis=1)
    peaks = []
    for k in range(1, REPEATS + 1):
        middle = round((0.125 + k * step_s) * RATE_HZ)
        window = level[middle - 2400 : middle + 2400]
        peaks.append(window.max())
        assert abs(int(window.argmax()) - 2400) < 0.005 * RATE_HZ
    assert peaks[0] < 0.5 and all(after < 0.6 * before for before, after in zip(peaks, peaks[1:], strict=False))
    assert level[: round((0.09 + step_s) * RATE_HZ)].max() < 1e-9  # nothing of the word itself
    assert level[round((0.3 + REPEATS * step_s) * RATE_HZ) :].max(initial=0.0) < 1e-4  # and no fourth repeat


def test_repeats_get_darker_and_wander() -> None:
    noise = np.zeros(RATE_HZ * 3)
    noise[:4800] = np.random.default_rng(0).standard_normal(4800)
    out = delay_throw(noise, RATE_HZ, 100.0)

    def part(k: int) -> np.ndarray:
        start = round(k * 0.6 * RATE_HZ)
        return out[start : start + 4800]

    def brightness(samples: np.ndarray) -> float:
        power = np.abs(np.fft.rfft(samples.sum(axis=1))) ** 2
        return float((np.fft.rfftfreq(len(samples), 1 / RATE_HZ) * power).sum() / power.sum())

    assert brightness(part(1)) > brightness(part(2)) > brightness(part(3))
    left, right = np.square(part(1)).sum(axis=0)
    assert left != pytest.approx(right, rel=0.2)
    assert (left > right) != (np.square(part(2)).sum(axis=0)[0] > np.square(part(2)).sum(axis=0)[1])


def test_a_room_is_short_and_softer_than_the_word() -> None:
    response = room_response(RATE_HZ)
    assert len(response) / RATE_HZ <= 0.35
    energy = np.cumsum(np.square(response[::-1]), axis=0)[::-1]
    at = round(0.8 * ROOM_S * RATE_HZ)
    assert (10 * np.log10(energy[at] / energy[0]) < -35).all()  # decays as a room of that length
    assert abs(np.corrcoef(response.T)[0, 1]) < 0.5  # two ears hear two things
    noise = burst(1.0) != 0
    word = np.where(noise, np.random.default_rng(0).standard_normal(RATE_HZ), 0.0)
    wet = room(word, RATE_HZ)
    share = np.sqrt(np.square(wet).sum(axis=0) / np.square(word).sum())
    assert 20 * np.log10(share) == pytest.approx([-11, -11], abs=1.5)
    assert not wet[: round(0.1 * RATE_HZ)].any()
    assert np.abs(wet[round(0.55 * RATE_HZ) :]).max() < 1e-6


def test_only_what_lies_in_a_window_is_sent() -> None:
    samples = np.ones(10_000)
    out = sent(samples, [(2000, 5000), (-50, 100), (9_900, 20_000), (400, 400)], RATE_HZ)
    assert out[3000:4000] == pytest.approx(1.0)
    assert not out[150:1999].any() and not out[5001:9_899].any()
    assert np.abs(np.diff(out[1900:5100])).max() < 0.01  # faded at the edges
    assert not sent(samples, [], RATE_HZ).any()
    assert delay_throw(np.zeros(0), RATE_HZ, 90).shape == room(np.zeros(0), RATE_HZ).shape == (0, 2)
