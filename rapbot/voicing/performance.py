"""How a verse is delivered, bar by bar: attitude, energy, the punch and what surrounds it.  Decided before any sound.

Aim: no flat affect.  A couplet is a set-up and a punch, so the set-up is held back and ends open, the punch gets the
accent, now and then a pause before it, and what battle rappers put around it: the end word doubled, a word thrown into
an echo, an ad-lib where there is room.  Attitudes follow the moves, within the persona's palette, and do not repeat for
long; energy climbs through the verse.

*Conventions.*  One `BarDelivery` a bar, in order.  Word indexes count the words of the bar (`Syllable.word_index`);
slots are 16ths from the bar's own line, so a slot past its span is in the next bar.  The dice come from ``seed`` alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from rapbot.language.syllables import weak_words
from rapbot.rhythm.slots import FIT_COST, SlotError, plan_slots
from rapbot.rhythm.timeline import SLOTS_PER_BEAT, Timeline
from rapbot.values import Bar, Syllable, Verse
from rapbot.voicing.delivery import AFFECTS, Delivery, with_affect, within_limits

# What each move asks for; a missing affect stands at 0, the unit is that of the dice below.
MOVE_AFFECTS: dict[str, dict[str, float]] = {
    "insult": {"aggressive": 1.0, "mocking": 0.7},
    "threat": {"aggressive": 1.2, "calm": 0.4, "deadpan": 0.4},
    "plug": {"mocking": 0.8, "deadpan": 0.5},
    "lack": {"mocking": 1.0, "deadpan": 0.3},
    "concede": {"deadpan": 0.8, "calm": 0.6},
    "callback": {"mocking": 0.9, "triumphant": 0.6},
    "setup": {"calm": 1.0, "deadpan": 0.4},
    "spring": {"triumphant": 1.0, "mocking": 0.8},
    "flip": {"mocking": 1.0, "triumphant": 0.4},
    "cont": {"mocking": 0.6, "aggressive": 0.4, "deadpan": 0.4},
    "close": {"triumphant": 1.2, "aggressive": 0.7},
    "name": {"mocking": 0.6, "deadpan": 0.6, "calm": 0.3},
    "pun": {"deadpan": 0.9, "mocking": 0.6},
    "place": {"calm": 0.6, "deadpan": 0.4},
    "crew": {"aggressive": 0.6, "mocking": 0.6},
    "family": {"calm": 0.5, "mocking": 0.7},
    "list": {"deadpan": 1.0, "aggressive": 0.3},
    "count": {"deadpan": 1.0, "calm": 0.3},
    "echo": {"mocking": 1.2},
    "lowconf": {"deadpan": 0.8, "calm": 0.5},
    "open": {"calm": 0.8, "triumphant": 0.3},
    "boast": {"triumphant": 1.2, "calm": 0.4},
    "punch": {"aggressive": 0.8, "triumphant": 0.4},
}
DICE = 0.45  # spread of the seeded choice
OPENING = {"calm": 0.4, "deadpan": 0.2}  # start below what is to come
CLOSING = {"triumphant": 0.8, "aggressive": 0.6}
REPEATED = (-0.5, -1.5)  # for the affect of the couplet before, and of the two before

LOW_ENERGY, CLIMB = 0.25, 0.55  # of the first couplet; gained by the last
PUNCH_ENERGY = 0.2  # a punch stands above its set-up by this
ARC_EFFORT_DB = 1.2  # of energy 1 against the middle of the scale, through the decoder …
ARC_SEMITONES = 0.7  # … and in register
SETUP_AMOUNT = 0.8  # of the affect in a set-up
SETUP_RISE_SEMITONES = 1.5  # more is to come
SETUP_PUNCH = 0.5  # accent on a set-up's last word, against the punch's 1

PAUSE_SLOTS = 3.0  # an 8th and a half before the punch is heard as a pause, not as a slip
PAUSE_GAIN_SLOTS = 1.0  # and it must be new
PAUSE_COST = 0.06  # what a pause may add to the cost of a line that was fine without it
PAUSES_SHARE = 0.5  # of the punches; a pause before every one is a tic
WEAK_WORDS = 2  # "I brought | a broom": so many unstressed words go with the word they lead to
WORDS_BEFORE_PAUSE = 2

DOUBLES_PER_BAR = 3 / 8
ADLIBS_PER_BAR = 2 / 8
THROWS_PER_BAR = 1 / 4
# Measured on rendered lines: 9 of 10 last syllables are 30 dB down 0.27 s after their vowel's onset, 9 of 10 first
# vowels have at most 0.04 s of sound before them.
WORD_S = 0.32  # a last syllable from its vowel's onset to its end …
ADLIB_S, ADLIB_HEAD_S = 0.30, 0.09  # … the same for an ad-lib, and the consonant before its vowel
HEAD_S = 0.08  # consonants before the next line's first vowel
BREATH_REST_S = 0.35  # a rest shorter than this is not breathed in
ADLIBS: dict[str, tuple[str, ...]] = {
    "calm": ("right", "yup"),
    "mocking": ("ha", "aw", "huh"),
    "aggressive": ("what", "uh", "hey"),
    "triumphant": ("hey", "woo", "yes"),
    "deadpan": ("right", "nah", "sure"),
}


@dataclass(frozen=True)
class AdLib:
    """A word between the lines, its vowel on ``slot``."""

    text: str
    slot: float


@dataclass(frozen=True)
class BarDelivery:
    """How one bar is said.

    ``energy`` runs from 0 to 1 through the verse; ``accent_word`` carries the punch accent, which is the
    ``punch_from_end``-th accent from the last; ``pause_before`` is the word a pause was made for, or None; ``slots``
    are the bar's own, or those of the line planned again around the pause.
    """

    index: int
    affect: str
    amount: float
    energy: float
    is_punch: bool
    accent_word: int
    punch_from_end: int
    pause_before: int | None
    slots: tuple[float, ...]
    doubled: tuple[int, ...]
    thrown: tuple[int, ...]
    roomy: tuple[int, ...]
    adlibs: tuple[AdLib, ...]
    breath_before: bool

    def colours(self, own: Delivery) -> Delivery:
        """A voice's own delivery as this bar wants it."""
        how = with_affect(own, self.affect, self.amount)
        above = 2.0 * self.energy - 1.0
        values = dict(vars(how))
        values["effort_db"] += ARC_EFFORT_DB * above
        values["transpose_semitones"] += ARC_SEMITONES * above
        values["punch_from_end"] = self.punch_from_end
        if not self.is_punch:
            values["final_semitones"] += SETUP_RISE_SEMITONES
            values["punch"] *= SETUP_PUNCH
        return within_limits(values)


