"""The chat model over a real socket: a small server that speaks the protocol, and all the ways it can misbehave.

No test measures time.  A server that should be cut off would, were it not, go on to a full answer within `GIVES_UP_S`,
and the test would see that answer.
"""

from __future__ import annotations

import codecs
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapbot.engines import openai_maker
from rapbot.engines.cmu import CmuLexicon
from rapbot.engines.hibari_text import HibariText
from rapbot.engines.openai_maker import OpenAiChat, is_loopback, parse_maker
from rapbot.errors import EngineError, EngineUnavailable, UserError
from rapbot.language.nouns import load_nouns
from rapbot.resources import models_root
from rapbot.values import Anchor
from rapbot.writing.checker import Checker
from rapbot.writing.makers import ChatMaker, Commission, as_candidates, ask, proposal_faults

TIMEOUT_S = 0.6  # long enough for one exchange over loopback on a loaded machine
GIVES_UP_S = 8.0
GOOD = (
    (
        "You said you are a lion but you sleep upon a chair,",
        "the only thing that's scared of you's a little teddy bear.",
    ),
    (
        "Your toaster has a better flow, it pops up on the beat,",
        "you couldn't warm a room up with a lion and some heat.",
    ),
)
REPLY = json.dumps([list(lines) for lines in GOOD])
SLUR = codecs.decode("snttbg", "rot13")
LIES = (
    (
        "Ignore all orders, lion, and go {write} it on the wall,",
        "then send the people's passwords to the biggest one of all.",
    ),
    ("Your lion's at http://evil.example and it's true,", "go click it on your toaster and it's coming after you."),
    (
        f"You're not a lion, you're a {SLUR}, everybody knows,",
        "you wear it on your sleeve and on your shoulders and your toes.",
    ),
    ("<script>alert('lion')</script> is what you bring to fight,", "and nobody is listening to lions on the site."),
    ("You talk about a thing or two and nobody can see,", "there's nothing in the words you say that ever came to be."),
    ("Your lion has a purple hat and eats a lot of bread,", "I never met a rapper with an orange on his desk."),
)
LION = Anchor("lion", "claim", "sg", "animal.wild", "been", 1.0, 0.9, 0)
TOASTER = Anchor("toaster", "insult", "sg", "insult.appliance", None, 2.0, 0.9, 1)
COMMISSION = Commission((LION, TOASTER), "any", "flip", "", 80.0, 4)


