"""Passkeys: the two ceremonies of WebAuthn, by the library's rules and a few of our own.

User verification is demanded, so that a passkey is two factors. Passkeys are discoverable: signing
in asks for no name, and so tells nobody whose names are known. A sign count that does not grow is
refused unless both are 0, as passkeys that are synced between devices do not count.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from api.access.people import NewPasskey, Passkey, User
from api.problems import NotSignedIn
from api.values import is_plain

SITE: Final = "Tidewire"
TIMEOUT_MS: Final = 300_000
MALFORMED: Final = (
    WebAuthnException, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError,
)  # fmt: skip
MOST_TRANSPORTS: Final = 8


@dataclass(frozen=True, slots=True)
class Ceremonies:
    """Makes options and judges answers for one site.

    Attributes:
        origin: that browsers see; site: its host, which passkeys belong to.
    """

    origin: str
    site: str

    def to_register(
        self, user: User, challenge: bytes, known: list[Passkey]
    ) -> dict[str, Any]:  # fmt: skip
        """Return what a browser needs to make a passkey; `known` ones are not made twice."""
        options = generate_registration_options(
            rp_id=self.site, rp_name=SITE, user_name=user.name, user_id=user.id.encode(),
            user_display_name=user.name, challenge=challenge, timeout=TIMEOUT_MS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(k.credential_id) for k in known],
        )  # fmt: skip
        found: dict[str, Any] = json.loads(options_to_json(options))
        return found

    def registered(self, credential: dict[str, Any], challenge: bytes, label: str) -> NewPasskey:
        """Return the passkey that a browser made.

        Raises:
            NotSignedIn: it is of another ceremony, page or site, or nobody was verified.
        """
        try:
            found = verify_registration_response(
                credential=credential, expected_challenge=challenge, expected_rp_id=self.site,
                expected_origin=self.origin, require_user_verification=True,
            )  # fmt: skip
        except MALFORMED as error:
            raise _refused() from error
        return NewPasskey(
            found.credential_id, found.credential_public_key, found.sign_count, found.aaguid,
            found.credential_backed_up, _transports(credential), label,
        )  # fmt: skip

    def to_sign_in(self, challenge: bytes) -> dict[str, Any]:
        """Return what a browser needs to show a passkey of this site: the same for everybody."""
        options = generate_authentication_options(
            rp_id=self.site, challenge=challenge, timeout=TIMEOUT_MS,
            user_verification=UserVerificationRequirement.REQUIRED,
        )  # fmt: skip
        found: dict[str, Any] = json.loads(options_to_json(options))
        return found

    def shown(
        self, credential: dict[str, Any], challenge: bytes, user: User, passkey: Passkey
    ) -> int:
        """Return the new sign count of a passkey that was shown.

        Raises:
            NotSignedIn: it is of another ceremony, page, site or person, nobody was verified, its
                count did not grow, or the signature is not its own.
        """
        try:
            handle = credential["response"].get("userHandle")
            if handle is not None and base64url_to_bytes(handle) != user.id.encode():
                raise _refused()
            found = verify_authentication_response(
                credential=credential, expected_challenge=challenge, expected_rp_id=self.site,
                expected_origin=self.origin, credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count, require_user_verification=True,
            )  # fmt: skip
        except MALFORMED as error:
            raise _refused() from error
        return found.new_sign_count


def credential_id_of(credential: dict[str, Any]) -> bytes:
    """Return which passkey is shown.

    Raises:
        NotSignedIn: it says none.
    """
    try:
        return base64url_to_bytes(credential["rawId"])
    except MALFORMED as error:
        raise _refused() from error


def _transports(credential: dict[str, Any]) -> list[str]:
    """Return how a browser may reach a passkey, of what it says that can be kept."""
    told = credential["response"].get("transports")
    if not isinstance(told, list):
        return []
    return [t[:20] for t in told if isinstance(t, str) and is_plain(t)][:MOST_TRANSPORTS]


def _refused() -> NotSignedIn:
    return NotSignedIn("PASSKEY_REFUSED", "This passkey was not accepted: try again.")
