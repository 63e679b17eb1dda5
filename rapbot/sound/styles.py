"""What each backing beat is made of: grooves, harmony and orchestration, as data.

Aim: eight styles a rapper would recognise within a bar, each with several grooves, so that a seed is a different tune
and not only different noise.

*Conventions.*  A lane is a string of sixteen 16ths, one a bar, cycled over the bars.  In a drum lane ``.`` rests,
``1`` to ``9`` strike (2 dB apart), ``r`` strikes twice within the 16th, ``t`` three times within the 8th it starts;
``9`` is *structural*: it stays exactly on the grid and every other hit may lean.  In a bass lane ``R 3 5 7 8`` are
degrees of the chord (8 the octave), ``c`` a semitone below the next bar's root, ``G`` a root that slides to the
fifth, ``O`` one that slides to the octave, ``-`` holds.  In a chord or melody lane ``X`` strikes, ``-`` holds.
Chords are (semitones above the tonic, quality).  Levels are dB of a full-scale note; pan runs from -1 (left) to 1;
send is the share that reaches the room.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

STEPS_PER_BAR = 16

CHORDS = MappingProxyType(
    {
        "m": (0, 3, 7),
        "M": (0, 4, 7),
        "m7": (0, 3, 7, 10),
        "m9": (3, 7, 10, 14),  # rootless: the bass has it
        "maj7": (4, 7, 11, 14),
        "9": (4, 7, 10, 14),
        "13": (4, 10, 14, 21),
        "7#9": (4, 10, 15),
        "dim": (3, 6, 10),
        "5": (0, 7),
    }
)
MINOR = (0, 2, 3, 5, 7, 8, 10)
HARMONIC_MINOR = (0, 2, 3, 5, 7, 8, 11)
DORIAN = (0, 2, 3, 5, 7, 9, 10)
PHRYGIAN = (0, 1, 3, 5, 7, 8, 10)
PENTATONIC = (0, 3, 5, 7, 10)


@dataclass(frozen=True)
class StyleInfo:
    """What a user chooses by.  Outside ``low_bpm`` … ``high_bpm`` the groove is felt at half or double the tempo."""

    name: str
    home_bpm: float
    low_bpm: float
    high_bpm: float
    feel: str
    description: str


@dataclass(frozen=True)
class DrumVoice:
    """``sound`` names a recipe in `rapbot.sound.backing`."""

    lane: str
    sound: str
    level_db: float
    pan: float = 0.0
    send: float = 0.0


@dataclass(frozen=True)
class ToneVoice:
    sound: str
    level_db: float
    centre: int  # MIDI note the part stays close to
    pan: float = 0.0
    send: float = 0.0


@dataclass(frozen=True)
class Groove:
    """Drum lanes by name, and the bass that belongs to them."""

    drums: MappingProxyType[str, tuple[str, ...]]
    bass: tuple[str, ...]


@dataclass(frozen=True)
class Room:
    decay_s: float
    low_hz: float
    high_hz: float
    level_db: float


@dataclass(frozen=True)
class Style:
    info: StyleInfo
    swing: float  # where the second 16th of a pair falls: 0.5 straight, 0.667 triplet
    human_s: float  # standard deviation of a lean
    lag_s: float  # how far hats and keys lie behind on average
    kit: tuple[DrumVoice, ...]
    grooves: tuple[Groove, ...]
    small_fill: MappingProxyType[str, str]
    large_fill: MappingProxyType[str, str]
    progressions: tuple[tuple[tuple[int, str], ...], ...]
    bars_per_chord: int
    scale: tuple[int, ...]
    chords: tuple[tuple[str, ...], ...]
    melodies: tuple[str, ...]  # two bars each
    colours: tuple[tuple[str, ...], ...]
    bass_voice: ToneVoice
    chord_voice: ToneVoice
    lead_voice: ToneVoice
    colour_voice: ToneVoice
    room: Room
    duck: float  # how much the kick pushes bass and keys away, 0 … 1
    drive: float  # saturation of the drums, 1 clean
    music_top_hz: float
    vinyl_db: float | None = None
    wow_cents: float = 0.0


def _lanes(**lanes: str | tuple[str, ...]) -> MappingProxyType[str, tuple[str, ...]]:
    return MappingProxyType({name: (bars,) if isinstance(bars, str) else bars for name, bars in lanes.items()})


def _fill(**lanes: str) -> MappingProxyType[str, str]:
    return MappingProxyType(dict(lanes))


_BACKBEAT = "....9.......9..."
_HALF_TIME = "........9......."

_BOOM_BAP = Style(
    info=StyleInfo("boom-bap", 90, 70, 125, "swung", "dusty kick and cracking snare, electric-piano chop, finger bass"),
    swing=0.575,
    human_s=0.004,
    lag_s=0.004,
    kit=(
        DrumVoice("kick", "kick-dusty", 0.0),
        DrumVoice("snare", "snare-crack", -3.0, send=0.22),
        DrumVoice("ghost", "snare-soft", -5.0, pan=-0.1, send=0.1),
        DrumVoice("hat", "hat-tight", -5.5, pan=0.25),
        DrumVoice("open", "hat-open", -9.0, pan=0.25),
        DrumVoice("tom", "tom-low", -6.0, pan=-0.3, send=0.15),
        DrumVoice("crash", "crash", -17.0, pan=-0.35, send=0.1),
    ),
    grooves=(
        Groove(
            _lanes(
                kick=("9......6..7.....", "9..5...6..7..5.."),
                snare=_BACKBEAT,
                ghost=(".......2.2......", ".......2......2."),
                hat=("7.4.7.4.7.4.7.4.", "7.4.7.4.7.437.4."),
                open=("................", "..............4."),
            ),
            ("R--....R--R-....", "R--5...R--7-..c."),
        ),
        Groove(
            _lanes(
                kick=("9.6.......76....", "9.....5...7....5"),
                snare=_BACKBEAT,
                ghost=("......2........2", ".......2.2......"),
                hat=("7.5.6.5.7.5.6.5.", "7.5.635.7.5.6.53"),
                open=("......4.........", "................"),
            ),
            ("R-R-......R8....", "R-....5---7-..c-"),
        ),
        Groove(
            _lanes(
                kick=("9.....6.7......6", "9.....6...5....."),
                snare=_BACKBEAT,
                ghost=("..2......2......", ".......2..2....."),
                hat=("64746474647464.4", "6474647464746454"),
                open=("................", "..........4....."),
            ),
            ("R---..R-R----.7.", "R---..5---3-..c."),
        ),
    ),
    small_fill=_fill(ghost=".......2.2...3.4", kick="9......6..7..6.5", open="..............5."),
    large_fill=_fill(
        snare="....9.....5.9.67", ghost="..........3...2.", hat="7.4.7.4.7.......", tom="...........5.6.."
    ),
    progressions=(
        ((0, "m9"), (8, "maj7"), (5, "m9"), (7, "7#9")),
        ((0, "m9"), (0, "m9"), (5, "m9"), (3, "maj7")),
        ((0, "m7"), (10, "9"), (8, "maj7"), (7, "7#9")),
        ((5, "m9"), (0, "m9"), (2, "dim"), (7, "7#9")),
    ),
    bars_per_chord=1,
    scale=PENTATONIC,
    chords=(
        ("X-----.X--......", "X-----....X-.X-."),
        ("..X---..X-----..", "..X---......X---"),
        ("X--X-----.......", "X--X----...X--.."),
    ),
    melodies=(
        "........X-X-X---....X---........",
        "..X-X---....X-......X-X-X---....",
        "X---......X-X-....X-..X-........",
    ),
    colours=(("X--------------.", "X--------------."),),
    bass_voice=ToneVoice("finger", -5.5, 34),
    chord_voice=ToneVoice("electric-piano", -15.5, 60, pan=-0.2, send=0.12),
    lead_voice=ToneVoice("pluck", -7.0, 70, pan=0.3, send=0.3),
    colour_voice=ToneVoice("strings", -25.0, 65, send=0.2),
    room=Room(0.5, 300.0, 7000.0, -8.5),
    duck=0.25,
    drive=1.7,
    music_top_hz=7000.0,
    vinyl_db=-58.0,
)

_TRAP = Style(
    info=StyleInfo("trap", 140, 105, 180, "half-time", "booming 808, clap on three, rolling hats, music-box bell"),
    swing=0.5,
    human_s=0.0015,
    lag_s=0.0,
    kit=(
        DrumVoice("kick", "kick-punch", -2.0),
        DrumVoice("snare", "clap-snare", -4.0, send=0.2),
        DrumVoice("hat", "hat-808", -5.0, pan=0.15),
        DrumVoice("open", "hat-open", -11.0, pan=-0.2),
        DrumVoice("perc", "rim", -9.0, pan=-0.4, send=0.3),
        DrumVoice("snap", "snap", -12.0, pan=0.35, send=0.3),
        DrumVoice("riser", "riser", -19.0, send=0.2),
        DrumVoice("crash", "crash", -19.0, send=0.1),
    ),
    grooves=(
        Groove(
            _lanes(
                kick=("9.....7....7....", "9.....7.....7.7."),
                snare=_HALF_TIME,
                hat=("7.5.7.5.7.5.7.5.", "7.5.7r5.7.5.t.r5"),
                open=("..............5.", "................"),
                perc=("......4.....4...", "..........4....."),
            ),
            ("R-----R----R----", "R-----R-....R-G-"),
        ),
        Groove(
            _lanes(
                kick=("9..7......7.....", "9..7...7..7..7.."),
                snare=_HALF_TIME,
                hat=("7.5.7.557.5.7.5.", "t.5.7.5.7.5.rrrr"),
                open=("................", "......5........."),
                snap=("............5...", "................"),
            ),
            ("R--R------7-----", "R--R---8--R--G--"),
        ),
        Groove(
            _lanes(
                kick=("9.........7.7...", "9.....7...7....."),
                snare=_HALF_TIME,
                hat=("7575757575757575", "75757r757575t.75"),
                open=("..5.............", "..........5....."),
                perc=("....3.......3..3", "....3..3........"),
            ),
            ("R---------R-5---", "R-----O---R-----"),
        ),
    ),
    small_fill=_fill(hat="7.5.7.5.t.t.rrrr", perc="....4.....4.4.4."),
    large_fill=_fill(
        hat="7.5.7.5.........", snare="........9...5.67", snap="............5.5.", open="................"
    ),
    progressions=(
        ((0, "m"), (8, "M")),
        ((0, "m"), (0, "m"), (5, "m"), (7, "M")),
        ((0, "m"), (3, "M"), (8, "M"), (7, "M")),
        ((0, "m"), (1, "M")),
    ),
    bars_per_chord=2,
    scale=HARMONIC_MINOR,
    chords=(("X---------------", "----------------"), ("X-------X-------", "X-----------X---")),
    melodies=(
        "X---X-X-..X-X---X---X-X-....X---",
        "X-..X-..X---..X-X-..X-..X-------",
        "..X-X-X-X---....X-X-X-..X---X---",
    ),
    colours=(("X.X.X.X.X.X.X.X.", "X.X.X.X.X.X.X.X."),),
    bass_voice=ToneVoice("808", -12.0, 32),
    chord_voice=ToneVoice("pad", -24.0, 57, send=0.25),
    lead_voice=ToneVoice("bell", -18.5, 76, pan=-0.2, send=0.45),
    colour_voice=ToneVoice("pluck", -15.0, 69, pan=0.4, send=0.4),
    room=Room(1.1, 350.0, 8000.0, -7.5),
    duck=0.4,
    drive=1.2,
    music_top_hz=9000.0,
)

_DRILL = Style(
    info=StyleInfo(
        "drill", 142, 108, 180, "half-time", "displaced snare, sliding 808, three-three-two hats, dark piano"
    ),
    swing=0.5,
    human_s=0.002,
    lag_s=0.0,
    kit=(
        DrumVoice("kick", "kick-punch", -2.0),
        DrumVoice("snare", "snare-tight", -2.0, send=0.2),
        DrumVoice("ghost", "rim", -11.0, pan=0.3, send=0.25),
        DrumVoice("hat", "hat-808", -5.5, pan=-0.2),
        DrumVoice("open", "hat-open", -12.0, pan=0.3),
        DrumVoice("perc", "tom-high", -9.0, pan=-0.4, send=0.3),
        DrumVoice("riser", "riser", -20.0, send=0.2),
        DrumVoice("crash", "crash", -19.0, send=0.1),
    ),
    grooves=(
        Groove(
            _lanes(
                kick=("9..6......7.....", "9.....7.....6..."),
                snare=("........9.......", "............9..."),
                ghost=("..............4.", "....3..........."),
                hat=("7..5..7..5..7.t.", "7..5..7..5..75.5"),
                open=("................", "..........4....."),
                perc=("......3.........", "...............3"),
            ),
            ("R--R------O-----", "R-----5-----G---"),
        ),
        Groove(
            _lanes(
                kick=("9......7..7.....", "9..7......6....."),
                snare=("........9.......", "............9..."),
                ghost=("....3......3....", "......3........."),
                hat=("7..6..t.5..6..5.", "7..6..7.t...6.rr"),
                open=("..............4.", "................"),
            ),
            ("R------R--G-----", "R--7------O-----"),
        ),
        Groove(
            _lanes(
                kick=("9.....6..7......", "9.....6...7..7.."),
                snare=("........9.......", "............9..."),
                ghost=("...........3...."),
                hat=("7..5.5.7..5.7..5", "t...t...7..5..75"),
                perc=("..3.............", "........3......."),
            ),
            ("R-----R--5------", "R-----G---R--O--"),
        ),
    ),
    small_fill=_fill(hat="7..5..t.t...rrrr", ghost="....3......3..45"),
    large_fill=_fill(hat="7..5..7.........", snare="........5.6.9.67", ghost="..........4....."),
    progressions=(
        ((0, "m"), (8, "M")),
        ((0, "m"), (5, "m"), (8, "M"), (7, "M")),
        ((0, "m"), (0, "m"), (1, "M"), (0, "m")),
    ),
    bars_per_chord=2,
    scale=HARMONIC_MINOR,
    chords=(("X-----X-----X---", "X---------------"), ("X---------------", "......X-----X---")),
    melodies=(
        "X--X--X---X--X--X--X--X---------",
        "..X--X--X---X---..X--X--X-------",
        "X-----X--X--....X-----X--X--X---",
    ),
    colours=(("X--X--X-X--X--X-", "X--X--X-X--X--X-"),),
    bass_voice=ToneVoice("808", -11.5, 32),
    chord_voice=ToneVoice("strings", -25.0, 58, send=0.25),
    lead_voice=ToneVoice("piano", -14.5, 72, pan=0.15, send=0.4),
    colour_voice=ToneVoice("pluck", -15.0, 65, pan=-0.4, send=0.4),
    room=Room(1.2, 350.0, 7000.0, -7.5),
    duck=0.35,
    drive=1.2,
    music_top_hz=8000.0,
)

_G_FUNK = Style(
    info=StyleInfo("g-funk", 94, 70, 125, "laid back", "slow-rolling synth bass, whistling lead, claps and tambourine"),
    swing=0.54,
    human_s=0.004,
    lag_s=0.003,
    kit=(
        DrumVoice("kick", "kick-round", 0.0),
        DrumVoice("snare", "clap-snare", -4.0, send=0.25),
        DrumVoice("ghost", "snare-soft", -9.0, send=0.1),
        DrumVoice("hat", "hat-tight", -8.0, pan=0.2),
        DrumVoice("open", "hat-open", -12.0, pan=0.2),
        DrumVoice("perc", "tambourine", -12.0, pan=-0.45),
        DrumVoice("snap", "snap", -14.0, pan=-0.3, send=0.3),
        DrumVoice("tom", "tom-low", -6.0, pan=-0.3, send=0.2),
        DrumVoice("crash", "crash", -18.0, pan=-0.3, send=0.1),
    ),
    grooves=(
        Groove(
            _lanes(
                kick=("9..6....7.6.....", "9..6....7.....6."),
                snare=_BACKBEAT,
                hat=("7.5.7.5.7.5.7.5.", "7.5.7.5.7.5.7.55"),
                open=("..............4.", "................"),
                perc=("..5...5...5...5."),
            ),
            ("R--R.8.R--5-7-8.", "R--R.8.7--5-.3c."),
        ),
        Groove(
            _lanes(
                kick=("9.....6.7..6....", "9.....6.7.6....."),
                snare=_BACKBEAT,
                ghost=("..........2....2"),
                hat=("7474747474747474", "7474747474747454"),
                perc=("....5.......5..."),
            ),
            ("R-.8R-.8--7-5-..", "R-.8R-.5--7-.-c-"),
        ),
        Groove(
            _lanes(
                kick=("9......67.......", "9..6....7..6...."),
                snare=_BACKBEAT,
                hat=("7.5.7.5.7.5.7.5.", "7.5.7.5.7.5.7.5."),
                open=("......4.........", "......4........."),
                snap=("............5..."),
                perc=("5...5...5...5..."),
            ),
            ("R---..8R-.7-5--.", "R---..8R-.5-3-c."),
        ),
    ),
    small_fill=_fill(ghost="..........3..3.4", kick="9..6....7.6..6.."),
    large_fill=_fill(snare="....9.......9...", tom=".........56.5.67", hat="7.5.7.5.7......."),
    progressions=(
        ((0, "m9"), (0, "m9"), (5, "9"), (5, "9")),
        ((0, "m7"), (10, "M"), (8, "maj7"), (7, "7#9")),
        ((0, "m9"), (5, "9")),
    ),
    bars_per_chord=1,
    scale=DORIAN,
    chords=(("..X-..X-..X-..X-",), ("X-----------X-..", "X-------..X-..X-"), ("X..X..X---......",)),
    melodies=(
        "X---------X-X---X-----------....",
        "....X-X-X-----------X-X-X---....",
        "X-----X-X-------X-----X---------",
    ),
    colours=(("X---------------", "X---------------"),),
    bass_voice=ToneVoice("moog", -8.5, 36),
    chord_voice=ToneVoice("electric-piano", -18.0, 60, pan=0.2, send=0.15),
    lead_voice=ToneVoice("whistle", -22.5, 84, pan=0.0, send=0.35),
    colour_voice=ToneVoice("pad", -27.0, 64, send=0.2),
    room=Room(0.7, 300.0, 8000.0, -8.5),
    duck=0.25,
    drive=1.4,
    music_top_hz=9000.0,
)

_LO_FI = Style(
    info=StyleInfo(
        "lo-fi", 80, 60, 110, "swung, drowsy", "soft drums behind the dust, wobbling electric piano, nylon string"
    ),
    swing=0.61,
    human_s=0.006,
    lag_s=0.009,
    kit=(
        DrumVoice("kick", "kick-soft", 0.0),
        DrumVoice("snare", "snare-soft", -4.5, send=0.18),
        DrumVoice("ghost", "rim", -14.0, pan=-0.25, send=0.2),
        DrumVoice("hat", "hat-dark", -7.0, pan=0.2),
        DrumVoice("open", "hat-open", -14.0, pan=0.2),
        DrumVoice("perc", "shaker", -13.0, pan=-0.4),
    ),
    grooves=(
        Groove(
            _lanes(
                kick=("9.....6...6.....", "9......6..6....."),
                snare=_BACKBEAT,
                ghost=(".......3........", "..........3....."),
                hat=("6.4.6.4.6.4.6.4.", "6.4.6.4.6.436.4."),
                perc=("3333333333333333"),
            ),
            ("R-----5---......", "R------7--5-..c."),
        ),
        Groove(
            _lanes(
                kick=("9......6.6......", "9..5......6....."),
                snare=_BACKBEAT,
                ghost=("..........3....3"),
                hat=("64.4646464.46464", "6464646464646.64"),
            ),
            ("R------8-5------", "R--R------5---c-"),
        ),
    ),
    small_fill=_fill(ghost=".......3..3.3.3.", open="..............5."),
    large_fill=_fill(
        hat="6.4.6.4.........", perc="3333333.........", ghost="..........3..3.3", kick="9.....6........."
    ),
    progressions=(
        ((2, "m9"), (7, "13"), (0, "maj7"), (9, "m9")),
        ((0, "maj7"), (9, "m9"), (2, "m9"), (7, "13")),
        ((5, "maj7"), (4, "m7"), (2, "m9"), (0, "maj7")),
    ),
    bars_per_chord=1,
    scale=(0, 2, 4, 7, 9),
    chords=(("X-------..X---..", "X-----X---......"), ("X-----------....", "..X---------X---")),
    melodies=(
        "....X-X-X---....X-----..........",
        "..X---X-......X-X-X-----........",
        "X---......X-X-X-........X---....",
    ),
    colours=(("X---------------", "X---------------"),),
    bass_voice=ToneVoice("finger", -5.5, 35),
    chord_voice=ToneVoice("electric-piano", -17.0, 60, pan=-0.1, send=0.2),
    lead_voice=ToneVoice("pluck", -10.0, 72, pan=0.25, send=0.35),
    colour_voice=ToneVoice("pad", -28.0, 64, send=0.2),
    room=Room(0.6, 250.0, 4500.0, -8.5),
    duck=0.35,
    drive=1.9,
    music_top_hz=3800.0,
    vinyl_db=-50.0,
    wow_cents=9.0,
)

_GRIME = Style(
    info=StyleInfo("grime", 140, 105, 180, "half-time, cold", "hollow square bass and lead, icy clicks, clap on three"),
    swing=0.5,
    human_s=0.0015,
    lag_s=0.0,
    kit=(
        DrumVoice("kick", "kick-punch", -2.0),
        DrumVoice("snare", "clap-snare", -4.5, send=0.2),
        DrumVoice("ghost", "snare-tight", -10.0, pan=0.1, send=0.15),
        DrumVoice("hat", "hat-tight", -5.0, pan=0.2),
        DrumVoice("open", "hat-open", -12.0, pan=-0.2),
        DrumVoice("perc", "blip", -7.0, pan=-0.35, send=0.35),
        DrumVoice("riser", "riser", -20.0, send=0.2),
        DrumVoice("crash", "crash", -18.0, send=0.1),
    ),
    grooves=(
        Groove(
            _lanes(
                kick=("9..7..7.....7...", "9..7..7...7....."),
                snare=_HALF_TIME,
                ghost=("..............4.", "...........4..4."),
                hat=("..6...6...6...6.", "..6...6...6.6.66"),
                perc=("....5......5....", "....5.5........."),
            ),
            ("R-.R-.R-....7-R-", "R-.R-.8---7-5-3-"),
        ),
        Groove(
            _lanes(
                kick=("9.....7...7.....", "9..7......7..7.."),
                snare=_HALF_TIME,
                hat=("6.6.6.6.6.6.6.6.", "6.6.666.6.6.6.6."),
                open=("....4.......4..."),
                perc=("...5.....5....5.", "......5......5.."),
            ),
            ("R---..R-..R---5-", "R--R---...8--7--"),
        ),
        Groove(
            _lanes(
                kick=("9..7......7..7..", "9..7......7....."),
                snare=_HALF_TIME,
                ghost=("....4.......4..."),
                hat=("5.6.5.6.5.6.5.6.", "5.6.5.6.5.6.t.6."),
                perc=("..........5.....", "............5.55"),
            ),
            ("R--R--....R--R--", "R--R--7-8-R-..c-"),
        ),
    ),
    small_fill=_fill(ghost="..............46", perc="..5..5..5..5.5.5"),
    large_fill=_fill(snare="........9.5.6.67", hat="6.6.6.6.........", perc="............5.5."),
    progressions=(
        ((0, "5"), (1, "5")),
        ((0, "m"), (0, "m"), (3, "M"), (1, "M")),
        ((0, "5"), (0, "5"), (10, "5"), (8, "5")),
    ),
    bars_per_chord=2,
    scale=PHRYGIAN,
    chords=(("X--X--X-........", "X--X--X-..X-X-.."), ("X-....X-....X-..", "X-....X-........")),
    melodies=(
        "X--X--X-X---....X--X--X---X-X---",
        "X-X-..X-X-..X---X-X-..X---......",
        "..X-X-..X-X-X---..X-X-..X---X-X-",
    ),
    colours=(("X---------------", "X---------------"),),
    bass_voice=ToneVoice("square-bass", -11.5, 34),
    chord_voice=ToneVoice("strings", -21.0, 60, send=0.3),
    lead_voice=ToneVoice("square-lead", -21.0, 74, pan=0.15, send=0.3),
    colour_voice=ToneVoice("pad", -28.0, 62, send=0.25),
    room=Room(0.9, 400.0, 8000.0, -8.5),
    duck=0.35,
    drive=1.2,
    music_top_hz=9000.0,
)

_CLUB = Style(
    info=StyleInfo("club", 128, 95, 180, "four on the floor", "four kicks a bar, off-beat hats and bass, organ stabs"),
    swing=0.515,
    human_s=0.0015,
    lag_s=0.0,
    kit=(
        DrumVoice("kick", "kick-club", -1.0),
        DrumVoice("snare", "clap", -6.0, send=0.25),
        DrumVoice("hat", "hat-tight", -8.0, pan=0.2),
        DrumVoice("open", "hat-open", -5.5, pan=-0.1),
        DrumVoice("perc", "shaker", -9.0, pan=-0.4),
        DrumVoice("ghost", "rim", -16.0, pan=0.4, send=0.3),
        DrumVoice("roll", "snare-tight", -9.0, send=0.2),
        DrumVoice("riser", "riser", -17.0, send=0.2),
        DrumVoice("crash", "crash", -16.0, send=0.15),
    ),
    grooves=(
        Groove(
            _lanes(
                kick="9...9...9...9...",
                snare=_BACKBEAT,
                hat=("5.3.5.3.5.3.5.3.", "5.3.5.3.5.3.5.33"),
                open="..7...7...7...7.",
                perc="5353535353535353",
                ghost=("...4..4...4..4..", "...4..4....4...."),
            ),
            ("..R...R...R...R.", "..R...R...R..8R."),
        ),
        Groove(
            _lanes(
                kick="9...9...9...9...",
                snare=_BACKBEAT,
                hat=("3353335333533353"),
                open="..6...6...6...6.",
                ghost=("......4..4......", "..4...4..4....4."),
            ),
            ("..RR..R8..RR..R8", "..RR..R8..55..77"),
        ),
        Groove(
            _lanes(
                kick=("9...9...9...9...", "9...9...9...9..6"),
                snare=_BACKBEAT,
                open="..7...7...7...7.",
                perc=("3.533.533.533.53"),
                hat=("5.5.5.5.5.5.5.5."),
            ),
            ("..R-..R-.R8-..R-", "..R-..R-.R5-..7-"),
        ),
    ),
    small_fill=_fill(hat="5.3.5.3.5353r3rr", ghost="...4..4...4.4444"),
    large_fill=_fill(
        roll="........3344556r", open="..7...7.........", perc="5353535.........", ghost="................"
    ),
    progressions=(
        ((0, "m7"), (8, "maj7"), (3, "maj7"), (10, "M")),
        ((0, "m9"), (5, "m9")),
        ((5, "m9"), (0, "m7"), (8, "maj7"), (10, "M")),
    ),
    bars_per_chord=2,
    scale=MINOR,
    chords=(("X..X..X...X..X..", "X..X..X...X.X..."), ("..X-..X-..X-..X-", "..X-..X-.X..X-.."), ("X.....X...X.....",)),
    melodies=(
        "..X-X-X-....X---..X-X-X-........",
        "X---..X-..X-....X---..X---......",
        "....X-X-X---........X-X-X-X-....",
    ),
    colours=(("X---------------", "X---------------"),),
    bass_voice=ToneVoice("pump-bass", -4.5, 36),
    chord_voice=ToneVoice("organ", -13.0, 60, pan=0.0, send=0.3),
    lead_voice=ToneVoice("pluck", -8.0, 74, pan=0.3, send=0.4),
    colour_voice=ToneVoice("pad", -25.0, 62, send=0.25),
    room=Room(0.9, 300.0, 9000.0, -8.5),
    duck=0.65,
    drive=1.2,
    music_top_hz=10_000.0,
)

_FUNK = Style(
    info=StyleInfo(
        "funk", 104, 75, 140, "live band", "ghosted snare, walking finger bass, scratch guitar and horn stabs"
    ),
    swing=0.535,
    human_s=0.005,
    lag_s=0.001,
    kit=(
        DrumVoice("kick", "kick-live", 0.0),
        DrumVoice("snare", "snare-live", -3.0, send=0.2),
        DrumVoice("ghost", "snare-ghost", -4.0, send=0.1),
        DrumVoice("hat", "hat-tight", -6.0, pan=0.3),
        DrumVoice("open", "hat-open", -8.0, pan=0.3),
        DrumVoice("perc", "tambourine", -13.0, pan=-0.4),
        DrumVoice("tom", "tom-low", -5.0, pan=-0.3, send=0.15),
        DrumVoice("crash", "crash", -16.0, pan=-0.3, send=0.1),
    ),
    grooves=(
        Groove(
            _lanes(
                kick=("9.6.......6..6..", "9.6....6..6....."),
                snare=_BACKBEAT,
                ghost=(".......2.2.2...2", ".......2.2....22"),
                hat=("7454745474547454", "7454745474547.54"),
                open=("................", "..............5."),
                perc="..4...4...4...4.",
            ),
            ("R.R...8.7.5..R..", "R.R....7.85.3.c."),
        ),
        Groove(
            _lanes(
                kick=("9.......6.6.....", "9.6...6...6....."),
                snare=_BACKBEAT,
                ghost=("..2....2.2....2.", ".......2.2.2...."),
                hat=("6464746464647464", "6464746464647464"),
                open=("......5.........", "......5........."),
            ),
            ("R..8..R.7.R.5.3.", "R..8..R.7.8.5c.c"),
        ),
        Groove(
            _lanes(
                kick=("9..6..6...6.....", "9..6..6...6..6.."),
                snare=_BACKBEAT,
                ghost=(".......2......22", ".......2.2......"),
                hat=("7.5.7.557.5.7.5.", "7.5.7.557.557.5."),
                perc="....5.......5...",
            ),
            ("R--R..8..7-5-..R", "R--R..8..7-5-.c-"),
        ),
    ),
    small_fill=_fill(ghost=".......2.2.3.345", open="..............6."),
    large_fill=_fill(
        snare="....9..6..669.67", tom=".........4...56.", hat="7454745.........", ghost="................"
    ),
    progressions=(
        ((0, "m9"), (5, "9")),
        ((0, "9"), (0, "9"), (5, "9"), (0, "9")),
        ((0, "m7"), (0, "m7"), (3, "9"), (5, "9")),
    ),
    bars_per_chord=2,
    scale=DORIAN,
    chords=(
        ("..XX.X..X.XX.X..", "..XX.X..X.X.XX.X"),
        ("X.X.XX.X..X.XX..", "X.X.XX.X..XX.X.X"),
        ("..X...X...X...X.", "..X...X...XX..X."),
    ),
    melodies=(
        "............X-X-X---....X---....",
        "....X-......X-X-....X-X-X---....",
        "X-X-....X---....X-X-....X-X-X---",
    ),
    colours=(("X-....X---......", "X-....X-..X-X---"), ("..........X-X---", "X-..X-..........")),
    bass_voice=ToneVoice("finger", -4.5, 35),
    chord_voice=ToneVoice("scratch", -8.5, 64, pan=-0.35, send=0.08),
    lead_voice=ToneVoice("electric-piano", -17.5, 72, pan=0.3, send=0.2),
    colour_voice=ToneVoice("horns", -22.5, 65, pan=0.0, send=0.2),
    room=Room(0.45, 300.0, 8000.0, -8.5),
    duck=0.2,
    drive=1.5,
    music_top_hz=9000.0,
)

STYLE_BOOK = MappingProxyType(
    {style.info.name: style for style in (_BOOM_BAP, _TRAP, _DRILL, _G_FUNK, _LO_FI, _GRIME, _CLUB, _FUNK)}
)
