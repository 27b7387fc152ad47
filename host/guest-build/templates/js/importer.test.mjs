import assert from "node:assert/strict";
import { test } from "node:test";
import { importer } from "./plugin.mjs";
import { home } from "./testing.mjs";

test("a chat is a session", () => {
  home({ files: { "a.chat": "> Hello\nHello yourself\n", "notes.txt": "" } });
  assert.deepEqual(importer.sessions(["a.chat"]).map(({ id }) => id), ["a.chat"]);
  const tags = importer.Entries.open("a.chat", ["a.chat"]).next().map(({ what }) => what.tag);
  assert.deepEqual(tags, ["turn-started", "user-message", "agent-message", "turn-ended"]);
  assert.equal(importer.unitOf("notes.txt"), null);
});
