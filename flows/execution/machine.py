"""The order machine: what is sent to a broker, asked of it, and believed; no I/O, no clock.

Each request is sent under its own id, so the broker takes it once however often it is sent. What
was sent and not answered is looked up by that id before anything else is thought of it. Nothing
counts as rejected without the broker's word; an entry that is too old, or that a halt overtook, is
over only once the broker has said that it does not have it. An exit waits for its ticker's legs.
"""

from typing import Final

from connectors.broker.errors import (
    BrokerAccessDenied,
    BrokerAway,
    NotAtBroker,
    OrderDuplicate,
    OrderRefused,
    RateLimited,
)
from connectors.broker.values import (
    BrokerFill,
    BrokerOrder,
    OrderUpdate,
    StreamState,
)
from flows.execution.account_look import AccountLook
from flows.execution.legs import Legs
from flows.execution.overtaken import forgettable, is_gone, overtaken, put_off
from flows.execution.said import BrokerEvents
from flows.execution.state import NEVER, MachineState, OrderLife
from flows.execution.tasks import (
    Answer,
    Cancel,
    Holdings,
    LookUp,
    Reconcile,
    Submit,
    Task,
    submit_of,
)
from flows.execution.timings import Timings
from flows.execution.told import NOTHING, Told
from messages.control import Command
from messages.trading import OrderRequest, OrderStatus
from messages.units import SECOND_US, to_micros
from operators.blocks import Event

STOPS_ENTRIES: Final = {"reduce", "halt", "flatten"}
FREES_ENTRIES: Final = {"resume", "pause"}
FASTER: Final = "the stop or the target at the broker was faster"


