// One stream of events for a browser, however many tabs are open: the tab that holds the lock listens, and tells
// the others. When it goes, another takes over.
const NAMES = ["session-started", "session-ended", "session-changed", "gone"];

export function follow(handlers) {
  const channel = new BroadcastChannel("signedin-sessions");
  const hear = ({ name, data }) => handlers[name]?.(data);
  channel.onmessage = (event) => hear(event.data);
  const tell = (name, data) => {
    hear({ name, data });
    channel.postMessage({ name, data });
  };
  if (navigator.locks) {
    navigator.locks.request("signedin-stream", () => listen(tell));
  } else {
    listen(tell);
  }
}

function listen(tell) {
  return new Promise(() => {
    const source = new EventSource("/settings/sessions/events");
    for (const name of NAMES) {
      source.addEventListener(name, (event) => {
        if (name === "gone") source.close();
        tell(name, JSON.parse(event.data));
      });
    }
    source.onerror = async () => {
      const answer = await fetch("/settings/sessions/alive", { cache: "no-store" }).catch(() => null);
      if (answer?.status === 401) tell("gone", {});
    };
  });
}
