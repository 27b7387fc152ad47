// Runs a component of the world `reader` over homes and prints what it answers.
//
//   node run.mjs TOOLS CONTRACT COMPONENT
//
// TOOLS is where `.ci/setup node` has put jco, and the transpiled component is kept there too. CONTRACT is the
// directory of the WIT files. On standard input stands
//
//   [{ "home": "a directory", "calls": [{ "call": "lookup.find", "with": { "wanted": "…" } }, …] }, …]
//
// and on standard output, for each call of each home, { "answer": …, "asked": ["rollouts.heads.open", …] }: the answer
// as Rust would write it, and what the component asked of the host for it.
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { camel, contractIn, fromJson, kebab, pascal, snake, toJson } from "./contract.mjs";
import { imports } from "./host.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const [tools, wit, component] = process.argv.slice(2).map((path) => resolve(path));
const contract = contractIn(wit);

// The directory of the transpiled component, which appears complete or not at all.
async function transpiled() {
    const bytes = readFileSync(component);
    const lock = readFileSync(join(here, "package-lock.json"));
    const into = join(tools, "transpiled", createHash("sha256").update(lock).update(bytes).digest("hex"));
    const there = () => readFileSync(join(into, "package.json"));
    try {
        return there() && into;
    } catch {
        const jco = createRequire(join(tools, "index.js")).resolve("@bytecodealliance/jco");
        const { transpile } = await import(pathToFileURL(jco));
        const { files } = await transpile(bytes, { name: "reader", instantiation: "async" });
        mkdirSync(dirname(into), { recursive: true });
        const unfinished = mkdtempSync(`${into}.`);
        for (const [name, content] of [...Object.entries(files), ["package.json", '{ "type": "module" }']]) {
            mkdirSync(dirname(join(unfinished, name)), { recursive: true });
            writeFileSync(join(unfinished, name), content);
        }
        try {
            renameSync(unfinished, into);
        } catch {
            // Somebody else was quicker.
            rmSync(unfinished, { recursive: true });
        }
        return there() && into;
    }
}

// Notes every call of these imports, but not what they call of each other.
function watched(of, asked) {
    let inside = false;
    const note = (name, call) => function (...given) {
        if (inside) return call.apply(this, given);
        asked.push(name);
        inside = true;
        try {
            return call.apply(this, given);
        } finally {
            inside = false;
        }
    };
    const watch = (owner, keys, prefix) => {
        for (const key of keys.filter((key) => typeof owner[key] === "function" && key !== "constructor")) {
            owner[key] = note(`${prefix}.${kebab(key)}`, owner[key]);
        }
    };
    for (const [path, functions] of Object.entries(of)) {
        const name = path.split("/").pop();
        for (const [key, resource] of Object.entries(functions).filter(([key]) => /^[A-Z]/.test(key))) {
            watch(resource, ["open"], `${name}.${kebab(key)}`);
            watch(resource.prototype, Object.getOwnPropertyNames(resource.prototype), `${name}.${kebab(key)}`);
        }
        watch(functions, Object.keys(functions).filter((key) => /^[a-z]/.test(key)), name);
    }
    return of;
}

// The function of a call, `interface.function` or `interface.resource.function`; where no resource is named, the first
// one of the interface that has such a function.
function called(call) {
    const [within, ...rest] = call.split(".");
    const { functions, resources } = contract[within];
    const name = rest.pop();
    if (rest.length === 0 && functions[name]) return { within, name, ...functions[name] };
    const resource = rest[0] ?? Object.keys(resources).find((resource) => resources[resource][name]);
    return { within, name, resource, ...resources[resource][name] };
}

// What an opened resource tells of itself unasked: all that takes nothing and cannot fail.
function toldOf(object, within, resource) {
    const isFree = ([, { parameters, answer }]) => parameters.length === 0 && !answer.startsWith("result<");
    const free = Object.entries(contract[within].resources[resource]).filter(isFree);
    return free.map(([name, { answer }]) => [name, toJson(contract, within, answer, object[camel(name)]())]);
}

function ask(core, opened, { call, with: given = {} }) {
    const { within, name, resource, parameters, answer } = called(call);
    const [, ok, error] = answer.match(/^result<(.*), ([\w-]+)>$/) ?? [];
    const values = parameters.map(([name, type]) => fromJson(contract, within, type, given[snake(name)]));
    const json = (type, value) => toJson(contract, within, type, value);
    const owner = core[camel(within)];
    try {
        if (resource && ok === resource) {
            const object = owner[pascal(resource)][camel(name)](...values);
            const number = opened.push(object) - 1;
            return { Ok: Object.fromEntries([["number", number], ...toldOf(object, within, resource)]) };
        }
        const self = resource ? opened[given[snake(resource)] ?? 0] : owner;
        const value = self[camel(name)](...values);
        return ok ? { Ok: json(ok, value) } : json(answer, value);
    } catch (thrown) {
        // Not an error of the contract: the component has trapped, or something is wrong here.
        return thrown.payload ? { Err: json(error, thrown.payload) } : { Failed: `${thrown.stack}` };
    }
}

const directory = await transpiled();
const { instantiate } = await import(pathToFileURL(join(directory, "reader.js")));
const modules = new Map();
const module = (name) => {
    if (!modules.has(name)) modules.set(name, WebAssembly.compile(readFileSync(join(directory, name))));
    return modules.get(name);
};
const results = [];
for (const { home, calls } of JSON.parse(readFileSync(0, "utf8"))) {
    const [asked, opened] = [[], []];
    const core = await instantiate(module, watched(imports(home), asked));
    results.push(calls.map((call) => ({ answer: ask(core, opened, call), asked: asked.splice(0) })));
}
process.stdout.write(JSON.stringify(results));
