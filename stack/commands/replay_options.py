"""What the command line asks of a replay, as a request."""

import argparse
import re
from collections.abc import Sequence
from typing import Final

from connectors.parameters import ParameterInvalid, parse_setting
from flows.replay.counterfactual import CannotChange
from messages.requests import Action, ReplayChanges, ReplayRequest
from messages.units import MINUTE_US, SECOND_US

UNITS: Final = {"s": SECOND_US, "m": MINUTE_US, "h": 60 * MINUTE_US, "d": 1_440 * MINUTE_US}


def replay_of(options: argparse.Namespace, run: str) -> ReplayRequest:
    """Return what `tidewire replay` asks for.

    Raises:
        CannotChange: a what-if is not of the form it must have.
        RequestInvalid: parts of it contradict each other.
    """
    changes, action = ReplayChanges(), _action(options)
    if action != "against_backtest":
        changes = changes_of(
            options.set, options.without_article, options.without_source, options.delay_news
        )
    if changes != ReplayChanges():
        action = "what_if"
    return ReplayRequest(
        run=run, action=action, day=options.day, from_start=options.from_start,
        block=options.block, changes=changes,
    )  # fmt: skip


def causality_of(options: argparse.Namespace, run: str) -> ReplayRequest:
    """Return what `tidewire causality` asks for."""
    return ReplayRequest(run=run, action="causality", day=options.day, samples=options.samples)


def _action(options: argparse.Namespace) -> Action:
    if options.against_backtest:
        return "against_backtest"
    return "verify" if options.verify else "replay"


def changes_of(
    sets: Sequence[str], articles: Sequence[str], sources: Sequence[str], delay: str
) -> ReplayChanges:
    """Read what is to be otherwise.

    Raises:
        CannotChange: something is not of the form it must have.
    """
    try:
        parsed = [parse_setting(text) for text in sets]
    except ParameterInvalid as error:
        raise CannotChange(str(error)) from None
    weights = {group: _weight(group, value) for group, name, value in parsed if name == "weight"}
    return ReplayChanges(
        params=tuple(p for p in parsed if p[1] != "weight"), weights=weights,
        without_articles=tuple(articles), without_sources=tuple(sources),
        news_delay_us=_duration(delay),
    )  # fmt: skip


def _weight(strategy: str, text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = -1.0
    if not 0 <= weight <= 1:
        reason = f"--set strategies.{strategy}.weight={text}: a weight is from 0 to 1."
        raise CannotChange(reason)
    return weight


def _duration(text: str) -> int:
    if not text:
        return 0
    if (found := re.fullmatch(r"(\d+)([smhd])", text)) is None:
        reason = f"--delay-news {text}: write a number and s, m, h or d, such as 5m."
        raise CannotChange(reason)
    return int(found[1]) * UNITS[found[2]]
