"""What no rapper says is dropped, and nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rapbot.hearing.guards import MAX_REPEATS, believable, inside_speech, repeats, speakable, without_loops
from rapbot.values import Word


def said(text: str, start_s: float = 0.0, word_s: float = 0.3) -> list[Word]:
    return [
        Word(one, start_s + index * word_s, start_s + (index + 1) * word_s, 0.9)
        for index, one in enumerate(text.split())
    ]


def text(words) -> str:
    return " ".join(word.text for word in words)


def test_honest_speech_passes_all_tests():
    words = said("my name is Marcus and I came to shut you down")
    assert believable(words, [(0.0, 10.0)]) == tuple(words)


def test_words_in_silence_are_dropped():
    words = said("thank you for watching", start_s=4.0) + said("real words", start_s=8.0)
    assert text(inside_speech(words, [(7.8, 9.0)])) == "real words"
    assert inside_speech(words, []) == ()


def test_a_hook_may_repeat_four_times_and_a_loop_is_cut_there():
    hook = said("run it up " * MAX_REPEATS)
    assert without_loops(hook) == tuple(hook)
    loop = said("I said " + "run it up " * 20 + "and then stop")
    assert text(without_loops(loop)) == "I said " + "run it up " * MAX_REPEATS + "and then stop"


def test_single_words_loop_too():
    assert text(without_loops(said("no " * 12))) == " ".join(["no"] * MAX_REPEATS)


def test_a_squeezed_run_is_dropped_and_a_fast_one_is_not():
    fast = said("one two three four five six seven eight", word_s=1 / 7)
    assert speakable(fast) == tuple(fast)
    squeezed = said("before that") + said("going to go to the back of it", start_s=0.7, word_s=0.02)
    assert text(speakable(squeezed)) == "before that"


def test_repeats_counts_the_run_at_the_end():
    assert repeats(said("a b a b a b"), 2) == 3
    assert repeats(said("x a b a b"), 2) == 2
    assert repeats(said("a"), 2) == 0
    assert repeats([], 1) == 0


words_in_time = st.lists(
    st.tuples(st.sampled_from("a b c yeah".split()), st.floats(0.0, 0.6), st.floats(0.0, 0.5)), max_size=40
)


@given(words_in_time)
def test_guards_only_remove_and_settle_at_once(steps):
    """What is kept is a subsequence of what came in, and a second look at loops removes nothing more."""
    words, now_s = [], 0.0
    for one, gap_s, length_s in steps:
        words.append(Word(one, now_s + gap_s, now_s + gap_s + length_s, 0.5))
        now_s += gap_s + length_s
    kept = believable(words, [(0.0, now_s + 1.0)])
    remaining = iter(words)
    assert all(any(word is other for other in remaining) for word in kept)
    once = without_loops(words)
    assert without_loops(once) == once
