// Reads sessions of a program that keeps each as a text file: a line that begins with `> ` is the user's, any other the agent's.

import source from "threadkeep:plugin/source@0.1.0";
import { guarded, pages } from "./threadkeep.mjs";

export const about = guarded({
  describe: () => ({
    name: "{{name}}",
    version: "0.1.0",
    summary: "Reads chats that are kept as text files.",
    kind: "importer",
    wants: [],
  }),
});

/** The entries of a session that are still to come. */
class Entries {
  static open = guarded({ open: (session, _files) => new Entries(session) }).open;

  constructor(session) {
    this.entries = entriesOf(session);
  }

  next() {
    const page = this.entries.slice(0, 1000);
    this.entries = this.entries.slice(1000);
    return page;
  }
}

export const importer = {
  ...guarded({
    places: () => [".chats"],

    unitOf: (file) => (file.endsWith(".chat") ? file : null),

    sessions: (files) => {
      let last = null;
      const all = [];
      for (const file of pages(() => source.list(last, 1000))) {
        last = file.name;
        if (files.includes(file.name)) all.push(sessionOf(file));
      }
      return all;
    },
  }),
  Entries,
};

function sessionOf({ name, size, modifiedAt }) {
  return {
    id: name,
    title: null,
    parent: null,
    forkedFrom: null,
    createdAt: modifiedAt,
    updatedAt: modifiedAt,
    archived: false,
    cwd: null,
    gitBranch: null,
    model: null,
    modelProvider: null,
    version: null,
    stamp: `${size} ${modifiedAt}`,
    titles: [],
  };
}

function entriesOf(session) {
  const entries = [];
  const push = (what) => entries.push({ at: null, key: null, what });
  const file = source.Reader.open(session, 0);
  for (const line of pages(() => file.lines(1 << 18))) {
    if (line.startsWith("> ")) {
      if (entries.length > 0) push({ tag: "turn-ended", val: "completed" });
      push({ tag: "turn-started" });
      push({ tag: "user-message", val: { text: line.slice(2), images: [] } });
    } else {
      push({ tag: "agent-message", val: line });
    }
  }
  if (entries.length > 0) push({ tag: "turn-ended", val: "completed" });
  return entries;
}
