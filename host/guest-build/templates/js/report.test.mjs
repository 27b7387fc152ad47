import assert from "node:assert/strict";
import { test } from "node:test";
import { report } from "./plugin.mjs";
import { home, thread } from "./testing.mjs";

test("threads are counted", () => {
  const run = home({ threads: ["t1", "t2"].map((id) => thread(id, "A thread", { cwd: "/src" })) });
  report.run("{{name}}", []);
  assert.equal(run.output(), "directory,threads\n/src,2\n");
});
