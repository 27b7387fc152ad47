//! Plugins that are made for a test: a core module in text, as a component of a world of the contract.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use support::Program;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Where data that does not change stands in the memory, and where what is asked for by `cabi_realloc` begins.
const DATA: u32 = 1_024;
const FREE: u32 = 128 << 10;

/// A plugin in the making. What nobody changes does what is expected and nothing more.
pub(crate) struct Made {
    kind: &'static str,
    name: String,
    version: String,
    summary: String,
    /// The number of the kind that it says it is of, and what it wants.
    said_kind: usize,
    wants: Vec<String>,
    imports: String,
    parts: String,
    describe: Option<String>,
    called: Option<String>,
    realloc: Option<String>,
    /// Of an importer: each file is a unit by itself.
    has_units: bool,
    memory: String,
    data: Vec<u8>,
}

const KINDS: [&str; 6] = ["exporter", "importer", "column", "check", "report", "redactor"];

impl Made {
    /// Begins one of a kind, which has its kind as its name.
    pub(crate) fn new(kind: &'static str) -> Made {
        Made {
            kind,
            name: format!("made-{kind}"),
            version: "1.0.0".into(),
            summary: "It was made for a test.".into(),
            said_kind: KINDS.iter().position(|known| *known == kind).unwrap(),
            wants: Vec::new(),
            imports: String::new(),
            parts: String::new(),
            describe: None,
            called: None,
            realloc: None,
            has_units: false,
            memory: "(memory (export \"memory\") 4)".into(),
            data: Vec::new(),
        }
    }

    /// What it is called.
    pub(crate) fn named(self, name: &str) -> Made {
        Made { name: name.into(), ..self }
    }

    pub(crate) fn version(self, version: &str) -> Made {
        Made { version: version.into(), ..self }
    }

    pub(crate) fn wanting(self, wants: &[&str]) -> Made {
        Made { wants: wants.iter().map(|want| (*want).to_owned()).collect(), ..self }
    }

    /// The kind that it says it is of.
    pub(crate) fn saying_it_is(self, kind: &str) -> Made {
        Made { said_kind: KINDS.iter().position(|known| *known == kind).unwrap(), ..self }
    }

    /// Gives it a function of the contract: the interface, the function, and the core signature.
    pub(crate) fn importing(mut self, interface: &str, function: &str, name: &str, signature: &str) -> Made {
        let module = format!("threadkeep:plugin/{interface}@0.1.0");
        let _ = writeln!(self.imports, "(import \"{module}\" \"{function}\" (func ${name} {signature}))");
        self
    }

    /// Adds functions, globals, tables.
    pub(crate) fn with(mut self, parts: &str) -> Made {
        self.parts += parts;
        self
    }

    /// What it does when it is asked what it is.
    pub(crate) fn describing(self, body: &str) -> Made {
        Made { describe: Some(body.into()), ..self }
    }

    /// What it does when it is called for what it is there for. The body leaves a pointer to the answer; `(i32.const 0)` is a success
    /// without content, or an empty list.
    pub(crate) fn doing(self, body: &str) -> Made {
        Made { called: Some(body.into()), ..self }
    }

    pub(crate) fn reallocating(self, body: &str) -> Made {
        Made { realloc: Some(body.into()), ..self }
    }

    /// Has an importer read every file, each by itself; what it is called for is to give the sessions in one.
    pub(crate) fn reading_every_file(self) -> Made {
        Made { has_units: true, ..self }
    }

    pub(crate) fn memory(self, memory: &str) -> Made {
        Made { memory: memory.into(), ..self }
    }

