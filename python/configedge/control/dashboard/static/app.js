// What every page has: keys, filters, news, parts that are loaded when they are asked for. Pages work without it.

import { Live } from "./live.js";

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const parse = (text) => new DOMParser().parseFromString(text, "text/html");

// A page of ours; null if it cannot be had now.
async function page(url) {
  try {
    const response = await fetch(url, { headers: { Accept: "text/html" } });
    if (new URL(response.url).pathname === "/ui/sign-in") { signedOut(); return null; }
    return response.ok ? parse(await response.text()) : null;
  } catch {
    return null;
  }
}

// --- keeping the page as things are

const shown = new Map();
let refreshing = false, again = false;

async function refresh() {
  if (!$("[data-live]")) return;
  if (refreshing) { again = true; return; }
  refreshing = true;
  const now = await page(location.href);
  if (now) {
    document.body.dataset.tip = now.body.dataset.tip;
    for (const part of $$("[data-live]")) replace(part, now.getElementById(part.id));
    filters();
    times();
  }
  refreshing = false;
  if (again) { again = false; refresh(); }
}

// Only what is another now, and without taking away the focus, an open detail or a choice.
function replace(part, other) {
  if (!other || (shown.get(part.id) ?? part.innerHTML) === other.innerHTML) return;
  shown.set(part.id, other.innerHTML);
  const focus = part.contains(document.activeElement) ? document.activeElement : null;
  const open = $$("details[open][id]", part).map((one) => [one.id, $(".part", one)?.innerHTML]);
  const chosen = $$("input[type=radio]:checked", part).map((one) => `[name="${one.name}"][value="${CSS.escape(one.value)}"]`);
  part.innerHTML = other.innerHTML;
  for (const [id, loaded] of open) {
    const detail = document.getElementById(id);
    if (detail) { detail.open = true; if (loaded) $(".part", detail).innerHTML = loaded; }
  }
  for (const one of chosen) { const radio = $(one, part); if (radio) radio.checked = true; }
  if (focus) {
    const href = focus.getAttribute("href");
    const same = (focus.id && document.getElementById(focus.id)) || (href && $$("a", part).find((a) => a.getAttribute("href") === href));
    same?.focus({ preventScroll: true });
  }
}

let due;
const soon = () => { clearTimeout(due); due = setTimeout(refresh, 150); };
const every = Math.min(...$$("[data-every]").map((one) => Number(one.dataset.every)));
if (isFinite(every)) setInterval(() => { if (!document.hidden) refresh(); }, every * 1000);

// --- news

function notice(text, kind = "", href = "") {
  const box = $("#notices");
  if (!box) return;
  const one = document.createElement("p");
  one.className = `notice ${kind}`;
  const words = document.createElement(href ? "a" : "span");
  words.textContent = text;
  if (href) words.href = href;
  const away = document.createElement("button");
  away.type = "button";
  away.textContent = "×";
  away.setAttribute("aria-label", "Dismiss");
  away.onclick = () => one.remove();
  one.append(words, away);
  box.append(one);
  while (box.children.length > 3) box.firstChild.remove();
  const leave = () => { if (one.matches(":hover, :focus-within")) setTimeout(leave, 3000); else one.remove(); };
  setTimeout(leave, 8000);
}

function told(kind, data) {
  document.dispatchEvent(new CustomEvent("news", { detail: { kind, data } }));
  soon();
  if (kind === "commit" && data.changes.length) {
    const names = [...new Set(data.changes.map((one) => `${one.namespace}/${one.name}${one.layer ? `@${one.layer}` : ""}`))];
    notice(`${data.author} changed ${names.slice(0, 3).join(", ")}${names.length > 3 ? ", …" : ""}`, "", `/ui/commits/${data.commit}`);
  } else if (kind === "refused") {
    notice(`Refused: ${data.bundle} by ${data.subject} (${data.code})`, "bad");
  } else if (kind === "proposal") {
    notice(data.state === "open" ? "A change waits for approval" : `A proposal was ${data.state}`, "", `/ui/proposals/${data.id}`);
  }
}

let was = "";
function connection(state) {
  const shows = $("#connection");
  if (!shows) return;
  shows.dataset.state = state;
  $(".word", shows).textContent = { live: "live", off: "offline, trying again", "signed-out": "signed out" }[state];
  if (state === "signed-out" && was !== state) signedOut();
  if (state === "live" && was === "off") {
    document.dispatchEvent(new CustomEvent("news", { detail: { kind: "back", data: {} } }));
    refresh();
  }
  was = state;
}

