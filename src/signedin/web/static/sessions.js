// The sessions page: confirm in a dialog, end in place, and follow what happens elsewhere.
// Everything here also works without a script; this only spares the reload.
import { $, ask, clone, isShown, leave, leaves, question } from "./reading.js";
import { read, readAgain, readNew, rowOf, say, send, show } from "./reading.js";
import { follow } from "./stream.js";

const words = $("#tpl-words").dataset;
const nameOf = (row) => $(".name", row).firstChild.textContent.trim();

// What a session is called that is not in the list yet: its confirmation says it.
async function nameOfNew(id) {
  if ("readOnly" in $("#sessions").dataset) return "";
  const answer = await ask(`/settings/sessions/${id}/revoke`, { headers: { "Signedin-Automatic": "1" } }).catch(() => null);
  if (!answer?.ok) return "";
  return $("form", new DOMParser().parseFromString(await answer.text(), "text/html")).dataset.named;
}

// One note tells of everything that began since the list was read.
function told(name) {
  const before = $("#notes .note");
  const isHere = before?.contains(document.activeElement);
  const note = clone(before ? "tpl-new-many" : "tpl-new");
  $("span", note).textContent = ($("span", before)?.textContent ?? "") + name;
  if (before) before.replaceWith(note);
  else $("#notes").append(note);
  if (isHere) $("a", note).focus();
  say($("p", note).textContent);
}

function refused() {
  show("tpl-refused");
  $("#notes p").textContent = words.refused;
}

// Ending in place.
function ended(id, text) {
  const row = rowOf(id);
  if (!row) return void readAgain();
  if (row.classList.contains("is-ended")) return;
  const isHere = row.contains(document.activeElement);
  row.classList.add("is-ended");
  $(".act", row).replaceChildren(clone("tpl-ended"));
  $(".row-error", row)?.remove();
  $(".flag", row)?.remove();
  if (text) row.append(clone("tpl-already"));
  say(text ?? words.gone.replace("{name}", () => nameOf(row)));
  if (row.classList.contains("is-followup")) row.append(clone("tpl-followup"));
  else setTimeout(() => gone(row), 5600);
  if (isHere || row.classList.contains("is-followup")) ($(".followup button", row) ?? nextTo(row)).focus();
}

// The button one goes on with: the next row's, else the one before, else Refresh Sessions; never Logout.
function nextTo(row) {
  const buttons = [...document.querySelectorAll(".row:not(.is-ended) .btn-end")];
  const isAfter = (button) => row.compareDocumentPosition(button) & Node.DOCUMENT_POSITION_FOLLOWING;
  return buttons.find(isAfter) ?? buttons.at(-1) ?? $("[data-refresh] button");
}

function gone(row) {
  if (!row.isConnected) return;
  row.classList.add("is-leaving");
  setTimeout(() => {
    if (row.contains(document.activeElement)) nextTo(row).focus();
    const group = row.closest(".group");
    row.remove();
    if (group && !$(".row", group)) group.remove();
    readAgain();
  }, 350);
}

async function revoke(form, id, wait = 1000) {
  try {
    const answer = await send(form);
    if (answer.ok) ended(id);
    else if (answer.status === 410) ended(id, words.already);
    else if (answer.status < 500) refused();
    else throw new Error(answer.status);
  } catch {
    const row = rowOf(id);
    if (row && !$(".row-error", row)) row.append(clone("tpl-not-confirmed"));
    setTimeout(() => revoke(form, id, Math.min(wait * 2, 30000)), wait);
  }
}

// The dialog: the same fragment that the page without a script shows.
const dialog = $("#dialog");
let opener;

async function openDialog(form, id) {
  const fields = new URLSearchParams(new FormData(form));
  const url = fields.size ? `${form.action}?${fields}` : form.action;
  const answer = await ask(url).catch(() => null);
  if (!answer || answer.status >= 500) return show("tpl-error");
  if (answer.status === 410 && id) return ended(id, words.already);
  if (!answer.ok) return location.assign(url);
  dialog.innerHTML = await answer.text();
  opener = form;
  if (!dialog.open) dialog.showModal();
  $("[data-close]", dialog)?.focus();
}

