import { render, screen } from "@testing-library/react";
import { Suspense } from "react";
import { describe, expect, it } from "vitest";

import { lazily } from "./lazily";

const module = { default: () => <p>whole</p>, Part: ({ of }: { of: string }) => <p>part {of}</p> };

describe("what is loaded lazily", () => {
  it("is drawn once its file is there", async () => {
    const Page = lazily(
      () => Promise.resolve(module),
      (it) => it.default,
    );
    const Part = lazily(
      () => Promise.resolve(module),
      (it) => it.Part,
    );
    render(
      <Suspense>
        <Page />
        <Part of="it" />
      </Suspense>,
    );
    expect(await screen.findByText("whole")).toBeTruthy();
    expect(screen.getByText("part it")).toBeTruthy();
  });

  it("is waited for where the page is being loaded anew, without an error", async () => {
    const gone = Promise.resolve(undefined) as unknown as Promise<typeof module>;
    const Page = lazily(
      () => gone,
      (it) => it.default,
    );
    render(
      <Suspense fallback={<p>waits</p>}>
        <Page />
      </Suspense>,
    );
    await gone;
    await Promise.resolve();
    expect(screen.getByText("waits")).toBeTruthy();
  });
});
