/** Toasts: fills, denials and changes of state, said once, politely. */

import { type ReactNode, createContext, use, useCallback, useMemo, useRef, useState } from "react";

import { Button } from "../components/controls";
import { Icon, type IconName } from "../components/Icon";

interface Toast {
  id: number;
  icon: IconName;
  title: ReactNode;
  detail?: ReactNode;
}

type Say = (toast: Omit<Toast, "id">) => void;

const MOST = 3;
const SHOWN_MS = 6_000;
const Context = createContext<Say>(() => undefined);

export const useSay = (): Say => use(Context);

export function Toasts({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<Toast[]>([]);
  const next = useRef(0);
  const drop = useCallback(
    (id: number) => setToasts((all) => all.filter((toast) => toast.id !== id)),
    [],
  );
  const say = useCallback<Say>(
    (toast) => {
      const id = next.current++;
      setToasts((all) => [...all, { ...toast, id }].slice(-MOST));
      setTimeout(() => drop(id), SHOWN_MS);
    },
    [drop],
  );
  const list = useMemo(
    () => (
      <div className="toasts" role="status" aria-live="polite">
        {toasts.map(({ id, icon, title, detail }) => (
          <div key={id} className="toast">
            <span className="mt-0.5 text-muted">
              <Icon name={icon} />
            </span>
            <span className="font-medium">{title}</span>
            <Button kind="ghost" size="s" aria-label="Dismiss" onClick={() => drop(id)}>
              <Icon name="cross" size={12} />
            </Button>
            {detail ? <p className="col-start-2 text-12 text-muted">{detail}</p> : null}
          </div>
        ))}
      </div>
    ),
    [toasts, drop],
  );
  return (
    <Context value={say}>
      {children}
      {list}
    </Context>
  );
}
