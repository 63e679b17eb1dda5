"""Sound files in and out.

Aim: whatever a user points at either becomes clean samples or one line that says what to do, and whatever we write is
either there complete or not there at all.

*Conventions.*  Samples are float32 in [-1, 1], shape (frames,) mono or (frames, channels).  A file whose samples go
beyond full scale (float WAV, decoder overshoot) is scaled down to it, never clipped.  Written bytes depend on samples,
rate, format and library version only: the time stamp and the random stream number some formats carry are set to zero.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rapbot.errors import UserError
from rapbot.values import Audio

MAX_INPUT_S = 600.0  # ten minutes: beyond any battle round, and every stage holds its input in memory
MIN_INPUT_S = 0.5  # shorter than one beat at 120 BPM: nothing to hear a tempo or a word in
MIN_RATE_HZ = 4000  # below this no vowel is left
SILENCE_PEAK_DBFS = -60.0  # below this a 16-bit recording holds room noise, not a voice

_FORMATS = {".wav": "WAV", ".flac": "FLAC", ".ogg": "OGG", ".mp3": "MP3"}
_LOSSY_SUBTYPES = {"OGG": "VORBIS", "MP3": "MPEG_LAYER_III"}
_READABLE = "WAV, FLAC, MP3 or OGG"
_OGG_BLOCK_FRAMES = 48_000  # libsndfile's Vorbis encoder overflows its stack on one very long write


# --------------------------------------------------------------------------------------------------- reading


def read_audio(
    path: str | os.PathLike[str], rate_hz: int | None = None, max_s: float = MAX_INPUT_S, mono: bool = True
) -> Audio:
    """A whole recording, mixed down to mono and resampled to ``rate_hz`` (None keeps the file's own rate).

    With ``mono=False`` the channels stay: shape (frames, channels).  Anything that is not a usable recording raises
    `UserError`.  A silent file is usable: see `is_silent`.
    """
    samples, file_rate_hz = _decode(Path(path), max_s)
    if mono:
        samples = samples.mean(axis=1, dtype=np.float64).astype(np.float32)
    if rate_hz is not None and rate_hz != file_rate_hz:
        import librosa

        samples = librosa.resample(samples, orig_sr=file_rate_hz, target_sr=rate_hz, res_type="soxr_hq", axis=0)
    peak = float(np.max(np.abs(samples), initial=0.0))
    if peak > 1.0:
        samples = samples / peak
    return Audio(np.ascontiguousarray(samples, dtype=np.float32), rate_hz or file_rate_hz)


def read_audio_stereo(path: str | os.PathLike[str], rate_hz: int | None = None, max_s: float = MAX_INPUT_S) -> Audio:
    """The same, always shape (frames, 2): mono is doubled, of more channels the first two (front left, right) stay."""
    audio = read_audio(path, rate_hz, max_s, mono=False)
    channels = audio.samples.shape[1]
    samples = np.repeat(audio.samples, 2, axis=1) if channels == 1 else audio.samples[:, :2]
    return Audio(np.ascontiguousarray(samples), audio.rate_hz)


def is_silent(samples: np.ndarray) -> bool:
    """True where nothing rises above `SILENCE_PEAK_DBFS`."""
    return bool(np.max(np.abs(samples), initial=0.0) < 10.0 ** (SILENCE_PEAK_DBFS / 20.0))


def _decode(path: Path, max_s: float) -> tuple[np.ndarray, int]:
    """Samples, shape (frames, channels), and the rate.  The header is not believed: decoding stops past the limit."""
    import soundfile

    _require_readable_file(path)
    try:
        with soundfile.SoundFile(str(path)) as sound:
            rate_hz = sound.samplerate
            if rate_hz < MIN_RATE_HZ:
                raise UserError(f"{path}: {rate_hz} Hz is too low a sampling rate; use at least {MIN_RATE_HZ} Hz")
            if sound.frames > max_s * rate_hz and sound.frames < 2**62:  # an unknown length reads as 2**63 - 1
                raise _too_long(path, sound.frames / rate_hz, max_s)
            samples = sound.read(frames=int(max_s * rate_hz) + 1, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise UserError(f"{path}: not a sound file that can be read ({_reason(error)}); use {_READABLE}") from error
    if len(samples) == 0:
        raise UserError(f"{path}: holds no sound (zero frames); record it again")
    if len(samples) > max_s * rate_hz:
        raise _too_long(path, len(samples) / rate_hz, max_s)
    if len(samples) < MIN_INPUT_S * rate_hz:
        raise UserError(
            f"{path}: only {len(samples) / rate_hz:.2f} s long; give at least {MIN_INPUT_S:g} s, better a few bars"
        )
    if not np.isfinite(samples).all():
        raise UserError(f"{path}: holds NaN or infinite samples; export it again from the program that made it")
    return samples, rate_hz


def _require_readable_file(path: Path) -> None:
    try:
        status = path.stat()
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; check the path") from None
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        raise UserError(f"{path}: cannot be opened ({_reason(error)}); check the path") from error
    if stat.S_ISDIR(status.st_mode):
        raise UserError(f"{path}: is a folder; name a sound file in it")
    if not stat.S_ISREG(status.st_mode):
        raise UserError(f"{path}: is not a regular file; save the sound to a file first")
    if status.st_size == 0:
        raise UserError(f"{path}: is empty (0 bytes); record or download it again")
    if not os.access(path, os.R_OK):
        raise UserError(f"{path}: may not be read; change its permissions (chmod u+r) or copy it")


def _too_long(path: Path, duration_s: float, max_s: float) -> UserError:
    limit = f"{max_s / 60:g} min" if max_s >= 60 else f"{max_s:g} s"
    minutes, seconds = divmod(round(duration_s), 60)
    return UserError(f"{path}: is {minutes} min {seconds:02d} s long, the limit is {limit}; cut out the part you need")


# --------------------------------------------------------------------------------------------------- writing


def write_audio(path: str | os.PathLike[str], samples: np.ndarray, rate_hz: int, subtype: str = "PCM_16") -> None:
    """Write WAV, FLAC, OGG or MP3 (by the name's ending), atomically.  ``subtype`` counts for WAV and FLAC only."""
    array = np.asarray(samples)
    if array.ndim not in (1, 2) or not np.isfinite(array).all():
        raise ValueError(f"samples must be finite, of shape (frames,) or (frames, channels), got shape {array.shape}")
    atomic_write_bytes(path, encode_audio(array, rate_hz, audio_format(path), subtype))


def encode_audio(samples: np.ndarray, rate_hz: int, file_format: str, subtype: str = "PCM_16") -> bytes:
    """The bytes of a sound file; ``file_format`` is WAV, FLAC, OGG or MP3."""
    import soundfile

    buffer = io.BytesIO()
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    subtype = _LOSSY_SUBTYPES.get(file_format, subtype)
    with soundfile.SoundFile(buffer, "w", rate_hz, channels, subtype, format=file_format) as sound:
        for start in range(0, len(samples), _OGG_BLOCK_FRAMES):
            sound.write(samples[start : start + _OGG_BLOCK_FRAMES].astype(np.float32))
    data = buffer.getvalue()
    if file_format == "WAV":
        return _without_wav_time_stamp(data)
    return _with_ogg_serial(data, 0) if file_format == "OGG" else data


def audio_format(path: str | os.PathLike[str]) -> str:
    """The format a file name asks for, or a `UserError`."""
    suffix = Path(path).suffix.lower()
    if suffix not in _FORMATS:
        endings = ", ".join(_FORMATS)
        raise UserError(f"{path}: cannot write sound as '{suffix or 'no ending'}'; end the name in one of {endings}")
    return _FORMATS[suffix]


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raise `UserError` now, before any work, where ``path`` could not be written later.  Leaves nothing behind."""
    target = _resolved_target(path)
    partial = _partial_name(target)
    with _writing_errors(path):
        descriptor = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        os.close(descriptor)
        partial.unlink()


def check_audio_writable(path: str | os.PathLike[str]) -> None:
    """`check_writable`, and the name must end in a format we write."""
    audio_format(path)
    check_writable(path)


def atomic_write_text(path: str | os.PathLike[str], text: str) -> None:
    """UTF-8, line ends as given."""
    atomic_write_bytes(path, text.encode("utf-8"))


def atomic_write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Readers see the old file or the whole new one, also after a crash; a failed write leaves no partial file."""
    target = _resolved_target(path)
    partial = _partial_name(target)
    with _writing_errors(path):
        descriptor = os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if target.exists():  # a file the user had already restricted stays restricted
                os.chmod(partial, stat.S_IMODE(target.stat().st_mode))
            os.replace(partial, target)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                partial.unlink()
            raise


def _resolved_target(path: str | os.PathLike[str]) -> Path:
    """Where the bytes will really lie: through links, so that a link stays a link.  Never a device or a folder."""
    if "\0" in os.fspath(path):
        raise UserError("a file name cannot hold a null character; choose another name")
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise UserError(f"{path}: is a folder; name a file in it")
    if target.exists() and not target.is_file():
        raise UserError(f"{path}: is not a regular file; choose another name")
    if target.is_file() and not os.access(target, os.W_OK):
        raise UserError(f"{path}: is write-protected; remove the protection (chmod u+w) or choose another name")
    if not target.parent.is_dir():
        raise UserError(f"{path}: the folder {Path(path).parent} does not exist; create it or choose another")
    return target


def _partial_name(target: Path) -> Path:
    # Same folder, so that the rename stays on one file system; the process number keeps two writers apart.  The stem is
    # cut because a name may already be as long as the file system allows.
    return target.with_name(f".{target.name[:60]}.{os.getpid()}.part")


@contextlib.contextmanager
def _writing_errors(path: str | os.PathLike[str]) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        folder = Path(path).parent
        raise UserError(f"{path}: cannot write in the folder {folder} ({_reason(error)}); choose another") from error


def _reason(error: Exception) -> str:
    text = getattr(error, "error_string", None) or getattr(error, "strerror", None) or str(error)
    return " ".join(str(text).split()).rstrip(".").lower()


# --------------------------------------------------------------------------------------------------- exact bytes


def _without_wav_time_stamp(data: bytes) -> bytes:
    """Float WAV files get a PEAK chunk with the time of writing; set that to zero."""
    at = data.find(b"PEAK", 12, 200)  # before the samples: libsndfile writes it right after the format
    if at < 0:
        return data
    stamp = at + 12  # chunk name, size, version
    return data[:stamp] + bytes(4) + data[stamp + 4 :]


def _with_ogg_serial(data: bytes, serial: int) -> bytes:
    """An Ogg stream under another serial number (libsndfile draws a random one), page checksums made anew."""
    out = bytearray(data)
    page = 0
    while page < len(out):
        segments = out[page + 26]
        header_bytes = 27 + segments
        end = page + header_bytes + sum(out[page + 27 : page + header_bytes])
        out[page + 14 : page + 18] = serial.to_bytes(4, "little")
        out[page + 22 : page + 26] = bytes(4)
        out[page + 22 : page + 26] = _ogg_crc(bytes(out[page:end])).to_bytes(4, "little")
        page = end
    return bytes(out)


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = ((value << 1) ^ 0x04C11DB7) & 0xFFFFFFFF if value & 0x80000000 else (value << 1) & 0xFFFFFFFF
        table.append(value)
    return tuple(table)


_OGG_CRC_TABLE = _crc_table()


def _ogg_crc(page: bytes) -> int:
    crc = 0
    for byte in page:
        crc = ((crc << 8) & 0xFFFFFFFF) ^ _OGG_CRC_TABLE[(crc >> 24) ^ byte]
    return crc
