// On every page: tell the server the reader's time zone, and close the menu by a click elsewhere.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const known = document.cookie.split("; ").find((pair) => pair.startsWith("signedin_zone="));
if (zone && known !== `signedin_zone=${encodeURIComponent(zone)}`) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `signedin_zone=${encodeURIComponent(zone)}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
}
addEventListener("click", (event) => {
  const menu = document.querySelector(".menu[open]");
  if (menu && !menu.contains(event.target)) menu.open = false;
});
