// Writes a list of threads as CSV, with how much was said and done in each.

import output from "threadkeep:plugin/output@0.1.0";
import threads from "threadkeep:plugin/threads@0.1.0";
import { csvField, guarded, history, threadIds } from "./threadkeep.mjs";

export const about = guarded({
  describe: () => ({
    name: "csv-list-js",
    version: "0.1.0",
    summary: "Writes a list of threads as CSV, with how much was said and done in each.",
    kind: "exporter",
    wants: ["facts", "names", "places", "history"],
  }),
});

export const exporter = guarded({
  formats: () => [{ name: "csv-list-js", title: "List, for spreadsheets", extension: "csv", mediaType: "text/csv" }],

  export: (_format, _settings) => {
    output.text("id,created,title,directory,turns,messages,tools\n");
    for (const id of threadIds(threads)) {
      const [facts] = threads.factsOf([id]);
      const [names] = threads.namesOf([id]);
      const [places] = threads.placesOf([id]);
      const { turns, messages, tools } = counts(id);
      const created = new Date(facts.createdAt).toISOString();
      const fields = [id, created, names.title, places.cwd ?? "", turns, messages, tools];
      output.text(`${fields.map(csvField).join(",")}\n`);
    }
  },
});

/** How many turns, messages and uses of tools there are in a thread. */
function counts(id) {
  const counts = { turns: 0, messages: 0, tools: 0 };
  for (const { tag, val } of history(threads, id)) {
    if (tag === "turn") counts.turns += 1;
    else if (val.role === "user" || val.role === "agent") counts.messages += 1;
    else if (val.role === "tool") counts.tools += 1;
  }
  return counts;
}
