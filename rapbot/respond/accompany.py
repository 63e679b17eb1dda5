"""What plays under the reply: one of our styles, a file of the user's, or nothing.

*Conventions.*  A backing is a loop of whole bars at `MIX_RATE_HZ`, stereo, its first bar line at sample 0.  `lay_out`
repeats it under a reply: one pickup beat, the verse, and a last bar that fades.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rapbot.errors import UserError
from rapbot.protocols import MIX_RATE_HZ
from rapbot.rhythm.timeline import BEATS_PER_BAR, Timeline

LEAD_BEATS = 1  # room for a pickup before the first bar line
TAIL_BEATS = 4  # the beat rings out for a bar after the last line
FADE_BEATS = 3
LOOP_BARS = 8  # our styles vary over eight bars
NO_BEAT = "none"
AUTO_BEAT = "auto"


@dataclass(frozen=True)
class Backing:
    """``loop`` has shape (frames, 2), or is None for a cappella; ``bpm`` is the tempo the reply must keep."""

    name: str
    loop: np.ndarray | None
    bpm: float


def choose_backing(beat: str, bpm: float, seed: int) -> Backing:
    """A backing for the verse's tempo: a style's name, ``auto``, ``none``, or the path of an audio file.

    A file brings its own tempo, and the reply follows it.

    Raises:
        UserError: neither a style nor a readable audio file, or a file in which no beat is found.
    """
    from rapbot.sound.backing import STYLES, render_backing

    if beat == NO_BEAT:
        return Backing(NO_BEAT, None, bpm)
    if beat == AUTO_BEAT:
        beat = style_for(bpm)
    if beat in STYLES:
        return Backing(beat, render_backing(beat, bpm, LOOP_BARS, seed, MIX_RATE_HZ).samples, bpm)
    check_beat(beat)
    return _from_file(beat)


def check_beat(beat: str) -> None:
    """UserError where ``beat`` is neither a style, ``auto``, ``none`` nor an existing file."""
    from rapbot.sound.backing import STYLES

    if beat not in (AUTO_BEAT, NO_BEAT, *STYLES) and not Path(beat).exists():
        raise UserError(f"no beat called {beat!r}: use one of {', '.join(STYLES)}, none, or the path of an audio file")


def style_for(bpm: float) -> str:
    """The style whose home tempo is nearest (in octaves) among those whose range holds ``bpm``."""
    from rapbot.sound.backing import STYLES, describe

    infos = [describe(style) for style in STYLES]
    fitting = [info for info in infos if info.low_bpm <= bpm <= info.high_bpm] or infos
    return min(fitting, key=lambda info: abs(math.log2(info.home_bpm / bpm))).name


def lay_out(backing: Backing, timeline: Timeline, verse_beats: int) -> np.ndarray:
    """The accompaniment of the whole reply, shape (frames, 2); ``timeline`` puts beat 0 after the pickup beat.

    The pickup is the loop's own last beat, so that what leads in is what the style plays into a downbeat.
    """
    start = timeline.sample_of(-LEAD_BEATS)
    frames = timeline.sample_of(verse_beats + TAIL_BEATS) - start
    if backing.loop is None:
        return np.zeros((frames, 2), np.float32)
    out = backing.loop.take(np.arange(start, start + frames) - timeline.sample_of(0), axis=0, mode="wrap")
    fade = timeline.sample_of(FADE_BEATS) - timeline.sample_of(0)
    out[-fade:] *= (0.5 + 0.5 * np.cos(np.linspace(0.0, np.pi, fade, dtype=np.float32)))[:, None]
    return out.astype(np.float32)


def _from_file(path: str) -> Backing:
    from rapbot.rhythm.tracker import track
    from rapbot.sound.files import read_audio

    audio = read_audio(path, rate_hz=MIX_RATE_HZ, mono=False)
    stereo = audio.samples if audio.samples.ndim == 2 else audio.samples[:, None]
    stereo = np.repeat(stereo, 2, axis=1) if stereo.shape[1] == 1 else stereo[:, :2]
    grid = track(stereo.mean(axis=1), MIX_RATE_HZ)
    bar_samples = BEATS_PER_BAR * 60.0 / grid.bpm * MIX_RATE_HZ
    start = round(grid.beat_origin_s * MIX_RATE_HZ)
    bars = int((len(stereo) - start) / bar_samples + 0.02)  # a loop cut a hair short still counts as whole
    if bars < 1:
        raise UserError(f"{path} is shorter than one bar at {grid.bpm:.1f} BPM: give a beat of at least a bar")
    loop = stereo[start : start + round(bars * bar_samples)].copy()
    seam = min(len(loop) // 8, round(0.005 * MIX_RATE_HZ))
    ramp = np.linspace(0.0, 1.0, seam, dtype=np.float32)[:, None]
    loop[:seam] *= ramp
    loop[-seam:] *= ramp[::-1]
    return Backing(Path(path).name, loop.astype(np.float32), grid.bpm)