def plan_performance(
    verse: Verse, palette: Mapping[str, float] | None = None, seed: int = 0
) -> tuple[BarDelivery, ...]:
    """The delivery of every bar of a verse.

    ``palette`` says how much a persona likes each affect (0 never; missing affects are never used); None likes all
    alike.

    Raises:
        ValueError: an unknown affect in the palette, or none that may be used.
    """
    likes = checked_palette(dict.fromkeys(AFFECTS, 1.0) if palette is None else palette)
    rng = np.random.default_rng([int(seed) & 0xFFFFFFFF, 0xDE11])
    couplets = _couplets(verse.bars)
    affects = _affects(couplets, likes, rng)
    plans: list[BarDelivery] = []
    for number, (couplet, affect) in enumerate(zip(couplets, affects, strict=True)):
        climb = number / max(1, len(couplets) - 1)
        for bar in couplet:
            is_punch = bar is couplet[-1]
            accent = accented_word(bar, is_punch)
            plans.append(
                BarDelivery(
                    index=bar.index,
                    affect=affect,
                    amount=1.0 if is_punch else SETUP_AMOUNT,
                    energy=LOW_ENERGY + CLIMB * climb + PUNCH_ENERGY * is_punch,
                    is_punch=is_punch,
                    accent_word=accent,
                    punch_from_end=_accents_after(bar.syllables, accent),
                    pause_before=None,
                    slots=bar.slots,
                    doubled=(),
                    thrown=(),
                    roomy=(),
                    adlibs=(),
                    breath_before=False,
                )
            )
    plans = _with_pauses(plans, verse, rng)
    plans = _with_second_voices(plans, verse, rng)
    return tuple(plans)


def checked_palette(palette: Mapping[str, float]) -> dict[str, float]:
    """The palette in the order of `AFFECTS`, without what is never used."""
    unknown = sorted(set(palette) - set(AFFECTS))
    if unknown:
        raise ValueError(f"affect must be one of {', '.join(AFFECTS)}, got {unknown[0]!r}")
    likes = {name: float(palette[name]) for name in AFFECTS if palette.get(name, 0.0) > 0}
    if not likes or not all(math.isfinite(value) for value in likes.values()):
        raise ValueError("a palette needs at least one affect with a finite weight above 0")
    return likes


