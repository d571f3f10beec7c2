"""Looks at all that a broker holds, and says whether it is what follows from what it told."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from connectors.broker.values import BrokerAccount, BrokerFill, StreamState
from flows.execution.said import BrokerEvents
from flows.execution.shares import ExpectedShares, Shares
from flows.execution.state import NEVER, MachineState, OrderLife
from flows.execution.tasks import Holdings, Reconcile
from flows.execution.timings import Timings
from flows.execution.told import NOTHING, Told
from messages.broker import Difference
from messages.units import to_datetime
from operators.blocks import Event


class AccountLook:
    """The account of an order machine: what is expected there, and when to look again.

    Attributes:
        shares: that follow from fills, and what is held besides.
        look_at: when to look again, microseconds; NEVER while that is under way.
        adopted_at: when the account was last adopted, microseconds.
        begun_by_log: the same where only the log knew; commands from before are carried out.
    """

    def __init__(
        self, events: BrokerEvents, now: int, every: int, times: Timings,
        state: MachineState | None, told: Told = NOTHING,
    ) -> None:  # fmt: skip
        """Begin, or go on from a snapshot; see `OrderMachine`."""
        self._events, self._every, self._times = events, every, times
        self.shares = ExpectedShares(
            state.held if state else {}, state.unmanaged if state else None
        )  # fmt: skip
        self._up = self._ready = False  # whoever begins hears nothing yet
        self._mismatches, self._told_cash = 0, -1
        self._reconciled_at = state.reconciled_at if state else now  # before it nothing is ours
        self.look_at, self._looking = NEVER, False
        self._adopting, self.adopted_at = (state.adopting, state.adopted_at) if state else ("", 0)
        self.begun_by_log = 0
        if told.unmanaged is not None and (state is None or told.adopted_at > self.adopted_at):
            self.shares = ExpectedShares({}, told.unmanaged)
            self.adopted_at = self.begun_by_log = told.adopted_at
        if self._adopting in told.commands:
            self._adopting = ""
        self._account_id, self._own = state.account_id if state else "", False
        self._guess: Shares | None = None  # of what was there before our fills

    def snapshot(
        self, lives: list[OrderLife], commands: list[str], *, blocked: bool
    ) -> MachineState:  # fmt: skip
        """Return a machine's snapshot: what is known here, and the rest as it is given."""
        return MachineState(
            lives=lives, held=dict(self.shares.held), unmanaged=self.shares.unmanaged,
            blocked=blocked, heard_up=self._up, ready=self._ready, mismatches=self._mismatches,
            reconciled_at=self._reconciled_at, look_at=self.look_at, commands=commands,
            adopting=self._adopting, adopted_at=self.adopted_at, account_id=self._account_id,
        )  # fmt: skip

    def stream(self, now: int, news: StreamState) -> list[Event]:
        """Take whether updates are heard; returns what there is to say of it."""
        changed = news.up != self._up or not news.up
        self._up, self._ready = news.up, False
        return [self._events.stream(now, up=news.up, reason=news.reason)] if changed else []

    def ask(self, now: int, open_since: Iterable[int]) -> list[Reconcile]:
        """Ask for everything, unless that is under way.

        Args:
            now: microseconds.
            open_since: when each open order was requested, microseconds.
        """
        self.look_at = NEVER
        if self._looking:
            self.look_at = now + self._times.look_again
            return []
        self._looking = True
        since = min([self._reconciled_at, *open_since]) - self._times.look_back
        return [Reconcile(to_datetime(since))]

    def answered(self, now: int, *, found: bool) -> None:
        """Hear that the look is over; it is repeated soon where nothing was found."""
        self._looking = False
        if not found:
            self.look_at = now + self._times.look_again

    @property
    def is_adopting(self) -> bool:
        """Tell whether the account is to be adopted once no order is open."""
        return bool(self._adopting)

    @property
    def is_ready(self) -> bool:
        """Tell whether everything is accounted for, and updates are heard: entries may go out."""
        return self._ready

    @property
    def is_own(self) -> bool:
        """Tell whether the keys were seen to be of the run's account since this process began."""
        return self._own

    def book(self, now: int, life: OrderLife, fill: BrokerFill) -> list[Event]:
        """Count a fill of an order; what was not ordered stops entries."""
        self.shares.book(fill)
        if fill.side == life.request.side and life.filled <= life.request.qty:
            return []
        reason = f"an execution that was not ordered: {fill.side} {fill.qty} {fill.ticker}"
        return self.unsettle(now, (), reason)

    def look_soon(self, now: int) -> None:
        """Have it looked at again soon: something is known to be missing."""
        self.look_at = min(self.look_at, now + self._times.look_again)

    def adopt(self, now: int, command: str) -> list[Event]:
        """Have the account adopted by a command, once no order is open."""
        self._adopting = command
        reason = "the account is to be adopted, once no order is open"
        return self.unsettle(now, (), reason, command)

    def unsettle(
        self, now: int, differences: Sequence[Difference], reason: str, command: str = ""
    ) -> list[Event]:
        """Say that nothing may be entered until the account is accounted for again."""
        self._ready = False
        return [self._events.drift(now, differences, reason, command)]

    def judge(
        self, now: int, found: Holdings, *, ordered: bool, is_open: bool
    ) -> list[Event]:  # fmt: skip
        """Compare what was found with what is expected; its orders and fills were taken before.

        Args:
            now: microseconds.
            found: by a look.
            ordered: there are orders of ours, however they ended.
            is_open: some have not ended.
        """
        if self._account_id not in ("", found.account.id):
            return self._is_another_s(now, found.account.id)
        self._account_id, self._own = found.account.id, True
        there = {p.ticker: p.qty for p in found.positions if p.qty}
        said: list[Event] = []
        first = self.shares.unmanaged is None
        if (first and not ordered) or (self._adopting and not is_open):
            said.append(self._anew(now, found.account, there))
        elif first and not self._is_certain(now, there, is_open=is_open):
            return said
        if self._adopting:
            self.look_at = now + self._times.look_again
            return said
        wrong = self.shares.differences(there)
        return said + (
            self._differs(now, wrong) if wrong else self._agrees(now, found.account)
        )  # fmt: skip

    def _is_another_s(self, now: int, id_: str) -> list[Event]:
        """Say that the keys are of another account: nothing is sent there."""
        self._own, self.look_at = False, now + self._every
        self._mismatches += 1
        reason = (
            f"these keys are of account {id_}, and this run trades {self._account_id}: give it its "
            "own, or begin another run"
        )
        return self.unsettle(now, (), reason) if self._mismatches == 1 else []

    def _agrees(self, now: int, account: BrokerAccount) -> list[Event]:
        self._mismatches, self._reconciled_at, self.look_at = 0, now, now + self._every
        if not self._up or (self._ready and account.cash == self._told_cash):
            return []
        self._ready, self._told_cash = True, account.cash
        return [self._events.reconciled(now, account, self.shares.unmanaged or {})]

    def _differs(self, now: int, wrong: Sequence[Difference]) -> list[Event]:
        self._mismatches += 1
        soon = self._mismatches < self._times.looks
        self.look_at = now + (self._times.look_again if soon else self._every)
        if self._mismatches != self._times.looks:
            return []
        return self.unsettle(now, wrong, "the broker holds other shares than it told of")

    def _anew(self, now: int, account: BrokerAccount, there: dict[str, Decimal]) -> Event:
        """Begin anew: what is held there is nobody's from here on."""
        said = self._events.adopted(now, self._adopting, account, there)
        self.shares.begin(there, anew=True)
        self._adopting, self.adopted_at, self._mismatches = "", now, 0
        return said

    def _is_certain(self, now: int, there: dict[str, Decimal], *, is_open: bool) -> bool:
        """Take what was there before our fills; False while that is not certain.

        Of a fill between two questions of a look only the positions know: while orders are open,
        two looks have to agree.
        """
        beside = self.shares.beside(there)
        if is_open and beside != self._guess:
            self._guess, self.look_at = beside, now + self._times.look_again
            return False
        self.shares.begin(there, anew=False)
        return True
