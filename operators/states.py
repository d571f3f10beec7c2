"""States as bytes: what an operator, a source or a sink was, in a form that can run no code.

A state is a typed struct encoded as JSON. The bytes depend on its values alone and name no module
and no class, so that code may move and a kept state survives it. A field that is missing, unknown
or of another type is an error, never a default.
"""

from typing import Any, Final, TypeVar

import msgspec

from messages.errors import UNDECODABLE, TidewireError

MAX_STATE: Final = 512 * 1024 * 1024
S = TypeVar("S", bound="State")


class StateUnreadable(TidewireError, ValueError):
    """Bytes are not the state they should be.

    Operator action: do not use them. Remove the flow's recovery directory, or restore the
    checkpoint from a copy (`tidewire archive import`).
    """


class State(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The base of every state. Subclasses have no defaults, no sets and no `Any`.

    A dictionary keeps its order: operators may depend on it.
    """


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
    except UNDECODABLE as error:
        reason = f"not a {kind.__name__} ({str(error)[:200]})"
        raise StateUnreadable(advised(reason)) from None
    return state


def advised(reason: str) -> str:
    """Return a sentence about an unusable state that ends with what to do."""
    return (
        f"A kept state cannot be used: {reason}. Remove the flow's recovery directory, or restore "
        "the checkpoint from a copy (`tidewire archive import`)."
    )
