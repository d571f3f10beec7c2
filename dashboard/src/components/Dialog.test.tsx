import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, it } from "vitest";

import { Dialog } from "./Dialog";

function Page() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        Open
      </button>
      {open ? (
        <Dialog title="Stop" onClose={() => setOpen(false)}>
          <button type="button" data-first onClick={() => setOpen(false)}>
            Back
          </button>
        </Dialog>
      ) : null}
    </>
  );
}

it("begins where it is marked, and gives the focus back", async () => {
  render(<Page />);
  await userEvent.click(screen.getByRole("button", { name: "Open" }));
  expect(document.activeElement?.textContent).toBe("Back");
  await userEvent.click(screen.getByRole("button", { name: "Back" }));
  expect(document.activeElement?.textContent).toBe("Open");
});
