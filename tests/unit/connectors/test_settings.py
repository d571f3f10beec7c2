"""Settings: which source wins, and what a bad value says."""

from pathlib import Path

import pytest

from connectors.settings import SettingsInvalid, load_settings


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TIDEWIRE_NEWS__FEEDS", raising=False)
    return tmp_path


def test_the_environment_wins_over_env_file_over_toml(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere / "tidewire.toml").write_text(
        'log_level = "ERROR"\npartitions = 2\n[risk]\ncooldown_minutes = 1\noff = ["COOLDOWN"]\n'
    )
    (elsewhere / ".env").write_text("TIDEWIRE_PARTITIONS=3\nTIDEWIRE_RISK__COOLDOWN_MINUTES=2\n")
    monkeypatch.setenv("TIDEWIRE_RISK__COOLDOWN_MINUTES", "5")
    settings = load_settings()
    assert settings.risk.cooldown_minutes == 5
    assert settings.partitions == 3
    assert settings.log_level == "ERROR"
    assert settings.risk.off == ("COOLDOWN",)
    assert settings.tick_ms == 50


def test_another_toml_file_is_named_by_a_variable(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere / "mine.toml").write_text("tick_ms = 20\n")
    monkeypatch.setenv("TIDEWIRE_CONFIG", "mine.toml")
    assert load_settings().tick_ms == 20
    monkeypatch.setenv("TIDEWIRE_CONFIG", "missing.toml")
    with pytest.raises(SettingsInvalid, match=r"TIDEWIRE_CONFIG names missing.toml.*unset it"):
        load_settings()


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        (
            "tidewire.toml", "[risk]\nposition_bps = 20000\n",
            r"^risk.position_bps=20000 in the TOML file tidewire.toml: .*>= 0 and <= 10000\)",
        ),
        (
            ".env", "TIDEWIRE_FILLS__MODEL=magic\n",
            r"^TIDEWIRE_FILLS__MODEL='magic' in the file .env: .*\(allowed: close, next_open\)",
        ),
        (".env", "TIDEWIRE_PARTITIONS=0\n", r"PARTITIONS='0' in the file .env.*>= 1 and <= 64"),
        ("tidewire.toml", "partitions = [\n", "tidewire.toml is not readable TOML"),
    ],
)  # fmt: skip
def test_a_bad_value_names_itself_its_source_and_what_is_allowed(
    elsewhere: Path, file: str, text: str, said: str
) -> None:
    (elsewhere / file).write_text(text)
    with pytest.raises(SettingsInvalid, match=said) as error:
        load_settings()
    assert "\n" not in str(error.value)


def test_a_trailing_stop_is_not_held_by_a_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEWIRE_BROKER__PROTECTION", "broker")
    assert load_settings().broker.protection == "broker"
    monkeypatch.setenv("TIDEWIRE_RISK__TRAILING_STOP_BPS", "200")
    with pytest.raises(SettingsInvalid, match="TRAILING_STOP_BPS=200 do not go together") as error:
        load_settings()
    assert "\n" not in str(error.value)