// The browser gives the focus back by itself, unless the list was read again meanwhile.
dialog.addEventListener("close", () => {
  if (!opener.isConnected) $(`form[action="${CSS.escape(opener.getAttribute("action"))}"] button`)?.focus();
});

addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-filter-link]");
  const plain = !event.metaKey && !event.ctrlKey && !event.shiftKey && event.button === 0;
  if ((event.target === dialog && isOutside(event)) || event.target.closest("[data-close]")) {
    event.preventDefault();
    dialog.close();
  } else if (link && plain) {
    event.preventDefault();
    choose(link);
  } else if (event.target.closest("[data-show-new]")) {
    event.preventDefault();
    readNew();
  } else if (event.target.closest("[data-dismiss]")) {
    gone(event.target.closest(".row"));
  }
});

function isOutside({ clientX: x, clientY: y }) {
  const box = dialog.getBoundingClientRect();
  return x < box.left || x > box.right || y < box.top || y > box.bottom;
}

addEventListener("submit", async (event) => {
  const form = event.target;
  const act = form.dataset;
  const row = form.closest(".row");
  const isOurs = ["dialog", "refresh", "find", "revoke", "notMe", "recognize"].some((name) => name in act);
  if (isOurs) event.preventDefault();
  else leaves(true);
  if ("dialog" in act) {
    await openDialog(form, row?.dataset.id);
  } else if ("refresh" in act) {
    if (await read()) say(words.refreshed);
  } else if ("find" in act) {
    if (await find($("#q").value.trim())) say($("#sessions").dataset.shown);
  } else if ("revoke" in act) {
    dialog.close();
    await revoke(form, act.revoke);
  } else if ("notMe" in act) {
    row.classList.add("is-followup");
    await revoke(form, row.dataset.id);
  } else if ("recognize" in act) {
    const answer = await send(form).catch(() => null);
    if (!answer?.ok) refused();
    else if (await read()) say(words.thanks);
  }
});

async function choose(link) {
  const isMore = link.dataset.filterLink === "more";
  const isRead = await (isMore ? readNew : read)(link.href, { kept: isMore ? "replaceState" : "pushState" });
  if (isRead && !isMore) say($("#sessions").dataset.shown);
}

// Words narrow what is shown or about to be; each further letter is no step of its own for the Back button.
function find(text) {
  const url = new URL(question());
  const kept = url.searchParams.has("q") ? "replaceState" : "pushState";
  url.searchParams.delete("page");
  if (text) url.searchParams.set("q", text);
  else url.searchParams.delete("q");
  return read(url.href, { kept });
}

let typing;
addEventListener("input", (event) => {
  if (event.target.id !== "q") return;
  clearTimeout(typing);
  typing = setTimeout(() => $("#q").form.requestSubmit(), 250);
});
addEventListener("popstate", () => {
  if (isShown()) return;
  if ($("#q")) $("#q").value = new URLSearchParams(location.search).get("q") ?? "";
  read(location.href, { kept: null });
});
addEventListener("pageshow", async (event) => {
  if (!event.persisted) return;
  leaves(false);
  const answer = await fetch("/settings/sessions/alive", { cache: "no-store" }).catch(() => null);
  if (answer?.status === 401) leave();
});
setInterval(() => document.visibilityState === "visible" && readAgain(), 60000);

follow(Number($("#sessions").dataset.number), {
  gone: leave,
  "session-ended": (event) => (rowOf(event.id)?.classList.contains("is-current") ? leave() : ended(event.id)),
  "session-changed": readAgain,
  "session-started": async (event) => {
    const name = await nameOfNew(event.id);
    if (rowOf(event.id)) return;
    told(name ? ` ${name}.` : "");
  },
});
