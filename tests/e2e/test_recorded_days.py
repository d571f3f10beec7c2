"""Two recorded days through the whole system: the same every time, at any shard count."""

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connectors.archive.reading import ArchivedRun
from flows.replay.record_index import RecordIndex
from stack.cli import main
from stack.servers.services import Services
from tests.harness import options, play, proofs, tables

pytestmark = [
    pytest.mark.recorded,
    pytest.mark.kafka,
    pytest.mark.postgres,
    pytest.mark.timeout(400),
]


def test_everything_is_accounted_for(one_shard: tuple[Any, dict[str, Any]]) -> None:
    _, summary = one_shard
    assert summary["accounted"], summary.get("first_unaccounted")
    assert summary["broker"].startswith("Apache Kafka 4")
    assert summary["bars"] == 17_158
    assert summary["votes"]["news_driven"] > 0
    assert summary["orders"] > 50
    assert summary["outcomes"] > 20


def test_four_shards_give_the_same_run(
    services: Services, two_days: tuple[Path, Path], one_shard: tuple[Any, dict[str, Any]]
) -> None:
    first, expected = one_shard
    second, summary = play(services, options(*two_days, shards=4))
    assert summary["accounted"], summary.get("first_unaccounted")
    assert (summary["digest"], summary["equity"]) == (expected["digest"], expected["equity"])
    one, four = tables(first), tables(second)
    one.pop("runs"), four.pop("runs")  # they differ in the partition count
    assert four == one
    assert proofs(second) == proofs(first)


def test_without_news_other_orders_are_placed(
    services: Services, two_days: tuple[Path, Path], one_shard: tuple[Any, dict[str, Any]]
) -> None:
    with_news, _ = one_shard
    without, summary = play(services, options(*two_days, no_news=True))
    assert summary["accounted"], summary.get("first_unaccounted")
    assert summary["votes"].get("news_driven", 0) == 0
    ids = [{row[0] for row in tables(run)["orders"]} for run in (with_news, without)]
    assert ids[0] != ids[1]


def test_a_backtest_of_what_the_database_holds(
    one_shard: tuple[Any, dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    demo, expected = one_shard
    monkeypatch.setenv("TIDEWIRE_DATABASE_URL", demo.run.database_url)
    wanted = ["backtest", "--from-database", demo.run.schema, "--schema", demo.run.schema]
    page = tmp_path / "sheet.html"
    said = ""
    for _ in range(2):  # the second replaces the first's row
        assert main([*wanted, "--report", str(page)]) == 0
        said = capsys.readouterr().out
    assert f"{float(expected['equity']):,.2f}" in said
    assert f"in backtest_runs of schema {demo.run.schema}" in said
    with psycopg.connect(demo.run.database_url) as connection:
        connection.execute(f"SET search_path TO {demo.run.schema}".encode())
        query = "SELECT status, metrics->>'fills', report FROM backtest_runs"
        kept = connection.execute(query.encode()).fetchall()
    assert [(status, int(fills)) for status, fills, _ in kept] == [
        ("finished", expected["executions"])
    ]
    assert kept[0][2] == page.read_bytes()
    assert main(["backtest", "--from-database", "nowhere"]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_a_grown_database_and_other_rules_are_other_rows(
    one_shard: tuple[Any, dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    demo, _ = one_shard
    monkeypatch.setenv("TIDEWIRE_DATABASE_URL", demo.run.database_url)

    def kept(*more: str) -> str:
        wanted = ["backtest", "--from-database", "grown", "--schema", demo.run.schema, *more]
        assert main(wanted) == 0
        return capsys.readouterr().out.rpartition("kept as ")[2].split()[0]

    with psycopg.connect(demo.run.database_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS grown CASCADE; CREATE SCHEMA grown")
        for table in ("market_data", "article_sentiments", "articles"):
            copy = f"CREATE TABLE grown.{table} AS SELECT * FROM {demo.run.schema}.{table}"
            connection.execute(copy.encode())
        last = "start = (SELECT max(start) FROM grown.market_data)"
        late = f"CREATE TABLE grown.late AS SELECT * FROM grown.market_data WHERE {last}"
        connection.execute(late.encode())
        connection.execute(f"DELETE FROM grown.market_data WHERE {last}".encode())
        before, again, keep = kept(), kept(), kept("--splits", "keep")
        connection.execute("INSERT INTO grown.market_data SELECT * FROM grown.late")
        after = kept()
        connection.execute("DROP SCHEMA grown CASCADE")
    assert before == again
    assert len({before, keep, after}) == 3


def test_a_backtest_of_a_recorded_day_gives_its_orders(
    one_shard: tuple[Any, dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    demo, _ = one_shard
    home = str(Path(demo.run.archive).parents[1])
    wanted = ["backtest", "--home", home, "--run", demo.run.run_id, "--from-archive", "2026-03-20"]
    assert main([*wanted, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    recorded = RecordIndex(ArchivedRun(Path(demo.run.archive))).day(
        "orders.requested", "2026-03-20"
    )
    assert [o["id"] for o in found["orders"]] == list(recorded)
    assert found["differ"] == 0
    assert main(wanted) == 0
    assert "executions were recorded, the same" in capsys.readouterr().out
    days = [*wanted[:-1], "2026-03-19..2026-03-20", "--json"]
    assert main(days) == 0
    both = json.loads(capsys.readouterr().out)
    assert both["bars"] == 17_158
    assert float(both["final_equity"]) == float(one_shard[1]["equity"])
    assert main([*days, "--capital", "50000"]) == 0
    assert json.loads(capsys.readouterr().out)["start_equity"] == 50_000
    assert main([*wanted[:-1], "2026-03-19..2026-03-21"]) == 2
    assert "2026-03-21" in capsys.readouterr().err
