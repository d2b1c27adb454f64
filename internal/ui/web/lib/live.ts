// The page's one stream of server-sent events (#live), and the sign that says
// whether it is open. A named event reaches the body: elements listen with
// hx-trigger="name from:body". A message without a name is <hx-partial> elements
// that htmx swaps. After a break the stream goes on where it was; when that is
// not possible the server says "resync", and the body hears "live-resumed".
import htmx from "htmx.org";

import { words } from "./words";

type State = "connecting" | "live" | "offline";

const firstRetry = 2_000;
const lastRetry = 60_000;

const stream = (): HTMLElement | null => document.getElementById("live");

/** Tells the stream's own requests from those of the page. */
export function isStream(element: Element | null | undefined): boolean {
  return element?.id === "live";
}

function show(state: State): void {
  const sign = document.getElementById("live-state");
  if (!sign || sign.dataset["state"] === state) return;
  sign.dataset["state"] = state;
  const word = sign.querySelector(".s-live-word");
  if (word) word.textContent = words(state);
  sign.title = words(state);
}

export function startLive(): void {
  let retry = firstRetry;

  /** Begins anew: htmx comes back by itself only to a stream that once began. */
  const again = (): void => {
    show("offline");
    const pause = retry * (0.75 + Math.random() / 2); // not all browsers at once
    retry = Math.min(retry * 2, lastRetry);
    setTimeout(() => {
      const element = stream();
      if (element) htmx.process(element, true);
    }, pause);
  };

  document.addEventListener("htmx:sse:after:connection", () => {
    retry = firstRetry;
    show("live");
  });
  document.addEventListener("htmx:sse:error", () => show("offline"));
  document.addEventListener("htmx:sse:close", () => show("offline"));
  window.addEventListener("offline", () => show("offline"));
  document.addEventListener("resync", () => htmx.trigger(document.body, "live-resumed"));

  document.addEventListener("htmx:response:error", (event) => {
    const { sourceElement, response } = event.detail.ctx;
    if (!isStream(sourceElement)) return;
    // Who may not listen will not be let in by asking again.
    if (response && (response.status === 401 || response.status === 403)) show("offline");
    else again();
  });
  document.addEventListener("htmx:error", (event) => {
    if (isStream(event.detail.ctx?.sourceElement)) again();
  });
}
