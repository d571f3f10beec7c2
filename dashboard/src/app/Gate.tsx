/** Lets in who is signed in; signs in by the link's token or the cookie; else asks. */

import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef, useState, useSyncExternalStore } from "react";

import { session } from "../api/client";
import { ErrorState } from "../components/Panel";
import { LiveProvider } from "../live/LiveProvider";
import { SignIn } from "../pages/signin/SignIn";
import { Toasts } from "./toasts";

/** What the address brought along behind its #, where no server and no log sees it. */
function givenTokens(): { link: string; register: string } {
  const given = new URLSearchParams(location.hash.slice(1));
  const found = { link: given.get("link") ?? "", register: given.get("register") ?? "" };
  // It stays in no history, and is good only once.
  if (found.link || found.register)
    history.replaceState(null, "", location.pathname + location.search);
  return found;
}

type Stage = "asking" | "known" | { failed: unknown };

export function Gate({ children }: { children: ReactNode }) {
  const [tokens] = useState(givenTokens);
  const [stage, setStage] = useState<Stage>("asking");
  const [attempt, setAttempt] = useState(0);
  const [linkError, setLinkError] = useState<unknown>(null);
  const signedIn = useSyncExternalStore(session.subscribe, session.signedIn);
  const [wasIn, setWasIn] = useState(false);
  const client = useQueryClient();
  if (signedIn && !wasIn) setWasIn(true);

  useEffect(() => {
    if (!signedIn && wasIn) client.clear(); // another person may sign in
  }, [signedIn, wasIn, client]);

  useEffect(() => {
    // A link that is pasted into this tab changes the part behind the # alone.
    const given = () => {
      if (/[#&](link|register)=/.test(location.hash)) location.reload();
    };
    addEventListener("hashchange", given);
    return () => removeEventListener("hashchange", given);
  }, []);

  const linkUsed = useRef(false);
  useEffect(() => {
    let over = false;
    const enter = async () => {
      if (tokens.register) return;
      if (tokens.link && !linkUsed.current) {
        linkUsed.current = true;
        try {
          await session.useLink(tokens.link);
          return;
        } catch (error) {
          setLinkError(error);
        }
      }
      if (!session.access) await session.renew();
    };
    enter().then(
      () => over || setStage("known"),
      (failed: unknown) => over || setStage({ failed }),
    );
    return () => {
      over = true;
    };
  }, [tokens, attempt]);

  if (signedIn) {
    return (
      <Toasts>
        <LiveProvider>{children}</LiveProvider>
      </Toasts>
    );
  }
  if (stage === "asking") return <main aria-busy="true" className="min-h-screen" />;
  if (stage !== "known") {
    const retry = () => {
      setStage("asking");
      setAttempt((count) => count + 1);
    };
    return (
      <main>
        <h1 className="sr">Tidewire</h1>
        <ErrorState error={stage.failed} retry={retry} height={600} />
      </main>
    );
  }
  return (
    <SignIn invitation={tokens.register} linkError={linkError} expired={wasIn && !session.left} />
  );
}
