"""Frames move where they are told, and nothing else about them changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapbot.protocols import SpeechFrames
from rapbot.voicing.warp import carried, cut, frames_at, joined

HOP_S = 0.0125


def frames(count: int = 80) -> SpeechFrames:
    """Every envelope holds its own frame number; the second half is voiced."""
    ramp = np.tile(np.arange(count, dtype=np.float32), (3, 1))
    return SpeechFrames((ramp,) * 5, np.where(np.arange(count) < count // 2, 0, 200).astype(np.float32), HOP_S)


def moved(before: SpeechFrames, found: np.ndarray, wanted: np.ndarray, count: int) -> SpeechFrames:
    centres_s = (np.arange(count) + 0.5) * HOP_S
    return frames_at(before, carried(centres_s, wanted, found))


def test_equal_onsets_change_nothing() -> None:
    before = frames()
    at = np.asarray([0.2, 0.5, 0.8])
    after = moved(before, at, at, 80)
    for a, b in zip(before.parts, after.parts, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-3)
    np.testing.assert_array_equal(before.f0_hz, after.f0_hz)


def test_outside_the_instants_everything_is_shifted() -> None:
    times_s = carried(np.asarray([0.0, 0.6, 2.0]), np.asarray([0.5, 0.7]), np.asarray([0.6, 0.7]))
    assert times_s == pytest.approx([0.1, 0.65, 2.0])
    held = frames_at(frames(), np.asarray([-1.0, 99.0]))
    assert held.parts[0][0].tolist() == [0.0, 79.0]


@given(
    gaps=st.lists(st.tuples(st.floats(0.05, 0.25), st.floats(0.05, 0.4)), min_size=1, max_size=5),
)
def test_every_found_instant_lands_on_the_wanted_one(gaps: list[tuple[float, float]]) -> None:
    found = 0.1 + np.cumsum([a for a, _ in gaps])
    wanted = 0.1 + np.cumsum([b for _, b in gaps])
    after = moved(frames(140), found, wanted, 220)
    centres_s = (np.arange(220) + 0.5) * HOP_S
    content_s = (after.parts[0][0] + 0.5) * HOP_S  # what instant of the original is heard at each frame
    for a, b in zip(found, wanted, strict=True):
        assert np.interp(b, centres_s, content_s) == pytest.approx(a, abs=HOP_S)
    assert np.all(np.diff(content_s) >= -1e-6)


def test_voicing_stays_crisp() -> None:
    after = moved(frames(), np.asarray([0.3, 0.7]), np.asarray([0.31, 0.75]), 84)
    assert set(np.unique(after.f0_hz)) == {0.0, 200.0}


@given(at=st.integers(1, 79))
def test_cut_and_joined_is_whole(at: int) -> None:
    whole = frames()
    again = joined(cut(whole, 0, at), cut(whole, at, 80))
    for a, b in zip(whole.parts, again.parts, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(whole.f0_hz, again.f0_hz)


def test_crossing_onsets_are_refused() -> None:
    with pytest.raises(ValueError, match="increase"):
        carried(np.zeros(1), np.asarray([0.5, 0.4]), np.asarray([0.4, 0.5]))
