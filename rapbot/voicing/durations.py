"""How long each sound lasts so that the vowels come near the grid.

Aim: a speaker on a beat stretches vowels and rests, hurries everything a little, and keeps consonants crisp.  Between
the onsets of two neighbouring vowels the tokens share the planned time by their elasticity; what is left over after
every sound has reached its limit becomes a rest at the word boundary.

*Conventions.*  Token times are in frames of ``hop_s``; ``targets_s`` are vowel onsets relative to the bar line.  A
token boundary is not an acoustic boundary: `ONSET_OFFSET_S` says where a vowel starts relative to its token, by what is
before it (made by ``models/voice_onsets.py``); `rapbot.voicing.onsets` finds the rest from the sound itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rapbot.language.phones import MISAKI_VOWELS, PRIMARY, PUNCTUATION, SECONDARY, Nucleus, misaki_nuclei
from rapbot.protocols import Encoding
from rapbot.values import PronouncedWord

STRESS_MARKS = frozenset((PRIMARY, SECONDARY))
SONORANTS = frozenset("lɹrwjmnŋ")

# Acoustic vowel onset minus start of the nucleus token: after a vowel, a sonorant, a pause, an obstruent; weak or
# stressed.
ONSET_OFFSET_S = {
    ("vowel", False): -0.048, ("vowel", True): -0.064, ("sonorant", False): -0.053, ("sonorant", True): -0.062,
    ("pause", False): -0.031, ("pause", True): -0.031, ("obstruent", False): -0.050, ("obstruent", True): -0.033,
}  # fmt: skip

# (elasticity, longest as a multiple of the natural length)
ELASTICITY = {"vowel": (1.0, 2.2), "consonant": (0.8, 1.6), "space": (1.0, 2.0), "pause": (1.0, 1e9)}
MIN_FRAMES = 1.0
LEAD_FRAMES = 28.0  # of the initial pad, its natural length: a shorter one swallows the first word (−6 dB at 8 frames)
LAST_VOWEL_FRAMES = 26.0  # 325 ms: a last syllable longer than this drags past its beat
LAST_CONSONANT_FRAMES = 10.0
REST_S = 0.09  # a boundary shorter than this is a juncture, not a rest
TAIL_FRAMES = 10.0  # each of the tokens after the last sound


@dataclass(frozen=True)
class TokenPlan:
    """Frames of every token; the bar line lies ``origin_s`` after the first frame."""

    frames: np.ndarray
    origin_s: float
    nuclei: tuple[Nucleus, ...]  # in token indexes

    @property
    def edges(self) -> np.ndarray:
        """Token boundaries in frames, one more than tokens."""
        return np.concatenate([[0], np.cumsum(self.frames)])


def spoken_line(words: Sequence[PronouncedWord]) -> str:
    """The misaki string of a line; one that ends without punctuation gets a full stop, so that its last word falls."""
    if not words:
        raise ValueError("a line needs at least one word")
    line = " ".join(word.misaki + word.after for word in words)
    return line if line[-1] in PUNCTUATION else line + "."


def token_nuclei(misaki: str) -> tuple[Nucleus, ...]:
    """The nuclei of a misaki string in token indexes (the pad before the string is token 0)."""
    return tuple(Nucleus(n.start + 1, n.vowel + 1, n.end + 1, n.stress) for n in misaki_nuclei(misaki))


def onset_class(tokens: Sequence[str], nucleus: Nucleus) -> str:
    """What stands before a vowel: ``vowel``, ``sonorant``, ``obstruent`` or ``pause``."""
    index = nucleus.start - 1
    while index > 0 and tokens[index] == " ":
        index -= 1
    before = tokens[index]
    if index == 0 or before in PUNCTUATION:
        return "pause"
    if before in MISAKI_VOWELS:
        return "vowel"
    return "sonorant" if before in SONORANTS else "obstruent"


def plan_tokens(encoding: Encoding, targets_s: np.ndarray, hop_s: float) -> TokenPlan:
    """Frames per token that bring the expected vowel onsets onto the targets."""
    tokens = encoding.tokens
    nuclei = token_nuclei("".join(tokens[1:-1]))
    if len(nuclei) != len(targets_s):
        raise ValueError(f"{len(nuclei)} syllables need as many targets, got {len(targets_s)}")
    natural = encoding.durations * (encoding.duration_s / hop_s)
    wanted = natural.copy()
    wanted[0] = LEAD_FRAMES
    starts = [
        (target - ONSET_OFFSET_S[onset_class(tokens, nucleus), nucleus.stress == 1]) / hop_s
        for target, nucleus in zip(targets_s, nuclei, strict=True)
    ]
    if len(nuclei) > 1:
        first = np.asarray([nucleus.start for nucleus in nuclei])
        inner = slice(first[0], first[-1])
        wanted[inner] = _shared(tokens[inner], natural[inner], first - first[0], np.diff(starts))
    _cap_tail(wanted, tokens, nuclei[-1])
    edges = np.round(np.concatenate([[0], np.cumsum(wanted)])).astype(int)
    frames = np.maximum(1, np.diff(edges))
    edges = np.concatenate([[0], np.cumsum(frames)])
    return TokenPlan(frames, float(edges[nuclei[0].start] - starts[0]) * hop_s, nuclei)


def rests_s(plan: TokenPlan, tokens: Sequence[str], hop_s: float) -> tuple[tuple[float, float], ...]:
    """Stretches (start, end in seconds of audio) where a word boundary has been given a real rest."""
    edges = plan.edges
    out: list[tuple[float, float]] = []
    index, last = 1, plan.nuclei[-1].end
    while index < last:
        first = index
        while index < last and _kind(tokens[index]) in ("space", "pause"):
            index += 1
        start_s, end_s = float(edges[first]) * hop_s, float(edges[index]) * hop_s
        if end_s - start_s >= REST_S:
            out.append((start_s, end_s))
        index = max(index, first + 1)
    return tuple(out)


def _kind(token: str) -> str:
    if token in MISAKI_VOWELS or token in STRESS_MARKS:
        return "vowel"
    if token in PUNCTUATION:
        return "pause"
    return "space" if token == " " else "consonant"


def _shared(tokens: Sequence[str], natural: np.ndarray, edges: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Frames for the tokens of each stretch between ``edges`` that add up to its total (or to the least they can)."""
    kinds = [_kind(token) for token in tokens]
    elastic = np.asarray([ELASTICITY[kind][0] for kind in kinds])
    longest = np.maximum(natural * np.asarray([ELASTICITY[kind][1] for kind in kinds]), MIN_FRAMES)
    starts, sizes = edges[:-1], np.diff(edges)

    def stretched(amounts: np.ndarray) -> np.ndarray:
        amount = np.repeat(amounts, sizes)
        return np.clip(natural * np.maximum(0.0, 1.0 + elastic * amount), MIN_FRAMES, longest)

    low, high = np.full(len(totals), -1.3), np.full(len(totals), 60.0)
    for _ in range(24):  # bisection of all stretches at once: 24 halvings leave a hundred-thousandth of a length
        middle = (low + high) / 2
        short = np.add.reduceat(stretched(middle), starts) < totals
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    frames = stretched(high)
    left_over = totals - np.add.reduceat(frames, starts)
    for k in np.flatnonzero(left_over > 1e-3):
        stretch = range(edges[k], edges[k + 1])
        rest = [index for index in stretch if kinds[index] in ("pause", "space")]
        where = rest[-1] if rest else next(index for index in stretch if kinds[index] == "vowel")
        frames[where] += left_over[k]
    return frames


def _cap_tail(wanted: np.ndarray, tokens: Sequence[str], last: Nucleus) -> None:
    """The last syllable has no target after it: keep its natural length within limits, and cut the silence."""
    vowel = slice(last.start, last.end)
    length = wanted[vowel].sum()
    if length > LAST_VOWEL_FRAMES:
        wanted[vowel] *= LAST_VOWEL_FRAMES / length
    for index in range(last.end, len(wanted)):
        quiet = index == len(wanted) - 1 or _kind(tokens[index]) in ("pause", "space")
        wanted[index] = min(wanted[index], TAIL_FRAMES if quiet else LAST_CONSONANT_FRAMES)
