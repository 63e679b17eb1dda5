"""The streamed waveform is hibari's own, however it is cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rapbot.engines import hibari_vocoder
from rapbot.engines.hibari_voice import HibariVoice
from rapbot.protocols import SpeechFrames

MISAKI = "ju kˈAm hˈɪɹ wɪð ɐ nˈOtbˌʊk."


@pytest.fixture(scope="module")
def frames() -> SpeechFrames:
    voice = HibariVoice()
    encoding = voice.encode(MISAKI)
    lengths = 2 * np.round(encoding.durations).astype(int)
    f0, energy = voice.prosody(encoding, lengths)
    return voice.decode(encoding, lengths, f0, energy)


class SameNoise:
    """Stands in for hibari's generator, with the noise that the vocoder of seed 0 reads."""

    def standard_normal(self, shape: tuple[int, int], dtype: type) -> np.ndarray:
        rows = (hibari_vocoder.start(0).noise_row + np.arange(shape[1] // 2)) % hibari_vocoder.NOISE_FRAMES
        return np.ascontiguousarray(hibari_vocoder._noise_table()[rows].T).view(np.float32)


def test_it_computes_what_hibari_computes(frames: SpeechFrames) -> None:
    from hibari import dsp

    theirs = dsp.synth(*map(np.ascontiguousarray, frames.parts), frames.f0_hz, SameNoise())
    ours, _ = hibari_vocoder.push(hibari_vocoder.start(0), frames, last=True)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)  # float32 sums in another order


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_cutting_gives_the_same_sound(frames: SpeechFrames, data: st.DataObject) -> None:
    count = len(frames.f0_hz)
    edges = [0, *sorted(data.draw(st.lists(st.integers(0, count), max_size=12))), count]
    state = hibari_vocoder.start(3)
    sounds = []
    for index, (a, b) in enumerate(zip(edges, edges[1:], strict=False)):
        piece = SpeechFrames(tuple(part[:, a:b] for part in frames.parts), frames.f0_hz[a:b], frames.hop_s)
        sound, state = hibari_vocoder.push(state, piece, last=index == len(edges) - 2)
        sounds.append(sound)
        if index < len(edges) - 2:
            assert sum(map(len, sounds)) == max(0, b - hibari_vocoder.LAG_FRAMES) * hibari_vocoder.HOP
    whole, _ = hibari_vocoder.push(hibari_vocoder.start(3), frames, last=True)
    np.testing.assert_allclose(np.concatenate(sounds), whole, atol=1e-6)


def test_a_state_can_be_gone_on_from_twice(frames: SpeechFrames) -> None:
    first, second = (
        SpeechFrames(tuple(part[:, span] for part in frames.parts), frames.f0_hz[span], frames.hop_s)
        for span in (slice(0, 40), slice(40, None))
    )
    _, state = hibari_vocoder.push(hibari_vocoder.start(1), first)
    once, _ = hibari_vocoder.push(state, second, last=True)
    again, _ = hibari_vocoder.push(state, second, last=True)
    np.testing.assert_array_equal(once, again)
