/** Signing in with a passkey, and registering one. */

import { type FormEvent, useState } from "react";

import { Button, Field } from "../../components/controls";
import { Icon, Mark } from "../../components/Icon";
import { type Notice, UNSUPPORTED, noticeOf, register, signIn, supported } from "./passkeys";

interface SignInProps {
  /** A token to register by; empty: none was given. */
  invitation: string;
  /** Why the link's token did not sign in. */
  linkError: unknown;
  /** A sign-in has ended on this page: whoever signs in comes back to it. */
  expired: boolean;
}

const ENDED: Notice = {
  tone: "accent",
  title: "Your sign-in has ended.",
  detail: "Sign in to go on where you were.",
};

export function SignIn({ invitation, linkError, expired }: SignInProps) {
  const registers = invitation !== "";
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  const [notice, setNotice] = useState<Notice | null>(() => {
    if (!supported()) return UNSUPPORTED;
    if (linkError) return linkNotice(linkError);
    return expired ? ENDED : null;
  });
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setNotice(null);
    try {
      await (registers ? register(name, invitation) : signIn(name));
    } catch (error) {
      setNotice(noticeOf(error));
      setBusy(false);
    }
  };
  return (
    <main className="relative grid min-h-screen content-center justify-items-center gap-5 px-4">
      <Wire />
      <div className="relative flex items-center gap-2 text-20 font-semibold">
        <span className="text-accent">
          <Mark />
        </span>
        Tidewire
      </div>
      <h1 className="relative !text-20">
        {registers ? "Make your passkey" : "Sign in to your desk"}
      </h1>
      <form
        onSubmit={(event) => void submit(event)}
        className="relative grid w-90 max-w-full gap-4 rounded-dialog border border-line bg-card p-6"
      >
        <div role="alert" className="empty:hidden">
          {notice ? <Said {...notice} /> : null}
        </div>
        <Field
          label="Username"
          className="l"
          name="username"
          autoComplete="username webauthn"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={64}
          required={registers}
          autoFocus
          value={name}
          onChange={(event) => setName(event.target.value)}
          hint={
            registers
              ? "As others will see you."
              : "May stay empty: your device knows its passkeys."
          }
        />
        <Button
          kind="primary"
          size="l"
          type="submit"
          className="wide"
          disabled={!supported()}
          pending={busy && "Waiting for your device..."}
        >
          <Icon name="key" />
          {registers ? "Make a passkey" : "Sign in with a passkey"}
        </Button>
        <p className="text-12 text-muted">
          {registers
            ? "A finger, a face or a PIN of your device signs you in from now on. No password is ever asked for or stored."
            : "No password is ever asked for or stored. First time here? Open the link of "}
          {registers ? null : <code className="mono">tidewire access link</code>}
          {registers ? null : "."}
        </p>
      </form>
    </main>
  );
}

function linkNotice(error: unknown): Notice {
  const { detail } = noticeOf(error);
  return { tone: "warn", title: "The link did not sign you in.", detail };
}

const GROUND = { accent: "bg-accent-bg", warn: "bg-warn-bg", loss: "bg-loss-bg" };
const INK = { accent: "text-accent", warn: "text-warn", loss: "text-loss" };

function Said({ tone, title, detail }: Notice) {
  return (
    <div className={`flex gap-2 rounded-card p-3 text-12 ${GROUND[tone]}`}>
      <span className={INK[tone]}>
        <Icon name={tone === "accent" ? "key" : "warn"} />
      </span>
      <div>
        <b className="font-semibold">{title}</b> {detail}
      </div>
    </div>
  );
}

/** A tide of numbers, for the eye only. */
function Wire() {
  return (
    <svg
      className="absolute inset-x-0 bottom-0 h-1/4 w-full opacity-40"
      viewBox="0 0 100 24"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path
        d="M0 24V23l6-1 6-3 5 1 6-4 5-6 6 1 6-2 7 2 6-4 6 2 7-5 6 1 6-2 6 2 7-2 6 1 3-3v23z"
        fill="var(--accent)"
        fillOpacity="0.06"
      />
      <path
        d="M0 23l6-1 6-3 5 1 6-4 5-6 6 1 6-2 7 2 6-4 6 2 7-5 6 1 6-2 6 2 7-2 6 1 3-3"
        fill="none"
        stroke="var(--accent)"
        strokeOpacity="0.5"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}
