// What the world `reader` of wit/world.wit imports, as jco wants it: `rollouts` over a directory, and `clock`. What is
// thrown has one of the contract's errors as its `payload`.
import fs from "node:fs";
import { join } from "node:path";
import zlib from "node:zlib";

const COLLECTIONS = ["archived_sessions", "sessions"];
const [MAX_HEAD, MAX_PAGE, MAX_READ] = [1_024, 16_384, 4 << 20];
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;
const TAGS = { ENOENT: "not-found", ENOTDIR: "not-found", EACCES: "denied", EPERM: "denied", ELOOP: "not-a-file" };

const failure = (tag, val) => Object.assign(new Error(val ?? tag), { payload: { tag, val } });
const atMost = (limit, most) => Math.min(Math.max(limit, 1), most);
const dispose = Symbol.dispose ?? Symbol.for("dispose");
// Node decompresses in pieces only for those who can wait; an older one does not at all.
const unzstd = zlib.zstdDecompressSync ?? (() => { throw new Error("this Node does not know zstd"); });

// What the system answers, its errors as the contract's.
function attempt(call, otherwise = "io") {
    try {
        return call();
    } catch (error) {
        if (error.payload) throw error;
        throw TAGS[error.code] ? failure(TAGS[error.code]) : failure(otherwise, error.message);
    }
}

// What the call answers; nothing where it fails, unless the failure may not be passed over.
function unless(fatal, call) {
    try {
        return call();
    } catch (error) {
        if (!error.payload || error.payload.tag === fatal) throw error;
    }
}

function kindOf(stat) {
    if (stat.isSymbolicLink()) return "link";
    return stat.isFile() ? "file" : stat.isDirectory() ? "directory" : "other";
}

export function imports(home) {
    const list = (path) => attempt(() => fs.readdirSync(join(home, path), { encoding: "buffer" }));

    function factsOf(path) {
        const stat = attempt(() => fs.lstatSync(join(home, path), { bigint: true }));
        return { path, kind: kindOf(stat), size: stat.size, modifiedNs: stat.mtimeNs, inode: stat.ino };
    }

    // The same path, if it may be one: where something above is no directory, a link above all, there is nothing.
    function checked(path) {
        const parts = path.split("/");
        const odd = parts.some((part) => ["", ".", ".."].includes(part) || part.includes("\0"));
        if (odd || !COLLECTIONS.includes(parts[0])) throw failure("not-found");
        for (let depth = 1; depth < parts.length; depth++) {
            if (factsOf(parts.slice(0, depth).join("/")).kind !== "directory") throw failure("not-found");
        }
        return path;
    }

    // The facts of every entry below a directory that holds these names, in no order.
    function* below(directory, names) {
        for (const name of names) {
            const path = `${directory}/${name}`;
            // A name that is not UTF-8: its path, in which replacement characters stand, leads nowhere.
            const spelled = Buffer.from(`${name}`).equals(name);
            const unspelled = { path, kind: "other", size: 0n, modifiedNs: 0n, inode: 0n };
            const facts = spelled ? unless("io", () => factsOf(path)) : unspelled;
            if (!facts) continue; // Gone since it was listed.
            const inside = facts.kind === "directory" && unless("io", () => list(path));
            yield facts.kind === "directory" && !inside ? { ...facts, kind: "closed" } : facts;
            if (inside) yield* below(path, inside);
        }
    }

    function entries() {
        const there = COLLECTIONS.filter((name) => unless("io", () => factsOf(name))?.kind === "directory");
        const all = there.flatMap((name) => [...below(name, list(name))]);
        // As strings they would be compared by UTF-16 units.
        const keyed = all.map((facts) => [Buffer.from(facts.path), facts]);
        return keyed.sort(([one], [other]) => Buffer.compare(one, other)).map(([, facts]) => facts);
    }

    const pathsOf = (places) => places.map(({ path }) => `${path}\0`).join("");

    class Reader {
        static open(path, offset) {
            const reader = new Reader();
            reader.at = Number(offset);
            reader.file = attempt(() => fs.openSync(join(home, checked(path)), O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
            try {
                if (!fs.fstatSync(reader.file).isFile()) throw failure("not-a-file");
                const compressed = path.endsWith(".zst") && attempt(() => fs.readFileSync(reader.file));
                if (compressed) reader.text = attempt(() => unzstd(compressed), "broken-compression");
            } catch (error) {
                reader[dispose]();
                throw error;
            }
            return reader;
        }
        read(limit) {
            const bytes = Buffer.alloc(atMost(limit, MAX_READ));
            const fromFile = () => fs.readSync(this.file, bytes, 0, bytes.length, this.at);
            const count = this.text ? this.text.subarray(this.at).copy(bytes) : attempt(fromFile);
            this.at += count;
            return { tag: "bytes", val: bytes.subarray(0, count) };
        }
        [dispose]() {
            fs.closeSync(this.file);
        }
    }

    function headOf({ path }) {
        const reader = unless(undefined, () => Reader.open(path, 0n));
        const text = reader && unless(undefined, () => reader.read(MAX_HEAD).val);
        reader?.[dispose]();
        return { path, text };
    }

    class Walker {
        static open = () => Object.assign(new Walker(), { left: entries() });
        next(limit) {
            const taken = this.left.splice(0, atMost(limit, MAX_PAGE));
            const column = (key) => taken.map((facts) => facts[key]);
            // Typed, which every jco takes; older ones make nonsense of other arrays of numbers.
            const [sizes, inodes] = ["size", "inode"].map((key) => BigUint64Array.from(column(key)));
            const modifiedNs = BigInt64Array.from(column("modifiedNs"));
            return { paths: pathsOf(taken), kinds: column("kind"), sizes, modifiedNs, inodes };
        }
    }

    class Heads {
        static open = () => Object.assign(new Heads(), { left: entries().filter(({ kind }) => kind === "file") });
        next(limit) {
            const taken = this.left.splice(0, atMost(limit, MAX_PAGE)).map(headOf);
            const texts = { tag: "bytes", val: Buffer.concat(taken.map(({ text }) => text ?? Buffer.of())) };
            return { paths: pathsOf(taken), lengths: taken.map(({ text }) => text?.length), texts };
        }
    }

    function filesNamed(part) {
        const files = entries().filter(({ kind }) => kind !== "directory" && kind !== "closed");
        return files.map(({ path }) => path).filter((path) => path.split("/").pop().includes(part));
    }

    const wait = (duration) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(duration));
    const clock = { now: () => BigInt(Math.floor(performance.now())), wall: () => BigInt(Date.now()), wait };
    const rollouts = { Reader, Walker, Heads, stat: (at) => factsOf(checked(at)), filesNamed };
    return { "threadkeep:core/rollouts": rollouts, "threadkeep:core/clock": clock };
}
