import { cleanup, configure } from "@testing-library/react";
import { afterEach, beforeEach } from "vitest";

configure({ asyncUtilTimeout: 60_000 }); // far beyond what a busy machine needs

// jsdom has the element, but neither of these; the real ones are tried in a real browser.
HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
  this.open = true;
};
HTMLDialogElement.prototype.close ??= function (this: HTMLDialogElement) {
  this.open = false;
};

// A warning is an error: React's are about faults that people meet later.
let said: string[] = [];
const plain = { error: console.error, warn: console.warn };
beforeEach(() => {
  said = [];
  console.error = console.warn = (...words: unknown[]) =>
    void said.push(words.map(String).join(" "));
});
afterEach(() => {
  cleanup();
  Object.assign(console, plain);
  if (said.length) throw new Error(`said on the console:\n${said.join("\n")}`);
});
