import { beforeEach, describe, expect, it, vi } from "vitest";

import { type Connection, Live, type LiveEvent, type World, wait } from "./connection";

class FakeSocket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  sent: Record<string, unknown>[] = [];
  closed = 0;
  send = (text: string) => this.sent.push(JSON.parse(text) as Record<string, unknown>);
  close = () => (this.closed += 1);
  say(message: Record<string, unknown>) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

/** The world by hand: time passes when `pass` says so. */
function world() {
  const sockets: FakeSocket[] = [];
  const timers = new Map<number, { act: () => void; at: number }>();
  let now = 1_000_000;
  let next = 0;
  const ticket = vi.fn<World["ticket"]>().mockResolvedValue({ ticket: "t" } as never);
  const given: World = {
    open: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
    ticket,
    later: (act, milliseconds) => {
      const id = next++;
      timers.set(id, { act, at: now + milliseconds });
      return () => timers.delete(id);
    },
    now: () => now,
    random: () => 1,
  };
  const pass = async (milliseconds: number) => {
    now += milliseconds;
    for (const [id, timer] of [...timers]) {
      if (timer.at <= now && timers.delete(id)) timer.act();
    }
    await settled();
  };
  return { given, sockets, ticket, pass, waiting: () => timers.size };
}

/** Lets promises that are kept already go on. */
const settled = async () => {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
};
const welcome = { type: "welcome", cursor: "c1", gap: false, heartbeat_s: 10 };
const event = (cursor: string) => ({
  type: "event",
  channel: "trades",
  kind: "trades.executed",
  cursor,
  data: {},
});

