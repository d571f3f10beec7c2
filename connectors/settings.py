"""Settings: prefix `TIDEWIRE_`, `__` between group and name.

`TIDEWIRE_RISK__COOLDOWN_MINUTES=45` sets the cooldown. First found wins: the environment, `.env`
in the working directory, the TOML file that TIDEWIRE_CONFIG names (`tidewire.toml` in the
working directory by default), the operators' own defaults.
"""

import os
import re
import tomllib
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from annotated_types import Ge, Le
from pydantic import Field, SecretStr, TypeAdapter, ValidationError
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from connectors.api_params import ApiParams
from connectors.broker.params import BrokerParams
from connectors.feed.params import NewsParams
from connectors.kafka.params import KafkaParams
from connectors.market.params import MarketParams
from connectors.sentiment.params import ScoringParams
from connectors.setting_names import PREFIX, unknown_key, unknown_variable
from messages.errors import TidewireError
from operators.params import (
    AccountParams,
    ControlParams,
    EnsembleParams,
    FillParams,
    LearningParams,
    MeanReversionParams,
    MomentumParams,
    NewsDrivenParams,
    OwnParams,
    Params,
    RiskParams,
    SentimentParams,
)

BEFORE_A_HOST: Final = re.compile(r"//[^/\s]*@")
QUERY: Final = re.compile(r"(://[^\s,?'\"]*)\?[^\s'\"]*")  # of an address: it may hold a key
SECRETS: Final = re.compile("database_url|secret|key|password|passphrase")


class SettingsInvalid(TidewireError, ValueError):
    """A setting is wrong. Operator action: correct the named variable."""


class Settings(BaseSettings):
    """Every setting of the program.

    Attributes:
        home: directory of all state.
        bootstrap: host:port of a running Kafka; empty starts the embedded one.
        database_url: of a running PostgreSQL; empty starts the embedded one.
        partitions: of topics keyed by ticker or article; one signals process each.
        tick_ms: how often a live entry flow says what time it is for half a second after each
            fact; the first time at once, and while nothing happens every five seconds.
        metrics: every process serves Prometheus metrics on a loopback port of its own.
        log_level: of every process; logs are JSON lines.
        retention_days: age at which bars, snapshots and metrics leave the database; 0 keeps
            them. The archive keeps everything.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_file=".env",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    home: str = "~/.local/state/tidewire"
    bootstrap: str = ""
    database_url: SecretStr = SecretStr("")
    partitions: Annotated[int, Ge(1), Le(64)] = 1
    tick_ms: Annotated[int, Ge(10), Le(60_000)] = 50
    metrics: bool = True
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    retention_days: Annotated[int, Ge(0)] = 0
    momentum: MomentumParams = Field(default_factory=MomentumParams)
    mean_reversion: MeanReversionParams = Field(default_factory=MeanReversionParams)
    news_driven: NewsDrivenParams = Field(default_factory=NewsDrivenParams)
    sentiment: SentimentParams = Field(default_factory=SentimentParams)
    ensemble: EnsembleParams = Field(default_factory=EnsembleParams)
    risk: RiskParams = Field(default_factory=RiskParams)
    fills: FillParams = Field(default_factory=FillParams)
    account: AccountParams = Field(default_factory=AccountParams)
    learning: LearningParams = Field(default_factory=LearningParams)
    own: OwnParams = Field(default_factory=OwnParams)
    control: ControlParams = Field(default_factory=ControlParams)
    kafka: KafkaParams = Field(default_factory=KafkaParams)
    news: NewsParams = Field(default_factory=NewsParams)
    market: MarketParams = Field(default_factory=MarketParams)
    scoring: ScoringParams = Field(default_factory=ScoringParams)
    api: ApiParams = Field(default_factory=ApiParams)
    broker: BrokerParams = Field(default_factory=BrokerParams)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the TOML file behind `.env`."""
        toml = TomlConfigSettingsSource(settings_cls, toml_file=config_file())
        return init_settings, env_settings, dotenv_settings, toml

    @property
    def params(self) -> Params:
        """Return the operators' parameters."""
        return Params(
            momentum=self.momentum,
            mean_reversion=self.mean_reversion,
            news_driven=self.news_driven,
            sentiment=self.sentiment,
            ensemble=self.ensemble,
            risk=self.risk,
            fills=self.fills,
            account=self.account,
            learning=self.learning,
            own=self.own,
            control=self.control,
        )


def config_file() -> Path:
    """Return the TOML file's path; it need not exist unless TIDEWIRE_CONFIG names it."""
    return Path(os.environ.get(f"{PREFIX}CONFIG") or "tidewire.toml")


