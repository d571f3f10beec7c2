"""The commands about news and its scores: feeds, score, models, rescore, delays."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Command = Callable[[Any, str, str], argparse.ArgumentParser]
OfARun = Callable[[argparse.ArgumentParser], None]
TIERS = ("auto", "instant", "finbert", "ollama")


def add_news_commands(commands: Any, command: Command, of_a_run: OfARun) -> None:
    """Add the commands to a parser."""
    feeds = command(commands, "feeds", "how the feeds are; `feeds check [URL]` tries them")
    feeds.add_argument("action", nargs="?", choices=("check",), help="fetch once, show what came")
    feeds.add_argument("url", nargs="?", default="", help="of a feed (default: all settings')")
    feeds.add_argument("--json", action="store_true", help="JSON, one article a line")
    score = command(commands, "score", "score a file of articles, one JSON line each")
    score.add_argument("articles", type=Path, help="JSON Lines, .gz or plain: id, title, content")
    score.add_argument("--tier", choices=TIERS, default="", help="default: the setting")
    score.add_argument("--json", action="store_true", help="as without it: JSON lines")
    models = command(commands, "models", "which models are there; `models pull NAME` fetches one")
    models.add_argument("action", nargs="?", choices=("pull",), help="fetch a model, once")
    models.add_argument("which", nargs="?", choices=("finbert", "ollama"), default="finbert")
    rescore = command(commands, "rescore", "score archived articles again; what would change")
    of_a_run(rescore)
    rescore.add_argument("--tier", choices=TIERS, default="", help="default: the setting")
    rescore.add_argument("--limit", type=int, default=20, help="orders to list; 0: all")
    delays = command(commands, "delays", "from publication to order, hop by hop")
    delays.add_argument("--limit", type=int, default=3, help="orders, the newest (default: 3)")
    delays.add_argument("--json", action="store_true", help="one JSON object an order")


# Imports stand inside, as in stack/cli.py.


def _feeds(options: argparse.Namespace) -> int:
    from stack.commands.feeds import run_check, run_feeds

    if options.action == "check":
        said, code = run_check(options.url, as_json=options.json)
    else:
        said, code = run_feeds(_home(options), as_json=options.json)
    sys.stdout.write(said + "\n")
    return code


def _score(options: argparse.Namespace) -> int:
    from stack.commands.score import run_score

    return run_score(options.articles, options.tier, _home(options).path, sys.stdout)


def _models(options: argparse.Namespace) -> int:
    from stack.commands.models import run_models, run_pull

    sys.stdout.write((run_pull(options.which) if options.action else run_models()) + "\n")
    return 0


def _rescore(options: argparse.Namespace) -> int:
    from stack.commands.rescore import run_rescore

    sys.stdout.write(run_rescore(options) + "\n")
    return 0


def _delays(options: argparse.Namespace) -> int:
    from stack.commands.delays import run_delays

    sys.stdout.write(run_delays(_home(options), options.limit, as_json=options.json) + "\n")
    return 0


def _home(options: argparse.Namespace) -> Any:
    from connectors.settings import load_settings
    from stack.home import Home

    return Home(Path(options.home or load_settings().home))


NEWS_ACTIONS: dict[str, Callable[[argparse.Namespace], int]] = {
    "feeds": _feeds,
    "score": _score,
    "models": _models,
    "rescore": _rescore,
    "delays": _delays,
}
