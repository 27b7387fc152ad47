// Gives tests what Threadkeep gives a plugin: threads and files that the test makes up. To be loaded before the plugin:
// `node --import ./testing.mjs --test`.

import { register } from "node:module";

const hooks = `
  const ours = "threadkeep:plugin/";
  export const resolve = (specifier, context, next) =>
    specifier.startsWith(ours) ? { url: specifier, shortCircuit: true } : next(specifier, context);
  export const load = (url, context, next) => {
    if (!url.startsWith(ours)) return next(url, context);
    const name = JSON.stringify(url.slice(ours.length).split("@")[0]);
    return { format: "module", shortCircuit: true, source: "export default globalThis.threadkeepImports[" + name + "]" };
  };
`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

let current = { threads: [], files: {}, now: 0, written: [], log: [] };

/** Sets what a plugin finds from now on; returns what it wrote and said. */
export function home({ threads = [], files = {}, now = 0 }) {
  const run = { threads, files, now, written: [], log: [] };
  current = run;
  return { output: () => run.written.map(([, text]) => text).join(""), files: run.written, log: run.log };
}

/** A thread; what is not given is not known. */
export function thread(id, title, more = {}) {
  const history = [];
  const item = (kind, role, title, text, more = {}) => {
    const val = { id: `item-${history.length}`, kind, role, title, text, omitted: 0, outcome: "completed", exitCode: null, ...more };
    history.push({ tag: "item", val });
    return made;
  };
  const made = {
    id, title, preview: title, name: null, createdAt: 0, updatedAt: 0, archived: false, sourceKind: "cli", parent: null,
    forkedFrom: null, cwd: null, gitBranch: null, gitCommit: null, gitOrigin: null, model: null, modelProvider: null, tokens: null,
    ...more,
    history,
    item,
    say: (who, text) => item(who === "user" ? "userMessage" : "agentMessage", who, "", text),
    command: (command, output, exitCode) =>
      item("commandExecution", "tool", command, output, { exitCode, outcome: exitCode === 0 ? "completed" : "failed" }),
    turn: (turn, outcome = "completed") => {
      history.push({ tag: "turn", val: { id: turn, startedAt: null, completedAt: null, outcome } });
      return made;
    },
  };
  return made;
}

const fields = (names) => (ids) =>
  ids.flatMap((id) => current.threads.filter((thread) => thread.id === id))
    .map((thread) => Object.fromEntries(names.map((name) => [name, thread[name]])));

/** Behind one of the names, in order. */
const behind = (all, after, limit) => (after == null ? all : all.slice(all.indexOf(after) + 1)).slice(0, limit);

const lookUp = (found) => {
  if (found === undefined) throw { tag: "not-found" };
  return found;
};

/** One at a time, so that a plugin that takes a page for the whole is found out. */
class Pages {
  constructor(items) {
    this.items = [...items];
  }

  take() {
    return this.items.splice(0, 1);
  }
}

class History extends Pages {
  static open = (id) => new History(lookUp(current.threads.find((thread) => thread.id === id)).history);
  next = () => this.take();
}

class Reader extends Pages {
  static open = (name, offset) => new Reader(lookUp(current.files[name]).slice(offset).split("\n").filter((line) => line !== ""));
  lines = (_limit) => this.take();
}

globalThis.threadkeepImports = {
  log: { write: (level, text) => current.log.push([level, text]) },
  progress: { report: () => {} },
  clock: { now: () => current.now },
  random: { next: () => 4 },
  output: {
    begin: (name) => current.written.push([name, ""]),
    text: (text) => {
      if (current.written.length === 0) current.written.push(["", ""]);
      current.written.at(-1)[1] += text;
    },
  },
  threads: {
    list: (after, limit) => behind(current.threads.map(({ id }) => id), after, limit),
    factsOf: fields(["id", "createdAt", "updatedAt", "archived", "sourceKind", "parent", "forkedFrom"]),
    namesOf: fields(["id", "title", "name", "preview"]),
    placesOf: fields(["id", "cwd", "gitBranch", "gitCommit", "gitOrigin"]),
    usageOf: fields(["id", "model", "modelProvider", "tokens"]),
    History,
  },
  source: {
    list: (after, limit) =>
      behind(Object.keys(current.files).sort(), after, limit).map((name) => ({ name, size: current.files[name].length, modifiedAt: 0 })),
    Reader,
  },
};
