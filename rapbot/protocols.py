"""What the stages ask of an engine.

Engines live in `rapbot.engines`, one file per backend, and are imported by name on first use.  Every real engine and
its fake pass the same contract tests (`tests/engines/`).  Protocol methods say shapes and units; they never touch
files, clocks or devices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from rapbot.values import PhoneSpan, PronouncedWord, Word

HEARING_RATE_HZ = 16_000  # every recogniser here takes 16 kHz mono
VOICE_RATE_HZ = 24_000  # hibari's own rate
MIX_RATE_HZ = 48_000  # the clock of a battle and of every file written


class Transcriber(Protocol):
    """Speech to words."""

    def transcribe(self, samples: np.ndarray) -> tuple[Word, ...]:
        """Words of a 16 kHz mono float32 clip (any length), times in seconds from its first sample."""
        ...

    def language(self, samples: np.ndarray) -> tuple[str, float]:
        """Most likely language code and its probability, from at most the first 30 s."""
        ...


class PhoneRecognizer(Protocol):
    """Speech to phones, without text."""

    def phones(self, samples: np.ndarray) -> tuple[PhoneSpan, ...]:
        """Phones of a 16 kHz mono float32 clip with rough spans, seconds from its first sample."""
        ...


class VoiceActivity(Protocol):
    """Speech or not, frame by frame."""

    frame_samples: int

    def probabilities(self, samples: np.ndarray) -> np.ndarray:
        """Speech probability, shape (len(samples) // frame_samples,), of a 16 kHz mono float32 clip."""
        ...


class G2p(Protocol):
    """Text to sounds."""

    def pronounce(self, text: str) -> tuple[PronouncedWord, ...]:
        """Words of a line with their sounds in context.  Raises ValueError naming a token that cannot be pronounced."""
        ...


class Tagger(Protocol):
    """Part-of-speech tags."""

    def tag(self, words: Sequence[str]) -> tuple[str, ...]:
        """One Penn Treebank tag per word."""
        ...


class Lexicon(Protocol):
    """Dictionary pronunciations."""

    def pronunciations(self, word: str) -> tuple[tuple[str, ...], ...]:
        """All ARPAbet pronunciations (with stress digits) of a lower-case word; empty where the word is unknown."""
        ...


@dataclass(frozen=True)
class SpeechFrames:
    """Vocoder frames: each of `parts` has shape (bins, frames); ``f0_hz`` shape (frames,), 0 where unvoiced."""

    parts: tuple[np.ndarray, ...]
    f0_hz: np.ndarray
    hop_s: float


@dataclass(frozen=True)
class Encoding:
    """A phoneme string after the text network: one row per token, ``durations`` in ``duration_s`` units."""

    tokens: tuple[str, ...]
    durations: np.ndarray
    duration_s: float
    features: tuple[np.ndarray, ...]


class AcousticModel(Protocol):
    """A voice that accepts our durations, pitch and energy."""

    rate_hz: int
    hop_s: float

    def encode(self, misaki: str) -> Encoding:
        """Tokens with the network's own (natural) durations."""
        ...

    def prosody(self, encoding: Encoding, frames_per_token: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pitch in Hz (0 unvoiced) and energy, both shape (sum(frames_per_token),)."""
        ...

    def decode(
        self,
        encoding: Encoding,
        frames_per_token: np.ndarray,
        f0_hz: np.ndarray,
        energy: np.ndarray,
        span: tuple[int, int] | None = None,
    ) -> SpeechFrames:
        """Vocoder frames for those durations and curves, all or those of ``span`` (first, last + 1)."""
        ...

    def begin(self, seed: int) -> Any:
        """The state of a waveform that has not begun.  States are values: an old one can be gone on from again."""
        ...

    def push(self, state: Any, frames: SpeechFrames, last: bool = False) -> tuple[np.ndarray, Any]:
        """Samples that are certain after these frames (float32 at ``rate_hz``), and the state after them."""
        ...

    def synthesize(self, frames: SpeechFrames, seed: int) -> np.ndarray:
        """Waveform at ``rate_hz``, float32, ``frames * hop_s`` seconds long."""
        ...


@dataclass(frozen=True)
class Utterance:
    """A line to say: its words, and the misaki string of the whole (stress marks, spaces, punctuation)."""

    words: tuple[PronouncedWord, ...]
    misaki: str


@dataclass(frozen=True)
class Spoken:
    """A waveform and where its tokens lie in it: ``edges_s``, never falling, has one value more than ``tokens``."""

    samples: np.ndarray
    rate_hz: int
    tokens: tuple[str, ...]
    edges_s: np.ndarray


class TimedSpeaker(Protocol):
    """A voice that gives nothing but sound.  Where ``dictates``, it lets us say how long each token lasts."""

    rate_hz: int
    dictates: bool

    def natural(self, utterance: Utterance) -> Encoding:
        """Tokens (pads at both ends) with the voice's own durations, no ``features``; asked only where ``dictates``."""
        ...

    def speak(self, utterance: Utterance, durations: np.ndarray | None, seed: int) -> Spoken:
        """The line with these durations, in the units of `natural`, or with its own (always so unless ``dictates``)."""
        ...
