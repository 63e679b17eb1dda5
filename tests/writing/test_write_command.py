"""`rapbot write` from the outside: its JSON, its text, and its one-line complaints."""

from __future__ import annotations

import argparse
import json

import pytest

from rapbot.commands import write
from rapbot.errors import UserError

OPPONENT = "I'm a shark in the sea, / you're a toaster and you'll never beat me"


def parse(*options: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    write.add_parser(parser.add_subparsers())
    return parser.parse_args(["write", *options])


def test_json_follows_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert write.run(parse("--opponent", OPPONENT, "--bars", "4", "--seed", "2", "--json")) == 0
    out = json.loads(capsys.readouterr().out)
    assert (out["schema"], out["bpm"], out["span_beats"]) == ("rapbot.verse/1", 90.0, 4)
    assert [bar["index"] for bar in out["bars"]] == [0, 1, 2, 3]
    assert {text for bar in out["bars"] for text in bar["answers"]} <= {"shark", "sea", "toaster", "beat"}
    for bar in out["bars"]:
        assert set(bar) == {"index", "text", "move", "entry", "answers", "rhyme_group", "end_word", "syllables"}
        assert all(set(syllable) == {"phones", "stress", "slot"} for syllable in bar["syllables"])


def test_text_shows_letters_and_answers_and_a_file_is_read(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "verse.txt"
    path.write_text(OPPONENT.replace(" / ", "\n"), encoding="utf-8")
    write.run(parse("--opponent", f"@{path}", "--bars", "4", "--seed", "2"))
    by_file = capsys.readouterr().out
    write.run(parse("--opponent", OPPONENT, "--bars", "4", "--seed", "2"))
    assert by_file == capsys.readouterr().out
    assert "<- " in by_file
    letters = [line.split()[0] for line in by_file.splitlines() if line]
    assert letters == ["A", "A", "B", "B"]


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ((), "--opponent"),
        (("--opponent", "hi", "--bars", "3"), "--bars"),
        (("--opponent", "hi", "--bpm", "5"), "--bpm"),
        (("--opponent", "hi", "--surprise", "2"), "--surprise"),
        (("--opponent", "hi", "--seed", "-1"), "--seed"),
        (("--opponent", "@no/such/file"), "not a file"),
        (("--opponent", "hi", "--persona", "nobody"), "comedian"),
    ],
)
def test_mistakes_are_one_line(options: tuple[str, ...], what: str) -> None:
    with pytest.raises(UserError, match=what) as caught:
        write.run(parse(*options))
    assert "\n" not in str(caught.value)


def test_a_binary_file_is_refused(tmp_path) -> None:
    path = tmp_path / "noise.bin"
    path.write_bytes(bytes(range(200, 256)))
    with pytest.raises(UserError, match="UTF-8"):
        write.run(parse("--opponent", f"@{path}"))


@pytest.mark.parametrize("text", ["", "…", "🔥🔥", "12345 67"])
def test_an_opponent_who_says_nothing_is_still_answered(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert write.run(parse("--opponent", text, "--bars", "4")) == 0
    assert len([line for line in capsys.readouterr().out.splitlines() if line]) == 4
