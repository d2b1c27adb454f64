// Messages that pass by, and what is said when a request fails. A handler sends
// a toast as the event "steward:toast" in the HX-Trigger header.
import htmx from "htmx.org";

import { make } from "./dom";
import { isStream } from "./live";
import { words } from "./words";

export interface Toast {
  text: string;
  tone?: "success" | "critical" | "info" | "warning" | undefined;
  undo?: string | undefined; // URL that takes it back, by POST
}

const stays = 6_000;
const staysWithUndo = 12_000;
const undoKey = "u u";

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

  if (message.undo) {
    const undo = make("button", "", words("undo"));
    undo.type = "button";
    undo.dataset["key"] = undoKey;
    undo.dataset["keyLabel"] = words("undo");
    undo.title = `${words("undo")} (${undoKey})`;
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

/** What the server says about a failure, when it answered with a ui.Problem. */
function problemIn(answer: string | undefined): string | undefined {
  if (!answer?.includes("data-problem")) return undefined;
  return new DOMParser().parseFromString(answer, "text/html").querySelector("[data-problem]")?.textContent?.trim();
}

/** What to say about an answer that says nothing itself. */
function failure(status: number, requestID: string | null): string {
  switch (status) {
    case 401:
      return words("signedOut");
    case 403:
      return words("forbidden");
  }
  return requestID ? words("failedId", requestID) : words("failed");
}

/** Arms the toasts that came with the page: what a form before this page did. */
function adopt(): void {
  for (const element of document.querySelectorAll<HTMLElement>("#toasts > [data-toast]")) {
    const { text = "", tone, undo } = element.dataset;
    element.remove();
    toast({ text, undo, tone: toneOf(tone) });
  }
}

function toneOf(word: string | undefined): Toast["tone"] {
  switch (word) {
    case "danger":
    case "critical":
      return "critical";
    case "info":
    case "warning":
      return word;
  }
  return "success";
}

export function startToasts(): void {
  adopt();
  document.addEventListener("steward:toast", (event) => {
    const detail = (event as CustomEvent<{ text?: string; tone?: string; undo?: string } | null>).detail;
    if (detail?.text) toast({ text: detail.text, undo: detail.undo, tone: toneOf(detail.tone) });
  });

  // An answer that is a problem never takes the place of what it was asked for:
  // a form would lose what was typed.
  document.addEventListener("htmx:before:swap", (event) => {
    const { response, text } = event.detail.ctx;
    if (response && response.status >= 400 && problemIn(text)) event.preventDefault();
  });
  document.addEventListener("htmx:response:error", (event) => {
    const { response, text, sourceElement } = event.detail.ctx;
    if (!response || isStream(sourceElement) || response.headers.get("HX-Trigger")?.includes("steward:toast")) return;
    const problem = problemIn(text);
    // Without a problem, 409 and 422 are fragments that say what is wrong in its place.
    if (!problem && (response.status === 409 || response.status === 422)) return;
    toast({ text: problem || failure(response.status, response.headers.get("X-Request-Id")), tone: "critical" });
  });
  document.addEventListener("htmx:error", (event) => {
    if (event.detail.error instanceof TypeError && !isStream(event.detail.ctx?.sourceElement)) toast({ text: words("unreachable"), tone: "critical" });
  });
}
