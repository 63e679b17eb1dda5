"""What the terminal shows: both verses, their rhyme letters, and where the time went."""

from rapbot.respond.show import side_by_side, waterfall


def test_columns_keep_apart_and_letters_end_lines() -> None:
    text = side_by_side(
        [("one two", "A")], [("a reply", "A"), ("and more", "B")], titles=("heard", "answered"), width=60
    )
    rows = text.splitlines()
    assert rows[0].startswith("heard") and "answered" in rows[0]
    assert rows[2].index("[A]") < 30 < rows[2].index("a reply")
    assert rows[3].strip() == "and more [B]"


def test_long_lines_wrap_inside_their_column() -> None:
    long = "word " * 30
    rows = side_by_side([(long, "A")], [("short", "B")], titles=("l", "r"), width=60).splitlines()
    assert all(len(row) <= 60 for row in rows)
    assert sum(row.count("word") for row in rows) == 30
    assert sum(row.count("[A]") for row in rows) == 1


def test_colour_changes_nothing_but_escapes() -> None:
    import re

    plain = side_by_side([("one two", "A")], [("three", "B")], titles=("l", "r"))
    coloured = side_by_side([("one two", "A")], [("three", "B")], titles=("l", "r"), colour=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == plain


def test_waterfall_bars_follow_one_another() -> None:
    rows = waterfall([("hear", 3000.0), ("write", 1000.0)]).splitlines()
    assert rows[0].rstrip().endswith("█") and "3.00 s" in rows[0]
    assert rows[1].index("█") > rows[0].rindex("█")
    assert "4.00 s" in rows[2]
