"""The legs that a broker holds beside entries: learnt, told, and taken back before an exit.

A leg is known by the broker's id, which its entry's answers name. Nothing is told of legs before
their entry has ended, as none works before; and none is told as ended before all of a bracket
have: whoever watches the position instead is alone then. Only a filled one's end is told at once.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from connectors.broker.values import BrokerFill, BrokerOrder, OrderUpdate
from flows.execution.account_look import AccountLook
from flows.execution.said import BrokerEvents
from flows.execution.state import NEVER, BracketLife, LegLife, OrderLife
from flows.execution.tasks import Cancel, LookUp, Task
from flows.execution.timings import Timings
from messages.trading import Leg, OrderRequest, OrderStatus
from operators.blocks import Event

STOPS: Final = ("STOP", "STOP_LIMIT")


def is_over(life: OrderLife) -> bool:
    """Tell whether neither an entry nor a leg of it can change a position any more."""
    bracket = life.bracket
    if bracket is None or not life.ended_at:
        return life.ended_at > 0
    return not life.filled or (bracket.known and all(leg.ended_at for leg in bracket.legs))


class Legs:
    """All brackets of one account."""

    def __init__(
        self, events: BrokerEvents, lives: dict[str, OrderLife], account: AccountLook, now: int,
        times: Timings, tasks: list[Task], said: list[Event],
    ) -> None:  # fmt: skip
        """Go on with the brackets among some orders.

        Args:
            events: makes what is said.
            lives: of the order machine, by our id; it adds to them and forgets them.
            account: whose shares fills are booked in.
            now: what was known of legs before may have changed.
            times: how patient it is.
            tasks: takes what is to be asked of the broker.
            said: takes what became known.
        """
        self._events, self._lives, self._times = events, lives, times
        self._account, self._tasks, self._said = account, tasks, said
        self._owners: dict[str, tuple[OrderLife, LegLife]] = {}
        for life in lives.values():
            for leg in life.bracket.legs if life.bracket else ():
                self._owners[leg.id] = (life, leg)
        for life in self.open():
            if life.ended_at and life.bracket is not None:
                life.bracket.due, life.bracket.tries = now, 0

    def restore(self, now: int, life: OrderLife, *, adopted: bool) -> None:
        """Take an order that is asked for anew, with what the log has of it and of its legs.

        Args:
            now: microseconds.
            life: of the order.
            adopted: the account was adopted since: nothing of it counts any more.
        """
        if adopted:
            life.bracket = None
            return
        shares, request, bracket = self._account.shares, life.request, life.bracket
        shares.count(request.ticker, request.side, life.filled)
        for leg in bracket.legs if bracket is not None else ():
            self._owners[leg.id] = (life, leg)
            shares.count(request.ticker, "SELL" if request.side == "BUY" else "BUY", leg.filled)
        if bracket is not None and life.ended_at and not is_over(life):
            bracket.due = now

    @property
    def next_due(self) -> int:
        """Return when `due` should be called next."""
        return min((b.due for life in self.open() if (b := life.bracket)), default=NEVER)

    def open(self, ticker: str = "") -> list[OrderLife]:
        """Return the entries whose brackets are not over; of one ticker, if one is named."""
        return [life for life in self._of(ticker) if not is_over(life)]

    def cancel_all(self, now: int) -> None:
        """Have the legs of all entries cancelled."""
        for life in self.open():
            self._release(now, life)

    def in_the_way(self, now: int, leaving: OrderRequest) -> list[OrderLife]:
        """Have the open brackets that an exit waits for cancelled; returns their entries.

        They are those of its ticker that were requested before it: what was entered after it is
        another position.
        """
        before, _ = self._around(leaving)
        found = [life for life in before if life.bracket is not None and not is_over(life)]
        for life in found:
            self._release(now, life)
        return found

    def left(self, leaving: OrderRequest) -> int:
        """Return how many shares of an exit are left, once no bracket is in its way."""
        before, after = self._around(leaving)
        if not any(life.bracket is not None and life.filled for life in before):
            return leaving.qty
        held = self._account.shares.held.get(leaving.ticker, 0) - sum(map(_held_by, after))
        return min(leaving.qty, max(0, held if leaving.side == "SELL" else -held))

    def learn(self, now: int, life: OrderLife, order: BrokerOrder, *, all_of_it: bool) -> None:
        """Take what the broker says of an entry's legs.

        Args:
            now: microseconds.
            life: of the entry.
            order: as the broker says it is.
            all_of_it: it was asked for by the broker's id: it has every leg.
        """
        bracket = life.bracket
        if bracket is None:
            return
        for leg in order.legs:
            self._hear(life, bracket, leg)
        expected = 1 if life.request.target_price is None else 2
        whole = len({leg.role for leg in bracket.legs}) >= expected
        changed = any(leg.final == "REPLACED" for leg in bracket.legs)
        # A broker that names no legs time after time holds none.
        gives_up = all_of_it and life.ended_at > 0 and bracket.tries >= self._times.looks
        bracket.known |= gives_up or (whole and (all_of_it or not changed))
        self.settle(now, life)
        if any(leg.total > leg.filled for leg in bracket.legs):
            self._account.look_soon(now)
        if all_of_it and not is_over(life) and (bracket.release or not bracket.known):
            self._again(now, life, bracket)

    def heard(self, now: int, news: OrderUpdate) -> bool:
        """Take what the stream said of an order by a strange id; tells whether it is a leg."""
        if news.order.id not in self._owners:
            for life in self.open(news.order.ticker):  # it may be one that is not known yet
                if life.broker_id and life.bracket is not None and not life.bracket.known:
                    self.wonder(now, life)
            return False
        if news.fill is not None:
            self.fill(now, news.fill)
        if news.kind not in ("CANCEL_REFUSED", "REPLACE_REFUSED", "OTHER"):
            self.found(now, news.order)
        return True

    def found(self, now: int, order: BrokerOrder) -> None:
        """Take what the broker says of a leg by itself; nothing of any other order."""
        life, _ = self._owners.get(order.id, (None, None))
        if life is not None and life.bracket is not None:
            self._hear(life, life.bracket, order)
            if order.status in ("UNKNOWN", "REPLACED"):
                self.wonder(now, life)
            self.settle(now, life)
            if self.untold():
                self._account.look_soon(now)

    def fill(self, now: int, fill: BrokerFill) -> None:
        """Take a fill of a leg, once; one that comes before its entry's is to be found again."""
        life, leg = self._owners.get(fill.order_id, (None, None))
        if life is None or leg is None or fill.execution_id in leg.executions:
            return
        leg.total = max(leg.total, leg.filled + fill.qty)
        if not self._account.adopted_at < life.ended_at or life.bracket is None:
            return
        if not leg.executions:
            others = sum(each.filled for each in life.bracket.legs if each is not leg)
            leg.qty = life.filled - others
        leg.executions.append(fill.execution_id)
        leg.filled += fill.qty
        self._account.shares.book(fill)
        status: OrderStatus = "FILLED" if leg.filled >= leg.qty else "PARTIALLY_FILLED"
        self._said.append(self._events.leg_fill(now, life.request, leg.role, fill, status))
        self.settle(now, life)

    def untold(self) -> bool:
        """Tell whether legs have fills that nobody has told yet."""
        return any(
            leg.total > leg.filled
            for life in self.open() if life.bracket for leg in life.bracket.legs
        )  # fmt: skip

    def settle(self, now: int, life: OrderLife) -> None:
        """Say what can be said of an entry's legs, now that it, or one of them, is otherwise."""
        bracket = life.bracket
        if bracket is None or not life.ended_at or not life.filled:
            return
        if not bracket.known:
            self.wonder(now, life)
        working = [leg for leg in bracket.legs if leg.final is None and not leg.ended_at]
        if bracket.known and len(working) == len(bracket.legs) and not bracket.release:
            for leg in working:
                self._works(now, life, leg)
        for leg in bracket.legs:
            if leg.filled >= leg.qty > 0:
                self._end(now, life, leg, "FILLED")
        if any(leg.final or leg.ended_at for leg in bracket.legs) and not bracket.release:
            bracket.release, bracket.tries = True, 0  # one alone is no bracket
            bracket.due = min(bracket.due, now + self._times.back_off[0])
        # A filled one that the broker has not ended yet is ended by us already.
        if bracket.known and all(leg.ended_at or leg.final for leg in bracket.legs):
            whole = all(leg.filled >= leg.total for leg in bracket.legs)
            for leg in bracket.legs if whole else ():
                self._end(now, life, leg, leg.final or "FILLED")
        if is_over(life):
            bracket.due, bracket.tries = NEVER, 0
            self._wake(now, life.request.ticker)

    def wonder(self, now: int, life: OrderLife) -> None:
        """Have an entry's legs looked up as soon as may be."""
        bracket = life.bracket
        if bracket is not None and bracket.due == NEVER and not is_over(life):
            bracket.due = now

    def ended(self, now: int, life: OrderLife) -> None:
        """Take that an entry has ended: its legs work from now on."""
        bracket = life.bracket
        if bracket is None or not life.filled:
            return
        self.settle(now, life)
        if bracket.release and not is_over(life):
            self._again(now, life, bracket)

    def due(self, now: int) -> None:
        """Look legs up whose time has come."""
        for life in self.open():
            bracket = life.bracket
            if bracket is not None and bracket.due <= now:
                bracket.due = NEVER
                if life.broker_id:
                    self._tasks.append(LookUp(life.request.client_order_id, life.broker_id))

    def not_found(self, now: int, life: OrderLife) -> None:
        """Take that a look-up brought nothing."""
        if life.bracket is not None and not is_over(life):
            self._later(now, life.bracket)

    def forget(self, life: OrderLife) -> None:
        """Forget an entry's legs."""
        for leg in life.bracket.legs if life.bracket else ():
            self._owners.pop(leg.id, None)

    def _around(self, request: OrderRequest) -> tuple[list[OrderLife], list[OrderLife]]:
        """Return the orders of a request's ticker that were requested before and after it."""
        before: list[OrderLife] = []
        after: list[OrderLife] = []
        found = before
        for id_, life in self._lives.items():
            if id_ == request.client_order_id:
                found = after
            elif life.request.ticker == request.ticker:
                found.append(life)
        return before, after

    def _of(self, ticker: str) -> Iterator[OrderLife]:
        lives: Iterable[OrderLife] = self._lives.values()
        return (
            life for life in lives
            if life.bracket is not None and (not ticker or life.request.ticker == ticker)
        )  # fmt: skip

    def _release(self, now: int, life: OrderLife) -> None:
        """Have an entry's legs cancelled: now, or as soon as they work."""
        bracket = life.bracket
        if bracket is None or bracket.release:
            return
        bracket.release, bracket.tries = True, 0
        if life.ended_at and not is_over(life):
            self._again(now, life, bracket)

    def _hear(self, life: OrderLife, bracket: BracketLife, order: BrokerOrder) -> None:
        known = self._owners.get(order.id)
        if known is None:
            role: Leg = "stop" if order.type in STOPS else "target"
            leg = LegLife(
                id=order.id, role=role, qty=0, total=0, filled=0, executions=[], final=None,
                reason="", works=False, ended_at=0,
            )  # fmt: skip
            bracket.legs.append(leg)
            self._owners[order.id] = (life, leg)
        else:
            leg = known[1]
        leg.total = max(leg.total, order.filled)
        if order.ended and leg.final is None:
            leg.final, leg.reason = order.status, order.reason
            if order.status == "REPLACED":
                bracket.known = False  # by hand: another is there in its place

    def _again(self, now: int, life: OrderLife, bracket: BracketLife) -> None:
        """Ask for the end of the legs that work, and look again a while later."""
        if bracket.release:
            self._tasks += [
                Cancel(life.request.client_order_id, leg.id)
                for leg in bracket.legs if leg.final is None and not leg.ended_at
            ]  # fmt: skip
        self._later(now, bracket)

    def _later(self, now: int, bracket: BracketLife) -> None:
        waits = self._times.back_off
        bracket.due = now + waits[min(bracket.tries, len(waits) - 1)]
        bracket.tries += 1

    def _works(self, now: int, life: OrderLife, leg: LegLife) -> None:
        if not leg.works:
            leg.works = True
            said = self._events.leg_order(now, life.request, leg.role, "ACCEPTED", leg.id)
            self._said.append(said)

    def _end(self, now: int, life: OrderLife, leg: LegLife, final: OrderStatus) -> None:
        if leg.ended_at:
            return
        leg.ended_at = now
        part = final == "FILLED" and not leg.filled >= leg.qty > 0
        status: OrderStatus = "CANCELLED" if part or final == "REPLACED" else final
        said = self._events.leg_order(now, life.request, leg.role, status, leg.id, leg.reason)
        self._said.append(said)

    def _wake(self, now: int, ticker: str) -> None:
        """Go on with the exits that wait for the legs."""
        for life in self._lives.values():
            waits = life.request.reduces and not life.broker_id and not life.maybe_sent
            if waits and not life.ended_at and life.request.ticker == ticker and life.due != NEVER:
                life.due = min(life.due, now)


def _held_by(life: OrderLife) -> int:
    """Return the signed shares that follow from an order and its legs."""
    closed = sum(leg.filled for leg in life.bracket.legs) if life.bracket else 0
    qty = life.filled - closed
    return qty if life.request.side == "BUY" else -qty
