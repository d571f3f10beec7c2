"""Scores as facts: what a model said of a text once is what it said, in this run and the next.

Keyed by the hash of what was asked (a text, or a text with companies and one of them) and by the
model's name, revision and prompt hash. A fact is written before it is used, so a crash between a
model's answer and its record in the log changes nothing.
"""

import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from connectors.sentiment.tier import Question
from messages.errors import TidewireError
from operators.news.instant_model import Verdict

SCHEMA: Final = """
create table if not exists facts (
    text blob not null, model text not null, verdict blob not null, primary key (text, model)
) without rowid
"""
ASK: Final = 400  # texts in one question


class FactsUnusable(TidewireError, RuntimeError):
    """The file of facts cannot be used. Operator action: see the message."""


def text_hash(text: str) -> bytes:
    """Return SHA-256 of a text: a lone surrogate is a character like any other."""
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def company_hashes(question: Question) -> list[bytes]:
    """Return the keys of a question's answers: of the whole, then of each company."""
    text = text_hash(question.text)
    listed = "\n".join(f"{ticker}={name}" for ticker, name in question.companies)
    return [
        sha256(text + f"{listed}\n\n{ticker}".encode("utf-8", "surrogatepass")).digest()
        for ticker in ("", *(ticker for ticker, _ in question.companies))
    ]


class Facts:
    """A file of verdicts; may be used from any thread of the one process that has it open."""

    def __init__(self, file: Path | None) -> None:
        """Open or make the file; None keeps facts in memory.

        Raises:
            FactsUnusable: not a file of facts, or the disk refuses.
        """
        self._lock = threading.Lock()
        try:
            if file is not None:
                file.parent.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(file or ":memory:", check_same_thread=False, timeout=30)
            self._base.execute("pragma journal_mode=wal")
            self._base.execute("pragma synchronous=normal")
            self._base.execute(SCHEMA)
            self._base.commit()
        except (sqlite3.Error, OSError) as error:
            reason = f"{file} cannot hold scores ({error}): move it away, it is made anew."
            raise FactsUnusable(reason) from error

    def known(self, keys: Sequence[bytes], model: str) -> dict[bytes, Verdict]:
        """Return what a model has said of texts, by their hashes."""
        found: dict[bytes, Verdict] = {}
        with self._lock:
            for start in range(0, len(keys), ASK):
                part = keys[start : start + ASK]
                marks = ",".join("?" * len(part))
                rows = self._base.execute(
                    f"select text, verdict from facts where model = ? and text in ({marks})",  # noqa: S608  # question marks only
                    (model, *part),
                )
                found.update((key, _read(packed)) for key, packed in rows)
        return found

    def add(self, verdicts: Mapping[bytes, Verdict] | Iterable[tuple[bytes, Verdict]]) -> None:
        """Write verdicts down; what a model said before stays."""
        pairs = verdicts.items() if isinstance(verdicts, Mapping) else verdicts
        rows = [(key, v.model, msgspec.msgpack.encode(v)) for key, v in pairs]
        if not rows:
            return
        with self._lock:
            self._base.executemany("insert or ignore into facts values (?, ?, ?)", rows)
            self._base.commit()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._base.close()


def _read(packed: bytes) -> Verdict:
    return msgspec.msgpack.decode(packed, type=Verdict)