async function signedOut() {
  let session;
  try { session = await fetch("/ui/session", { headers: { Accept: "application/json" } }); } catch { return; }
  if (session.ok) {
    // Signed in again in another tab, as whoever it may be.
    if (location.pathname !== "/ui/edit") location.reload();
    return;
  }
  if (location.pathname === "/ui/edit") notice("You are signed out. Your text stays here: sign in in another tab, then go on.", "bad", "/ui/sign-in");
  else location.href = "/ui/sign-in?next=" + encodeURIComponent(location.pathname + location.search);
}

// --- times

function times() {
  for (const one of $$("time")) {
    const seconds = (Date.now() - Date.parse(one.dateTime)) / 1000;
    const [size, unit] = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]].find(([size]) => seconds >= size) ?? [1, "s"];
    one.textContent = seconds < 5 ? "just now" : `${Math.floor(seconds / size)} ${unit} ago`;
  }
}

// --- filters: rows that have every word

function filters() {
  for (const field of $$("input[data-filter]")) {
    const rows = $(field.dataset.filter);
    if (!rows) continue;
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    for (const row of rows.children) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      left += !row.hidden;
    }
    const none = $(".none", rows.closest("div, section"));
    if (none) none.hidden = left > 0;
  }
}

// --- parts that are loaded when they are asked for

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-part]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  const now = await page(link.href), selector = link.dataset.part;
  const old = document.getElementById(selector.slice(1)), other = now?.getElementById(selector.slice(1));
  if (!old || !other) { location.href = link.href; return; }
  old.replaceWith(document.adoptNode(other));
  if (other.tabIndex === -1 && other.matches("section")) { other.focus({ preventScroll: true }); other.scrollIntoView({ block: "nearest" }); }
});

document.addEventListener("toggle", async (event) => {
  const part = $(".part", event.target);
  if (!event.target.dataset?.partUrl || !event.target.open || event.target.dataset.loaded) return;
  event.target.dataset.loaded = "yes";
  const now = await page(event.target.dataset.partUrl);
  if (now) part.replaceChildren(...now.body.childNodes);
}, true);

// --- keys

const dialog = $("#keys"), on = $("#keys-on");
if (on) {
  on.checked = localStorage.getItem("configedge-keys") !== "off";
  on.onchange = () => localStorage.setItem("configedge-keys", on.checked ? "on" : "off");
  $$("[data-open=keys]").forEach((button) => { button.onclick = () => dialog.showModal(); });
}
const places = { b: "/", h: "/ui/history", p: "/ui/proposals", n: "/ui/nodes" };
let going = 0;

function step(by) {
  const rows = $$("[data-row]").filter((row) => row.offsetParent);
  const at = rows.indexOf(document.activeElement);
  rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1)]?.focus();
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input:not([type=radio], [type=checkbox]), textarea, select");
  if (event.key === "Escape" && typing) { event.target.blur(); return; }
  if (typing || event.ctrlKey || event.metaKey || event.altKey || dialog?.open || !on?.checked) return;
  const isPlace = Date.now() - going < 1500 && places[event.key];
  going = event.key === "g" ? Date.now() : 0;
  if (isPlace) location.href = isPlace;
  else if (event.key === "/") { $("#filter")?.focus(); $("#filter")?.select(); }
  else if (event.key === "?") dialog.showModal();
  else if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
  else if (event.key === "e") $("[data-key=e]")?.click();
  else return;
  event.preventDefault();
});

// --- small things

document.addEventListener("input", (event) => { if (event.target.matches("[data-filter]")) filters(); });
document.addEventListener("change", (event) => { if (event.target.matches("[data-submit]")) event.target.form.submit(); });
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});
$$("[data-copy]").forEach((button) => { button.onclick = async () => { $("#" + button.dataset.copy).select(); await navigator.clipboard?.writeText($("#" + button.dataset.copy).value); button.textContent = "Copied"; }; });
$$("[data-select]").forEach((field) => field.select());
$$(".no-script").forEach((one) => { one.hidden = true; });

// What was done is said once, not again after a reload.
if (new URLSearchParams(location.search).has("said")) {
  const url = new URL(location.href);
  url.searchParams.delete("said");
  history.replaceState(null, "", url);
}
for (const part of $$("[data-live]")) shown.set(part.id, part.innerHTML);
filters();
times();
setInterval(times, 15_000);
if (document.body.dataset.tip) new Live(document.body.dataset.tip, told, connection);
