"""The engines one answer needs, opened once and passed down; nothing below this file knows a backend by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rapbot.protocols import AcousticModel, Lexicon, PhoneRecognizer, Transcriber
from rapbot.resources import weights_dir

if TYPE_CHECKING:
    from rapbot.engines.hibari_text import HibariText
    from rapbot.hearing.listener import StreamingTranscriber, StreamingVoiceActivity
    from rapbot.hearing.phrases import WordAligner
    from rapbot.writing.makers import Maker
    from rapbot.writing.pen import Pen


@dataclass(frozen=True)
class Kit:
    """Every engine of the offline path.

    ``transcriber`` (tiny.en) reads the running verse; ``linguist`` (base) says which language it is and hears the whole
    once more at the end: on the bundled verses 9 % word errors instead of 14 for 1.3 s more.
    """

    transcriber: StreamingTranscriber
    linguist: Transcriber
    phones: PhoneRecognizer
    activity: StreamingVoiceActivity
    aligner: WordAligner
    text: HibariText
    second_lexicon: Lexicon
    acoustic: AcousticModel
    pen: Pen


def open_kit(on_step: Callable[[str], None] = lambda _: None) -> Kit:
    """Load the real engines (about two seconds).

    Raises:
        EngineUnavailable: weights or a package are missing; the line says what to run.
    """
    from rapbot.engines.cmu import CmuLexicon
    from rapbot.engines.hama_phones import HamaPhones
    from rapbot.engines.hibari_text import HibariText
    from rapbot.engines.hibari_voice import HibariVoice
    from rapbot.engines.silero import SileroVad
    from rapbot.engines.sphinx import SphinxAligner
    from rapbot.engines.whisper import FasterWhisper
    from rapbot.resources import models_root
    from rapbot.writing.pen import open_pen

    tiny, base = weights_dir("whisper-tiny.en"), weights_dir("whisper-base")
    on_step("recogniser")
    transcriber, linguist = FasterWhisper(tiny), FasterWhisper(base)
    phones, activity = HamaPhones(), SileroVad()
    on_step("voice")
    text, acoustic = HibariText(), HibariVoice()
    on_step("pen")
    second = CmuLexicon()
    aligner = SphinxAligner(second.pronunciations)
    pen = open_pen(text, second, models_root())
    return Kit(transcriber, linguist, phones, activity, aligner, text, second, acoustic, pen)


def persona_name(pen: Pen, argument: str | None) -> str | None:
    """The name that a ``--persona`` value stands for; a file of the user's own is read and made known to the pen.

    Raises:
        UserError: no such persona, or a file that is none.
    """
    if argument is None or not argument.endswith(".toml"):
        return pen.persona(argument).name if argument is not None else None
    from rapbot.respond.performer import check_voice
    from rapbot.writing.persona import load_persona

    persona = load_persona(Path(argument))
    check_voice(persona.voice, None)
    pen.welcome(persona)
    return persona.name


def check_maker(name: str) -> None:
    """What `open_maker` would raise, found out before any long work."""
    if name == "model":
        weights_dir("smollm2-135m-instruct")
    else:
        open_maker(name)


def open_maker(name: str) -> Maker | None:
    """The maker a ``--pen`` value names beside the bank; None for "arsenal", the bank alone.

    Raises:
        UserError: it names none.
        EngineUnavailable: weights or torch are missing; the line says what to run.
    """
    if name == "arsenal":
        return None
    if name == "model":
        from rapbot.engines.cmu import CmuLexicon
        from rapbot.engines.smollm import SmolMaker, weight_file
        from rapbot.writing.makers import MaskedMaker

        return MaskedMaker(SmolMaker(weight_file(weights_dir("smollm2-135m-instruct")), CmuLexicon()))
    from rapbot.engines.openai_maker import parse_maker
    from rapbot.writing.makers import ChatMaker

    return ChatMaker(parse_maker(name))
