"""The rhythm of a verse as a standard MIDI file.

Aim: a producer can drop the flow of a reply into a sequencer: one note a syllable, where it was aimed on the grid, with
its text as a lyric event.

*Conventions.*  Beats are quarter notes from bar 0's line.  A pickup before bar 0 moves the whole file later by whole
bars, so bar lines stay bar lines.  Ticks are computed from the beat, never accumulated.  One voice: a note that would
last into the next ends where the next begins.
"""

from __future__ import annotations

import io
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass

from rapbot.rhythm.timeline import BEATS_PER_BAR
from rapbot.sound.files import atomic_write_bytes

TICKS_PER_BEAT = 480
UNSTRESSED_NOTE = 38  # D2
STRESSED_NOTE = 43  # G2: a fourth above, so that stress is seen in a piano roll as well as heard
VELOCITY_BY_STRESS = {0: 64, 1: 112, 2: 88}
MAX_TEMPO_US = 0xFFFFFF  # three bytes in the tempo event


@dataclass(frozen=True)
class RhythmNote:
    """A syllable: where it starts, how long it sounds, its stress (0 none, 1 primary, 2 secondary) and its text."""

    beat: float
    duration_beats: float
    stress: int
    text: str


def rhythm_midi_bytes(notes: Sequence[RhythmNote], bpm: float) -> bytes:
    """A type 0 MIDI file: tempo, 4/4, then a lyric event and a note for every syllable."""
    import mido

    if not (math.isfinite(bpm) and bpm > 0 and 60e6 / bpm <= MAX_TEMPO_US):
        raise ValueError(f"bpm must be finite and at least {60e6 / MAX_TEMPO_US:.2f}, got {bpm}")
    for note in notes:
        if not (math.isfinite(note.beat) and math.isfinite(note.duration_beats) and note.duration_beats > 0):
            raise ValueError(f"a note needs a finite beat and a positive length, got {note}")
        if note.stress not in VELOCITY_BY_STRESS:
            raise ValueError(f"stress must be 0, 1 or 2, got {note.stress}")
    ordered = sorted(notes, key=lambda note: note.beat)
    first_beat = min((note.beat for note in ordered), default=0.0)
    shift_beats = max(0, math.ceil(-first_beat / BEATS_PER_BAR)) * BEATS_PER_BAR
    starts = [round((note.beat + shift_beats) * TICKS_PER_BEAT) for note in ordered]

    timed: list[tuple[int, int, mido.Message | mido.MetaMessage]] = []  # tick, rank within the tick, message
    for index, note in enumerate(ordered):
        start = starts[index]
        end = max(start + 1, round((note.beat + shift_beats + note.duration_beats) * TICKS_PER_BEAT))
        later = next((tick for tick in starts[index + 1 :] if tick > start), end)
        end = min(end, later)
        pitch = STRESSED_NOTE if note.stress else UNSTRESSED_NOTE
        velocity = VELOCITY_BY_STRESS[note.stress]
        timed.append((start, 1, mido.MetaMessage("lyrics", text=note.text)))
        timed.append((start, 2, mido.Message("note_on", note=pitch, velocity=velocity)))
        timed.append((end, 0, mido.Message("note_off", note=pitch, velocity=0)))
    timed.sort(key=lambda item: item[:2])  # stable: a lyric stays before its own note

    track = mido.MidiTrack()
    track.append(mido.MetaMessage("track_name", name="rapbot rhythm"))
    track.append(mido.MetaMessage("set_tempo", tempo=round(60e6 / bpm)))
    track.append(mido.MetaMessage("time_signature", numerator=BEATS_PER_BAR, denominator=4))
    now = 0
    for tick, _, message in timed:
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track"))
    midi = mido.MidiFile(type=0, ticks_per_beat=TICKS_PER_BEAT, charset="utf-8")
    midi.tracks.append(track)
    buffer = io.BytesIO()
    midi.save(file=buffer)
    return buffer.getvalue()


def rhythm_midi(notes: Sequence[RhythmNote], bpm: float, path: str | os.PathLike[str]) -> None:
    """Write `rhythm_midi_bytes` to ``path``, atomically."""
    atomic_write_bytes(path, rhythm_midi_bytes(notes, bpm))
