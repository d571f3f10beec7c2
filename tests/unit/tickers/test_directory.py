"""Directory files: Alpaca's, the SEC's and NASDAQ Trader's; anything else is refused."""

import json
from pathlib import Path

import pytest

from connectors.tickers.directory import DirectoryUnusable, read_directory, ticker_finder
from operators.news.directory import Listing


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([{"symbol": "BRK.B", "name": "Berkshire", "tradable": True},
                    {"symbol": "OLD", "name": "Gone", "tradable": False}]),
        json.dumps({"0": {"cik_str": 1, "ticker": "BRK-B", "title": "Berkshire"}}),
        "Symbol|Security Name|Market Category\nBRK.B|Berkshire|Q\nFile Creation Time: 1|||\n",
    ],
)  # fmt: skip
def test_each_format(tmp_path: Path, text: str) -> None:
    file = tmp_path / "listed"
    file.write_text(text)
    assert read_directory(file) == [Listing("BRK.B", "Berkshire")]


@pytest.mark.parametrize(
    "text", ["", "nothing here", "{}", "[1, 2]", '{"a": 1}', "[{", "[" * 5_000, "a|b\n"]
)
def test_anything_else_is_refused_with_what_to_do(tmp_path: Path, text: str) -> None:
    file = tmp_path / "listed"
    file.write_text(text)
    with pytest.raises(DirectoryUnusable, match="TIDEWIRE_NEWS__DIRECTORIES"):
        read_directory(file)
    with pytest.raises(DirectoryUnusable, match="cannot be read"):
        read_directory(tmp_path / "missing")


def test_a_file_adds_to_the_bundled_list(tmp_path: Path) -> None:
    file = tmp_path / "listed"
    file.write_text("Symbol|Security Name|x\nQWRT|Qwertine Corp. - Common Stock|Q\n")
    finder = ticker_finder((str(file),))
    assert finder.find((), "Qwertine and Apple") == ("QWRT", "AAPL")
