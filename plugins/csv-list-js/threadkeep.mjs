// Helps to write plugins for Threadkeep in JavaScript.

import log from "threadkeep:plugin/log@0.1.0";

/** Functions of the contract that cannot answer with an error. */
const NEVER_FAIL = new Set(["describe", "formats", "headings", "codes", "reports", "places", "unitOf"]);

/**
 * Turns what the functions of an interface throw into the contract's error: a plugin that lets an exception go is stopped
 * without a word. What an import threw goes on as it is.
 */
export function guarded(functions) {
  const guard = ([name, run]) => [name, typeof run === "function" && !run.prototype ? call(name, run) : run];
  return Object.fromEntries(Object.entries(functions).map(guard));
}

function call(name, run) {
  return (...args) => {
    try {
      return run(...args);
    } catch (error) {
      const failure = error?.tag ? error : { tag: "failed", val: describeError(error) };
      if (NEVER_FAIL.has(name)) log.write("error", `${name}: ${failure.val ?? failure.tag}`);
      throw failure;
    }
  };
}

function describeError(error) {
  const where = error?.stack?.trim().split("\n")[0]?.trim();
  return where ? `${error} (${where})` : String(error);
}

/** An error of the contract, to be thrown: the plugin was asked for what makes no sense. */
export const invalid = (why) => ({ tag: "invalid", val: why });

/** Goes through what comes in pages, the last of which is empty. */
export function* pages(next) {
  for (let page = next(); page.length > 0; page = next()) yield* page;
}

/** Goes through the ids of the threads, in the order in which the user asked for them. */
export function* threadIds(threads) {
  let last = null;
  yield* pages(() => {
    const page = threads.list(last, 1000);
    last = page.at(-1) ?? last;
    return page;
  });
}

/** Goes through the history of a thread from its beginning: `{ tag: "turn" | "item", val }`. */
export function* history(threads, id) {
  const open = threads.History.open(id);
  yield* pages(() => open.next());
}

/** A field of CSV. A text that a spreadsheet would take for a formula has a `'` before it. */
export function csvField(value) {
  let text = String(value);
  if (/^(\s*[=+\-@＝＋－＠]|[\t\r])/.test(text) && Number.isNaN(Number(text))) text = `'${text}`;
  return /[",;\n\r\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
