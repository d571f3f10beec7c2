"""Changes: told at once; the rest once in a while."""

from connectors.changes import Changes


def test_what_changes_is_told_and_what_stays_seldom() -> None:
    now = [0.0]
    changes = Changes(60.0, lambda: now[0])
    assert changes.worth_telling("trade", "running")
    assert not changes.worth_telling("trade", "running")
    assert changes.worth_telling("learn", "running"), "each subject is its own"
    assert changes.worth_telling("trade", "restarting")
    assert changes.worth_telling("trade", "running")
    now[0] = 59.9
    assert not changes.worth_telling("trade", "running")
    now[0] = 60.0
    assert changes.worth_telling("trade", "running")
    assert not changes.worth_telling("trade", "running")
