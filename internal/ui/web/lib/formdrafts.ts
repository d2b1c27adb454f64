// Drafts of whole forms (data-form-draft). While fields are filled in, all of
// them go to the server; leaving the page sends what still waits, and asks only
// when something could not be saved.
import { on } from "./dom";
import { words } from "./words";

const pause = 600;
const retry = 5_000;
const mostKeptAlive = 60_000; // bytes that browsers let outlive the page

interface State {
  timer?: ReturnType<typeof setTimeout> | undefined;
  sending?: AbortController | undefined;
  failed?: boolean;
}

const states = new WeakMap<HTMLFormElement, State>();

function stateOf(form: HTMLFormElement): State {
  const state = states.get(form) ?? {};
  states.set(form, state);
  return state;
}

const draftForms = (): HTMLFormElement[] => [...document.querySelectorAll<HTMLFormElement>("form[data-form-draft]")];

function say(form: HTMLFormElement, text: string): void {
  const place = form.querySelector("[data-draft-state]");
  if (place) place.textContent = text;
}

/** The fields without files, which travel ahead of the form. */
function fieldsOf(form: HTMLFormElement): URLSearchParams {
  const fields = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string") fields.append(name, value);
  return fields;
}

const outlives = (body: URLSearchParams): boolean => body.toString().length < mostKeptAlive;

async function send(form: HTMLFormElement): Promise<void> {
  const state = stateOf(form);
  clearTimeout(state.timer);
  state.timer = undefined;
  state.sending?.abort(); // what is sent now holds what was sent before
  const sending = new AbortController();
  state.sending = sending;
  say(form, words("saving"));
  const body = fieldsOf(form);
  try {
    const answer = await fetch(form.dataset["formDraft"] ?? "", {
      method: "POST",
      body,
      keepalive: outlives(body),
      signal: sending.signal,
    });
    if (!answer.ok) throw new Error(String(answer.status));
    state.failed = false;
    say(form, words("saved"));
  } catch {
    if (sending.signal.aborted) return;
    state.failed = true;
    say(form, words("unsaved"));
    later(form, retry);
  } finally {
    if (state.sending === sending) state.sending = undefined;
  }
}

function later(form: HTMLFormElement, wait = pause): void {
  const state = stateOf(form);
  clearTimeout(state.timer);
  state.timer = setTimeout(() => {
    if (form.isConnected) void send(form);
  }, wait);
}

/** What is submitted is a draft no more: nothing may be saved after it. */
function settle(form: HTMLFormElement): void {
  const state = stateOf(form);
  clearTimeout(state.timer);
  state.timer = undefined;
  state.sending?.abort();
  state.failed = false;
}

/** The form that a request replaces, or that makes it. */
function formOf(source: unknown, target: unknown): HTMLFormElement | null {
  if (!(source instanceof Element)) return null;
  const form = source.closest<HTMLFormElement>("form[data-form-draft]");
  return form && (form === source || (target instanceof Element && target.contains(form))) ? form : null;
}

export function startFormDrafts(): void {
  const touched = (form: HTMLElement): void => {
    if (form instanceof HTMLFormElement) later(form);
  };
  on("input", "form[data-form-draft]", touched);
  on("change", "form[data-form-draft]", touched);
  on("submit", "form[data-form-draft]", (form) => {
    if (form instanceof HTMLFormElement) settle(form);
  });
  document.addEventListener("htmx:before:request", (event) => {
    const { ctx } = event.detail;
    const form = formOf(ctx.sourceElement, ctx.target);
    if (form) settle(form);
  });
  // A request that failed leaves the form where it was, and with it what was typed.
  document.addEventListener("htmx:finally:request", (event) => {
    const { ctx } = event.detail;
    const form = formOf(ctx.sourceElement, ctx.target);
    if (form && (!ctx.response || ctx.response.status >= 400)) later(form);
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) return;
    for (const form of draftForms()) if (stateOf(form).timer) void send(form);
  });
  window.addEventListener("beforeunload", (event) => {
    const isLost = (form: HTMLFormElement): boolean => {
      const state = stateOf(form);
      return Boolean(state.failed) || (Boolean(state.timer ?? state.sending) && !outlives(fieldsOf(form)));
    };
    if (draftForms().some(isLost)) event.preventDefault();
  });
}
