// Adds a column that tells how old a thread is.

import clock from "threadkeep:plugin/clock@0.1.0";
import threads from "threadkeep:plugin/threads@0.1.0";
import { guarded } from "./threadkeep.mjs";

const DAY = 86_400_000;

export const about = guarded({
  describe: () => ({
    name: "{{name}}",
    version: "0.1.0",
    summary: "Adds a column that tells how many days old a thread is.",
    kind: "column",
    wants: ["facts"],
  }),
});

export const column = guarded({
  headings: () => [{ name: "{{name}}", title: "Days", rightAligned: true }],

  cells: (_heading, ids) => {
    const createdAt = new Map(threads.factsOf(ids).map((facts) => [facts.id, facts.createdAt]));
    return ids.map((id) => {
      if (!createdAt.has(id)) return { text: "", score: null };
      const days = Math.floor((clock.now() - createdAt.get(id)) / DAY);
      return { text: String(days), score: days };
    });
  },
});
