"""The arithmetic behind the benchmark table, on cases worked by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapbot.bench.respond import normalise, wilson, word_errors


def test_words_are_compared_without_case_punctuation_or_digits() -> None:
    assert normalise('Wait—I\'ve 3 wi-fi "Boxes".') == ["wait", "i've", "three", "wi", "fi", "boxes"]


def test_word_errors_count_each_kind_of_edit_once() -> None:
    assert word_errors("a b c d", "a b c d") == (0, 4)
    assert word_errors("a b c d", "a x c d") == (1, 4)
    assert word_errors("a b c d", "a c d") == (1, 4)
    assert word_errors("a b c d", "a b b c d") == (1, 4)
    assert word_errors("a b c d", "") == (4, 4)


WORDS = st.lists(st.sampled_from("abc"), max_size=8)


@given(WORDS, WORDS)
def test_word_errors_are_a_distance(a: list[str], b: list[str]) -> None:
    there, _ = word_errors(" ".join(a), " ".join(b))
    back, _ = word_errors(" ".join(b), " ".join(a))
    assert there == back
    assert abs(len(a) - len(b)) <= there <= max(len(a), len(b))
    assert (there == 0) == (a == b)


def test_wilson_interval_is_the_textbook_one() -> None:
    # Newcombe 1998, table I: 81/263 by the score method without continuity correction
    low, high = wilson(81, 263)
    assert (low, high) == (pytest.approx(0.2553, abs=5e-4), pytest.approx(0.3662, abs=5e-4))
    assert wilson(0, 0) == (0.0, 1.0)