describe("the connection", () => {
  let w: ReturnType<typeof world>;
  let live: Live;
  let heard: LiveEvent[];
  const gap = vi.fn();
  const seen: string[] = [];

  beforeEach(async () => {
    w = world();
    heard = [];
    gap.mockReset();
    seen.length = 0;
    live = new Live("ws://x/ws", ["trades"], w.given, (told) => heard.push(told), gap);
    live.subscribe(() => seen.push(live.connection.state));
    live.start();
    await settled();
    w.sockets[0]?.onopen?.();
  });

  const socket = (index: number) => w.sockets[index] as FakeSocket;

  it("says hello with a ticket and its channels, and is live once welcomed", () => {
    expect(socket(0).sent).toEqual([{ type: "hello", ticket: "t", channels: ["trades"] }]);
    expect(live.connection.state).toBe("connecting");
    socket(0).say(welcome);
    expect(live.connection.state).toBe("live");
    socket(0).say(event("c2"));
    expect(heard).toHaveLength(1);
  });

  it("comes back by the newest cursor that it saw, with a new ticket", async () => {
    socket(0).say(welcome);
    socket(0).say(event("c2"));
    socket(0).say({ type: "heartbeat", cursor: "c3" });
    socket(0).onclose?.({ code: 1006 });
    expect(live.connection).toMatchObject({ state: "connecting", attempt: 1, since: 1_000_000 });
    await w.pass(500);
    socket(1).onopen?.();
    expect(socket(1).sent[0]).toMatchObject({ cursor: "c3" });
    expect(w.ticket).toHaveBeenCalledTimes(2);
    socket(1).say(welcome);
    expect(live.connection.state).toBe("live");
    expect(gap).not.toHaveBeenCalled();
  });

  it("waits twice as long after each failure, and remembers since when it is away", async () => {
    socket(0).say(welcome);
    socket(0).onclose?.({ code: 1006 });
    for (const [index, milliseconds] of [500, 1_000, 2_000, 4_000].entries()) {
      await w.pass(milliseconds - 1);
      expect(w.sockets).toHaveLength(index + 1);
      await w.pass(1);
      expect(w.sockets).toHaveLength(index + 2);
      socket(index + 1).onclose?.({ code: 1006 });
      expect(live.connection).toMatchObject({ since: 1_000_000, attempt: index + 2 });
    }
  });

  it("tries again where no ticket is to be had, and ends where nobody is signed in", async () => {
    socket(0).say(welcome);
    w.ticket.mockRejectedValueOnce(Object.assign(new Error(), { status: 503 }));
    socket(0).onclose?.({ code: 4503 });
    await w.pass(500);
    expect(live.connection).toMatchObject({ state: "connecting", attempt: 2 });
    w.ticket.mockRejectedValueOnce(Object.assign(new Error(), { status: 401 }));
    await w.pass(1_000);
    expect(live.connection.state).toBe("ended");
    await w.pass(60_000);
    expect(w.sockets).toHaveLength(1);
  });

  it("ends when the sign-in does", () => {
    socket(0).say(welcome);
    socket(0).onclose?.({ code: 4403 });
    expect(live.connection).toEqual<Connection>({ state: "ended" });
    expect(w.waiting()).toBe(0);
  });

  it("asks for everything anew after a gap", () => {
    socket(0).say({ ...welcome, gap: true });
    expect(gap).toHaveBeenCalledOnce();
  });

  it("takes a socket that is silent for some heartbeats as dead", async () => {
    socket(0).say(welcome);
    await w.pass(24_999);
    expect(live.connection.state).toBe("live");
    await w.pass(1);
    expect(live.connection.state).toBe("connecting");
    expect(socket(0).closed).toBe(1);
    socket(0).say(event("late")); // from the dead
    expect(heard).toHaveLength(0);
  });

  it("comes back at once when asked, and only once", async () => {
    socket(0).say(welcome);
    socket(0).onclose?.({ code: 1006 });
    live.retry();
    live.retry();
    await settled();
    expect(w.sockets).toHaveLength(2);
    await w.pass(500);
    expect(w.sockets).toHaveLength(2);
  });

  it("opens one socket however often it is asked while a ticket is on its way", async () => {
    socket(0).say(welcome);
    let give: (ticket: { ticket: string }) => void = () => undefined;
    w.ticket.mockReturnValueOnce(
      new Promise((resolve) => (give = resolve as typeof give)) as never,
    );
    socket(0).onclose?.({ code: 1006 });
    live.retry();
    live.retry();
    give({ ticket: "late" });
    await settled();
    live.retry();
    await settled();
    expect(w.sockets).toHaveLength(2);
  });

  it("begins anew where its cursor is none that the API knows, and asks for everything", async () => {
    socket(0).say(welcome);
    socket(0).say(event("of another run"));
    socket(0).onclose?.({ code: 4400 });
    await w.pass(500);
    socket(1).onopen?.();
    expect(socket(1).sent[0]).not.toHaveProperty("cursor");
    socket(1).say(welcome);
    expect(gap).toHaveBeenCalledOnce();
    expect(live.connection.state).toBe("live");
  });

  it("asks for what was told before a first welcome that came late", async () => {
    socket(0).onclose?.({ code: 4503 }); // the broker is away, at the first attempt
    await w.pass(500);
    socket(1).onopen?.();
    socket(1).say(welcome);
    expect(gap).toHaveBeenCalledOnce();
  });

  it("says once a second that it hears, however much that is", () => {
    socket(0).say(welcome);
    seen.length = 0;
    for (let index = 0; index < 100; index += 1) socket(0).say(event(`e${index}`));
    expect(seen).toEqual([]);
    expect(heard).toHaveLength(100);
  });

  it("opens nothing once it is stopped", async () => {
    socket(0).say(welcome);
    live.stop();
    expect(socket(0).closed).toBe(1);
    socket(0).onclose?.({ code: 1000 });
    await w.pass(60_000);
    expect(w.sockets).toHaveLength(1);
    expect(w.waiting()).toBe(0);
  });
});

it("never waits longer than a quarter of a minute, and half of it is by chance", () => {
  expect(wait(0, 0)).toBe(250);
  expect(wait(0, 1)).toBe(500);
  expect(wait(20, 1)).toBe(15_000);
  expect(wait(20, 0)).toBe(7_500);
});
