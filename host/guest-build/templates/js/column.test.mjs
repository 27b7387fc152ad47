import assert from "node:assert/strict";
import { test } from "node:test";
import { column } from "./plugin.mjs";
import { home, thread } from "./testing.mjs";

test("each thread has a cell", () => {
  home({ threads: [thread("t1", "A thread", { createdAt: 86_400_000 })], now: 3 * 86_400_000 });
  const cells = column.cells("{{name}}", ["t1", "unknown"]);
  assert.deepEqual(cells, [{ text: "2", score: 2 }, { text: "", score: null }]);
});
