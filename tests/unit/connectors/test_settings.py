"""Settings: which source wins, and what a bad value says."""

from pathlib import Path

import pytest

from connectors.settings import SettingsInvalid, load_settings


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
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


def test_a_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEWIRE_DATABASE_URL", "postgresql://u:hunter2@h/d")
    settings = load_settings()
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(settings.model_dump())
