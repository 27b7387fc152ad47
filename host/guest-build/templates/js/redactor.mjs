// Takes user names out of paths to home directories.

import { guarded } from "./threadkeep.mjs";

export const about = guarded({
  describe: () => ({
    name: "{{name}}",
    version: "0.1.0",
    summary: "Takes user names out of paths to home directories.",
    kind: "redactor",
    wants: [],
  }),
});

export const redactor = guarded({
  redact: (texts) =>
    texts.map((given) => {
      let replaced = 0;
      const text = given.replace(/(\/home\/|\/Users\/)[\w.-]+/g, (_, home) => {
        replaced += 1;
        return `${home}USER`;
      });
      return { text, replaced };
    }),
});
