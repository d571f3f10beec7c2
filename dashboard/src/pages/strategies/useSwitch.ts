/** Switching a strategy: asked once, pending until the list of strategies shows it. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { api, dataOf } from "../../api/client";
import { useKey } from "../../app/useControl";
import type { Strategy } from "./weights";

const LOOK_EVERY_MS = 1_000;
const GIVE_UP_MS = 30_000;

export interface SwitchControl {
  send: (asked: { active: boolean; why: string }) => void;
  /** What it is to become and is not yet; null: nothing is asked. */
  wanted: boolean | null;
  error: unknown;
  forget: () => void;
  /** It was taken, but the strategy was not seen to change for half a minute. */
  late: boolean;
}

/** @param taken is called when the API has taken it. */
export function useSwitch({ id, active }: Strategy, taken: () => void): SwitchControl {
  const client = useQueryClient();
  const [wanted, want] = useState<boolean | null>(null);
  const [late, setLate] = useState(false);
  const key = useKey();
  const asked = useMutation({
    mutationFn: (body: { active: boolean; why: string }) => {
      const params = { path: { id }, header: { "Idempotency-Key": key.of(body) } };
      return dataOf(api.PATCH("/api/strategies/{id}", { params, body }));
    },
    onMutate: () => setLate(false),
    onError: (error) => key.done(error),
    onSuccess: (_command, body) => {
      key.done();
      want(body.active);
      taken();
    },
  });
  if (wanted !== null && wanted === active) want(null); // seen: done
  useEffect(() => {
    if (wanted === null) return;
    const look = () => void client.invalidateQueries({ queryKey: ["strategies"] });
    const looking = setInterval(look, LOOK_EVERY_MS);
    const end = setTimeout(() => {
      want(null);
      setLate(true);
    }, GIVE_UP_MS);
    look();
    return () => {
      clearInterval(looking);
      clearTimeout(end);
    };
  }, [wanted, client]);
  return {
    send: asked.mutate,
    wanted: asked.isPending ? (asked.variables?.active ?? null) : wanted,
    error: asked.error,
    forget: asked.reset,
    late,
  };
}
