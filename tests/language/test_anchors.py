"""Anchors on sentences one at a time, on whole marked verses, and on arbitrary words."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rapbot.language.anchors import (
    PAUSE_S,
    TYPED_LINE_GAP_S,
    VerseFacts,
    find_anchors,
    guess_lines,
    verse_facts,
    words_from_text,
)
from rapbot.language.nouns import parse_words
from rapbot.values import Anchor, Word

OWED = 0.6  # DESIGN: anchors from here on are owed an answer


@pytest.fixture(scope="module")
def hear(hibari, nouns):
    def find(line: str) -> tuple[Anchor, ...]:
        words, lines = words_from_text(line)
        return find_anchors(words, hibari, nouns, lines)

    return find


def kinds(anchors) -> set[tuple[str, str]]:
    return {(anchor.kind, anchor.text) for anchor in anchors if anchor.confidence >= OWED}


def spoken_flat(text: str, confidence: float = 1.0) -> tuple[Word, ...]:
    """The words as a recogniser without punctuation, case or pauses would give them."""
    bare = re.sub(r"[^\w\s'-]", "", text.lower()).split()
    return tuple(Word(word, 0.3 * i, 0.3 * i + 0.3, confidence) for i, word in enumerate(bare))


@pytest.mark.parametrize(
    ("line", "owed"),
    [
        # names
        ("My name is Marcus and I came to win", {("name", "marcus")}),
        ("they call me jessica in the back", {("name", "jessica")}),
        ("it's dante on the mic", {("name", "dante")}),
        ("Yeah, I'm DJ Tango tonight", {("name", "dj tango")}),
        ("this is bobby on the track", {("name", "bobby")}),
        # possessions and their frames
        ("I drive a big red tractor", {("possession", "tractor")}),
        ("I got a gold chain and a jet", {("possession", "gold chain"), ("possession", "jet")}),
        ("I pull up in a Cadillac, gold chain on my chest", {("possession", "cadillac"), ("possession", "gold chain")}),
        ("my grandma's lasagna is hot", {("family", "grandma"), ("possession", "lasagna")}),
        ("I teach algebra in school", {("possession", "algebra")}),
        # claims and jobs
        ("I'm the lion of the city", {("claim", "lion")}),
        ("I'm a surgeon with the words", {("job", "surgeon")}),
        ("I trained as a boxer", {("claim", "boxer")}),
        ("I'm the greatest, I'm the best", {("boast", "greatest"), ("boast", "best")}),
        # similes
        ("I hit like a truck", {("simile", "truck")}),
        ("I'm cooler than ice", {("simile", "ice")}),
        # places, crew, family
        ("straight outta Brooklyn with my crew", {("place", "brooklyn"), ("crew", "crew")}),
        ("my brother and my sister", {("family", "brother"), ("family", "sister")}),
        # threats
        ("I'll smash you into pieces", {("threat", "smash")}),
        ("ill smash you into pieces", {("threat", "smash")}),
        ("gonna unplug your little server", {("threat", "unplug")}),
        ("I'm about to pull the plug", {("threat", "unplug")}),
        ("I came to shut you down", {("threat", "shut down")}),
        ("I'll reboot you and reset you", {("threat", "reboot"), ("threat", "reset")}),
        # insults
        ("you're nothing but a toaster", {("insult", "toaster")}),
        ("you ain't nothing but a glitch", {("insult", "glitch")}),
        ("you sound like a printer", {("insult", "printer")}),
        ("you're a vending machine", {("insult", "vending machine")}),
        ("you're so boring", {("insult", "boring")}),
        ("you sound like my grandfather's old answering machine",
         {("insult", "answering machine"), ("family", "grandfather")}),
        # lacks
        ("you got no heart, no soul", {("lack", "heart"), ("lack", "soul")}),
        ("you don't have any feelings", {("lack", "feelings")}),
        ("you never had a body", {("lack", "body")}),
        # phrases
        ("you can't feel a thing", {("said", "feel")}),
    ],
)  # fmt: skip
def test_what_is_owed_an_answer(hear, line, owed):
    assert kinds(hear(line)) == owed


@pytest.mark.parametrize(
    "line",
    [
        "I'll show you how it goes",  # no threat
        "let me tell you something",
        "I'm not a toy",  # denied
        "you ain't a rapper",
        "I'm tired of it all",
        "",
        "uh, yeah, yo",
        "he drives a car and she has a dog",  # theirs, not the speaker's
    ],
)
def test_what_is_no_claim_possession_or_threat(hear, line):
    assert not {kind for kind, _ in kinds(hear(line))} & {"claim", "job", "possession", "threat", "insult", "name"}


def test_a_simile_inside_a_threat_belongs_to_the_threat(hear):
    assert kinds(hear("I'll smash you like a spider")) == {("threat", "smash")}


@pytest.mark.parametrize(
    ("line", "text", "frame"),
    [("I drive a tractor", "tractor", "driven"), ("I play the guitar", "guitar", "played"), ("my jacket is new",
    "jacket", "worn"),  ("I eat a steak for breakfast", "steak", "eaten"), ("I bake a chocolate cake", "chocolate cake",
    "made"),  ("I study chemistry", "chemistry", "studied"), ("my dog is mean", "dog", "owned"),
     ("I'm a wizard", "wizard", "been"), ("I sip whiskey", "whiskey", "drunk")],
)  # fmt: skip
def test_frames_say_how_the_noun_stands_to_them(hear, line, text, frame):
    assert [anchor.frame for anchor in hear(line) if anchor.text == text] == [frame]


@pytest.mark.parametrize(
    ("line", "text", "number"),
    [("I got a diamond watch", "diamond watch", "sg"), ("I wear Jordans", "jordans", "pl"), ("I got two dogs", "dogs",
    "pl"),  ("I eat lasagna", "lasagna", "mass"), ("my shoes are new", "shoes", "pl"), ("I wear a shoe", "shoe", "sg")],
)  # fmt: skip
def test_number(hear, line, text, number):
    assert [anchor.number for anchor in hear(line) if anchor.text == text] == [number]


def test_the_sense_follows_how_it_is_said(hear):
    (simile,) = [a for a in hear("I'm colder than ice") if a.text == "ice"]
    (worn,) = [a for a in hear("I wear ice on my wrist") if a.text == "ice"]
    assert (simile.category, worn.category) == ("water.ice", "jewelry.stone")


def test_an_unknown_noun_is_an_anchor_without_a_category(hear):
    (anchor,) = [a for a in hear("I got a flibbertigibbet") if a.kind == "possession"]
    assert (anchor.text, anchor.category) == ("flibbertigibbet", None)
    assert anchor.confidence < 0.8  # half the lexicon's certainty is missing


def test_blocked_nouns_never_become_anchors(hear, data):
    blocked = parse_words((data.parents[2] / "models" / "nouns" / "nouns_block.txt").read_text(encoding="utf-8"))
    for noun in blocked:
        for line in (f"I'm a {noun}", f"you're a {noun}", f"my {noun} is here", f"I got a {noun}", f"like a {noun}"):
            assert noun not in {anchor.text for anchor in hear(line)}


def test_a_repeated_anchor_is_reported_once(hear):
    anchors = hear("I'm a lion, I'm a lion\nI told you I'm a lion")
    assert [anchor.text for anchor in anchors if anchor.kind == "claim"] == ["lion"]


def test_line_index_and_time_are_those_of_the_words(hibari, nouns):
    words, lines = words_from_text("My name is Marcus\nI drive a tractor")
    anchors = find_anchors(words, hibari, nouns, lines)
    assert [(a.text, a.line_index) for a in anchors] == [("marcus", 0), ("tractor", 1)]
    assert anchors[1].start_s == words[7].start_s


def test_confidence_is_the_least_sure_word_of_the_anchor(hibari, nouns):
    words = [Word(w, 0.3 * i, 0.3 * i + 0.3, 0.9) for i, w in enumerate("you are a vending machine".split())]
    sure = find_anchors(words, hibari, nouns)[0].confidence
    words[3] = Word("vending", 0.9, 1.2, 0.3)
    doubtful = find_anchors(words, hibari, nouns)[0].confidence
    assert doubtful == pytest.approx(sure * 0.3 / 0.9, abs=1e-3)


def test_a_pause_ends_a_phrase(hibari, nouns):
    spoken = "i got a gold chain".split()
    close = [Word(w, 0.3 * i, 0.3 * i + 0.25, 1.0) for i, w in enumerate(spoken)]
    apart = [*close[:4], Word("chain", close[3].end_s + PAUSE_S + 0.1, 2.5, 1.0)]
    assert ("possession", "gold chain") in kinds(find_anchors(close, hibari, nouns))
    assert ("possession", "gold chain") not in kinds(find_anchors(apart, hibari, nouns))


# ------------------------------------------------------------------------------------------------ whole verses


def _gold(path) -> list[tuple[set[tuple[str, str]], set[tuple[str, str]]]]:
    verses = []
    for block in re.split(r"\n\s*\n", path.read_text(encoding="utf-8").strip()):
        rows = [row for row in block.splitlines() if not row.startswith("#")]
        if rows:
            must = {tuple(row.split(" ", 1)) for row in rows if not row.startswith("? ")}
            may = {tuple(row[2:].split(" ", 1)) for row in rows if row.startswith("? ")}
            verses.append((must, may))
    return verses


def _matches(anchor: Anchor, gold: tuple[str, str]) -> bool:
    kind, text = gold
    same_kind = {anchor.kind, kind} <= {"claim", "job"} or anchor.kind == kind
    close = anchor.text.split()[-1] == text.split()[-1] or (
        kind in ("threat", "name") and anchor.text == text.split()[0]
    )
    return same_kind and (anchor.text == text or close)


@pytest.mark.parametrize(
    ("verses", "gold", "flat", "least_recall", "least_precision"),
    # measured .98/.98 typed and .97/.97 flat, .98+/.97 and .92/.95 held out, when written; margins of three anchors
    [
        ("opponents.txt", "opponents_gold.txt", False, 0.97, 0.96),
        ("opponents.txt", "opponents_gold.txt", True, 0.95, 0.96),
        ("heldout_verses.txt", "heldout_gold.txt", False, 0.95, 0.92),
        ("heldout_verses.txt", "heldout_gold.txt", True, 0.87, 0.90),
    ],
)
def test_marked_verses(hibari, nouns, opponents, data, verses, gold, flat, least_recall, least_precision):
    texts = (
        opponents if verses == "opponents.txt" else (data / verses).read_text(encoding="utf-8").strip().split("\n\n")
    )
    owed = found = said = right = 0
    for verse, (must, may) in zip(texts, _gold(data / gold), strict=True):
        words, lines = (spoken_flat(verse), None) if flat else words_from_text(verse)
        anchors = [a for a in find_anchors(words, hibari, nouns, lines) if a.confidence >= OWED]
        owed += len(must)
        found += sum(any(_matches(anchor, item) for anchor in anchors) for item in must)
        said += len(anchors)
        right += sum(any(_matches(anchor, item) for item in must | may) for anchor in anchors)
    print(f"{verses} {'flat' if flat else 'typed'}: recall {found}/{owed}, precision {right}/{said}")
    assert found / owed >= least_recall
    assert right / said >= least_precision


def test_words_misheard_at_low_confidence_make_no_anchor_that_is_owed(hibari, nouns, opponents):
    """A tenth of the words replaced by others, as a recogniser does over music, and marked unsure."""
    pool = [word.text for verse in opponents for word in words_from_text(verse.lower())[0]]
    for k, verse in enumerate(opponents):
        words = list(spoken_flat(verse, confidence=0.9))
        wrong = set()
        for i in range(k % 10, len(words), 10):
            words[i] = Word(pool[(37 * i + 11 * k) % len(pool)], words[i].start_s, words[i].end_s, 0.4)
            wrong.add(words[i].start_s)
        owed = [a for a in find_anchors(words, hibari, nouns) if a.confidence >= OWED]
        assert not [a for a in owed if a.start_s in wrong]


def test_lower_case_and_capitals_give_the_same_claims(hibari, nouns, opponents):
    for verse in opponents:
        typed, lower = (
            {
                (a.kind, a.text)
                for a in find_anchors(words_from_text(line)[0], hibari, nouns)
                if a.kind not in ("name", "place")
            }
            for line in (verse, verse.lower())
        )
        assert typed == lower


# ------------------------------------------------------------------------------------------------ arbitrary input

VOCABULARY = (
    "i i'm you you're my your a an the got like no not nothing but gonna i'll smash dog toaster chain king of from "
    "brooklyn marcus name is call me and , . 's ill it's on mic heart have don't never with crew job surgeon zzz"
).split()
SPOKEN = st.lists(st.tuples(st.sampled_from(VOCABULARY), st.sampled_from((0.0, 0.5)), st.floats(0, 1)), max_size=25)


def _timed(items) -> tuple[Word, ...]:
    out, now = [], 0.0
    for word, gap, confidence in items:
        now += gap
        out.append(Word(word, now, now + 0.2, confidence))
        now += 0.2
    return tuple(out)


@settings(max_examples=150, deadline=None)
@given(SPOKEN)
def test_any_words_give_well_formed_anchors(hibari, nouns, items):
    words = _timed(items)
    anchors = find_anchors(words, hibari, nouns)
    assert anchors == find_anchors(words, hibari, nouns)
    heard = " ".join(word.text for word in words)
    for anchor in anchors:
        assert 0.0 <= anchor.confidence <= 1.0
        assert anchor.start_s in {word.start_s for word in words}
        assert 0 <= anchor.line_index < len(guess_lines(words))
        assert anchor.text.split()[0] in heard or anchor.text == "unplug"
    assert list(anchors) == sorted(anchors, key=lambda a: a.start_s)
    pairs = [(anchor.kind, anchor.text) for anchor in anchors]
    assert len(pairs) == len(set(pairs))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=120))
def test_any_text_can_be_read(hibari, nouns, line):
    words, lines = words_from_text(line)
    find_anchors(words, hibari, nouns, lines)
    assert [i for span in lines for i in span] == list(range(len(words)))


@given(SPOKEN)
def test_guessed_lines_cover_the_words_in_order(items):
    words = _timed(items)
    assert [i for span in guess_lines(words) for i in span] == list(range(len(words)))


# ------------------------------------------------------------------------------------------------ words and facts


def test_typed_words_are_certain_and_lines_are_apart():
    words, lines = words_from_text("Hello there — friend\n\nbye\n")
    assert [word.text for word in words] == ["Hello", "there—", "friend", "bye"]
    assert lines == (range(0, 3), range(3, 4))
    assert {word.confidence for word in words} == {1.0}
    assert words[3].start_s - words[2].end_s == pytest.approx(TYPED_LINE_GAP_S)


def test_facts_count_what_was_said(hibari):
    words, lines = words_from_text(
        "I drove my car to school,\nyou drove your car like a fool.\nI got a brand new car, a farm,\nit never did no "
        "harm"
    )
    facts = verse_facts(words, lines, hibari)
    assert facts == VerseFacts(
        word_count=26,
        last_words=("school", "fool", "farm", "harm"),
        rhyme_pair=("farm", "harm"),
        syllables_per_bar=(6, 7, 8, 6),
        repeated=None,
        duration_s=facts.duration_s,
    )
    assert facts.duration_s == pytest.approx(words[-1].end_s)


def test_facts_name_the_word_said_three_times_and_no_rhyme_where_none_is(hibari):
    words, lines = words_from_text("money on my mind\nmoney on the floor\nmoney in my hat")
    facts = verse_facts(words, lines, hibari)
    assert facts.repeated == ("money", 3)
    assert facts.rhyme_pair is None


def test_facts_of_nothing(hibari):
    assert verse_facts((), (), hibari) == VerseFacts(0, (), None, (), None, 0.0)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Big Sal in the building with the heavy flow", "big sal"),
        ("Lady Vex has arrived and she's taking the throne", "lady vex"),
        ("Imani's here to tell you that you're out of luck", "imani"),
        ("Theo's my name and I'm rapping alone", "theo"),
        ("Quentin on the mic, you better take a seat", "quentin"),
        ("They know me as Fern and I don't give a second chance", "fern"),
    ],
)
def test_names_by_which_somebody_is_presented(hear, line: str, name: str) -> None:
    assert ("name", name) in {(anchor.kind, anchor.text) for anchor in hear(line)}


@pytest.mark.parametrize(
    "line", ["Diamonds on the mic and gold on the track", "Nobody's here to hear you", "I'm Irish and I'm proud of it"]
)
def test_what_only_looks_like_a_name(hear, line: str) -> None:
    assert not [anchor for anchor in hear(line) if anchor.kind == "name"]
