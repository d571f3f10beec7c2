"""Does what the order machine wants of a broker, on threads; what comes of it waits in a queue."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from queue import SimpleQueue
from threading import Event, Thread

from connectors.broker.base import Broker
from connectors.broker.errors import BrokerAway, BrokerError, OutcomeUnknown
from connectors.broker.values import OrderUpdate, StreamState
from connectors.daemon_pool import DaemonPool
from connectors.draining import drained
from flows.execution.tasks import Answer, Cancel, Holdings, LookUp, Submit, Task
from flows.execution.tradable import TradableAssets

log = logging.getLogger(__name__)
THREADS = 4  # of each kind: a request that hangs holds up a quarter of the others
LISTEN_S = 0.5
News = Answer | OrderUpdate | StreamState


class BrokerWorker:
    """Asks a broker and listens to it, without ever holding up who wants to know."""

    def __init__(self, connect: Callable[[], Broker], ring: Callable[[], None]) -> None:
        """Start the threads; the broker is connected to on one of them.

        Args:
            connect: opens the broker; what it raises is told as a stream that is down.
            ring: called when something waits to be taken.
        """
        self._ring = ring
        self._news: SimpleQueue[News] = SimpleQueue()
        self._over = Event()
        # No question that hangs may hold up an exit, or a cancel.
        self._changes = DaemonPool(THREADS, "broker-changes")
        self._questions = DaemonPool(THREADS, "broker-questions")
        self._forgone: frozenset[str] = frozenset()
        self._assets = TradableAssets()
        self._broker: Broker | None = None
        self._connected = Event()
        Thread(target=self._listen, args=(connect,), name="order-updates", daemon=True).start()

    def do(self, task: Task) -> None:
        """Have a task done; its answer is among the news some time."""
        pool = self._changes if isinstance(task, Submit | Cancel) else self._questions
        pool.submit(lambda: self._tell(self._answer(task)))

    def forgo(self, order_ids: frozenset[str]) -> None:
        """Send none of these orders that still waits for a thread; its answer says so."""
        self._forgone = order_ids

    def news(self) -> list[News]:
        """Return what came since the last call, in order; never waits."""
        return drained(self._news)

    def close(self) -> None:
        """Begin no more; what is under way ends by its own time limits."""
        self._over.set()
        if self._broker is not None:
            self._broker.close()

    def _tell(self, news: News) -> None:
        self._news.put(news)
        self._ring()

    def _answer(self, task: Task) -> Answer:
        if self._broker is None:
            self._connected.wait()
        broker = self._broker
        assert broker is not None  # noqa: S101 - it is set before the event is
        try:
            if isinstance(task, Submit):
                return self._submitted(broker, task)
            if isinstance(task, Cancel):
                broker.cancel(task.broker_order_id)
                return Answer(task)
            if isinstance(task, LookUp):
                if task.broker_order_id:
                    return Answer(task, broker.order(task.broker_order_id))
                return Answer(task, broker.order_of(task.order_id))
            orders = broker.orders(since=task.since)
            fills = broker.fills(task.since)
            return Answer(task, Holdings(orders, fills, broker.account(), broker.positions()))
        except BrokerError as error:
            return Answer(task, error=error)
        except Exception as error:  # a fault of ours: nobody knows what was done
            log.exception("a broker's connector failed")
            return Answer(task, error=OutcomeUnknown(f"{type(error).__name__}: {error}"))

    def _submitted(self, broker: Broker, task: Submit) -> Answer:
        if task.order.client_order_id in self._forgone:
            return Answer(task, error=BrokerAway("a halt overtook it, so it was not sent"))
        if task.until is not None and datetime.now(UTC) > task.until:
            return Answer(task, error=BrokerAway("it waited for so long that it was not sent"))
        if task.until is not None:  # an entry
            self._assets.require(broker, task.order)
        return Answer(task, broker.submit(task.order))

    def _listen(self, connect: Callable[[], Broker]) -> None:
        while not self._over.is_set():
            try:
                self._broker = self._broker or connect()
                self._connected.set()
                with self._broker.updates() as stream:
                    while not self._over.is_set():
                        for update in stream.take(LISTEN_S):
                            self._tell(update)
            except Exception as error:  # begun again: who does not hear must know it
                log.exception("nothing is heard of orders")
                self._tell(StreamState(up=False, reason=str(error), at=datetime.now(UTC)))
                self._over.wait(LISTEN_S)
