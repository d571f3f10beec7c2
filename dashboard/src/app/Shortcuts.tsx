import { Button } from "../components/controls";
import { Dialog } from "../components/Dialog";
import { PAGES } from "./pages";

const OTHERS = [
  ["Ctrl K", "Search and commands (⌘ K on a Mac)"],
  ["?", "This sheet"],
  ["Esc", "Close what is on top"],
  ["Tab", "Next control; Enter or Space uses it"],
] as const;

export function Shortcuts({ onClose }: { onClose: () => void }) {
  return (
    <Dialog
      title="Keyboard shortcuts"
      onClose={onClose}
      footer={
        <>
          <span className="spacer" />
          <Button onClick={onClose}>Close</Button>
        </>
      }
    >
      <dl className="grid grid-cols-[auto_1fr] items-center gap-x-6 gap-y-2 pt-3">
        {PAGES.map(({ key, name }) => (
          <div key={key} className="contents">
            <dt>
              <kbd>g</kbd> <kbd>{key}</kbd>
            </dt>
            <dd>Go to {name}</dd>
          </div>
        ))}
        {OTHERS.map(([keys, what]) => (
          <div key={keys} className="contents">
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
