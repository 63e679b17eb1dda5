"""Takes land on their bar lines to the sample, and hand over without a click."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapbot.values import Take
from rapbot.voicing.assemble import HANDOVER_S, place

RATE_HZ = 24_000


def click(origin: int, length: int = 4800) -> Take:
    """A band-limited click at the bar line."""
    times = np.arange(length) - origin
    return Take((0.5 * np.exp(-0.5 * (times / 12.0) ** 2)).astype(np.float32), RATE_HZ, origin, (), 0.0)


def steady(length: int, origin: int = 0) -> Take:
    return Take(np.full(length, 0.5, np.float32), RATE_HZ, origin, (), 0.0)


@given(
    origin=st.integers(200, 4000),
    starts=st.lists(st.integers(9_000, 30_000), min_size=1, max_size=4),
    rate=st.sampled_from((24_000, 48_000)),
)
def test_bar_lines_are_sample_exact(origin: int, starts: list[int], rate: int) -> None:
    at = np.cumsum(starts).tolist()
    track = place([click(origin)] * len(at), at, rate)
    assert track.dtype == np.float32
    for start in at:
        window = track[start - 100 : start + 101]
        assert int(window.argmax()) == 100
        assert window[100] == pytest.approx(0.5, abs=0.01)


def test_the_bar_before_is_silent_when_the_next_begins() -> None:
    track = place([steady(24_000), steady(2_400)], [0, 24_000], 48_000)
    assert abs(track[23_999]) < 0.05  # faded out
    assert track[23_999 - round(HANDOVER_S * 48_000)] == pytest.approx(0.5, abs=0.02)
    assert len(track) == 24_000 + 4_800
    assert np.abs(track[:24_000]).max() < 0.6  # never both at once


def test_no_overlap_no_change() -> None:
    alone = place([steady(2_400)], [0], 48_000)
    both = place([steady(2_400), steady(2_400)], [0, 48_000], 48_000)
    np.testing.assert_array_equal(both[: len(alone)], alone)


def test_a_pickup_before_the_track_is_cut() -> None:
    assert len(place([click(2_000, 4_000)], [1_000], 48_000)) == 1_000 - 4_000 + 8_000


def test_nothing_gives_nothing() -> None:
    assert len(place([], [], 48_000)) == 0


def test_arguments_are_checked() -> None:
    with pytest.raises(ValueError, match="as many"):
        place([click(10)], [], 48_000)
    with pytest.raises(ValueError, match="increase"):
        place([click(10)] * 2, [5, 5], 48_000)
