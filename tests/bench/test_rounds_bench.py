"""The bench of battles: what counts as a true callback has known answers; the script that ships has eighteen rounds."""

from __future__ import annotations

from rapbot.bench.rounds import Fought, callbacks, repeats, scripts
from rapbot.bench.writing import Opponent, open_kit
from rapbot.language.anchors import VerseFacts
from rapbot.values import Bar, Verse
from rapbot.writing.rounds import History

FACTS = VerseFacts(8, ("x",), None, (8,), None, 4.0)


def opponent(*lines: str) -> Opponent:
    return Opponent("o", 90.0, lines, tuple(" ".join(lines).split()), (), FACTS)


def said(*couplets: tuple[str, str, str, tuple[str, ...]]) -> Verse:
    bars = []
    for move, first, second, answers in couplets:
        for line in (first, second):
            bars.append(Bar(len(bars), line, move, f"e{len(bars) // 2}{first}", answers, "A", "", (), (), 0.0))
    return Verse(tuple(bars), 90.0, 4, "p")


SCRIPT = (opponent("I'm a lion", "I'll shut you down"), opponent("you're a toaster"), opponent("bye"))
PLAIN = ("flip", "one", "two", ())


def fought(*third: tuple[str, str, str, tuple[str, ...]]) -> Fought:
    history = History().after((), said(PLAIN)).after((), said(PLAIN)).after((), said(*third))
    return Fought(SCRIPT, history)


def test_a_true_callback_names_the_round_it_was_said_in() -> None:
    true = fought(("callback", "Round one you were a lion.", "Now what?", ("lion",)))
    assert callbacks(true) == (1, 2, 0)
    assert callbacks(fought(("callback", "Last round it was a toaster.", "Now what?", ("toaster",))))[0] == 1


def test_a_false_callback_is_counted() -> None:
    wrong_round = fought(("callback", "Last round you were a lion.", "Now what?", ("lion",)))
    never_said = fought(("callback", "Round one you were a tiger.", "Now what?", ("tiger",)))
    assert callbacks(wrong_round) == callbacks(never_said) == (0, 2, 2)  # both bars of the couplet claim it


def test_our_me_is_their_you() -> None:
    assert callbacks(fought(("callback", "Round one you'd shut me down.", "Well?", ("shut down",)))) == (1, 2, 0)


def test_bars_said_before_are_counted() -> None:
    assert repeats(fought(PLAIN)) == (4, 6)


def test_the_scripts_that_ship_are_three_of_six_rounds() -> None:
    kit = open_kit()
    assert [len(script) for script in scripts(kit.text, kit.pen.nouns)] == [6, 6, 6]
