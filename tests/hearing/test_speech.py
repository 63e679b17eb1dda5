"""The gate opens for a voice, not for a snare, and does not flutter at short rests."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rapbot.hearing.events import SpeechEnded, SpeechStarted
from rapbot.hearing.speech import CLOSE_FRAMES, SpeechGate, possible_speech

FRAME_S = 0.032


def events_of(probabilities) -> list:
    gate = SpeechGate(FRAME_S)
    found = [event for probability in probabilities if (event := gate.feed(probability)) is not None]
    last = gate.close(len(probabilities) * FRAME_S)
    return found + ([last] if last is not None else [])


def test_one_loud_frame_is_not_a_voice():
    assert events_of([0.0, 0.9, 0.0, 0.9, 0.0]) == []


def test_a_stretch_begins_with_its_first_frame_and_ends_with_its_last():
    started, ended = events_of([0.0] * 5 + [0.9] * 10 + [0.1] * 40)
    assert isinstance(started, SpeechStarted) and isinstance(ended, SpeechEnded)
    assert started.start_s == 5 * FRAME_S
    assert started.emitted_s == 7 * FRAME_S
    assert np.isclose(ended.end_s, 15 * FRAME_S)
    assert np.isclose(ended.emitted_s, (15 + CLOSE_FRAMES) * FRAME_S)


def test_a_short_rest_stays_inside():
    assert len(events_of([0.9] * 10 + [0.0] * (CLOSE_FRAMES - 1) + [0.9] * 10)) == 2
    assert len(events_of([0.9] * 10 + [0.0] * CLOSE_FRAMES + [0.9] * 10)) == 4


def test_a_voice_that_is_still_there_at_the_end_is_closed_there():
    _, ended = events_of([0.9] * 8)
    assert np.isclose(ended.end_s, 8 * FRAME_S)


@given(st.lists(st.floats(0.0, 1.0), max_size=120))
def test_starts_and_ends_alternate_in_time(probabilities):
    events = events_of(probabilities)
    assert [type(event) for event in events] == [SpeechStarted, SpeechEnded] * (len(events) // 2)
    times = [time_s for event in events for time_s in (event.emitted_s,)]
    assert times == sorted(times)
    for started, ended in zip(events[::2], events[1::2], strict=True):
        assert started.start_s == ended.start_s < ended.end_s <= len(probabilities) * FRAME_S + 1e-9


def test_possible_speech_has_margins_and_merges_neighbours():
    probabilities = np.zeros(200)
    probabilities[[50, 55, 150]] = 0.2
    (first, second) = possible_speech(probabilities, FRAME_S)
    assert np.isclose(first[0], 50 * FRAME_S - 0.3) and np.isclose(first[1], 56 * FRAME_S + 0.3)
    assert second[0] < 150 * FRAME_S < second[1]
    assert possible_speech(np.zeros(0), FRAME_S) == ()
