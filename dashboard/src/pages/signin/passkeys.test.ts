import { WebAuthnError } from "@simplewebauthn/browser";
import { describe, expect, it } from "vitest";

import { ApiProblem } from "../../api/session";
import { noticeOf } from "./passkeys";

const device = (name: string) =>
  new WebAuthnError({
    message: name,
    code: "ERROR_PASSTHROUGH_SEE_CAUSE_PROPERTY",
    cause: new DOMException("x", name),
  });

describe("what went wrong with a passkey", () => {
  it.each([
    [device("NotAllowedError"), "Nothing was signed."],
    [new DOMException("x", "AbortError"), "Nothing was signed."],
    [device("InvalidStateError"), "This device has a passkey here already."],
    [new TypeError("Failed to fetch"), "The API cannot be reached."],
    [new ApiProblem(401, { detail: "Try again.", code: "PASSKEY_REFUSED" }), "That did not work."],
    [new ApiProblem(409, { code: "DEMO_HAS_NO_PEOPLE" }), "This is a demo: it has no people."],
  ])("%s: %s", (error, title) => {
    const notice = noticeOf(error);
    expect(notice.title).toBe(title);
    expect(notice.detail).not.toBe("");
  });
});
