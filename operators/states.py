"""States as bytes: what an operator, a source or a sink was, in a form that can run no code.

A state is a typed struct encoded as JSON. The bytes depend on its values alone and name no module
and no class, so that code may move and a kept state survives it. A field that is missing, unknown
or of another type is an error, never a default.
"""

from math import prod
from typing import Any, Final, Literal, Self, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from messages.errors import TidewireError

MAX_STATE: Final = 512 * 1024 * 1024
S = TypeVar("S", bound="State")
ArrayType = Literal["<i8", "<f8"]
KINDS: Final[dict[str, ArrayType]] = {"int64": "<i8", "float64": "<f8"}


class StateUnreadable(TidewireError, ValueError):
    """Bytes are not the state they should be.

    Operator action: do not use them. Remove the flow's recovery directory, or restore the
    checkpoint from a copy (`tidewire archive import`).
    """


class State(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The base of every state. Subclasses have no defaults, no sets and no `Any`.

    A dictionary keeps its order: operators may depend on it.
    """


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


class NoState(State):
    """The state of an operator that remembers nothing."""


NOTHING: Final = NoState()
_ENCODER: Final = msgspec.json.Encoder()
_DECODERS: Final[dict[type, msgspec.json.Decoder[Any]]] = {}


def encode_state(state: State) -> bytes:
    """Return a state's bytes; equal states have equal bytes."""
    return _ENCODER.encode(state)


def decode_state(data: bytes, kind: type[S]) -> S:
    """Read a state of a kind; memory stays within a small multiple of the bytes' length.

    Raises:
        StateUnreadable: the bytes are too many, cut off, nested too deeply, or not such a state.
    """
    if len(data) > MAX_STATE:
        reason = f"{len(data):,} bytes are more than a state has ({MAX_STATE:,})"
        raise StateUnreadable(advised(reason))
    decoder = _DECODERS.get(kind)
    if decoder is None:
        decoder = _DECODERS[kind] = msgspec.json.Decoder(kind)
    try:
        state: S = decoder.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        reason = f"not a {kind.__name__} ({str(error)[:200]})"
        raise StateUnreadable(advised(reason)) from None
    return state


def advised(reason: str) -> str:
    """Return a sentence about an unusable state that ends with what to do."""
    return (
        f"A kept state cannot be used: {reason}. Remove the flow's recovery directory, or restore "
        "the checkpoint from a copy (`tidewire archive import`)."
    )
