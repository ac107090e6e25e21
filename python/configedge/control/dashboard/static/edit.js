// The editor: what is typed is checked by the server, and committed only as it was seen.

const $ = (id) => document.getElementById(id);
const form = $("edit"), text = $("text"), gutter = $("gutter"), state = $("commit-state");
const bundle = form.dataset.bundle, mayWrite = form.dataset.mayWrite === "yes";
const begun = text.value;
let etag = form.dataset.etag, csrf = document.body.dataset.csrf;
let seen = null; // The text and version that the preview is of, if that may be committed.
let stale = null, waiting, asked = 0, last = { body: "", key: "" }, busy = false, done = false;

// --- talking to the server

async function send(url, sent, retry = true) {
  const headers = { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": csrf };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(sent) });
  const told = await response.json();
  if (told.type === "urn:configedge:problem:csrf" && retry) {
    // The server was started anew, or somebody signed in again in another tab.
    csrf = (await (await fetch("/ui/session", { headers: { Accept: "application/json" } })).json()).csrf ?? "";
    return send(url, sent, false);
  }
  return told;
}

const content = () => ({ bundle, text: text.value, etag, revive: $("revive").checked });

async function check() {
  const number = ++asked;
  $("verdict").textContent = "checking…";
  let told;
  try { told = await send("/ui/check", content()); } catch { told = { detail: "The server cannot be reached; your text stays here." }; }
  // A later question makes this answer worthless.
  if (number !== asked) return;
  seen = null;
  show(told);
}

function show(told) {
  const problems = told.problems ?? [];
  if (told.stale) { meet(told.stale); return; }
  $("stale").replaceChildren();
  list(problems);
  if (told.detail) {
    verdict("bad", told.detail);
  } else if (problems.length) {
    verdict("bad", problems.length === 1 ? "1 problem" : `${problems.length} problems`);
    $("preview").innerHTML = "<p class='empty'>Nothing, until it is right.</p>";
  } else {
    verdict("good", told.changed ? "valid" : "valid, nothing changes");
    $("preview").innerHTML = told.html;
    seen = { ...content(), ...told };
  }
  if (problems.some((one) => one.code === "tombstone")) $("revive-row").hidden = false;
  const dangers = seen?.dangers ?? [];
  if ($("danger-text").textContent !== dangers.join("; ") + ".") $("seen").checked = false;
  $("danger-text").textContent = dangers.join("; ") + ".";
  $("danger-row").hidden = dangers.length === 0;
  buttons();
}

function buttons() {
  const ready = mayWrite && seen?.changed && !stale && (seen.dangers.length === 0 || $("seen").checked);
  const guarded = seen?.needs_approvals > 0;
  $("commit").disabled = !ready || guarded;
  $("commit").hidden = guarded;
  $("propose").disabled = !ready;
  $("propose").classList.toggle("primary", guarded);
  if (guarded) state.textContent = `Protected: ${seen.needs_approvals === 1 ? "another person has" : `${seen.needs_approvals} others have`} to approve.`;
  else if (ready || !seen) state.textContent = "";
}

function verdict(kind, words) {
  $("verdict").className = `verdict ${kind}`;
  $("verdict").textContent = words;
}

// --- problems, with their lines

function list(problems) {
  const items = problems.map((problem) => {
    const item = document.createElement("li"), button = document.createElement("button");
    button.type = "button";
    button.dataset.line = problem.line;
    const where = document.createElement("span"), key = document.createElement("code"), hint = document.createElement("span");
    where.className = "where";
    where.textContent = problem.line ? `line ${problem.line}` : "";
    key.textContent = problem.key;
    hint.className = "hint";
    hint.textContent = problem.hint;
    button.append(where, " ", ...(problem.key ? [key, " "] : []), problem.message, " ", hint);
    button.onclick = () => go(problem.line, problem.column);
    item.append(button);
    return item;
  });
  const all = document.createElement("ul");
  all.className = "problems";
  all.append(...items);
  $("problems").replaceChildren(...(items.length ? [all] : []));
  wrong = new Set(problems.map((one) => one.line));
  number();
}

function go(line, column) {
  const lines = text.value.split("\n");
  if (!line || line > lines.length) { text.focus(); return; }
  const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  const at = start + Math.max(0, Math.min(column - 1, lines[line - 1].length));
  text.focus();
  text.setSelectionRange(at, start + lines[line - 1].length);
  text.scrollTop = Math.max(0, (line - 6) * parseFloat(getComputedStyle(text).lineHeight));
}

// --- line numbers

let wrong = new Set(), numbered = "";
function number() {
  const count = text.value.split("\n").length, key = `${count} ${[...wrong]}`;
  if (key !== numbered) {
    numbered = key;
    gutter.replaceChildren(...Array.from({ length: count }, (_, at) => {
      const one = document.createElement("div");
      one.textContent = at + 1;
      if (wrong.has(at + 1)) one.className = "wrong";
      return one;
    }));
  }
  gutter.scrollTop = text.scrollTop;
}

// --- a colleague was first

function meet(found) {
  const isNew = !stale || stale.etag !== found.etag;
  stale = found;
  seen = null;
  verdict("bad", "changed meanwhile");
  if (isNew || !$("stale").firstChild) {
    $("stale").innerHTML = found.html;
    for (const button of $("stale").querySelectorAll("[data-stale]")) button.onclick = () => settle(button.dataset.stale);
  }
  $("preview").innerHTML = "<p class='empty'>Settle that first.</p>";
  buttons();
}

function settle(how) {
  if (how === "theirs") { window.open(`/ui/bundles/${bundle.split("@")[0]}${bundle.includes("@") ? `?layer=${bundle.split("@")[1]}` : ""}`, "_blank", "noopener"); return; }
  if (how === "merge") put(stale.merged);
  etag = stale.etag;
  stale = null;
  $("stale").replaceChildren();
  text.focus();
  check();
}

// In a way that the browser can undo.
function put(whole) {
  text.focus();
  text.select();
  if (!document.execCommand("insertText", false, whole)) text.value = whole;
}

document.addEventListener("news", ({ detail: { kind, data } }) => {
  // Also a change of the base under an overlay, or of an overlay over the base: nodes would see something else.
  const near = (one) => `${one.namespace}/${one.name}` === bundle.split("@")[0];
  if (!busy && !done && (kind === "reset" || kind === "back" || (kind === "commit" && data.changes.some(near)))) check();
});

// --- committing

async function commit(propose) {
  if (!seen || $(propose ? "propose" : "commit").disabled) return;
  const sent = { bundle, text: seen.text, etag: seen.etag, revive: seen.revive, message: $("message").value, propose };
  // The same request again is the same commit: the answer may have been lost on the way.
  const body = JSON.stringify(sent);
  if (last.body !== body) last = { body, key: [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("") };
  $("commit").disabled = $("propose").disabled = true;
  state.textContent = propose ? "proposing…" : "committing…";
  let told;
  busy = true;
  try { told = await send("/ui/commit", { ...sent, key: last.key }); } catch { told = { detail: "The server cannot be reached. Your text stays here; the same button again is harmless." }; }
  busy = false;
  if (told.to) { done = true; location.href = told.to; return; }
  state.textContent = "";
  if (told.problems?.length || told.stale) show(told);
  else { buttons(); state.textContent = told.detail ?? "That did not work."; }
}

form.addEventListener("submit", (event) => { event.preventDefault(); commit(false); });
$("propose").onclick = () => commit(true);
$("seen").onchange = buttons;
$("revive").onchange = check;
text.addEventListener("scroll", () => { gutter.scrollTop = text.scrollTop; });
text.addEventListener("input", () => {
  seen = null;
  asked++;
  buttons();
  number();
  clearTimeout(waiting);
  waiting = setTimeout(check, 350);
});
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    // From the text to why, from there to the button: never straight past the preview.
    if (event.target === text) $("message").focus();
    else if (!$("danger-row").hidden && !$("seen").checked) $("seen").focus();
    else ($("commit").hidden ? $("propose") : $("commit")).focus();
  } else if (event.key === "Enter" && event.target === text && !event.shiftKey && text.selectionStart === text.selectionEnd) {
    const indent = /^[ ]*/.exec(text.value.slice(text.value.lastIndexOf("\n", text.selectionStart - 1) + 1, text.selectionStart))[0];
    if (indent && document.execCommand("insertText", false, "\n" + indent)) event.preventDefault();
  }
});
window.addEventListener("beforeunload", (event) => { if (!done && text.value !== begun) event.preventDefault(); });

number();
check();
