"""From a style and a seed to a score: which sound strikes when, how hard, and how far off the grid it leans.

Aim: the same style, tempo, length and seed give the same tune; another seed gives another tune; and no four bars repeat
unchanged: every fourth bar answers with a fill, every eighth with a bigger one that empties out before the next
section.

*Conventions.*  Beats in a score are written quarter notes from the loop's first bar line, swing included; ``lean_s`` is
the human deviation in seconds on top of it (0 for structural hits).  Steps are 16ths of the *felt* bar; `felt_scale`
says how many written beats one felt beat lasts (1 inside a style's range).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rapbot.rhythm.timeline import BEATS_PER_BAR
from rapbot.sound.styles import CHORDS, STEPS_PER_BAR, Groove, Style, ToneVoice

SMALL_FILL_EVERY = 4
LARGE_FILL_EVERY = 8
DROP_FROM_STEP = 12  # keys and bass leave the last beat of a section to the fill
RISER_STEPS = 8
DB_PER_VELOCITY = 2.0
STRUCTURAL_VELOCITY = 9
MAX_LEAN_SD = 2.0  # a human leans, but does not stumble
_BEATS_PER_STEP = BEATS_PER_BAR / STEPS_PER_BAR


@dataclass(frozen=True)
class Hit:
    """A drum stroke; ``take`` picks one of the sound's recorded-twice variants."""

    lane: str
    beat: float
    lean_s: float
    gain: float
    structural: bool
    take: int


@dataclass(frozen=True)
class Note:
    """A pitched note; ``glide_midi`` is where it slides to (or comes from, as the sound has it)."""

    part: str
    beat: float
    lean_s: float
    length_beats: float
    midi: int
    gain: float
    glide_midi: int | None = None


@dataclass(frozen=True)
class Score:
    hits: tuple[Hit, ...]
    notes: tuple[Note, ...]
    beats: int


@dataclass(frozen=True)
class _Feel:
    """Where felt steps lie in written beats, and how far a player strays."""

    scale: float
    swing: float
    human_s: float
    lag_s: float

    def beat(self, bar: int, step: float) -> float:
        pair, within = divmod(step, 2.0)
        second = 2.0 * self.swing  # where the pair's second 16th falls, in steps
        warped = within * second if within < 1.0 else second + (within - 1.0) * (2.0 - second)
        return (bar * BEATS_PER_BAR + (2.0 * pair + warped) * _BEATS_PER_STEP) * self.scale

    def length(self, steps: float) -> float:
        return steps * _BEATS_PER_STEP * self.scale

    def lean_s(self, rng: np.random.Generator, lag: bool = True) -> float:
        sway = float(np.clip(rng.standard_normal(), -MAX_LEAN_SD, MAX_LEAN_SD))
        return (self.lag_s if lag else 0.0) + self.human_s * sway


def felt_scale(style: Style, bpm: float) -> float:
    """Written beats per felt beat: 1 in the style's range, 0.5 where felt twice as fast, 2 where half as fast."""
    if style.info.low_bpm <= bpm <= style.info.high_bpm:
        return 1.0
    return min((1.0, 0.5, 2.0), key=lambda scale: abs(math.log(bpm / scale / style.info.home_bpm)))


def compose(style: Style, bpm: float, bars: int, seed: int) -> Score:
    """The score of ``bars`` written bars."""
    scale = felt_scale(style, bpm)
    beats = bars * BEATS_PER_BAR
    felt_bars = math.ceil(bars / scale)
    choice = np.random.default_rng([seed, 1])
    tonic = int(choice.integers(0, 12))
    groove = style.grooves[int(choice.integers(len(style.grooves)))]
    progression = style.progressions[int(choice.integers(len(style.progressions)))]
    harmony = _harmony(progression, style.bars_per_chord, felt_bars)
    feel = _Feel(scale, style.swing, style.human_s, style.lag_s)

    hits: list[Hit] = []
    for bar in range(felt_bars):
        hits += _drum_bar(style, groove, feel, bar, np.random.default_rng([seed, 2, bar]))
    hits += _section_marks(style, feel, felt_bars)
    notes = [
        *_bass_part(style, groove, feel, harmony, tonic, np.random.default_rng([seed, 3])),
        *_chord_part(style, feel, harmony, tonic, np.random.default_rng([seed, 4])),
        *_melody_part(style, feel, harmony, tonic, np.random.default_rng([seed, 5])),
        *_colour_part(style, feel, harmony, tonic, np.random.default_rng([seed, 6])),
    ]
    return Score(
        hits=tuple(sorted((hit for hit in hits if hit.beat < beats - 1e-9), key=lambda hit: (hit.beat, hit.lane))),
        notes=tuple(sorted((n for n in notes if n.beat < beats - 1e-9), key=lambda n: (n.beat, n.part, n.midi))),
        beats=beats,
    )


