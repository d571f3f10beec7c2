"""The names by which people's own strategies import theirs: they stay."""

import tidewire
from operators.strategies import own


def test_a_strategy_of_an_earlier_version_is_one_of_today() -> None:
    assert {*own.__all__} <= {*tidewire.__all__}
    for name in own.__all__:
        assert getattr(own, name) is getattr(tidewire, name)
