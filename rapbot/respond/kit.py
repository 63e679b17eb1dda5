"""The engines one answer needs, opened once and passed down; nothing below this file knows a backend by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rapbot.protocols import AcousticModel, Lexicon, PhoneRecognizer, Transcriber, VoiceActivity

if TYPE_CHECKING:
    from rapbot.engines.hibari_text import HibariText
    from rapbot.writing.pen import Pen


@dataclass(frozen=True)
class Kit:
    """Every engine of the offline path.  ``linguist`` is only asked which language is spoken."""

    transcriber: Transcriber
    linguist: Transcriber
    phones: PhoneRecognizer
    activity: VoiceActivity
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
    from rapbot.engines.silero import SileroActivity
    from rapbot.engines.whisper import FasterWhisper
    from rapbot.resources import weights_dir
    from rapbot.writing.pen import open_pen

    tiny, base = weights_dir("whisper-tiny.en"), weights_dir("whisper-base")
    on_step("recogniser")
    transcriber, linguist = FasterWhisper(tiny), FasterWhisper(base)
    phones, activity = HamaPhones(), SileroActivity()
    on_step("voice")
    text, acoustic = HibariText(), HibariVoice()
    on_step("pen")
    second = CmuLexicon()
    return Kit(transcriber, linguist, phones, activity, text, second, acoustic, open_pen(text, second))
