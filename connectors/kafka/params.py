"""Settings of the broker's clients and of a run's topics."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from annotated_types import Ge, Le
from pydantic import BeforeValidator, SecretStr

# Tidewire's own; every other field is a property of librdkafka's, with `_` for `.`.
OURS: Final = frozenset({"replication_factor", "min_insync_replicas"})


def _text(value: Any) -> Any:
    """Read a number or a switch of a TOML file as librdkafka writes it."""
    return str(value).lower() if isinstance(value, bool | int) else value


Text = Annotated[str, BeforeValidator(_text)]


@dataclass(frozen=True, slots=True)
class KafkaParams:
    """The broker's clients and a run's topics.

    What is empty has librdkafka's default; its CONFIGURATION.md says more of each property.

    Attributes:
        replication_factor: copies of each partition of a new topic; the embedded broker keeps 1.
        min_insync_replicas: copies that must have a record before its writer goes on.
        security_protocol: `plaintext`, `ssl`, `sasl_plaintext` or `sasl_ssl`.
        sasl_mechanism: `SCRAM-SHA-256`, `SCRAM-SHA-512`, `PLAIN`, `GSSAPI` or `OAUTHBEARER`.
        sasl_username: of PLAIN and SCRAM.
        sasl_password: of PLAIN and SCRAM.
        sasl_kerberos_service_name: the principal that the brokers run as.
        sasl_kerberos_principal: the client's.
        sasl_kerberos_keytab: path.
        sasl_kerberos_kinit_cmd: shell command that renews the ticket.
        sasl_kerberos_min_time_before_relogin: milliseconds.
        sasl_oauthbearer_method: `default` or `oidc`.
        sasl_oauthbearer_config: of `default`.
        sasl_oauthbearer_client_id: of `oidc`.
        sasl_oauthbearer_client_secret: of `oidc`.
        sasl_oauthbearer_scope: of `oidc`.
        sasl_oauthbearer_extensions: comma-separated pairs.
        sasl_oauthbearer_token_endpoint_url: of `oidc`.
        sasl_oauthbearer_grant_type: of `oidc`.
        sasl_oauthbearer_assertion_algorithm: `RS256` or `ES256`.
        sasl_oauthbearer_assertion_private_key_file: path.
        sasl_oauthbearer_assertion_private_key_passphrase: of that file.
        sasl_oauthbearer_assertion_file: path.
        sasl_oauthbearer_assertion_claim_aud: of the assertion.
        sasl_oauthbearer_assertion_claim_iss: of the assertion.
        sasl_oauthbearer_assertion_claim_sub: of the assertion.
        ssl_ca_location: path of the certificates that sign the brokers'.
        ssl_ca_pem: the same as text.
        ssl_certificate_location: path of the client's certificate.
        ssl_certificate_pem: the same as text.
        ssl_key_location: path of the client's key.
        ssl_key_pem: the same as text.
        ssl_key_password: of the client's key.
        ssl_keystore_location: path, PKCS#12.
        ssl_keystore_password: of the key store.
        ssl_crl_location: path of revoked certificates.
        ssl_cipher_suites: as OpenSSL lists them.
        ssl_curves_list: as OpenSSL lists them.
        ssl_sigalgs_list: as OpenSSL lists them.
        ssl_providers: of OpenSSL 3.
        ssl_endpoint_identification_algorithm: `https` or `none`.
        enable_ssl_certificate_verification: `true` or `false`.
        https_ca_location: path of the certificates that sign a token endpoint's.
        client_id: what the brokers' logs call us.
        client_dns_lookup: `use_all_dns_ips` or `resolve_canonical_bootstrap_servers_only`.
        broker_address_family: `any`, `v4` or `v6`.
        broker_address_ttl: milliseconds.
        socket_timeout_ms: of a request, milliseconds.
        socket_connection_setup_timeout_ms: of a connection with its handshakes, milliseconds.
        socket_keepalive_enable: `true` or `false`.
        socket_nagle_disable: `true` or `false`.
        socket_send_buffer_bytes: 0: the system's.
        socket_receive_buffer_bytes: 0: the system's.
        socket_max_fails: failed requests after which a connection is made anew.
        connections_max_idle_ms: milliseconds; 0: for ever.
        reconnect_backoff_ms: milliseconds before the first try.
        reconnect_backoff_max_ms: milliseconds.
        retry_backoff_ms: milliseconds before a request is sent again.
        retry_backoff_max_ms: milliseconds.
        api_version_request_timeout_ms: milliseconds.
        metadata_max_age_ms: milliseconds.
        topic_metadata_refresh_interval_ms: milliseconds.
        debug: contexts that librdkafka logs, comma-separated.
    """

    replication_factor: Annotated[int, Ge(1), Le(32)] = 1
    min_insync_replicas: Annotated[int, Ge(1), Le(32)] = 1
    security_protocol: Text = ""
    sasl_mechanism: Text = ""
    sasl_username: Text = ""
    sasl_password: SecretStr = SecretStr("")
    sasl_kerberos_service_name: Text = ""
    sasl_kerberos_principal: Text = ""
    sasl_kerberos_keytab: Text = ""
    sasl_kerberos_kinit_cmd: Text = ""
    sasl_kerberos_min_time_before_relogin: Text = ""
    sasl_oauthbearer_method: Text = ""
    sasl_oauthbearer_config: SecretStr = SecretStr("")
    sasl_oauthbearer_client_id: Text = ""
    sasl_oauthbearer_client_secret: SecretStr = SecretStr("")
    sasl_oauthbearer_scope: Text = ""
    sasl_oauthbearer_extensions: Text = ""
    sasl_oauthbearer_token_endpoint_url: Text = ""
    sasl_oauthbearer_grant_type: Text = ""
    sasl_oauthbearer_assertion_algorithm: Text = ""
    sasl_oauthbearer_assertion_private_key_file: Text = ""
    sasl_oauthbearer_assertion_private_key_passphrase: SecretStr = SecretStr("")
    sasl_oauthbearer_assertion_file: Text = ""
    sasl_oauthbearer_assertion_claim_aud: Text = ""
    sasl_oauthbearer_assertion_claim_iss: Text = ""
    sasl_oauthbearer_assertion_claim_sub: Text = ""
    ssl_ca_location: Text = ""
    ssl_ca_pem: Text = ""
    ssl_certificate_location: Text = ""
    ssl_certificate_pem: Text = ""
    ssl_key_location: Text = ""
    ssl_key_pem: SecretStr = SecretStr("")
    ssl_key_password: SecretStr = SecretStr("")
    ssl_keystore_location: Text = ""
    ssl_keystore_password: SecretStr = SecretStr("")
    ssl_crl_location: Text = ""
    ssl_cipher_suites: Text = ""
    ssl_curves_list: Text = ""
    ssl_sigalgs_list: Text = ""
    ssl_providers: Text = ""
    ssl_endpoint_identification_algorithm: Text = ""
    enable_ssl_certificate_verification: Text = ""
    https_ca_location: Text = ""
    client_id: Text = ""
    client_dns_lookup: Text = ""
    broker_address_family: Text = ""
    broker_address_ttl: Text = ""
    socket_timeout_ms: Text = ""
    socket_connection_setup_timeout_ms: Text = ""
    socket_keepalive_enable: Text = ""
    socket_nagle_disable: Text = ""
    socket_send_buffer_bytes: Text = ""
    socket_receive_buffer_bytes: Text = ""
    socket_max_fails: Text = ""
    connections_max_idle_ms: Text = ""
    reconnect_backoff_ms: Text = ""
    reconnect_backoff_max_ms: Text = ""
    retry_backoff_ms: Text = ""
    retry_backoff_max_ms: Text = ""
    api_version_request_timeout_ms: Text = ""
    metadata_max_age_ms: Text = ""
    topic_metadata_refresh_interval_ms: Text = ""
    debug: Text = ""
