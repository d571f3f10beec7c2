"""Lines of a file to score: what is no article is named by its line, and the others are scored."""

from pathlib import Path

import pytest

from stack.commands.score import _articles


@pytest.mark.parametrize("line", [b"{", b'{"title": "\xff"}', b"[" * 5_000])
def test_a_line_that_is_not_json(tmp_path: Path, line: bytes) -> None:
    file = tmp_path / "news.jsonl"
    file.write_bytes(line + b'\n{"title": "Alpha soars"}\n')
    (fields, _, problem), good = _articles(file)
    assert fields is None
    assert problem.startswith("line 1 is not JSON (")
    assert good == ({"title": "Alpha soars"}, "Alpha soars", "")
