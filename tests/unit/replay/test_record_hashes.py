"""A hash of many records: of what they say, in no order."""

from hypothesis import given
from hypothesis import strategies as st

from flows.replay.record_hashes import Leaves

records = st.lists(st.tuples(st.integers(0, 3), st.binary(max_size=3), st.binary(max_size=3)))


def leaves(found: list[tuple[int, bytes, bytes]], *, broadcast: bool = False) -> Leaves:
    made = Leaves(broadcast=broadcast)
    for record in found:
        made.add(*record)
    return made


@given(records, st.randoms())
def test_order_means_nothing_and_parts_may_be_put_together(
    found: list[tuple[int, bytes, bytes]], random: "st.DrawFn"
) -> None:
    mixed = list(found)
    random.shuffle(mixed)  # type: ignore[attr-defined]  # a random.Random
    assert leaves(mixed).root() == leaves(found).root()
    whole = leaves(mixed[: len(mixed) // 2])
    whole.take(leaves(mixed[len(mixed) // 2 :]))
    assert (whole.root(), len(whole)) == (leaves(found).root(), len(found))


@given(records, records)
def test_other_records_have_another_hash(
    one: list[tuple[int, bytes, bytes]], other: list[tuple[int, bytes, bytes]]
) -> None:
    assert (leaves(one).root() == leaves(other).root()) == (sorted(one) == sorted(other))


def test_a_key_is_not_part_of_the_value() -> None:
    assert leaves([(1, b"a", b"bc")]).root() != leaves([(1, b"ab", b"c")]).root()


def test_copies_of_a_broadcast_record_are_one() -> None:
    twice = [(1, b"", b"x"), (1, b"", b"x"), (2, b"", b"y")]
    assert len(leaves(twice, broadcast=True)) == 2
    assert leaves(twice, broadcast=True).root() == leaves(twice[1:], broadcast=True).root()
    assert leaves(twice).root() != leaves(twice[1:]).root()
    assert len(leaves(twice)) == 3
