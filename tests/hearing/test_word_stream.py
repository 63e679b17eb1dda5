"""Words are committed when two readings agree, once, in order, and never change."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rapbot.hearing.word_stream import MAX_WINDOW_S, WordStream, agreement
from rapbot.protocols import HEARING_RATE_HZ
from rapbot.values import Word

STEP_S = 0.4


class Script:
    """A recogniser that reads a script: word k lies at k * 0.3 s; the last word of a window may be misheard."""

    def __init__(self, words: list[str], mishear: bool = False) -> None:
        self.words, self.mishear = words, mishear
        self.origin_s = 0.0
        self.longest_s = 0.0

    def transcribe_window(self, samples, prefix=()):
        length_s = len(samples) / HEARING_RATE_HZ
        self.longest_s = max(self.longest_s, length_s)
        end_s = self.origin_s + length_s
        begun = [i for i in range(len(self.words)) if self.origin_s - 0.15 <= i * 0.3 < end_s - 0.05]
        assert tuple(self.words[i] for i in begun[: len(prefix)]) == tuple(prefix)
        found = []
        for i in begun[len(prefix) :]:
            cut = i * 0.3 + 0.3 > end_s
            text = self.words[i] + "?" * int(100 * end_s % 7) if cut and self.mishear else self.words[i]
            found.append(Word(text, i * 0.3 - self.origin_s, min(end_s, i * 0.3 + 0.3) - self.origin_s, 0.9))
        return tuple(found)


def follow(script: Script, total_s: float) -> list[list[Word]]:
    """Commits of each update, the last one from closing."""
    stream = WordStream(script)
    stream.open(0)
    commits = []
    now_s = STEP_S
    while now_s < total_s:
        start = stream.start_samples
        script.origin_s = start / HEARING_RATE_HZ
        commits.append(list(stream.read(np.zeros(round(now_s * HEARING_RATE_HZ) - start, np.float32))))
        now_s += STEP_S
    start = stream.start_samples
    script.origin_s = start / HEARING_RATE_HZ
    commits.append(list(stream.close(np.zeros(round(total_s * HEARING_RATE_HZ) - start, np.float32))))
    return commits


def test_agreement_ignores_case_and_stops_at_the_first_difference():
    first = [Word(one, 0, 1, 1) for one in ("The", "lion", "roars")]
    second = [Word(one, 0, 1, 1) for one in ("the", "LION", "sleeps", "now")]
    assert agreement(first, second) == 2
    assert agreement(first, []) == 0


def test_every_word_is_committed_once_although_the_window_is_cut():
    words = [f"w{i}" for i in range(60)]
    script = Script(words, mishear=True)
    commits = follow(script, 18.0)
    assert [word.text for commit in commits for word in commit] == words
    assert script.longest_s <= MAX_WINDOW_S + STEP_S


def test_commits_come_while_it_runs_not_at_the_end():
    commits = follow(Script([f"w{i}" for i in range(60)]), 18.0)
    assert len(commits[-1]) <= 5  # two updates' worth, not the verse


def test_nothing_is_committed_on_one_reading_alone():
    stream = WordStream(Script(["one", "two"]))
    stream.open(0)
    assert stream.read(np.zeros(HEARING_RATE_HZ, np.float32)) == ()


def test_a_stretch_that_follows_soon_keeps_its_context_and_a_late_one_does_not():
    for rest_s, carried in ((1.0, True), (4.0, False)):
        stream = WordStream(Script(["one", "two", "three"]))
        stream.open(0)
        assert len(stream.close(np.zeros(HEARING_RATE_HZ, np.float32))) == 3
        assert stream.start_samples is None
        begins = round((0.9 + rest_s) * HEARING_RATE_HZ)
        stream.open(begins)
        assert (stream.start_samples < begins) == carried


class Noise:
    """A recogniser that says something else every time."""

    def __init__(self, readings) -> None:
        self.readings = iter(readings)

    def transcribe_window(self, samples, prefix=()):
        length_s = len(samples) / HEARING_RATE_HZ
        return tuple(
            Word(text, min(start_s, end_s), max(start_s, end_s), 0.5)
            for text, start_s, end_s in next(self.readings, ())
            if max(start_s, end_s) <= length_s
        )


reading = st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.floats(0.0, 8.0), st.floats(0.0, 8.0)), max_size=8)


@given(st.lists(reading, min_size=1, max_size=40))
def test_whatever_the_recogniser_says_committed_words_move_forward(readings):
    stream = WordStream(Noise(readings))
    stream.open(0)
    words = []
    now_samples = 0
    for _ in readings:
        now_samples += round(STEP_S * HEARING_RATE_HZ)
        start = stream.start_samples
        assert now_samples - start <= (MAX_WINDOW_S + STEP_S) * HEARING_RATE_HZ + 1
        words += stream.read(np.zeros(now_samples - start, np.float32))
    starts = [word.start_s for word in words]
    assert starts == sorted(starts)
    assert all(word.start_s <= word.end_s <= now_samples / HEARING_RATE_HZ + 1e-6 for word in words)


class Deaf:
    """A recogniser that goes silent once it is given a beginning, and hears well when asked afresh."""

    def transcribe_window(self, samples, prefix=()):
        length_s = len(samples) / HEARING_RATE_HZ
        words = [Word(f"w{i}", i * 0.3, i * 0.3 + 0.3, 0.9) for i in range(40) if i * 0.3 + 0.3 <= length_s]
        return () if len(prefix) >= 3 else tuple(words[len(prefix) :])


def test_a_beginning_that_silences_the_decoder_does_not_silence_the_stream():
    stream = WordStream(Deaf())
    stream.open(0)
    words = []
    for step in range(1, 16):  # 6 s: the window is not cut yet
        words += stream.read(np.zeros(round(step * STEP_S * HEARING_RATE_HZ), np.float32))
    assert len(words) >= 12
    assert [word.text for word in words] == [f"w{i}" for i in range(len(words))]


def test_a_rest_is_no_reason_to_ask_again():
    stream = WordStream(Deaf())
    stream.open(0)
    for step in (1, 2, 3, 4):
        stream.read(np.zeros(round(step * STEP_S * HEARING_RATE_HZ), np.float32))
    settled_to_s = 0.9
    long_rest = np.zeros(round(6.0 * HEARING_RATE_HZ), np.float32)
    assert stream.close(long_rest, voiced_to_s=settled_to_s + 0.1) == ()
