"""How a line is said: register, melody, accents, force and attitude.  What a voice is made of is in
`rapbot.voicing.timbre`.

Everything here is done to the curves the network's decoder is fed, never to the sound: a louder vowel is a brighter
one, a lower one keeps its formants.  An *affect* is a recognisable way to say any line; it changes a voice's own
delivery relatively, so that two voices with one attitude are still two people.  What each does follows what listeners
and meters agree on (Scherer 2003, "Vocal communication of emotion"; Rockwell 2000 on sarcasm: slower pitch movement,
exaggerated range; Gussenhoven 2004: a high end is a question, a low one is final).

*Conventions.*  Semitones are relative to the network's own melody; ``pitch_range`` scales its excursions (1 leaves
them, 0 is a monotone).  Contours run from the first voiced frame of a line to the last: ``slope_semitones`` and
``energy_slope_db`` are end minus start.  Accents are (time, strength) rows in time order.  ``late_ms`` lays every
syllable behind the beat.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

VOICED_HZ = 40.0
LOWEST_HZ, HIGHEST_HZ = 60.0, 480.0  # the decoder has heard no speech outside
ACCENT_SIGMA_S = 0.07  # half a syllable at rap's pace
ACCENT_PEAK_S = 0.05  # pitch accents peak a little after the vowel's onset
SCOOP_BEFORE_S = 0.09  # a scoop is deepest this long before its accent's peak
ACCENT_DB = 1.2  # of an accent of strength 1; the punch (1.4) gets twice as much
ENERGY_UNIT_DB = 2.7  # measured: what one unit of the energy curve adds to a take's level
FINAL_S, FINAL_AFTER_S = (
    0.16,
    0.03,
)  # the last movement of the melody: its length, and its start after the vowel's onset
# A reader lets the last word of a sentence sink (here by 7 dB, into creak); a rapper rhymes on it.
END_FORCE = 0.8  # share of that loss given back
END_FALL_KEPT = 0.2  # of how far below the line's middle the melody sinks there
CREAK_HZ = 10.0  # the network's pitch glides to 0 through the last vowel; above this the vowel is still voiced
END_RISE_S = 0.03  # the lift is complete at the vowel's onset
END_LENGTH_S = 0.4  # and gone when the word is over: its last consonants keep their own level
PUNCH_STRENGTH = 1.4  # of the accent that carries the joke; see `leaned`
MOST_EFFORT_DB = 8.0  # further from its own energy the decoder starts to buzz (up) or to whisper (down)


@dataclass(frozen=True)
class Delivery:
    """One way of saying a line.

    ``effort_db`` is force through the decoder, ``energy_db`` a plain gain; ``punch_from_end`` says which accent,
    counted from the last, carries the punch, and ``punch`` how much of it there is.
    """

    transpose_semitones: float = 0.0
    pitch_range: float = 1.0
    accent_semitones: float = 1.5
    energy_db: float = 0.0
    late_ms: float = 0.0
    accent_delay_s: float = ACCENT_PEAK_S
    accent_width_s: float = ACCENT_SIGMA_S
    scoop_semitones: float = 0.0
    slope_semitones: float = 0.0
    final_semitones: float = 0.0
    effort_db: float = 0.0
    accent_db: float = ACCENT_DB
    energy_slope_db: float = 0.0
    end_force: float = END_FORCE
    punch: float = 1.0
    punch_from_end: int = 0

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"{name} must lie in {low:g}..{high:g}, got {value}")


LIMITS: dict[str, tuple[float, float]] = {
    "transpose_semitones": (-14.0, 10.0),
    "pitch_range": (0.0, 3.0),
    "accent_semitones": (0.0, 6.0),
    "energy_db": (-24.0, 12.0),
    "late_ms": (0.0, 60.0),
    "accent_delay_s": (0.0, 0.15),
    "accent_width_s": (0.03, 0.2),
    "scoop_semitones": (0.0, 4.0),
    "slope_semitones": (-6.0, 6.0),
    "final_semitones": (-6.0, 8.0),
    "effort_db": (-MOST_EFFORT_DB, MOST_EFFORT_DB),
    "accent_db": (0.0, 4.0),
    "energy_slope_db": (-6.0, 6.0),
    "end_force": (0.0, 1.0),
    "punch": (0.0, 1.5),
    "punch_from_end": (0, 30),
}


@dataclass(frozen=True)
class Affect:
    """What an attitude does to a voice's own delivery: factors multiply, everything else adds."""

    meaning: str
    transpose_semitones: float = 0.0
    range_factor: float = 1.0
    accent_factor: float = 1.0
    accent_semitones: float = 0.0
    accent_delay_s: float = 0.0
    accent_width_s: float = 0.0
    scoop_semitones: float = 0.0
    slope_semitones: float = 0.0
    final_semitones: float = 0.0
    energy_db: float = 0.0
    effort_db: float = 0.0
    accent_db: float = 0.0
    energy_slope_db: float = 0.0
    end_force: float = 0.0


