// The access keys page: confirm in a dialog, and copy the new key. Without this script each is a page of its own.
const dialog = document.querySelector("#dialog");
let opener;

addEventListener("submit", async (event) => {
  const form = event.target;
  if ("once" in form.dataset) return sendOnce(event, form);
  if (!("dialog" in form.dataset)) return;
  event.preventDefault();
  const answer = await fetch(form.action, { headers: { "signedin-partial": "1" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return location.assign(form.action);
  dialog.innerHTML = await answer.text();
  opener = form;
  dialog.showModal();
  dialog.querySelector("[data-close]").focus();
});

addEventListener("click", async (event) => {
  const copy = event.target.closest("[data-copy]");
  if ((event.target === dialog && isOutside(event)) || event.target.closest("dialog [data-close]")) {
    event.preventDefault();
    dialog.close();
  } else if (copy) {
    const said = document.querySelector("[data-copied]");
    const shown = document.getElementById(copy.dataset.copy);
    try {
      await navigator.clipboard.writeText(shown.textContent);
    } catch {
      return getSelection().selectAllChildren(shown); // the browser does not allow it: one keypress is left
    }
    said.textContent = said.dataset.copied;
    copy.querySelector("span").textContent = said.dataset.copied;
  }
});

dialog.addEventListener("close", () => opener?.querySelector("button").focus());

// Copying needs a page that the browser trusts (https, or this machine).
for (const button of document.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;

// A second press while the answer is under way would take its place, and with it the only sight of the secret.
function sendOnce(event, form) {
  if ("sent" in form.dataset) return event.preventDefault();
  form.dataset.sent = "";
  addEventListener("pageshow", () => delete form.dataset.sent, { once: true });
  setTimeout(() => delete form.dataset.sent, 5000);
}

function isOutside({ clientX: x, clientY: y }) {
  const box = dialog.getBoundingClientRect();
  return x < box.left || x > box.right || y < box.top || y > box.bottom;
}
