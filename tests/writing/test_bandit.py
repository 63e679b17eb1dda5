"""Learning from a simulated crowd: it is followed where it knows what it likes, and nothing ever dies out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapbot.writing.bandit import (
    FADE,
    MOST,
    NOTHING,
    Tally,
    after_round,
    estimate,
    floor,
    leanings,
    shares,
    total,
)

MOVES = ("flip", "insult", "threat", "name", "crew", "close")
COUPLETS = 4  # of eight bars
CHEERS, BOOS = 0.9, 0.2  # how often a couplet of the liked move and of another one is cheered

rewards = st.lists(
    st.lists(
        st.tuples(st.sampled_from(MOVES), st.sampled_from(("", "Marcus", "Eve")), st.floats(0.0, 1.0)), max_size=4
    ),
    max_size=30,
)


def battle_on(liked: Callable[[int], str], rounds: int, seed: int) -> list[dict[str, float]]:
    """The shares before each round and after the last, of a choice that goes by them and a crowd that reacts."""
    rng = np.random.default_rng(seed)
    tallies: dict[tuple[str, str], Tally] = {}
    seen = [shares(leanings(tallies, MOVES, "Marcus"))]
    for number in range(rounds):
        chosen = rng.choice(MOVES, size=COUPLETS, p=list(seen[-1].values()))
        cheered = [(str(m), "Marcus", float(rng.random() < (CHEERS if m == liked(number) else BOOS))) for m in chosen]
        tallies = after_round(tallies, cheered)
        seen.append(shares(leanings(tallies, MOVES, "Marcus")))
    return seen


@pytest.mark.parametrize("liked", MOVES)
def test_what_a_crowd_likes_is_chosen_twice_as_often_after_twenty_rounds(liked: str) -> None:
    for seed in range(20):
        seen = battle_on(lambda _: liked, 20, seed)
        assert seen[-1][liked] >= 2 * seen[0][liked]


def test_a_fickle_crowd_kills_no_move() -> None:
    for seed in range(20):
        seen = battle_on(lambda number: MOVES[number // 3 % len(MOVES)], 60, seed)
        assert min(min(one.values()) for one in seen) >= floor(len(MOVES))


def test_a_crowd_that_turns_is_followed() -> None:
    seen = battle_on(lambda number: "flip" if number < 20 else "crew", 60, seed=1)
    assert seen[20]["flip"] > seen[20]["crew"]
    assert seen[60]["crew"] > 2 * seen[60]["flip"]


@given(rewards)
def test_whatever_happened_no_share_falls_under_the_floor(history: list[list[tuple[str, str, float]]]) -> None:
    tallies: dict[tuple[str, str], Tally] = {}
    for one in history:
        tallies = after_round(tallies, one)
    for opponent in ("", "Marcus", "Nobody"):
        lean = leanings(tallies, MOVES, opponent)
        assert tuple(lean) == MOVES and all(abs(value) <= MOST for value in lean.values())
        found = shares(lean)
        assert sum(found.values()) == pytest.approx(1.0)  # rounding of floats only
        assert min(found.values()) >= floor(len(MOVES)) * (1 - 1e-9)  # the floor itself is reached at the limits


def test_the_floor_is_reached_where_all_lean_away() -> None:
    lean = {move: -MOST if move == "flip" else MOST for move in MOVES}
    assert shares(lean)["flip"] == pytest.approx(floor(len(MOVES)))
    assert floor(1) == 1.0
    with pytest.raises(ValueError, match="an arm"):
        floor(0)


def test_nothing_known_and_nothing_told_apart_lean_nothing() -> None:
    assert set(leanings({}, MOVES, "Marcus").values()) == {0.0}
    assert leanings({}, ()) == {}
    cheering = after_round({}, [(move, "", 1.0) for move in MOVES])
    assert set(leanings(cheering, MOVES).values()) == {0.0}


def test_one_boo_leans_less_than_ten() -> None:
    once = after_round({}, [("flip", "", 0.0)])
    often = after_round({}, [("flip", "", 0.0)] * 10)
    assert leanings(often, MOVES)["flip"] < leanings(once, MOVES)["flip"] < 0.0


def test_an_opponents_own_crowd_counts_more_than_others() -> None:
    others = after_round({}, [("flip", "Eve", 1.0)] * 5 + [("flip", "Marcus", 0.0)] * 5)
    lean = {who: leanings(others, MOVES, who)["flip"] for who in ("Eve", "Marcus", "Stranger", "")}
    assert lean["Marcus"] < 0.0 < lean["Eve"]
    assert lean["Stranger"] == lean[""]  # of whom nothing is known, what is known of all is the best guess
    assert lean["Marcus"] < lean["Stranger"] < lean["Eve"]


def test_an_opponent_who_comes_back_is_remembered() -> None:
    tallies = after_round({}, [("flip", "Marcus", 1.0)] * 4)
    for _ in range(50):
        tallies = after_round(tallies, [("name", "Eve", 0.5)])
    assert tallies["flip", "Marcus"].fresh_count == pytest.approx(4 * FADE**50)
    assert tallies["flip", "Marcus"].own_count == 4.0
    assert leanings(tallies, MOVES, "Marcus")["flip"] > 0.2 > leanings(tallies, MOVES, "Eve")["flip"]


def test_an_estimate_moves_from_the_prior_to_the_evidence() -> None:
    assert estimate(NOTHING, NOTHING) == 0.5
    plenty = Tally(1000, 900.0, 1000.0, 900.0, 1000.0, 900.0)
    assert estimate(plenty, NOTHING) == pytest.approx(0.9, abs=0.01)  # four rewards' worth of prior among a thousand
    assert estimate(NOTHING, plenty) == pytest.approx(0.9, abs=0.01)


def test_totals_never_fade() -> None:
    tallies = after_round({}, [("flip", "Eve", 0.25), ("flip", "Marcus", 0.5)])
    for _ in range(100):
        tallies = after_round(tallies, [])
    assert (total(tallies, "flip").count, total(tallies, "flip").reward) == (2, 0.75)
    assert total(tallies, "flip").fresh_count == pytest.approx(2 * FADE**100)


@pytest.mark.parametrize("reward", [-0.1, 1.1, float("nan")])
def test_a_reward_out_of_range_is_refused(reward: float) -> None:
    with pytest.raises(ValueError, match=r"0\.\.1"):
        NOTHING.paid(reward)
