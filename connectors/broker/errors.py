"""What can go wrong with a broker, by what is known of the order afterwards.

BrokerError
+- OrderRefused              it said no: there is no such order
|  +- OrderDuplicate         it has one of this id already
+- OutcomeUnknown            it was asked to change something and nobody knows what it did
+- NotAtBroker               it was asked for something that it does not have
+- BrokerAway                it could not be asked: nothing was changed
|  +- RateLimited            it has been asked too often
+- BrokerAnswerUnusable      what it answered to a question means nothing
+- BrokerAccessDenied        it does not take the keys
"""

from messages.errors import TidewireError


class BrokerError(TidewireError):
    """The root of what a broker's connector raises. Operator action: see the message."""


class OrderRefused(BrokerError):
    """The broker said no: the order is not placed, or not changed.

    Operator action: see the reason; nothing is sent again by itself.

    Attributes:
        reason: the broker's words.
        broker_code: its number for them; empty where it has none.
    """

    def __init__(self, reason: str, broker_code: str = "") -> None:
        """Take the broker's own words."""
        super().__init__(f"The broker refused it: {reason}")
        self.reason, self.broker_code = reason, broker_code


class OrderDuplicate(OrderRefused):
    """The broker has an order of this client id already.

    Operator action: none; it is looked up by its id and adopted.
    """


class OutcomeUnknown(BrokerError):
    """A request that changes something was sent, and no usable answer came.

    Operator action: none; it counts as placed until the broker is asked by its id.
    """


class NotAtBroker(BrokerError):
    """The broker does not have what it was asked for. Operator action: correct the id or ticker."""


class BrokerAway(BrokerError):
    """The broker could not be asked, so nothing was changed.

    Operator action: none; it is asked again, later each time.
    """


class RateLimited(BrokerAway):
    """The broker was asked too often, so nothing was changed.

    Operator action: none; it is asked again after `retry_after_s`.

    Attributes:
        retry_after_s: seconds to wait.
    """

    def __init__(self, reason: str, retry_after_s: float) -> None:
        """Take how long to wait."""
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class BrokerAnswerUnusable(BrokerError):
    """The broker's answer to a question cannot be used.

    Operator action: none; it is asked again. If it stays so, the broker's interface has changed:
    update Tidewire.
    """


class BrokerAccessDenied(BrokerError):
    """The broker does not take the keys, or does not allow them this.

    Operator action: correct the keys in the settings; paper keys and live keys are different.
    """
