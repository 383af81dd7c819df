// Endings for many: counting goes on and progress is shown by themselves. Without this script there is a button for each.
document.querySelector("form[data-counts-on]")?.submit();

const again = { headers: { "Signedin-Automatic": "1" }, cache: "no-store", redirect: "manual" };

async function look() {
  const shown = document.querySelector("#progress");
  if (shown?.dataset.state !== "running") return;
  if (document.visibilityState === "visible") {
    const answer = await fetch(location.href, again).catch(() => null);
    if (answer?.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const news = page.querySelector("#progress");
      // Whoever is about to press a button keeps it under the pointer and the focus.
      if (news && news.dataset.state === "running") refresh(shown, news);
      else if (news) shown.replaceWith(news);
    }
  }
  setTimeout(look, 1500);
}

function refresh(shown, news) {
  for (const part of [".op-far", ".op-total", ".tally"]) {
    const [old, fresh] = [shown.querySelector(part), news.querySelector(part)];
    if (old && fresh) old.innerHTML = fresh.innerHTML;
    else if (fresh) shown.querySelector(".op-total").after(fresh);
  }
}

setTimeout(look, 1500);
