"""Files appear whole, with the permissions asked for, and are known by their content."""

from pathlib import Path

import pytest

from connectors.files import put_in_place, sha256_of, write_whole


def test_a_file_is_replaced_whole_and_no_draft_stays(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "er" / "file"
    for data in (b"one", b"", b"three" * 100_000):
        write_whole(file, data)
        assert file.read_bytes() == data
        assert [f.name for f in file.parent.iterdir()] == ["file"]


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    write_whole(file, b"old")
    with pytest.raises(TypeError):
        write_whole(file, "no bytes")  # type: ignore[arg-type]  # on purpose
    assert file.read_bytes() == b"old"


def test_a_draft_takes_the_place_and_hashes_are_of_the_content(tmp_path: Path) -> None:
    draft, file = tmp_path / "draft", tmp_path / "file"
    draft.write_bytes(b"abc")
    put_in_place(draft, file)
    assert not draft.exists()
    assert sha256_of(file) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_secret_file_is_its_owners_only_even_where_another_stood(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_bytes(b"open")
    file.chmod(0o644)
    write_whole(file, b"closed", 0o600)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_bytes() == b"closed"
