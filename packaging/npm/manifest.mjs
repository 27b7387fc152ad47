// Prints the package.json of the tree in the working directory. The program itself is what npm links as the command, so that
// nothing stands between it and its exit code, signals and input.
import { existsSync, readdirSync } from "node:fs";

const { env } = process;
const manuals = "share/man/man1";
const manifest = {
  name: "threadkeep",
  version: env.THREADKEEP_VERSION,
  description: env.THREADKEEP_DESCRIPTION,
  license: env.THREADKEEP_LICENSE,
  os: [env.THREADKEEP_NPM_OS],
  cpu: [env.THREADKEEP_NPM_CPU],
  ...(env.THREADKEEP_NPM_LIBC && { libc: [env.THREADKEEP_NPM_LIBC] }),
  bin: { threadkeep: "bin/threadkeep" },
  man: existsSync(manuals) ? readdirSync(manuals).sort().map((name) => `./${manuals}/${name}`) : [],
  files: ["bin", "share"],
};
console.log(JSON.stringify(manifest, null, 2));