    /// A column whose text is the last character of a thread's id, and its score that as a digit; that of `a` is none, and that of `b` no
    /// number.
    pub(crate) fn column_of_last_characters() -> Made {
        let cell = "(i32.add (i32.const 65536) (i32.mul (local.get $i) (i32.const 24)))";
        let id = "(i32.add (local.get 2) (i32.mul (local.get $i) (i32.const 8)))";
        let last = "(i32.load8_u (local.get $j))";
        Made::new("column").doing(&format!(
            "(block (loop
                (br_if 1 (i32.ge_u (local.get $i) (local.get 3)))
                (local.set $j (i32.sub (i32.add (i32.load {id}) (i32.load offset=4 {id})) (i32.const 1)))
                (i32.store {cell} (local.get $j))
                (i32.store offset=4 {cell} (i32.const 1))
                (i32.store8 offset=8 {cell} (i32.ne {last} (i32.const 97)))
                (f64.store offset=16 {cell}
                    (select (f64.const nan) (f64.convert_i32_u (i32.sub {last} (i32.const 48)))
                            (i32.eq {last} (i32.const 98))))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br 0)))
             (i32.store (i32.const 512) (i32.const 0))
             (i32.store (i32.const 516) (i32.const 65536))
             (i32.store (i32.const 520) (local.get 3))
             (i32.const 512)"
        ))
    }

    /// One of a kind that comes to no end.
    pub(crate) fn endless(kind: &'static str) -> Made {
        Made::new(kind).doing("(loop (br 0)) (unreachable)")
    }

    /// Puts bytes into the memory, and gives their place.
    pub(crate) fn place(&mut self, bytes: &[u8]) -> u32 {
        while !self.data.len().is_multiple_of(8) {
            self.data.push(0);
        }
        let at = DATA + u32::try_from(self.data.len()).unwrap();
        self.data.extend_from_slice(bytes);
        at
    }

    fn text(&mut self, text: &str) -> [u32; 2] {
        [self.place(text.as_bytes()), u32::try_from(text.len()).unwrap()]
    }

    fn words(&mut self, words: &[u32]) -> u32 {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        self.place(&bytes)
    }

    /// Its core module, as text.
    pub(crate) fn module(mut self) -> String {
        let [name, version, summary] =
            [self.name.clone(), self.version.clone(), self.summary.clone()].map(|text| self.text(&text));
        let wants: Vec<u32> = self.wants.clone().iter().flat_map(|want| self.text(want)).collect();
        let wanted = self.words(&wants);
        let kind = u32::try_from(self.said_kind).unwrap();
        let described: Vec<u32> =
            [name, version, summary].concat().into_iter().chain([kind, wanted, wants.len() as u32 / 2]).collect();
        let manifest = self.words(&described);
        let offer = self.text("made");
        let title = self.text("Made");
        let extension = self.text("txt");
        let (offers, called) = match self.kind {
            "exporter" => {
                let media = self.text("text/plain");
                (
                    Some(("formats", self.words(&[offer, title, extension, media].concat()))),
                    ("export", "i32 i32 i32 i32"),
                )
            }
            "report" => {
                (Some(("reports", self.words(&[offer, title, extension].concat()))), ("run", "i32 i32 i32 i32"))
            }
            "column" => {
                let heading: Vec<u32> = [offer, title].concat().into_iter().chain([0]).collect();
                (Some(("headings", self.words(&heading))), ("cells", "i32 i32 i32 i32"))
            }
            "check" => (Some(("codes", self.words(&offer))), ("examine", "i32 i32")),
            "importer" => {
                let place = self.text(".made/sessions");
                (Some(("places", self.words(&place))), ("sessions", "i32 i32"))
            }
            "redactor" => (None, ("redact", "i32 i32")),
            kind => panic!("no plugin of the kind {kind} is made here"),
        };
        let export =
            |interface: &str, function: &str| format!("(export \"threadkeep:plugin/{interface}@0.1.0#{function}\")");
        let mut out = format!("(module\n{}{}\n{}\n", self.imports, self.memory, self.parts);
        let describe = self.describe.clone().unwrap_or_else(|| format!("(i32.const {manifest})"));
        let _ = writeln!(out, "(func {} (result i32) {describe})", export("about", "describe"));
        if let Some((function, place)) = offers {
            let list = self.words(&[place, 1]);
            let _ = writeln!(out, "(func {} (result i32) (i32.const {list}))", export(self.kind, function));
        }
        if self.kind == "importer" {
            let unit = self.words(&[1, 0, 0]);
            let unit = match self.has_units {
                // The name of the file.
                true => format!(
                    "(i32.store offset=4 (i32.const {unit}) (local.get 0)) (i32.store offset=8 (i32.const {unit}) (local.get 1))
                     (i32.const {unit})"
                ),
                false => "(i32.const 0)".into(),
            };
            // No session is ever opened.
            let none = || String::from("(i32.const 0)");
            for (function, parameters, body) in [
                ("unit-of", "i32 i32", unit),
                ("[static]entries.open", "i32 i32 i32 i32", none()),
                ("[method]entries.next", "i32", none()),
            ] {
                let export = export("importer", function);
                let _ = writeln!(out, "(func {export} (param {parameters}) (result i32) {body})");
            }
        }
        let (function, parameters) = called;
        let body = self.called.clone().unwrap_or_else(|| "(i32.const 0)".into());
        let _ = writeln!(
            out,
            "(func {} (param {parameters}) (result i32) (local $i i32) (local $j i32) (local $k i64) {body})",
            export(self.kind, function)
        );
        let realloc = self.realloc.clone().unwrap_or_else(|| BUMP.into());
        let _ = writeln!(
            out,
            "(global $free (mut i32) (i32.const {FREE}))
             (func $realloc (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) (local $at i32) {realloc})"
        );
        let data: String = self.data.iter().map(|byte| format!("\\{byte:02x}")).collect();
        let _ = write!(out, "(data (i32.const {DATA}) \"{data}\"))");
        out
    }

    /// The component.
    pub(crate) fn component(self) -> Vec<u8> {
        let world = format!("{}-plugin", self.kind);
        let text = self.module();
        componentize(&text, &world)
    }

    /// Installs it as a user does, with all that it wants.
    pub(crate) fn install(self, program: &Program) {
        let file = self.write(program.place());
        program.run(["plugin", "install", file.to_str().unwrap(), "--yes"]).well();
    }

    /// Puts it in the place of the version before.
    pub(crate) fn install_over(self, program: &Program) {
        let (name, file) = (self.name.clone(), self.write(program.place()));
        program.run(["plugin", "update", &name, file.to_str().unwrap(), "--yes"]).well();
    }

    /// Writes the component into a directory, and gives its path.
    pub(crate) fn write(self, directory: &Path) -> PathBuf {
        let path = directory.join(format!("{}.wasm", self.name));
        std::fs::write(&path, self.component()).unwrap();
        path
    }
}

/// Takes from the end of what is used, at a multiple of 8, and grows the memory.
const BUMP: &str = "
    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.set $free (i32.add (local.get $at) (local.get 3)))
    (if (i32.gt_u (global.get $free) (i32.mul (memory.size) (i32.const 65536)))
        (then (drop (memory.grow (i32.add (i32.div_u (local.get 3) (i32.const 65536)) (i32.const 1))))))
    (local.get $at)";

/// Makes a component of a world out of a core module in text.
pub(crate) fn componentize(module: &str, world: &str) -> Vec<u8> {
    componentize_by(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit/plugin/0.1.0"), module, world)
}

/// The same by another contract.
pub(crate) fn componentize_by(contract: &Path, module: &str, world: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(contract).unwrap();
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    let mut module = wat::parse_str(module).unwrap_or_else(|error| panic!("{error}\n{module}"));
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().validate(true).module(&module).unwrap().encode().unwrap()
}

/// Makes a component of its own text, which need not be valid.
pub(crate) fn component_of(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}
