/** A dead letter's payload as text: what a machine sent, shown and never run. */

export interface Payload {
  text: string;
  /** Bytes that are there. */
  bytes: number;
  /** It was not UTF-8: what could not be read is marked. */
  broken: boolean;
}

export function decoded(base64: string): Payload {
  let raw: string;
  try {
    raw = atob(base64);
  } catch {
    return { text: base64, bytes: base64.length, broken: true };
  }
  const bytes = Uint8Array.from(raw, (letter) => letter.charCodeAt(0));
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return { text: visible(text), bytes: bytes.length, broken: false };
  } catch {
    const text = new TextDecoder("utf-8").decode(bytes);
    return { text: visible(text), bytes: bytes.length, broken: true };
  }
}

/** Control characters, and those that turn the direction of text, by their code points. */
function visible(text: string): string {
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (found) => {
      const code = found.charCodeAt(0).toString(16).padStart(4, "0");
      return `\\u${code}`;
    },
  );
}
