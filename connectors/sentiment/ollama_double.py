"""A stand-in for an Ollama server: its HTTP interface on a loopback port, for tests and trials.

It answers as a test says, late or wrongly if wanted, and keeps what it was asked.
"""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final

NOT_FOUND: Final = 404


@dataclass(frozen=True, slots=True)
class Reply:
    """What the double answers to one chat.

    Attributes:
        content: of the message; normally JSON by the asked-for schema.
        status: of HTTP; anything but 200 carries `content` as the error.
        after_s: seconds to wait before.
        thinking: what a thinking model says before; with it, an empty content ran out of tokens.
    """

    content: str
    status: int = 200
    after_s: float = 0.0
    thinking: str = ""


def opinion(score: float, confidence: float, reasoning: str = "", *entities: str) -> Reply:
    """Return a good answer."""
    said = {"score": score, "confidence": confidence, "reasoning": reasoning, "entities": entities}
    return Reply(json.dumps(said))


Chat = dict[str, Any]


class OllamaDouble:
    """A running stand-in; use it as a context manager.

    Attributes:
        chats: every body with messages that was posted to /api/chat, in order of arrival.
        loads: those without, which load a model.
        load_s: seconds that a model takes to load, once.
        most: the most chats that were open at a time.
    """

    def __init__(self, answer: Callable[[Chat], Reply], models: tuple[str, ...]) -> None:
        """Take how to answer, and the models that are there; nothing listens yet."""
        self.chats: list[Chat] = []
        self.loads: list[Chat] = []
        self.load_s = 0.0
        self.most = 0
        self._open = 0
        self._answer = answer
        self._models = list(models)
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """Return where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "OllamaDouble":
        """Start listening."""
        threading.Thread(target=self._server.serve_forever, name="ollama-double").start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def chat(self, asked: Chat) -> tuple[int, dict[str, Any]]:
        """Answer a chat; one without messages loads the model."""
        if asked["model"] in self._models:
            waits, self.load_s = self.load_s, 0.0
            time.sleep(waits)
            if not asked.get("messages"):
                self.loads.append(asked)
                return 200, _said(asked, {"role": "assistant", "content": ""}, "load")
        with self._lock:
            self.chats.append(asked)
            self._open += 1
            self.most = max(self.most, self._open)
        try:
            if asked["model"] not in self._models:
                return NOT_FOUND, {"error": f"model '{asked['model']}' not found"}
            reply = self._answer(asked)
            time.sleep(reply.after_s)
        finally:
            with self._lock:
                self._open -= 1
        if reply.status != 200:
            return reply.status, {"error": reply.content}
        message = {"role": "assistant", "content": reply.content}
        if reply.thinking:
            message["thinking"] = reply.thinking
        return 200, _said(
            asked, message, "length" if reply.thinking and not reply.content else "stop"
        )

    def tags(self) -> dict[str, Any]:
        """List the models."""
        return {
            "models": [
                {"model": m, "name": m, "digest": sha256(m.encode()).hexdigest(), "size": 1,
                 "modified_at": "2026-01-01T00:00:00Z", "details": {}}
                for m in self._models
            ]
        }  # fmt: skip

    def pull(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        """Make a model be there; returns the steps of its progress."""
        name = asked.get("model") or asked["name"]
        if name.startswith("missing"):
            return [{"error": "pull model manifest: file does not exist"}]
        self._models.append(name)
        half = {"status": "pulling", "digest": "sha256:1", "total": 10, "completed": 5}
        return [{"status": "pulling manifest"}, half, {"status": "success"}]


def _said(asked: Chat, message: dict[str, str], reason: str) -> dict[str, Any]:
    return {
        "model": asked["model"], "created_at": "2026-01-01T00:00:00Z", "message": message,
        "done": True, "done_reason": reason,
    }  # fmt: skip


def _handler(double: OllamaDouble) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(200, json.dumps(double.tags()))

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if self.path == "/api/chat":
                status, said = double.chat(asked)
                self._send(status, json.dumps(said))
            elif self.path == "/api/pull":
                self._send(200, "\n".join(json.dumps(step) for step in double.pull(asked)))
            else:
                self._send(NOT_FOUND, "{}")

        def _send(self, status: int, text: str) -> None:
            try:
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())
            except OSError:
                return  # whoever asked has left

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its name there
            return

    return Handler
