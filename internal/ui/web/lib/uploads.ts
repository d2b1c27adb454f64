// Files: chosen, dropped or pasted, sent one by one with their progress. The
// answer is the file's chip with its token, and so becomes part of the form.
import htmx from "htmx.org";

import { make, on } from "./dom";
import { words } from "./words";

function areaOf(drop: HTMLElement): Element {
  return drop.dataset["dropArea"] ? (drop.closest("form") ?? drop) : drop;
}

/** The upload a drag, drop or paste at an element is meant for. */
function uploadAt(target: EventTarget | null): HTMLElement | undefined {
  if (!(target instanceof Element)) return undefined;
  const drops = document.querySelectorAll<HTMLElement>("[data-upload]:not([data-upload=''])");
  return [...drops].find((drop) => areaOf(drop).contains(target));
}

function send(drop: HTMLElement, file: File): void {
  const place = drop.querySelector("[data-files]");
  if (!place) return;
  const chip = make("span", "s-file");
  const progress = make("progress");
  progress.max = 1;
  progress.value = 0;
  progress.setAttribute("aria-label", words("uploading", file.name));
  chip.append(make("span", "", file.name), progress);
  place.append(chip);

  const fail = (reason: string): void => {
    progress.remove();
    chip.classList.add("s-file-failed");
    const remove = make("button", "s-chip-remove", "×");
    remove.type = "button";
    remove.setAttribute("aria-label", words("remove", file.name));
    remove.addEventListener("click", () => chip.remove());
    chip.replaceChildren(make("span", "", reason || words("uploadFailed", file.name)), remove);
  };

  // fetch() cannot tell how much has been sent.
  const request = new XMLHttpRequest();
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) progress.value = event.loaded / event.total;
  });
  request.addEventListener("load", () => {
    const isPage = request.getResponseHeader("Content-Type")?.startsWith("text/html") ?? false;
    if (request.status >= 400 || !isPage) {
      fail(request.status < 500 && !isPage ? request.responseText.trim() : "");
      return;
    }
    const template = make("template");
    template.innerHTML = request.responseText;
    const added = [...template.content.children];
    chip.replaceWith(...added);
    for (const element of added) htmx.process(element);
  });
  request.addEventListener("error", () => fail(""));
  const body = new FormData();
  body.set("file", file);
  request.open("POST", drop.dataset["upload"] ?? "");
  request.setRequestHeader("HX-Request", "true");
  request.send(body);
}

function sendAll(drop: HTMLElement, files: Iterable<File>): void {
  for (const file of files) send(drop, file);
}

export function startUploads(): void {
  on("change", "[data-upload] .s-drop-input", (input) => {
    const drop = input.closest<HTMLElement>("[data-upload]");
    if (!(input instanceof HTMLInputElement) || !drop?.dataset["upload"] || !input.files) return;
    sendAll(drop, input.files);
    // They travel as tokens now, not a second time with the form.
    input.value = "";
    input.required = false;
  });
  document.addEventListener("dragover", (event) => {
    const drop = uploadAt(event.target);
    if (!drop || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    areaOf(drop).classList.add("s-drop-over");
  });
  document.addEventListener("dragleave", (event) => {
    const drop = uploadAt(event.target);
    if (drop && !areaOf(drop).contains(event.relatedTarget as Node | null)) areaOf(drop).classList.remove("s-drop-over");
  });
  document.addEventListener("drop", (event) => {
    const drop = uploadAt(event.target);
    if (!drop || !event.dataTransfer?.files.length) return;
    event.preventDefault();
    areaOf(drop).classList.remove("s-drop-over");
    sendAll(drop, event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => {
    const files = event.clipboardData?.files;
    const drop = files?.length ? uploadAt(event.target) : undefined;
    if (!drop || !files) return;
    event.preventDefault();
    sendAll(drop, files);
  });
}
