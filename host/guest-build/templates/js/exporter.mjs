// Writes what was said in threads as plain text.

import output from "threadkeep:plugin/output@0.1.0";
import threads from "threadkeep:plugin/threads@0.1.0";
import { guarded, history, threadIds } from "./threadkeep.mjs";

export const about = guarded({
  describe: () => ({
    name: "{{name}}",
    version: "0.1.0",
    summary: "Writes what was said in threads as plain text.",
    kind: "exporter",
    wants: ["names", "history"],
  }),
});

export const exporter = guarded({
  formats: () => [{ name: "{{name}}", title: "Plain text", extension: "txt", mediaType: "text/plain" }],

  export: (_format, _settings) => {
    for (const id of threadIds(threads)) {
      for (const { title } of threads.namesOf([id])) output.text(`# ${title}\n`);
      for (const { tag, val } of history(threads, id)) {
        if (tag !== "item") continue;
        if (val.role === "user") output.text(`\n> ${val.text.replaceAll("\n", "\n> ")}\n`);
        if (val.role === "agent") output.text(`\n${val.text}\n`);
      }
    }
  },
});
