"""Lint for the arsenal: what a new couplet must satisfy before a reader's time is spent on it.

*Conventions.*  A finding names the couplet, the rule it breaks and how.  Rules: *terms* (every term of the vocabulary
has a noun), *slots* (those its needs can fill), *renders* (three sample nouns fill and agree), *rhyme* (of last words
or of ends like "meet you", confirmed in the second lexicon and in the voice's own sounds), *fits* (a bar at one of
`TEMPI`), *copy* (no `RUN_WORDS` words in a row shared with another couplet).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapbot.language.nouns import NounLexicon
from rapbot.rhythm.slots import span_beats_for
from rapbot.values import Number
from rapbot.writing.arsenal import Couplet, Filler, agrees, bare, end_word, fill, words_of
from rapbot.writing.candidates import RECALLING
from rapbot.writing.checker import Checker, runs
from rapbot.writing.vocabulary import ANY, CLAIMED_FRAME, Vocabulary

TEMPI = (72.0, 80.0, 90.0, 100.0, 112.0)
SAMPLES = 3
RUN_WORDS = 6  # shorter runs are idiom ("you opened up your mouth and")

# What fills the slots that are no nouns of a category, by bare slot.
SAMPLE_WORDS = {
    "N": ("Marcus", "Jessica", "Tony"),
    "P": ("Chicago", "Brooklyn", "New York"),
    "V": ("smash", "delete", "take down"),
    "L": ("soul", "heart", "brain"),
    "I": ("toaster", "alarm clock", "vending machine"),
    "w1": ("heart", "cold", "town"),
    "w2": ("start", "gold", "down"),
    "nw": ("eighty", "sixty-one", "ninety"),
    "n": ("four", "five", "six"),
    "Q": ("carcass", "pigeon", "coupon"),
    "X": ("tiger", "umbrella", "gold chain"),
    "Y": ("jacket", "apple pie", "watch"),
    "R": ("last round", "round one", "round three"),
}
# Slots an anchor of each head fills; companions may stand in any couplet.
COMPANIONS = frozenset(("N", "P", "I", "V", "L"))
OWN_SLOTS = {
    "claim": "X", "poss": "X", "job": "X", "said": "X", "family": "X", "crew": "X", "list": "XY", "lowconf": "XY",
    "rep": "X",
}  # fmt: skip
MEASURED_SLOTS = {"echo": ("w1", "w2"), "count": ("nw",), "rep": ("n",), "pun": ("Q",)}


@dataclass(frozen=True)
class Finding:
    """One thing to mend."""

    couplet_id: str
    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.couplet_id}: {self.rule}: {self.text}"


def lint(
    couplets: Sequence[Couplet], vocabulary: Vocabulary, nouns: NounLexicon, checker: Checker
) -> Iterator[Finding]:
    """Findings couplet by couplet, in the order of the bank."""
    by_run: dict[tuple[str, ...], str] = {}
    for couplet in couplets:
        yield from _slots(couplet)
        samples = sample_fillers(couplet, vocabulary, nouns)
        if not samples:
            yield Finding(couplet.id, "terms", f"no listed noun meets {couplet.needs.head}:{couplet.needs.term}")
            continue
        rendered: list[tuple[str, str]] = []
        for fillers in samples:
            try:
                rendered.append(fill(couplet, fillers))
            except ValueError as error:
                yield Finding(couplet.id, "renders", str(error))
        if rendered:
            yield from _sound(couplet, min(rendered, key=lambda lines: len(lines[0] + lines[1])), checker)
        for run in sorted(_runs(couplet)):
            other = by_run.setdefault(run, couplet.id)
            if other != couplet.id:
                yield Finding(couplet.id, "copy", f"shares {' '.join(run)!r} with {other}")
                break


def sample_fillers(couplet: Couplet, vocabulary: Vocabulary, nouns: NounLexicon) -> list[dict[str, Filler]]:
    """Up to `SAMPLES` ways to fill the couplet, its own noun taken from the noun lists by its term."""
    own = next(iter(OWN_SLOTS.get(couplet.needs.head, "I" if couplet.needs.head == "insult" else "")), "")
    chosen = _nouns_for(couplet, own, vocabulary, nouns) if own in {bare(s) for s in couplet.slots} else []
    needed = couplet.needs.term not in (None, ANY) and couplet.needs.head != "rep"
    if own in {bare(s) for s in couplet.slots} and needed and not chosen:
        return []
    out = []
    for k in range(SAMPLES):
        fillers = {slot: Filler(words[k % len(words)]) for slot, words in SAMPLE_WORDS.items()}
        if chosen:
            fillers[own] = chosen[k % len(chosen)]
        out.append(fillers)
    return out


def _nouns_for(couplet: Couplet, slot: str, vocabulary: Vocabulary, nouns: NounLexicon) -> list[Filler]:
    needs = couplet.needs
    if needs.term in (None, ANY) or needs.head == "rep":
        return []
    term = vocabulary.term(needs.head, needs.term)
    out: list[Filler] = []
    for entry in nouns.entries:
        if not term.met_by(entry.noun, entry.category, entry.frames):
            continue
        if needs.head == "claim" and CLAIMED_FRAME not in entry.frames and entry.noun not in term.nouns:
            continue
        out.append(Filler(entry.noun, entry.number, vocabulary.is_proper(entry.noun, entry.category)))
    listed = {filler.text for filler in out}
    out += [Filler(noun, _wanted(needs.number)) for noun in sorted(term.nouns - listed - term.exceptions)]
    fitting = [filler for filler in out if all(agrees(couplet, s, filler) for s in couplet.slots if bare(s) == slot)]
    return fitting[:SAMPLES]


def _wanted(number: str) -> Number:
    return "pl" if number == "pl" else "sg"


def _slots(couplet: Couplet) -> Iterator[Finding]:
    needs = couplet.needs
    fillable = COMPANIONS | set(OWN_SLOTS.get(needs.head, "")) | set(MEASURED_SLOTS.get(needs.head, ()))
    fillable |= {"R"} if couplet.move in RECALLING else set()
    for slot in sorted({bare(s) for s in couplet.slots} - fillable):
        yield Finding(couplet.id, "slots", f"{needs.head!r} cannot fill {{{slot}}}")


def _sound(couplet: Couplet, lines: tuple[str, str], checker: Checker) -> Iterator[Finding]:
    if not checker.rhymes(lines):
        yield Finding(couplet.id, "rhyme", f"{end_word(lines[0])!r} / {end_word(lines[1])!r} is not confirmed")
        return
    faults: list[str] = []
    for bpm in TEMPI:
        found = checker.faults(lines, bpm, span_beats_for(bpm), frozenset())
        if not found:
            return
        faults = faults or found
    yield Finding(couplet.id, "fits", "; ".join(faults))


def _runs(couplet: Couplet) -> frozenset[tuple[str, ...]]:
    return frozenset(run for line in couplet.lines for run in runs(words_of(line), RUN_WORDS))
