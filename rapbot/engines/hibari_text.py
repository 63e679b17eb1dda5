"""hibari's text front end (Apache-2.0): pronunciations in context, part-of-speech tags, and its lexicon.

The grapheme-to-phoneme pipeline is misaki's (lexicon with part of speech, a small net for unknown words).  What it gets
wrong in rap is put right here: dropped g's ("runnin'"), slang it would spell out ("skrrt"), and syllabic nasals.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any

from rapbot.language.phones import PUNCTUATION, arpabet, misaki_nuclei, with_syllabic_nasals
from rapbot.values import PronouncedWord

# Words of the genre that the lexicon spells out or misreads, in misaki.
SLANG = {
    "skrrt": "skˈɜɹt", "skrt": "skˈɜɹt", "opps": "ˈɑps", "opp": "ˈɑp", "finna": "fˈɪnə", "lil": "lˈɪl", "bruh": "bɹˈʌ",
    "brr": "bɹˈɜɹ", "ayy": "ˈA", "ayo": "ˈAˌO", "yo": "jˈO", "nah": "nˈɑ", "naw": "nˈɔ", "tryna": "tɹˈInə",
    "imma": "ˈImə", "ima": "ˈImə", "gon": "ɡˈOn", "wack": "wˈæk", "emcee": "ˌɛmsˈi", "mc": "ˌɛmsˈi", "dj": "dˈiʤˌA",
    "cypher": "sˈIfəɹ", "djs": "dˈiʤˌAz", "bpm": "bˌipˌiˈɛm", "ok": "ˌOkˈA", "okay": "ˌOkˈA", "wifi": "wˈIfˌI",
    "every": "ˈɛvɹi",
    "wi-fi": "wˈIfˌI", "priya": "pɹˈiə", "dolores": "dəlˈɔɹəs", "kanye": "kˈɑnjˌA", "roomba": "ɹˈumbə",
}  # fmt: skip
_WORD = re.compile(r"[A-Za-z][A-Za-z'’\-]*")
_QUOTES = re.compile(r"[\"“”«»]")
_NO_NOT_NUMBER = re.compile(r"\b([Nn]o)\.(?!\s*\d)")  # normalisation reads "no." as "number" wherever it stands
_DROPPED_G = re.compile(r"^([a-z]+)in['’]$")
MOST_KEPT = 16_384  # pronounced texts: the same words come again at every word an opponent adds
MAX_WORD_CHARS = 60  # longer "words" are line noise; the net would happily babble for a minute


class HibariText:
    """G2p, Tagger and Lexicon over one loaded pipeline (0.4 s to load, under 1 ms a line)."""

    def __init__(self) -> None:
        self._g2p = _pipeline()

    def pronounce(self, text: str) -> tuple[PronouncedWord, ...]:
        """Words of ``text`` with their sounds in context; see `rapbot.protocols.G2p`."""
        return _pronounced(text)

    def tag(self, words: Sequence[str]) -> tuple[str, ...]:
        """Penn Treebank tags, one per word."""
        return tuple(self._g2p.tagger(list(words))) if words else ()

    def pronunciations(self, word: str) -> tuple[tuple[str, ...], ...]:
        """The word's pronunciation on its own; empty where only the unknown-word net could answer."""
        low = word.lower()
        if low not in SLANG and not self._known(low):
            return ()
        try:
            spoken = self.pronounce(low)
        except ValueError:
            return ()
        return (tuple(phone for part in spoken for phone in part.phones),)

    def syllable_stresses(self, word: str) -> tuple[int, ...]:
        """Stress (0, 1, 2) of each syllable of one recognised word; empty where it cannot be pronounced."""
        try:
            return tuple(nucleus.stress for part in self.pronounce(word) for nucleus in misaki_nuclei(part.misaki))
        except ValueError:
            return ()

    def _known(self, word: str) -> bool:
        lexicon = self._g2p.lexicon
        return lexicon.is_known(word, "NN") if hasattr(lexicon, "is_known") else word in lexicon.golds


@functools.lru_cache(maxsize=MOST_KEPT)
def _pronounced(text: str) -> tuple[PronouncedWord, ...]:
    text = text.replace("’", "'").replace("–", "—").replace(" - ", " — ")
    text = _QUOTES.sub("", text).strip()  # unheard, and one before the first word of a line is refused
    text = _NO_NOT_NUMBER.sub(r"\1 .", text)
    for token in text.split():
        if len(token) > MAX_WORD_CHARS:
            raise ValueError(f"{token[:24]!r}… is {len(token)} characters long; the limit is {MAX_WORD_CHARS}")
    from hibari.g2p.normalize import normalize

    pipeline = _pipeline()
    tokens = pipeline.phonemize_tokens(pipeline.tokenize(_mark_slang(normalize(text))))
    return _words(tokens, text)


@functools.lru_cache(maxsize=1)
def _pipeline() -> Any:
    from hibari.g2p import G2P

    return G2P()


def _mark_slang(text: str) -> str:
    """Put our own pronunciations in the pipeline's ``[word](/phonemes/)`` markup."""

    def replace(match: re.Match[str]) -> str:
        word = match.group()
        low = word.lower().rstrip("'-")
        if low in SLANG:
            return f"[{word}](/{SLANG[low]}/)"
        dropped = _DROPPED_G.match(word.lower())
        if dropped:
            full = _pipeline()(dropped.group(1) + "ing")
            if full.endswith("ɪŋ"):
                return f"[{word}](/{full[:-1]}n/)"
        return word

    return _WORD.sub(replace, text)


def _words(tokens: Sequence[Any], text: str) -> tuple[PronouncedWord, ...]:
    out: list[PronouncedWord] = []
    spelling, sounds = "", ""

    def flush(after: str = "") -> None:
        nonlocal spelling, sounds
        if spelling:
            sounds_full = with_syllabic_nasals(sounds)
            if not misaki_nuclei(sounds_full):
                raise ValueError(f"cannot pronounce {spelling!r} in {text!r}")
            out.append(PronouncedWord(spelling, sounds_full, arpabet(sounds_full), after))
        elif after and out:
            last = out[-1]
            out[-1] = PronouncedWord(last.text, last.misaki, last.phones, last.after + after)
        spelling, sounds = "", ""

    for token in tokens:
        spoken = token.phonemes or ""
        if spoken and all(char in PUNCTUATION for char in spoken):
            flush()
            flush("".join(char for char in spoken if char in ",.;:!?—…"))
            continue
        if not spoken and not any(char.isalnum() for char in token.text):
            continue
        spelling += token.text
        # a token such as "50" may be read as several words; inside one written word they are one run of sounds
        sounds += spoken.replace(" ", "")
        if token.whitespace:
            flush()
    flush()
    return tuple(out)
