"""The root of every error that a person or a client of the API can meet.

    TidewireError
    +- StackError, MissingTool, NotBuilt, CannotStart, CrashLoop,
    |  NotAccounted                                                       running the system
    +- SettingsInvalid, AccessInvalid, ParameterInvalid, DirectoryUnusable,
    |  StrategyUnusable, LearningImpossible                               what the user configured
    +- InputUnusable, SplitFound, CannotBacktest, RequestInvalid          what a backtest is given
    +- CannotChange, CannotExplain, DayNotArchived, StrategyNotTrusted    what a replay is asked
    +- ArchiveDamaged, CannotImport, SpoolDamaged, StateUnreadable,
    |  RecoveryForeign, LostLog, RunUnreadable, FinisherDied              what was kept
    +- BrokerUnavailable, TimeUnsuitable, TopicsChanged, DatabaseUnavailable, SchemaTooNew,
    |  SchemaMissing, BackupUnusable, DeliveryFailed,
    |  StoppedWithoutDatabase                                             servers
    +- BrokerError, OrderRefused, OrderDuplicate, OutcomeUnknown,
    |  NotAtBroker, BrokerAway, RateLimited, BrokerAnswerUnusable,
    |  BrokerAccessDenied, FaultUnknown, Refusal                          a stock broker
    +- DeterminismBroken, UnknownEvent, StrategyFailed, TooMuchMoney      a flow must stop
    +- ModelUnusable, FactsUnusable, TierFailed, FeedFailed               models and feeds
    +- Unreadable                                                         one record

The text of an error ends with what to do. Its code is stable and unique: programs compare codes,
people read texts.
"""

import re
from typing import ClassVar, Final

import msgspec

ACTION: Final = "Operator action:"
# What msgspec raises for bytes that are none of a type: whoever decodes bytes catches all of these.
UNDECODABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class TidewireError(Exception):
    """An error whose text says what is wrong and what to do.

    Attributes:
        code: stable, in capitals, from the name of the class: `DayNotArchived` is
            `DAY_NOT_ARCHIVED`. A renamed class keeps its code by naming it.
        what_to_do: in general, for a list of codes; from "Operator action:" in the docstring of
            the class, or of the class above it. The text of the error is the exact answer.
    """

    code: ClassVar[str] = "TIDEWIRE_ERROR"
    what_to_do: ClassVar[str] = "see the message"

    def __init_subclass__(cls, *, code: str = "") -> None:
        """Give each class its own code, and what its docstring says to do."""
        super().__init_subclass__()
        cls.code = code or re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).upper()
        _, found, action = (cls.__doc__ or "").partition(ACTION)
        if found:
            cls.what_to_do = " ".join(action.split("\n\n")[0].split())
