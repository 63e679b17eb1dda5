"""Following an opponent word by word: every word is timed once, and the full plan judges the quick opening."""

from __future__ import annotations

from rapbot.bench.following import follow
from rapbot.bench.writing import open_kit, opponent_of

VERSE = "I'm a lion and I drive a Cadillac\nyou're a toaster and I'll unplug you"


def test_each_word_is_one_re_plan_and_the_last_has_an_opening() -> None:
    kit = open_kit()
    opponent = opponent_of("lion", 90.0, VERSE, kit.text, kit.pen.nouns)
    followed = follow(kit.pen, kit.text, opponent, 4, seed=1)
    assert len(followed.hear_ms) == len(opponent.heard)
    assert all(ms > 0 for ms in followed.hear_ms) and followed.opening_ms > 0
    assert followed.same == follow(kit.pen, kit.text, opponent, 4, seed=1).same
