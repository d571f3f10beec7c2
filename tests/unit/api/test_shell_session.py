"""The comparison of a page with what its commands print can fail."""

import pytest

from tests.api.shell_session import Step, alike, files_of, steps_of

PAGE = """
```console
$ echo a
a
$ true
```

```text
$ not this
```

```python
# ask.py: asks
print(1)
```

```console
$ cat x
1
2
```
"""


def test_commands_and_files_of_a_page() -> None:
    assert steps_of(PAGE) == [Step("echo a", "a\n"), Step("true", ""), Step("cat x", "1\n2\n")]
    assert files_of(PAGE) == {"ask.py": "# ask.py: asks\nprint(1)\n"}


@pytest.mark.parametrize(
    ("said", "printed", "same"),
    [
        ("", "", True),
        ("", "x\n", False),
        ("a 12 b\n", "a 7 b\n", True),
        ("a b\n", "a c\n", False),
        ("id dec-925f15b479658721\n", "id dec-000000000000000f\n", True),
        ('{"a": 1, "b": [{"c": "x"}, ...]}\n', '{"a": 2, "b": [{"c": "y"}, {"c": "z"}]}\n', True),
        ('{"a": 1}\n', '{"a": "1"}\n', False),
        ('{"a": 1}\n', '{"b": 1}\n', False),
        ('{"a": 1}\n', '{"a": 1, "b": 2}\n', False),
        ('{"a": null}\n', '{"a": {"b": 2}}\n', True),
        ('{"a": [{"b": 1}]}\n', '{"a": [{"c": 1}]}\n', False),
        ('{"a": 1\n', '{"a": 2\n', True),
    ],
)
def test_alike(said: str, printed: str, same: bool) -> None:
    assert alike(said, printed) is same
