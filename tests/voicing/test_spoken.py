"""A voice of sound alone on the grid, tried with a speaker made of hums: every vowel one, every consonant a hush."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rapbot.bench.onsets import measure_onsets
from rapbot.language.phones import MISAKI_VOWELS
from rapbot.protocols import VOICE_RATE_HZ, Encoding, Spoken, Utterance
from rapbot.values import PronouncedWord, Take
from rapbot.voicing.delivery import Delivery
from rapbot.voicing.durations import plan_tokens
from rapbot.voicing.spoken import SpokenVoice, dictated, transposed
from rapbot.voicing.voices import SPOKEN_VOICES

UNIT_S = 0.02
SPEC = replace(SPOKEN_VOICES["kumo"], delivery=Delivery(accent_semitones=0.0))
WORDS = tuple(
    PronouncedWord(text, misaki, phones, after)
    for text, misaki, phones, after in (
        ("tell", "tˈɛl", ("T", "EH1", "L"), ""),
        ("a", "ɐ", ("AH0",), ""),
        ("sober", "sˈObəɹ", ("S", "OW1", "B", "ER0"), ","),
        ("late", "lˈAt", ("L", "EY1", "T"), ""),
        ("judge", "ʤˈʌʤ", ("JH", "AH1", "JH"), "."),
    )
)
SLOTS = (0.0, 2.0, 4.0, 6.0, 10.0, 12.0)
BPM = 90.0


class Hummer:
    """Says a vowel as a hum of 150 Hz and everything else as next to nothing; ``slow`` says it all at another speed."""

    rate_hz = VOICE_RATE_HZ

    def __init__(self, dictates: bool, slow: float = 1.0) -> None:
        self.dictates = dictates
        self._slow = slow
        self.told: np.ndarray | None = None

    def natural(self, utterance: Utterance) -> Encoding:
        tokens = ("^", *utterance.misaki, "$")
        long = [8.0 if token in MISAKI_VOWELS else 1.0 if token in "ˈˌ " else 4.0 for token in tokens]
        return Encoding(tokens, np.round(np.asarray(long) * self._slow), UNIT_S, ())

    def speak(self, utterance: Utterance, durations: np.ndarray | None, seed: int) -> Spoken:
        own = self.natural(utterance)
        self.told = durations
        units = own.durations if durations is None else durations
        edges_s = np.concatenate([[0.0], np.cumsum(units)]) * UNIT_S
        times_s = np.arange(round(edges_s[-1] * VOICE_RATE_HZ)) / VOICE_RATE_HZ
        loud = np.full(len(times_s), 0.004)
        for token, start_s, end_s in zip(own.tokens, edges_s[:-1], edges_s[1:], strict=True):
            if token in MISAKI_VOWELS:
                rise = np.clip((times_s - start_s + 0.06) / 0.04, 0, 1) * np.clip((end_s - times_s) / 0.05, 0, 1)
                loud = np.maximum(loud, 0.3 * rise)
        hum = sum(np.sin(2 * np.pi * 150 * k * times_s) / k for k in range(1, 12))
        noise = np.random.default_rng(seed).standard_normal(len(times_s))
        return Spoken((loud * (hum + 0.01 * noise)).astype(np.float32), self.rate_hz, own.tokens, edges_s)


def errors_ms(take: Take) -> np.ndarray:
    wanted_s = np.asarray([s.target_s for s in take.syllables]) + take.origin_samples / take.rate_hz
    return 1000 * (measure_onsets(take.samples, take.rate_hz, wanted_s) - wanted_s)


@pytest.mark.parametrize(
    ("dictates", "slow"), [(True, 1.0), (True, 1.5), (True, 0.7), (False, 1.0), (False, 1.3), (False, 0.75)]
)
def test_vowels_start_on_the_grid_at_any_speed_of_speech(dictates: bool, slow: float) -> None:
    take = SpokenVoice(Hummer(dictates, slow), SPEC).render(WORDS, SLOTS, BPM)
    assert np.abs(errors_ms(take)).max() <= 10  # clean hums: each should be found; the project's goal is 15 at p95
    assert [s.target_s for s in take.syllables] == pytest.approx([slot * 15 / BPM for slot in SLOTS])
    reported_ms = np.asarray([1000 * (s.onset_s - s.target_s) for s in take.syllables])
    assert np.abs(reported_ms - errors_ms(take)).max() <= 6  # two independent codes, envelopes at 1 and 2 kHz
    assert take.samples.dtype == np.float32 and np.abs(take.samples).max() < 1


def test_only_a_speaker_that_listens_is_told() -> None:
    for dictates in (True, False):
        hummer = Hummer(dictates)
        SpokenVoice(hummer, SPEC).render(WORDS, SLOTS, BPM)
        assert (hummer.told is not None) == dictates


def test_a_gap_is_dictated_only_as_far_as_stretching_would_not_go() -> None:
    hummer = Hummer(True)
    misaki = "tˈɛl ɐ sˈObəɹ, lˈAt ʤˈʌʤ."
    own = hummer.natural(Utterance(WORDS, misaki))
    easy = plan_tokens(own, np.asarray([0.0, 0.3, 0.6, 0.85, 1.2, 1.55]), 0.0125)
    starts = [nucleus.start for nucleus in easy.nuclei]
    edges = np.cumsum(own.durations)
    natural_s = UNIT_S * np.diff([edges[k - 1] for k in starts])
    slots_s = np.concatenate([[0.0], np.cumsum(natural_s)])
    assert dictated(own, plan_tokens(own, slots_s, 0.0125)).tolist() == own.durations.tolist()
    far = dictated(own, plan_tokens(own, 3 * slots_s, 0.0125))
    gaps = np.diff(np.cumsum(far)[[k - 1 for k in starts]]) * UNIT_S
    assert (gaps > 1.5 * natural_s).all()  # three times as long is not left to the waveform
    assert far[0] == own.durations[0]
    assert far[easy.nuclei[-1].end :].tolist() == own.durations[easy.nuclei[-1].end :].tolist()
    assert far.min() >= 1


def test_equal_input_gives_equal_bytes_and_the_seed_counts() -> None:
    voice = SpokenVoice(Hummer(True), SPEC, seed=3)
    first, again, other = (voice.render(WORDS, SLOTS, BPM, seed=seed) for seed in (5, 5, 6))
    assert first.samples.tobytes() == again.samples.tobytes() and first.syllables == again.syllables
    assert first.samples.tobytes() != other.samples.tobytes()


def test_lateness_and_energy_are_obeyed() -> None:
    voice = SpokenVoice(Hummer(True), SPEC)
    plain, late, loud = (
        voice.render(WORDS, SLOTS, BPM, delivery=Delivery(accent_semitones=0.0, late_ms=ms, energy_db=db))
        for ms, db in ((0.0, -6.0), (20.0, -6.0), (0.0, 0.0))
    )
    shift_s = [b.target_s - a.target_s for a, b in zip(plain.syllables, late.syllables, strict=True)]
    assert shift_s == pytest.approx([0.02] * len(SLOTS))
    assert np.abs(errors_ms(late)).max() <= 10
    level = [np.sqrt(np.mean(take.samples.astype(float) ** 2)) for take in (plain, loud)]
    assert 20 * np.log10(level[1] / level[0]) == pytest.approx(6.0, abs=0.7)  # the knee takes a little


def test_register_moves_by_two_semitones_at_most_and_the_grid_stays() -> None:
    voice = SpokenVoice(Hummer(True), SPEC)
    for asked, got in ((2.0, 2.0), (-2.0, -2.0), (9.0, 2.0)):
        take = voice.render(WORDS, SLOTS, BPM, delivery=Delivery(accent_semitones=0.0, transpose_semitones=asked))
        assert np.abs(errors_ms(take)).max() <= 10
        at = take.origin_samples + round(take.syllables[0].target_s * take.rate_hz)
        vowel = take.samples[at : at + round(0.12 * take.rate_hz)]
        spectrum = np.abs(np.fft.rfft(vowel * np.hanning(len(vowel)), 1 << 17))
        hz = np.arange(len(spectrum)) * take.rate_hz / (1 << 17)
        low = (hz > 90) & (hz < 260)
        found = 12 * np.log2(hz[low][spectrum[low].argmax()] / 150)
        assert found == pytest.approx(got, abs=0.3)


def test_transposing_by_nothing_is_nothing() -> None:
    spoken = Hummer(False).speak(Utterance(WORDS, "tˈɛl."), None, 0)
    assert transposed(spoken, 0.0) is spoken


def test_a_written_rest_is_silent() -> None:
    take = SpokenVoice(Hummer(False), SPEC).render(WORDS, (0.0, 2.0, 4.0, 6.0, 14.0, 16.0), BPM)
    at = [round(s.target_s * take.rate_hz) + take.origin_samples for s in take.syllables]
    rest = take.samples[at[3] + round(0.75 * take.rate_hz) : at[4] - round(0.2 * take.rate_hz)]
    vowel = take.samples[at[0] : at[0] + round(0.1 * take.rate_hz)]
    assert len(rest) > 0.2 * take.rate_hz
    assert np.sqrt(np.mean(rest**2)) < 0.003 * np.sqrt(np.mean(vowel**2))


def test_arguments_are_checked() -> None:
    voice = SpokenVoice(Hummer(True), SPEC)
    with pytest.raises(ValueError, match="as many slots"):
        voice.render(WORDS, (0, 4), BPM)
    with pytest.raises(ValueError, match="increase"):
        voice.render(WORDS, (0, 2, 4, 4, 10, 12), BPM)
