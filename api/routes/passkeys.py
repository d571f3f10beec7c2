"""Passkeys: registering by an invitation or a link, signing in, and looking after one's own."""

from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.responses import Response

from api.access.hashing import hash_of
from api.access.passkeys import credential_id_of
from api.access.people import User
from api.access.registrar import Registrar
from api.context import Api, Call
from api.endpoints import Endpoint, NoQuery
from api.problems import Conflict, NotSignedIn
from api.routes.sign_in import Nothing, SignedIn, signed_in
from api.values import Answer, Asked, Id, Moment

Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^\S(.*\S)?$")]
Label = Annotated[str, Field(max_length=64)]
Token = Annotated[str, Field(max_length=200)]
Role = Literal["viewer", "trader", "owner"]
SIGN_IN = "sign in"


class RegisterBegins(Asked):
    """Who registers, and the token of a link or an invitation that lets them."""

    name: Name
    token: Token


class Registers(RegisterBegins):
    """The passkey that the browser made, as its `toJSON` gives it."""

    ceremony: Id
    credential: dict[str, Any]
    label: Label = ""


class SignInBegins(Asked):
    """Nothing is needed; a name is taken and told nothing about."""

    name: Annotated[str, Field(max_length=64)] = ""


class SignsIn(Asked):
    """The passkey that was shown, as the browser's `toJSON` gives it."""

    ceremony: Id
    credential: dict[str, Any]


class PasskeyMade(SignsIn):
    """A further passkey of whoever is signed in."""

    label: Label = ""


class Ceremony(Answer):
    """A ceremony that has begun: `options` are the browser's, in WebAuthn's JSON."""

    ceremony: str
    options: dict[str, Any]


class PasskeyAnswer(Answer):
    """One of one's passkeys."""

    id: str
    label: str
    backed_up: bool
    created_at: Moment
    last_used_at: Moment | None


class Passkeys(Answer):
    """One's passkeys, the oldest first."""

    passkeys: list[PasskeyAnswer]


class Renamed(Asked):
    """A passkey's new label."""

    label: Label


class InviteAsked(Asked):
    """The role that whoever is invited gets."""

    role: Role


class Invited(Answer):
    """An invitation: its link may be used once."""

    link: str
    expires_at: Moment


def register_begin(api: Api, call: Call[NoQuery, RegisterBegins]) -> Ceremony:
    """Begin to register, by the token of a link or an invitation."""
    api.access.origin.must_be_ours(call.request)
    registrar, asked = registrar_of(api), call.body
    role = _role(api, registrar, asked.token)
    if not registrar.people.is_free(asked.name):
        raise Conflict("NAME_TAKEN", "Somebody has this name: choose another.")
    id_, challenge = registrar.challenges.give(_registering(asked))
    user = User(_handle(asked), asked.name, role)
    return Ceremony(ceremony=id_, options=registrar.ceremonies.to_register(user, challenge, []))


def register_complete(api: Api, call: Call[NoQuery, Registers]) -> Response:
    """Register with the passkey that was made; the token is used up, and signs in."""
    api.access.origin.must_be_ours(call.request)
    registrar, asked = registrar_of(api), call.body
    role = _role(api, registrar, asked.token)
    challenge = registrar.challenges.take(asked.ceremony, _registering(asked))
    if challenge is None:
        raise _too_late()
    passkey = registrar.ceremonies.registered(asked.credential, challenge, asked.label)
    if not (api.access.links.take(asked.token) or registrar.people.use_invitation(asked.token)):
        raise _no_token()
    user = User(_handle(asked), asked.name, role)
    registrar.people.add(user, passkey)
    registrar.people.log(user.id, "register", "done", call.peer, role=role)
    return signed_in(api, *api.access.sessions.begin(user.id, user.name, user.role))


def login_begin(api: Api, call: Call[NoQuery, SignInBegins]) -> Ceremony:
    """Begin to sign in; the answer is alike for every name and for none."""
    api.access.origin.must_be_ours(call.request)
    registrar = registrar_of(api)
    id_, challenge = registrar.challenges.give(SIGN_IN)
    return Ceremony(ceremony=id_, options=registrar.ceremonies.to_sign_in(challenge))


def login_complete(api: Api, call: Call[NoQuery, SignsIn]) -> Response:
    """Sign in with a passkey."""
    api.access.origin.must_be_ours(call.request)
    registrar, asked = registrar_of(api), call.body
    challenge = registrar.challenges.take(asked.ceremony, SIGN_IN)
    found = registrar.people.by_credential(credential_id_of(asked.credential))
    if challenge is None or found is None:
        raise _too_late()
    user, passkey = found
    try:
        count = registrar.ceremonies.shown(asked.credential, challenge, user, passkey)
    except NotSignedIn:
        registrar.people.log(user.id, "sign in", "refused", call.peer)
        raise
    if not registrar.people.used(passkey, count):
        raise _too_late()
    registrar.people.log(user.id, "sign in", "done", call.peer)
    return signed_in(api, *api.access.sessions.begin(user.id, user.name, user.role))


def passkeys(api: Api, call: Call[NoQuery, None]) -> Passkeys:
    """One's own passkeys."""
    found = registrar_of(api).people.passkeys(call.person.id)
    return Passkeys(passkeys=[PasskeyAnswer.model_validate(k) for k in found])


