"""Training material for the beat templates: drum patterns, bass, keys, a rapping voice and a room, all with known bars.

Aim: many different beats with exact truth, so that `make_beat_templates.py` learns what bars have in common and not
one producer's sounds.  Nothing here is recorded music; the voice is hibari-tts speaking single words, put on the grid
one by one with the step statistics of MCFlow (Condit-Schultz), or whole sentences that ignore the grid.

*Conventions.*  Mono float64 at `RATE_HZ`.  A clip's ``bar_origin_s`` is the time of one bar line, which may lie
outside. Steps are 16ths of a 4/4 bar; times in seconds from the clip's first sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, fftconvolve, sosfilt

RATE_HZ = 24_000

# MCFlow, per 16th step: chance that a syllable starts there (11 a bar) and that it is stressed or ends a rhyme.
ONSET_PERCENT = (8.1, 5.1, 7.7, 6.1, 7.4, 5.1, 7.4, 6.2, 7.4, 5.4, 7.0, 6.0, 6.1, 4.4, 6.3, 4.5)
STRESS_SHARE = (0.92, 0.18, 0.72, 0.34, 0.90, 0.22, 0.71, 0.34, 0.90, 0.21, 0.63, 0.50, 0.90, 0.20, 0.76, 0.16)

STRONG_WORDS = (
    "rap back talk stage crowd cash gold chain street night light fight mind rhyme line time game name fame flame "
    "heart dark mic bike price ice cold bold soul roll hard card car star war door floor more store big kid quick "
    "brick trick real feel steel deal heat beat seat street sleep deep keep shoe crew blue true move groove "
    "school fool dog boss loss cross clock block rock drop top stop man hand stand plan land burn turn word bird "
    "earth worth joke smoke choke broke coat boat truth proof roof day pay play way face place space grace rain "
    "brain train pain weak speak break fake lake snake"
).split()
WEAK_WORDS = "the a to and of in on at it is you your my we he with for from but that this so as be was do can".split()
SENTENCES = (
    "You came in late with a borrowed coat and a map you never read.",
    "I built this house from the ground up while you slept in your bed.",
    "Every word you said tonight was written by a friend of mine, and he wants it back.",
    "Your whole crew is a rumor, your money is a loan, and your chain is turning green.",
    "Nobody asked for the story of the car that you never could start in the rain.",
    "Look at the clock, look at the crowd, look at the door, and then look at your shoes.",
)


@dataclass(frozen=True)
class Style:
    """A family of patterns: usual tempo, and per drum the steps it always takes and those it may take.

    ``hat_every`` lists the steps between hats it may have, or a key of `HAT_FIGURES`.

    ``bpm`` and ``spread`` (of log tempo) say where people use it, ``share`` how often, relative to the others.
    """

    name: str
    bpm: float
    spread: float
    kick: tuple[int, ...]
    maybe_kick: tuple[int, ...]
    snare: tuple[int, ...]
    maybe_snare: tuple[int, ...]
    hat_every: tuple[int, ...]
    swing: float
    roll_chance: float
    share: float


STYLES: tuple[Style, ...] = (
    Style("boom bap", 92, 0.18, (0,), (3, 6, 7, 8, 10, 11, 14), (4, 12), (7, 9, 15), (2, 2, 4), 0.6, 0.0, 2.0),
    Style("boom bap double kick", 94, 0.18, (0, 10), (2, 3, 7, 8, 13), (4, 12), (15,), (2, 1), 0.4, 0.0, 1.5),
    Style("west coast", 94, 0.18, (0, 7, 10), (3, 6, 8, 14), (4, 12), (), (2, 1, 4), 0.3, 0.0, 1.5),
    Style("dusty", 82, 0.15, (0,), (5, 7, 10, 13), (4, 12), (11,), (2, 4), 0.7, 0.0, 1.5),
    Style("breakbeat", 102, 0.18, (0, 2, 10), (8, 11), (4, 12), (7, 9, 15), (2, 1), 0.2, 0.0, 1.0),
    Style(
        "live funk",
        104,
        0.18,
        (0,),
        (2, 3, 6, 9, 10, 13, 14, 15),
        (4, 12),
        (2, 7, 9, 10, 11, 15),
        (1, 2),
        0.3,
        0.0,
        1.0,
    ),
    Style("backbeat", 106, 0.18, (0, 8), (2, 6, 10, 11), (4, 12), (), (2, 2, 4), 0.1, 0.0, 1.0),
    Style("trap slow", 74, 0.08, (0,), (3, 5, 6, 7, 10, 11, 14), (4, 12), (), (1, 1, 2), 0.0, 0.5, 0.4),
    Style("trap half time", 140, 0.12, (0,), (3, 4, 6, 10, 11, 14), (8,), (15,), (2, 2, 1), 0.0, 0.5, 1.0),
    Style("drill", 142, 0.08, (0,), (3, 6, 10, 13, 14), (8,), (14, 11), (3,), 0.0, 0.4, 0.7),
    Style(
        "cold half time", 138, 0.12, (0,), (3, 6, 10, 11, 12, 13), (8,), (5, 7, 14, 14, 15), (2, 2, 3), 0.0, 0.2, 0.7
    ),
    Style("eight to the bar", 140, 0.06, (0, 10), (3, 6, 8, 14), (4, 12), (7, 14), (2, 1), 0.1, 0.1, 0.3),
    Style("four on the floor", 122, 0.18, (0, 4, 8, 12), (14,), (4, 12), (), (0, 0, 2, 1), 0.1, 0.0, 0.7),
    Style("club", 132, 0.10, (0, 4, 8, 11, 14), (6,), (4, 12), (), (4, 2, 0), 0.0, 0.0, 0.4),
    Style("dembow", 98, 0.10, (0, 4, 8, 12), (14,), (3, 6, 11, 14), (), (2, 4), 0.0, 0.0, 0.4),
)


HAT_FIGURES = {0: {2, 6, 10, 14}, 3: {0, 3, 6, 8, 11, 14}}  # off-beat, and drill's three-three-two


@dataclass(frozen=True)
class Clip:
    """A recording with its truth."""

    samples: np.ndarray
    bpm: float
    bar_origin_s: float
    style: str
    has_beat: bool
    has_voice: bool

    @property
    def bar_s(self) -> float:
        return 240.0 / self.bpm


def _decay(length_s: float, time_s: float) -> np.ndarray:
    return np.exp(-np.arange(int(length_s * RATE_HZ)) / (time_s * RATE_HZ))


def kick_sound(rng: np.random.Generator) -> np.ndarray:
    """A falling sine with a click, from dry acoustic to long 808."""
    low_hz, sweep_hz, fall_s = rng.uniform(38, 62), rng.uniform(60, 260), rng.uniform(0.012, 0.04)
    body_s = rng.choice([0.07, 0.12, 0.2, 0.4])
    envelope = _decay(min(0.9, 4 * body_s), body_s)
    t = np.arange(len(envelope)) / RATE_HZ
    phase = 2 * np.pi * (low_hz * t + sweep_hz * fall_s * (1 - np.exp(-t / fall_s)))
    click = rng.standard_normal(len(t)) * np.exp(-t / 0.003) * rng.uniform(0.0, 0.25)
    return (np.sin(phase) + click) * envelope


def snare_sound(rng: np.random.Generator) -> np.ndarray:
    """Noise with a tuned head, or a clap of three bursts."""
    length = int(0.35 * RATE_HZ)
    t = np.arange(length) / RATE_HZ
    low_hz, high_hz = rng.uniform(500, 1800), rng.uniform(6000, 11000)
    noise = sosfilt(butter(2, [low_hz, high_hz], "band", fs=RATE_HZ, output="sos"), rng.standard_normal(length))
    envelope = np.exp(-t / rng.uniform(0.04, 0.12))
    if rng.random() < 0.3:  # clap: the last burst is the loud one, the first marks the time
        gap_s = rng.uniform(0.006, 0.011)
        envelope = (
            sum(np.where(t >= k * gap_s, np.exp(-(t - k * gap_s) / 0.006), 0.0) for k in range(3)) + envelope * 0.7
        )
        return noise * envelope
    tone_hz = rng.uniform(160, 260)
    return noise * envelope + rng.uniform(0.2, 0.9) * np.sin(2 * np.pi * tone_hz * t) * np.exp(-t / 0.05)


def hat_sound(rng: np.random.Generator, open_: bool) -> np.ndarray:
    length = int((0.3 if open_ else 0.1) * RATE_HZ)
    t = np.arange(length) / RATE_HZ
    noise = sosfilt(butter(3, rng.uniform(5000, 8000), "high", fs=RATE_HZ, output="sos"), rng.standard_normal(length))
    return noise * np.exp(-t / (rng.uniform(0.08, 0.15) if open_ else rng.uniform(0.015, 0.04)))


def _note(hz: float, length_s: float, harmonics: int, rng: np.random.Generator) -> np.ndarray:
    t = np.arange(int(length_s * RATE_HZ)) / RATE_HZ
    tone = sum(np.sin(2 * np.pi * hz * k * t) / k**1.3 for k in range(1, harmonics + 1))
    return tone * np.exp(-t / (length_s * rng.uniform(0.4, 2.0))) * np.minimum(1.0, t / 0.008)


def _add(track: np.ndarray, start_s: float, sound: np.ndarray, gain: float) -> None:
    start = round(start_s * RATE_HZ)
    low, high = max(0, -start), min(len(sound), len(track) - start)
    if low < high:
        track[start + low : start + high] += gain * sound[low:high]


def beat_track(style: Style, bpm: float, length_s: float, bar_origin_s: float, rng: np.random.Generator) -> np.ndarray:
    """Drums, bass and keys of one style from the start to the end of a clip."""
    track = np.zeros(round(length_s * RATE_HZ))
    kick_track = np.zeros_like(track)
    step_s = 15.0 / bpm
    swing = style.swing * rng.uniform(0.0, 0.66) * step_s  # every second 16th late by up to two thirds of a triplet
    human_s = rng.choice([0.0, 0.003, 0.008])
    late_snare_s = rng.choice([0.0, 0.0, 0.012])
    kick, snare, hat, open_hat = kick_sound(rng), snare_sound(rng), hat_sound(rng, False), hat_sound(rng, True)
    gains = {"kick": rng.uniform(0.7, 1.0), "snare": rng.uniform(0.3, 0.7), "hat": rng.choice([0.0, 0.05, 0.12, 0.25])}
    kicks = [set(style.kick) | {s for s in style.maybe_kick if rng.random() < 0.3} for _ in range(2)]
    ghosts = {s for s in style.maybe_snare if rng.random() < 0.3}
    ghost_gain = 1.0 if style.name == "drill" else rng.uniform(0.2, 0.8)
    every = int(rng.choice(style.hat_every))
    hats = HAT_FIGURES[every] if every in HAT_FIGURES else set(range(0, 16, every))
    open_step = int(rng.choice([-1, -1, 2, 6, 10, 14]))
    root_hz = 36.0 * 2 ** (rng.integers(0, 12) / 12)
    degrees = rng.choice([0, 0, 3, 5, 7, 8, 10], 8)
    chord_bars = int(rng.choice([1, 1, 2, 4]))
    bass_gain, keys_gain = rng.choice([0.0, 0.35, 0.6]), rng.choice([0.0, 0.08, 0.2])
    bass_follows_kick = rng.random() < 0.5
    bass_steps = {0} | {s for s in range(2, 16) if rng.random() < (0.35 if s % 2 == 0 else 0.12)}
    if 0 in style.hat_every and rng.random() < 0.6:
        bass_steps = {2, 6, 10, 14}  # dance bass answers the kick between the beats
    duck = rng.choice([0.0, 0.0, 0.6, 0.9])  # how far the kick pushes everything else down
    riff = [s for s in range(16) if rng.random() < (0.6 if s == 0 else 0.22)]
    stab = sorted({s for s in range(2, 16, 2) if rng.random() < 0.15})  # short chords off the bar line: guitar, organ
    crash_every = int(rng.choice([0, 0, 4, 8]))
    drop_bar = int(
        rng.integers(0, 16)
    )  # one bar in sixteen without drums, where the producer lets the voice stand alone

    kicks_s: list[float] = []
    first_bar, last_bar = -int(bar_origin_s // (16 * step_s)) - 2, int((length_s - bar_origin_s) / (16 * step_s)) + 2
    for bar in range(first_bar, last_bar):

        def at(step: float, bar: int = bar) -> float:
            late = swing if int(step) % 2 == 1 else 0.0
            return bar_origin_s + (16 * bar + step) * step_s + late + rng.normal(0, human_s)

        note = degrees[(bar // chord_bars) % len(degrees)]
        if keys_gain:
            for third in (12, 15, 19):
                _add(track, at(0), _note(4 * root_hz * 2 ** ((note + third) / 12), 16 * step_s, 4, rng), keys_gain)
            for step in stab:
                _add(track, at(step), _note(4 * root_hz * 2 ** ((note + 15) / 12), 1.5 * step_s, 8, rng), 2 * keys_gain)
            for step in riff:
                pitch = 24 + note + int(rng.choice([0, 3, 7, 10]))
                _add(track, at(step), _note(4 * root_hz * 2 ** (pitch / 12), 2 * step_s, 6, rng), keys_gain)
        if bar % 16 == drop_bar:
            continue
        played = kicks[bar % 2]
        for step in sorted(played):
            kicks_s.append(at(step))
            _add(kick_track, kicks_s[-1], kick, gains["kick"] * rng.uniform(0.85, 1.0))
            if bass_gain and bass_follows_kick:
                _add(track, at(step), _note(root_hz * 2 ** (note / 12), 3 * step_s, 3, rng), bass_gain)
        if bass_gain and not bass_follows_kick:
            for step in sorted(bass_steps):
                pitch = note + int(rng.choice([0, 0, 0, 7, 12]))
                _add(track, at(step), _note(root_hz * 2 ** (pitch / 12), 2.5 * step_s, 3, rng), bass_gain)
        if crash_every and bar % crash_every == 0:
            _add(track, at(0), open_hat, 2 * gains["hat"])
        fill = bar % 8 == 7 and rng.random() < 0.5
        for step in style.snare + ((13, 14, 15) if fill else ()):
            _add(track, at(step) + late_snare_s, snare, gains["snare"] * rng.uniform(0.85, 1.0))
        for step in sorted(ghosts):
            if bar % 2 == 1 or style.name != "drill":
                _add(track, at(step), snare, gains["snare"] * ghost_gain)
        for step in sorted(hats):
            strong = 1.0 if step % 4 == 0 else rng.uniform(0.5, 1.0)
            _add(track, at(step), open_hat if step == open_step else hat, gains["hat"] * strong)
            if rng.random() < style.roll_chance / 6:
                for k in range(1, 4):
                    _add(track, at(step + k / (2 if every > 1 else 4)), hat, gains["hat"] * 0.7)
    if duck:
        pressed, recover = np.zeros(len(track)), _decay(0.4, 0.08)
        for start_s in kicks_s:
            _add(pressed, start_s, recover, 1.0)
        track *= 1.0 - duck * np.minimum(pressed, 1.0)
    return track + kick_track


@dataclass(frozen=True)
class SpokenWord:
    """One spoken syllable, its vowel's onset in samples from its first sample."""

    samples: np.ndarray
    vowel_samples: int


