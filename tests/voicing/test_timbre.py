"""Vocal tract and breath do what their numbers say."""

from __future__ import annotations

import numpy as np
import pytest

from rapbot.protocols import SpeechFrames
from rapbot.voicing.timbre import Timbre, shaped_frames


def frames() -> SpeechFrames:
    bins = np.arange(601)[:, None]
    peak = (-0.5 * ((bins - 100) / 10.0) ** 2 * np.ones((1, 20))).astype(np.float32)
    floor = np.full_like(peak, -9.0)
    zero = np.zeros_like(peak)
    return SpeechFrames((peak, zero, floor, floor, zero), np.full(20, 150, np.float32), 0.0125)


@pytest.mark.parametrize("warp", [0.8, 0.9, 1.1, 1.25])
def test_formants_move_by_the_warp(warp: float) -> None:
    out = shaped_frames(frames(), Timbre(formant_warp=warp))
    assert int(out.parts[0][:, 0].argmax()) == pytest.approx(100 * warp, abs=1)


def test_breath_brings_air_and_takes_tone() -> None:
    plain, breathy = frames(), shaped_frames(frames(), Timbre(breath=0.8))
    assert breathy.parts[2][100, 0] > plain.parts[2][100, 0] + 3
    assert breathy.parts[0][100, 0] < plain.parts[0][100, 0]
    unvoiced = SpeechFrames(plain.parts, np.zeros(20, np.float32), 0.0125)
    np.testing.assert_array_equal(shaped_frames(unvoiced, Timbre(breath=0.8)).parts[2], plain.parts[2])
    assert shaped_frames(plain, Timbre()).parts[0] is plain.parts[0]


@pytest.mark.parametrize("values", [{"formant_warp": 0.1}, {"breath": 2}, {"breath": float("nan")}])
def test_limits(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must lie in"):
        Timbre(**values)
