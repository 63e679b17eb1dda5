"""Melody, register and timbre do what their numbers say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapbot.protocols import SpeechFrames
from rapbot.voicing.delivery import (
    AFFECTS,
    DEFAULT_VOICE,
    HIGHEST_HZ,
    LOWEST_HZ,
    OPPONENT_VOICE,
    VOICES,
    Delivery,
    shaped_energy,
    shaped_frames,
    shaped_pitch,
    with_affect,
)

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


def frames() -> SpeechFrames:
    bins = np.arange(601)[:, None]
    peak = (-0.5 * ((bins - 100) / 10.0) ** 2 * np.ones((1, 20))).astype(np.float32)
    floor = np.full_like(peak, -9.0)
    zero = np.zeros_like(peak)
    return SpeechFrames((peak, zero, floor, floor, zero), np.full(20, 150, np.float32), 0.0125)


@pytest.mark.parametrize("warp", [0.8, 0.9, 1.1, 1.25])
def test_formants_move_by_the_warp(warp: float) -> None:
    out = shaped_frames(frames(), Delivery(formant_warp=warp))
    assert int(out.parts[0][:, 0].argmax()) == pytest.approx(100 * warp, abs=1)


def test_breath_brings_air_and_takes_tone() -> None:
    plain, breathy = frames(), shaped_frames(frames(), Delivery(breath=0.8))
    assert breathy.parts[2][100, 0] > plain.parts[2][100, 0] + 3
    assert breathy.parts[0][100, 0] < plain.parts[0][100, 0]
    unvoiced = SpeechFrames(plain.parts, np.zeros(20, np.float32), 0.0125)
    np.testing.assert_array_equal(shaped_frames(unvoiced, Delivery(breath=0.8)).parts[2], plain.parts[2])
    assert shaped_frames(plain, Delivery()).parts[0] is plain.parts[0]


def test_voices_are_complete_and_licensed() -> None:
    assert len(VOICES) >= 4
    assert {DEFAULT_VOICE, OPPONENT_VOICE} <= set(VOICES)
    for name, spec in VOICES.items():
        assert spec.name == name
        assert "Apache-2.0" in spec.licence and spec.description and spec.cost
    registers = sorted(spec.delivery.transpose_semitones for spec in VOICES.values())
    assert (
        min(b - a for a, b in zip(registers, registers[1:], strict=False)) >= 1.0
    )  # and range, breath and formants differ too


@pytest.mark.parametrize("affect", sorted(AFFECTS))
def test_every_affect_suits_every_voice(affect: str) -> None:
    for spec in VOICES.values():
        assert with_affect(spec.delivery, affect) != spec.delivery or affect == "plain"


@pytest.mark.parametrize(
    "values", [{"pitch_range": -1}, {"formant_warp": 0.1}, {"breath": 2}, {"late_ms": float("nan")}]
)
def test_limits(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must lie in"):
        Delivery(**values)
    with pytest.raises(ValueError, match="affect"):
        with_affect(Delivery(), "bored")
