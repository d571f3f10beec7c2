"""Where the API is: its origin, the hosts that it answers for, and its cookie."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from api.access.sessions import LASTS
from api.problems import Forbidden

LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")
MARK: Final = "x-tidewire"  # a header that no form and no foreign page can send unasked


@dataclass(frozen=True, slots=True)
class Origin:
    """One server's place on the web.

    Attributes:
        public: scheme://host[:port] that browsers see, without a path.
        port: that it listens on.
        cookie: name of the refresh token's; of this installation, run and port alone, as
            browsers keep cookies by host and not by port.
        links: one-time links may be used; not behind a proxy, where others may read them.
    """

    public: str
    port: int
    cookie: str
    links: bool = True

    @property
    def site(self) -> str:
        """Return the host that passkeys belong to."""
        return urlsplit(self.public).hostname or ""

    @property
    def secure(self) -> bool:
        """Tell whether browsers come over HTTPS."""
        return self.public.startswith("https://")

    @property
    def hosts(self) -> frozenset[str]:
        """Return the values of `Host` that are answered."""
        own = {f"{name}:{self.port}" for name in LOOPBACK}
        return frozenset({urlsplit(self.public).netloc.lower(), *own})

    def must_be_ours(self, request: Request) -> None:
        """Refuse a request that no page of ours made.

        Raises:
            Forbidden: its Origin is another one, or the header `X-Tidewire` is missing.
        """
        if request.headers.get("origin") != self.public or MARK not in request.headers:
            code = "FOREIGN_PAGE"
            detail = f"Send Origin: {self.public} and X-Tidewire: 1."
            raise Forbidden(code, detail)

    def keep(self, response: Response, token: str) -> None:
        """Give the browser a refresh token, which no script can read."""
        response.set_cookie(
            self.cookie, token, max_age=int(LASTS.total_seconds()), path="/auth",
            secure=self.secure, httponly=True, samesite="strict",
        )  # fmt: skip

    def forget(self, response: Response) -> None:
        """Take the refresh token back."""
        response.delete_cookie(
            self.cookie, path="/auth", secure=self.secure, httponly=True, samesite="strict"
        )
