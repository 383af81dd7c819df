// The sessions page: read the list again, confirm in a dialog, end in place, and follow what happens elsewhere.
// Everything here also works without a script; this only spares the reload.
import { follow } from "./stream.js";

const $ = (selector, root = document) => root.querySelector(selector);
const words = $("#tpl-words").dataset;
const say = (text) => ($("#announce").textContent = text);
const clone = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);
const rowOf = (id) => document.querySelector(`.row[data-id="${CSS.escape(id)}"]`);
const nameOf = (row) => $(".name", row).firstChild.textContent.trim();
const leave = () => location.replace("/sign-in");

let reading = false;

async function ask(url, options = {}) {
  const headers = { "Signedin-Partial": "1", ...options.headers };
  const answer = await fetch(url, { credentials: "same-origin", redirect: "manual", ...options, headers });
  if (answer.status === 401) leave();
  return answer;
}

// Reading the list again. Scroll, focus and opened details stay.
async function read(url, { automatic = false, push = false, keepFilter = true } = {}) {
  if (reading) return false;
  reading = true;
  const form = $("[data-refresh]");
  form.setAttribute("aria-busy", "true");
  $("button", form).disabled = !automatic;
  try {
    const headers = { "Signedin-Partial": "list", ...(automatic && { "Signedin-Automatic": "1" }) };
    const answer = await ask(url, { headers, cache: "no-store" });
    if (!answer.ok) throw new Error(answer.status);
    replace(await answer.text());
    if (push) history.pushState(null, "", url);
    return keepFilter;
  } catch {
    if (!automatic && !$(".blank-error")) $("#notes").replaceChildren(clone("tpl-error"));
    return false;
  } finally {
    reading = false;
    form.removeAttribute("aria-busy");
    $("button", form).disabled = false;
  }
}

function replace(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("#sessions");
  const open = [...document.querySelectorAll(".row details[open]")].map((d) => d.closest(".row").dataset.id);
  const focused = document.activeElement;
  const key = focused?.closest("#sessions") && pathOf(focused);
  const caret = focused?.id === "q" ? [focused.value, focused.selectionStart] : null;
  $("#sessions").replaceWith(fresh);
  for (const id of open) rowOf(id)?.querySelector("details")?.setAttribute("open", "");
  if (key) $(key)?.focus({ preventScroll: true });
  if (caret) {
    $("#q").value = caret[0];
    $("#q").setSelectionRange(caret[1], caret[1]);
  }
  $("#notes").replaceChildren();
  const time = $(".updated time");
  time.dateTime = fresh.dataset.updated;
  time.textContent = fresh.dataset.updatedSaid;
  const total = $("[data-total]");
  if (total) total.textContent = $(".types .n").textContent;
}

function pathOf(element) {
  if (element.id) return `#${element.id}`;
  const row = element.closest(".row");
  const within = element.matches("summary") ? "summary" : element.closest("form")?.getAttribute("action");
  if (row) return `#${CSS.escape(row.id)} ${within === "summary" ? within : `form[action="${within}"] button`}`;
  return element.matches("a[href]") ? `a[href="${CSS.escape(element.getAttribute("href"))}"]` : null;
}

// Ending in place.
function ended(id, text) {
  const row = rowOf(id);
  if (!row || row.classList.contains("is-ended")) return;
  const next = row.nextElementSibling ?? row.previousElementSibling ?? $(".refresh");
  row.classList.add("is-ended");
  $(".act", row).replaceChildren(clone("tpl-ended"));
  $(".row-error", row)?.remove();
  $(".flag", row)?.remove();
  say(text ?? words.gone.replace("{name}", () => nameOf(row)));
  if (!row.classList.contains("is-followup")) setTimeout(() => gone(row), 5600);
  return next;
}

function gone(row) {
  if (!row.isConnected) return;
  row.classList.add("is-leaving");
  setTimeout(() => {
    const group = row.closest(".group");
    row.remove();
    if (group && !$(".row", group)) group.remove();
    read(location.href, { automatic: true });
  }, 350);
}

