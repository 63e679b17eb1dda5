"""The accompaniment starts one beat early, loops without a seam at the right place, and ends in a fade."""

import numpy as np
import pytest

from rapbot.errors import UserError
from rapbot.protocols import MIX_RATE_HZ
from rapbot.respond.accompany import LEAD_BEATS, TAIL_BEATS, Backing, choose_backing, lay_out, style_for
from rapbot.rhythm.timeline import Timeline
from rapbot.sound.backing import STYLES, describe, render_backing
from rapbot.sound.files import write_audio


def reply_clock(bpm: float) -> Timeline:
    return Timeline(bpm, MIX_RATE_HZ, 0.0, Timeline(bpm, MIX_RATE_HZ).sample_of(LEAD_BEATS))


def test_layout_is_the_loop_read_from_its_last_beat() -> None:
    clock = reply_clock(93.0)
    loop_frames = Timeline(93.0, MIX_RATE_HZ).sample_of(32)
    counter = np.arange(loop_frames, dtype=np.float32)
    loop = np.stack([counter, counter], axis=1)
    out = lay_out(Backing("counter", loop, 93.0), clock, verse_beats=32)
    assert len(out) == clock.sample_of(32 + TAIL_BEATS)
    lead = clock.sample_of(0)
    assert out[lead, 0] == 0.0  # the loop's first sample lies exactly on beat 0
    assert out[lead - 1, 0] == loop_frames - 1  # and what leads in is its end
    assert out[lead + loop_frames, 0] == 0.0  # the second round begins on its own bar line
    assert abs(out[-1, 0]) < 1.0  # faded


def test_a_cappella_is_silence_of_the_same_length() -> None:
    clock = reply_clock(120.0)
    out = lay_out(Backing("none", None, 120.0), clock, verse_beats=16)
    assert out.shape == (clock.sample_of(16 + TAIL_BEATS), 2) and not out.any()


@pytest.mark.parametrize("bpm", [60.0, 84.0, 90.0, 100.0, 128.0, 140.0, 180.0])
def test_automatic_style_suits_the_tempo(bpm: float) -> None:
    info = describe(style_for(bpm))
    in_range = [describe(style) for style in STYLES if describe(style).low_bpm <= bpm <= describe(style).high_bpm]
    assert not in_range or info in in_range


def test_unknown_beat_is_one_line_naming_the_choices() -> None:
    with pytest.raises(UserError, match=r"no beat called 'polka'.*boom-bap"):
        choose_backing("polka", 90.0, 0)


def test_beat_file_brings_its_own_tempo(tmp_path) -> None:
    path = tmp_path / "mine.wav"
    write_audio(path, render_backing("boom-bap", 97.0, 8, seed=5).samples, MIX_RATE_HZ)
    backing = choose_backing(str(path), 90.0, 0)
    assert backing.bpm == pytest.approx(97.0, rel=0.005)
    bars = len(backing.loop) / MIX_RATE_HZ / (240.0 / 97.0)
    assert bars == pytest.approx(round(bars), abs=0.02) and round(bars) >= 7
