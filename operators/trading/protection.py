"""Protection: the stop of a position."""

from operators.checks import BPS
from operators.params import RiskParams
from operators.trading.account import Position
from operators.trading.arithmetic import is_stopped


def stop_hit(position: Position, price: int, risk: RiskParams) -> bool:
    """Tell whether a close lies at or beyond the stop; compares without division."""
    return is_stopped(position.qty, position.cost, price, risk.stop_loss_bps)


def stop_price(position: Position, risk: RiskParams) -> int:
    """Return the stop in whole units: the last price that triggers it."""
    if position.qty > 0:
        return (BPS - risk.stop_loss_bps) * position.cost // (BPS * position.qty)
    return -(-(BPS + risk.stop_loss_bps) * -position.cost // (BPS * -position.qty))