@dataclass(frozen=True)
class VoiceBank:
    """What the synthetic rapper can say."""

    strong: tuple[SpokenWord, ...]
    weak: tuple[SpokenWord, ...]
    sentences: tuple[np.ndarray, ...]


def vowel_onset(samples: np.ndarray) -> int:
    """Half-way point of the last rise of the 250-2800 Hz envelope before its peak: the project's vowel onset."""
    band = sosfilt(butter(2, [250, 2800], "band", fs=RATE_HZ, output="sos"), samples)
    smooth = np.hanning(round(0.04 * RATE_HZ))
    envelope = np.convolve(np.abs(band), smooth / smooth.sum(), "same")
    peak = int(np.argmax(envelope))
    below = np.flatnonzero(envelope[:peak] < 0.5 * envelope[peak])
    return int(below[-1]) + 1 if len(below) else 0


def make_voice_bank() -> VoiceBank:
    """Speak every word once (hibari-tts, deterministic by seed)."""
    from hibari import Hibari

    speak = Hibari()

    def trimmed(text: str, seed: int) -> np.ndarray:
        spoken = speak(text, seed=seed)
        samples = np.asarray(getattr(spoken, "audio", spoken), dtype=np.float64).ravel()
        loud = np.flatnonzero(np.abs(samples) > 0.01 * np.abs(samples).max())
        samples = samples[loud[0] : loud[-1] + 1]
        return samples / np.sqrt(np.mean(samples**2))

    def words(texts: Sequence[str]) -> tuple[SpokenWord, ...]:
        clips = [trimmed(f"{text}.", 1 + index) for index, text in enumerate(texts)]
        return tuple(SpokenWord(clip, vowel_onset(clip)) for clip in clips)

    return VoiceBank(words(STRONG_WORDS), words(WEAK_WORDS), tuple(trimmed(text, 7) for text in SENTENCES))


