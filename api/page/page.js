// The built-in page: signs in by the link, shows the account, pauses and halts.
// Text from the server is only ever set as text.

const EVERY_MS = 2000;
const OURS = { "X-Tidewire": "1", "Content-Type": "application/json" };
let access = "";
let fresh = 0;
let invitation = ""; // the token that lets somebody register

const $ = (id) => document.getElementById(id);

async function post(path, body) {
  return fetch(path, { method: "POST", headers: OURS, body: JSON.stringify(body) });
}

async function signIn() {
  const given = new URLSearchParams(location.hash.slice(1));
  const link = given.get("link");
  invitation = given.get("register") ?? "";
  if (location.hash) history.replaceState(null, "", location.pathname); // it stays in no history
  if (invitation) return false;
  if (link) {
    const answer = await post("/auth/link", { token: link });
    if (answer.ok) return take(await answer.json());
  }
  return refresh();
}

// One ceremony: the server's options to the device, its answer back.
async function ceremony(path, body, device) {
  const begun = await said(await post(`/auth/${path}/begin`, body));
  const credential = await device(begun.options);
  const done = { ...body, ceremony: begun.ceremony, credential: credential.toJSON() };
  return take(await said(await post(`/auth/${path}/complete`, done)));
}

async function said(answer) {
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail);
  return body;
}

const make = (options) =>
  navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
const showOne = (options) =>
  navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });

async function attempt(enter) {
  try {
    if (await enter()) location.reload();
  } catch (error) {
    const cancelled = error.name === "NotAllowedError";
    notice(cancelled ? "No passkey was used: it was cancelled, or took too long. Try again." : error.message);
  }
}

async function refresh() {
  const answer = await post("/auth/refresh", {});
  return answer.ok && take(await answer.json());
}

function take(signedIn) {
  access = signedIn.access_token;
  return true;
}

async function ask(path, more = {}) {
  const send = () =>
    fetch(path, { ...more, headers: { ...more.headers, Authorization: `Bearer ${access}` } });
  let answer = await send();
  if (answer.status === 401 && (await refresh())) answer = await send();
  if (answer.status === 401) throw new SignedOut();
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail);
  return body;
}

class SignedOut extends Error {}

const money = (text, digits = 2) => {
  if (text === null) return "-";
  const shown = Number(text).toLocaleString("en-US", {
    minimumFractionDigits: digits, maximumFractionDigits: digits,
  });
  return shown.replace("-", "\u2212");
};
const signed = (text) => {
  if (text === null) return "-";
  const amount = Number(text);
  return (amount > 0 ? "+" : "") + money(text);
};
const percent = (value, shown) => (value === null ? "" : `${shown(value)} %`);
const tone = (text) => (Number(text) > 0 ? "gain" : Number(text) < 0 ? "loss" : "");
const time = (text) => {
  const at = new Date(text);
  return at.toLocaleString(undefined, { dateStyle: "short", timeStyle: "medium" });
};

function element(tag, text, className) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function table(where, heads, rows, empty) {
  if (!rows.length) {
    $(where).replaceChildren(element("p", empty, "empty"));
    return;
  }
  const made = document.createElement("table");
  const head = made.createTHead().insertRow();
  for (const [name, number] of heads) {
    const cell = element("th", name, number ? "number" : "");
    cell.scope = "col";
    head.append(cell);
  }
  const body = made.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    row.forEach(([text, className], i) => {
      line.append(element("td", text, [heads[i][1] && "number", className].filter(Boolean).join(" ")));
    });
  }
  $(where).replaceChildren(made);
}

function tiles(account) {
  const shown = [
    ["Equity", money(account.equity), ""],
    ["Day", signed(account.day_pnl), tone(account.day_pnl), percent(account.day_pct, signed)],
    ["Cash", money(account.cash), ""],
    ["Exposure", money(account.exposure), "", percent(account.exposure_pct, (p) => money(p, 1))],
    ["Unrealised", signed(account.unrealized_pnl), tone(account.unrealized_pnl)],
  ];
  $("tiles").replaceChildren(
    ...shown.map(([name, value, className, more = ""]) => {
      const tile = element("div", name, "tile");
      tile.append(element("b", value, className), element("small", more, "muted"));
      return tile;
    }),
  );
}

