"""Who may do what at the embedded broker, by trying it."""

import json
import os
import stat
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from connectors.kafka.access import Access
from connectors.kafka.layout import BrokerUnavailable, Layout, create_topics, delete_topics
from connectors.settings import Settings
from messages.topics import EVERY_TOPIC, MARKET_BARS, NEWS_RAW, Topic
from stack.cli import main
from stack.commands.kafka import LOGIN, written
from stack.errors import StackError
from stack.home import Home
from stack.servers.broker import EmbeddedBroker
from stack.servers.principals import API, CLIENTS, FLOWS, OUTSIDE, close_run, open_run
from stack.servers.services import Services
from tests.outside import named

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.timeout(300)]
REFUSED = KafkaError.TOPIC_AUTHORIZATION_FAILED


@pytest.fixture(scope="module")
def run(services: Services) -> Iterator[Layout]:
    name = f"acl{uuid.uuid4().hex[:8]}"
    layout = Layout(services.access, name, f"tidewire-{name}.", 1)
    create_topics(layout, EVERY_TOPIC)
    open_run(services.broker.admin(), layout, commands=False)
    yield layout
    close_run(services.broker.admin(), layout.prefix)
    delete_topics(services.access, layout.prefix)


def write(access: Access, topic: str) -> int | None:
    """Append a record; returns the broker's error code, None if it took it."""
    codes: list[int | None] = []

    def delivered(error: KafkaError | None, _record: Message) -> None:
        codes.append(None if error is None else error.code())

    producer = Producer(access.settings({"log_level": 0, "message.timeout.ms": 20_000}))
    producer.produce(topic, b"{}", None, 0, on_delivery=delivered)
    assert producer.flush(30) == 0
    return codes[0]


def writable(access: Access, layout: Layout) -> set[str]:
    """Return the topics that a principal can write, by writing each."""
    found = {topic.name: write(access, layout.name(topic)) for topic in EVERY_TOPIC}
    assert set(found.values()) <= {None, REFUSED}
    return {name for name, code in found.items() if code is None}


def ends(access: Access, layout: Layout, topic: Topic[object]) -> int:  # type: ignore[type-var]  # any topic
    consumer = Consumer(access.settings({"group.id": uuid.uuid4().hex, "log_level": 0}))
    try:
        place = TopicPartition(layout.name(topic), 0, 0)  # type: ignore[arg-type]  # likewise
        end = consumer.get_watermark_offsets(place, timeout=20)[1]
        consumer.assign([place])
        seen = 0
        while seen < end:
            seen += sum(record.error() is None for record in consumer.consume(500, 0.1))
        return seen
    finally:
        consumer.close()


def test_each_writes_what_is_its_own(services: Services, run: Layout) -> None:
    assert writable(services.access_of(OUTSIDE), run) == {"news.raw", "market.bars"}
    assert writable(services.access_of(API), run) == {"control.commands"}
    assert writable(services.access_of(FLOWS), run) == {t.name for t in EVERY_TOPIC}


def test_all_read_all(services: Services, run: Layout) -> None:
    before = ends(services.access_of(FLOWS), run, MARKET_BARS)
    assert write(services.access_of(OUTSIDE), run.name(MARKET_BARS)) is None
    for principal in CLIENTS:
        assert ends(services.access_of(principal), run, MARKET_BARS) == before + 1


def test_requests_where_a_run_lets_outsiders_command(services: Services, run: Layout) -> None:
    other = Layout(run.access, "r", f"tidewire-r{uuid.uuid4().hex[:8]}.", 1)
    create_topics(other, EVERY_TOPIC)
    admin = services.broker.admin()
    open_run(admin, other, commands=True)
    outside = services.access_of(OUTSIDE)
    assert writable(outside, other) == {"news.raw", "market.bars", "control.requests"}
    close_run(admin, other.prefix)
    assert write(outside, other.name(NEWS_RAW)) == REFUSED
    assert write(outside, run.name(NEWS_RAW)) is None, "another run's rights stay"
    delete_topics(services.access, other.prefix)


def test_nobody_else_changes_topics(services: Services, run: Layout) -> None:
    for principal in (API, OUTSIDE):
        admin = AdminClient(services.access_of(principal).settings({"log_level": 0}))
        changes = [
            *admin.create_topics([NewTopic("mine", 1, 1)], request_timeout=20).values(),
            *admin.delete_topics([run.name(NEWS_RAW)], request_timeout=20).values(),
            *admin.delete_records([TopicPartition(run.name(NEWS_RAW), 0, 1)],
                                  request_timeout=20).values(),
        ]  # fmt: skip
        for change in changes:
            with pytest.raises(KafkaException, match=r"[Aa]uthoriz"):
                change.result()
        with pytest.raises(BrokerUnavailable, match=r"rights that docs/kafka\.md lists"):
            create_topics(
                Layout(services.access_of(principal), "x", "mine.", 1), [MARKET_BARS]
            )  # fmt: skip


