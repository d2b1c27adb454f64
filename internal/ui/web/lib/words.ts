// The texts that scripts show. They come with the page, in the reader's
// language, as data attributes of #client-text.

/** Returns a text of the page with its %s filled in. */
export function words(name: string, ...values: string[]): string {
  let text = document.getElementById("client-text")?.dataset[name] ?? "";
  for (const value of values) text = text.replace("%s", () => value);
  return text;
}
