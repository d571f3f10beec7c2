/** Ceremonies of passkeys: the server's options to the device, its answer back. */

import {
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  WebAuthnError,
  browserSupportsWebAuthn,
  startAuthentication,
  startRegistration,
} from "@simplewebauthn/browser";

import { session } from "../../api/client";
import type { components } from "../../api/schema";
import { ApiProblem } from "../../api/session";

type Ceremony = components["schemas"]["Ceremony"];
type SignedIn = components["schemas"]["SignedIn"];

/** Registers by an invitation or this machine's link, and signs in. */
export async function register(name: string, token: string): Promise<void> {
  const asked = { name, token };
  const { ceremony, options } = await session.post<Ceremony>("/auth/register/begin", asked);
  const optionsJSON = options as unknown as PublicKeyCredentialCreationOptionsJSON;
  const credential = await startRegistration({ optionsJSON });
  const done = { ...asked, ceremony, credential };
  session.take(await session.post<SignedIn>("/auth/register/complete", done));
}

/** Signs in; without a name the device offers the passkeys that it has for this place. */
export async function signIn(name: string): Promise<void> {
  const { ceremony, options } = await session.post<Ceremony>("/auth/login/begin", { name });
  const optionsJSON = options as unknown as PublicKeyCredentialRequestOptionsJSON;
  const credential = await startAuthentication({ optionsJSON });
  session.take(await session.post<SignedIn>("/auth/login/complete", { ceremony, credential }));
}

/** Adds a passkey to the one who is signed in. */
export async function addPasskey(label: string): Promise<void> {
  const { ceremony, options } = await session.post<Ceremony>("/auth/passkeys/begin");
  const optionsJSON = options as unknown as PublicKeyCredentialCreationOptionsJSON;
  const credential = await startRegistration({ optionsJSON });
  await session.post("/auth/passkeys/complete", { ceremony, credential, label });
}

export const supported = browserSupportsWebAuthn;

export interface Notice {
  tone: "accent" | "warn" | "loss";
  title: string;
  detail: string;
}

const nameOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "name" in error ? String(error.name) : "";

/** What went wrong in a ceremony, and what to do. */
export function noticeOf(error: unknown): Notice {
  if (error instanceof ApiProblem) {
    if (error.code === "DEMO_HAS_NO_PEOPLE") {
      return {
        tone: "accent",
        title: "This is a demo: it has no people.",
        detail: "Open the link that it printed, or ask for another: tidewire access link",
      };
    }
    return { tone: "loss", title: "That did not work.", detail: error.message };
  }
  const name = nameOf(error instanceof WebAuthnError ? error.cause : error);
  if (name === "NotAllowedError" || name === "AbortError") {
    return {
      tone: "warn",
      title: "Nothing was signed.",
      detail: "The passkey window was closed, or it timed out. Try again when ready.",
    };
  }
  if (name === "InvalidStateError") {
    return {
      tone: "warn",
      title: "This device has a passkey here already.",
      detail: "Sign in with it instead.",
    };
  }
  if (error instanceof TypeError) {
    return {
      tone: "loss",
      title: "The API cannot be reached.",
      detail: "Is Tidewire still running? `tidewire status` says so in a terminal.",
    };
  }
  return {
    tone: "loss",
    title: "That did not work.",
    detail: error instanceof Error ? error.message : "",
  };
}

export const UNSUPPORTED: Notice = {
  tone: "loss",
  title: "This browser has no passkeys.",
  detail: "Open Tidewire at localhost or over HTTPS in a current browser.",
};