@pytest.mark.parametrize(
    "client",
    [
        {},
        {"security.protocol": "sasl_plaintext", "sasl.mechanism": "SCRAM-SHA-256",
         "sasl.username": "flows", "sasl.password": "guess"},
        {"security.protocol": "sasl_plaintext", "sasl.mechanism": "PLAIN",
         "sasl.username": "broker", "sasl.password": "broker"},
        {"security.protocol": "sasl_plaintext", "sasl.mechanism": "PLAIN",
         "sasl.username": "flows", "sasl.password": "flows"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("server", ["kafka", "kafka_controller"])
def test_nobody_without_a_password_gets_in(
    services: Services, client: dict[str, str], server: str
) -> None:
    address = f"127.0.0.1:{services.home.ports()[server]}"
    admin = AdminClient(Access(address, client).settings({"log_level": 0}))
    with pytest.raises(KafkaException):
        admin.list_topics(timeout=1.5)


def test_passwords_are_their_owner_s_alone(services: Services) -> None:
    kept = services.home.path / "kafka"
    secrets = [*(kept / "passwords").iterdir(), kept / "broker.properties"]
    assert {f.name for f in secrets} == {*CLIENTS, "broker", "broker.properties"}
    assert {stat.S_IMODE(f.stat().st_mode) for f in secrets} == {0o600}
    assert stat.S_IMODE((kept / "passwords").stat().st_mode) == 0o700
    words = [f.read_bytes() for f in (kept / "passwords").iterdir()]
    assert len(set(words)) == len(words)
    log = (kept / "broker.log").read_bytes()
    assert not any(word in log for word in words)


OLD = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
offsets.topic.replication.factor=1
"""


def test_a_home_of_an_earlier_version_is_upgraded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its broker let everybody in; its records are there afterwards, and its runs go on."""
    home = Home(tmp_path / "home")
    old = EmbeddedBroker(home)
    file = tmp_path / "old.properties"
    file.write_text(OLD)
    with monkeypatch.context() as patch:
        patch.setattr("stack.servers.broker.config_file", _instead(file))
        patch.setattr("stack.servers.broker.let_in", lambda *_: None)
        patch.setattr(old, "access", lambda _principal: Access(old.bootstrap))
        old.start()
    try:
        open_to_all = Access(old.bootstrap)
        layout = Layout(open_to_all, "old", "tidewire-old.", 1)
        create_topics(layout, [MARKET_BARS])
        assert write(open_to_all, layout.name(MARKET_BARS)) is None
    finally:
        old.stop()
    new = EmbeddedBroker(home)
    new.start()
    try:
        layout = Layout(new.access(FLOWS), "old", "tidewire-old.", 1)
        create_topics(layout, [MARKET_BARS, NEWS_RAW])
        assert ends(new.access(FLOWS), layout, MARKET_BARS) == 1
        assert write(new.access(OUTSIDE), layout.name(MARKET_BARS)) == REFUSED
        open_run(new.admin(), layout, commands=False)
        assert write(new.access(OUTSIDE), layout.name(MARKET_BARS)) is None
    finally:
        new.stop()


def _instead(file: Path) -> object:
    from stack.servers.broker import config_file

    return lambda name: file if name == "broker.properties" else config_file(name)


def test_a_password_that_was_deleted_is_made_anew(tmp_path: Path) -> None:
    broker = EmbeddedBroker(Home(tmp_path / "home"))
    broker.start()
    before = broker.access(OUTSIDE)
    broker.stop()
    (tmp_path / "home/kafka/passwords/outside").unlink()
    broker.start()
    try:
        assert AdminClient(broker.access(OUTSIDE).settings()).list_topics(timeout=20).brokers
        stale = Access(broker.bootstrap, before.client)
        with pytest.raises(KafkaException):
            AdminClient(stale.settings({"log_level": 0})).list_topics(timeout=1.5)
    finally:
        broker.stop()


def test_settings_reach_every_client(services: Services, tmp_path: Path) -> None:
    """A cluster of one's own, with its own principal for Tidewire: this one, by its settings."""
    settings = named(services)
    with Services(Home(tmp_path / "home"), settings) as guest:
        assert guest.broker_name() == "Apache Kafka"
    signing_in = settings.kafka.__class__(sasl_username="me")
    with pytest.raises(StackError, match="SASL_USERNAME is for a broker of your own"):
        Services(Home(tmp_path / "other"), Settings(kafka=signing_in))


def test_a_config_for_a_client_of_one_s_own(
    services: Services, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("TIDEWIRE_BOOTSTRAP", services.bootstrap)
    for name, value in services.access_of(OUTSIDE).client.items():
        monkeypatch.setenv(f"TIDEWIRE_KAFKA__{name.replace('.', '_').upper()}", value)
    assert main(["kafka", "config", "--home", str(tmp_path)]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert AdminClient(printed).list_topics(timeout=20).brokers
    out = tmp_path / "client.properties"
    os.umask(0o022)
    said = ["kafka", "config", "--home", str(tmp_path), "--format", "properties", "--out", str(out)]
    assert main(said) == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert dict(line.split("=", 1) for line in out.read_text().splitlines()) == printed


def test_java_s_names() -> None:
    access = Access(
        "h:1",
        {"security.protocol": "sasl_plaintext", "sasl.mechanism": "SCRAM-SHA-256",
         "sasl.username": "me", "sasl.password": 'a"b\\'},
    )  # fmt: skip
    assert written(access, "java").splitlines() == [
        "security.protocol=SASL_PLAINTEXT",
        "sasl.mechanism=SCRAM-SHA-256",
        "bootstrap.servers=h:1",
        f"sasl.jaas.config={LOGIN} required " + r'username="me" password="a\"b\\";',
    ]
