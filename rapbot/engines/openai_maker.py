"""A language model behind any OpenAI-compatible server (llama.cpp, Ollama, vLLM), asked over plain HTTP.

Aim: a server that hangs, drips, lies or floods costs at most the agreed time and memory and never more than one line of
explanation: there is one deadline for everything from the connection to the last byte, a limit on bytes, no redirects,
no proxies and nothing read from the environment.  What the opponent said leaves this machine only where the user
wrote ``openai+remote:``; otherwise the address must be a loopback one, and so must the peer the socket really reached.

This is a chat model as `rapbot.writing.makers` knows it (``name``, ``reply``); the words asked and the judging of the
answer live there.

*Conventions.*  ``POST {url}/chat/completions`` with ``stream: true``; a server that ignores that and answers with one
JSON object is understood too.  Times are seconds of a monotonic clock.
"""

from __future__ import annotations

import http.client
import io
import ipaddress
import json
import re
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from rapbot.errors import EngineError, EngineUnavailable, UserError

LOCAL_SCHEME, REMOTE_SCHEME = "openai:", "openai+remote:"
TIMEOUT_S = 20.0  # a few couplets from a 7B model on a laptop's processor
MAX_REPLY_BYTES = 1 << 20  # some fifty couplets with all the wrapping of a stream are a tenth of it
MAX_TEXT_CHARS = 65_536
MAX_TOKENS = 1024
TEMPERATURE = 0.9  # colder repeats itself, hotter leaves the rhyme
READ_BYTES = 16_384
EXAMPLE = "openai:http://localhost:8080/v1#model"


def parse_maker(text: str, timeout_s: float = TIMEOUT_S) -> OpenAiChat:
    """The chat model a ``--pen`` value names: ``openai:URL#model``, or ``openai+remote:URL#model`` for other machines.

    Raises:
        UserError: it names none, or another machine without saying ``remote``.
    """
    remote = text.startswith(REMOTE_SCHEME)
    if not remote and not text.startswith(LOCAL_SCHEME):
        raise UserError(f"a language model is written {EXAMPLE}, got {_printable(text)!r}")
    url, _, model = text.partition(":")[2].partition("#")
    return OpenAiChat(url, model, timeout_s=timeout_s, remote=remote)


class OpenAiChat:
    """One model on one server.  Opens a connection per reply and keeps none."""

    name = "openai"

    def __init__(
        self,
        url: str,
        model: str,
        timeout_s: float = TIMEOUT_S,
        remote: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not timeout_s > 0:
            raise ValueError(f"timeout_s must be above 0, got {timeout_s}")
        if not model or not model.isprintable():
            raise UserError(f"say which model to use, as in {EXAMPLE}")
        self._tls, self._host, self._port, self._path = _endpoint(url)
        if not remote and not is_loopback(self._host):
            raise UserError(
                f"{self._host} is another machine and would be sent the opponent's words: "
                f"write {REMOTE_SCHEME}… instead of {LOCAL_SCHEME}… to allow that"
            )
        self._model, self._timeout_s, self._remote, self._clock = model, timeout_s, remote, clock

    def reply(self, system: str, user: str, seed: int) -> str:
        """The answer's text; where a stream is cut by the deadline or the byte limit, what had come by then.

        Raises:
            EngineUnavailable: nothing listens there.
            EngineError: no answer in time, or one that is not the protocol's.
        """
        body = json.dumps(
            {
                "model": self._model,
                "messages": [{"role": "system", "content": system}, {"role": "user", "content": user}],
                "stream": True,
                "temperature": TEMPERATURE,
                "max_tokens": MAX_TOKENS,
                "seed": seed & 0x7FFF_FFFF,
            }
        ).encode()
        deadline_s = self._clock() + self._timeout_s
        wire = self._connect(deadline_s)
        answer = _Answer()
        try:
            self._exchange(wire, body, answer)
        except TimeoutError:
            if not answer.text:
                raise EngineError(f"{self._where} did not answer within {self._timeout_s:g} s") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            if not answer.text:
                raise EngineError(
                    f"{self._where} broke off: {_printable(str(error)) or type(error).__name__}"
                ) from None
        finally:
            wire.end()
        text = answer.finish()
        if not text.strip():
            raise EngineError(f"{self._where} sent no chat answer: {_printable(answer.complaint) or 'an empty one'}")
        return text[:MAX_TEXT_CHARS]

    @property
    def _where(self) -> str:
        return f"the language model at {self._host}:{self._port}"

    def _connect(self, deadline_s: float) -> _Wire:
        left_s = max(0.001, deadline_s - self._clock())
        try:
            raw = socket.create_connection((self._host, self._port), timeout=left_s)
        except (OSError, UnicodeError) as error:  # a name too long to look up is the latter
            raise EngineUnavailable(
                f"no language model answers at {self._host}:{self._port} ({_printable(str(error))}): "
                "start its server (llama-server, ollama serve, vllm serve) or use `--pen arsenal`"
            ) from None
        try:
            if not self._remote and not is_loopback(str(raw.getpeername()[0])):
                raise EngineError(f"{self._host} leads to another machine: write {REMOTE_SCHEME}… to allow that")
            if self._tls:
                raw.settimeout(max(0.001, deadline_s - self._clock()))
                raw = ssl.create_default_context().wrap_socket(raw, server_hostname=self._host)
        except OSError as error:
            raw.close()
            raise EngineUnavailable(f"no secure connection to {self._host}: {_printable(str(error))}") from None
        except EngineError:
            raw.close()
            raise
        return _Wire(raw, deadline_s, self._clock)

    def _exchange(self, wire: _Wire, body: bytes, answer: _Answer) -> None:
        connection = http.client.HTTPConnection(self._host, self._port)
        connection.sock = wire  # it has all that http.client uses of a socket
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream, application/json"}
        connection.request("POST", self._path, body, headers | {"Connection": "close"})
        response = connection.getresponse()
        if response.status != 200:
            raise EngineError(f"{self._where} answered {response.status}: {_printable(_head(response))}")
        total = 0
        while total < MAX_REPLY_BYTES and not answer.done:
            block = response.read1(READ_BYTES)
            if not block:
                return
            total += len(block)
            answer.feed(block)


# ------------------------------------------------------------------------------------------------ addresses


def is_loopback(host: str) -> bool:
    """True for ``localhost`` and the addresses that never leave this machine; any other name is not trusted."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _endpoint(url: str) -> tuple[bool, str, int, str]:
    """(TLS?, host, port, path) of a base address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UserError(f"{_printable(url)!r} is no address: write it like http://localhost:8080/v1") from None
    host = parts.hostname or ""
    plain = re.fullmatch(r"[\x21-\x7e]+", url) is not None and "\\" not in url
    if not plain or parts.scheme not in ("http", "https") or not host or parts.query or "@" in parts.netloc:
        raise UserError(f"{_printable(url)!r} is no address of a server: write it like http://localhost:8080/v1")
    path = parts.path.rstrip("/") or "/v1"
    if not path.endswith("/chat/completions"):
        path += "/chat/completions"
    tls = parts.scheme == "https"
    return tls, host, port or (443 if tls else 80), path


def _printable(text: str) -> str:
    """A stranger's text cut and stripped for one line of an error message."""
    return " ".join(re.sub(r"[^\x20-\x7e]+", " ", text[:400]).split())[:100]


def _head(response: http.client.HTTPResponse) -> str:
    try:
        return response.read1(READ_BYTES).decode(errors="replace")
    except (OSError, http.client.HTTPException, ValueError):
        return response.reason


# ------------------------------------------------------------------------------------------------ the wire


class _Wire:
    """A socket with one deadline for all that passes through it.

    A socket's own timeout starts anew with every byte, which is how a dripping server holds a client for ever.
    """

    def __init__(self, raw: socket.socket, deadline_s: float, clock: Callable[[], float]) -> None:
        self._raw, self._deadline_s, self._clock = raw, deadline_s, clock

    def sendall(self, data: bytes) -> None:
        self._raw.settimeout(self._left_s())
        self._raw.sendall(data)  # its timeout is for the whole of it

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reading(self))

    def recv_into(self, buffer: Any) -> int:
        self._raw.settimeout(self._left_s())
        return self._raw.recv_into(buffer)

    def close(self) -> None:
        """Nothing: http.client closes its socket as soon as it has read the headers, and goes on reading the file."""

    def end(self) -> None:
        self._raw.close()

    def _left_s(self) -> float:
        left_s = self._deadline_s - self._clock()
        if left_s <= 0:
            raise TimeoutError("the deadline has passed")
        return left_s


