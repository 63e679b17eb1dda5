"""Names become voices; the ones that give nothing but sound keep the same promises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rapbot.bench.onsets import measure_onsets
from rapbot.engines.hibari_text import HibariText
from rapbot.errors import EngineUnavailable, UserError
from rapbot.language.syllables import accent_final, line_syllables
from rapbot.respond.performer import check_voice, open_performer
from rapbot.rhythm.slots import plan_slots
from rapbot.voicing.voices import SPOKEN_VOICES, VOICES, all_voices, voice_spec

LINES = (
    "A letter from the landlord says you rap behind the rent,",
    "the little orange cat has eaten all your rhymes today.",
    "I never had a mother, I was made by hand,",
)


def test_every_voice_is_named_and_licensed() -> None:
    assert set(all_voices()) == {*VOICES, *SPOKEN_VOICES}
    for name, spec in SPOKEN_VOICES.items():
        assert spec.name == name and spec.licence and spec.cost and not spec.live
    with pytest.raises(UserError, match="choose from heart, brick"):
        voice_spec("robot")


def test_missing_weights_are_one_line_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("RAPBOT_CACHE", str(tmp_path))
    with pytest.raises(EngineUnavailable, match="rapbot models install kokoro"):
        check_voice("kumo")
    check_voice("heart")  # needs nothing of the kind


@pytest.mark.parametrize("name", sorted(SPOKEN_VOICES))
def test_a_voice_of_sound_alone_keeps_the_grid(name: str) -> None:
    try:
        check_voice(name)
    except EngineUnavailable as error:
        pytest.skip(str(error))
    voice = open_performer(name, None)  # type: ignore[arg-type]  # it has a model of its own
    speaker = HibariText()
    errors_ms = []
    for line in LINES:
        words = accent_final(speaker.pronounce(line))
        syllables = line_syllables(words)
        take = voice.render(words, plan_slots(syllables, 90).slots, 90)
        wanted_s = np.asarray([s.target_s for s in take.syllables]) + take.origin_samples / take.rate_hz
        errors_ms.append(1000 * (measure_onsets(take.samples, take.rate_hz, wanted_s) - wanted_s))
        assert np.isfinite(take.samples).all() and np.abs(take.samples).max() <= 1
        assert [s.phones for s in take.syllables] == [s.phones for s in syllables]
    error_ms = np.abs(np.concatenate(errors_ms))
    assert np.isnan(error_ms).mean() <= 0.1
    assert np.nanpercentile(error_ms, 90) <= 25  # some 36 syllables: the four worst may be anything
