"""Backing beats, synthesised.

Aim: eight styles at any tempo, exactly on the grid, that loop without a seam and leave a voice its room.  Nothing is
sampled: `synth_drums` and `synth_tones` make the sounds, `compose` writes the score, this module plays and mixes it.

*Conventions.*  The loop's first bar line is sample 0 and its length is ``round(bars * 4 * 60 / bpm * rate)`` frames.
Sample positions come from `Timeline`, never from adding up.  Everything is circular: tails, reverb and filters that run
past the end re-enter at the start, so the loop played twice is one longer piece.  Buses are float32, shape (frames, 2);
bass is mono and never goes to the room.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import signal

from rapbot.errors import UserError
from rapbot.rhythm.timeline import Timeline
from rapbot.sound import synth_drums as drums
from rapbot.sound import synth_tones as tones
from rapbot.sound.compose import RISER_STEPS, Hit, Note, Score, compose
from rapbot.sound.loudness import db_to_gain, loudness_lufs
from rapbot.sound.mix import peaking_sos
from rapbot.sound.styles import STYLE_BOOK, Style, StyleInfo, ToneVoice
from rapbot.values import Audio

STYLES: tuple[str, ...] = tuple(STYLE_BOOK)
LOW_BPM, HIGH_BPM = 60.0, 180.0
MAX_BARS = 512

TARGET_LUFS = -20.0
PEAK_DBFS = -3.1  # promised: -3
KNEE_DBFS = -7.0  # peaks above it are rounded off rather than the whole beat turned down

MUSIC_LOW_HZ = 130.0  # below it is the bass's
VOICE_ROOM_HZ, VOICE_ROOM_DB, VOICE_ROOM_Q = 1500.0, -4.0, 0.5  # a wide dip where consonants and vowels live
WIDTH, WIDTH_DELAY_S = 0.45, 0.013
FILTER_SETTLE_S = 0.5  # any filter here has forgotten its start by then
DUCK_RAMP_S = 0.004  # the gain is down when the kick strikes, without a click
DUCK_HOLD_S = 0.03
DUCK_BACK_S = 0.11
CHOKE_FADE_S = 0.006  # a closing hat silences the open one
TAKES = 4  # variants of every noisy sound

_KICKS = {
    "kick-dusty": drums.KickTone(160.0, 56.0, 0.022, 0.13, 0.6, 2.2),
    "kick-punch": drums.KickTone(190.0, 52.0, 0.018, 0.15, 0.6, 1.5),
    "kick-round": drums.KickTone(140.0, 50.0, 0.030, 0.18, 0.35, 1.6),
    "kick-soft": drums.KickTone(115.0, 52.0, 0.025, 0.14, 0.2, 1.6),
    "kick-club": drums.KickTone(220.0, 50.0, 0.025, 0.17, 0.6, 1.6),
    "kick-live": drums.KickTone(130.0, 62.0, 0.016, 0.10, 0.8, 1.5),
}
_SNARES = {
    "snare-crack": drums.SnareTone(195.0, 0.07, 0.62, 0.11, 1500.0),
    "snare-soft": drums.SnareTone(185.0, 0.06, 0.55, 0.08, 1100.0),
    "snare-tight": drums.SnareTone(235.0, 0.05, 0.6, 0.07, 1800.0),
    "snare-live": drums.SnareTone(205.0, 0.09, 0.6, 0.14, 1300.0),
    "snare-ghost": drums.SnareTone(205.0, 0.05, 0.7, 0.05, 1300.0),
}
_OTHER_DRUMS: dict[str, Callable[[int, np.random.Generator], np.ndarray]] = {
    "clap": drums.clap,
    "hat-tight": lambda rate_hz, rng: drums.hat(rate_hz, rng, 0.028, 7500.0, 0.45),
    "hat-808": lambda rate_hz, rng: drums.hat(rate_hz, rng, 0.022, 8500.0, 0.8),
    "hat-dark": lambda rate_hz, rng: drums.hat(rate_hz, rng, 0.03, 5000.0, 0.3),
    "hat-open": lambda rate_hz, rng: drums.hat(rate_hz, rng, 0.16, 7000.0, 0.5),
    "shaker": drums.shaker,
    "tambourine": drums.tambourine,
    "rim": drums.rim,
    "snap": drums.snap,
    "blip": drums.blip,
    "crash": drums.crash,
    "tom-low": lambda rate_hz, rng: drums.tom(rate_hz, rng, 98.0, 0.16),
    "tom-high": lambda rate_hz, rng: drums.tom(rate_hz, rng, 210.0, 0.07),
}
_PLAIN_TONES: dict[str, Callable[[int, float, float], np.ndarray]] = {
    "finger": tones.finger_bass,
    "square-bass": tones.square_bass,
    "pump-bass": tones.pump_bass,
    "electric-piano": tones.electric_piano,
    "organ": tones.organ,
    "bell": tones.bell,
    "piano": tones.piano,
    "square-lead": tones.square_lead,
}
_NOISY_TONES: dict[str, Callable[[int, float, float, np.random.Generator], np.ndarray]] = {
    "pluck": tones.pluck,
    "scratch": tones.muted_guitar,
    "pad": tones.pad,
    "strings": tones.strings,
    "horns": tones.horns,
}
_GLIDING_TONES: dict[str, Callable[[int, float, float, float | None], np.ndarray]] = {
    "808": tones.sub_bass,
    "moog": tones.moog_bass,
    "whistle": tones.whistle,
}
_RINGING_S = {"bell": 1.2, "piano": 1.2, "pluck": 0.9, "electric-piano": 0.0}  # sounds that outlast their key


@dataclass(frozen=True)
class StructuralHit:
    """A hit that lies exactly on the grid: ``lane`` is "kick" or "snare"."""

    beat: float
    lane: str


def describe(style: str) -> StyleInfo:
    """What a style is; `UserError` names the styles there are."""
    return _style(style).info


def structural_hits(style: str, bpm: float, bars: int, seed: int = 0) -> tuple[StructuralHit, ...]:
    """The kicks and snares of `render_backing` that lie exactly on the grid, in order."""
    score = compose(_style(style), _checked_bpm(bpm), _checked_bars(bars), seed)
    return tuple(StructuralHit(hit.beat, hit.lane) for hit in score.hits if hit.structural)


def render_backing(style: str, bpm: float, bars: int, seed: int = 0, rate_hz: int = 48_000) -> Audio:
    """A loop of ``bars`` bars, stereo, at about `TARGET_LUFS` and below `PEAK_DBFS`; the bar line is sample 0."""
    recipe = _style(style)
    if rate_hz < 16_000:
        raise ValueError(f"rate_hz must be at least 16000, got {rate_hz}")
    timeline = Timeline(_checked_bpm(bpm), rate_hz)
    score = compose(recipe, bpm, _checked_bars(bars), seed)
    sounds = np.random.default_rng([seed, 7])
    frames = timeline.sample_of(score.beats)

    drum_bus, send = _play_drums(recipe, score, timeline, frames, sounds)
    bass_bus, music_bus, music_send = _play_notes(recipe, score, timeline, frames, sounds)
    duck = _duck_curve(score, timeline, frames, recipe.duck)
    bass_bus *= duck
    music_bus *= (0.4 + 0.6 * duck)[:, None]
    if recipe.wow_cents > 0.0:
        music_bus = _wow(music_bus, rate_hz, recipe.wow_cents)
    music_bus = _widened(_filter_loop(_music_filters(recipe, rate_hz), music_bus, rate_hz), rate_hz)
    send += music_send
    room = recipe.room
    wet = _reverb_loop(send, drums.room_impulse(rate_hz, sounds, room.decay_s, room.low_hz, room.high_hz))

    mix = np.tanh(drum_bus * recipe.drive) / recipe.drive
    mix += bass_bus[:, None]
    mix += music_bus
    mix += wet * db_to_gain(room.level_db)
    if recipe.vinyl_db is not None:
        mix += _vinyl(frames, rate_hz, sounds) * db_to_gain(recipe.vinyl_db)
    return Audio(_mastered(mix, rate_hz), rate_hz)


# --------------------------------------------------------------------------------------------------- players


def _play_drums(
    style: Style, score: Score, timeline: Timeline, frames: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The drum bus, shape (frames, 2), and what goes to the room, shape (frames,)."""
    bus = np.zeros((frames, 2), dtype=np.float32)
    send = np.zeros(frames, dtype=np.float32)
    closed = np.array([_start(hit, timeline) for hit in score.hits if hit.lane == "hat"])
    for voice in style.kit:
        hits = [hit for hit in score.hits if hit.lane == voice.lane]
        riser_s = RISER_STEPS / 4.0 * timeline.beat_s
        takes = [_drum_sound(voice.sound, timeline.rate_hz, rng, riser_s) for _ in range(_takes(voice.sound))]
        left, right = _pan(voice.pan)
        level = db_to_gain(voice.level_db)
        for hit in hits:
            start = _start(hit, timeline)
            clip = takes[hit.take % len(takes)] * np.float32(hit.gain * level)
            if voice.lane == "open":
                later = closed[closed > start + 10]
                clip = _choked(clip, int(later[0]) - start, timeline.rate_hz) if len(later) else clip
            _add(bus, start, np.stack([clip * left, clip * right], axis=1))
            if voice.send > 0.0:
                _add(send, start, clip * np.float32(voice.send))
    return bus, send


