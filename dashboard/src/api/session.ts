/** Who is signed in: the access token, in memory only, and its renewal by the cookie. */

import type { components } from "./schema";

export type Me = components["schemas"]["Me"];
type SignedIn = components["schemas"]["SignedIn"];
type Problem = components["schemas"]["ProblemDetails"];

/** Proves that a request comes from this page, which no foreign page can send. */
export const OURS = { "X-Tidewire": "1", "Content-Type": "application/json" };

/** What the API said against a request: `code` for programs, the message for people. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: Record<string, string>;
  readonly requestId: string;
  readonly retryAfter: number | null;

  constructor(status: number, problem: Partial<Problem>, retryAfter: number | null = null) {
    super(problem.detail ?? "The API did not answer as expected.");
    this.name = "ApiProblem";
    this.status = status;
    this.code = problem.code ?? "UNKNOWN";
    this.fields = (problem.fields ?? {}) as Record<string, string>;
    this.requestId = problem.request_id ?? "";
    this.retryAfter = retryAfter;
  }
}

/** Reads an answer that is no success. */
export async function problemOf(answer: Response): Promise<ApiProblem> {
  const after = Number(answer.headers.get("Retry-After"));
  const body = (await answer.json().catch(() => ({}))) as Partial<Problem>;
  return new ApiProblem(answer.status, body, Number.isFinite(after) && after > 0 ? after : null);
}

type Fetch = typeof fetch;

/** The token and its renewal; one renewal serves all that wait for it. */
export class Session {
  private token = "";
  /** The sign-in was ended by whoever had it, on purpose. */
  left = false;
  private renewal: Promise<boolean> | null = null;
  private readonly listeners = new Set<() => void>();
  private readonly fetch: Fetch;

  constructor(fetching: Fetch = (...asked) => fetch(...asked)) {
    this.fetch = fetching;
  }

  /** The access token; empty when nobody is signed in. */
  get access(): string {
    return this.token;
  }

  /** Calls back when somebody signs in or a sign-in ends; returns what stops that. */
  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Whether somebody is signed in; for useSyncExternalStore. */
  signedIn = (): boolean => this.token !== "";

  take(signedIn: SignedIn): void {
    this.token = signedIn.access_token;
    this.left = false;
    this.tell();
  }

  /** Forgets the token: the sign-in has ended. */
  drop(): void {
    this.token = "";
    this.tell();
  }

  /** Posts to a route of signing in; throws ApiProblem. */
  async post<T>(path: string, body: unknown = {}): Promise<T> {
    const headers: Record<string, string> = { ...OURS };
    if (this.token) headers["Authorization"] = `Bearer ${this.token}`;
    const sent = { method: "POST", headers, body: JSON.stringify(body) };
    const answer = await this.fetch(path, sent);
    if (!answer.ok) throw await problemOf(answer);
    return (answer.status === 204 ? undefined : await answer.json()) as T;
  }

  /** Exchanges a link's token, once. */
  async useLink(token: string): Promise<void> {
    this.take(await this.post<SignedIn>("/auth/link", { token }));
  }

  /** Renews the access token by the cookie; false: sign in again. Throws where the API is away. */
  renew(): Promise<boolean> {
    this.renewal ??= this.askAnew().finally(() => {
      this.renewal = null;
    });
    return this.renewal;
  }

  private async askAnew(): Promise<boolean> {
    const answer = await this.fetch("/auth/refresh", { method: "POST", headers: OURS, body: "{}" });
    if (answer.ok) {
      this.take((await answer.json()) as SignedIn);
      return true;
    }
    if (answer.status === 401 || answer.status === 403) {
      this.drop();
      return false;
    }
    throw await problemOf(answer);
  }

  /** Ends the sign-in at the API, and then here; throws where it goes on, as nobody answered. */
  async leave(): Promise<void> {
    try {
      await this.post("/auth/logout");
    } catch (error) {
      if (!(error instanceof ApiProblem && error.status === 401)) throw error; // over already
    }
    this.left = true;
    this.drop();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
