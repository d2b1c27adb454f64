// Drafts of composers. While typing, the text goes to the server (data-draft-url)
// and to this device; the device's copy goes away when the server has it. So a
// failed request, a closed tab or a dead network loses nothing.
import { on } from "./dom";
import { words } from "./words";

interface Draft {
  body: string;
  kind: string;
  base: string; // what the server had when the typing began
  sent?: boolean; // submitted without scripts' help: whether it arrived is not known
}

const prefix = "steward-draft:";
const pause = 900;
const timers = new WeakMap<HTMLFormElement, ReturnType<typeof setTimeout>>();
const stored = new WeakMap<HTMLFormElement, string>(); // what the server has now, where that is known
const saving = new WeakMap<HTMLFormElement, Promise<void>>(); // a draft on its way to the server
const due = new Set<HTMLFormElement>(); // typed in, and not on its way yet
const gone = new WeakSet<HTMLFormElement>(); // sent, and not typed in since

const keyOf = (form: HTMLFormElement): string => prefix + (form.dataset["draftUrl"] ?? "");

const bodyOf = (form: HTMLFormElement): HTMLTextAreaElement | null => form.querySelector("textarea[name=body]");

function read(form: HTMLFormElement): Draft {
  const kind = form.querySelector<HTMLInputElement>("input[name=kind]:checked, input[name=kind][type=hidden]");
  const area = bodyOf(form);
  return { body: area?.value ?? "", kind: kind?.value ?? "", base: stored.get(form) ?? area?.defaultValue ?? "" };
}

function keep(form: HTMLFormElement, draft: Draft): void {
  try {
    if (draft.body !== draft.base) localStorage.setItem(keyOf(form), JSON.stringify(draft));
    else localStorage.removeItem(keyOf(form));
  } catch {
    // A full or forbidden storage leaves the server's copy.
  }
}

function kept(form: HTMLFormElement): Draft | undefined {
  try {
    const raw = localStorage.getItem(keyOf(form));
    return raw ? (JSON.parse(raw) as Draft) : undefined;
  } catch {
    return undefined;
  }
}

function forget(form: HTMLFormElement): void {
  clearTimeout(timers.get(form));
  timers.delete(form);
  due.delete(form);
  try {
    localStorage.removeItem(keyOf(form));
  } catch {
    // nothing was kept then
  }
}

function say(form: HTMLFormElement, text: string): void {
  const place = form.querySelector("[data-draft-state]");
  if (place) place.textContent = text;
}

async function post(form: HTMLFormElement, body: string, kind: string): Promise<void> {
  const answer = await fetch(form.dataset["draftUrl"] ?? "", {
    method: "POST",
    body: new URLSearchParams({ body, kind }),
    keepalive: body.length < 30_000, // browsers limit what may outlive the page
  });
  if (!answer.ok) throw new Error(String(answer.status));
}

function send(form: HTMLFormElement): Promise<void> {
  timers.delete(form);
  due.delete(form);
  const run = save(form).finally(() => saving.get(form) === run && saving.delete(form));
  saving.set(form, run);
  return run;
}

async function save(form: HTMLFormElement): Promise<void> {
  const draft = read(form);
  say(form, words("saving"));
  try {
    await post(form, draft.body, draft.kind);
    stored.set(form, draft.body);
    // Only what the server has may leave the device; typing may have gone on.
    if (read(form).body === draft.body) {
      if (!timers.has(form)) forget(form);
      say(form, draft.body ? words("saved") : "");
    }
  } catch {
    say(form, words("savedHere"));
  }
}

function later(form: HTMLFormElement): void {
  clearTimeout(timers.get(form));
  due.add(form);
  timers.set(form, setTimeout(() => void send(form), pause));
}

/** What was sent is no draft any more, also where a draft was on its way at the same time. */
function settled(form: HTMLFormElement): void {
  forget(form);
  gone.add(form);
  const { kind } = read(form);
  void saving.get(form)?.then(() => post(form, "", kind)).catch(() => undefined);
}

const seen = new WeakSet<HTMLFormElement>();

/** Brings back what this device kept and the server never got. */
function restore(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-draft-url]")) {
    if (seen.has(form)) continue;
    seen.add(form);
    const draft = kept(form);
    const area = bodyOf(form);
    if (!draft || !area) continue;
    const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
    const cameBack = navigation?.type === "back_forward" || navigation?.type === "reload";
    if ((draft.sent && !cameBack) || area.value === draft.body) {
      forget(form);
      continue;
    }
    // Where the server's text changed meanwhile, on another device, both are kept.
    area.value = area.value && area.value !== draft.base ? `${area.value}\n\n${draft.body}` : draft.body;
    const kind = form.querySelector<HTMLInputElement>(`input[name=kind][value="${CSS.escape(draft.kind)}"]:not(:disabled)`);
    if (kind?.type === "radio") kind.checked = true;
    say(form, words("restored"));
    later(form);
  }
}

export function startDrafts(): void {
  const touched = (form: HTMLElement, event: Event): void => {
    if (!(form instanceof HTMLFormElement)) return;
    if (event.type === "input") gone.delete(form);
    // A text that is taken away while it has the focus has "changed" once more.
    if (gone.has(form)) return;
    keep(form, read(form));
    later(form);
  };
  on("input", "form[data-draft-url]", touched);
  on("change", "form[data-draft-url]", touched);

  // A plain submit: keep the copy until the next page shows whether it arrived.
  on("submit", "form[data-draft-url]", (form) => {
    if (!(form instanceof HTMLFormElement)) return;
    clearTimeout(timers.get(form));
    timers.delete(form);
    keep(form, { ...read(form), sent: true });
  });
  document.addEventListener("htmx:after:request", (event) => {
    const { ctx } = event.detail;
    const form = ctx.sourceElement;
    if (!(form instanceof HTMLFormElement) || !form.matches("[data-draft-url]")) return;
    if (ctx.response && ctx.response.status < 400) settled(form);
    else keep(form, read(form));
  });
  // What was written went on in another way, such as by a dialog: also what was
  // typed last, in a form that may be replaced already.
  document.addEventListener("composer-emptied", () => {
    for (const form of new Set([...due, ...document.querySelectorAll<HTMLFormElement>("form[data-draft-url]")])) settled(form);
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) return;
    for (const form of document.querySelectorAll<HTMLFormElement>("form[data-draft-url]")) {
      if (timers.has(form)) {
        clearTimeout(timers.get(form));
        void send(form);
      }
    }
  });
  // A shared device must not keep what a person who signed out was writing.
  on("submit", "form[data-sign-out]", () => {
    for (const key of Object.keys(localStorage)) if (key.startsWith(prefix)) localStorage.removeItem(key);
  });
  document.addEventListener("htmx:after:settle", restore);
  restore();
}
