"""However the sound is cut into blocks, the ears say the same; what they said stays said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rapbot.hearing import Heard, Listener, SpeechEnded, SpeechStarted, SyllableHeard, WordCommitted
from rapbot.protocols import HEARING_RATE_HZ
from rapbot.values import PhoneSpan, Word

FRAME_SAMPLES = 512
SYLLABLE_S = 0.25


class LoudnessVad:
    """Speech is whatever is loud."""

    frame_samples = FRAME_SAMPLES

    def stream(self):
        return self

    def feed(self, samples):
        frames = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
        return (np.sqrt(np.mean(frames**2, axis=1)) > 0.01).astype(np.float32)


def loud_steps(samples: np.ndarray) -> list[tuple[float, float]]:
    """Stretches of loud sound cut every quarter second: the fakes' idea of a syllable."""
    hop = round(SYLLABLE_S * HEARING_RATE_HZ)
    return [
        (first / HEARING_RATE_HZ, min(len(samples), first + hop) / HEARING_RATE_HZ)
        for first in range(0, len(samples), hop)
        if np.max(np.abs(samples[first : first + hop]), initial=0.0) > 0.01
    ]


class LoudnessWhisper:
    """One word per loud quarter second, named by its loudness, so that a word depends on the sound alone."""

    def transcribe(self, samples):
        return tuple(
            Word(f"w{np.argmax(samples[round(a * HEARING_RATE_HZ) :][:4000])}", a, b, 0.9)
            for a, b in loud_steps(samples)
        )

    def transcribe_window(self, samples, prefix=()):
        return self.transcribe(samples)[len(prefix) :]

    def language(self, samples):
        return "en", 1.0


class LoudnessPhones:
    def phones(self, samples):
        return tuple(PhoneSpan("AH", a, b) for a, b in loud_steps(samples))


class Refuser:
    def align(self, samples, words):
        return None


def fake_listener() -> Listener:
    return Listener(LoudnessWhisper(), LoudnessPhones(), LoudnessVad(), lambda word: (1,), Refuser())


def sound(pattern: list[tuple[float, float]], seed: int) -> np.ndarray:
    """Bursts of noise: (silence s, burst s) after (silence s, burst s)."""
    rng = np.random.default_rng(seed)
    parts = []
    for silence_s, burst_s in pattern:
        parts.append(np.zeros(round(silence_s * HEARING_RATE_HZ), np.float32))
        parts.append(rng.normal(0.0, 0.1, round(burst_s * HEARING_RATE_HZ)).astype(np.float32))
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def heard_in_blocks(samples: np.ndarray, sizes: list[int]) -> tuple[list, Heard]:
    listener = fake_listener()
    events, first, turn = [], 0, 0
    while first < len(samples):
        size = sizes[turn % len(sizes)]
        events += listener.feed(samples[first : first + size])
        first, turn = first + size, turn + 1
    return events, listener.finish()


bursts = st.lists(st.tuples(st.floats(0.0, 1.5), st.floats(0.0, 3.0)), max_size=4)


@settings(max_examples=25)
@given(bursts, st.lists(st.integers(1, 20_000), min_size=1, max_size=6), st.integers(0, 5))
def test_cuts_never_change_what_is_heard(pattern, sizes, seed):
    samples = sound(pattern, seed)
    assert heard_in_blocks(samples, sizes) == heard_in_blocks(samples, [max(1, len(samples))])


def test_one_sample_at_a_time():
    samples = sound([(0.2, 0.9)], 1)
    assert heard_in_blocks(samples, [1]) == heard_in_blocks(samples, [len(samples)])


@settings(max_examples=25)
@given(bursts, st.integers(0, 5))
def test_events_know_their_time_and_a_prefix_of_the_sound_gives_a_prefix_of_the_events(pattern, seed):
    samples = sound(pattern, seed)
    whole = fake_listener()
    events = whole.feed(samples)
    assert [event.emitted_s for event in events] == sorted(event.emitted_s for event in events)
    for event in events:
        assert 0.0 <= event.start_s <= event.end_s
        assert event.start_s <= event.emitted_s <= len(samples) / HEARING_RATE_HZ
    part = fake_listener().feed(samples[: len(samples) // 2])
    assert part == events[: len(part)]


def test_a_voice_starts_speaks_and_stops():
    events, heard = heard_in_blocks(sound([(0.5, 2.0), (1.0, 1.0), (0.7, 0.0)], 3), [320])
    kinds = [type(event) for event in events]
    assert kinds.count(SpeechStarted) == kinds.count(SpeechEnded) == 2
    assert kinds.count(WordCommitted) >= 10 and kinds.count(SyllableHeard) >= 10
    first_word = next(event for event in events if isinstance(event, WordCommitted))
    ended = next(event for event in events if isinstance(event, SpeechEnded))
    assert first_word.emitted_s < ended.emitted_s
    assert len(heard.speech) == 2
    assert heard.end_s == heard.speech[-1][1] == pytest.approx(4.5, abs=2 * FRAME_SAMPLES / HEARING_RATE_HZ)


def test_syllables_are_told_once_each():
    events, heard = heard_in_blocks(sound([(0.25, 6.0)], 4), [777])
    told = [event for event in [*events, *heard.closing] if isinstance(event, SyllableHeard)]
    onsets = [event.start_s for event in told]
    assert onsets == sorted(onsets)
    assert np.min(np.diff(onsets)) > 0.05


def test_silence_says_nothing():
    events, heard = heard_in_blocks(np.zeros(5 * HEARING_RATE_HZ, np.float32), [320])
    assert events == []
    assert heard == Heard((), (), 0.0, ())


def test_no_sound_at_all():
    assert fake_listener().finish() == Heard((), (), 0.0, ())


def test_close_tells_the_rest_and_finish_repeats_it():
    listener = fake_listener()
    listener.feed(sound([(0.2, 2.0)], 5))
    rest = listener.close()
    assert isinstance(rest[-1], SyllableHeard | SpeechEnded) and rest
    assert listener.finish().closing == rest


def test_a_finished_listener_refuses():
    listener = fake_listener()
    listener.finish()
    with pytest.raises(ValueError):
        listener.feed(np.zeros(10, np.float32))
    with pytest.raises(ValueError):
        listener.finish()


def test_stereo_is_the_callers_mistake_and_a_bad_sample_is_not_fatal():
    listener = fake_listener()
    with pytest.raises(ValueError, match="mono"):
        listener.feed(np.zeros((10, 2), np.float32))
    bad = sound([(0.2, 1.0)], 6)
    bad[100] = np.nan
    listener.feed(bad)
    assert len(listener.finish().speech) == 1
