"""rapbot: hears an opponent rap and answers on the beat, in rhyme, about what was just said."""

__version__ = "0.1.0"
