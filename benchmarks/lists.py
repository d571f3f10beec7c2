"""The API's lists at a million trades: milliseconds of a request, route by route.

`python -m benchmarks.lists REQUESTS` starts a database, fills a run's schema, serves the API and
asks for pages at cursors all over the lists; one JSON line. Beside each request a bare page of
trades is read by a statement alone.
"""

import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np
import psycopg

from api.build import api_of, server_of
from api.pages import PageAsked, cursor_of
from api.routes.trades import DecisionsAsked, SignalsAsked, TradesAsked
from benchmarks.bench_run import bench_run, serving
from connectors.settings import Settings
from connectors.storage.schema import upgrade
from messages.topics import EVERY_TOPIC
from stack.home import Home, free_port
from stack.listening import listening
from stack.servers.services import Services

TRADES: Final = 1_000_000
CHECKS: Final = json.dumps(
    [{"code": f"CHECK_{n}", "comparison": "<=", "limit": "1", "measured": "1", "unit": "shares",
      "passed": n < 9} for n in range(13)]
)  # fmt: skip
FILL: Final = (
    """INSERT INTO trades (id, stamp, event_time, causes, account, trade_id, order_id,
      execution_id, signal_id, strategy_id, ticker, side, qty, price, commission, status, pnl,
      timestamp)
    SELECT 'exe-' || n, n * 1000000::bigint, to_timestamp(n), '{}', 'paper', 'trd-' || n / 2,
      'ord-' || n, 'x' || n, 'sig-' || n / 10,
      (ARRAY['momentum', 'mean_reversion', 'news_driven'])[1 + n % 3], 'T' || n % 500, 'BUY', 1, 1,
      0, CASE WHEN n % 50 = 0 THEN 'CANCELLED' ELSE 'FILLED' END,
      CASE WHEN n % 2 = 0 THEN n % 7 - 3 END, to_timestamp(n)
    FROM generate_series(1, 1000000) n""",
    """INSERT INTO signals (id, stamp, event_time, causes, ticker, direction, strength,
      strategy_sources, bar) SELECT 'sig-' || n, n * 1000000::bigint, to_timestamp(n), '{}',
      'T' || n % 500, 'LONG', 0.5, '[]', '' FROM generate_series(1, 1000000) n""",
    """INSERT INTO decisions (id, stamp, event_time, causes, account, ticker, side, accepted,
      cause, signal_id, code, limit_value, actual, checks) SELECT 'dec-' || n,
      n * 1000000::bigint, to_timestamp(n), '{}', 'paper', 'T' || n % 500, 'BUY', n % 3 > 0,
      'signal', 'sig-' || n, '', '', '', 'CHECKS' FROM generate_series(1, 1000000) n""",
)
ROUTES: Final[dict[str, dict[str, str]]] = {
    "/api/trades": {},
    "/api/trades, ticker": {"ticker": "T7"},
    "/api/trades, strategy": {"strategy": "momentum"},
    "/api/trades, profitable": {"profitable": "true"},
    "/api/trades, status": {"status": "CANCELLED"},
    "/api/decisions": {},
    "/api/decisions, denied": {"accepted": "false"},
    "/api/decisions, ticker": {"ticker": "T7"},
    "/api/decisions, folded": {"fold": "true"},
    "/api/signals": {},
    "/api/signals, ticker": {"ticker": "T7"},
}
ASKED: Final[dict[str, type[PageAsked]]] = {
    "/api/trades": TradesAsked,
    "/api/decisions": DecisionsAsked,
    "/api/signals": SignalsAsked,
}
BARE: Final = """SELECT * FROM trades WHERE (stamp, id) < (%s, '') ORDER BY stamp DESC, id DESC
  LIMIT 50"""


def fill(url: str, schema: str) -> None:
    """Make the schema, and fill it."""
    upgrade(url, schema)
    options = f"-c search_path={schema}"
    with psycopg.connect(url, autocommit=True, options=options) as connection:
        for statement in FILL:
            connection.execute(statement.replace("CHECKS", CHECKS).encode())
        connection.execute("VACUUM ANALYZE")


def timed(call: Callable[[], Any]) -> float:
    """Return how long a call takes, milliseconds."""
    began = time.perf_counter()
    call()
    return 1_000 * (time.perf_counter() - began)


def measure(home: Path, requests: int) -> dict[str, float]:
    """Start everything, ask, and return the figures."""
    with Services(Home(home), Settings()) as services:
        run = bench_run(services)
        services.make_topics(run.layout, EVERY_TOPIC)
        fill(run.database_url, run.schema)
        port = free_port()
        with api_of(serving(run, port)) as api:
            server = server_of(api)
            sockets = listening("localhost", port)
            thread = threading.Thread(target=server.run, args=(sockets,), daemon=True)
            thread.start()
            tokens = []
            for number in range(len(ROUTES)):  # one person may not ask so often
                person, _ = api.access.sessions.begin(f"user-{number}", "somebody", "viewer")
                tokens.append(api.access.tokens.of(person))
            with httpx.Client(base_url=f"http://localhost:{port}", timeout=60) as client:
                while not server.started:
                    time.sleep(0.1)
                found = asked(client, tokens, run.database_url, run.schema, requests)
            server.should_exit = True
            thread.join()
    return found


def asked(
    client: httpx.Client, tokens: list[str], url: str, schema: str, requests: int
) -> dict[str, float]:
    """Ask for pages all over each list."""
    dice = np.random.default_rng(5)
    found: dict[str, float] = {}
    bare: list[float] = []
    with psycopg.connect(url, options=f"-c search_path={schema}") as connection:
        for (name, query), token in zip(ROUTES.items(), tokens, strict=True):
            client.headers["Authorization"] = f"Bearer {token}"
            path, times = name.split(",")[0], []
            for stamp in dice.integers(1_000, TRADES, requests).tolist():
                row = {"stamp": stamp * 1_000_000, "id": ""}
                first = ASKED[path].model_validate({"limit": 1, **query})
                cursor = cursor_of([row], first, path.split("/")[-1])

                def ask(path: str = path, query: Any = query, cursor: Any = cursor) -> None:
                    answer = client.get(path, params={**query, "cursor": cursor})
                    answer.raise_for_status()

                def read(stamp: int = stamp) -> None:
                    connection.execute(BARE, (stamp * 1_000_000,)).fetchall()

                times.append(timed(ask))
                bare.append(timed(read))
            found[f"{name} p50"] = float(np.percentile(times, 50))
            found[f"{name} p99"] = float(np.percentile(times, 99))
    found["bare p50"] = float(np.percentile(bare, 50))
    found["bare p99"] = float(np.percentile(bare, 99))
    return found


def main(words: list[str]) -> None:
    """Measure, and print."""
    with tempfile.TemporaryDirectory() as home:
        found = measure(Path(home), int(words[0]) if words else 300)
    sys.stdout.write(json.dumps({name: round(value, 2) for name, value in found.items()}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