def rapped_voice(
    bank: VoiceBank, bpm: float, length_s: float, bar_origin_s: float, rng: np.random.Generator
) -> np.ndarray:
    """Syllables on the grid: stressed ones on strong steps, a line a bar, rhymes on beat four, a rest after most."""
    track = np.zeros(round(length_s * RATE_HZ))
    # Above 120 BPM people rap as if the bar were half as fast, below 68 twice as fast.
    step_s = 15.0 / bpm * (2.0 if bpm > 120 else 0.5 if bpm < 62 else 1.0)
    density = rng.uniform(8.5, 13.0)
    jitter_s, late_s = rng.choice([0.0, 0.008, 0.018]), rng.choice([0.0, 0.0, 0.01, 0.025])
    first_bar = -int(bar_origin_s // (16 * step_s)) - 1
    pitch = rng.uniform(0.75, 1.05)
    for bar in range(first_bar, int((length_s - bar_origin_s) / (16 * step_s)) + 1):
        if rng.random() < 0.04:
            continue  # a bar of rest
        end_step = int(rng.choice([11, 12, 12, 12, 12, 13, 14]))
        last_word = int(rng.integers(len(bank.strong)))
        steps = [s for s in range(16) if rng.random() < min(0.97, density * ONSET_PERCENT[s] / 100)]
        steps = sorted({s for s in steps if s < end_step} | {end_step} | ({14, 15} if rng.random() < 0.3 else set()))
        for index, step in enumerate(steps):
            stressed = rng.random() < STRESS_SHARE[step] or step == end_step
            choice = bank.strong if stressed else bank.weak
            word = choice[last_word if step == end_step else int(rng.integers(len(choice)))]
            gap = (steps[index + 1] if index + 1 < len(steps) else step + 3) - step
            onset_s = bar_origin_s + (16 * bar + step) * step_s + late_s + rng.normal(0, jitter_s)
            sound = _faster(word.samples, pitch)
            room = round((gap * step_s - 0.02) * RATE_HZ) + round(word.vowel_samples * pitch)
            sound = sound[: max(room, 200)].copy()
            fade = min(len(sound), round(0.02 * RATE_HZ))
            sound[-fade:] *= np.linspace(1, 0, fade)
            level = rng.uniform(0.8, 1.1) if stressed else rng.uniform(0.45, 0.8)
            _add(track, onset_s - word.vowel_samples * pitch / RATE_HZ, sound, level)
    return track


def _faster(samples: np.ndarray, factor: float) -> np.ndarray:
    """Resample to ``factor`` of the length (pitch rises with it): a cheap other voice."""
    count = round(len(samples) * factor)
    return np.interp(np.arange(count) / factor, np.arange(len(samples)), samples)


def free_speech(bank: VoiceBank, length_s: float, rng: np.random.Generator) -> np.ndarray:
    """Sentences one after the other that know nothing of the beat."""
    track = np.zeros(round(length_s * RATE_HZ))
    t = rng.uniform(0.0, 1.5)
    while t < length_s:
        clip = bank.sentences[int(rng.integers(len(bank.sentences)))]
        _add(track, t, clip, 1.0)
        t += len(clip) / RATE_HZ + rng.uniform(0.1, 0.7)
    return track


def room_and_microphone(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """High-pass, a short room, noise at 15 to 35 dB below the signal."""
    high_pass_hz = rng.uniform(60, 160)
    samples = sosfilt(butter(2, high_pass_hz, "high", fs=RATE_HZ, output="sos"), samples)
    if rng.random() < 0.5:
        samples = sosfilt(butter(2, rng.uniform(4500, 11000), "low", fs=RATE_HZ, output="sos"), samples)
    reverb_s = rng.uniform(0.15, 0.45)
    t = np.arange(round(reverb_s * RATE_HZ)) / RATE_HZ
    impulse = rng.standard_normal(len(t)) * 10 ** (-3 * t / reverb_s)
    impulse *= rng.uniform(0.15, 0.6) / np.sqrt(np.sum(impulse**2))
    samples = samples + fftconvolve(samples, impulse)[: len(samples)]
    noise = rng.standard_normal(len(samples))
    level = np.sqrt(np.mean(samples**2)) * 10 ** (-rng.uniform(15, 35) / 20)
    return samples + level * noise


def make_clip(
    rng: np.random.Generator,
    bank: VoiceBank,
    style: Style | None = None,
    bpm: float | None = None,
    beat: bool = True,
    voice: str = "rapped",
    microphone: bool = False,
    length_s: float = 20.0,
    intro_s: float = 0.0,
) -> Clip:
    """One random clip.  ``voice``: "rapped", "free" or "none".  ``intro_s`` of near silence stand before the music."""
    shares = np.array([s.share + 0.5 for s in STYLES])  # rare styles are practised more often than they are met
    style = style or STYLES[int(rng.choice(len(STYLES), p=shares / shares.sum()))]
    if bpm is None:
        middle, spread = (style.bpm, style.spread) if beat else (94.0, 0.16)
        bpm = float(np.clip(middle * np.exp(spread * rng.standard_normal()), 60, 180))
    # A backing track starts on a bar line, a cut recording anywhere.
    origin_s = intro_s + (0.0 if intro_s else rng.uniform(0.0, 240.0 / bpm))
    mix = np.zeros(round(length_s * RATE_HZ))
    if beat:
        mix += beat_track(style, bpm, length_s, origin_s, rng)
        mix /= np.sqrt(np.mean(mix**2))
    if voice != "none":
        rap = voice == "rapped"
        speech = rapped_voice(bank, bpm, length_s, origin_s, rng) if rap else free_speech(bank, length_s, rng)
        speech /= np.sqrt(np.mean(speech**2))
        mix += speech * 10 ** (rng.uniform(0, 8) / 20)
    mix[: round(intro_s * RATE_HZ)] = 0.0
    if microphone:
        mix = room_and_microphone(mix, rng)
    mix += 1e-4 * rng.standard_normal(len(mix))
    return Clip(0.5 * mix / np.abs(mix).max(), bpm, origin_s, style.name, beat, voice != "none")
