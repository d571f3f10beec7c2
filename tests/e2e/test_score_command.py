"""`tidewire score`, `models` and `rescore`, as a person runs them."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from connectors.sentiment.ollama_double import OllamaDouble, opinion
from stack.cli import main
from stack.runtime.demo import Demo
from tests.web import Page, Web, serving

ARTICLES = [
    {"id": "1", "title": "Apple soars after record profit", "content": ""},
    {"id": "2", "title": "", "content": "Airline plunges on a fraud probe (NYSE: DAL)"},
    {"id": "3", "text": "The board meets on Tuesday"},
]


def write(file: Path, *lines: Any) -> Path:
    rows = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    data = "\n".join(rows).encode()
    file.write_bytes(gzip.compress(data) if file.suffix == ".gz" else data)
    return file


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl"])
def test_one_json_line_each(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / name, *ARTICLES)
    assert main(["score", str(file), "--tier", "instant", "--home", str(tmp_path)]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(f["id"], f["label"], f["tickers"]) for f in found] == [
        ("1", "positive", ["AAPL"]), ("2", "negative", ["DAL"]), ("3", "neutral", []),
    ]  # fmt: skip
    for row in found:
        assert -1 <= row["score"] <= 1
        assert 0 <= row["confidence"] <= 1
        assert row["model_used"].startswith("instant/")


def test_bad_lines_are_named_and_the_rest_is_scored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "a.jsonl", ARTICLES[0], "{no json", {"id": "4"}, "", "[]", ARTICLES[2])
    assert main(["score", str(file), "--tier", "instant", "--home", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 2
    assert "line 2 is not JSON" in said.err
    assert "line 3 has neither title nor content" in said.err
    assert "line 5" in said.err
    assert main(["score", str(tmp_path / "none.jsonl")]) == 2
    assert "name a .jsonl" in capsys.readouterr().err


def test_ollama_for_every_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / "a.jsonl", *ARTICLES)
    with OllamaDouble(lambda _: opinion(-0.5, 0.7, "because", "Apple"), ("m:1",)) as double:
        monkeypatch.setenv("TIDEWIRE_SCORING__OLLAMA_URL", double.url)
        monkeypatch.setenv("TIDEWIRE_SCORING__OLLAMA_MODEL", "m:1")
        for _ in range(2):
            assert main(["score", str(file), "--tier", "ollama", "--home", str(tmp_path)]) == 0
        assert "ollama    m:1" in models(capsys)
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(double.chats) == 3, "a score once given is a fact"
    assert {(f["score"], f["label"], f["reasoning"]) for f in found} <= {
        (-0.5, "negative", "because")
    }


def models(capsys: pytest.CaptureFixture[str]) -> str:
    before = capsys.readouterr()
    assert main(["models"]) == 0
    said = capsys.readouterr().out
    sys.stdout.write(before.out)
    return said


def test_pulling_by_ollama(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with OllamaDouble(lambda _: opinion(0, 1), ()) as double:
        monkeypatch.setenv("TIDEWIRE_SCORING__OLLAMA_URL", double.url)
        assert main(["models", "pull", "ollama"]) == 0
        assert double.tags()["models"][0]["model"] == "llama3.2:3b"
        monkeypatch.setenv("TIDEWIRE_SCORING__OLLAMA_MODEL", "missing")
        assert main(["models", "pull", "ollama"]) == 2
        assert "cannot be pulled" in capsys.readouterr().err


def test_pulling_finbert_from_a_hub(tmp_path: Path) -> None:
    """The hub's own client, in a process of its own: it reads its address when it is imported."""
    pytest.importorskip("huggingface_hub")
    sha = "a" * 40
    files = {
        "config.json": b'{"model_type": "bert"}',
        "vocab.txt": b"[PAD]\n",
        "model.safetensors": b"weights",
        "pytorch_model.bin": b"old",
        "README.md": b"no",
    }
    with serving() as web:
        serve_hub(web, sha, files)
        target = tmp_path / "finbert"
        env = {
            **os.environ,
            "HF_ENDPOINT": web.url,
            "HF_HOME": str(tmp_path / "hf"),
            "HF_HUB_DISABLE_XET": "1",
            "TIDEWIRE_SCORING__FINBERT_DIRECTORY": str(target),
        }
        env.pop("HF_HUB_OFFLINE", None)
        command = [sys.executable, "-m", "stack.cli", "models", "pull", "finbert"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
        assert done.returncode == 0, done.stderr
        assert f"at {sha[:12]} is in" in done.stdout
        there = {f.name for f in target.iterdir() if f.is_file()}
        assert there == {"config.json", "vocab.txt", "model.safetensors", "tidewire-revision.txt"}
        assert (target / "model.safetensors").read_bytes() == b"weights"
        env["TIDEWIRE_SCORING__FINBERT_MODEL"] = "no/such"
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
        assert done.returncode == 2
        assert "TIDEWIRE_SCORING__FINBERT_MODEL" in done.stderr


def serve_hub(web: Web, sha: str, files: dict[str, bytes]) -> None:
    model = "ProsusAI/finbert"
    info = {"id": model, "modelId": model, "sha": sha, "private": False, "tags": [], "downloads": 0,
            "likes": 0, "siblings": [{"rfilename": name} for name in files]}  # fmt: skip
    for revision in ("main", sha):
        web.pages[f"/api/models/{model}/revision/{revision}"] = Page(
            json.dumps(info).encode(), 200, {"content-type": "application/json"}
        )
    tree = [{"type": "file", "path": n, "size": len(b), "oid": "0" * 40} for n, b in files.items()]
    web.pages[f"/api/models/{model}/tree/{sha}"] = Page(
        json.dumps(tree).encode(), 200, {"content-type": "application/json"}
    )
    for name, body in files.items():
        web.pages[f"/{model}/resolve/{sha}/{name}"] = Page(
            body, 200, {"x-repo-commit": sha, "etag": f'"{name}"'}
        )


@pytest.mark.kafka
@pytest.mark.postgres
@pytest.mark.recorded
@pytest.mark.timeout(600)
def test_rescoring_reports_what_would_change(
    one_shard: tuple[Demo, dict[str, Any]], capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """By the same tier nothing changes; by one that hates everything, something does."""
    run = one_shard[0].run
    home = str(Path(run.archive).parents[1])
    common = ["rescore", "--run", run.run_id, "--home", home]
    assert main([*common, "--tier", "instant"]) == 0
    said = capsys.readouterr().out
    assert " 0 of them not as recorded" in said
    assert "the same orders" in said
    with OllamaDouble(lambda _: opinion(-1, 1), ("llama3.2:3b",)) as double:
        monkeypatch.setenv("TIDEWIRE_SCORING__OLLAMA_URL", double.url)
        assert main([*common, "--tier", "ollama", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["what_if"]["orders"]
    scores = [json.loads(line) for line in Path(found["file"]).read_text().splitlines()]
    assert {(s["revision"], s["sentiment_score"]) for s in scores} == {(1, -1)}
    assert len({s["id"] for s in scores}) == len(scores)