_FACTORS = {"range_factor": "pitch_range", "accent_factor": "accent_semitones"}

AFFECTS: dict[str, Affect] = {
    "calm": Affect(
        "low and unhurried: small accents, the line sinks and settles",
        transpose_semitones=-2.0, range_factor=0.75, accent_factor=0.5, slope_semitones=-2.5, final_semitones=-2.0,
        effort_db=-3.0, accent_db=-0.6, energy_slope_db=-1.5, end_force=-0.3,
    ),
    "mocking": Affect(
        "sing-song: accents scooped from below, and every line ends as a question nobody asked",
        transpose_semitones=2.0, range_factor=1.4, accent_semitones=1.0, accent_delay_s=0.04, scoop_semitones=2.5,
        final_semitones=7.0, energy_slope_db=-1.0, end_force=0.1,
    ),
    "aggressive": Affect(
        "hard early accents on full force, the end bitten off low",
        transpose_semitones=1.0, range_factor=0.9, accent_semitones=1.0, accent_delay_s=-0.03, accent_width_s=-0.015,
        final_semitones=-4.0, energy_db=0.5, effort_db=3.5, accent_db=1.4, end_force=0.2,
    ),
    "triumphant": Affect(
        "high and broad, climbing and growing through the line, the end held up",
        transpose_semitones=3.5, range_factor=0.9, accent_semitones=0.5, accent_width_s=0.05, slope_semitones=3.5,
        final_semitones=0.5, energy_db=1.0, effort_db=2.0, energy_slope_db=4.0, end_force=0.2,
    ),
    "deadpan": Affect(
        "one note, one force, no end: the joke is that nothing moves",
        transpose_semitones=1.0, range_factor=0.2, accent_factor=0.0, energy_db=-0.5, accent_db=-1.2,
    ),
}  # fmt: skip


def with_affect(delivery: Delivery, affect: str, amount: float = 1.0) -> Delivery:
    """A delivery coloured by a named affect, ``amount`` of it (0 none, 1 as defined), within the limits."""
    if affect not in AFFECTS:
        raise ValueError(f"affect must be one of {', '.join(AFFECTS)}, got {affect!r}")
    change = AFFECTS[affect]
    values = vars(delivery) | {}
    for name, target in _FACTORS.items():
        values[target] = values[target] * getattr(change, name) ** amount
    for field in fields(Affect):
        if field.name in values:
            values[field.name] = values[field.name] + amount * getattr(change, field.name)
    return within_limits(values)


def within_limits(values: dict[str, float]) -> Delivery:
    """A delivery from values by name, each brought into its limits."""
    clipped = {name: min(max(values[name], low), high) for name, (low, high) in LIMITS.items() if name in values}
    return Delivery(**clipped)  # type: ignore[arg-type]


def leaned(accents: np.ndarray, delivery: Delivery) -> np.ndarray:
    """The accents with the punch where the delivery wants it; the one that had it becomes an ordinary accent."""
    if len(accents) == 0:
        return accents
    out = np.array(accents, float)
    out[:, 1] = np.minimum(out[:, 1], 1.0)
    at = max(0, len(out) - 1 - delivery.punch_from_end)
    out[at, 1] = 1.0 + (PUNCH_STRENGTH - 1.0) * delivery.punch
    return out


def shaped_pitch(f0_hz: np.ndarray, times_s: np.ndarray, accents: np.ndarray, delivery: Delivery) -> np.ndarray:
    """The melody of a delivery: range about the line's median, accents, the line's slope and end, then the register."""
    voiced = (f0_hz > VOICED_HZ) | ((f0_hz > CREAK_HZ) & _in_last_vowel(f0_hz, times_s, accents))
    if not voiced.any():
        return f0_hz
    semitones = 12 * np.log2(np.where(voiced, np.maximum(f0_hz, LOWEST_HZ), 1.0))
    middle = float(np.median(semitones[voiced]))
    if len(accents):
        sunk = np.minimum(semitones - middle, 0.0) * _after_last_accent(times_s, accents)
        semitones = semitones - (1 - END_FALL_KEPT) * sunk
    semitones = middle + (semitones - middle) * delivery.pitch_range
    for time_s, strength in leaned(accents, delivery):
        peak_s = time_s + delivery.accent_delay_s
        bump = _bell(times_s, peak_s, delivery.accent_width_s)
        scoop = _bell(times_s, peak_s - SCOOP_BEFORE_S, ACCENT_SIGMA_S / 2)
        semitones = semitones + strength * (delivery.accent_semitones * bump - delivery.scoop_semitones * scoop)
    semitones = semitones + delivery.slope_semitones * _line_position(times_s, voiced)
    if delivery.final_semitones:
        semitones = semitones + delivery.final_semitones * _ending(times_s, voiced, accents)
    shaped = 2 ** ((semitones + delivery.transpose_semitones) / 12)
    return np.where(voiced, np.clip(shaped, LOWEST_HZ, HIGHEST_HZ), f0_hz).astype(np.float32)


