/**
 * The WebSocket to /ws: signs in with a ticket, comes back by its cursor, and says how it is.
 *
 * It knows nothing of React: `Live` below is driven by tests with a socket of their own.
 */

import type { components } from "../api/schema";

export type Channel = "trades" | "signals" | "news" | "portfolio" | "system" | "backtests";

/** An event as the API tells it; `data` is the message of its topic. */
export interface LiveEvent {
  type: "event";
  channel: Channel;
  kind: string;
  cursor?: string;
  data: Record<string, unknown>;
}

interface Welcome {
  type: "welcome";
  cursor: string;
  gap: boolean;
  heartbeat_s: number;
}
interface Heartbeat {
  type: "heartbeat";
  cursor: string;
}
type Message = LiveEvent | Welcome | Heartbeat;

/**
 * How the connection is.
 *
 * - connecting: the first time, or again; `since`: when it was lost, milliseconds; null at first.
 * - live: events come; `heard`: when the last message came.
 * - ended: the sign-in has ended; it does not come back by itself.
 */
export type Connection =
  | { state: "connecting"; since: number | null; attempt: number }
  | { state: "live"; heard: number }
  | { state: "ended" };

/** What a connection needs of the world; tests give their own. */
export interface World {
  open: (url: string) => WebSocket;
  ticket: () => Promise<components["schemas"]["Ticket"]>;
  later: (act: () => void, milliseconds: number) => () => void;
  now: () => number;
  random: () => number;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const MISSED_BEATS = 2.5;
const SIGN_IN_ENDED = 4403;
const NO_CURSOR = 4400;
const SOON_MS = 3_000;
const TOLD_EVERY_MS = 1_000;

/** How long to wait before the nth attempt: doubling, with a random part against stampedes. */
export function wait(attempt: number, random: number): number {
  const ceiling = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
  return ceiling / 2 + (random * ceiling) / 2;
}

/** Whether an error of the ticket's means that nobody is signed in any more. */
function signedOut(error: unknown): boolean {
  return error instanceof Error && "status" in error && error.status === 401;
}

export class Live {
  private socket: WebSocket | null = null;
  private cursor = "";
  private attempt = 0;
  private lost: number | null = null;
  private asking = false;
  private over = false;
  private turn = 0; // of attempts: an older one's ticket opens nothing
  private blind = false; // what was told before the next welcome was not heard
  private cancel: () => void = () => undefined;
  private silence: () => void = () => undefined;
  private heartbeatMs = 10_000;
  private current: Connection = { state: "connecting", since: null, attempt: 0 };
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly url: string,
    private readonly channels: readonly Channel[],
    private readonly world: World,
    private readonly take: (event: LiveEvent) => void,
    private readonly gap: () => void,
  ) {}

  /** How it is now. */
  get connection(): Connection {
    return this.current;
  }

  /** Calls back at each change; returns what stops that. */
  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  start(): void {
    this.over = false;
    void this.connect();
  }

  /** Closes for good. */
  stop(): void {
    this.over = true;
    this.cancel();
    this.silence();
    this.socket?.close(1000);
    this.socket = null;
  }

  /** Comes back now rather than after the wait: the browser is online again, or somebody asks. */
  retry(): void {
    const idle = this.current.state === "connecting" && !this.socket && !this.asking;
    if (this.over || !idle) return;
    this.cancel();
    void this.connect();
  }

  private async connect(): Promise<void> {
    const turn = ++this.turn;
    const since = this.world.now();
    let ticket: string;
    this.asking = true;
    try {
      ({ ticket } = await this.world.ticket());
    } catch (error) {
      if (this.over || turn !== this.turn) return;
      this.asking = false;
      if (signedOut(error)) this.become({ state: "ended" });
      else this.again();
      return;
    }
    if (this.over || turn !== this.turn) return;
    this.asking = false;
    this.blind ||= !this.cursor && (this.attempt > 0 || this.world.now() - since > SOON_MS);
    const socket = this.world.open(this.url);
    this.socket = socket;
    this.listen();
    socket.onopen = () => {
      const hello = { type: "hello", ticket, channels: this.channels };
      socket.send(JSON.stringify(this.cursor ? { ...hello, cursor: this.cursor } : hello));
    };
    socket.onmessage = ({ data }) => {
      if (socket === this.socket) this.hear(JSON.parse(String(data)) as Message);
    };
    socket.onclose = ({ code }) => {
      if (socket !== this.socket) return;
      this.socket = null;
      this.silence();
      if (this.over) return;
      if (code === NO_CURSOR) {
        this.cursor = ""; // of another run, or of another version: begin anew
        this.blind = true;
      }
      if (code === SIGN_IN_ENDED) this.become({ state: "ended" });
      else this.again();
    };
  }

  private hear(message: Message): void {
    if (message.type === "welcome") {
      this.attempt = 0;
      this.lost = null;
      this.heartbeatMs = message.heartbeat_s * 1_000;
      if (message.gap || this.blind) this.gap();
      this.blind = false;
    }
    if (message.cursor) this.cursor = message.cursor;
    if (message.type === "event") this.take(message);
    const heard = this.world.now();
    const known = this.current.state === "live" ? this.current.heard : -Infinity;
    if (heard - known >= TOLD_EVERY_MS) this.become({ state: "live", heard });
    this.listen();
  }

  /** A socket that says nothing for some heartbeats is dead, whatever the network thinks. */
  private listen(): void {
    this.silence();
    this.silence = this.world.later(() => {
      const dead = this.socket;
      this.socket = null;
      dead?.close();
      this.again();
    }, this.heartbeatMs * MISSED_BEATS);
  }

  private again(): void {
    this.lost ??= this.world.now();
    this.attempt += 1;
    this.become({ state: "connecting", since: this.lost, attempt: this.attempt });
    const milliseconds = wait(this.attempt - 1, this.world.random());
    this.cancel = this.world.later(() => void this.connect(), milliseconds);
  }

  private become(connection: Connection): void {
    this.current = connection;
    for (const listener of this.listeners) listener();
  }
}
