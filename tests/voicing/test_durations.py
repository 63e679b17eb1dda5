"""Token durations: every target is met on paper, and nothing gets a length no mouth could give it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapbot.protocols import Encoding
from rapbot.values import PronouncedWord
from rapbot.voicing.durations import (
    LAST_VOWEL_FRAMES,
    LEAD_FRAMES,
    ONSET_OFFSET_S,
    REST_S,
    onset_class,
    plan_tokens,
    rests_s,
    spoken_line,
    token_nuclei,
)

HOP_S = 0.0125
LINE = "ju kˈAm hˈɪɹ wɪð ɐ nˈOtbˌʊk, ænd ɐ nˈɜɹvəs kˈɔf."


def encoding(misaki: str, units: float = 2.0) -> Encoding:
    tokens = ("^", *misaki, "$")
    return Encoding(tokens, np.full(len(tokens), units), 0.025, ())


def test_expected_onsets_meet_reachable_targets() -> None:
    coded = encoding(LINE)
    nuclei = token_nuclei(LINE)
    targets = np.arange(len(nuclei)) * 0.25
    plan = plan_tokens(coded, targets, HOP_S)
    for nucleus, target in zip(nuclei, targets, strict=True):
        offset = ONSET_OFFSET_S[onset_class(coded.tokens, nucleus), nucleus.stress == 1]
        expected = plan.edges[nucleus.start] * HOP_S + offset - plan.origin_s
        assert expected == pytest.approx(target, abs=HOP_S)  # edges lie on whole frames


@given(gaps=st.lists(st.floats(0.02, 2.0), min_size=11, max_size=11), units=st.floats(1.0, 8.0), start=st.floats(-1, 1))
def test_any_targets_give_playable_frames(gaps: list[float], units: float, start: float) -> None:
    coded = encoding(LINE, units)
    count = len(token_nuclei(LINE))
    targets = start + np.concatenate([[0], np.cumsum(gaps)])[:count]
    plan = plan_tokens(coded, targets, HOP_S)
    assert plan.frames.shape == (len(coded.tokens),)
    assert plan.frames.min() >= 1
    assert np.issubdtype(plan.frames.dtype, np.integer)
    assert plan.frames[0] == LEAD_FRAMES
    last = plan.nuclei[-1]
    assert plan.frames[last.start : last.end].sum() <= LAST_VOWEL_FRAMES + 1
    span_s = (plan.edges[last.start] - plan.edges[plan.nuclei[0].start]) * HOP_S
    least_s = (last.start - plan.nuclei[0].start) * HOP_S
    # as long as the targets ask, or as short as one frame a token allows
    assert span_s >= min(targets[-1] - targets[0], least_s) - 0.08


def test_a_long_gap_becomes_a_rest_at_the_word_boundary_not_a_drawl() -> None:
    coded = encoding(LINE)
    targets = np.arange(len(token_nuclei(LINE))) * 0.2
    targets[7:] += 0.6  # after "notebook,"
    plan = plan_tokens(coded, targets, HOP_S)
    rests = rests_s(plan, coded.tokens, HOP_S)
    assert len(rests) == 1
    start_s, end_s = rests[0]
    assert end_s - start_s > 0.4
    comma = coded.tokens.index(",")
    assert plan.edges[comma] * HOP_S <= start_s + 1e-9
    assert max(np.delete(plan.frames, [0, comma, comma + 1])) * HOP_S < 0.2


def test_no_rest_in_a_line_said_naturally() -> None:
    coded = encoding("ju kˈAm hˈɪɹ")
    plan = plan_tokens(coded, np.asarray([0.0, 0.25, 0.5]), HOP_S)
    assert rests_s(plan, coded.tokens, HOP_S) == ()
    assert 0.0 < REST_S < 0.2


def test_onset_classes() -> None:
    tokens = ("^", *"ɐ nˈO, ɪz ˈɪt", "$")
    nuclei = token_nuclei("".join(tokens[1:-1]))
    assert [onset_class(tokens, nucleus) for nucleus in nuclei] == ["pause", "sonorant", "pause", "obstruent"]
    assert onset_class(("^", *"ði ˈɛ", "$"), token_nuclei("ði ˈɛ")[1]) == "vowel"


def test_lines_end_with_a_falling_mark() -> None:
    go = PronouncedWord("go", "ɡˈO", ("G", "OW1"), "")
    assert spoken_line((go,)) == "ɡˈO."
    assert spoken_line((go, PronouncedWord("home", "hˈOm", ("HH", "OW1", "M"), "!"))) == "ɡˈO hˈOm!"
    with pytest.raises(ValueError, match="at least one word"):
        spoken_line(())


def test_one_target_a_syllable() -> None:
    with pytest.raises(ValueError, match="targets"):
        plan_tokens(encoding(LINE), np.asarray([0.0, 1.0]), HOP_S)
