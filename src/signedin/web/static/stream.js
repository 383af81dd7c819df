// One stream of events for a browser, however many tabs are open: the tab that holds the lock listens, and tells
// the others. When it goes, another takes over, and reads again what nobody told meanwhile.
const NAMES = ["hello", "session-started", "session-ended", "session-changed", "gone"];
const LOCK = "signedin-stream";
const AGAIN_AFTER = 5000;
let isOver = false;
let isListening = false;

// `known` is the number of the last event that the page already shows. The first word of a stream, and of the tab
// that listens to one that asks, is the number it has come to: a page that is behind reads again.
export function follow(known, handlers) {
  const channel = new BroadcastChannel("signedin-sessions");
  const hear = ({ name, data }) => {
    isOver ||= name === "gone";
    if (name === "hello" && data.number > known) handlers["session-changed"]();
    known = Math.max(known, data.number ?? 0);
    handlers[name]?.(data);
  };
  channel.onmessage = (event) => {
    if (event.data.name !== "ask") hear(event.data);
    else if (isListening) channel.postMessage({ name: "hello", data: { number: known } });
  };
  const tell = (name, data) => {
    hear({ name, data });
    channel.postMessage({ name, data });
  };
  const listen = () => {
    isListening = true;
    return new Promise(() => open(tell));
  };
  if (navigator.locks) navigator.locks.request(LOCK, listen);
  else listen();
  channel.postMessage({ name: "ask" });
}

function open(tell) {
  if (isOver) return;
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
    else if (source.readyState === EventSource.CLOSED) setTimeout(() => open(tell), AGAIN_AFTER);
  };
}
