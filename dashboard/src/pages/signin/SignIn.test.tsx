import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { type MockInstance, beforeEach, describe, expect, it, vi } from "vitest";

import { session } from "../../api/client";
import { ApiProblem } from "../../api/session";
import { SignIn } from "./SignIn";

describe("signing in", () => {
  let post: MockInstance<typeof session.post>;
  beforeEach(() => {
    post = vi.spyOn(session, "post");
    vi.stubGlobal("PublicKeyCredential", () => undefined);
  });

  it("asks without a name, too, and says why it was refused", async () => {
    post.mockRejectedValue(new ApiProblem(429, { detail: "Too many: try again in 30 s." }));
    render(<SignIn invitation="" linkError={null} expired={false} />);
    await userEvent.click(screen.getByRole("button", { name: "Sign in with a passkey" }));
    expect(post).toHaveBeenCalledWith("/auth/login/begin", { name: "" });
    await waitFor(() => {
      expect(screen.getByRole("alert").textContent).toContain("try again in 30 s");
    });
    expect(screen.getByRole<HTMLButtonElement>("button").disabled).toBe(false);
  });

  it("registers with the invitation, and demands a name", async () => {
    post.mockRejectedValue(
      new ApiProblem(409, { detail: "Somebody has this name: choose another." }),
    );
    render(<SignIn invitation="token" linkError={null} expired={false} />);
    expect(screen.getByRole("heading", { name: "Make your passkey" })).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Make a passkey" }));
    expect(post).not.toHaveBeenCalled();
    await userEvent.type(screen.getByLabelText("Username"), "ada{Enter}");
    expect(post).toHaveBeenCalledWith("/auth/register/begin", { name: "ada", token: "token" });
    await waitFor(() => expect(screen.getByRole("alert").textContent).toContain("choose another"));
  });

  it("says that a sign-in has ended, that a link was used, that there are no passkeys", () => {
    const { unmount } = render(<SignIn invitation="" linkError={null} expired />);
    expect(screen.getByRole("alert").textContent).toContain("Your sign-in has ended.");
    unmount();
    const used = new ApiProblem(401, { detail: "This link was used: ask for another." });
    const second = render(<SignIn invitation="" linkError={used} expired={false} />);
    expect(screen.getByRole("alert").textContent).toContain("ask for another");
    second.unmount();
    vi.stubGlobal("PublicKeyCredential", undefined);
    render(<SignIn invitation="" linkError={null} expired={false} />);
    expect(screen.getByRole("alert").textContent).toContain("no passkeys");
    expect(screen.getByRole<HTMLButtonElement>("button").disabled).toBe(true);
  });
});
