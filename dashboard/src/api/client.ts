/** The API's client, typed by api/openapi.json; a 401 renews the token once and asks again. */

import createClient, { type Middleware } from "openapi-fetch";

import type { components, paths } from "./schema";
import { ApiProblem, Session, problemOf } from "./session";

export type Schemas = components["schemas"];

export const session = new Session();

/** Sends the token, and renews it once where it has run out. */
export function bearer(
  of: Session,
  send: typeof fetch = (...asked) => fetch(...asked),
): Middleware {
  const again = new WeakMap<Request, Request>();
  return {
    onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${of.access}`);
      again.set(request, request.clone()); // a body can be read once
      return request;
    },
    async onResponse({ request, response }) {
      if (response.status === 401) {
        const kept = again.get(request);
        if (kept && (await of.renew())) {
          kept.headers.set("Authorization", `Bearer ${of.access}`);
          const second = await send(kept);
          if (second.ok) return second;
          throw await problemOf(second);
        }
      }
      if (!response.ok) throw await problemOf(response);
      return response;
    },
  };
}

export const api = createClient<paths>({ baseUrl: globalThis.location?.origin ?? "" });
api.use(bearer(session));

/** The data of an answer; the middleware has thrown what was no success. */
export async function dataOf<T>(asked: Promise<{ data?: T; error?: unknown }>): Promise<T> {
  const { data, error } = await asked;
  if (data === undefined) throw new ApiProblem(0, (error ?? {}) as object);
  return data;
}

/** A key by which a control counts once, whatever the network does to the answer. */
export const newKey = (): string => crypto.randomUUID();
