"""Ten thousand articles through a scoring flow that is killed: each is scored once."""

import json
import random
import signal
from collections import Counter
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition

from connectors.kafka.access import Access
from stack.audit.topic_reader import read_topics
from stack.runtime.demo import Demo
from stack.servers.services import Services
from tests.e2e.story import bar_row, headline, write
from tests.harness import options, play

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(600)]
ARTICLES = 10_000
WORDS = ("profit", "loss", "rises", "falls", "board", "record", "fraud", "deal", "plan", "shares")


class KillScore:
    """Kills flows/score some times, each time a little further."""

    def __init__(self, access: Access) -> None:
        self.consumer = Consumer(access.settings({"group.id": "killer"}))
        self.random = random.Random(3)
        self.next, self.kills = 200, 0

    def __call__(self, demo: Demo) -> None:
        name = demo.run.prefix + "news.scored"
        end = self.consumer.get_watermark_offsets(TopicPartition(name, 0), timeout=60)[1]
        process = demo.supervisor.children["score"].process
        if process is not None and end >= self.next and self.kills < 4:
            process.kill()
            self.kills += process.wait() == -signal.SIGKILL
            self.next = end + self.random.randint(1, 1_000)


def test_each_of_ten_thousand_articles_is_scored_once(services: Services, tmp_path: Path) -> None:
    draw = random.Random(5)
    news = [
        headline(i * 300 / ARTICLES, f"{i}: " + " ".join(draw.choices(WORDS, k=6)), f"T{i % 40}")
        for i in range(ARTICLES)
    ]
    files = write(tmp_path, [bar_row(m, 100.0, "T1") for m in range(320)], news)
    killer = KillScore(services.access)
    demo, summary = play(services, options(*files), meddle=killer)
    assert killer.kills >= 2
    assert summary["restarts"] == killer.kills
    assert summary["accounted"], summary.get("first_unaccounted")
    run = demo.run
    scored = [r.body for r in read_topics(run.layout, ["news.scored"])["news.scored"]]
    assert len(scored) == ARTICLES
    assert Counter(s["article_id"] for s in scored).most_common(1)[0][1] == 1
    log = Path(run.directory, "logs", "score.log").read_text().splitlines()
    said = [json.loads(line)["message"] for line in log if line.startswith("{")]
    assert any("articles scored" in message for message in said)
