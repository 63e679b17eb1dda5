"""Every format in and out, every way a file can be wrong, and writes that are whole or nothing."""

from __future__ import annotations

import os
import stat
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rapbot.errors import UserError
from rapbot.sound import files
from rapbot.sound.files import (
    atomic_write_bytes,
    atomic_write_text,
    check_audio_writable,
    check_writable,
    encode_audio,
    is_silent,
    read_audio,
    read_audio_stereo,
    write_audio,
)

# How far a decoded tone may lie from the written one, as a share of its level: 16 bits, or a lossy coder's noise.
FORMATS = [("a.wav", 1e-3), ("a.flac", 1e-3), ("a.ogg", 0.05), ("a.mp3", 0.05)]


def tone(rate_hz: int = 48_000, length_s: float = 1.5, hz: float = 440.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(round(length_s * rate_hz)) / rate_hz)).astype(np.float32)


def level(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


@pytest.mark.parametrize(("name", "tolerance"), FORMATS)
@pytest.mark.parametrize("channels", [1, 2])
def test_round_trip(tmp_path: Path, name: str, tolerance: float, channels: int) -> None:
    mono = tone()
    written = mono if channels == 1 else np.stack([mono, 0.5 * mono], axis=1)
    write_audio(tmp_path / name, written, 48_000)
    back = read_audio(tmp_path / name, mono=False)
    assert back.rate_hz == 48_000
    assert back.samples.shape[1] == channels
    middle = slice(9600, 60_000)  # lossy coders pre-echo at the ends
    got, wanted = back.samples[middle], written.reshape(len(mono), channels)[middle]
    assert level(got - wanted) < tolerance * level(wanted)


@pytest.mark.parametrize("name", [name for name, _ in FORMATS])
def test_same_samples_same_bytes(name: str) -> None:
    audio_format = files.audio_format(name)
    assert encode_audio(tone(), 48_000, audio_format) == encode_audio(tone(), 48_000, audio_format)


def test_every_ogg_page_has_serial_number_zero() -> None:
    data = encode_audio(tone(), 48_000, "OGG")  # libsndfile draws the number from the clock
    pages = [at for at in range(len(data)) if data.startswith(b"OggS\0", at)]
    assert len(pages) >= 3
    assert {data[at + 14 : at + 18] for at in pages} == {bytes(4)}


def test_float_wav_carries_no_time_stamp() -> None:
    data = encode_audio(tone(), 48_000, "WAV", "FLOAT")
    at = data.index(b"PEAK")
    assert struct.unpack("<I", data[at + 12 : at + 16]) == (0,)


@pytest.mark.parametrize("rate_hz", [8000, 11_025, 22_050, 44_100, 96_000])
def test_any_rate_is_resampled_without_moving_the_sound(tmp_path: Path, rate_hz: int) -> None:
    burst = np.zeros(rate_hz * 2, dtype=np.float32)
    burst[rate_hz : rate_hz + rate_hz // 4] = tone(rate_hz, 0.25, 1000.0)
    write_audio(tmp_path / "a.wav", burst, rate_hz)
    audio = read_audio(tmp_path / "a.wav", 16_000)
    assert audio.rate_hz == 16_000
    assert len(audio.samples) == 32_000
    loud = np.flatnonzero(np.abs(audio.samples) > 0.1)
    assert abs(loud[0] - 16_000) <= 16  # 1 ms
    assert audio.samples.dtype == np.float32


def test_channels_are_averaged_to_mono_and_mono_is_doubled_to_stereo(tmp_path: Path) -> None:
    left, right = tone(), tone(hz=660.0)
    write_audio(tmp_path / "a.wav", np.stack([left, right], axis=1), 48_000)
    assert np.allclose(read_audio(tmp_path / "a.wav").samples, (left + right) / 2, atol=1e-4)
    write_audio(tmp_path / "m.wav", left, 48_000)
    assert read_audio_stereo(tmp_path / "m.wav").samples.shape == (len(left), 2)
    six = np.stack([left, right, left, left, left, left], axis=1)
    write_audio(tmp_path / "six.wav", six, 48_000)
    assert np.allclose(read_audio_stereo(tmp_path / "six.wav").samples, six[:, :2], atol=1e-4)


def test_sound_beyond_full_scale_is_turned_down_not_clipped(tmp_path: Path) -> None:
    loud = tone() * 6.0
    write_audio(tmp_path / "a.wav", loud, 48_000, subtype="FLOAT")
    assert np.allclose(read_audio(tmp_path / "a.wav").samples, loud / 3.0, atol=1e-5)


def test_a_silent_file_is_not_an_error(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.wav", np.zeros(48_000), 48_000)
    assert is_silent(read_audio(tmp_path / "a.wav").samples)
    assert not is_silent(tone())
    assert is_silent(tone() * 1e-3)  # -66 dB
    assert is_silent(np.zeros(0))


def one_line(excinfo: pytest.ExceptionInfo[UserError], path: Path) -> str:
    text = str(excinfo.value)
    assert "\n" not in text
    assert text.startswith(str(path))
    return text


def bad_file(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.wav"
    if kind == "folder":
        path.mkdir()
    elif kind == "empty":
        path.touch()
    elif kind == "text":
        path.write_text("This is a shopping list, not a verse.\n" * 50)
    elif kind == "truncated-header":
        path.write_bytes(encode_audio(tone(), 48_000, "WAV")[:20])
    elif kind == "no-frames":
        path.write_bytes(encode_audio(np.zeros(0), 48_000, "WAV"))
    elif kind == "short":
        write_audio(path, tone(length_s=0.4), 48_000)
    elif kind == "nan":
        data = bytearray(encode_audio(tone(), 48_000, "WAV", "FLOAT"))
        data[-400:-396] = struct.pack("<f", float("nan"))
        path.write_bytes(bytes(data))
    elif kind == "infinite":
        data = bytearray(encode_audio(tone(), 48_000, "WAV", "FLOAT"))
        data[-400:-396] = struct.pack("<f", float("inf"))
        path.write_bytes(bytes(data))
    elif kind == "slow":
        write_audio(path, tone(2000, 3.0, 100.0), 2000)
    elif kind == "pipe":
        os.mkfifo(path)
    return path


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("missing", "no such file"),
        ("folder", "folder"),
        ("empty", "0 bytes"),
        ("text", "not a sound file"),
        ("truncated-header", "not a sound file"),
        ("no-frames", "zero frames"),
        ("short", "0.40 s"),
        ("nan", "NaN"),
        ("infinite", "infinite"),
        ("slow", "2000 Hz"),
        ("pipe", "regular file"),
    ],
)
def test_bad_input_is_one_line_that_says_what(tmp_path: Path, kind: str, says: str) -> None:
    path = bad_file(tmp_path, kind)
    with pytest.raises(UserError) as excinfo:
        read_audio(path, 16_000)
    assert says in one_line(excinfo, path)


def test_too_long_says_how_long_and_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    write_audio(path, np.zeros(8000 * 605), 8000)
    with pytest.raises(UserError) as excinfo:
        read_audio(path)
    text = one_line(excinfo, path)
    assert "10 min 05 s" in text
    assert "limit is 10 min" in text
    assert read_audio(path, max_s=700.0).duration_s == pytest.approx(605.0)


def test_a_recording_of_exactly_the_limit_is_read(tmp_path: Path) -> None:
    write_audio(tmp_path / "a.wav", tone(8000, 3.0), 8000)
    assert len(read_audio(tmp_path / "a.wav", max_s=3.0).samples) == 24_000
    with pytest.raises(UserError, match=r"limit is 2\.9 s"):
        read_audio(tmp_path / "a.wav", max_s=2.9)


@settings(max_examples=60, deadline=None)
@given(
    data=st.binary(max_size=600),
    head=st.sampled_from([b"", b"RIFF\xff\xff\xff\x7fWAVEfmt ", b"OggS\0", b"fLaC", b"ID3"]),
)
def test_arbitrary_bytes_never_escape_as_another_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, head: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "arbitrary.wav"
    path.write_bytes(head + data)
    try:
        assert len(read_audio(path).samples) > 0
    except UserError as error:
        assert "\n" not in str(error)


def test_writing_is_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out.json"
    atomic_write_text(path, "old ♪")
    assert path.read_text(encoding="utf-8") == "old ♪"

    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(UserError, match="no space left"):
        atomic_write_bytes(path, b"new")
    assert path.read_text(encoding="utf-8") == "old ♪"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.json"]


def test_a_new_file_gets_the_usual_permissions_and_an_old_one_keeps_its_own(tmp_path: Path) -> None:
    mask = os.umask(0o022)
    try:
        atomic_write_bytes(tmp_path / "new", b"1")
        assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o644
        (tmp_path / "new").chmod(0o600)
        atomic_write_bytes(tmp_path / "new", b"2")
        assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600
    finally:
        os.umask(mask)


def test_writing_through_a_link_keeps_the_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    atomic_write_bytes(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_check_writable_leaves_nothing_behind(tmp_path: Path) -> None:
    check_writable(tmp_path / "out.wav")
    check_audio_writable(tmp_path / "out.wav")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("write", [check_writable, lambda path: write_audio(path, tone(), 48_000)])
def test_where_nothing_can_be_written(tmp_path: Path, write: object) -> None:
    (tmp_path / "file").write_text("x")
    os.mkfifo(tmp_path / "pipe.wav")
    cases = {
        tmp_path / "no" / "such" / "out.wav": str(tmp_path / "no" / "such"),
        tmp_path / "file" / "out.wav": str(tmp_path / "file"),
        tmp_path / "pipe.wav": "regular file",
    }
    (tmp_path / "folder.wav").mkdir()
    cases[tmp_path / "folder.wav"] = "is a folder"
    for path, says in cases.items():
        with pytest.raises(UserError) as excinfo:
            write(path)  # type: ignore[operator]
        assert says in one_line(excinfo, path)


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="needs a file system that refuses even the superuser")
def test_a_folder_that_refuses_is_named() -> None:
    with pytest.raises(UserError, match="/proc"):
        check_writable("/proc/out.wav")


@pytest.mark.parametrize("name", ["out", "out.txt", "out.aiff"])
def test_unknown_endings_are_refused_before_the_work(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=r"\.wav, \.flac, \.ogg, \.mp3"):
        check_audio_writable(tmp_path / name)


@pytest.mark.parametrize("samples", [np.full(100, np.nan), np.zeros((2, 2, 2))])
def test_writing_nonsense_is_a_programming_error(tmp_path: Path, samples: np.ndarray) -> None:
    with pytest.raises(ValueError, match="finite"):
        write_audio(tmp_path / "a.wav", samples, 48_000)
