"""A word belongs to the bar it leads into, and lines cover the words in order."""

from hypothesis import given
from hypothesis import strategies as st

from rapbot.respond.opponent import SEARCH_SLOTS, Opponent, bar_of, lines_by_bar
from rapbot.values import BeatGrid, Word

GRID = BeatGrid(bpm=90.0, beat_origin_s=0.5, confidence=1.0, beats_s=(), downbeats_s=())
SLOT_S = 60 / 90 / 4
BAR_S = 16 * SLOT_S


def word(start_s: float) -> Word:
    return Word("yo", start_s, start_s + 0.1, 1.0)


def test_pickup_belongs_to_the_bar_it_leads_into() -> None:
    assert bar_of(0.5 - 2 * SLOT_S, GRID) == 0
    assert bar_of(0.5 + BAR_S - 2 * SLOT_S, GRID) == 1


def test_rhyme_on_beat_four_stays_in_its_bar() -> None:
    assert bar_of(0.5 + 12 * SLOT_S, GRID) == 0
    assert bar_of(0.5 + 13 * SLOT_S, GRID) == 0


@given(st.lists(st.floats(0.0, 60.0), min_size=1, max_size=60))
def test_lines_cover_all_words_in_order(starts: list[float]) -> None:
    words = [word(start) for start in sorted(starts)]
    lines = lines_by_bar(words, GRID)
    assert [i for line in lines for i in line] == list(range(len(words)))
    for right in lines[1:]:
        slots = (words[right[0]].start_s - GRID.beat_origin_s) / SLOT_S
        off_line = (slots + 8) % 16 - 8  # distance to the nearest bar line
        same_bar = bar_of(words[right[0] - 1].start_s, GRID) == bar_of(words[right[0]].start_s, GRID)
        assert abs(off_line) <= SEARCH_SLOTS + 1e-6 or not same_bar


def test_a_line_breaks_at_the_rest_not_where_a_shaky_time_crosses_the_bar_line() -> None:
    late = [("town", 0.5 + BAR_S - 4 * SLOT_S), ("it", 0.5 + BAR_S - 1.5 * SLOT_S), ("is", 0.5 + BAR_S + 0.5 * SLOT_S)]
    words = [Word("yo", 0.5, late[0][1], 1.0)] + [Word(text, at, at + 1.2 * SLOT_S, 1.0) for text, at in late]
    assert lines_by_bar(words, GRID) == (range(0, 2), range(2, 4))  # "it" was heard early: the rest is before it


def test_a_sentence_start_near_the_line_wins_over_a_slightly_nearer_word() -> None:
    at = 0.5 + BAR_S
    words = [Word("yo", 0.5, at - 3.4 * SLOT_S, 1.0), Word("town", at - 3.4 * SLOT_S, at - 3 * SLOT_S, 1.0)]
    words += [Word("You're", at - 3.0 * SLOT_S, at - SLOT_S, 1.0), Word("nothing", at - SLOT_S, at + 3 * SLOT_S, 1.0)]
    assert lines_by_bar(words, GRID)[1] == range(2, 4)


def test_no_words_no_lines() -> None:
    assert lines_by_bar((), GRID) == ()


def opponent(*starts: float) -> Opponent:
    words = tuple(word(start) for start in starts)
    return Opponent(words, lines_by_bar(words, GRID), (), (), GRID, 1.0, "en", 1.0)


def test_bar_count_is_inclusive() -> None:
    assert opponent().bar_count == 0
    assert opponent(0.6).bar_count == 1
    assert opponent(0.6, 0.6 + 7 * BAR_S).bar_count == 8
