"""`tidewire models`: which tiers this machine has; `models pull`: fetch what is missing, once."""

import argparse
import sys
from pathlib import Path
from typing import Any, Final

from connectors.sentiment.finbert import REVISION_FILE, finbert_there
from connectors.sentiment.instant import instant_model
from connectors.sentiment.params import ScoringParams
from connectors.settings import load_settings
from stack.errors import StackError

WANTED: Final = (
    "config.json", "*.safetensors", "pytorch_model.bin", "vocab.txt", "tokenizer*",
    "special_tokens_map.json",
)  # fmt: skip
BAR: Final = 30
LOOK_S: Final = 2.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("action", nargs="?", choices=("pull",), help="fetch a model, once")
    parser.add_argument("which", nargs="?", choices=("finbert", "ollama"), default="finbert")


def run(options: argparse.Namespace) -> int:
    """Show the tiers, or fetch a model.

    Raises:
        StackError: the package lacks, or the model cannot be had.
    """
    sys.stdout.write((run_pull(options.which) if options.action else run_models()) + "\n")
    return 0


def run_models() -> str:
    """Return each tier with its model and whether it is there."""
    scoring = load_settings().scoring
    finbert = "there" if finbert_there(scoring) else "not there: `tidewire models pull finbert`"
    where = scoring.ollama_url or "(off)"
    return "\n".join(
        [
            f"instant   {instant_model().model}  comes with the program",
            f"finbert   {scoring.finbert_model}@{scoring.finbert_revision}  {finbert}",
            f"ollama    {scoring.ollama_model} at {where}  {_ollama_state(scoring)}",
        ]
    )


def run_pull(which: str) -> str:
    """Fetch a tier's model; what is there already is not fetched again.

    Raises:
        StackError: the package lacks, or the model cannot be had.
    """
    scoring = load_settings().scoring
    if which == "finbert":
        return _pull_finbert(scoring)
    return _pull_ollama(scoring)


def _pull_finbert(scoring: ScoringParams) -> str:
    try:
        from huggingface_hub import HfApi, snapshot_download
    except ImportError as error:
        reason = "FinBERT needs its extra: `pip install 'tidewire[sentiment]'`, then pull again."
        raise StackError(reason) from error
    directory = Path(scoring.finbert_directory).expanduser()
    model, revision = scoring.finbert_model, scoring.finbert_revision
    try:
        commit = str(HfApi().model_info(model, revision=revision).sha)
        files = {f.rfilename for f in HfApi().model_info(model, revision=commit).siblings or ()}
        # Where there are both, the old format would only be a second download of the same.
        wanted = [w for w in WANTED if w != "pytorch_model.bin" or not _has_safetensors(files)]
        snapshot_download(model, revision=commit, local_dir=directory, allow_patterns=wanted)
    except Exception as error:
        # The hub's client raises its own, httpx's and the system's errors.
        reason = (
            f"{model}@{revision} cannot be fetched ({type(error).__name__}: {str(error)[:200]}): "
            "correct TIDEWIRE_SCORING__FINBERT_MODEL, or see that this machine reaches the hub."
        )
        raise StackError(reason) from error
    (directory / REVISION_FILE).write_text(commit + "\n")
    return f"{model} at {commit[:12]} is in {directory}"


def _has_safetensors(files: set[str]) -> bool:
    return any(name.endswith(".safetensors") for name in files)


def _pull_ollama(scoring: ScoringParams) -> str:
    import httpx
    import ollama

    from connectors.sentiment.ollama import ollama_client

    client = ollama_client(scoring, None)
    try:
        for step in client.pull(scoring.ollama_model, stream=True):
            _show(step)
    except (ollama.ResponseError, ConnectionError, httpx.HTTPError) as error:
        reason = (
            f"{scoring.ollama_model} cannot be pulled by {scoring.ollama_url} ({error}): start "
            "Ollama there, or correct TIDEWIRE_SCORING__OLLAMA_URL and _MODEL."
        )
        raise StackError(reason) from error
    if sys.stderr.isatty():
        sys.stderr.write("\n")
    return f"{scoring.ollama_model} is at {scoring.ollama_url}"


def _show(step: Any) -> None:
    if not sys.stderr.isatty():
        return
    done, total = step.completed or 0, step.total or 0
    bar = f" [{'#' * int(BAR * done / total):<{BAR}}] {done / total:4.0%}" if total else ""
    sys.stderr.write(f"\r{step.status or '':<40}{bar}")


def _ollama_state(scoring: ScoringParams) -> str:
    if not scoring.ollama_url:
        return ""
    import httpx
    import ollama

    from connectors.sentiment.ollama import ollama_client

    try:
        models = {m.model for m in ollama_client(scoring, LOOK_S).list().models}
    except (ollama.ResponseError, ConnectionError, httpx.HTTPError):
        return "does not answer: first answers stand"
    name = scoring.ollama_model
    there = {name, f"{name}:latest"} & models
    return "there" if there else "not there: `tidewire models pull ollama`"
