"""Arrays of numbers inside a state."""

from math import prod
from typing import Any, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from operators.states import State, StateUnreadable, advised

ArrayType = Literal["<i8", "<f8"]
KINDS: Final[dict[str, ArrayType]] = {"int64": "<i8", "float64": "<f8"}


class Array(State):
    """A numpy array of 64-bit numbers.

    Attributes:
        kind: numpy's name of the type, little-endian.
        shape: one or two lengths.
        data: the numbers, row by row.
    """

    kind: ArrayType
    shape: tuple[int, ...]
    data: bytes

    @classmethod
    def of(cls, array: NDArray[Any]) -> Self:
        """Copy an array of int64 or float64.

        Raises:
            TypeError: it is of another type.
        """
        kind = KINDS.get(array.dtype.name)
        if kind is None:
            reason = f"a state holds no array of {array.dtype}"
            raise TypeError(reason)
        return cls(kind=kind, shape=array.shape, data=array.astype(kind).tobytes())

    def array(self, kind: ArrayType, columns: int) -> NDArray[Any]:
        """Return a writable copy of rows with so many columns.

        Raises:
            StateUnreadable: type, shape and data do not fit each other or what is asked for.
        """
        fits = len(self.shape) == 2 and self.shape[1] == columns and self.shape[0] >= 0
        if self.kind != kind or not fits or 8 * prod(self.shape) != len(self.data):
            reason = f"an array of {self.kind} {self.shape} is not rows of {columns} {kind}"
            raise StateUnreadable(advised(reason))
        native = np.int64 if kind == "<i8" else np.float64
        return np.frombuffer(self.data, kind).astype(native).reshape(self.shape)
