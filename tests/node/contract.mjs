// Values of the contract as Rust writes them in JSON, which is how the scenarios have them, and as jco wants them. The
// rules need the types: `"files"` may be an enum's case or a text. So the types are read out of wit/.
//
//   type      JSON                           jco
//   record    { a_field: … }                 { aField: … }
//   variant   "ACase", { "ACase": … }        { tag: "a-case", val: … }
//   enum      "ACase"                        "a-case"
//   result    { "Ok": … }, { "Err": … }      { tag: "ok", val: … }, { tag: "err", val: … }
//   option    null                           undefined
//   64 bits   a number                       a BigInt
//   resource  its number                     an object
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

export const camel = (name) => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
export const pascal = (name) => camel(`-${name}`);
export const kebab = (name) => name.replace(/(?!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
export const snake = (name) => name.replaceAll("-", "_");

// "a, b<c, d>" in two.
function split(list) {
    const parts = [];
    let [depth, from] = [0, 0];
    for (const [at, letter] of [...`${list},`].entries()) {
        if ("<(".includes(letter)) depth++;
        if (">)".includes(letter)) depth--;
        if (letter !== "," || depth > 0) continue;
        if (list.slice(from, at).trim()) parts.push(list.slice(from, at).trim());
        from = at + 1;
    }
    return parts;
}

// A function: { parameters: [[name, type]], answer }.
function functionOf([, name, parameters, answer]) {
    return [name, { parameters: split(parameters).map((one) => one.split(/:\s*/)), answer }];
}

// A field with its type, or a case, which may have one.
const PART = /^([\w-]+)(?:(?:: |\()([^()]*)\)?)?$/;
const FUNCTION = /([\w-]+): (?:static )?func\(([^)]*)\)(?:\s*-> ([^;]+))?;/g;

// { types: { name: [kind, parts] }, functions, resources: { name: functions }, uses: { name: [interface, name] } }
function interfaceOf(body) {
    const is = { types: {}, functions: {}, resources: {}, uses: {} };
    const rest = body.replace(/resource ([\w-]+) \{([^}]*)\}/g, (_, name, inside) => {
        is.resources[name] = Object.fromEntries([...inside.matchAll(FUNCTION)].map(functionOf));
        is.types[name] = ["resource"];
        return "";
    });
    is.functions = Object.fromEntries([...rest.matchAll(FUNCTION)].map(functionOf));
    for (const [, kind, name, parts] of rest.matchAll(/(record|variant|enum) ([\w-]+) \{([^}]*)\}/g)) {
        is.types[name] = [kind, split(parts).map((part) => part.match(PART).slice(1))];
    }
    for (const [, name, type] of rest.matchAll(/type ([\w-]+) = ([^;]+);/g)) is.types[name] = ["alias", type];
    for (const [, from, names] of rest.matchAll(/use ([\w-]+)\.\{([^}]*)\};/g)) {
        for (const [name, as = name] of split(names).map((one) => one.split(" as "))) is.uses[as] = [from, name];
    }
    return is;
}

export function contractIn(directory) {
    const files = readdirSync(directory).filter((name) => name.endsWith(".wit"));
    const texts = files.map((name) => readFileSync(join(directory, name), "utf8"));
    const text = texts.join("\n").replace(/\/\/.*|%/g, "");
    const interfaces = [...text.matchAll(/^interface ([\w-]+) \{([^]*?)^\}/gm)];
    return Object.fromEntries(interfaces.map(([, name, body]) => [name, interfaceOf(body)]));
}

// Of a type as it is written within an interface: { kind, parts, within }.
function resolved(contract, within, type) {
    const [, name, inner] = type.match(/^([\w-]+)(?:<([^]*)>)?$/);
    if (inner !== undefined) return { kind: name, parts: split(inner), within };
    const { types, uses } = contract[within];
    if (uses[name]) return resolved(contract, ...uses[name]);
    if (!types[name]) return { kind: name, within };
    const [kind, parts] = types[name];
    return kind === "alias" ? resolved(contract, within, parts) : { kind, parts, within };
}

// What jco answers, as Rust would write it.
export function toJson(contract, scope, type, value) {
    const { kind, parts, within } = resolved(contract, scope, type);
    const json = (type, value) => (type && type !== "_" ? toJson(contract, within, type, value) : null);
    const one = (tag, val) => ({ [pascal(tag)]: val });
    switch (kind) {
        case "option":
            return value === undefined ? null : json(parts[0], value);
        case "list":
            return Array.from(value, (element) => json(parts[0], element));
        case "tuple":
            return parts.map((type, at) => json(type, value[at]));
        case "result":
            return one(value.tag, json(parts[value.tag === "ok" ? 0 : 1], value.val));
        case "record":
            return Object.fromEntries(parts.map(([name, type]) => [snake(name), json(type, value[camel(name)])]));
        case "enum":
            return pascal(value);
        case "variant": {
            const [, type] = parts.find(([name]) => name === value.tag);
            return type ? one(value.tag, json(type, value.val)) : pascal(value.tag);
        }
        default:
            return typeof value === "bigint" ? Number(value) : value;
    }
}

// What Rust would write, as jco wants it; what is left out is empty.
export function fromJson(contract, scope, type, value) {
    const { kind, parts, within } = resolved(contract, scope, type);
    const inner = (type, value) => type && fromJson(contract, within, type, value);
    switch (kind) {
        case "option":
            return value === undefined || value === null ? undefined : inner(parts[0], value);
        case "list":
            return (value ?? []).map((element) => inner(parts[0], element));
        case "tuple":
            return parts.map((type, at) => inner(type, value[at]));
        case "record":
            return Object.fromEntries(parts.map(([name, type]) => [camel(name), inner(type, value?.[snake(name)])]));
        case "enum":
            return parts.map(([name]) => name).find((name) => pascal(name) === value);
        case "variant": {
            const [tag, val] = typeof value === "string" ? [value] : Object.entries(value)[0];
            const [name, type] = parts.find(([name]) => pascal(name) === tag);
            return { tag: name, val: inner(type, val) };
        }
        case "u64":
        case "s64":
            return BigInt(value ?? 0);
        case "string":
            return value ?? "";
        case "bool":
            return value ?? false;
        default:
            return value ?? 0;
    }
}
