"""Every file an answer can be written to: the mix, its stems, the report, lyrics with word times, the rhythm as MIDI.

Each is written whole or not at all (temporary file, then rename), and every folder is checked before the work starts.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rapbot.protocols import MIX_RATE_HZ
from rapbot.respond.answer import Answer, Request, resample
from rapbot.respond.report import report
from rapbot.rhythm.timeline import SLOTS_PER_BEAT
from rapbot.sound.files import atomic_write_text, check_writable, write_audio
from rapbot.sound.lyrics import LyricLine, LyricWord, lrc_text
from rapbot.sound.midi import RhythmNote, rhythm_midi
from rapbot.values import Audio

STEM_NAMES = ("voice", "beat", "opponent")
LONGEST_NOTE_BEATS = 1.0  # a line's last syllable is held a beat in the MIDI file, whatever the rest after it


@dataclass(frozen=True)
class Outputs:
    """Where to write; None leaves that file out."""

    reply: Path
    report: Path | None = None
    stems: Path | None = None
    lrc: Path | None = None
    midi: Path | None = None

    def paths(self) -> Iterator[Path]:
        yield self.reply
        yield from (path for path in (self.report, self.lrc, self.midi) if path is not None)
        if self.stems is not None:
            yield from (self.stems / f"{name}.wav" for name in STEM_NAMES)


def check_outputs(outputs: Outputs) -> None:
    """Refuse, before any work, a path that cannot be written.  A missing stems folder needs a folder to be made in.

    Raises:
        UserError: naming the folder.
    """
    for path in outputs.paths():
        new_stem = outputs.stems is not None and path.parent == outputs.stems and not outputs.stems.exists()
        check_writable(outputs.stems if new_stem and outputs.stems is not None else path)


def write_outputs(answer: Answer, recording: Audio, request: Request, outputs: Outputs) -> dict:
    """Write every file asked for and return the report."""
    write_audio(outputs.reply, answer.mix, MIX_RATE_HZ)
    if outputs.stems is not None:
        outputs.stems.mkdir(exist_ok=True)
        opponent = resample(recording, MIX_RATE_HZ)
        for name, samples in zip(STEM_NAMES, (answer.voice_stem, answer.beat_stem, opponent), strict=True):
            write_audio(outputs.stems / f"{name}.wav", samples, MIX_RATE_HZ)
    if outputs.lrc is not None:
        atomic_write_text(outputs.lrc, lrc_text(lyric_lines(answer), title="rapbot's answer"))
    if outputs.midi is not None:
        rhythm_midi(rhythm_notes(answer), answer.verse.bpm, outputs.midi)
    account = report(answer, request)
    if outputs.report is not None:
        atomic_write_text(outputs.report, json.dumps(account, indent=1, ensure_ascii=False) + "\n")
    return account


def lyric_lines(answer: Answer) -> list[LyricLine]:
    """One line a bar; a word starts where its first vowel was aimed."""
    lines = []
    for bar, take, start in zip(answer.verse.bars, answer.takes, answer.bar_starts, strict=True):
        line_s = start / MIX_RATE_HZ
        words = [
            LyricWord(written.word_text, line_s + sung.target_s)
            for k, (written, sung) in enumerate(zip(bar.syllables, take.syllables, strict=True))
            if k == 0 or written.word_index != bar.syllables[k - 1].word_index
        ]
        written_words = bar.text.split()
        if len(written_words) == len(words):  # keep the line's punctuation where words match one to one
            words = [LyricWord(text, word.start_s) for text, word in zip(written_words, words, strict=True)]
        end_s = line_s + (len(take.samples) - take.origin_samples) / take.rate_hz
        lines.append(LyricLine(tuple(words), end_s))
    # a line's last sound rings into the next one's pickup; on paper it ends where that begins
    nexts = [line.words[0].start_s for line in lines[1:]] + [math.inf]
    return [LyricLine(line.words, min(line.end_s, next_s)) for line, next_s in zip(lines, nexts, strict=True)]


def rhythm_notes(answer: Answer) -> list[RhythmNote]:
    """One note a syllable, on its slot, lasting to the next syllable of the bar (at most a beat)."""
    notes = []
    for bar in answer.verse.bars:
        line_beat = bar.index * answer.verse.span_beats
        beats = [line_beat + slot / SLOTS_PER_BEAT for slot in bar.slots]
        ends = [*beats[1:], beats[-1] + LONGEST_NOTE_BEATS]
        for syllable, beat, end in zip(bar.syllables, beats, ends, strict=True):
            text = syllable.word_text if syllable.ends_word else f"{syllable.word_text}-"
            notes.append(RhythmNote(beat, min(LONGEST_NOTE_BEATS, end - beat), syllable.stress, text))
    return notes