def shaped_energy(
    energy: np.ndarray, times_s: np.ndarray, accents: np.ndarray, delivery: Delivery | None = None
) -> np.ndarray:
    """Force through the decoder, so that a loud vowel is also a brighter one: the line's own, more on the accents, most
    on the punch, where a speaker's voice would be falling.  No delivery means the usual one."""
    how = Delivery() if delivery is None else delivery
    rows = leaned(accents, how)
    if len(rows) > 1:
        usual = float(np.median(np.interp(rows[:-1, 0] + ACCENT_PEAK_S, times_s, energy)))
        start = rows[-1, 0] - END_RISE_S
        lost = max(0.0, usual - float(np.interp(rows[-1, 0] + ACCENT_PEAK_S, times_s, energy)))
        tail = np.clip((start + END_LENGTH_S - times_s) / END_LENGTH_S, 0.0, 1.0)
        energy = energy + how.end_force * lost * _after_last_accent(times_s, rows) * np.sqrt(tail)
    lift_db = accent_lift_db(times_s, rows, how.accent_db)
    if len(rows):  # the line runs between its first accent and its last
        inside = (times_s >= rows[0, 0]) & (times_s <= rows[-1, 0])
        if inside.any():
            lift_db = lift_db + how.energy_slope_db * _line_position(times_s, inside)
    return (energy + (lift_db + how.effort_db) / ENERGY_UNIT_DB).astype(np.float32)


def accent_lift_db(times_s: np.ndarray, accents: np.ndarray, accent_db: float) -> np.ndarray:
    """What the accents, as (time, strength) rows, add to the level; ``accent_db`` at strength 1."""
    lift_db = np.zeros(len(times_s))
    for time_s, strength in accents:
        bump = accent_db * strength**2 * _bell(times_s, time_s + ACCENT_PEAK_S, ACCENT_SIGMA_S)
        lift_db = np.maximum(lift_db, bump)
    return lift_db


def _bell(times_s: np.ndarray, centre_s: float, sigma_s: float) -> np.ndarray:
    return np.exp(-0.5 * ((times_s - centre_s) / sigma_s) ** 2)


def _line_position(times_s: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """−½ at the first frame inside, ½ at the last, held outside: a slope that leaves the middle where it was."""
    first, last = times_s[inside][0], times_s[inside][-1]
    if last <= first:
        return np.zeros(len(times_s))
    return np.clip((times_s - first) / (last - first), 0.0, 1.0) - 0.5


def _after_last_accent(times_s: np.ndarray, accents: np.ndarray) -> np.ndarray:
    """0 before the last accent's vowel, 1 from its onset on."""
    return np.clip((times_s - accents[-1, 0]) / END_RISE_S + 1.0, 0.0, 1.0)


def _in_last_vowel(f0_hz: np.ndarray, times_s: np.ndarray, accents: np.ndarray) -> np.ndarray:
    """True from the last accent on for as long as there is any pitch."""
    if len(accents) == 0:
        return np.zeros(len(f0_hz), bool)
    after = times_s >= accents[-1, 0]
    return after & np.logical_and.accumulate(~after | (f0_hz > CREAK_HZ))


def _ending(times_s: np.ndarray, voiced: np.ndarray, accents: np.ndarray) -> np.ndarray:
    """0 before the last accent's vowel, smoothly 1 within `FINAL_S`, and held: the nuclear tone of a line and its tail.

    The network's last voiced frames lie under the fade of the take; a movement put there would not be heard.
    """
    start = accents[-1, 0] + FINAL_AFTER_S if len(accents) else times_s[voiced][-1] - FINAL_S
    part = np.clip((times_s - start) / FINAL_S, 0.0, 1.0)
    return part * part * (3 - 2 * part)
