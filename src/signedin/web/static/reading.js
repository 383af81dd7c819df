// Asking the server, and reading the list again. Scroll, focus and opened details stay.
export const $ = (selector, root = document) => root?.querySelector(selector);
export const say = (text) => ($("#announce").textContent = text);
export const clone = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);
export const show = (id) => $("#notes").replaceChildren(clone(id));
export const rowOf = (id) => $(`.row[data-id="${CSS.escape(id)}"]`);
const rows = () => [...document.querySelectorAll(".row")];
const bottomOf = (row) => row.getBoundingClientRect().bottom;
const pathNow = () => location.pathname + location.search;

// Once a form of ours leads away, its answer says where to; nothing else may.
let isLeaving = false;
export const leaves = (is) => (isLeaving = is);

// What was done in another tab is told there: that tab's notice is not taken away.
export function leave() {
  if (!isLeaving) location.replace("/sign-in?elsewhere");
  isLeaving = true;
}

export async function ask(url, options = {}) {
  const headers = { "Signedin-Partial": "1", ...options.headers };
  const answer = await fetch(url, { credentials: "same-origin", redirect: "manual", ...options, headers });
  if (answer.status !== 401) return answer;
  leave();
  return new Promise(() => {});
}

export async function send(form) {
  const answer = await ask(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  await answer.text();
  return answer;
}

// What a person asks goes before what the page re-reads by itself, and the newest question before older ones.
let asking;
let isStale = false;
let path = pathNow();

export const isShown = () => pathNow() === path;

// What the page shows, or is about to show.
export const question = () => asking?.url ?? location.href;

export async function read(url = question(), { automatic = false, kept = asking?.kept } = {}) {
  if (automatic && (asking || $(".followup") || $(".keeps [type=checkbox]:not(:checked)"))) return void (isStale = true);
  asking?.abort();
  const mine = (asking = Object.assign(new AbortController(), { url, kept }));
  const focused = document.activeElement;
  isStale = false;
  busy(true, automatic);
  try {
    const headers = { "Signedin-Partial": "list", ...(automatic && { "Signedin-Automatic": "1" }) };
    const answer = await ask(url, { headers, cache: "no-store", signal: mine.signal });
    if (!answer.ok) throw new Error(answer.status);
    const html = await answer.text();
    if (asking !== mine) return false;
    if (kept) history[kept](null, "", url);
    path = pathNow();
    replace(html);
    return true;
  } catch {
    if (asking !== mine || automatic) return false;
    show("tpl-error");
    const { dateTime, textContent } = $(".updated time");
    stamp("tpl-stale", dateTime, textContent);
    return false;
  } finally {
    if (asking === mine) {
      asking = null;
      busy(false, automatic);
      if (document.activeElement === document.body) focused?.focus({ preventScroll: true });
      if (isStale) readAgain();
    }
  }
}

export const readAgain = () => read(question(), { automatic: true });

function busy(is, automatic) {
  const form = $("[data-refresh]");
  if (is) form.setAttribute("aria-busy", "true");
  else form.removeAttribute("aria-busy");
  $("button", form).disabled = is && !automatic;
}

// Reads the list, and shows what is new in it.
export async function readNew(url, options) {
  const known = new Set(rows().map((row) => row.id));
  if (!(await read(url, options))) return;
  const fresh = rows().find((row) => !known.has(row.id));
  ($("summary", fresh) ?? $("[data-refresh] button")).focus();
}

function replace(html) {
  const fresh = $("#sessions", new DOMParser().parseFromString(html, "text/html"));
  const open = rows().filter((row) => $("details[open]", row));
  const focused = document.activeElement;
  const key = focused?.closest("#sessions") && pathOf(focused);
  const row = CSS.escape(focused?.closest(".row")?.id ?? "list");
  const caret = focused?.id === "q" ? [focused.value, focused.selectionStart] : null;
  const held = scrollY > 0 && rows().find((row) => bottomOf(row) > 8);
  const before = held && bottomOf(held);
  $("#sessions").replaceWith(fresh);
  for (const row of open) $("details", rowOf(row.dataset.id))?.setAttribute("open", "");
  if (key) ($(key) ?? $(`#${row} .btn-end`))?.focus({ preventScroll: true });
  if (caret && $("#q")) {
    $("#q").value = caret[0];
    $("#q").setSelectionRange(caret[1], caret[1]);
  }
  tell(fresh.dataset);
  const after = held && rowOf(held.dataset.id);
  if (after) scrollBy({ top: bottomOf(after) - before, behavior: "instant" });
}

function tell({ updated, updatedSaid, count }) {
  stamp("tpl-updated", updated, updatedSaid);
  $("[data-total]").textContent = count;
}

// When the list was read: as a time of its own, or as one since which it could not be read.
function stamp(id, dateTime, textContent) {
  const fresh = clone(id);
  Object.assign($("time", fresh), { dateTime, textContent });
  $(".updated").replaceWith(fresh);
}

function pathOf(element) {
  if (element.id) return `#${element.id}`;
  const row = element.closest(".row");
  const within = element.matches("summary") ? "summary" : element.closest("form")?.getAttribute("action");
  if (row) return `#${CSS.escape(row.id)} ${within === "summary" ? within : `form[action="${within}"] button`}`;
  const { filterLink } = element.dataset;
  return filterLink ? `[data-filter-link="${filterLink}"]` : null;
}
