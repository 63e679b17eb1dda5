"""What an installation pays once, paid by `rapbot models install`.

librosa compiles its inner loops when first imported (13 s, cached beside the package afterwards) and hibari's graph is
cut in three when first used; without this the first verse answered would wait for both.
"""

from __future__ import annotations

import numpy as np


def prepare() -> None:
    """Compile and cut; a second call finds both done (two seconds)."""
    import librosa

    from rapbot.engines.hibari_voice import cut_parts
    from rapbot.protocols import HEARING_RATE_HZ, MIX_RATE_HZ

    silence = np.zeros(MIX_RATE_HZ, np.float32)
    librosa.resample(silence, orig_sr=MIX_RATE_HZ, target_sr=HEARING_RATE_HZ, res_type="soxr_hq")
    librosa.pyin(silence[: MIX_RATE_HZ // 4], fmin=60.0, fmax=500.0, sr=MIX_RATE_HZ)
    cut_parts()
