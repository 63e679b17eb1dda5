"""The live voices are different people to an encoder that made none of them."""

from __future__ import annotations

import numpy as np
import pytest

from rapbot.bench import voices
from rapbot.engines.hibari_text import HibariText
from rapbot.engines.hibari_voice import HibariVoice
from rapbot.engines.speaker_encoder import SpeakerEncoder
from rapbot.errors import EngineUnavailable
from rapbot.voicing.voices import VOICES

try:
    ENCODER = SpeakerEncoder()
except EngineUnavailable as error:
    pytest.skip(str(error), allow_module_level=True)


@pytest.fixture(scope="module")
def result() -> dict:
    heard = iter(voices.LINES * len(VOICES))
    return voices.run(HibariVoice(), HibariText(), ENCODER, lambda take: next(heard))


def test_no_two_voices_are_one_person(result: dict) -> None:
    assert result["voices"] == list(VOICES) and len(VOICES) >= 5
    assert result["largest"] <= 0.75
    assert min(result["own_halves"]) > result["largest"] + 0.1  # one voice stays itself from line to line


def test_the_figures_are_what_they_say(result: dict) -> None:
    cosines = np.asarray(result["cosines"])
    np.testing.assert_allclose(np.diag(cosines), 1.0, atol=2e-3)
    np.testing.assert_array_equal(cosines, cosines.T)
    assert result["largest"] == pytest.approx((cosines - 2 * np.eye(len(cosines))).max(), abs=1e-3)
    assert all(count[0] == 0 for count in result["word_errors"].values())  # the stand-in heard every word
    text = voices.table(result)
    assert all(name in text for name in VOICES) and "goal ≤ 0.75" in text


def test_loudness_is_not_a_voice() -> None:
    take = voices.said(HibariVoice(), HibariText(), VOICES["heart"], voices.LINES[:2])
    clip = np.concatenate([t.samples for t in take])
    loud, soft = (ENCODER.embed(clip * gain, 24_000) for gain in (1.0, 0.05))
    assert loud.shape == (256,)
    assert float(np.linalg.norm(loud)) == pytest.approx(1.0, abs=1e-5)
    assert float(loud @ soft) > 0.99