async function revoke(form, id, wait = 1000) {
  const row = rowOf(id);
  try {
    const answer = await ask(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    if (answer.ok) return ended(id);
    if (answer.status === 410) return ended(id, words.already);
    if (answer.status < 500) return say(words.refused);
    throw new Error(answer.status);
  } catch {
    if (row && !$(".row-error", row)) row.append(clone("tpl-not-confirmed"));
    setTimeout(() => revoke(form, id, Math.min(wait * 2, 30000)), wait);
  }
}

// The dialog: the same fragment that the page without a script shows.
const dialog = $("#dialog");
let opener;

async function openDialog(form) {
  const url = `${form.action}?${new URLSearchParams(new FormData(form))}`;
  const answer = await ask(url).catch(() => null);
  if (!answer?.ok) return location.assign(url);
  dialog.innerHTML = await answer.text();
  opener = form;
  dialog.showModal();
  $("[data-close]", dialog)?.focus();
}

addEventListener("click", (event) => {
  const link = event.target.closest("a[data-filter-link]");
  const plain = !event.metaKey && !event.ctrlKey && !event.shiftKey && event.button === 0;
  if (event.target === dialog || event.target.closest("[data-close]")) {
    event.preventDefault();
    dialog.close();
  } else if (link && plain) {
    event.preventDefault();
    read(link.href, { push: true });
  } else if (event.target.closest("[data-show-new]")) {
    event.preventDefault();
    read(location.href);
  } else if (event.target.closest("[data-dismiss]")) {
    gone(event.target.closest(".row"));
  }
});
dialog.addEventListener("close", () => $("button", opener)?.focus());

addEventListener("submit", async (event) => {
  const form = event.target;
  const act = form.dataset;
  if ("dialog" in act) {
    event.preventDefault();
    await openDialog(form);
  } else if ("refresh" in act) {
    event.preventDefault();
    if (await read(location.href)) say(words.refreshed);
  } else if ("find" in act) {
    event.preventDefault();
    await read(`${form.action}?${new URLSearchParams(new FormData(form))}`, { push: true });
  } else if ("revoke" in act) {
    event.preventDefault();
    dialog.close();
    const next = await revoke(form, act.revoke);
    $("button", next)?.focus();
  } else if ("notMe" in act) {
    event.preventDefault();
    const row = form.closest(".row");
    row.classList.add("is-followup");
    await revoke(form, row.dataset.id);
    if (row.classList.contains("is-ended")) row.append(clone("tpl-followup"));
    $(".followup button", row)?.focus();
  } else if ("recognize" in act) {
    event.preventDefault();
    const answer = await ask(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    if (answer.ok && (await read(location.href))) say(words.thanks);
  } else if (act.logoutAll === "others") {
    event.preventDefault();
    dialog.close();
    const answer = await ask(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    if (answer.ok) await read(location.href);
    else location.reload();
  }
});

let typing;
addEventListener("input", (event) => {
  if (event.target.id !== "q") return;
  clearTimeout(typing);
  typing = setTimeout(() => event.target.form.requestSubmit(), 250);
});
addEventListener("popstate", () => read(location.href));
addEventListener("pageshow", async (event) => {
  if (!event.persisted) return;
  const answer = await fetch("/settings/sessions/alive", { cache: "no-store" }).catch(() => null);
  if (answer?.status === 401) leave();
});
setInterval(() => document.visibilityState === "visible" && read(location.href, { automatic: true }), 60000);

follow({
  gone: leave,
  "session-ended": (event) => (rowOf(event.id)?.classList.contains("is-current") ? leave() : ended(event.id)),
  "session-changed": () => read(location.href, { automatic: true }),
  "session-started": () => {
    if (!$("#notes .note")) $("#notes").append(clone("tpl-new"));
    say($("#notes .note p").textContent);
  },
});
