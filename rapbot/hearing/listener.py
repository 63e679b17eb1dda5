"""The ears: sound in, events out, and a careful account at the end.

Aim: while somebody raps, say when a voice starts and stops, which words are certain and where the syllables fall; when
they are done, hear it all again without hurry.

*Conventions.*  16 kHz mono float32, fed in blocks of any size.  The work is done on frames of the voice detector laid
from the first sample, so how the sound was cut into blocks never changes an event.  Times are seconds from the first
sample; `emitted_s` is the stream position of the frame that settled the event.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from rapbot.hearing.events import Event, Heard, SpeechEnded, SpeechStarted, SyllableHeard, WordCommitted
from rapbot.hearing.guards import believable
from rapbot.hearing.phrases import PlacedWord, WordAligner, placed
from rapbot.hearing.speech import POSSIBLE_PROBABILITY, SpeechGate, possible_speech
from rapbot.hearing.syllables import (
    MIN_SPACING_S,
    VOWELS,
    SyllableStresses,
    expected_syllables,
    matched,
    nuclei,
    with_aligned,
)
from rapbot.hearing.word_stream import WindowTranscriber, WordStream
from rapbot.protocols import HEARING_RATE_HZ, PhoneRecognizer, Transcriber
from rapbot.values import HeardSyllable, Word

UPDATE_S = 0.4  # a reading costs up to 0.16 s of work; more often would fill the core
MAX_UPDATE_S = 3.0  # a window grows by this between cuts, and a recogniser takes 12 s at most
PRE_ROLL_S = 0.3  # the gate opens after the first consonant
SYLLABLE_BEFORE_S = 0.8  # context the phone recogniser gets on each side of what is read: more did not help
SYLLABLE_AFTER_S = 0.32


class StreamingTranscriber(Transcriber, WindowTranscriber, Protocol):
    """Reads whole clips well and short windows quickly."""


class VoiceActivityStream(Protocol):
    """A voice detector in the middle of a recording."""

    def feed(self, samples: np.ndarray) -> np.ndarray:
        """Speech probability of each frame that ``samples`` completes."""
        ...


class StreamingVoiceActivity(Protocol):
    """A voice detector that can follow a stream."""

    frame_samples: int

    def stream(self) -> VoiceActivityStream:
        """A fresh listener at the start of a recording."""
        ...


class Recording:
    """All samples so far, in one growing array."""

    def __init__(self) -> None:
        self._store = np.zeros(HEARING_RATE_HZ, np.float32)
        self.length_samples = 0

    def append(self, block: np.ndarray) -> None:
        needed = self.length_samples + len(block)
        if needed > len(self._store):
            grown = np.zeros(max(needed, 2 * len(self._store)), np.float32)
            grown[: self.length_samples] = self._store[: self.length_samples]
            self._store = grown
        self._store[self.length_samples : needed] = block
        self.length_samples = needed

    def between(self, start_samples: int, stop_samples: int) -> np.ndarray:
        """A read-only view of samples already received."""
        view = self._store[max(0, start_samples) : min(stop_samples, self.length_samples)]
        view.flags.writeable = False
        return view


class Listener:
    """One recording's ears; make a new one for the next recording.

    ``syllable_stresses(word)`` gives a word's dictionary stresses, one per syllable (empty where unknown).  ``aligner``
    refines word times at the end.  ``final_transcriber`` (a larger model) hears the whole recording at the end in
    place of ``transcriber``.  ``update_s`` is how often running speech is read again: less often is cheaper and later.
    """

    def __init__(
        self,
        transcriber: StreamingTranscriber,
        phone_recognizer: PhoneRecognizer,
        vad: StreamingVoiceActivity,
        syllable_stresses: SyllableStresses,
        aligner: WordAligner | None = None,
        final_transcriber: Transcriber | None = None,
        update_s: float = UPDATE_S,
    ) -> None:
        if not 0.0 < update_s <= MAX_UPDATE_S:
            raise ValueError(f"update_s must be above 0 and at most {MAX_UPDATE_S}, got {update_s}")
        self._final_transcriber = final_transcriber if final_transcriber is not None else transcriber
        self._phones = phone_recognizer
        self._stresses = syllable_stresses
        self._aligner = aligner
        self._frame_samples = vad.frame_samples
        self._frame_s = vad.frame_samples / HEARING_RATE_HZ
        self._update_frames = max(1, int(update_s / self._frame_s))
        self._voice = vad.stream()
        self._gate = SpeechGate(self._frame_s)
        self._stream = WordStream(transcriber)
        self._recording = Recording()
        self._frames_done = 0
        self._probabilities: list[float] = []
        self._speech: list[tuple[float, float]] = []
        self._syllables_to_s = 0.0  # syllables with an onset before this have been told
        self._last_onset_s = -1.0
        self._closing: tuple[Event, ...] | None = None
        self._finished = False

    # ------------------------------------------------------------------------------------------------ while it runs

    def feed(self, block: np.ndarray) -> list[Event]:
        """Events settled by the frames that ``block`` completes."""
        if self._closing is not None:
            raise ValueError("this listener has finished: make a new one for the next recording")
        sound = np.asarray(block, dtype=np.float32)
        if sound.ndim != 1:
            raise ValueError(f"block must be mono, shape (frames,), got {sound.shape}")
        # one bad buffer must not end a battle
        self._recording.append(np.where(np.isfinite(sound), sound, np.float32(0.0)))
        events: list[Event] = []
        while (self._frames_done + 1) * self._frame_samples <= self._recording.length_samples:
            events.extend(self._next_frame())
        return events

    def _next_frame(self) -> list[Event]:
        start = self._frames_done * self._frame_samples
        frame = self._recording.between(start, start + self._frame_samples)
        probability = float(self._voice.feed(frame)[0])
        self._probabilities.append(probability)
        self._frames_done += 1
        now_samples = start + self._frame_samples
        events: list[Event] = []
        update = self._frames_done % self._update_frames == 0
        change = self._gate.feed(probability)
        if isinstance(change, SpeechStarted):
            self._stream.open(round((change.start_s - PRE_ROLL_S) * HEARING_RATE_HZ))
            events.append(change)
        elif isinstance(change, SpeechEnded):
            events.extend(self._close_stretch(change, now_samples))
        elif update and self._stream.start_samples is not None and self._gate.open_region is not None:
            window = self._recording.between(self._stream.start_samples, now_samples)
            voiced_to_s = self._gate.open_region.last_voiced_s
            events.extend(committed(self._stream.read(window, voiced_to_s), now_samples))
        if update:
            events.extend(self._syllables(now_samples, SYLLABLE_AFTER_S))
        return events

    def _close_stretch(self, ended: SpeechEnded, now_samples: int) -> list[Event]:
        self._speech.append((ended.start_s, ended.end_s))
        if self._stream.start_samples is None:
            return [ended]
        window = self._recording.between(self._stream.start_samples, now_samples)
        return [*committed(self._stream.close(window, ended.end_s), now_samples), ended]

    def _syllables(self, now_samples: int, after_s: float) -> list[Event]:
        """Nuclei that now have enough sound after them."""
        now_s = now_samples / HEARING_RATE_HZ
        from_s, to_s = self._syllables_to_s, now_s - after_s
        if to_s <= from_s:
            return []
        self._syllables_to_s = to_s
        first_frame = max(0, int((from_s - SYLLABLE_BEFORE_S) / self._frame_s))
        if max(self._probabilities[first_frame:], default=0.0) < POSSIBLE_PROBABILITY:
            return []
        start_samples = first_frame * self._frame_samples
        offset_s = start_samples / HEARING_RATE_HZ
        events: list[Event] = []
        for phone in nuclei(self._phones.phones(self._recording.between(start_samples, now_samples))):
            onset_s, end_s = phone.start_s + offset_s, phone.end_s + offset_s
            # a little before from_s counts too: the same vowel may have been placed past the limit last time
            if onset_s < to_s and onset_s >= max(from_s - MIN_SPACING_S, self._last_onset_s + MIN_SPACING_S):
                self._last_onset_s = onset_s
                events.append(SyllableHeard(phone.phone, onset_s, end_s, now_s))
        return events

    # ------------------------------------------------------------------------------------------------ at the end

    def close(self) -> tuple[Event, ...]:
        """The recording is over: the events that settles.  (`finish` does this too.)"""
        if self._closing is None:
            total_samples = self._recording.length_samples
            closing: list[Event] = []
            ended = self._gate.close(total_samples / HEARING_RATE_HZ)
            if ended is not None:
                closing.extend(self._close_stretch(ended, total_samples))
            closing.extend(self._syllables(total_samples, 0.0))
            self._closing = tuple(closing)
        return self._closing

    def finish(self) -> Heard:
        """The recording is over: what it held, heard again as a whole."""
        if self._finished:
            raise ValueError("this listener has already finished")
        self._finished = True
        closing = self.close()
        total_samples = self._recording.length_samples
        samples = self._recording.between(0, total_samples)
        possible = possible_speech(np.array(self._probabilities), self._frame_s)
        # music alone costs no pass and cannot be misread: no frame of it was possible speech for long
        words = believable(self._final_transcriber.transcribe(samples), possible) if self._speech else ()
        located = placed(samples, words, self._aligner, VOWELS)
        onsets_s = [phone.start_s for phone in nuclei(self._phones.phones(samples))] if self._speech else []
        believed_s = [
            onset_s for onset_s in onsets_s if any(start_s <= onset_s <= end_s for start_s, end_s in possible)
        ]
        return Heard(
            words=tuple(one.word for one in located),
            syllables=self._joined(believed_s, located),
            end_s=self._speech[-1][1] if self._speech else 0.0,
            speech=tuple(self._speech),
            closing=closing,
        )

    def _joined(self, onsets_s: Sequence[float], located: Sequence[PlacedWord]) -> tuple[HeardSyllable, ...]:
        """Nuclei with the stresses of the words they belong to."""
        vowels_s = [one.vowels_s for one in located]
        every_s = with_aligned(onsets_s, [onset_s for word_s in vowels_s for onset_s in word_s])
        return matched(every_s, expected_syllables([one.word for one in located], self._stresses, vowels_s))


def committed(words: Sequence[Word], now_samples: int) -> list[Event]:
    """The words as events settled now."""
    now_s = now_samples / HEARING_RATE_HZ
    return [WordCommitted(word.text, word.start_s, word.end_s, word.confidence, now_s) for word in words]
