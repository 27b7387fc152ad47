import assert from "node:assert/strict";
import { test } from "node:test";
import { check } from "./plugin.mjs";
import { home, thread } from "./testing.mjs";

test("a thread without a name is found", () => {
  home({ threads: [thread("t1", "Mend the tests"), thread("t2", "Another", { name: "Named" })] });
  const findings = check.examine(["t1", "t2"]);
  assert.equal(findings.length, 1);
  assert.deepEqual(findings[0].proposal, { tag: "set-name", val: "Mend the tests" });
});
