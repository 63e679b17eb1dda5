"""Where known words lie in a recording: forced alignment with PocketSphinx.

Aim: word and phone times good to about 10 ms (median) once the words are known, which is ten times finer than Whisper's
own.  PocketSphinx 5's US English model and dictionary ship in its package; words it lacks get pronunciations from the
caller's lexicon.

*Conventions.*  16 kHz mono float32 in; times in seconds from the first sample; phones are ARPAbet without stress,
silence left out.  The aligner *refuses* (returns None) when a word has no pronunciation, when the search finds no path,
or when more than half of the phones are squeezed to the model's minimum.  It does not notice every wrong text: a caller
that has rough times of its own should compare them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rapbot.errors import EngineUnavailable
from rapbot.protocols import HEARING_RATE_HZ

FRAME_S = 0.01  # PocketSphinx's frame
MIN_PHONE_FRAMES = 3  # its three-state models cannot be shorter
MAX_SQUEEZED_SHARE = 0.5  # right texts of fast speech stay near 0.25
MIN_CLIP_S = 0.1
DITHER_LEVEL = 2.0  # int16 steps: digital silence has no log energy, and the library's own dither is not repeatable
DITHER_SEED = 5

Pronunciations = Callable[[str], Sequence[Sequence[str]]]


@dataclass(frozen=True)
class AlignedPhone:
    """One phone of an aligned word, ARPAbet without stress."""

    phone: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class AlignedWord:
    """One word of the given text with its place in the sound."""

    text: str
    start_s: float
    end_s: float
    phones: tuple[AlignedPhone, ...]


def no_pronunciations(word: str) -> tuple[tuple[str, ...], ...]:
    """The empty lexicon: every word outside PocketSphinx's dictionary is refused."""
    return ()


def without_stress(phones: Sequence[str]) -> str:
    return " ".join(phone.rstrip("012") for phone in phones)


class SphinxAligner:
    """Forced alignment of known words; ``pronunciations`` supplies ARPAbet for words its dictionary lacks."""

    def __init__(self, pronunciations: Pronunciations = no_pronunciations) -> None:
        self._pronunciations = pronunciations

    @cached_property
    def _decoder(self) -> Any:
        try:
            from pocketsphinx import Decoder
        except ImportError as error:
            raise EngineUnavailable(
                "word alignment needs PocketSphinx: run `pip install pocketsphinx==5.1.1`"
            ) from error
        # bestpath off: its lattice leaves one-frame phones behind that the second pass then refuses
        return Decoder(lm=None, loglevel="FATAL", dither=False, bestpath=False, samprate=float(HEARING_RATE_HZ))

    def align(self, samples: np.ndarray, words: Sequence[str]) -> tuple[AlignedWord, ...] | None:
        """One aligned word for each of ``words``, in order, or None where the aligner refuses (see the module)."""
        clip = np.asarray(samples, dtype=np.float32)
        if clip.ndim != 1:
            raise ValueError(f"samples must be mono, shape (frames,), got {clip.shape}")
        if not words or len(clip) < MIN_CLIP_S * HEARING_RATE_HZ:
            return None
        spoken = [word.lower() for word in words]
        if not all(self._known(word) for word in spoken):
            return None
        pcm = pcm_bytes(clip)
        decoder = self._decoder
        try:
            decoder.set_align_text(" ".join(spoken))
            self._run(decoder, pcm)
            if decoder.hyp() is None:
                return None
            decoder.set_alignment()  # second pass: phones inside the words found by the first
            self._run(decoder, pcm)
            found = aligned_words(decoder.get_alignment())
        except (RuntimeError, ValueError):  # PocketSphinx's way of saying that no path fits the sound
            return None
        if len(found) != len(words) or any(one.text != word for one, word in zip(found, spoken, strict=True)):
            return None
        if squeezed_share(found) > MAX_SQUEEZED_SHARE:
            return None
        return tuple(
            AlignedWord(text, one.start_s, one.end_s, one.phones) for text, one in zip(words, found, strict=True)
        )

    @staticmethod
    def _run(decoder: Any, pcm: bytes) -> None:
        decoder.reinit_feat()  # forgets the level and noise of the clip before: equal input gives equal times
        decoder.start_utt()
        try:
            decoder.process_raw(pcm, full_utt=True)
        finally:
            decoder.end_utt()

    def _known(self, word: str) -> bool:
        """Whether the decoder has the word, after adding it from the caller's lexicon where it had not."""
        if not word or any(ch.isspace() or ch in "()<>[]" for ch in word):
            return False
        if self._decoder.lookup_word(word) is not None:
            return True
        variants = [tuple(phones) for phones in self._pronunciations(word) if phones]
        for number, phones in enumerate(variants, start=1):
            name = word if number == 1 else f"{word}({number})"
            if self._decoder.lookup_word(name) is None:
                self._decoder.add_word(name, without_stress(phones), True)
        return bool(variants)


def pcm_bytes(clip: np.ndarray) -> bytes:
    """The clip as 16-bit samples with a repeatable trace of noise."""
    noise = np.random.default_rng(DITHER_SEED).uniform(-DITHER_LEVEL, DITHER_LEVEL, len(clip))
    return np.clip(clip * 32767.0 + noise, -32768, 32767).astype(np.int16).tobytes()


def aligned_words(alignment: Any) -> list[AlignedWord]:
    """The words of a PocketSphinx alignment without its silences and fillers, variant marks removed."""
    words = []
    for entry in alignment:
        name = entry.name
        if name.startswith("<") or name.startswith("[") or name.startswith("("):
            continue
        phones = tuple(
            AlignedPhone(phone.name, phone.start * FRAME_S, (phone.start + phone.duration) * FRAME_S) for phone in entry
        )
        text = name.partition("(")[0]
        words.append(AlignedWord(text, entry.start * FRAME_S, (entry.start + entry.duration) * FRAME_S, phones))
    return words


def squeezed_share(words: Sequence[AlignedWord]) -> float:
    """Share of phones at the shortest length the model allows."""
    lengths = [phone.end_s - phone.start_s for word in words for phone in word.phones]
    shortest_s = (MIN_PHONE_FRAMES + 0.5) * FRAME_S
    return sum(length < shortest_s for length in lengths) / len(lengths) if lengths else 1.0
