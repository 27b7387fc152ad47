import assert from "node:assert/strict";
import { test } from "node:test";
import { redactor } from "./plugin.mjs";

test("user names are taken out", () => {
  const redacted = redactor.redact(["see /home/sam/a and /Users/eve, not /home/"]);
  assert.deepEqual(redacted, [{ text: "see /home/USER/a and /Users/USER, not /home/", replaced: 2 }]);
});