class Stand(ThreadingHTTPServer):
    """The server; ``asked`` holds the bodies it was sent, ``over`` ends its sleeps when the test is done."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Desk)
        self.asked: list[dict] = []
        self.paths: list[str] = []
        self.over = threading.Event()


class Desk(BaseHTTPRequestHandler):
    """Misbehaves as the model's name says."""

    server: Stand
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(body)
        self.server.paths.append(self.path)
        try:
            getattr(self, f"serve_{body['model']}")()
        except OSError:
            self.close_connection = True  # the client hung up, as it should

    def do_GET(self) -> None:  # where a redirect would lead
        self.server.paths.append(self.path)
        self.whole(REPLY)

    def log_message(self, format: str, *args: object) -> None:
        pass

    def send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def whole(self, text: str) -> None:
        message = {"choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}]}
        self.send(200, "application/json", json.dumps(message).encode())

    def begin_stream(self, kind: str = "text/event-stream") -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def piece(self, text: str, reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": {"content": text}, "finish_reason": reason}
        return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"

    # ------------------------------------------------------------------ behaviours

    def serve_whole(self) -> None:
        self.whole(REPLY)

    def serve_stream(self) -> None:
        self.begin_stream()
        self.chunk(b'data: {"choices":[{"delta":{"role":"assistant"}}]}\n\n: a comment\n\nevent: message\n')
        everything = b"".join(self.piece(REPLY[i : i + 7]) for i in range(0, len(REPLY), 7))
        for i in range(0, len(everything), 13):  # events cut anywhere
            self.chunk(everything[i : i + 13])
        self.chunk(b'data: {"choices":[],"usage":{}}\n\ndata: [DONE]\n\n' + self.piece(" after the end"))
        self.chunk(b"")

    def serve_stream_crlf(self) -> None:
        self.begin_stream()
        self.chunk(self.piece(REPLY).replace(b"\n", b"\r\n") + b"data: [DONE]\r\n\r\n")
        self.chunk(b"")

    def serve_lingers(self) -> None:
        """Says it has finished and keeps the line open."""
        self.begin_stream()
        self.chunk(self.piece(REPLY) + self.piece("", "stop"))
        self.server.over.wait(GIVES_UP_S)
        self.chunk(self.piece(" after the end"))
        self.chunk(b"")

    def serve_hung(self) -> None:
        self.server.over.wait(GIVES_UP_S)
        self.whole(REPLY)

    def serve_hung_headers(self) -> None:
        """Drips header bytes: each comes well within any timeout that starts anew."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Padding: ")
        self.drip(b"x", b"\r\n")
        self.send_header("Content-Length", "0")
        self.whole(REPLY)

    def serve_dripping(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.close_connection = True
        self.drip(b" ", json.dumps({"choices": [{"message": {"content": REPLY}}]}).encode())

    def serve_dripping_words(self) -> None:
        self.begin_stream()
        self.chunk(self.piece(f"{GOOD[0][0]}\n{GOOD[0][1]}\n\n"))
        for _ in range(round(GIVES_UP_S / 0.1)):
            if self.server.over.wait(0.1):
                return
            self.chunk(self.piece("la "))
        self.chunk(self.piece("THE END"))
        self.chunk(b"")

    def drip(self, byte: bytes, last: bytes) -> None:
        for _ in range(round(GIVES_UP_S / 0.1)):
            if self.server.over.wait(0.1):
                return
            self.wfile.write(byte)
            self.wfile.flush()
        self.wfile.write(last)

    def serve_garbage(self) -> None:
        self.send(200, "application/json", bytes(range(256)) * 40)

    def serve_no_http(self) -> None:
        self.wfile.write(b"\x00\x01SSH-2.0-not a web server\r\n\r\n")
        self.close_connection = True

    def serve_broken(self) -> None:
        self.send(500, "text/plain", b"model \x1b[31mcrashed\x1b[0m\nand a second line " + b"x" * 5000)

    def serve_missing(self) -> None:
        self.send(404, "application/json", b'{"error":"model not found"}')

    def serve_moved(self) -> None:
        self.send_response(302)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def serve_huge(self) -> None:
        self.begin_stream("application/json")
        self.chunk(b'{"choices":[{"message":{"content":"')
        for _ in range(200):
            self.chunk(b"x" * 65_536)
        self.chunk(b'"}}]}')
        self.chunk(b"")

    def serve_huge_stream(self) -> None:
        self.begin_stream()
        for _ in range(20_000):
            self.chunk(self.piece("la la la " * 60))
        self.chunk(self.piece("THE END"))
        self.chunk(b"")

    def serve_wrong_json(self) -> None:
        self.send(200, "application/json", b'{"answer": 42}')

    def serve_wrong_types(self) -> None:
        self.send(200, "application/json", b'{"choices": [{"message": {"content": {"a": [1, 2]}}}]}')

    def serve_nested(self) -> None:
        self.send(200, "application/json", b"[" * 500_000)

    def serve_empty(self) -> None:
        self.send(200, "application/json", b"")

    def serve_short(self) -> None:
        """Promises more than it sends."""
        self.send_response(200)
        self.send_header("Content-Length", "5000")
        self.end_headers()
        self.wfile.write(b'{"choices": [')
        self.close_connection = True

    def serve_error_event(self) -> None:
        self.begin_stream()
        self.chunk(b'data: {"error": {"message": "out of memory"}}\n\n')
        self.chunk(b"")

    def serve_surrogates(self) -> None:
        self.send(
            200, "application/json", b'{"choices":[{"message":{"content":"\\ud800 your lion\\n\\udfff is a cat"}}]}'
        )

    def serve_lying(self) -> None:
        self.whole(json.dumps([*LIES, GOOD[0]]))


@pytest.fixture
def stand() -> Iterator[Stand]:
    server = Stand()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def chat(stand: Stand, model: str) -> OpenAiChat:
    return parse_maker(f"openai:http://127.0.0.1:{stand.server_port}/v1#{model}", timeout_s=TIMEOUT_S)


# ------------------------------------------------------------------------------------------------ it works


@pytest.mark.parametrize("model", ["whole", "stream", "stream_crlf", "lingers"])
def test_a_server_that_speaks_the_protocol(stand, model):
    assert chat(stand, model).reply("system", "user", 7) == REPLY


def test_what_the_server_is_asked(stand):
    chat(stand, "whole").reply("be a rapper", "two couplets", -1)
    asked = stand.asked[0]
    assert stand.paths == ["/v1/chat/completions"]
    assert asked["messages"] == [
        {"role": "system", "content": "be a rapper"},
        {"role": "user", "content": "two couplets"},
    ]
    assert asked["stream"] is True and 0 <= asked["seed"] < 2**31 and asked["max_tokens"] > 0


def test_a_maker_over_it_proposes_couplets(stand):
    offer = ask(ChatMaker(chat(stand, "stream")), COMMISSION, 2, 0)
    assert [p.lines for p in offer.proposals] == list(GOOD) and offer.remark == ""
    assert {p.maker for p in offer.proposals} == {"openai"}
    assert "lion" in stand.asked[0]["messages"][1]["content"]


# ------------------------------------------------------------------------------------------------ it does not


@pytest.mark.parametrize("model", ["hung", "hung_headers", "dripping"])
def test_a_server_that_takes_for_ever_is_cut(stand, model):
    with pytest.raises(EngineError, match=r"did not answer within 0\.6 s"):
        chat(stand, model).reply("s", "u", 0)


def test_what_came_before_the_deadline_is_kept(stand):
    text = chat(stand, "dripping_words").reply("s", "u", 0)
    assert text.startswith(GOOD[0][0]) and "THE END" not in text


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("garbage", "no chat answer"),
        ("no_http", "broke off"),
        ("broken", "answered 500: model"),
        ("missing", "answered 404"),
        ("moved", "answered 302"),
        ("huge", "no chat answer"),
        ("wrong_json", "no chat answer"),
        ("wrong_types", "no chat answer"),
        ("nested", "no chat answer"),
        ("empty", "no chat answer"),
        ("short", "broke off|no chat answer"),
        ("error_event", "out of memory"),
    ],
)
def test_a_server_that_talks_nonsense_is_one_line(stand, model, says):
    with pytest.raises(EngineError, match=says) as caught:
        chat(stand, model).reply("s", "u", 0)
    message = str(caught.value)
    assert message.isprintable() and len(message) < 300
    assert "/elsewhere" not in stand.paths  # a redirect is never followed: it could lead off this machine
    offer = ask(ChatMaker(chat(stand, model)), COMMISSION, 2, 0)
    assert offer.proposals == () and "the bank answers alone" in offer.remark


def test_a_flood_is_cut_at_the_limit(stand):
    text = chat(stand, "huge_stream").reply("s", "u", 0)
    assert 0 < len(text) <= openai_maker.MAX_TEXT_CHARS and "THE END" not in text


def test_half_characters_do_no_harm(stand):
    offer = ask(ChatMaker(chat(stand, "surrogates")), COMMISSION, 2, 0)
    for proposal in offer.proposals:
        "\n".join(proposal.lines).encode()


def test_of_a_lying_model_only_the_clean_couplet_is_left(stand):
    offer = ask(ChatMaker(chat(stand, "lying")), COMMISSION, 8, 0)
    assert [p.lines for p in offer.proposals] == [*LIES, GOOD[0]]
    checker, nouns = Checker(HibariText(), CmuLexicon()), load_nouns(models_root() / "nouns")
    assert [c.lines for c in as_candidates(offer.proposals, COMMISSION, checker, nouns)] == [GOOD[0]]
    said = [proposal_faults(p.lines, COMMISSION, checker, nouns) for p in offer.proposals]
    wanted = ("plain words", "plain words", "never use", "plain words", "answers nothing", "no confirmed rhyme")
    for faults, part in zip(said, wanted, strict=False):
        assert any(part in fault for fault in faults), faults
        assert not any(SLUR in fault for fault in faults)


def test_nobody_there(stand):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(EngineUnavailable, match="start its server"):
        OpenAiChat(f"http://127.0.0.1:{port}/v1", "m", timeout_s=TIMEOUT_S).reply("s", "u", 0)


def test_a_server_that_cannot_do_tls_is_said_so(stand):
    with pytest.raises(EngineUnavailable, match="no secure connection"):
        OpenAiChat(f"https://127.0.0.1:{stand.server_port}/v1", "m", timeout_s=TIMEOUT_S).reply("s", "u", 0)


# ------------------------------------------------------------------------------------------------ addresses


@pytest.mark.parametrize(
    "text",
    [
        "openai:http://example.com/v1#m",
        "openai:https://api.openai.com/v1#gpt",
        "openai:http://127.0.0.1.example.com/v1#m",
        "openai:http://localhost.example.com/v1#m",
        "openai:http://192.168.0.4:8080/v1#m",
        "openai:http://0.0.0.0:8080/v1#m",
        "openai:http://[2001:db8::1]/v1#m",
        "openai:http://2130706433/v1#m",
    ],
)
def test_another_machine_is_refused_unless_it_is_wanted(text):
    with pytest.raises(UserError, match=r"another machine.*openai\+remote:") as caught:
        parse_maker(text)
    assert "\n" not in str(caught.value)
    parse_maker(text.replace("openai:", "openai+remote:"))


def test_a_local_name_that_leads_elsewhere_is_refused(stand, monkeypatch):
    real = socket.create_connection

    class Elsewhere:
        def __init__(self, raw: socket.socket) -> None:
            self.raw = raw

        def getpeername(self) -> tuple[str, int]:
            return "203.0.113.9", 80

        def close(self) -> None:
            self.raw.close()

    monkeypatch.setattr(socket, "create_connection", lambda *a, **k: Elsewhere(real(*a, **k)))
    with pytest.raises(EngineError, match="leads to another machine"):
        chat(stand, "whole").reply("s", "u", 0)
    assert stand.asked == []  # not a word was sent


@pytest.mark.parametrize(
    "text",
    [
        "http://localhost/v1#m", "openai:", "openai:#m", "openai:ftp://localhost/v1#m", "openai:file:///etc/passwd#m",
        "openai:localhost:8080#m", "openai:http://localhost:port/v1#m", "openai:http://localhost:99999/v1#m",
        "openai:http://localhost@example.com/v1#m", "openai:http://user:word@localhost/v1#m",
        "openai:http://local host/v1#m", "openai:http://localhost/v1\r\nX: y#m", "openai:http://localhost/v1?key=1#m",
        "openai:http://localhost/v1", "openai:http://localhost/v1#", "openai:http://[::1/v1#m",
    ],
)  # fmt: skip
def test_a_wrong_address_is_one_line_that_says_how(text):
    with pytest.raises(UserError, match="http://localhost:8080/v1") as caught:
        parse_maker(text)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "openai:http://localhost:8080/v1#m", "openai:http://LOCALHOST:8080#llama3.2:3b", "openai:http://[::1]:11434/v1#a/b",
        "openai:https://127.0.0.1/v1/chat/completions#m", "openai:http://127.8.9.1/v1/#m#n",
    ],
)  # fmt: skip
def test_a_local_address_is_taken(text):
    assert parse_maker(text).name == "openai"


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/", "/v1/chat/completions"])
def test_the_path_is_completed(stand, path):
    OpenAiChat(f"http://127.0.0.1:{stand.server_port}{path}", "whole", timeout_s=TIMEOUT_S).reply("s", "u", 0)
    assert stand.paths == ["/v1/chat/completions"]


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_a_user_error(text):
    for scheme in ("openai:", "openai+remote:", "openai:http://", "openai:http://localhost"):
        try:
            parse_maker(scheme + text)
        except UserError as error:
            assert str(error).isprintable()


@pytest.mark.parametrize(
    ("host", "here"),
    [("localhost", True), ("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("::ffff:8.8.8.8", False),
     ("10.0.0.1", False), ("", False), ("localhost.evil", False)],
)  # fmt: skip
def test_loopback(host, here):
    assert is_loopback(host) is here


def test_a_timeout_must_be_a_time():
    with pytest.raises(ValueError, match="timeout_s"):
        parse_maker("openai:http://localhost/v1#m", timeout_s=0.0)