def performed_verse(verse: Verse, plans: Sequence[BarDelivery]) -> Verse:
    """The verse with its bars on the slots they are said on."""
    bars = tuple(replace(bar, slots=plan.slots) for bar, plan in zip(verse.bars, plans, strict=True))
    return replace(verse, bars=bars)


# --------------------------------------------------------------------------------------------------- attitude


def _couplets(bars: Sequence[Bar]) -> list[list[Bar]]:
    out: list[list[Bar]] = []
    for bar in bars:
        if out and out[-1][-1].rhyme_group == bar.rhyme_group and len(out[-1]) < 2:
            out[-1].append(bar)
        else:
            out.append([bar])
    return out


def _affects(couplets: Sequence[Sequence[Bar]], likes: Mapping[str, float], rng: np.random.Generator) -> list[str]:
    chosen: list[str] = []
    for number, couplet in enumerate(couplets):
        place = OPENING if number == 0 else CLOSING if number == len(couplets) - 1 else {}
        asked = MOVE_AFFECTS.get(couplet[-1].move, {})
        dice = rng.normal(0.0, DICE, len(AFFECTS))
        worth = {}
        for name, roll in zip(AFFECTS, dice, strict=True):
            if name not in likes:
                continue
            worth[name] = math.log(likes[name]) + asked.get(name, 0.0) + place.get(name, 0.0) + float(roll)
            if chosen and chosen[-1] == name:
                worth[name] += REPEATED[1] if len(chosen) > 1 and chosen[-2] == name else REPEATED[0]
        chosen.append(max(worth, key=worth.__getitem__))
    return chosen


def accented_word(bar: Bar, is_punch: bool) -> int:
    """The word with the punch accent: the end word, or in a set-up what the opponent said, flung back."""
    last = end_accent(bar.syllables)
    if is_punch:
        return last
    answered = [answer.split()[-1].lower() for answer in bar.answers if answer.split()]
    for syllable in bar.syllables:
        word = syllable.word_text.lower().strip("'\".,!?")
        if syllable.stress == 1 and any(len(stem) > 2 and word.startswith(stem[:4]) for stem in answered):
            return syllable.word_index
    return last


def end_accent(syllables: Sequence[Syllable]) -> int:
    """The word that a line lands on: its last, or the one before the weak words at its end ("nice to *meet* you")."""
    return syllables[-1].word_index - weak_words(syllables)


def _accents_after(syllables: Sequence[Syllable], word: int) -> int:
    """How many accents (stressed syllables) stand after the word's last one; 0 where the word has none."""
    stressed = [s.word_index for s in syllables if s.stress == 1]
    if word not in stressed:
        return 0
    return len(stressed) - 1 - max(k for k, index in enumerate(stressed) if index == word)


# --------------------------------------------------------------------------------------------------- pauses


def _with_pauses(plans: list[BarDelivery], verse: Verse, rng: np.random.Generator) -> list[BarDelivery]:
    """The punches that get a pause: those where it costs least, at most a share of them."""
    found: list[tuple[float, int, BarDelivery]] = []
    punches = [k for k, plan in enumerate(plans) if plan.is_punch]
    for k in punches:
        paused = _paused(plans[k], verse.bars[k], verse.bpm, verse.span_beats)
        if paused is not None:
            added, plan = paused
            found.append((added + 0.02 * float(rng.random()), k, plan))
    out = list(plans)
    for _, k, plan in sorted(found, key=lambda row: row[:2])[: max(1, int(PAUSES_SHARE * len(punches)))]:
        out[k] = plan
    return out


def pause_word(syllables: Sequence[Syllable]) -> int | None:
    """The word before which a pause belongs: the last one with the unstressed words that lead to it."""
    stressed = {s.word_index for s in syllables if s.stress == 1}
    word = end_accent(syllables)
    for _ in range(WEAK_WORDS):
        if word - 1 in stressed or word - 1 < 0:
            break
        word -= 1
    return word if word >= WORDS_BEFORE_PAUSE and word - 1 in stressed else None


