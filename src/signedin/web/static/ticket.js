// From an app to one's sessions: the ticket leaves the address at once, and is sent as a form of this page.
const form = document.querySelector("form[data-ticket]");
const handed = location.hash.slice(1);
if (handed) {
  history.replaceState(null, "", location.pathname);
  form.elements.ticket.value = handed;
  if (!("asks" in form.dataset)) form.requestSubmit();
} else {
  for (const part of document.querySelectorAll("[data-with-ticket], [data-no-ticket]")) part.hidden = !part.hidden;
}
