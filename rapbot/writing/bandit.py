"""Learning what works: moves, ideas and personas are arms of a bandit, the crowd's reaction is the reward.

Aim: what a crowd, a judge or the opponent's next verse rewarded leans the choice a little, for this opponent and
overall, and never so far that anything dies out.  A Beta prior with discounted evidence: W. R. Thompson (1933); Raj and
Kalyani, *Taming Non-stationary Bandits: A Bayesian Approach* (arXiv 1707.09727).  Theirs samples the posterior to
explore.  Here the planner's own dice explore already (`rapbot.writing.planner.NOISE` is thrown over every entry), so
the posterior's *mean* is all that is added: the same memory gives the same leanings, and replies stay reproducible.
Bounds such as UCB were not taken, as they favour what was never tried, and an audience pays for that.

*Conventions.*  A reward lies in 0..1, ½ is "no reaction".  Leanings are in the planner's unit, within ±`MOST`, and
are measured from the arms' common mean: a crowd that cheers at everything leans nothing.  Evidence fades by `FADE` a
round: what is known of all opponents with every round, what is known of one with every round against that one, so that
who comes back a year later is not forgotten.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

PRIOR_FOR, PRIOR_AGAINST = 2.0, 2.0  # Beta(2, 2): four rewards' worth of "nobody knows", so that one boo settles little
FADE = 0.95  # of the evidence is left a round later: about the last twenty rounds count
OWN_PRIOR = 4.0  # rewards' worth of trust in the overall estimate where an opponent's own is to replace it
SCALE = 4.0  # leaning of a whole reward more than the others: twenty rounds of cheers reach the limit
MOST = 1.0  # one mark of the blind reader; with ½, the most of a persona, common moves come 1.2 to 1.7 times as often
TEMPERATURE = 1.1  # of the choice in real verses (0.5 for rare moves, 2.5 for flips, which every verse has anyway)


@dataclass(frozen=True, slots=True)
class Tally:
    """What an arm was paid: all that ever was; what of it has not faded (``fresh``); and what of it has not faded where
    only rounds against this opponent count (``own``).
    """

    count: int = 0
    reward: float = 0.0
    fresh_count: float = 0.0
    fresh_reward: float = 0.0
    own_count: float = 0.0
    own_reward: float = 0.0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.count + other.count,
            self.reward + other.reward,
            self.fresh_count + other.fresh_count,
            self.fresh_reward + other.fresh_reward,
            self.own_count + other.own_count,
            self.own_reward + other.own_reward,
        )

    def paid(self, reward: float) -> Tally:
        """One reward more."""
        if not 0.0 <= reward <= 1.0:
            raise ValueError(f"a reward lies in 0..1, got {reward!r}")
        return self + Tally(1, reward, 1.0, reward, 1.0, reward)

    def faded(self, rounds: int, own_rounds: int) -> Tally:
        """The same so many rounds later, ``own_rounds`` of them against this opponent."""
        left, own_left = FADE ** max(0, rounds), FADE ** max(0, own_rounds)
        return replace(
            self,
            fresh_count=self.fresh_count * left,
            fresh_reward=self.fresh_reward * left,
            own_count=self.own_count * own_left,
            own_reward=self.own_reward * own_left,
        )


NOTHING = Tally()
Tallies = Mapping[tuple[str, str], Tally]  # by arm and opponent ("" where nobody is named)


def total(tallies: Tallies, arm: str) -> Tally:
    """What an arm was paid by everybody."""
    return sum((tally for (name, _), tally in tallies.items() if name == arm), NOTHING)


def estimate(overall: Tally, own: Tally) -> float:
    """The reward to expect, 0..1.

    The prior's mean moves to the overall evidence, and that estimate is in turn the prior for this opponent's ``own``
    evidence: little of it says little.
    """
    prior = PRIOR_FOR + PRIOR_AGAINST
    mean = (PRIOR_FOR + overall.fresh_reward) / (prior + overall.fresh_count)
    return (OWN_PRIOR * mean + own.own_reward) / (OWN_PRIOR + own.own_count)


def leanings(tallies: Tallies, arms: Iterable[str], opponent: str = "") -> dict[str, float]:
    """How much to lean towards each arm against this opponent ("" against anybody), within ±`MOST`.

    An opponent's own evidence counts in both estimates, as it is part of the overall one.
    """
    overall = dict.fromkeys(arms, NOTHING)
    for (arm, _), tally in tallies.items():
        if arm in overall:
            overall[arm] = overall[arm] + tally
    if not overall:
        return {}
    own = {arm: tallies.get((arm, opponent), NOTHING) if opponent else NOTHING for arm in overall}
    expected = {arm: estimate(overall[arm], own[arm]) for arm in overall}
    middle = sum(expected.values()) / len(expected)
    return {arm: round(max(-MOST, min(MOST, SCALE * (mean - middle))), 6) for arm, mean in expected.items()}


def shares(leanings_of: Mapping[str, float], persona: Mapping[str, float] | None = None) -> dict[str, float]:
    """How often each arm would be chosen if all arms' couplets were alike but for their leanings and the dice.

    A softmax stands in for the planner's search; `TEMPERATURE` was fitted to how shares move with leanings in battles.
    """
    persona = persona or {}
    weights = {arm: math.exp((leaning + persona.get(arm, 0.0)) / TEMPERATURE) for arm, leaning in leanings_of.items()}
    whole = sum(weights.values())
    return {arm: weight / whole for arm, weight in weights.items()}


def floor(arms: int) -> float:
    """The smallest share an arm can fall to, whatever was ever learned: all others lean to the limit, it away."""
    if arms < 1:
        raise ValueError(f"there must be an arm, got {arms}")
    return 1.0 / (1.0 + (arms - 1) * math.exp(2 * MOST / TEMPERATURE))


def after_round(tallies: Tallies, rewards: Sequence[tuple[str, str, float]]) -> dict[tuple[str, str], Tally]:
    """Tallies one round on: what was there fades, and each (arm, opponent, reward) is added."""
    faced = {opponent for _, opponent, _ in rewards}
    out = {key: tally.faded(1, int(key[1] in faced)) for key, tally in tallies.items()}
    for arm, opponent, reward in rewards:
        out[arm, opponent] = out.get((arm, opponent), NOTHING).paid(reward)
    return out
