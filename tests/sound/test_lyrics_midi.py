"""LRC and MIDI, read back by someone else's parser or by the format's own rules."""

from __future__ import annotations

import io
import re
from pathlib import Path

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapbot.sound.lyrics import LyricLine, LyricWord, lrc_text, lrc_time
from rapbot.sound.midi import STRESSED_NOTE, TICKS_PER_BEAT, UNSTRESSED_NOTE, RhythmNote, rhythm_midi, rhythm_midi_bytes

WORD_TAG = re.compile(r"<(\d+):(\d\d)\.(\d\d)>([^<]*)")


def parse_line(line: str) -> tuple[float, list[tuple[float, str]]]:
    head = re.match(r"\[(\d+):(\d\d)\.(\d\d)\] ", line)
    assert head, line
    minutes, whole, hundredths = head.groups()
    seconds = int(minutes) * 60 + int(whole) + int(hundredths) / 100
    words = [(int(m) * 60 + int(s) + int(x) / 100, text.strip()) for m, s, x, text in WORD_TAG.findall(line)]
    return seconds, words


def test_lines_and_words_come_back_with_their_times() -> None:
    second = LyricLine((LyricWord("you", 4.0), LyricWord("lost,", 4.256)), 5.0)
    first = LyricLine((LyricWord("spit", 0.667), LyricWord("fire", 1.333)), 2.1)
    lines = lrc_text([second, LyricLine((), 3.0), first], title="Round [1]").splitlines()
    assert lines[:2] == ["[ti:Round (1)]", "[ar:rapbot]"]
    assert parse_line(lines[2]) == (0.67, [(0.67, "spit"), (1.33, "fire"), (2.1, "")])
    assert parse_line(lines[3]) == (4.0, [(4.0, "you"), (4.26, "lost,"), (5.0, "")])
    assert len(lines) == 4


@pytest.mark.parametrize(
    ("time_s", "text"),
    [(0.0, "00:00.00"), (-0.3, "00:00.00"), (59.996, "01:00.00"), (61.5, "01:01.50"), (6000.0, "100:00.00")],
)
def test_times_carry_over(time_s: float, text: str) -> None:
    assert lrc_time(time_s) == text


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        lrc_time(float("nan"))


@given(st.text(min_size=1, max_size=20))
def test_no_text_can_break_the_line_or_forge_a_time(text: str) -> None:
    out = lrc_text([LyricLine((LyricWord(text, 1.0),), 2.0)])
    assert re.search(r"\[00:01\.00\] <00:01\.00> [^<>\[\]\n\r]* ?<00:02\.00>\n$", out)


def parse_midi(data: bytes) -> mido.MidiFile:
    return mido.MidiFile(file=io.BytesIO(data), charset="utf-8")


def sounding(midi: mido.MidiFile) -> list[tuple[int, int, int, int, str]]:
    """(start tick, end tick, pitch, velocity, text), and no note may start while another sounds."""
    now, open_note, lyric, notes = 0, None, "", []
    for message in midi.tracks[0]:
        now += message.time
        if message.type == "lyrics":
            lyric = message.text
        elif message.type == "note_on":
            assert open_note is None
            open_note = (now, message.note, message.velocity, lyric)
        elif message.type == "note_off":
            assert open_note is not None
            assert message.note == open_note[1]
            notes.append((open_note[0], now, *open_note[1:]))
            open_note = None
    assert open_note is None
    return notes


def test_syllables_come_back_on_their_ticks(tmp_path: Path) -> None:
    notes = [
        RhythmNote(1.0, 2.0, 1, "fire"),  # longer than the way to the next: cut there
        RhythmNote(0.0, 0.25, 1, "Spit"),
        RhythmNote(1.5, 0.25, 0, "né"),
        RhythmNote(7.75, 0.5, 2, "end"),
    ]
    rhythm_midi(notes, 90.0, tmp_path / "a.mid")
    midi = parse_midi((tmp_path / "a.mid").read_bytes())
    assert midi.ticks_per_beat == TICKS_PER_BEAT
    tempo = [m.tempo for m in midi.tracks[0] if m.type == "set_tempo"]
    assert mido.tempo2bpm(tempo[0]) == pytest.approx(90.0, abs=1e-3)
    assert sounding(midi) == [
        (0, 120, STRESSED_NOTE, 112, "Spit"),
        (480, 720, STRESSED_NOTE, 112, "fire"),
        (720, 840, UNSTRESSED_NOTE, 64, "né"),
        (3720, 3960, STRESSED_NOTE, 88, "end"),
    ]


def test_a_pickup_moves_everything_by_whole_bars() -> None:
    midi = parse_midi(rhythm_midi_bytes([RhythmNote(-0.5, 0.5, 0, "and"), RhythmNote(0.0, 1.0, 1, "one")], 100.0))
    assert [note[0] for note in sounding(midi)] == [round(3.5 * 480), 4 * 480]


def test_no_notes_is_a_valid_file() -> None:
    assert sounding(parse_midi(rhythm_midi_bytes([], 90.0))) == []


@given(st.lists(st.integers(0, 400), min_size=1, max_size=60, unique=True), st.floats(60.0, 180.0))
def test_a_long_verse_does_not_drift(slots: list[int], bpm: float) -> None:
    notes = [RhythmNote(slot / 4, 0.25, slot % 2, "la") for slot in slots]
    found = sounding(parse_midi(rhythm_midi_bytes(notes, bpm)))
    assert [note[0] for note in found] == [slot * 120 for slot in sorted(slots)]


@pytest.mark.parametrize(
    ("note", "bpm"),
    [
        (RhythmNote(0.0, 0.0, 0, "x"), 90.0),
        (RhythmNote(float("nan"), 1.0, 0, "x"), 90.0),
        (RhythmNote(0.0, 1.0, 3, "x"), 90.0),
        (RhythmNote(0.0, 1.0, 0, "x"), 0.0),
        (RhythmNote(0.0, 1.0, 0, "x"), 1.0),
    ],
)
def test_nonsense_is_refused(note: RhythmNote, bpm: float) -> None:
    with pytest.raises(ValueError, match=r"note|stress|bpm"):
        rhythm_midi_bytes([note], bpm)
