import assert from "node:assert/strict";
import { test } from "node:test";
import { exporter } from "./plugin.mjs";
import { home, thread } from "./testing.mjs";

test("what was said is written", () => {
  const run = home({ threads: [thread("t1", "Greeting").say("user", "Hello").command("ls", "", 0).say("agent", "Hello yourself")] });
  exporter.export("{{name}}", []);
  assert.equal(run.output(), "# Greeting\n\n> Hello\n\nHello yourself\n");
});
