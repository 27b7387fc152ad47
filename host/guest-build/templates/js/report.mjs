// Counts threads by directory.

import output from "threadkeep:plugin/output@0.1.0";
import threads from "threadkeep:plugin/threads@0.1.0";
import { csvField, guarded, threadIds } from "./threadkeep.mjs";

export const about = guarded({
  describe: () => ({
    name: "{{name}}",
    version: "0.1.0",
    summary: "Counts threads by directory.",
    kind: "report",
    wants: ["places"],
  }),
});

export const report = guarded({
  reports: () => [{ name: "{{name}}", title: "Threads by directory", extension: "csv" }],

  run: (_name, _settings) => {
    const counts = new Map();
    for (const id of threadIds(threads)) {
      for (const { cwd } of threads.placesOf([id])) counts.set(cwd ?? "", (counts.get(cwd ?? "") ?? 0) + 1);
    }
    output.text("directory,threads\n");
    for (const directory of [...counts.keys()].sort()) output.text(`${csvField(directory)},${counts.get(directory)}\n`);
  },
});
