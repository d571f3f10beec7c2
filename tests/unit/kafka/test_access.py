"""The way to a broker: what the settings pass through, and what librdkafka says of it."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.kafka.access import Access, AccessInvalid, client_settings
from connectors.kafka.params import OURS, KafkaParams
from connectors.settings import SettingsInvalid, load_settings


def test_what_is_set_is_passed_by_librdkafka_s_names() -> None:
    params = KafkaParams(
        security_protocol="sasl_plaintext", sasl_mechanism="SCRAM-SHA-512", sasl_username="me",
        sasl_password=SecretStr("hush"), socket_timeout_ms="9000",
    )  # fmt: skip
    assert client_settings(params) == {
        "security.protocol": "sasl_plaintext", "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "me", "sasl.password": "hush", "socket.timeout.ms": "9000",
    }  # fmt: skip
    assert client_settings(KafkaParams()) == {}
    assert client_settings(KafkaParams(replication_factor=3, min_insync_replicas=2)) == {}


def test_a_client_s_own_settings_and_the_address_stand_before_what_is_passed() -> None:
    access = Access("host:1", {"client.id": "a", "bootstrap.servers": "elsewhere:1"})
    assert access.settings({"client.id": "b"}) == {"client.id": "b", "bootstrap.servers": "host:1"}
    assert "hush" not in repr(Access("host:1", {"sasl.password": "hush"}))


def test_every_name_is_one_of_librdkafka_s() -> None:
    for name in KafkaParams.__dataclass_fields__.keys() - OURS:
        value = SecretStr("x") if "SecretStr" in str(KafkaParams.__annotations__[name]) else "x"
        try:
            client_settings(KafkaParams(**{name: value}))  # type: ignore[arg-type]  # one of both
        except AccessInvalid as error:
            assert "No such configuration property" not in str(error), name  # noqa: PT017 - some may pass


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"socket_timeout_ms": "soon"}, r"TIDEWIRE_KAFKA__SOCKET_TIMEOUT_MS: Invalid value"),
        ({"broker_address_family": "v5"}, r"TIDEWIRE_KAFKA__BROKER_ADDRESS_FAMILY: Invalid value"),
        (
            {"security_protocol": "sasl_ssl", "sasl_mechanism": "PLAIN"},
            r"sasl.username and sasl.password must be set",
        ),
        (
            {"security_protocol": "ssl", "ssl_ca_location": "/not/there.pem"},
            r"ssl.ca.location failed",
        ),
    ],
)
def test_librdkafka_s_own_words(change: dict[str, str], said: str) -> None:
    with pytest.raises(AccessInvalid, match=said):
        client_settings(KafkaParams(**change))  # type: ignore[arg-type]  # texts


def test_the_environment_s_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEWIRE_KAFKA__SASL_USERNAME", "me")
    monkeypatch.setenv("TIDEWIRE_KAFKA__SASL_PASSWORD", "hush")
    monkeypatch.setenv("TIDEWIRE_KAFKA__REPLICATION_FACTOR", "3")
    settings = load_settings()
    assert client_settings(settings.kafka)["sasl.password"] == "hush"
    assert settings.kafka.replication_factor == 3
    assert "hush" not in repr(settings)
    monkeypatch.setenv("TIDEWIRE_KAFKA__SASL_USRNAME", "me")
    with pytest.raises(SettingsInvalid, match="TIDEWIRE_KAFKA__SASL_USERNAME"):
        load_settings()


def test_a_number_in_a_file_is_read_as_it_is_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "t.toml"
    file.write_text("[kafka]\nsocket_timeout_ms = 9000\nsocket_keepalive_enable = true\n")
    monkeypatch.setenv("TIDEWIRE_CONFIG", str(file))
    found = client_settings(load_settings().kafka)
    assert found == {"socket.timeout.ms": "9000", "socket.keepalive.enable": "true"}
