"""The second lexicon: CMUdict through `pronouncing`, used to check rhymes that another lexicon made.

*Conventions.*  `rapbot.protocols.Lexicon`.  ARPAbet with stress digits, as CMUdict writes it; several pronunciations
come in the dictionary's order.  Forms the dictionary lacks are built from the ones it has: possessives and plurals,
dropped g's ("runnin'"), and a small table of the genre's own words.
"""

from __future__ import annotations

import functools
from typing import Any

from rapbot.errors import EngineUnavailable

# Words of the genre that CMUdict lacks or only knows as something else.
SLANG = {
    "skrrt": "S K ER1 T", "skrt": "S K ER1 T", "opp": "AA1 P", "opps": "AA1 P S", "finna": "F IH1 N AH0",
    "bruh": "B R AH1", "tryna": "T R AY1 N AH0", "imma": "AY1 M AH0", "wack": "W AE1 K", "emcee": "EH2 M S IY1",
    "emcees": "EH2 M S IY1 Z", "cypher": "S AY1 F ER0", "wifi": "W AY1 F AY2", "selfie": "S EH1 L F IY0",
    "emoji": "IH0 M OW1 JH IY0", "podcast": "P AA1 D K AE2 S T", "chatbot": "CH AE1 T B AA2 T", "bot": "B AA1 T",
    "bots": "B AA1 T S", "vape": "V EY1 P", "roomba": "R UW1 M B AH0", "tiktok": "T IH1 K T AA2 K",
    "bluetooth": "B L UW1 T UW2 TH", "smartphone": "S M AA1 R T F OW2 N", "hashtag": "HH AE1 SH T AE2 G",
    "app": "AE1 P", "apps": "AE1 P S", "blog": "B L AO1 G", "meme": "M IY1 M", "memes": "M IY1 M Z",
    "twerk": "T W ER1 K", "swag": "S W AE1 G", "bling": "B L IH1 NG", "lambo": "L AE1 M B OW0", "ayo": "EY1 OW0",
    "google": "G UW1 G AH0 L", "ringtone": "R IH1 NG T OW2 N", "spam": "S P AE1 M", "glitch": "G L IH1 CH",
    "reboot": "R IY0 B UW1 T", "unplug": "AH0 N P L AH1 G", "unplugged": "AH0 N P L AH1 G D", "ya": "Y AA1",
}  # fmt: skip
_VOICELESS = frozenset("P T K F TH".split())
_SIBILANT = frozenset("S Z SH ZH CH JH".split())


class CmuLexicon:
    """CMUdict with the inflections of its words.  The dictionary (0.4 s) is read on construction."""

    def __init__(self) -> None:
        self._lookup = _dictionary()

    def pronunciations(self, word: str) -> tuple[tuple[str, ...], ...]:
        """All pronunciations of a word (case and typographic apostrophes ignored); empty where it is unknown."""
        low = word.lower().replace("’", "'").strip()
        found = self._listed(low)
        if found:
            return found
        if low.endswith(("in'", "in")) and len(low) > 4:
            full = self._listed(low.rstrip("'") + "g")
            if full:
                return tuple((*phones[:-1], "N") for phones in full if phones[-1] == "NG")
        for stem in _stems(low):
            base = self._listed(stem)
            if base:
                return tuple((*phones, *_ending(phones[-1])) for phones in base)
        return ()

    def _listed(self, word: str) -> tuple[tuple[str, ...], ...]:
        if word in SLANG:
            return (tuple(SLANG[word].split()),)
        # an entry may end in a comment: "D EY1 N IH0 SH # place, danish"
        found = (tuple(phones.partition("#")[0].split()) for phones in self._lookup.get(word, ()))
        return tuple(dict.fromkeys(phones for phones in found if phones))


def _stems(word: str) -> tuple[str, ...]:
    """What ``word`` would be without a plural or possessive ending; empty where it has none."""
    if word.endswith("'s"):
        return (word[:-2],)
    if word.endswith("s'"):
        return (word[:-1], word[:-2])
    if word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        stems = [word[:-1]]
        if word.endswith("ies"):
            stems.append(word[:-3] + "y")
        if word.endswith("es"):
            stems.append(word[:-2])
        return tuple(stems)
    return ()


def _ending(last: str) -> tuple[str, ...]:
    """How -s sounds after a phone: /s/, /z/ or a syllable of its own."""
    if last in _SIBILANT:
        return ("IH0", "Z")
    return ("S",) if last in _VOICELESS else ("Z",)


@functools.lru_cache(maxsize=1)
def _dictionary() -> Any:
    try:
        import pronouncing
    except ImportError as error:
        raise EngineUnavailable("the second lexicon is missing: install it with `pip install pronouncing`") from error
    pronouncing.init_cmu()
    return pronouncing.lookup