def _play_notes(
    style: Style, score: Score, timeline: Timeline, frames: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bass, shape (frames,); the other instruments, shape (frames, 2); what goes to the room, shape (frames,)."""
    bass = np.zeros(frames, dtype=np.float32)
    music = np.zeros((frames, 2), dtype=np.float32)
    send = np.zeros(frames, dtype=np.float32)
    voices = {
        "bass": style.bass_voice,
        "chords": style.chord_voice,
        "lead": style.lead_voice,
        "colour": style.colour_voice,
    }
    made: dict[tuple[str, int, int, int | None], np.ndarray] = {}
    for note in score.notes:
        voice = voices[note.part]
        glide = note.glide_midi if voice.sound in _GLIDING_TONES else None
        length_s = note.length_beats * timeline.beat_s
        key = (note.part, note.midi, round(length_s * timeline.rate_hz), glide)
        if key not in made:
            made[key] = _tone(voice, note.midi, length_s, glide, timeline.rate_hz, rng)
        clip = made[key] * np.float32(note.gain * db_to_gain(voice.level_db))
        start = _start(note, timeline)
        if note.part == "bass":
            _add(bass, start, clip)
            continue
        both = clip if clip.ndim == 2 else np.stack([clip, clip], axis=1)
        mono = clip if clip.ndim == 1 else clip.mean(axis=1)
        _add(music, start, both * np.array(_pan(voice.pan)))
        if voice.send > 0.0:
            _add(send, start, mono * np.float32(voice.send))
    return bass, music, send


def _drum_sound(sound: str, rate_hz: int, rng: np.random.Generator, riser_s: float) -> np.ndarray:
    if sound in _KICKS:
        return drums.kick(rate_hz, rng, _KICKS[sound])
    if sound in _SNARES:
        return drums.snare(rate_hz, rng, _SNARES[sound])
    if sound == "riser":
        return drums.riser(rate_hz, rng, riser_s)
    if sound == "clap-snare":
        body = drums.snare(rate_hz, rng, _SNARES["snare-crack"])
        hands = drums.clap(rate_hz, rng)
        layered = np.zeros(max(len(body), len(hands)), dtype=np.float32)
        layered[: len(body)] += 0.55 * body
        layered[: len(hands)] += 0.7 * hands
        return layered / np.float32(np.max(np.abs(layered)))
    return _OTHER_DRUMS[sound](rate_hz, rng)


def _tone(
    voice: ToneVoice, midi: int, length_s: float, glide_midi: int | None, rate_hz: int, rng: np.random.Generator
) -> np.ndarray:
    hz = tones.midi_hz(midi)
    length_s = max(length_s, _RINGING_S.get(voice.sound, 0.0), 0.05)
    if voice.sound in _GLIDING_TONES:
        glide_hz = None if glide_midi is None else tones.midi_hz(glide_midi)
        return _GLIDING_TONES[voice.sound](rate_hz, hz, length_s, glide_hz)
    if voice.sound in _NOISY_TONES:
        return _NOISY_TONES[voice.sound](rate_hz, hz, length_s, rng)
    return _PLAIN_TONES[voice.sound](rate_hz, hz, length_s)


def _takes(sound: str) -> int:
    return 1 if sound in _KICKS or sound in ("crash", "riser") else TAKES


def _start(event: Hit | Note, timeline: Timeline) -> int:
    return timeline.sample_of(event.beat) + round(event.lean_s * timeline.rate_hz)


def _pan(pan: float) -> tuple[np.float32, np.float32]:
    """Equal power, 0 dB in the middle."""
    angle = (pan + 1.0) * math.pi / 4.0
    return np.float32(math.sqrt(2.0) * math.cos(angle)), np.float32(math.sqrt(2.0) * math.sin(angle))


def _choked(clip: np.ndarray, frames: int, rate_hz: int) -> np.ndarray:
    fade = round(CHOKE_FADE_S * rate_hz)
    if len(clip) <= frames:
        return clip
    cut = clip[: frames + fade].copy()
    tail = cut[frames:]
    tail *= np.linspace(1.0, 0.0, len(tail), dtype=np.float32)
    return cut


def _add(bus: np.ndarray, start: int, clip: np.ndarray) -> None:
    """Mix ``clip`` in at ``start``, round and round the loop."""
    frames = len(bus)
    at, done = start % frames, 0
    while done < len(clip):
        count = min(frames - at, len(clip) - done)
        bus[at : at + count] += clip[done : done + count]
        done += count
        at = 0


# --------------------------------------------------------------------------------------------------- circular effects


def _filter_loop(sos: np.ndarray, bus: np.ndarray, rate_hz: int) -> np.ndarray:
    """The filter's output once the loop has gone round for long enough to forget its start."""
    settle = round(FILTER_SETTLE_S * rate_hz)
    before = bus[np.arange(-settle, 0) % len(bus)]
    return signal.sosfilt(sos, np.concatenate([before, bus]), axis=0)[settle:].astype(np.float32)


def _reverb_loop(send: np.ndarray, impulse: np.ndarray) -> np.ndarray:
    frames = len(send)
    wet = np.zeros((frames, 2), dtype=np.float32)
    for ear in range(2):
        _add(wet[:, ear], 0, signal.oaconvolve(send, impulse[:, ear]).astype(np.float32))
    return wet


def _widened(bus: np.ndarray, rate_hz: int) -> np.ndarray:
    """The middle, delayed, added to the left and taken from the right: wide in headphones, gone in mono."""
    late = np.roll(bus.mean(axis=1), round(WIDTH_DELAY_S * rate_hz)) * np.float32(WIDTH)
    return bus + np.stack([late, -late], axis=1)


def _music_filters(style: Style, rate_hz: int) -> np.ndarray:
    return np.concatenate(
        [
            signal.butter(2, MUSIC_LOW_HZ, "highpass", fs=rate_hz, output="sos"),
            peaking_sos(rate_hz, VOICE_ROOM_HZ, VOICE_ROOM_DB, VOICE_ROOM_Q),
            signal.butter(2, min(style.music_top_hz, 0.45 * rate_hz), fs=rate_hz, output="sos"),
        ]
    )


def _duck_curve(score: Score, timeline: Timeline, frames: int, depth: float) -> np.ndarray:
    """Gain that makes way for every kick: down just before it, back up after it.  Circular."""
    rate_hz = timeline.rate_hz
    ramp, hold, back = (round(s * rate_hz) for s in (DUCK_RAMP_S, DUCK_HOLD_S, DUCK_BACK_S * 3.0))
    down = np.linspace(0.0, 1.0, ramp)
    up = 0.5 + 0.5 * np.cos(np.linspace(0.0, math.pi, back))
    dip = np.concatenate([down, np.ones(hold), up]) * depth
    curve = np.zeros(frames)
    for hit in score.hits:
        if hit.lane == "kick":
            at = (_start(hit, timeline) - ramp + np.arange(min(len(dip), frames))) % frames
            curve[at] = np.maximum(curve[at], dip[: len(at)] * min(1.0, hit.gain * 1.3))
    return (1.0 - curve).astype(np.float32)


def _wow(bus: np.ndarray, rate_hz: int, cents: float) -> np.ndarray:
    """A tape that does not run true: slow vibrato, a whole number of turns per loop."""
    frames = len(bus)
    turns = max(1, round(0.55 * frames / rate_hz))
    angle = 2.0 * math.pi * turns / frames
    swing_samples = (2.0 ** (cents / 1200.0) - 1.0) / angle
    at = np.arange(frames) + swing_samples * np.sin(angle * np.arange(frames))
    left = np.floor(at).astype(np.int64)
    part = (at - left).astype(np.float32)[:, None]
    return bus[left % frames] * (1.0 - part) + bus[(left + 1) % frames] * part


def _vinyl(frames: int, rate_hz: int, rng: np.random.Generator) -> np.ndarray:
    """Surface noise of unit level with crackles, shape (frames, 2)."""
    hiss = rng.standard_normal((frames, 2), dtype=np.float32)
    band = signal.butter(1, [200.0, min(6000.0, 0.45 * rate_hz)], "bandpass", fs=rate_hz, output="sos")
    surface = _filter_loop(band, hiss, rate_hz)
    crackles = rng.integers(0, frames, size=max(1, round(7 * frames / rate_hz)))
    for at, strength in zip(crackles, rng.exponential(12.0, len(crackles)), strict=True):
        decay = np.exp(-np.arange(round(0.0015 * rate_hz)) / (0.0003 * rate_hz)) * min(strength, 60.0)
        tick = (decay * rng.standard_normal(len(decay))).astype(np.float32)
        _add(surface, int(at), np.stack([tick, tick * np.float32(rng.uniform(0.3, 1.0))], axis=1))
    return surface


def _mastered(mix: np.ndarray, rate_hz: int) -> np.ndarray:
    """At `TARGET_LUFS`, peaks rounded off below `PEAK_DBFS`.  Memoryless, so the loop stays a loop."""
    loudness = loudness_lufs(mix, rate_hz)
    scaled = mix * np.float32(db_to_gain(TARGET_LUFS - loudness))
    knee, ceiling = db_to_gain(KNEE_DBFS), db_to_gain(PEAK_DBFS)
    over = np.abs(scaled) > knee
    rest = ceiling - knee
    scaled[over] = np.sign(scaled[over]) * (knee + rest * np.tanh((np.abs(scaled[over]) - knee) / rest))
    return scaled.astype(np.float32)


# --------------------------------------------------------------------------------------------------- checks


def _style(name: str) -> Style:
    if name not in STYLE_BOOK:
        raise UserError(f"no beat is called '{name}'; choose one of {', '.join(STYLES)}")
    return STYLE_BOOK[name]


def _checked_bpm(bpm: float) -> float:
    if not LOW_BPM <= bpm <= HIGH_BPM:
        raise UserError(f"a beat runs at {LOW_BPM:g} to {HIGH_BPM:g} BPM, not {bpm:g}; choose a tempo in that range")
    return float(bpm)


def _checked_bars(bars: int) -> int:
    if not 1 <= bars <= MAX_BARS:
        raise UserError(f"a beat is 1 to {MAX_BARS} bars long, not {bars}; choose a length in that range")
    return bars
