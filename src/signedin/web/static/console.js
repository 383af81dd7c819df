// An account in the operator console: says how many rows are ticked. Without this script the ticks say it.
const said = document.querySelector("[data-selected]");
const ticks = () => document.querySelectorAll(".pick input:checked").length;

function tell() {
  const number = ticks();
  said.hidden = number === 0;
  said.querySelector("b").textContent = number.toLocaleString(document.documentElement.lang);
}

if (said) {
  addEventListener("change", tell);
  addEventListener("pageshow", tell); // a browser that comes back may have kept the ticks
}
