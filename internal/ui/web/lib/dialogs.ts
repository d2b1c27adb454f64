// Native dialogs: opened and closed by attributes, and the question before what
// cannot be undone.
import { make, on } from "./dom";
import { leaveFor } from "./focus";
import { words } from "./words";

/** Shows a dialog, and tells it so that it can load its content. */
export function openDialog(dialog: HTMLDialogElement): void {
  if (dialog.open) return;
  leaveFor(dialog);
  dialog.showModal();
  // Not the close button, where the browser begins, but what is to be filled in.
  dialog.querySelector<HTMLElement>("[autofocus], .s-dialog-content :is(input:not([type=hidden]), select, textarea)")?.focus();
  dialog.dispatchEvent(new CustomEvent("dialog-open"));
}

function ask(question: string): Promise<boolean> {
  return new Promise((resolve) => {
    const dialog = make("dialog", "s-dialog");
    const body = make("div", "s-dialog-body");
    const text = make("p", "", question);
    text.id = "confirm-question";
    dialog.setAttribute("aria-labelledby", text.id);
    body.append(text);
    const foot = make("div", "s-dialog-foot");
    const buttons = make("div", "s-buttons");
    const cancel = make("button", "s-button", words("cancel"));
    const go = make("button", "s-button s-button-primary", words("confirm"));
    cancel.type = go.type = "button";
    cancel.addEventListener("click", () => dialog.close());
    go.addEventListener("click", () => dialog.close("go"));
    buttons.append(cancel, go);
    foot.append(buttons);
    dialog.append(body, foot);
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "go");
      dialog.remove();
    });
    document.body.append(dialog);
    leaveFor(dialog);
    dialog.showModal();
    go.focus();
  });
}

/** Shows the dialogs that came to be shown, each once: closed, they stay closed. */
function openMarked(root: ParentNode): void {
  for (const dialog of root.querySelectorAll<HTMLDialogElement>("dialog[data-open-now]")) {
    dialog.removeAttribute("data-open-now");
    openDialog(dialog);
  }
}

export function startDialogs(): void {
  on("click", "[data-opens]", (button, event) => {
    const dialog = document.getElementById(button.dataset["opens"] ?? "");
    if (!(dialog instanceof HTMLDialogElement)) return;
    event.preventDefault();
    openDialog(dialog);
  });
  on("click", "[data-closes]", (button) => button.closest("dialog")?.close());
  document.addEventListener("click", (event) => {
    // The backdrop belongs to the dialog: a click on it has the dialog itself as target.
    const dialog = event.target;
    if (!(dialog instanceof HTMLDialogElement)) return;
    const box = dialog.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) dialog.close();
  });
  document.addEventListener("dialog-close", () => {
    for (const dialog of document.querySelectorAll<HTMLDialogElement>("dialog[open]")) dialog.close();
  });
  document.addEventListener("htmx:after:settle", () => openMarked(document));
  openMarked(document);

  document.addEventListener("htmx:confirm", (event) => {
    // The types lack the question, which is there whenever this event is.
    const { ctx, issueRequest, dropRequest } = event.detail;
    const question = (ctx as { confirm?: string }).confirm;
    if (!question) return;
    event.preventDefault();
    void ask(question).then((yes) => (yes ? issueRequest() : dropRequest()));
  });
}
