"""Over TLS, as it is in earnest: what was sent is known, and a silence ends in time."""

import ipaddress
import json
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.broker.alpaca import asking
from connectors.broker.alpaca.client import AlpacaBroker
from connectors.broker.alpaca.sending import Attempt
from connectors.broker.errors import BrokerAway, OutcomeUnknown
from tests.broker.due import Clock
from tests.broker.raw import Answer, Raw, drips, hangs, raw, says, sends
from tests.broker.served import params_for
from tests.broker.test_alpaca_requests import CHANGES
from tests.unit.broker.test_alpaca_account import ACCOUNT
from tests.waiting import no_longer_than


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a key and a certificate of 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "certificate.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )  # fmt: skip
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    return certificate


@pytest.fixture
def context(certificate: Path) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate)
    return made


@pytest.fixture
def server(request: pytest.FixtureRequest, context: ssl.SSLContext) -> Iterator[Raw]:
    answers: list[Answer] = request.param
    running = Raw(*answers, context=context)
    yield running
    running.close()


def broker_at(server: Raw, timeout_s: float = 60) -> AlpacaBroker:
    url = f"https://127.0.0.1:{server.port}"
    return AlpacaBroker(params_for(server.port, trading_url=url, timeout_seconds=timeout_s))


GOOD_ACCOUNT = says(200, json.dumps(ACCOUNT).encode())


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("server", [[GOOD_ACCOUNT]], indirect=True)
def test_an_answer_comes(server: Raw) -> None:
    broker = broker_at(server)
    assert broker.account().id == ACCOUNT["account_number"]
    broker.close()


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("server", [[GOOD_ACCOUNT]], indirect=True)
def test_to_whom_nobody_trusts_nothing_is_sent(server: Raw, change: str) -> None:
    broker = broker_at(server)
    with pytest.raises(BrokerAway, match="nothing was sent"):
        CHANGES[change](broker)
    assert server.asked == []
    broker.close()


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("answer", [hangs, drips(b"HTTP/1.1 200 OK\r\nX: ")])
def test_a_silence_after_sending_is_unknown_in_time(
    answer: Answer, change: str, context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Raw(Clock(monkeypatch).runs_out_once_read(answer), context=context)
    broker = broker_at(server, timeout_s=100)
    try:
        with no_longer_than(60), pytest.raises(OutcomeUnknown):
            CHANGES[change](broker)
        assert len(server.asked) == 1
    finally:
        broker.close()
        server.close()


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("server", [[sends(b"")]], indirect=True)
def test_an_end_after_sending_is_unknown(server: Raw, change: str) -> None:
    broker = broker_at(server)
    with pytest.raises(OutcomeUnknown):
        CHANGES[change](broker)
    assert len(server.asked) == 1
    broker.close()


def proxied(proxy: Raw, monkeypatch: pytest.MonkeyPatch, trading_url: str = "") -> AlpacaBroker:
    """Return a broker by a proxy; it asks Alpaca itself, if nothing else is said."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    return AlpacaBroker(params_for(1, trading_url=trading_url))


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(
    "answer", [says(407, b""), says(502, b""), sends(b"")], ids=["407", "502", "end"]
)
def test_a_proxy_that_refuses_has_sent_nothing(
    change: str, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with raw(answer) as proxy:
        broker = proxied(proxy, monkeypatch)
        with pytest.raises(BrokerAway, match="nothing was sent"):
            CHANGES[change](broker)
        assert [line.split()[0] for line in proxy.asked] == ["CONNECT"]
        assert b"APCA" not in proxy.heads[0]
        broker.close()


@pytest.mark.usefixtures("trusted")
def test_what_a_tunnel_leaves_no_time_for_is_not_sent(
    context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time is over once the tunnel stands: the order must not leave by it afterwards."""
    got: list[bytes] = []

    def tunnel(connected: socket.socket, _: bytes) -> None:
        connected.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        with context.wrap_socket(connected, server_side=True) as inner:
            got.append(inner.recv(65_536))

    class Late(Attempt):
        def leaving(self, connected: object) -> None:
            self._deadline = 0
            super().leaving(connected)

    monkeypatch.setattr(asking, "Attempt", Late)
    monkeypatch.setattr(asking, "local", lambda _: False)  # as if it were another machine
    with raw(tunnel) as proxy:
        broker = proxied(proxy, monkeypatch, trading_url="https://127.0.0.1:9")
        with pytest.raises(BrokerAway, match="nothing was sent"):
            CHANGES["submit"](broker)
        broker.close()
    assert got == [b""]
    assert [line.split()[0] for line in proxy.asked] == ["CONNECT"]
