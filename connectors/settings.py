"""Settings from the environment: prefix `TIDEWIRE_`, `__` between group and name.

`TIDEWIRE_RISK__COOLDOWN_MINUTES=45` sets the cooldown; `.env` in the working directory counts
too. The defaults are the operators' own.
"""

from typing import Final

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from operators.params import (
    AccountParams,
    EnsembleParams,
    FillParams,
    MeanReversionParams,
    MomentumParams,
    NewsDrivenParams,
    Params,
    RiskParams,
    SentimentParams,
)

PREFIX: Final = "TIDEWIRE_"


class SettingsInvalid(ValueError):
    """A setting is wrong. Operator action: correct the named variable."""


class Settings(BaseSettings):
    """Every setting of the program.

    Attributes:
        home: directory of all state.
        bootstrap: host:port of a running Kafka; empty starts the embedded one.
        database_url: of a running PostgreSQL; empty starts the embedded one.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", env_file=".env", extra="ignore", frozen=True
    )

    home: str = "~/.local/state/tidewire"
    bootstrap: str = ""
    database_url: SecretStr = SecretStr("")
    momentum: MomentumParams = Field(default_factory=MomentumParams)
    mean_reversion: MeanReversionParams = Field(default_factory=MeanReversionParams)
    news_driven: NewsDrivenParams = Field(default_factory=NewsDrivenParams)
    sentiment: SentimentParams = Field(default_factory=SentimentParams)
    ensemble: EnsembleParams = Field(default_factory=EnsembleParams)
    risk: RiskParams = Field(default_factory=RiskParams)
    fills: FillParams = Field(default_factory=FillParams)
    account: AccountParams = Field(default_factory=AccountParams)

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
        )


def load_settings() -> Settings:
    """Read the environment once.

    Raises:
        SettingsInvalid: one line that names the variable, what was given, and what is allowed.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = PREFIX + "__".join(str(part) for part in first["loc"]).upper()
        reason = (
            f"{name}={first.get('input')!r}: {first['msg']}. Correct it in the environment or .env."
        )
        raise SettingsInvalid(reason) from None
