"""run.json: what a flow starts from, its public copy, and files that are none."""

from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from connectors.broker.params import BrokerParams
from connectors.feed.params import NewsParams
from connectors.market.params import MarketParams
from connectors.parameters import params_dict
from connectors.run_settings import local_settings, spec_settings
from connectors.runs import Run, RunUnreadable, load_run
from connectors.sentiment.params import ScoringParams
from operators.params import Params, RiskParams
from tests.archives import run_of, spec_of
from tests.unit.connectors.test_run_settings import BROKER, MARKET, NEWS, SCORING, WORD


def run(place: Path) -> Run:
    settings = spec_settings(NEWS, SCORING, MARKET, BROKER)
    spec = spec_of(Params(risk=RiskParams(max_positions=3)), inputs=(), **settings)
    return run_of(
        place / "archive" / "live", spec=spec, local=local_settings(NEWS, SCORING, BROKER),
        database_url=f"postgresql://me:{WORD}@localhost/x", bootstrap=f"{WORD}:9092",
        client={"sasl.password": WORD}, secret=WORD,
        log_level="DEBUG", metrics=False, retention_days=30,
    )  # fmt: skip


def test_a_flow_gets_back_what_was_saved(tmp_path: Path) -> None:
    saved = run(tmp_path)
    saved.save()
    read = load_run(saved.path())
    assert read == saved
    assert (read.news_params, read.scoring_params) == (NEWS, SCORING)
    assert (read.market_params, read.broker_params) == (MARKET, BROKER)
    assert read.layout.mode == "broker"
    assert read.rules.risk.max_positions == 3
    assert (read.settings, read.settings_hash) == (saved.settings, saved.settings_hash)


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    saved = run(tmp_path)
    saved.path().mkdir(parents=True)
    saved.path("run.json").touch(mode=0o644)
    saved.save()
    assert saved.path("run.json").stat().st_mode & 0o777 == 0o600


def test_the_archive_s_copy_holds_no_secret(tmp_path: Path) -> None:
    saved = run(tmp_path)
    saved.save()
    text = Path(saved.archive, "run.json").read_text()
    assert WORD not in text
    public = msgspec.json.decode(text, type=Run)
    assert (public.spec, public.spec.id) == (saved.spec, saved.spec.id)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"run_id": "live"}', '{"spec": {"run_id": ""}}'],
)
def test_a_file_that_is_no_run(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(RunUnreadable, match=r"run\.json is damaged or was written by another"):
        load_run(tmp_path)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_bytes(b'{"prefix": "\xff"}')
    with pytest.raises(RunUnreadable, match=r"run\.json is damaged"):
        load_run(tmp_path)


def test_a_directory_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "run.json").mkdir()
    with pytest.raises(RunUnreadable, match=r"run\.json is damaged"):
        load_run(tmp_path)


def test_a_field_of_another_version_is_refused(tmp_path: Path) -> None:
    saved = run(tmp_path)
    for place in ((), ("spec",)):
        plain = msgspec.to_builtins(saved)
        inner = plain
        for step in place:
            inner = inner[step]
        inner["later"] = 1
        (tmp_path / "run.json").write_bytes(msgspec.json.encode(plain))
        with pytest.raises(RunUnreadable, match="unknown field `later`"):
            load_run(tmp_path)


def test_no_run_is_no_damaged_run(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_run(tmp_path)


def test_what_a_run_does_not_name_has_its_default(tmp_path: Path) -> None:
    plain = run_of(tmp_path / "a")
    assert (plain.news_params, plain.scoring_params) == (NewsParams(), ScoringParams())
    assert (plain.market_params, plain.broker_params) == (MarketParams(), BrokerParams())
    assert not plain.live
    assert run_of(tmp_path / "a", spec=spec_of(inputs=()), bars="").live
    assert plain.layout.prefix == "t."


def test_the_settings_hash_is_of_the_parameters_alone(tmp_path: Path) -> None:
    """Kept states and certificates name it: it must not change with what is beside."""
    assert run_of(tmp_path).settings_hash == run_of(tmp_path, spec=spec_of(pace=7)).settings_hash
    plain = msgspec.json.encode(params_dict(Params()), order="sorted")
    assert run_of(tmp_path).settings_hash == sha256(plain).hexdigest()


def test_a_run_from_before_weights_were_learnt_keeps_them_fixed(tmp_path: Path) -> None:
    now = run_of(tmp_path)
    assert (now.rules.learning.rule, now.from_before_learning) == ("ewma", False)
    older = {group: values for group, values in now.params.items() if group != "learning"}
    then = run_of(tmp_path, spec=msgspec.structs.replace(spec_of(), params=older))
    assert (then.rules.learning.rule, then.from_before_learning) == ("fixed", True)
    assert then.rules.risk == now.rules.risk
