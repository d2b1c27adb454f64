// Messages that pass by, and what is said when a request fails. A handler sends
// a toast with the HX-Trigger header; see ui.Announce.
import htmx from "htmx.org";

import { make } from "./dom";
import { words } from "./words";

export interface Toast {
  text: string;
  tone?: "success" | "critical" | "info" | "warning";
  undo?: string;
  url?: string;
  link?: string;
}

const stays = 6_000;
const staysWithUndo = 12_000;

/** Shows a toast until it was there long enough to be read. */
export function toast(message: Toast): void {
  const region = document.getElementById("toasts");
  if (!region) return;
  const element = make("div", "s-toast");
  if (message.tone) element.classList.add(`s-toast-${message.tone}`);
  element.append(make("span", "s-toast-text", message.text));

  let timer: ReturnType<typeof setTimeout> | undefined;
  const close = (): void => {
    clearTimeout(timer);
    element.remove();
    if (!region.childElementCount && region.matches(":popover-open")) region.hidePopover();
  };
  const arm = (): void => {
    clearTimeout(timer);
    timer = setTimeout(close, message.undo ? staysWithUndo : stays);
  };

  if (message.url) {
    const link = make("a", "", message.link ?? message.url);
    link.href = message.url;
    element.append(link);
  }
  if (message.undo) {
    const undo = make("button", "", words("undo"));
    undo.type = "button";
    const url = message.undo;
    undo.addEventListener("click", () => {
      close();
      void htmx.ajax("POST", url, { source: document.body, swap: "none" });
    });
    element.append(undo);
  }
  const dismiss = make("button", "s-toast-close", "×");
  dismiss.type = "button";
  dismiss.setAttribute("aria-label", words("dismiss"));
  dismiss.addEventListener("click", close);
  element.append(dismiss);

  // Who reads or reaches for it needs it to stay.
  element.addEventListener("pointerenter", () => clearTimeout(timer));
  element.addEventListener("pointerleave", arm);
  element.addEventListener("focusin", () => clearTimeout(timer));
  element.addEventListener("focusout", arm);

  region.append(element);
  // A popover shown again comes to lie above a dialog opened since.
  region.popover = "manual";
  if (region.matches(":popover-open")) region.hidePopover();
  region.showPopover();
  arm();
}

/** What to say about an answer that carries no page. */
function failure(status: number, requestID: string | null): string {
  switch (status) {
    case 401:
      return words("signedOut");
    case 403:
      return words("forbidden");
  }
  return requestID ? words("failedId", requestID) : words("failed");
}

export function startToasts(): void {
  document.addEventListener("toast", (event) => {
    const detail = (event as CustomEvent<Toast>).detail;
    if (detail?.text) toast(detail);
  });

  document.addEventListener("htmx:response:error", (event) => {
    const { ctx } = (event as CustomEvent<{ ctx: { response?: { status: number; headers: Headers } } }>).detail;
    const response = ctx.response;
    // 409 and 422 answer with a fragment that says what is wrong in its place.
    if (!response || response.status === 409 || response.status === 422) return;
    if (response.headers.get("HX-Trigger")?.includes('"toast"')) return;
    toast({ text: failure(response.status, response.headers.get("X-Request-Id")), tone: "critical" });
  });

  document.addEventListener("htmx:error", (event) => {
    const { error } = (event as CustomEvent<{ error?: unknown }>).detail;
    if (error instanceof TypeError) toast({ text: words("unreachable"), tone: "critical" });
  });
}
