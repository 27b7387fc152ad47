import assert from "node:assert/strict";
import { test } from "node:test";
import { exporter } from "./plugin.mjs";
import { home, thread } from "./testing.mjs";

test("a thread is a row, and none is a formula", () => {
  const first = thread("t1", "=HYPERLINK(1)", { createdAt: 1_709_210_096_789, cwd: "/src, here" }).turn("1").say("user", "Hello");
  const run = home({ threads: [first.command("ls", "", 0), thread("t2", "Another")] });
  exporter.export("csv-list-js", []);
  assert.equal(
    run.output(),
    "id,created,title,directory,turns,messages,tools\n" +
      't1,2024-02-29T12:34:56.789Z,\'=HYPERLINK(1),"/src, here",1,1,1\n' +
      "t2,1970-01-01T00:00:00.000Z,Another,,0,0,0\n",
  );
});

test("what an import throws goes on, and what is thrown here is told", () => {
  home({ threads: [{ id: "gone" }] });
  assert.throws(() => exporter.export("csv-list-js", []), (error) => error.tag === "failed" && error.val.includes("TypeError"));
});
