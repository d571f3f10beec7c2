/** A modal dialog: the browser's own, which makes the page behind it inert. */

import { type ReactNode, useEffect, useId, useRef } from "react";

interface DialogProps {
  title: ReactNode;
  onClose: () => void;
  children: ReactNode;
  footer?: ReactNode;
  /** alertdialog where something may be lost. */
  role?: "dialog" | "alertdialog";
  describedBy?: string;
}

export function Dialog({
  title,
  onClose,
  children,
  footer,
  role = "dialog",
  describedBy,
}: DialogProps) {
  const id = useId();
  return (
    <Modal onClose={onClose} role={role} labelledBy={id} describedBy={describedBy}>
      <div className="dialog">
        <header>
          <h2 id={id} className="text-16 font-semibold">
            {title}
          </h2>
        </header>
        <div className="body">{children}</div>
        {footer ? <footer>{footer}</footer> : null}
      </div>
    </Modal>
  );
}

/** The bare element, for what has no header: the palette. */
export function Modal({
  onClose,
  children,
  role = "dialog",
  labelledBy,
  label,
  describedBy,
}: {
  onClose: () => void;
  children: ReactNode;
  role?: "dialog" | "alertdialog";
  labelledBy?: string;
  label?: string;
  describedBy?: string | undefined;
}) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = box.current;
    const before = document.activeElement;
    if (dialog && !dialog.open) dialog.showModal();
    // React's autoFocus comes before the dialog is open, and is lost: this marks where to begin.
    dialog?.querySelector<HTMLElement>("[data-first]")?.focus();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={box}
      role={role}
      aria-labelledby={labelledBy}
      aria-label={label}
      aria-describedby={describedBy}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === box.current) onClose(); // the scrim
      }}
    >
      {children}
    </dialog>
  );
}