def _paused(plan: BarDelivery, bar: Bar, bpm: float, span_beats: int) -> tuple[float, BarDelivery] | None:
    """The bar planned again with a pause before its last words, and what that adds to its cost; None where it would
    not be easy to say, would start earlier or end later."""
    word = pause_word(bar.syllables)
    if word is None or any(abs(slot - round(2 * slot) / 2) > 1e-6 for slot in bar.slots):  # triplets, swing
        return None
    at = next(k for k, s in enumerate(bar.syllables) if s.word_index == word) - 1
    before = bar.slots[at + 1] - bar.slots[at]
    if bar.syllables[at].pause_after:
        return None
    held = list(bar.syllables)
    held[at] = replace(held[at], pause_after=True)
    step = 0.5 if span_beats == 2 else 1.0
    try:
        again = plan_slots(
            held,
            bpm,
            span_beats=span_beats,
            pickup_slots=max(0, round(-bar.slots[0] / step)),
            end_slot=max(0, math.floor(bar.slots[-1])),
        )
    except SlotError:
        return None
    gap = again.slots[at + 1] - again.slots[at]
    added = again.cost - bar.slot_cost
    if (
        again.cost > FIT_COST
        or added > PAUSE_COST
        or gap < PAUSE_SLOTS * step
        or gap < before + PAUSE_GAIN_SLOTS * step
    ):
        return None
    return added, replace(plan, pause_before=word, slots=again.slots)


# --------------------------------------------------------------------------------------------------- around the lead


def _with_second_voices(plans: list[BarDelivery], verse: Verse, rng: np.random.Generator) -> list[BarDelivery]:
    count = len(plans)
    slot_s = Timeline(verse.bpm, 1).slot_s
    span = verse.span_beats * SLOTS_PER_BEAT
    last_words = [end_accent(bar.syllables) for bar in verse.bars]
    punches = [k for k, plan in enumerate(plans) if plan.is_punch]
    final = count - 1

    # Doubles: the end of the verse, then punches, strongest attitudes first.
    order = sorted(punches[:-1], key=lambda k: (plans[k].affect in ("calm", "deadpan"), float(rng.random())))
    doubled = set(([final, *order])[: max(1, round(DOUBLES_PER_BAR * count))])
    # Throws: the last word rings on; others where it is quiet after them.
    quiet = [after_s - before_s for before_s, after_s in _gaps_s(plans, span, slot_s)]
    order = sorted(punches[:-1], key=lambda k: (-round(quiet[k], 2), k))
    thrown = set(([final, *order])[: max(1, round(THROWS_PER_BAR * count))])

    adlibs = _adlibs(plans, verse, rng, span, slot_s)
    rests = _gaps_s(plans, span, slot_s)
    out = []
    for k, plan in enumerate(plans):
        before = BREATH_REST_S if k == 0 else rests[k - 1][1] - rests[k - 1][0]
        busy = k > 0 and k - 1 in adlibs
        out.append(
            replace(
                plan,
                doubled=(last_words[k],) if k in doubled else (),
                thrown=(last_words[k],) if k in thrown else (),
                roomy=(plan.accent_word,) if k not in thrown and plan.is_punch else (),
                adlibs=(adlibs[k],) if k in adlibs else (),
                breath_before=before >= BREATH_REST_S and not busy,
            )
        )
    return out


def _gaps_s(plans: Sequence[BarDelivery], span: int, slot_s: float) -> list[tuple[float, float]]:
    """For every bar, seconds from its own line: when its last word is over, and when the next line's first sound comes
    (a beat past the bar after the last one)."""
    ends = [plan.slots[-1] * slot_s + WORD_S for plan in plans]
    nexts = [(span + after.slots[0]) * slot_s - HEAD_S for _, after in pairwise(plans)]
    nexts.append((span + SLOTS_PER_BEAT) * slot_s)
    return list(zip(ends, nexts, strict=True))


def _adlibs(
    plans: Sequence[BarDelivery], verse: Verse, rng: np.random.Generator, span: int, slot_s: float
) -> dict[int, AdLib]:
    """Ad-libs by the bar they follow: never in the first bar, never in two bars running, never over a word."""
    room: dict[int, float] = {}
    for k, (end_s, next_s) in enumerate(_gaps_s(plans, span, slot_s)):
        slot = math.ceil((end_s + ADLIB_HEAD_S) / slot_s)
        if k > 0 and slot * slot_s + ADLIB_S <= next_s:
            room[k] = float(slot + slot % 2 if (slot + slot % 2) * slot_s + ADLIB_S <= next_s else slot)
    order = sorted(room, key=lambda k: (not plans[k].is_punch, float(rng.random())))
    chosen: dict[int, AdLib] = {}
    said: set[str] = set()
    for k in order:
        if len(chosen) >= max(1, round(ADLIBS_PER_BAR * len(plans))):
            break
        if k - 1 in chosen or k + 1 in chosen:
            continue
        words = [word for word in ADLIBS[plans[k].affect] if word not in said] or list(ADLIBS[plans[k].affect])
        text = words[int(rng.integers(len(words)))]
        said.add(text)
        chosen[k] = AdLib(text, room[k])
    return chosen
