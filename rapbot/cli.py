"""The command line: picks the command, turns mistakes into one line, and keeps heavy libraries on one thread.

Each command is a module ``rapbot.commands.NAME`` with ``add_parser(subparsers)``, light enough for ``--help``, and
``run(args) -> exit code``, which may import what it needs.

*Conventions.*  Exit codes: 0 done, 1 engine failure, 2 user mistake, 3 something is not installed, 130 stopped with
Ctrl-C, 141 the reader of a pipe went away.  RAPBOT_DEBUG=1 shows tracebacks instead of one line.
"""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import NoReturn

from rapbot import __version__
from rapbot.errors import EngineUnavailable, RapbotError, UserError

COMMANDS = ("respond", "write", "voice", "voices", "listen", "beats", "daydream", "memory", "models", "doctor", "bench")

STOPPED_EXIT_CODE = 130  # 128 + SIGINT, what a shell reports for a program stopped with Ctrl-C
BROKEN_PIPE_EXIT_CODE = 141  # 128 + SIGPIPE

# One math thread each: two engines with two threads on two cores fight, and every engine here is faster alone on one.
SINGLE_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# Weights come from the cache or from packages; a library must not go looking for them on a model hub.
OFFLINE_VARIABLES = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code.  ``--help`` and wrong options leave through argparse's SystemExit."""
    prepare_environment()
    _speak_any_encoding()
    try:
        code = _dispatch(argv)
        if sys.stdout is not None:  # `>&-`
            sys.stdout.flush()  # here, so that a closed pipe is noticed where it is handled
        return code
    except BrokenPipeError:
        return _reader_went_away()
    except KeyboardInterrupt:
        return _complain("stopped", STOPPED_EXIT_CODE)
    except RapbotError as error:
        if _debugging():
            raise
        return _complain(str(error), error.exit_code)
    except ModuleNotFoundError as error:
        if _debugging() or (error.name or "").split(".")[0] == "rapbot":  # a module of ours that is not there is a bug
            raise
        return _complain(
            f"the package '{error.name}' is not installed: install rapbot again, then run `rapbot doctor`",
            EngineUnavailable.exit_code,
        )
    except OSError as error:  # a full disk, a folder without permission: the user's to put right, wherever it surfaced
        if _debugging():
            raise
        return _complain(_os_error_line(error), UserError.exit_code)


def prepare_environment() -> None:
    """Settings that must be in place before numpy and the engines are imported."""
    for name in SINGLE_THREAD_VARIABLES:
        os.environ.setdefault(name, "1")
    for name in OFFLINE_VARIABLES:
        os.environ[name] = "1"


def _speak_any_encoding() -> None:
    """An opponent's "Łukasz" on a terminal without that letter is shown as best it can be, not a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


class OneLineParser(argparse.ArgumentParser):
    """A wrong option is a user's mistake like any other: one line that says what to do, no page of usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(UserError.exit_code, f"rapbot: {message} (see `{self.prog} --help`)\n")


def build_parser() -> tuple[argparse.ArgumentParser, dict[str, ModuleType]]:
    """The parser and the command modules by name; imports no heavy library."""
    parser = OneLineParser(
        prog="rapbot", description="Hears an opponent rap and answers on the beat, in rhyme, about what was just said."
    )
    parser.add_argument("--version", action="version", version=f"rapbot {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND")
    modules = {name: importlib.import_module(f"rapbot.commands.{name}") for name in COMMANDS}
    for module in modules.values():
        module.add_parser(subparsers)
    return parser, modules


def _dispatch(argv: Sequence[str] | None) -> int:
    parser, modules = build_parser()
    args = parser.parse_args(argv)
    if args.command is None:
        parser.print_help(sys.stderr)
        return UserError.exit_code
    code: int = modules[args.command].run(args)
    return code


def _complain(line: str, code: int) -> int:
    print(f"rapbot: {line}", file=sys.stderr)
    return code


def _reader_went_away() -> int:
    """Point stdout elsewhere, or the interpreter complains about the closed pipe once more while it shuts down."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return BROKEN_PIPE_EXIT_CODE


def _os_error_line(error: OSError) -> str:
    what = error.strerror or type(error).__name__
    return f"{error.filename}: {what}" if error.filename else str(error) or what


def _debugging() -> bool:
    return os.environ.get("RAPBOT_DEBUG", "") not in ("", "0")


if __name__ == "__main__":
    sys.exit(main())
