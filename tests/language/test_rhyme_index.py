"""The rhyme index against an exhaustive search with the functions it speeds up, and the rhymes inside a line."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapbot.language.density import rhymed_share
from rapbot.language.phones import CONSONANTS, VOWELS, is_vowel
from rapbot.language.rhyme import coda_similarity, confirmed_rhyme, rhyme_length, rhyme_score, rimes, tail
from rapbot.language.rhyme_index import (
    CLITICS,
    FIRST_WORDS,
    FLOOR,
    FUNCTION_WORDS,
    KINDS,
    LENGTH_BONUS,
    VERBS,
    RhymeIndex,
    internal_rhymes,
)

PHONES = sorted(CONSONANTS) + [vowel + stress for vowel in sorted(VOWELS) for stress in "012"]
TAILS = st.lists(st.sampled_from(PHONES), max_size=9).map(tuple)
EVERYTHING = 100_000
CODA_COST = 0.02  # what unlike consonants take off the bonus of a syllable beyond the tail
EXACT = 1e-9  # sums of a few products in another order


@pytest.fixture(scope="module")
def words(cmu, data):
    """Every word of the hand-marked pairs and of the mosaic lists, in the order of the files: some 1200."""
    text = (data / "rhyme_pairs.txt").read_text(encoding="utf-8")
    pairs = [line.split("  #")[0] for line in text.splitlines() if not line.startswith("#")]
    spelled = [word for line in pairs for word in re.findall(r"(?<![.A-Z0-9])[a-z']+", line)]
    found = ((word, cmu.pronunciations(word)) for word in dict.fromkeys([*spelled, *FIRST_WORDS, *VERBS]))
    return {word: sounds[0] for word, sounds in found if sounds}


@pytest.fixture(scope="module")
def index(words):
    return RhymeIndex(words)


@pytest.fixture(scope="module")
def say(cmu):
    return lambda text: tuple(phone for word in text.split() for phone in cmu.pronunciations(word)[0])


def texts(hits):
    return [hit.text for hit in hits]


def same_sound(a, b):
    a, b = (tuple(phone.rstrip("012") for phone in phones) for phones in (a, b))
    short, long = sorted((a, b), key=len)
    return a == b or (bool(short) and not is_vowel(short[0]) and long[-len(short) :] == short)


def worth(asked, phones):
    """What the index says it orders by, from the definitions."""
    value = rhyme_score(asked, phones)
    mine, other = rimes(asked)[::-1], rimes(phones)[::-1]
    for k in range(len(tail(asked)), rhyme_length(asked, phones)):
        value += LENGTH_BONUS - CODA_COST * (1 - coda_similarity(mine[k][1], other[k][1]))
    return value


def exhaustive(asked, entries):
    """Every entry that rhymes, best first, the order of ``entries`` deciding among equals."""
    scored = [
        (-round(worth(asked, phones), 9), text)
        for text, phones in entries.items()
        if rhyme_score(asked, phones) >= FLOOR - EXACT and not same_sound(asked, phones)
    ]
    return [text for _, text in sorted(scored, key=lambda pair: pair[0])]


def promises_hold(index, asked):
    for hit in index.top(asked, EVERYTHING):
        assert hit.score == pytest.approx(rhyme_score(asked, hit.phones), abs=EXACT)
        assert FLOOR - EXACT <= hit.score <= 1.0
        assert hit.length == rhyme_length(asked, hit.phones)
        assert hit.confirmed == confirmed_rhyme(asked, hit.phones)
        assert hit.syllables == len(rimes(hit.phones))
        assert not same_sound(asked, hit.phones)
        assert (not rimes(asked)[-1][1]) == (not rimes(hit.phones)[-1][1])  # open never meets closed
        if hit.kind == "perfect":
            assert hit.confirmed
        if hit.kind == "multi":
            assert hit.length >= 2


def test_the_index_finds_what_an_exhaustive_search_finds_in_the_same_order(words, index):
    asked_words = list(words)[::23]
    assert len(asked_words) > 40
    found = 0
    for asked in asked_words:
        hits = [hit for hit in index.top(words[asked], EVERYTHING) if hit.kind != "mosaic"]
        assert texts(hits) == exhaustive(words[asked], words)
        found += len(hits)
    assert found > 200  # an index that finds nothing would have agreed on nothing


def test_a_short_list_is_the_head_of_the_whole_list(words, index):
    for asked in list(words)[::37]:
        whole = index.top(words[asked], EVERYTHING, kinds=("perfect", "slant", "multi"))
        for k in (1, 5, 20):
            assert index.top(words[asked], k, kinds=("perfect", "slant", "multi")) == whole[:k]


def test_phrases_are_searched_by_their_whole_tail(words, index, say):
    for phrase in ("dental care", "payment plan", "head of state", "hand grenade", "battle it", "my own"):
        hits = [hit for hit in index.top(say(phrase), EVERYTHING) if hit.kind != "mosaic"]
        assert texts(hits) == exhaustive(say(phrase), words)


def test_verb_mosaics_are_searched_like_words(words, index, say):
    entries = {
        f"{verb} {clitic}": words[verb] + weak for verb in words if verb in VERBS for clitic, weak in CLITICS.items()
    }
    for asked in ("poet", "leather", "shiver", "party", "city", "pocket"):
        hits = index.top(say(asked), EVERYTHING, kinds=("mosaic",))
        assert sorted(texts(hits)) == sorted(exhaustive(say(asked), entries))
    assert "know it" in texts(index.top(say("poet"), kinds=("mosaic",)))


@given(data=st.data(), noise=TAILS)
def test_every_hit_keeps_what_it_promises(index, words, data, noise):
    """Asked for one or two real words, and for the noise itself."""
    real = data.draw(st.lists(st.sampled_from(sorted(words)), min_size=1, max_size=2))
    for asked in (tuple(phone for word in real for phone in words[word]), noise):
        promises_hold(index, asked)


@given(data=st.data())
def test_two_words_find_each_other_at_the_same_score(index, words, data):
    a, b = (data.draw(st.sampled_from(sorted(words))) for _ in range(2))
    forth = {hit.text: hit.score for hit in index.top(words[a], EVERYTHING)}
    back = {hit.text: hit.score for hit in index.top(words[b], EVERYTHING)}
    assert forth.get(b) == pytest.approx(back.get(a), abs=EXACT)
    assert a not in forth


@given(data=st.data(), kinds=st.sets(st.sampled_from(KINDS), min_size=1))
def test_filters_only_leave_out(index, words, data, kinds):
    asked = words[data.draw(st.sampled_from(sorted(words)))]
    count = data.draw(st.integers(1, 5))
    free = index.top(asked, EVERYTHING)
    kept = index.top(asked, EVERYTHING, syllables=count, kinds=kinds)
    assert kept == tuple(hit for hit in free if hit.syllables == count and hit.kind in kinds)


def test_each_kind_by_example(say):
    index = RhymeIndex({word: say(word) for word in "bone home telephone boat battle cattle paddle know".split()})
    kinds = {hit.text: hit.kind for hit in index.top(say("microphone"))}
    assert kinds == {"telephone": "multi", "bone": "perfect"}  # "home" has to make up for the lighter stress as well
    kinds = {hit.text: hit.kind for hit in index.top(say("grown"))}
    assert kinds == {"telephone": "perfect", "bone": "perfect", "home": "slant"}
    kinds = {hit.text: hit.kind for hit in index.top(say("rattle"))}
    assert kinds == {"battle": "perfect", "cattle": "perfect", "paddle": "multi"}
    kinds = {hit.text: hit.kind for hit in index.top(say("poet"), 1)}
    assert kinds == {"know it": "mosaic"}


def test_a_mosaic_answers_a_phrase_across_its_words(index, say):
    hits = {hit.text: hit for hit in index.top(say("dental care"), 20, kinds=("mosaic",))}
    assert "sentimental chair" in hits
    assert hits["sentimental chair"].length == 3
    assert hits["sentimental chair"].syllables == 5
    assert all(hit.length > 1 for hit in hits.values())  # the rhyme crosses the gap between the words
    assert not any(text.startswith("dental ") or text.endswith(" care") for text in hits)  # nothing is said twice
    back = texts(index.top(say("sentimental chair"), EVERYTHING, kinds=("mosaic",)))
    assert any(text.split()[0] in ("dental", "gentle") for text in back)


def test_words_and_mosaics_stand_in_one_order(words, index, say):
    """By the definitions, which know nothing of where a mosaic came from."""
    for phrase in ("dental care", "payment plan", "microphone", "robot", "head of state", "generation"):
        values = [worth(say(phrase), hit.phones) for hit in index.top(say(phrase), 60)]
        assert len(values) > 5
        assert values == pytest.approx(sorted(values, reverse=True), abs=EXACT)


def test_no_mosaic_breaks_off_on_a_function_word(index, words):
    for asked in list(words)[::29]:
        for hit in index.top(words[asked], EVERYTHING, kinds=("mosaic",)):
            last = hit.text.rpartition(" ")[2]
            assert last in CLITICS or last not in FUNCTION_WORDS


def test_second_words_can_be_given(words, say):
    index = RhymeIndex(words, seconds={"chair"})
    led = [text for text in texts(index.top(say("dental care"), kinds=("mosaic",))) if text.split()[0] not in VERBS]
    assert led
    assert {text.split()[1] for text in led} == {"chair"}


def test_homophones_and_ends_of_the_same_word_are_left_out():
    leave, eve, own = ("L", "IY1", "V"), ("IY1", "V"), ("OW1", "N")
    same = {"leave": leave, "lieve": leave, "believe": ("B", "IH0", *leave)}
    index = RhymeIndex({**same, "eve": eve, "grieve": ("G", "R", *eve), "own": own, "phone": ("F", *own)})
    assert texts(index.top(leave)) == ["eve", "grieve"]
    assert texts(index.top(own)) == ["phone"]  # a bare rime is no word heard again


def test_many_words_of_the_same_sound_do_not_hide_the_others():
    city = {f"w{n}": ("S", "IH0") * (1 + n % 3) + ("T", "IY1") for n in range(300)}
    index = RhymeIndex({**city, "sea": ("S", "IY1")})
    assert texts(index.top(("T", "IY1"), 3)) == ["sea"]


def test_the_commoner_word_comes_first_whatever_the_order_of_the_mapping():
    words = {"bone": ("B", "OW1", "N"), "tone": ("T", "OW1", "N"), "loan": ("L", "OW1", "N"), "cone": ("K", "OW1", "N")}
    ranks = {"loan": 1, "tone": 2}
    asked = ("F", "OW1", "N")
    backwards = dict(reversed(words.items()))
    assert texts(RhymeIndex(words, ranks).top(asked)) == ["loan", "tone", "bone", "cone"]
    assert RhymeIndex(words, ranks).top(asked) == RhymeIndex(backwards, ranks).top(asked)
    assert texts(RhymeIndex(words).top(asked)) == list(words)


def test_nothing_asked_nothing_found_and_mistakes_are_named(index):
    assert index.top(()) == ()
    assert index.top(("S", "T")) == ()
    assert RhymeIndex({}).top(("OW1", "N")) == ()
    assert len(RhymeIndex({"shh": ("SH",)})) == 0
    with pytest.raises(ValueError, match="at least 1"):
        index.top(("OW1",), 0)
    with pytest.raises(ValueError, match="'eye'"):
        index.top(("OW1",), kinds=("eye",))
    with pytest.raises(ValueError, match="'OW'"):
        index.top(("F", "OW", "N"))
    with pytest.raises(ValueError, match="'#' in 'aalborg'"):
        RhymeIndex({"aalborg": ("AO1", "L", "#")})


def test_rhymes_inside_a_line_and_with_the_line_before(say):
    before = [say(word) for word in "you came in late".split()]
    line = [say(word) for word in "a great debate on the wrong date".split()]
    pairs = [(i, j) for i, j, _ in internal_rhymes(line, before)]
    assert pairs == [(-1, 1), (-1, 2), (1, 2), (-1, 6), (1, 6), (2, 6)]
    assert [(i, j) for i, j, _ in internal_rhymes(line)] == [(1, 2), (1, 6), (2, 6)]
    assert internal_rhymes([]) == ()


def test_the_same_word_twice_is_no_internal_rhyme(say):
    assert internal_rhymes([say("late"), say("late")], [say("late")]) == ()


@given(st.lists(st.lists(TAILS, max_size=4), max_size=4))
def test_internal_rhymes_are_the_ones_density_counts(lines):
    """The share of syllables in rhyming tails, counted over the pairs, is `rhymed_share`."""
    rhymed = set()
    for k, line in enumerate(lines):
        for i, j, score in internal_rhymes(line, lines[k - 1] if k else ()):
            rhymed.add((k, i) if i >= 0 else (k - 1, i + len(lines[k - 1])))
            rhymed.add((k, j))
            assert i < j
            assert score == rhyme_score((lines[k] if i >= 0 else lines[k - 1])[i], line[j])
    total = sum(len(rimes(word)) for line in lines for word in line)
    share = sum(len(tail(lines[k][i])) for k, i in rhymed) / total if total else 0.0
    assert share == pytest.approx(rhymed_share(lines), abs=EXACT)