async function show() {
  const [me, account, held, trades, denied, status] = await Promise.all([
    ask("/auth/me"), ask("/api/portfolio"), ask("/api/portfolio/positions"),
    ask("/api/trades?limit=10"), ask("/api/decisions?accepted=false&fold=true&limit=10"),
    ask("/api/controls/status"),
  ]);
  $("run").textContent = me.run;
  badge("mode", me.live ? "LIVE CLOCK, PAPER" : "PLAYED", "muted");
  badge("state", account.state, account.state.toLowerCase());
  $("state").title = account.state_who ? `by ${account.state_who}: ${account.state_why}` : "";
  $("session").textContent = `market ${status.session}`;
  for (const id of ["pause", "resume", "halt", "logout"]) $(id).hidden = false;
  tiles(account);
  table("positions",
    [["Ticker"], ["Shares", 1], ["Entry", 1], ["Price", 1], ["Value", 1], ["Unrealised", 1], ["Stop", 1]],
    held.positions.map((p) => [
      [p.ticker], [money(p.qty, 0)], [money(p.avg_entry)], [money(p.price)], [money(p.value)],
      [signed(p.unrealized_pnl), tone(p.unrealized_pnl)], [money(p.stop_loss)],
    ]), "Nothing is held.");
  table("trades",
    [["Time"], ["Ticker"], ["Side"], ["Shares", 1], ["Price", 1], ["Profit", 1], ["Status"], ["Strategy"]],
    trades.trades.map((t) => [
      [time(t.at)], [t.ticker], [t.side], [money(t.qty, 0)], [money(t.price)],
      [signed(t.pnl), tone(t.pnl)], [t.status], [t.strategy ?? "-"],
    ]), "No trade yet.");
  table("denied",
    [["Time"], ["Ticker"], ["Side"], ["Why not"], ["Wants"], ["Is"], ["Times", 1]],
    denied.decisions.map((d) => [
      [time(d.at)], [d.ticker], [d.side], [d.code], [d.limit], [d.actual], [money(d.count, 0)],
    ]), "Nothing was denied yet.");
  fresh = Date.now();
}

function badge(id, text, className) {
  $(id).hidden = false;
  $(id).textContent = text;
  $(id).className = `badge ${className}`;
}

const EFFECTS = {
  pause: "No new entries. Orders that wait may still fill; exits, stops and targets go on.",
  resume: "Entries and exits by signal go on as before.",
  halt: "No entries and no exits by signal. Stops, targets and closes still act.",
};

function command(kind) {
  $("dialog-title").textContent = kind[0].toUpperCase() + kind.slice(1) + " trading?";
  $("dialog-effect").textContent = EFFECTS[kind];
  $("confirm").textContent = kind[0].toUpperCase() + kind.slice(1);
  $("why").value = "";
  $("dialog").returnValue = "cancel";
  $("dialog").showModal();
  $("dialog").onclose = async () => {
    if ($("dialog").returnValue !== "confirm") return;
    const headers = { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() };
    try {
      const body = JSON.stringify({ why: $("why").value });
      await ask(`/api/controls/${kind}`, { method: "POST", headers, body });
      notice(`${kind} is written; the badge changes when it has taken effect.`);
    } catch (error) {
      notice(error.message);
    }
  };
}

function notice(text) {
  $("notice").hidden = !text;
  $("notice").textContent = text;
}

async function look() {
  let next = EVERY_MS;
  try {
    await show();
    $("age").textContent = "up to date";
  } catch (error) {
    if (error instanceof SignedOut) {
      signedOut();
      return;
    }
    const since = fresh ? `as of ${Math.round((Date.now() - fresh) / 1000)} s ago` : "nothing yet";
    $("age").textContent = `${since}: ${error.message}`;
    next = 2 * EVERY_MS;
  }
  setTimeout(look, next);
}

function signedOut() {
  document.body.classList.add("signed-out");
  for (const id of ["pause", "resume", "halt", "logout"]) $(id).hidden = true;
  $("age").textContent = "";
  const able = window.PublicKeyCredential?.parseRequestOptionsFromJSON;
  $("register").hidden = !invitation || !able;
  $("enter").hidden = Boolean(invitation) || !able;
  if (invitation && !able) notice("This browser knows no passkeys: use a newer one.");
  else if (!invitation) notice("You are not signed in. Use your passkey; without one, run `tidewire access link` on the machine and open what it prints.");
}

for (const kind of ["pause", "resume", "halt"]) $(kind).onclick = () => command(kind);
$("register").onsubmit = (event) => {
  event.preventDefault();
  const who = { name: $("name").value.trim(), token: invitation };
  attempt(() => ceremony("register", who, make));
};
$("login").onclick = () => attempt(() => ceremony("login", {}, showOne));
$("logout").onclick = async () => {
  await post("/auth/logout", {});
  location.reload();
};
addEventListener("hashchange", () => location.reload());

if (await signIn()) look();
else signedOut();
