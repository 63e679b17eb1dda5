"""The voices on offer."""

from __future__ import annotations

from rapbot.voicing.voices import DEFAULT_VOICE, OPPONENT_VOICE, VOICES


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
