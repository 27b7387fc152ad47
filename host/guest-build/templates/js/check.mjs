// Finds threads without a name.

import threads from "threadkeep:plugin/threads@0.1.0";
import { guarded } from "./threadkeep.mjs";

export const about = guarded({
  describe: () => ({
    name: "{{name}}",
    version: "0.1.0",
    summary: "Finds threads without a name.",
    kind: "check",
    wants: ["names"],
  }),
});

export const check = guarded({
  codes: () => ["unnamed"],

  examine: (ids) => {
    const unnamed = threads.namesOf(ids).filter(({ name, preview }) => name == null && preview !== "");
    return unnamed.map(({ id, preview }) => ({
      code: "unnamed",
      severity: "note",
      thread: id,
      text: `"${preview}" has no name.`,
      proposal: { tag: "set-name", val: [...preview].slice(0, 40).join("") },
    }));
  },
});