class _Reading(io.RawIOBase):
    def __init__(self, wire: _Wire) -> None:
        self._wire = wire

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._wire.recv_into(buffer)


class _Answer:
    """Text out of the bytes of a reply, streamed (server-sent events) or whole; knows nothing of where they come from.

    ``complaint`` keeps what the server said instead of text.
    """

    def __init__(self) -> None:
        self.text = ""
        self.done = False
        self.complaint = ""
        self._rest = b""
        self._streamed: bool | None = None  # not known before the first characters

    def feed(self, block: bytes) -> None:
        self._rest += block
        if self._streamed is None:
            start = self._rest.lstrip()[:6]
            if len(start) < 6:
                return
            self._streamed = start.startswith((b"data:", b"event:", b"id:", b"retry:", b":"))
        if self._streamed:
            *lines, self._rest = self._rest.split(b"\n")
            for line in lines:
                self._event(line)

    def finish(self) -> str:
        """The whole text, once no more bytes will come."""
        rest, self._rest = self._rest, b""
        if self._streamed:
            self._event(rest)
        elif rest and not self.text:
            self._take(rest)
        return self.text

    def _event(self, line: bytes) -> None:
        field, _, value = line.strip().partition(b":")
        if self.done or field != b"data":
            return
        if value.strip() == b"[DONE]":
            self.done = True
        elif value.strip():
            self._take(value)

    def _take(self, data: bytes) -> None:
        try:
            message = json.loads(data.decode(errors="replace"))
        except (ValueError, RecursionError):
            self.complaint = self.complaint or data[:200].decode(errors="replace")
            return
        found = _content(message)
        if found is None:
            self.complaint = self.complaint or data[:200].decode(errors="replace")
            return
        self.text += found
        self.done = self.done or len(self.text) >= MAX_TEXT_CHARS or _is_last(message)


def _is_last(message: Any) -> bool:
    """Does this piece say why the text ends?  Some servers keep the line open after it."""
    choices = message["choices"]
    return bool(choices) and bool(choices[0].get("finish_reason"))


def _content(message: Any) -> str | None:
    """The text in a completion or in a piece of one; None where it is neither."""
    choices = message.get("choices") if isinstance(message, dict) else None
    if not isinstance(choices, list):
        return None
    if not choices:
        return ""  # the last piece of a stream carries only counts
    choice = choices[0]
    if not isinstance(choice, dict):
        return None
    for key in ("delta", "message"):
        part = choice.get(key)
        if isinstance(part, dict):
            content = part.get("content")
            return content if isinstance(content, str) else ""  # the first piece often holds the role alone
    text = choice.get("text")
    return text if isinstance(text, str) else None