# --------------------------------------------------------------------------------------------------- drums


def _drum_bar(style: Style, groove: Groove, feel: _Feel, bar: int, rng: np.random.Generator) -> list[Hit]:
    lanes = {name: bars[bar % len(bars)] for name, bars in groove.drums.items()}
    if bar % LARGE_FILL_EVERY == LARGE_FILL_EVERY - 1:
        lanes.update(_with_structure(style.large_fill, lanes))
    elif bar % SMALL_FILL_EVERY == SMALL_FILL_EVERY - 1:
        lanes.update(_with_structure(style.small_fill, lanes))
    if feel.scale > 1.0:  # a written bar starts in the middle of a felt one, and every written bar has its kick
        middle = STEPS_PER_BAR // 2
        lanes["kick"] = lanes["kick"][:middle] + "9" + lanes["kick"][middle + 1 :]
    hits: list[Hit] = []
    for name in sorted(lanes):
        for step, mark in enumerate(lanes[name]):
            hits += _strokes(name, mark, feel, bar, step, rng)
    return hits


def _with_structure(fill: Mapping[str, str], lanes: dict[str, str]) -> dict[str, str]:
    """The fill's lanes, with every structural hit of the groove kept where it was."""
    kept = {}
    for name, marks in fill.items():
        own = lanes.get(name, "." * STEPS_PER_BAR)
        loose = (mark if mark != "9" else "8" for mark in marks)  # only the groove decides what is structural
        kept[name] = "".join("9" if old == "9" else new for old, new in zip(own, loose, strict=True))
    return kept


def _strokes(lane: str, mark: str, feel: _Feel, bar: int, step: int, rng: np.random.Generator) -> list[Hit]:
    if mark == ".":
        return []
    if mark == "9":
        return [Hit(lane, feel.beat(bar, step), 0.0, 1.0, True, int(rng.integers(4)))]
    if mark in "rt":
        count, span = (2, 1.0) if mark == "r" else (3, 2.0)
        velocities = rng.permutation([4.5, 5.5, 6.0][:count])
        return [
            Hit(lane, feel.beat(bar, step + span * i / count), 0.0, _gain(velocities[i]), False, int(rng.integers(4)))
            for i in range(count)
        ]
    velocity = int(mark) + 0.5 * float(np.clip(rng.standard_normal(), -2.0, 2.0))
    lean_s = feel.lean_s(rng, lag=lane not in ("kick", "snare"))
    return [Hit(lane, feel.beat(bar, step), lean_s, _gain(velocity), False, int(rng.integers(4)))]


def _section_marks(style: Style, feel: _Feel, felt_bars: int) -> list[Hit]:
    """A crash at the top of each section, where a piece is long enough to have some, and a riser into the next."""
    owned = {voice.lane for voice in style.kit}
    marks = []
    if "crash" in owned and felt_bars > SMALL_FILL_EVERY:
        marks += [Hit("crash", feel.beat(bar, 0), 0.0, 1.0, False, 0) for bar in range(0, felt_bars, LARGE_FILL_EVERY)]
    if "riser" in owned:
        for bar in range(LARGE_FILL_EVERY - 1, felt_bars, LARGE_FILL_EVERY):
            marks.append(Hit("riser", feel.beat(bar, STEPS_PER_BAR - RISER_STEPS), 0.0, 1.0, False, 0))
    return marks


