"""A hash of many records: of what they say, in no order."""

from hypothesis import given
from hypothesis import strategies as st

from flows.replay.record_hashes import RecordHashes

records = st.lists(st.tuples(st.integers(0, 3), st.binary(max_size=3), st.binary(max_size=3)))


def hashes(found: list[tuple[int, bytes, bytes]], *, broadcast: bool = False) -> RecordHashes:
    made = RecordHashes(broadcast=broadcast)
    for record in found:
        made.add(*record)
    return made


@given(records, st.randoms())
def test_order_means_nothing_and_parts_may_be_put_together(
    found: list[tuple[int, bytes, bytes]], random: "st.DrawFn"
) -> None:
    mixed = list(found)
    random.shuffle(mixed)  # type: ignore[attr-defined]  # a random.Random
    assert hashes(mixed).root() == hashes(found).root()
    whole = hashes(mixed[: len(mixed) // 2])
    whole.take(hashes(mixed[len(mixed) // 2 :]))
    assert (whole.root(), len(whole)) == (hashes(found).root(), len(found))


@given(records, records)
def test_other_records_have_another_hash(
    one: list[tuple[int, bytes, bytes]], other: list[tuple[int, bytes, bytes]]
) -> None:
    assert (hashes(one).root() == hashes(other).root()) == (sorted(one) == sorted(other))


def test_a_key_is_not_part_of_the_value() -> None:
    assert hashes([(1, b"a", b"bc")]).root() != hashes([(1, b"ab", b"c")]).root()


def test_copies_of_a_broadcast_record_are_one() -> None:
    twice = [(1, b"", b"x"), (1, b"", b"x"), (2, b"", b"y")]
    assert len(hashes(twice, broadcast=True)) == 2
    assert hashes(twice, broadcast=True).root() == hashes(twice[1:], broadcast=True).root()
    assert hashes(twice).root() != hashes(twice[1:]).root()
    assert len(hashes(twice)) == 3