class OrderMachine:
    """The orders of one account, from request to end.

    Attributes:
        next_due: when `due` has something to do, microseconds; NEVER while only answers and
            updates are waited for.
    """

    def __init__(
        self, events: BrokerEvents, now: int, look_every_us: int,
        state: MachineState | None = None, times: Timings | None = None, told: Told = NOTHING,
    ) -> None:  # fmt: skip
        """Begin, or go on from a snapshot.

        Args:
            events: makes what is said.
            now: requests from before it may have been sent by a process that has died.
            look_every_us: between two reconciliations.
            state: of the snapshot.
            times: how patient it is; None for what suits a broker far away.
            told: what the log has, the snapshot's or later.
        """
        self._told = told
        self._times = times or Timings()
        self._events, self._began = events, now
        self._lives = {each.request.client_order_id: each for each in state.lives} if state else {}
        self._account = AccountLook(events, now, look_every_us, self._times, state, told)
        self._blocked = state.blocked if state else False
        self._commands = {*(state.commands if state else ()), *told.commands}
        self._by_broker = {life.broker_id: life for life in self._lives.values() if life.broker_id}
        self._tasks: list[Task] = []
        self._said: list[Event] = []
        self._legs = Legs(
            events, self._lives, self._account, now, self._times, self._tasks, self._said
        )
        for life in self._open():
            if not life.broker_id:
                life.maybe_sent, life.due, life.unsure_at = True, now, now

    @property
    def next_due(self) -> int:
        """Return when `due` should be called next."""
        return min(self._account.look_at, self._legs.next_due, *(o.due for o in self._open()))

    @property
    def unwanted(self) -> frozenset[str]:
        """Return the entries that a halt overtook and of which nobody knows yet: not to be sent."""
        return frozenset(
            life.request.client_order_id for life in self._open()
            if life.unwanted and not life.broker_id
        )  # fmt: skip

    def tasks(self) -> list[Task]:
        """Return what is to be asked of the broker, once."""
        tasks, self._tasks[:] = list(self._tasks), []
        return tasks

    def said(self) -> list[Event]:
        """Return what became known, once, in order."""
        said, self._said[:] = list(self._said), []
        return said

    def snapshot(self) -> MachineState:
        """Return all that is known."""
        lives, commands = list(self._lives.values()), sorted(self._commands)
        return self._account.snapshot(lives, commands, blocked=self._blocked)

    def request(self, now: int, request: OrderRequest) -> None:
        """Take an order to be placed; one that is known is the same order, a leg is placed."""
        if request.client_order_id in self._lives or request.leg_of:
            return
        life = self._told.life(request, self._began)
        self._lives[request.client_order_id] = life
        if life.broker_id:
            self._by_broker[life.broker_id] = life
        is_old = to_micros(request.event_time) <= self._account.adopted_at
        self._legs.restore(now, life, adopted=is_old)
        if life.ended_at:
            return
        if is_old:
            self._end(now, life, "CANCELLED", "it was decided on before the account was adopted")
        else:
            self._go_on(now, life)

    def command(self, now: int, command: Command) -> None:
        """Take a command.

        A halt lets no entry be sent, and cancels those that are open. A reset has the account
        adopted as the broker has it, once no order is open; legs are cancelled for it.
        """
        if command.id in self._commands:
            return
        self._commands.add(command.id)
        given_at = to_micros(command.event_time)
        if command.kind == "reset_account" and given_at > self._account.begun_by_log:
            self._said += self._account.adopt(now, command.id)
            for life in self._open():
                life.due = now if life.broker_id else life.due  # does the broker still have it?
            self._legs.cancel_all(now)
            self._look(now)
        if command.kind in FREES_ENTRIES:
            self._blocked = False
        if command.kind not in STOPS_ENTRIES:
            return
        self._blocked = True
        for life in self._open():
            if not life.request.reduces:
                self._take_back(now, life)

    def heard(self, now: int, news: OrderUpdate | StreamState) -> None:
        """Take what the update stream said."""
        if isinstance(news, StreamState):
            self._said += self._account.stream(now, news)
            if news.up:
                self._look(now)
            return
        life = self._lives.get(news.order.client_order_id)
        if life is None and not self._legs.heard(now, news):
            return
        if news.kind in ("CORRECTED", "BUSTED"):
            reason = f"the broker {news.kind.lower()} execution {news.corrects}: correct it here"
            self._said += self._account.unsettle(now, (), reason)
        if life is None:
            return
        if news.fill is not None:
            self._fill(now, life, news.fill)
        if news.kind not in ("CANCEL_REFUSED", "REPLACE_REFUSED", "OTHER"):
            self._adopt(now, life, news.order)
            if news.order.status == "UNKNOWN" and not life.ended_at:
                life.due = now  # it may have ended: the broker is asked how it is
            if life.ended_at and news.kind == "ACCEPTED":
                self._cancel_if_unwanted(life, news.order)

    def due(self, now: int) -> None:
        """Do what is due by now: look things up, send again, reconcile."""
        for life in [each for each in self._open() if each.due <= now]:
            self._go_on(now, life)
        self._legs.due(now)
        if self._account.look_at <= now:
            self._look(now)

    def answered(self, now: int, answer: Answer) -> None:
        """Take what came of a task."""
        task, error = answer.task, answer.error
        if isinstance(task, Reconcile):
            found = answer.found if isinstance(answer.found, Holdings) else None
            self._account.answered(now, found=found is not None)
            if found is not None:
                self._compare(now, found)
            return
        order_id = task.order.client_order_id if isinstance(task, Submit) else task.order_id
        life = self._lives[order_id]
        if isinstance(task, LookUp) and task.broker_order_id:
            if isinstance(answer.found, BrokerOrder):
                self._adopt(now, life, answer.found, all_legs=True)
            else:
                self._legs.not_found(now, life)
        elif isinstance(answer.found, BrokerOrder):
            self._adopt(now, life, answer.found)
            if not self._cancel_if_unwanted(life, answer.found):
                life.tries = 0  # a cancel that is not taken is asked for less and less often
        elif isinstance(task, Cancel):
            # Ended already, or nobody knows: it says itself how it is; a leg is looked up anyway.
            if error is not None and task.broker_order_id == life.broker_id:
                self._later(now, life)
        elif isinstance(task, LookUp):
            self._looked_up(now, life, error)
        else:
            self._not_placed(now, life, error)

    def _open(self) -> list[OrderLife]:
        return [life for life in self._lives.values() if not life.ended_at]

    def _go_on(self, now: int, life: OrderLife) -> None:
        """Do the next thing about an order of which the broker has said nothing yet."""
        life.due = NEVER
        request = life.request
        if life.broker_id or life.maybe_sent:
            life.asked_at = now
            self._tasks.append(LookUp(request.client_order_id))
        elif (over := overtaken(now, life, blocked=self._blocked)) is not None:
            if life.unsure_at:  # it may still be on its way: to be looked up once more
                life.due, life.maybe_sent = max(now, life.unsure_at + self._times.settled), True
            else:
                self._end(now, life, *over)
        elif not (self._account.is_own if request.reduces else self._account.is_ready):
            # The desk may not have heard yet that nothing is to be entered.
            life.due = now + self._times.back_off[0]
        elif request.reduces and not self._is_free(now, life):
            life.due = now + self._times.look_again
        elif not life.sent:
            self._end(now, life, "CANCELLED", FASTER)
        else:
            self._tasks.append(submit_of(request, life.sent))

    def _is_free(self, now: int, life: OrderLife) -> bool:
        """Tell whether an exit may be sent, and for how much; has what protects it taken back."""
        for entry in self._legs.in_the_way(now, life.request):
            if not entry.ended_at and not entry.unwanted:
                self._take_back(now, entry)
        if self._legs.in_the_way(now, life.request):
            return False
        life.sent = self._legs.left(life.request)
        return True

    def _take_back(self, now: int, life: OrderLife) -> None:
        """Let an open entry not be sent, or cancel it."""
        life.unwanted = True
        if life.broker_id:
            self._tasks.append(Cancel(life.request.client_order_id, life.broker_id))
        elif life.due != NEVER or self._withdrawn(life):
            self._go_on(now, life)

    def _withdrawn(self, life: OrderLife) -> bool:
        """Take back what was not sent yet; tells whether there was something."""
        task = submit_of(life.request, life.sent)
        found = task in self._tasks
        if found:
            self._tasks.remove(task)
        return found

    def _later(self, now: int, life: OrderLife, wait_us: int = 0) -> None:
        put_off(life, now, self._times.back_off, wait_us)

    def _looked_up(self, now: int, life: OrderLife, error: Exception | None) -> None:
        adopting = self._account.is_adopting
        gone = life.broker_id and is_gone(life, self._times.settled, adopting=adopting)
        if isinstance(error, NotAtBroker) and gone:
            self._end(now, life, "CANCELLED", "the broker has it no more, by its own word")
        elif not isinstance(error, NotAtBroker) or life.broker_id:
            self._later(now, life)  # a broker that forgets what it had is asked again
        else:
            life.maybe_sent = False
            if life.asked_at >= life.unsure_at + self._times.settled:
                life.unsure_at = 0
            self._go_on(now, life)

    def _not_placed(self, now: int, life: OrderLife, error: Exception | None) -> None:
        if life.broker_id:  # the stream was faster, and knows better
            self._later(now, life)
        elif isinstance(error, OrderDuplicate):
            life.maybe_sent = True
            self._go_on(now, life)
        elif isinstance(error, OrderRefused) and life.unsure_at:  # one sent before may yet come
            life.maybe_sent, life.due = True, max(now, life.unsure_at + self._times.settled)
        elif isinstance(error, OrderRefused):
            self._end(now, life, "REJECTED", error.reason)
        elif isinstance(error, BrokerAway | BrokerAccessDenied):
            wait = error.retry_after_s if isinstance(error, RateLimited) else 0
            self._later(now, life, int(wait * SECOND_US))
        else:
            life.maybe_sent, life.unsure_at = True, now
            self._say(now, life, "UNKNOWN", str(error))
            self._later(now, life)

    def _adopt(
        self, now: int, life: OrderLife, order: BrokerOrder, *, looked: bool = False,
        all_legs: bool = False,
    ) -> None:  # fmt: skip
        """Believe what the broker says of an order, and of the legs beside it."""
        life.broker_id = life.broker_id or order.id
        self._by_broker[life.broker_id] = life
        life.maybe_sent, life.due = False, NEVER
        self._legs.learn(now, life, order, all_of_it=all_legs)
        if life.ended_at:
            return
        if life.request.reduces and 0 < order.qty < life.sent:
            life.sent = order.qty  # what a leg left of it
        if order.ended:
            life.final = order.status
        elif order.status in ("ACCEPTED", "SUBMITTED", "UNKNOWN"):
            self._say(now, life, order.status, order.reason)
        if order.filled > life.filled and not looked:
            self._look(now)  # fills that nobody has told yet
        self._finish(now, life, order.filled, order.reason)

    def _cancel_if_unwanted(self, life: OrderLife, order: BrokerOrder) -> bool:
        """Cancel what a halt overtook, and what was given up and has come through after all."""
        unwanted = (life.unwanted or life.ended_at > 0) and not order.ended
        if unwanted:
            self._tasks.append(Cancel(life.request.client_order_id, order.id))
        return unwanted

    def _finish(self, now: int, life: OrderLife, filled: int, reason: str = "") -> None:
        """End an order whose last fill is known."""
        if life.filled >= life.request.qty:
            self._end(now, life, "FILLED")
        elif life.filled >= life.sent:
            self._end(now, life, "CANCELLED", FASTER)
        elif life.final is not None and life.final != "FILLED" and filled <= life.filled:
            self._end(now, life, life.final, reason)

    def _fill(self, now: int, life: OrderLife, fill: BrokerFill) -> None:
        asked_at = to_micros(life.request.event_time)
        if fill.execution_id in life.executions or asked_at <= self._account.adopted_at:
            return
        life.executions.append(fill.execution_id)
        life.filled += fill.qty
        status: OrderStatus = "PARTIALLY_FILLED" if life.filled < life.request.qty else "FILLED"
        self._said.append(self._events.fill(now, life.request, fill, status))
        self._said += self._account.book(now, life, fill)
        if life.ended_at:
            self._legs.ended(now, life)

    def _say(self, now: int, life: OrderLife, status: OrderStatus, reason: str = "") -> None:
        if status != life.status:
            life.status = status
            told = self._events.order(now, life.request, status, life.broker_id, reason)
            self._said.append(told)

    def _end(self, now: int, life: OrderLife, status: OrderStatus, reason: str = "") -> None:
        if not life.ended_at:
            self._say(now, life, status, reason)
            life.ended_at, life.due = now, NEVER
            self._legs.ended(now, life)

    def _look(self, now: int) -> None:
        lives = (*self._open(), *self._legs.open())
        self._tasks += self._account.ask(now, (to_micros(o.request.event_time) for o in lives))

    def _compare(self, now: int, found: Holdings) -> None:
        """Believe what was found, and see whether it is what is expected."""
        for order in found.orders:
            life = self._lives.get(order.client_order_id)
            if life is not None:
                self._adopt(now, life, order, looked=True)
                self._cancel_if_unwanted(life, order)
            else:
                self._legs.found(now, order)
        for fill in found.fills:
            life = self._by_broker.get(fill.order_id)
            if life is not None:
                self._fill(now, life, fill)
                self._finish(now, life, life.filled)
            else:
                self._legs.fill(now, fill)
        self._said += self._account.judge(
            now, found, ordered=bool(self._lives or self._told.orders),
            is_open=bool(self._open() or self._legs.open()),
        )  # fmt: skip
        if self._legs.untold():
            self._account.look_soon(now)
        self._forget(now)

    def _forget(self, now: int) -> None:
        """Forget orders of which nothing can come any more."""
        for id_ in forgettable(self._lives, now - self._times.remembered):
            self._legs.forget(self._lives[id_])
            self._by_broker.pop(self._lives.pop(id_).broker_id, None)
