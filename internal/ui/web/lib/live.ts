// The page's one stream of server-sent events (#live), and the sign that says
// whether it is open. Messages without a name are <hx-partial> elements that
// htmx swaps; named ones are events that elements listen to with
// hx-trigger="name from:body". After a gap the body hears "live-resumed".
import htmx from "htmx.org";

import { words } from "./words";

type State = "connecting" | "live" | "offline";

function show(state: State): void {
  const sign = document.getElementById("live-state");
  if (!sign || sign.dataset["state"] === state) return;
  sign.dataset["state"] = state;
  const word = sign.querySelector(".s-live-word");
  if (word) word.textContent = words(state);
  sign.title = words(state);
}

export function startLive(): void {
  let gap = false;
  document.addEventListener("htmx:sse:after:connection", () => {
    show("live");
    if (gap) htmx.trigger(document.body, "live-resumed");
    gap = false;
  });
  document.addEventListener("htmx:sse:error", () => {
    gap = true;
    show("offline");
  });
  document.addEventListener("htmx:sse:close", () => {
    gap = true;
    show("offline");
  });
  document.addEventListener("visibilitychange", () => {
    // The stream pauses in the background and opens again in front.
    if (document.hidden) gap = true;
  });
  window.addEventListener("offline", () => {
    gap = true;
    show("offline");
  });
}
