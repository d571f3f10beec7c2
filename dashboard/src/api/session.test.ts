import { describe, expect, it, vi } from "vitest";

import { bearer } from "./client";
import { ApiProblem, Session } from "./session";

const answer = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(status === 204 ? null : JSON.stringify(body), { status, headers });
const signedIn = (token: string) => answer({ access_token: token, token_type: "Bearer" });
const unasked = { schemaPath: "", params: {}, id: "", options: {} as never };

describe("a session", () => {
  it("exchanges a link's token by POST with the header that no foreign page can send", async () => {
    const fetching = vi.fn<typeof fetch>().mockResolvedValue(signedIn("one"));
    const session = new Session(fetching);
    const told = vi.fn();
    session.subscribe(told);
    await session.useLink("secret");
    expect(session.access).toBe("one");
    expect(told).toHaveBeenCalledOnce();
    const [path, sent] = fetching.mock.calls[0] ?? [];
    expect(path).toBe("/auth/link");
    expect(sent?.method).toBe("POST");
    expect(new Headers(sent?.headers).get("X-Tidewire")).toBe("1");
    expect(sent?.body).toBe('{"token":"secret"}');
  });

  it("asks for one renewal however many wait for it", async () => {
    let give: (value: Response) => void = () => undefined;
    const fetching = vi
      .fn<typeof fetch>()
      .mockReturnValue(new Promise<Response>((resolve) => (give = resolve)));
    const session = new Session(fetching);
    const waiting = [session.renew(), session.renew(), session.renew()];
    give(signedIn("two"));
    expect(await Promise.all(waiting)).toEqual([true, true, true]);
    expect(fetching).toHaveBeenCalledOnce();
    expect(session.access).toBe("two");
  });

  it("drops the token where the cookie is refused, and keeps it where the API is away", async () => {
    const fetching = vi.fn<typeof fetch>();
    const session = new Session(fetching);
    session.take({ access_token: "old" } as never);
    fetching.mockResolvedValueOnce(answer({ detail: "away", code: "AWAY" }, 503));
    await expect(session.renew()).rejects.toMatchObject({ status: 503, code: "AWAY" });
    expect(session.access).toBe("old");
    fetching.mockResolvedValueOnce(answer({}, 401));
    expect(await session.renew()).toBe(false);
    expect(session.signedIn()).toBe(false);
  });

  it("stays signed in where the API did not hear of leaving, and leaves where it is over", async () => {
    const fetching = vi.fn<typeof fetch>().mockRejectedValueOnce(new TypeError("away"));
    const session = new Session(fetching);
    session.take({ access_token: "old" } as never);
    await expect(session.leave()).rejects.toThrow("away");
    expect([session.signedIn(), session.left]).toEqual([true, false]);
    fetching.mockResolvedValueOnce(answer({ code: "SESSION_ENDED" }, 401));
    await session.leave();
    expect([session.signedIn(), session.left]).toEqual([false, true]);
    session.take({ access_token: "new" } as never);
    expect(session.left).toBe(false);
  });

  it("says what the API said", async () => {
    const problem = { detail: "Correct first.", code: "NOT_ALLOWED", fields: { first: "too old" } };
    const fetching = vi
      .fn<typeof fetch>()
      .mockResolvedValue(answer(problem, 422, { "Retry-After": "7" }));
    const failed = new Session(fetching).post("/auth/link");
    await expect(failed).rejects.toBeInstanceOf(ApiProblem);
    await expect(failed).rejects.toMatchObject({
      message: "Correct first.",
      fields: { first: "too old" },
      retryAfter: 7,
    });
  });

  it("says something even of an answer that is no problem", async () => {
    const page = new Response("<html>", { status: 502 });
    const failed = new Session(vi.fn<typeof fetch>().mockResolvedValue(page)).post("/auth/link");
    await expect(failed).rejects.toMatchObject({ status: 502, code: "UNKNOWN" });
  });
});

describe("the bearer", () => {
  const asked = () => new Request("http://localhost/api/x", { method: "POST", body: '{"a":1}' });

  async function through(session: Session, first: Response, send: typeof fetch) {
    const middleware = bearer(session, send);
    const request = asked();
    await middleware.onRequest?.({ ...unasked, request } as never);
    expect(request.headers.get("Authorization")).toBe("Bearer old");
    await request.text(); // the network has read it
    return middleware.onResponse?.({ ...unasked, request, response: first } as never);
  }

  it("renews once after a 401 and sends the same again, body and all", async () => {
    const session = new Session(vi.fn<typeof fetch>().mockResolvedValue(signedIn("new")));
    session.take({ access_token: "old" } as never);
    const bodies: string[] = [];
    const send = vi.fn<typeof fetch>(async (input) => {
      const request = input as Request;
      bodies.push(`${request.headers.get("Authorization")} ${await request.text()}`);
      return answer({ ok: true });
    });
    const second = await through(session, answer({}, 401), send);
    expect(bodies).toEqual(['Bearer new {"a":1}']);
    expect((second as Response).status).toBe(200);
  });

  it("gives up where the renewal is refused, and where the second answer is none", async () => {
    const refused = new Session(vi.fn<typeof fetch>().mockResolvedValue(answer({}, 401)));
    refused.take({ access_token: "old" } as never);
    const never = vi.fn<typeof fetch>();
    await expect(
      through(refused, answer({ code: "SESSION_ENDED" }, 401), never),
    ).rejects.toMatchObject({
      code: "SESSION_ENDED",
    });
    expect(never).not.toHaveBeenCalled();

    const session = new Session(vi.fn<typeof fetch>().mockResolvedValue(signedIn("new")));
    session.take({ access_token: "old" } as never);
    const send = vi.fn<typeof fetch>().mockResolvedValue(answer({ code: "ROLE_TOO_WEAK" }, 403));
    await expect(through(session, answer({}, 401), send)).rejects.toMatchObject({ status: 403 });
    expect(send).toHaveBeenCalledOnce();
  });
});