def load_settings() -> Settings:
    """Read every source once.

    Raises:
        SettingsInvalid: one line that names the setting, its source, what was given, and what
            is allowed.
    """
    if os.environ.get(f"{PREFIX}CONFIG") and not config_file().is_file():
        reason = f"{PREFIX}CONFIG names {config_file()}, which is no file: correct it or unset it."
        raise SettingsInvalid(reason)
    try:
        _refuse_misspelt()
        found = Settings()
    except tomllib.TOMLDecodeError as error:
        reason = f"{config_file()} is not readable TOML ({error}): correct it."
        raise SettingsInvalid(reason) from None
    except SettingsError as error:
        reason = (
            f"A group of settings is not readable JSON ({error}): give each of its settings by "
            f"itself, such as {PREFIX}RISK__COOLDOWN_MINUTES=45, or correct it there."
        )
        raise SettingsInvalid(reason) from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        loc = [str(part) for part in first["loc"]]
        source, given = _source_of(loc)
        # A place in a list, behind the two parts of a name, is the item's.
        parts, places = loc[:2], "".join(f"[{place}]" for place in loc[2:])
        name = PREFIX + "__".join(parts).upper() if "TOML" not in source else ".".join(parts)
        name += places
        shown = _shown(loc, given)
        reason = f"{name}={shown} in {source}: {first['msg']}{_allowed(loc)}. Correct it there."
        raise SettingsInvalid(reason) from None
    if found.broker.protection == "broker" and found.risk.trailing_stop_bps:
        reason = (
            f"{PREFIX}BROKER__PROTECTION=broker and {PREFIX}RISK__TRAILING_STOP_BPS="
            f"{found.risk.trailing_stop_bps} do not go together: a trailing stop cannot be held by "
            f"the broker. Set it to 0, or {PREFIX}BROKER__PROTECTION=desk."
        )
        raise SettingsInvalid(reason)
    return found


def _shown(loc: list[str], given: Any) -> str:
    """Return what was given, in words: no secret, not all of a group, no name before a host."""
    if SECRETS.search(loc[min(len(loc), 2) - 1]):
        return "a secret"
    if len(loc) == 1 and loc[0] in setting_groups():
        return "a value of a whole group"
    return QUERY.sub(r"\1?...", BEFORE_A_HOST.sub("//...@", repr(given)))


def setting_groups() -> dict[str, list[str]]:
    """Return group -> names of its settings, in order; "" -> those of no group."""
    found: dict[str, list[str]] = {"": []}
    for name, field in Settings.model_fields.items():
        if field.annotation is not None and is_dataclass(field.annotation):
            found[name] = [inner.name for inner in fields(field.annotation)]
        else:
            found[""].append(name)
    return found


def _refuse_misspelt() -> None:
    """Refuse names that are no setting, wherever they are given.

    Raises:
        SettingsInvalid: one line that names it, its source and the setting that was meant.
    """
    groups, environment = setting_groups(), EnvSettingsSource(Settings)
    inline = {name: value for name, value in environment().items() if name in groups}
    dotenv = DotEnvSettingsSource(Settings)
    files = {n: v for n, v in dotenv().items() if n in groups}
    toml = TomlConfigSettingsSource(Settings, config_file())()
    for source, why in (
        ("the environment", unknown_variable(os.environ, groups, environment=True)),
        ("the environment", unknown_key(inline, groups)),
        ("the file .env", unknown_variable(dotenv.env_vars, groups, environment=False)),
        ("the file .env", unknown_key(files, groups)),
        (f"the TOML file {config_file()}", unknown_key(toml, groups)),
    ):
        if why:
            reason = f"In {source}: {why}"
            raise SettingsInvalid(reason)


def _source_of(loc: list[str]) -> tuple[str, Any]:
    """Return which source a setting was read from, and what it said there."""
    sources: list[tuple[str, PydanticBaseSettingsSource]] = [
        ("the environment", EnvSettingsSource(Settings)),
        ("the file .env", DotEnvSettingsSource(Settings)),
        (f"the TOML file {config_file()}", TomlConfigSettingsSource(Settings, config_file())),
    ]
    for name, source in sources:
        found: Any = source()
        for part in loc:
            if isinstance(found, list) and part.isdigit() and int(part) < len(found):
                found = found[int(part)]
            elif not isinstance(found, str):  # a text is a list with commas: it is shown whole
                found = found.get(part) if isinstance(found, dict) else None
        if found is not None:
            return name, found
    return "the defaults", None


def _allowed(loc: list[str]) -> str:
    """Return the range or the choices of a setting, in words; empty if its type says all."""
    schema = TypeAdapter(Settings).json_schema(mode="serialization")
    spec = schema["properties"].get(loc[0], {})
    reference = spec.get("$ref", "").rsplit("/", 1)[-1]
    if reference:
        spec = schema["$defs"][reference]["properties"].get(loc[1], {}) if len(loc) > 1 else {}
    words = allowed_values(spec)
    return f" (allowed: {words})" if words else ""


def allowed_values(spec: dict[str, Any]) -> str:
    """Return what a setting's JSON Schema allows, in words."""
    limits = {
        "minimum": ">= {}",
        "exclusiveMinimum": "> {}",
        "maximum": "<= {}",
        "exclusiveMaximum": "< {}",
    }
    found = [text.format(spec[key]) for key, text in limits.items() if key in spec]
    choices = spec.get("enum") or spec.get("items", {}).get("enum") or []
    return " and ".join([*found, ", ".join(map(str, choices))] if choices else found)
