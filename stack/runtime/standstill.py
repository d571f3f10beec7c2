"""Why nothing can trade, of a run that is up: for `tidewire status`, and whoever asks it."""

from collections.abc import Iterable, Mapping
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from connectors.runs import Run
from stack.runtime.health import SERVERS, TOPICS, FlowStatus
from stack.runtime.signs import told_in
from stack.servers.services import KAFKA, POSTGRES

STANDS_S: Final = 60.0  # an epoch is a second; a busy machine makes it some
BEHIND_S: Final = 60.0
AHEAD_S: Final = 5.0
ANSWER_S: Final = 3.0
NOTHING_STORED: Final = "the database does not answer: nothing is stored or shown"
AGAIN_AND_AGAIN: Final = 2


def standstill(
    run: Run, flows: Iterable[FlowStatus], fine: Iterable[str], *, database: bool
) -> list[str]:
    """Return why nothing can trade now, a sentence each; empty where it can.

    Args:
        run: that is up.
        flows: how its flows are.
        fine: the states in which a flow is well.
        database: whether it answers.
    """
    silent = {KAFKA: kafka_silent(run), POSTGRES: "" if database else NOTHING_STORED}
    down = told_in(run.path("status", SERVERS))
    topics: list[str] = told_in(run.path("status", TOPICS)).get("amiss", [])
    return [*servers_down(down, silent), *topics, *flows_amiss(flows, fine, live=run.live)]


def servers_down(down: Mapping[str, str], silent: Mapping[str, str]) -> list[str]:
    """Return a sentence for each server that is gone.

    Args:
        down: why one of ours is not up, by its name.
        silent: why one does not answer now, a sentence by its name; empty where it does.
    """
    said = {name: why for name, why in silent.items() if why}
    said |= {name: f"{name} is down: {why}" for name, why in down.items()}
    return [said[name] for name in sorted(said)]


def flows_amiss(flows: Iterable[FlowStatus], fine: Iterable[str], *, live: bool) -> list[str]:
    """Return a sentence for each flow that does nothing, or nothing that may trade.

    Args:
        flows: how they are.
        fine: the states in which one is well.
        live: the wall clock is the run's clock.
    """
    well, said, seen = set(fine), [], False
    for flow in flows:
        seen = True
        if flow.state not in well:
            said.append(f"{flow.flow} is {flow.state}")
        elif flow.state == "ended":
            continue
        elif flow.deaths >= AGAIN_AND_AGAIN:
            said.append(f"{flow.flow} starts again and again: it has died {flow.deaths} times "
                        "before it had written anything")  # fmt: skip
        elif flow.epoch_age_s is not None and flow.epoch_age_s > STANDS_S:
            said.append(f"{flow.flow} has made nothing durable for {flow.epoch_age_s:,.0f} s")
        elif live and flow.clock_age_s is not None and flow.clock_age_s > BEHIND_S:
            said.append(f"{flow.flow}'s clock is {flow.clock_age_s:,.0f} s behind")
        elif live and flow.clock_age_s is not None and flow.clock_age_s < -AHEAD_S:
            said.append(f"{flow.flow}'s clock is {-flow.clock_age_s:,.0f} s ahead")
    return said if seen else ["no flow has told how it is"]


def kafka_silent(run: Run) -> str:
    """Return why Kafka does not answer; empty where it does."""
    access = run.layout.access
    client = AdminClient(access.settings({"log_level": 0, "socket.timeout.ms": 2_000}))
    try:
        client.list_topics(timeout=ANSWER_S)
    except KafkaException as error:
        return f"Kafka at {access.bootstrap} does not answer ({error.args[0].str()})"
    return ""