def test_a_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEWIRE_DATABASE_URL", "postgresql://u:hunter2@h/d")
    settings = load_settings()
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(settings.model_dump())


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("TIDEWIRE_RISK__STOP_LOS_BPS", "TIDEWIRE_RISK__STOP_LOSS_BPS"),
        ("TIDEWIRE_RISK_STOP_LOSS_BPS", "TIDEWIRE_RISK__STOP_LOSS_BPS"),
        ("TIDEWIRE_STOP_LOSS_BPS", "TIDEWIRE_RISK__STOP_LOSS_BPS"),
        ("TIDEWIRE_FILLS__COOLDOWN_MINUTES", "TIDEWIRE_RISK__COOLDOWN_MINUTES"),
        ("tidewire_partition", "TIDEWIRE_PARTITIONS"),
        ("TIDEWIRE_LOG_LEVEL__X", "TIDEWIRE_LOG_LEVEL"),
    ],
)
def test_a_misspelt_setting_names_the_one_that_was_meant(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    said = f"{name.upper()} is no setting: did you mean {meant}"
    monkeypatch.setenv(name, "100")
    with pytest.raises(SettingsInvalid, match=f"^In the environment: {said}"):
        load_settings()
    monkeypatch.delenv(name)
    (elsewhere / ".env").write_text(f"OTHERS=1\n{name}=100\n")
    with pytest.raises(SettingsInvalid, match=f"^In the file .env: {said}"):
        load_settings()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[risk]\nstop_los_bps = 100\n",
            "risk.stop_los_bps is no setting: did you mean risk.stop_l",
        ),
        ("stop_loss_bps = 100\n", "stop_loss_bps is no setting: did you mean risk.stop_loss_bps"),
        ("[rsk]\nstop_loss_bps = 100\n", "rsk is no setting: "),
    ],
)
def test_a_misspelt_key_of_a_toml_file(elsewhere: Path, text: str, said: str) -> None:
    (elsewhere / "tidewire.toml").write_text(text)
    with pytest.raises(SettingsInvalid, match=f"^In the TOML file tidewire.toml: {said}"):
        load_settings()


def test_a_misspelt_name_inside_a_group_s_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEWIRE_RISK", '{"stop_los_bps": 100}')
    with pytest.raises(SettingsInvalid, match=r"risk.stop_los_bps is no setting: .*stop_loss_bps"):
        load_settings()
    monkeypatch.setenv("TIDEWIRE_RISK", '{"stop_loss_bps": 100}')
    assert load_settings().risk.stop_loss_bps == 100


def test_what_only_the_environment_can_say(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere / ".env").write_text("TIDEWIRE_POSTGRES_BIN=/usr/lib/x\n")
    with pytest.raises(SettingsInvalid, match="is read from the environment only"):
        load_settings()
    (elsewhere / ".env").unlink()
    monkeypatch.setenv("TIDEWIRE_POSTGRES_BIN", "/usr/lib/x")
    assert load_settings().partitions == 1


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        (".env", "TIDEWIRE_RISK__OFF=COOLDOWN,MOON\n",
         r"^TIDEWIRE_RISK__OFF='COOLDOWN,MOON' in the file .env: .*no check MOON"),
        ("tidewire.toml", '[risk]\noff = ["COOLDOWN", "MOON"]\n',
         r"^risk.off=\['COOLDOWN', 'MOON'\] in the TOML file .*no check MOON"),
        ("tidewire.toml", "[risk]\noff = [7]\n", r"^risk.off\[0\]=7 in the TOML file"),
        (".env", "TIDEWIRE_NEWS__FEEDS=a=https://a.test/x,reuters\n",
         r"^TIDEWIRE_NEWS__FEEDS=.* in the file .env: .*'reuters' \(number 2\) has no address"),
        ("tidewire.toml", '[news]\nfeeds = ["a=ftp://a.test"]\n',
         r"^news.feeds=.* in the TOML file .*'a=ftp://a.test' \(number 1\) has no address"),
    ],
)  # fmt: skip
def test_a_list_names_the_item_that_fails_and_its_source(
    elsewhere: Path, file: str, text: str, said: str
) -> None:
    (elsewhere / file).write_text(text)
    with pytest.raises(SettingsInvalid, match=said):
        load_settings()


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("BROKER__TRADING_URL", "https://ada:hunter2pw@paper-api.alpaca.markets"),
        ("BROKER__TRADING_URL", "https://hunter2pw@@paper-api.alpaca.markets"),
        ("BROKER", '["hunter2pw"]'),
        ("BROKER", '{"secret": "hunter2pw"'),
        ("BROKER", "hunter2pw"),
        ("BROKER", '{"secret": ["hunter2pw"]}'),
        ("NEWS", '"hunter2pw"'),
    ],
)
def test_nothing_that_may_be_a_secret_is_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, given: str
) -> None:
    monkeypatch.setenv(f"TIDEWIRE_{name}", given)
    with pytest.raises(SettingsInvalid) as refused:
        load_settings()
    text = str(refused.value)
    assert "hunter2pw" not in text
    assert name.split("__")[0].lower() in text.lower()
    assert text.endswith("there.")
