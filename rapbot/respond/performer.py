"""From a voice's name, and perhaps a clip of somebody, to something that says lines on the grid.

Live voices are timbres of one acoustic model that is open already; the others bring an engine and weights of their own,
loaded on first use.  A clip leans a live voice towards the person in it (`rapbot.voicing.reference`); a coqui model may
clone it.  Either asks for that person's consent.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rapbot.errors import EngineUnavailable, UserError
from rapbot.language.syllables import accent_final, line_syllables
from rapbot.protocols import HEARING_RATE_HZ, AcousticModel, G2p, TimedSpeaker
from rapbot.rates import at_rate
from rapbot.resources import weights_dir
from rapbot.rhythm.slots import SlotPlan, plan_slots, span_beats_for
from rapbot.values import PronouncedWord
from rapbot.voicing.backing_vocals import Performer
from rapbot.voicing.spoken import SpokenVoice
from rapbot.voicing.voice import Voice
from rapbot.voicing.voices import COQUI, VoiceSpec, voice_spec

if TYPE_CHECKING:
    from rapbot.voicing.reference import Leaning, Rehearsal

REHEARSAL_BPM = 90.0
REHEARSED = (
    "We painted every window with a shade of doubt,",
    "and nobody could see us when the lights went out.",
    "The captain had a parrot and a silver tooth,",
    "he sold me half an island and a pound of truth.",
    "I carry all my trouble in a paper bag,",
    "my cousin saw you wearing someone's Sunday clothes.",
)


@dataclass(frozen=True)
class Reference:
    """A clip of a person to sound like, and whether that person agreed."""

    path: Path
    consent: bool


@dataclass(frozen=True)
class Engaged:
    """A voice ready to perform, and what was found where it leans towards a clip."""

    voice: Performer
    leaning: Leaning | None = None


def check_voice(name: str, reference: Reference | None = None) -> None:
    """What `engage` would raise without listening to anything, found out before any long work."""
    spec = voice_spec(name)
    if reference is not None:
        if not reference.consent:
            raise UserError("--reference imitates a person: add --i-have-consent if that person agreed to it")
        if not reference.path.is_file():
            raise UserError(f"there is no reference clip at {reference.path}: give --reference an audio file")
        if spec.live:
            weights_dir("speaker-encoder")
        elif spec.engine != COQUI:
            raise UserError(f"the voice '{name}' cannot sound like a clip: leave out --reference or take a live voice")
    if spec.engine == COQUI:
        from rapbot.engines.coqui import check_libraries, model_files

        model_files(coqui_folder(name))
        check_libraries()
    elif not spec.live:
        weights_dir(spec.engine.partition(":")[0])


def open_performer(name: str, acoustic: AcousticModel, seed: int = 0, reference: Reference | None = None) -> Performer:
    """The voice of that name, ready to perform; a ``reference`` is for voices that clone.

    Raises:
        UserError: no such voice.
        EngineUnavailable: its weights are not installed; the message says how to install them.
    """
    spec = voice_spec(name)
    if spec.live:
        return Voice(acoustic, spec, seed)
    return SpokenVoice(_speaker(spec, reference), spec, seed)


def engage(name: str, acoustic: AcousticModel, text: G2p, seed: int = 0, reference: Reference | None = None) -> Engaged:
    """`open_performer`, leaned towards the clip where the voice is one that leans (about 30 s of one core)."""
    check_voice(name, reference)
    spec = voice_spec(name)
    if reference is None or not spec.live:
        return Engaged(open_performer(name, acoustic, seed, reference))
    leaning = leaned(reference.path, spec, acoustic, text)
    return Engaged(Voice(acoustic, leaning.spec, seed), leaning)


def leaned(clip: Path, spec: VoiceSpec, acoustic: AcousticModel, text: G2p) -> Leaning:
    """A live voice leaned towards the person in a clip.  Raises UserError where the clip does not serve."""
    from rapbot.engines.silero import SileroVad
    from rapbot.engines.speaker_encoder import SpeakerEncoder
    from rapbot.sound.files import read_audio
    from rapbot.voicing.reference import lean, reference_speech

    encoder = SpeakerEncoder()
    recording = read_audio(clip)
    samples = at_rate(recording.samples, recording.rate_hz, HEARING_RATE_HZ)
    return lean(reference_speech(samples, SileroVad()), rehearsal(acoustic, text), encoder.embed, spec)


def planned(speaker: G2p, line: str, bpm: float) -> tuple[tuple[PronouncedWord, ...], SlotPlan]:
    """A line as the pen would hand it to the voice: its words, the last one accented, and the planner's slots."""
    words = accent_final(speaker.pronounce(line))
    return words, plan_slots(line_syllables(words), bpm, span_beats=span_beats_for(bpm))


def rehearsal(acoustic: AcousticModel, text: G2p) -> Rehearsal:
    """The lines a leaning is found on; none is a benchmark's."""
    from rapbot.voicing.reference import Rehearsal

    said = (planned(text, line, REHEARSAL_BPM) for line in REHEARSED)
    lines = [(words, plan.slots) for words, plan in said]
    return Rehearsal(acoustic, lines, REHEARSAL_BPM)


def coqui_folder(name: str) -> Path:
    """The model's folder in a voice name like ``coqui:FOLDER``."""
    return Path(name.removeprefix(f"{COQUI}:")).expanduser()


def _speaker(spec: VoiceSpec, reference: Reference | None) -> TimedSpeaker:
    """The engine a voice of sound alone names, with its weights; ``engine`` is the manifest's name of them."""
    if spec.engine == COQUI:
        from rapbot.engines.cmu import CmuLexicon
        from rapbot.engines.coqui import open_coqui
        from rapbot.engines.sphinx import SphinxAligner

        align = SphinxAligner(CmuLexicon().pronunciations).align
        return open_coqui(coqui_folder(spec.name), align, reference.path if reference else None)
    engine, _, style = spec.engine.partition(":")
    folder = weights_dir(engine)
    if engine == "kokoro":
        from rapbot.engines.kokoro import KokoroModel, KokoroSpeaker

        return KokoroSpeaker(KokoroModel(folder), style)
    if engine == "piper-joe":
        from rapbot.engines.piper import PiperSpeaker

        return PiperSpeaker(folder)
    raise EngineUnavailable(f"the voice '{spec.name}' wants the engine '{engine}', which this version does not have")
