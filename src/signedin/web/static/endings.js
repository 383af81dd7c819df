// Endings for many: counting goes on and progress is shown by themselves. Without this script there is a button for each.
document.querySelector("form[data-counts-on]")?.submit();

const again = { headers: { "Signedin-Automatic": "1" }, cache: "no-store", redirect: "manual" };

async function look() {
  const shown = document.querySelector("#progress");
  if (shown?.dataset.state !== "running") return;
  if (document.visibilityState === "visible") {
    const answer = await fetch(location.href, again).catch(() => null);
    if (answer && isNoMore(answer)) return location.reload();
    if (answer?.ok) show(shown, await answer.text());
  }
  setTimeout(look, 1500);
}

// The session has ended, perhaps by this very ending, or may not look any more: the page itself says so.
function isNoMore(answer) {
  return answer.type === "opaqueredirect" || [401, 403, 404].includes(answer.status);
}

function show(shown, html) {
  const news = new DOMParser().parseFromString(html, "text/html").querySelector("#progress");
  // Whoever is about to press a button keeps it under the pointer and the focus.
  if (news?.dataset.state === "running") return refresh(shown, news);
  if (!news) return;
  const hadFocus = shown.contains(document.activeElement);
  shown.replaceWith(news);
  if (hadFocus) document.querySelector("#main").focus({ preventScroll: true });
  document.querySelector("#announce").textContent = news.querySelector(".op-total").textContent;
}

function refresh(shown, news) {
  for (const part of [".op-far", ".op-total", ".tally"]) {
    const [old, fresh] = [shown.querySelector(part), news.querySelector(part)];
    if (old && fresh) old.innerHTML = fresh.innerHTML;
    else if (fresh) shown.querySelector(".op-total").after(fresh);
  }
}

setTimeout(look, 1500);
