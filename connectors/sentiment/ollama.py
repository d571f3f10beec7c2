"""The second opinion: a language model on an Ollama server, asked for JSON and nothing else."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import httpx
import ollama
from pydantic import ValidationError

from connectors.daemon_pool import DaemonPool
from connectors.sentiment.opinions import (
    COMPANIES_HASH,
    PROMPT_HASH,
    Kind,
    Opinion,
    Opinions,
    messages_of,
    opinion_in,
)
from connectors.sentiment.params import ScoringParams
from connectors.sentiment.tier import Question, TierFailed
from operators.news.instant_model import Verdict

FAILURES: Final = 5  # in a row open the circuit
OPEN_S: Final = 30.0
CONNECT_S: Final = 5.0
NOT_FOUND: Final = 404
BAD_REQUEST: Final = 400
WARM_UP_S: Final = 300.0  # a model is loaded within it; an answer's own limit counts after that
KEEP: Final = "1h"  # that a model stays loaded after an answer
ROOM: Final = 400  # tokens of an answer
ROOM_EACH: Final = 40  # further tokens for each company
THINKING_ROOM: Final = 4_000  # of one by a model that cannot be kept from thinking before it
THINKS: Final = "<think"
NO_THOUGHT: Final[bool | None] = False
MOST_TRIES: Final = 3  # without the wish that it does not think; with room to think


class Circuit:
    """Lets nothing through for a while after failures in a row; then one question as a probe."""

    def __init__(self) -> None:
        """Start closed: everything passes."""
        self._lock = threading.Lock()
        self._failures = 0
        self._open_until = 0.0

    def passes(self) -> bool:
        """Tell whether a question may be asked now."""
        with self._lock:
            if time.monotonic() < self._open_until:
                return False
            if self._failures >= FAILURES:
                self._open_until = time.monotonic() + OPEN_S  # this one is the probe
            return True

    def succeeded(self) -> None:
        """Note an answer: the circuit closes."""
        with self._lock:
            self._failures, self._open_until = 0, 0.0

    def failed(self) -> None:
        """Note a failure."""
        with self._lock:
            self._failures += 1
            if self._failures >= FAILURES:
                self._open_until = time.monotonic() + OPEN_S


class OllamaTier:
    """Asks a server, a few texts at a time; may be called from any thread."""

    name = "ollama"
    kept = True

    def __init__(self, params: ScoringParams) -> None:
        """Prepare; nothing is asked yet."""
        self._client = ollama_client(params, params.ollama_timeout_seconds)
        self._asked = params.ollama_model
        self._limit_s = params.ollama_timeout_seconds
        self._pool = DaemonPool(params.ollama_parallel, "ollama")
        self._circuit = Circuit()
        self._digest = ""
        self._loader = ollama_client(params, WARM_UP_S)
        self._loading, self._loaded = threading.Lock(), False
        self._room, self._think = ROOM, NO_THOUGHT

    @property
    def model(self) -> str:
        """Return name, digest and prompt hash; the digest is `unknown` while the server is away.

        Facts are kept under the digest, so the server is asked for it first of all.
        """
        if not self._digest and self._circuit.passes():
            try:
                self._find_digest()
            except TierFailed:
                self._circuit.failed()
        return self._named(PROMPT_HASH)

    @property
    def companies_model(self) -> str:
        """Return what `model` does, of the prompt that asks of companies."""
        return self.model.removesuffix(PROMPT_HASH) + COMPANIES_HASH

    def score(self, texts: Sequence[str]) -> list[Verdict | TierFailed]:
        """Ask for each text; an answer that does not fit the schema is a failure."""
        return self._pool.map(self._one, texts)

    def score_companies(self, questions: Sequence[Question]) -> list[list[Verdict] | TierFailed]:
        """Ask once for each text with its companies; see `CompanyTier`."""
        return self._pool.map(self._each, questions)

    def close(self) -> None:
        """Nothing is held that a server would miss."""

    def _one(self, text: str) -> Verdict | TierFailed:
        said = self._guarded(Question(text), Opinion)
        return said if isinstance(said, TierFailed) else _verdict(said, self._named(PROMPT_HASH))

    def _each(self, question: Question) -> list[Verdict] | TierFailed:
        said = self._guarded(question, Opinions)
        if isinstance(said, TierFailed):
            return said
        whole = _verdict(said, self._named(COMPANIES_HASH))
        of = {one.ticker.strip().upper(): one for one in reversed(said.companies)}
        verdicts = [whole]
        for ticker, _ in question.companies:
            one = of.get(ticker, said)
            verdicts.append(
                whole._replace(score=round(one.score, 6), confidence=round(one.confidence, 6))
            )
        return verdicts

    def _named(self, prompt: str) -> str:
        name = self._asked.replace("/", ":")
        return f"ollama:{name}/{self._digest or 'unknown'}/{prompt}"

    def _guarded(self, question: Question, kind: type[Kind]) -> Kind | TierFailed:
        """Ask, unless the circuit is open, and tell it what came of it."""
        if not self._circuit.passes():
            return TierFailed("OLLAMA_CIRCUIT_OPEN")
        try:
            said = self._ask(question, kind)
        except TierFailed as failure:
            self._circuit.failed()
            return failure
        self._circuit.succeeded()
        return said

    def _ask(self, question: Question, kind: type[Kind]) -> Kind:
        if not self._digest:
            self._find_digest()
        self._warm_up()
        room, thought = self._room, False
        more = ROOM_EACH * len(question.companies)
        for _ in range(MOST_TRIES):
            room, think = self._room, self._think
            try:
                with self._reasons():
                    answer = self._chat(question, kind, room + more, think)
                    said = answer.message.content or ""
                    thought = bool(answer.message.thinking) or THINKS in said
                    if said.strip() and not (thought and answer.done_reason == "length"):
                        return opinion_in(said, kind)
            except TierFailed as failure:
                if think is not None and failure.reason == f"OLLAMA_HTTP_{BAD_REQUEST}":
                    self._think = None  # a server that knows no such wish
                    continue
                self._loaded = self._loaded and failure.reason != "OLLAMA_TIMEOUT"
                raise
            if not thought or room == THINKING_ROOM:
                break
            self._room = THINKING_ROOM
        if not thought:
            raise TierFailed("OLLAMA_BAD_ANSWER", "an empty answer")
        detail = (
            f"{self._asked} thought for {room} tokens and said nothing: name a model that does "
            "not think in TIDEWIRE_SCORING__OLLAMA_MODEL"
        )
        raise TierFailed("OLLAMA_EMPTY", detail)

    def _chat(
        self, question: Question, kind: type[Opinion], room: int, think: bool | None
    ) -> ollama.ChatResponse:
        return self._client.chat(
            model=self._asked,
            messages=messages_of(question),
            format=kind.model_json_schema(),
            think=think,
            keep_alive=KEEP,
            options={"temperature": 0, "seed": 0, "num_predict": room},
        )

    def _warm_up(self) -> None:
        """Wait until the model is loaded: a server that is left alone meanwhile starts over.

        Raises:
            TierFailed: the server is away, or the model is not loaded within `WARM_UP_S`.
        """
        with self._loading:
            if self._loaded:
                return
            try:
                with self._reasons():
                    self._loader.chat(model=self._asked, messages=[], keep_alive=KEEP)
            except TierFailed as failure:
                if failure.reason == "OLLAMA_TIMEOUT":
                    reason = f"{self._asked} was not loaded within {WARM_UP_S:g} s"
                    raise TierFailed("OLLAMA_LOADING", reason) from None
                if not failure.reason.startswith("OLLAMA_HTTP_"):
                    raise
            self._loaded = True

    def _find_digest(self) -> None:
        wanted = {self._asked, f"{self._asked}:latest"}
        with self._reasons():
            models = self._client.list().models
        for model in models:
            if model.model in wanted:
                self._digest = (model.digest or "unknown")[:12]
                return
        detail = f"{self._asked} is not there: `tidewire models pull ollama` fetches it"
        raise TierFailed("OLLAMA_NO_MODEL", detail)

    @contextmanager
    def _reasons(self) -> Iterator[None]:
        """Turn what the client raises into failures with a reason."""
        try:
            yield
        except ValidationError as error:
            detail = str(error.errors(include_url=False, include_input=False)[0]["msg"])
            raise TierFailed("OLLAMA_BAD_ANSWER", detail) from None
        except ollama.ResponseError as error:
            missing = error.status_code == NOT_FOUND
            reason = "OLLAMA_NO_MODEL" if missing else f"OLLAMA_HTTP_{error.status_code}"
            raise TierFailed(reason, error.error[:200]) from None
        except httpx.TimeoutException:
            raise TierFailed("OLLAMA_TIMEOUT", f"no answer in {self._limit_s:g} s") from None
        except (ConnectionError, httpx.HTTPError, OSError, ValueError) as error:
            raise TierFailed("OLLAMA_DOWN", str(error)[:200]) from None


def _verdict(said: Opinion, model: str) -> Verdict:
    return Verdict(
        round(said.score, 6), round(said.confidence, 6), model, tuple(said.entities), said.reasoning
    )


def ollama_client(params: ScoringParams, timeout_s: float | None) -> ollama.Client:
    """Return a client of the server in the settings; connects to nothing yet.

    Args:
        params: address and key.
        timeout_s: of one answer; None waits for ever, as a pull must.
    """
    key = params.ollama_key.get_secret_value()
    headers = {"Authorization": f"Bearer {key}"} if key else None
    timeout = httpx.Timeout(timeout_s, connect=CONNECT_S)
    return ollama.Client(params.ollama_url, headers=headers, timeout=timeout)