def passkey_begin(api: Api, call: Call[NoQuery, Nothing]) -> Ceremony:
    """Begin to add a passkey."""
    registrar, person = registrar_of(api), call.person
    id_, challenge = registrar.challenges.give(f"add {person.id}")
    known = registrar.people.passkeys(person.id)
    user = User(person.id, person.name, person.role)
    return Ceremony(ceremony=id_, options=registrar.ceremonies.to_register(user, challenge, known))


def passkey_complete(api: Api, call: Call[NoQuery, PasskeyMade]) -> Passkeys:
    """Add the passkey that was made."""
    registrar, person, asked = registrar_of(api), call.person, call.body
    challenge = registrar.challenges.take(asked.ceremony, f"add {person.id}")
    if challenge is None:
        raise _too_late()
    made = registrar.ceremonies.registered(asked.credential, challenge, asked.label)
    registrar.people.add_passkey(person.id, made)
    registrar.people.log(person.id, "add passkey", "done", call.peer)
    found = registrar.people.passkeys(person.id)
    return Passkeys(passkeys=[PasskeyAnswer.model_validate(k) for k in found])


def passkey_rename(api: Api, call: Call[NoQuery, Renamed]) -> None:
    """Give one of one's passkeys another label."""
    registrar_of(api).people.rename(call.person.id, call.path["id"], call.body.label)


def passkey_revoke(api: Api, call: Call[NoQuery, None]) -> None:
    """Revoke one of one's passkeys; not the last one."""
    registrar = registrar_of(api)
    registrar.people.revoke(call.person.id, call.path["id"])
    registrar.people.log(
        call.person.id, "revoke passkey", "done", call.peer, target=call.path["id"]
    )


def invite(api: Api, call: Call[NoQuery, InviteAsked]) -> Invited:
    """Invite somebody: a link for them to register by, good for a day."""
    registrar = registrar_of(api)
    token, until = registrar.people.invite(call.person.id, call.body.role)
    registrar.people.log(call.person.id, "invite", "done", call.peer, role=call.body.role)
    return Invited(link=f"{api.access.origin.public}/#register={token}", expires_at=until)


def registrar_of(api: Api) -> Registrar:
    """Return where people are looked after.

    Raises:
        Conflict: the run is played: nobody registers with it.
    """
    if api.access.registrar is None:
        detail = "A run that is played has no people: a link signs in."
        raise Conflict("DEMO_HAS_NO_PEOPLE", detail)
    return api.access.registrar


def _role(api: Api, registrar: Registrar, token: str) -> str:
    """Return the role that a token gives: a link of this machine's makes an owner."""
    role = "owner" if api.access.links.holds(token) else registrar.people.invited_as(token)
    if role is None:
        raise _no_token()
    return role


def _registering(asked: RegisterBegins) -> str:
    """Return the ceremony that a challenge is bound to: this token's, and this name's."""
    return f"register {hash_of(asked.token)} {hash_of(asked.name)}"


def _handle(asked: RegisterBegins) -> str:
    """Return the id of whoever registers: the same at the ceremony's begin and at its end."""
    return f"usr-{hash_of(asked.token + asked.name)[:32]}"


def _too_late() -> NotSignedIn:
    return NotSignedIn("PASSKEY_REFUSED", "This passkey was not accepted: try again.")


def _no_token() -> NotSignedIn:
    detail = "This link or invitation was used or is too old: ask for another."
    return NotSignedIn("INVITATION_REFUSED", detail)


_IN = (401, 403, 409)
ENDPOINTS = (
    Endpoint("POST", "/auth/register/begin", register_begin, None, Ceremony, body=RegisterBegins,
             rate=20, problems=_IN),
    Endpoint("POST", "/auth/register/complete", register_complete, None, SignedIn, body=Registers,
             rate=20, problems=_IN),
    Endpoint("POST", "/auth/login/begin", login_begin, None, Ceremony, body=SignInBegins, rate=30,
             problems=_IN),
    Endpoint("POST", "/auth/login/complete", login_complete, None, SignedIn, body=SignsIn, rate=30,
             problems=_IN),
    Endpoint("GET", "/auth/passkeys", passkeys, "viewer", Passkeys, session=True, problems=(409,)),
    Endpoint("POST", "/auth/passkeys/begin", passkey_begin, "viewer", Ceremony, body=Nothing,
             session=True, rate=30, problems=(409,)),
    Endpoint("POST", "/auth/passkeys/complete", passkey_complete, "viewer", Passkeys,
             body=PasskeyMade, session=True, rate=30, problems=(409,)),
    Endpoint("PATCH", "/auth/passkeys/{id}", passkey_rename, "viewer", None, body=Renamed,
             status=204, session=True, rate=30, problems=(404, 409)),
    Endpoint("DELETE", "/auth/passkeys/{id}", passkey_revoke, "viewer", None, status=204,
             session=True, rate=30, problems=(404, 409)),
    Endpoint("POST", "/auth/invitations", invite, "owner", Invited, body=InviteAsked, session=True,
             rate=30, problems=(409,)),
)  # fmt: skip