def _gain(velocity: float) -> float:
    return float(10.0 ** ((velocity - STRUCTURAL_VELOCITY) * DB_PER_VELOCITY / 20.0))


# --------------------------------------------------------------------------------------------------- harmony


def _harmony(progression: tuple[tuple[int, str], ...], bars_per_chord: int, bars: int) -> list[tuple[int, str]]:
    return [progression[(bar // bars_per_chord) % len(progression)] for bar in range(bars)]


def _near(pitch_class: int, centre: int) -> int:
    """The note of that pitch class in the octave around ``centre`` (from six below to five above)."""
    return centre - 6 + (pitch_class - (centre - 6)) % 12


def _voiced(root: int, quality: str, voice: ToneVoice) -> list[int]:
    """Every chord note in one octave around the part's centre: common tones stay, the others move by step."""
    return sorted({_near(root + interval, voice.centre) for interval in CHORDS[quality]})


def _runs(lane: str, marks: str, last_step: int = STEPS_PER_BAR) -> list[tuple[int, int, str]]:
    """(step, length in steps, mark) of every strike in a lane with holds, cut off at ``last_step``."""
    runs = []
    for step, mark in enumerate(lane[:last_step]):
        if mark in marks:
            end = step + 1
            while end < min(len(lane), last_step) and lane[end] == "-":
                end += 1
            runs.append((step, end - step, mark))
    return runs


def _end_of_music(bar: int) -> int:
    return DROP_FROM_STEP if bar % LARGE_FILL_EVERY == LARGE_FILL_EVERY - 1 else STEPS_PER_BAR


# --------------------------------------------------------------------------------------------------- parts


def _bass_part(
    style: Style, groove: Groove, feel: _Feel, harmony: list[tuple[int, str]], tonic: int, rng: np.random.Generator
) -> list[Note]:
    notes = []
    previous = None
    for bar, (root, quality) in enumerate(harmony):
        next_root = harmony[(bar + 1) % len(harmony)][0]
        third = 4 if 4 in CHORDS[quality] else 3
        seventh = 11 if 11 in CHORDS[quality] else 10
        low = _near(tonic + root, style.bass_voice.centre)
        degrees = {"R": low, "3": low + third, "5": low + 7, "7": low + seventh - 12, "8": low + 12, "G": low, "O": low}
        degrees["c"] = _near(tonic + next_root, style.bass_voice.centre) - 1
        if degrees["7"] < style.bass_voice.centre - 8:  # too low to be heard
            degrees["7"] += 12
        for step, length, mark in _runs(groove.bass[bar % len(groove.bass)], "R3578cGO", _end_of_music(bar)):
            midi = degrees[mark]
            glide = {"G": midi + 7, "O": midi + 12}.get(mark, previous)
            slides = mark in "GO" or (previous is not None and style.bass_voice.sound == "moog" and previous != midi)
            lean_s = 0.0 if step % 4 == 0 else feel.lean_s(rng, lag=False) * 0.5
            held = feel.length(length) * (0.96 if length > 1 else 0.85)
            gain = 1.0 if step % 4 == 0 else 0.85
            notes.append(Note("bass", feel.beat(bar, step), lean_s, held, midi, gain, glide if slides else None))
            previous = midi
    return notes


def _chord_part(
    style: Style, feel: _Feel, harmony: list[tuple[int, str]], tonic: int, rng: np.random.Generator
) -> list[Note]:
    lanes = style.chords[int(rng.integers(len(style.chords)))]
    notes = []
    for bar, (root, quality) in enumerate(harmony):
        chord = _voiced(tonic + root, quality, style.chord_voice)
        for step, length, _ in _runs(lanes[bar % len(lanes)], "X", _end_of_music(bar)):
            lean_s = feel.lean_s(rng)
            gain = (1.0 if step % 4 == 0 else 0.8) * (1.0 + 0.06 * float(np.clip(rng.standard_normal(), -2.0, 2.0)))
            for index, midi in enumerate(chord):
                strum_s = 0.0025 * index  # fingers do not land as one
                held = feel.length(length) * 0.97
                notes.append(Note("chords", feel.beat(bar, step), lean_s + strum_s, held, midi, gain))
    return notes


def _melody_part(
    style: Style, feel: _Feel, harmony: list[tuple[int, str]], tonic: int, rng: np.random.Generator
) -> list[Note]:
    """Two-bar motifs from a random walk on the scale: strong steps snap to the chord, every repeat turns its end."""
    ladder = [
        midi
        for midi in range(style.lead_voice.centre - 9, style.lead_voice.centre + 10)
        if (midi - tonic) % 12 in style.scale
    ]
    order = rng.permutation(len(style.melodies))
    motifs = [_motif(style.melodies[order[i % len(order)]], len(ladder), rng) for i in range(2)]
    notes: list[Note] = []
    previous = None
    for start in range(0, len(harmony), 2):
        quad, half = divmod(start // 2, 2)
        rhythm, path, turned = motifs[quad % 2]
        if half == 0 and quad % 4 == 3:
            continue  # air before the second answer
        for index, (step, length, _) in enumerate(_runs(rhythm, "X", len(rhythm))):
            bar, step_in_bar = start + step // STEPS_PER_BAR, step % STEPS_PER_BAR
            if bar >= len(harmony) or step_in_bar >= _end_of_music(bar):
                continue
            rung = (turned if half else path)[index]
            root, quality = harmony[bar]
            midi = ladder[rung] if step_in_bar % 4 else _snap(ladder[rung], tonic + root, quality)
            lean_s = feel.lean_s(rng)
            gain = 1.0 if step_in_bar % 4 == 0 else 0.85
            held = feel.length(length) * 0.98
            notes.append(Note("lead", feel.beat(bar, step_in_bar), lean_s, held, midi, gain, previous))
            previous = midi
    return notes


def _motif(rhythm: str, rungs: int, rng: np.random.Generator) -> tuple[str, list[int], list[int]]:
    count = len(_runs(rhythm, "X", len(rhythm)))
    rung = rungs // 2 + int(rng.integers(-1, 2))
    path = []
    for _ in range(count):
        path.append(rung)
        move = int(rng.choice([-2, -1, -1, 0, 1, 1, 2, 3]))
        rung += -move if not 0 <= rung + move < rungs else move
    tail = max(1, count // 3)
    turned = path[:-tail] + [min(rungs - 1, max(0, rung + int(rng.choice([-2, -1, 1, 2])))) for rung in path[-tail:]]
    return rhythm, path, turned


def _snap(midi: int, root: int, quality: str) -> int:
    """The nearest note of the chord, the lower one of two."""
    classes = {(root + interval) % 12 for interval in (0, *CHORDS[quality])}
    reachable = [midi + move for move in range(-6, 7) if (midi + move) % 12 in classes]
    return min(reachable, key=lambda note: (abs(note - midi), note))


def _colour_part(
    style: Style, feel: _Feel, harmony: list[tuple[int, str]], tonic: int, rng: np.random.Generator
) -> list[Note]:
    """A second layer that comes and goes by four bars, so that a verse has a shape.

    Sustained sounds play the chord; plucked ones run through its notes.
    """
    lanes = style.colours[int(rng.integers(len(style.colours)))]
    runs_up = style.colour_voice.sound == "pluck"
    notes = []
    for bar, (root, quality) in enumerate(harmony):
        if (bar // SMALL_FILL_EVERY) % 2 == 0:
            continue
        chord = _voiced(tonic + root, quality, style.colour_voice)
        for index, (step, length, _) in enumerate(_runs(lanes[bar % len(lanes)], "X", _end_of_music(bar))):
            lean_s = feel.lean_s(rng)
            held = feel.length(max(length, 2) if runs_up else length) * 0.98
            for midi in [chord[(index + bar) % len(chord)]] if runs_up else chord:
                notes.append(Note("colour", feel.beat(bar, step), lean_s, held, midi, 1.0 if step % 4 == 0 else 0.8))
    return notes
