"""From a voice's name to something that says lines on the grid.

Live voices are timbres of one acoustic model that is open already; the others bring an engine and weights of their own,
loaded on first use.
"""

from __future__ import annotations

from rapbot.errors import EngineUnavailable
from rapbot.protocols import AcousticModel, TimedSpeaker
from rapbot.resources import weights_dir
from rapbot.voicing.backing_vocals import Performer
from rapbot.voicing.spoken import SpokenVoice
from rapbot.voicing.voice import Voice
from rapbot.voicing.voices import VoiceSpec, voice_spec


def check_voice(name: str) -> None:
    """What `open_performer` would raise, found out before any long work."""
    spec = voice_spec(name)
    if not spec.live:
        weights_dir(spec.engine.partition(":")[0])


def open_performer(name: str, acoustic: AcousticModel, seed: int = 0) -> Performer:
    """The voice of that name, ready to perform.

    Raises:
        UserError: no such voice.
        EngineUnavailable: its weights are not installed; the message says how to install them.
    """
    spec = voice_spec(name)
    if spec.live:
        return Voice(acoustic, spec, seed)
    return SpokenVoice(_speaker(spec), spec, seed)


def _speaker(spec: VoiceSpec) -> TimedSpeaker:
    """The engine a voice of sound alone names, with its weights; ``engine`` is the manifest's name of them."""
    engine, _, style = spec.engine.partition(":")
    folder = weights_dir(engine)
    if engine == "kokoro":
        from rapbot.engines.kokoro import KokoroModel, KokoroSpeaker

        return KokoroSpeaker(KokoroModel(folder), style)
    if engine == "piper-joe":
        from rapbot.engines.piper import PiperSpeaker

        return PiperSpeaker(folder)
    raise EngineUnavailable(f"the voice '{spec.name}' wants the engine '{engine}', which this version does not have")
