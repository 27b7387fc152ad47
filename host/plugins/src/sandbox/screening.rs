//! Looks at a file before anything is compiled: nothing bounds a compiler but what it is given.

use wasmparser::{
    ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind, ComponentTypeRef, Encoding,
    Parser, Payload,
};

use crate::manifest::PluginKind;

/// No plugin has more bytes. One in Python has 18 MB.
pub(crate) const LARGEST: u64 = 64 << 20;
/// So many functions a plugin may have in all its modules; 200,000 empty ones took a gigabyte and 18 seconds to compile.
const MOST_FUNCTIONS: u64 = 100_000;
/// So many modules, components and instances it may be made of.
const MOST_PARTS: u64 = 500;
/// So many types, imports, exports, globals and the like.
const MOST_ENTRIES: u64 = 200_000;
/// No function has more bytes.
const LARGEST_FUNCTION: u64 = 2 << 20;

/// The contract that plugins are built for.
const CONTRACT: &str = "threadkeep:plugin/";
/// The version of it.
const VERSION: &str = "@0.1.0";

/// What a component says of itself from outside.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Screened {
    /// By which interface it is called.
    pub(crate) kind: PluginKind,
    /// How many functions it has.
    pub(crate) functions: u64,
}

/// Goes through a component without compiling any of it; an error says in words why it is not taken.
pub(crate) fn screen(component: &[u8]) -> Result<Screened, String> {
    let (mut functions, mut parts, mut entries, mut depth) = (0_u64, 0_u64, 0_u64, 0_u32);
    let mut instances = Instances::default();
    let mut kinds = Vec::new();
    let mut is_described = false;
    let add = |count: &mut u64, more: u64, most: u64, what: &str| {
        *count = count.saturating_add(more);
        if *count > most { Err(format!("it has more than {most} {what}")) } else { Ok(()) }
    };
    let damaged = |error: wasmparser::BinaryReaderError| format!("it is no WebAssembly component: {error}");
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload.map_err(damaged)?;
        instances.count(&payload).map_err(damaged)??;
        match payload {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                return Err("it is a core module, and plugins are components: threadkeep plugin build makes one".into());
            }
            Payload::Version { .. } => {
                depth += 1;
                add(&mut parts, 1, MOST_PARTS, "modules and instances")?;
            }
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CodeSectionStart { count, .. } => add(&mut functions, count.into(), MOST_FUNCTIONS, "functions")?,
            Payload::CodeSectionEntry(body) => {
                let size = body.range().len() as u64;
                if size > LARGEST_FUNCTION {
                    return Err(format!("it has a function of {size} bytes"));
                }
            }
            Payload::InstanceSection(reader) => {
                add(&mut parts, reader.count().into(), MOST_PARTS, "modules and instances")?
            }
            Payload::ComponentInstanceSection(reader) => {
                add(&mut parts, reader.count().into(), MOST_PARTS, "modules and instances")?;
            }
            Payload::TypeSection(reader) => add(&mut entries, reader.count().into(), MOST_ENTRIES, "types and names")?,
            Payload::ComponentTypeSection(reader) => {
                add(&mut entries, reader.count().into(), MOST_ENTRIES, "types and names")?;
            }
            Payload::CoreTypeSection(reader) => {
                add(&mut entries, reader.count().into(), MOST_ENTRIES, "types and names")?
            }
            Payload::ImportSection(reader) => {
                add(&mut entries, reader.count().into(), MOST_ENTRIES, "types and names")?
            }
            Payload::ExportSection(reader) => {
                add(&mut entries, reader.count().into(), MOST_ENTRIES, "types and names")?
            }
            Payload::GlobalSection(reader) => {
                add(&mut entries, reader.count().into(), MOST_ENTRIES, "types and names")?
            }
            Payload::DataSection(reader) => add(&mut entries, reader.count().into(), MOST_ENTRIES, "types and names")?,
            Payload::ElementSection(reader) => {
                add(&mut entries, reader.count().into(), MOST_ENTRIES, "types and names")?
            }
            Payload::ComponentAliasSection(reader) => {
                add(&mut entries, reader.count().into(), MOST_ENTRIES, "types and names")?;
            }
            Payload::ComponentCanonicalSection(reader) => {
                add(&mut entries, reader.count().into(), MOST_ENTRIES, "types and names")?;
            }
            Payload::ComponentImportSection(reader) if depth == 1 => {
                for import in reader {
                    refuse_foreign_import(import.map_err(damaged)?.name.name)?;
                }
            }
            Payload::ComponentExportSection(reader) if depth == 1 => {
                for export in reader {
                    let name = export.map_err(damaged)?.name.name;
                    match of_contract(name)? {
                        Some("about") => is_described = true,
                        Some(interface) => {
                            kinds.extend(PluginKind::ALL.into_iter().find(|kind| kind.name() == interface));
                        }
                        None => {}
                    }
                }
            }
            _ => {}
        }
    }
    match kinds[..] {
        _ if !is_described => Err(format!("it does not say what it is: {CONTRACT}about{VERSION} is missing")),
        [kind] => Ok(Screened { kind, functions }),
        [] => Err("it does nothing that plugins do: it has no interface of any kind".into()),
        _ => Err("it is of several kinds, and a plugin is of one".into()),
    }
}

/// Counts the instances that a component becomes. Its text does not tell: a component that is made of two of another, which is made
/// of two of a third, and so on, has a million of them after twenty lines.
#[derive(Default)]
struct Instances {
    /// What is open, from outside to inside: components, and modules, which have none.
    open: Vec<Option<Definition>>,
}

/// A component as far as it was read.
#[derive(Default)]
struct Definition {
    /// How many instances one of it is made of.
    instances: u64,
    /// The same for each component that it can name.
    components: Vec<u64>,
}

impl Instances {
    /// Goes on by a part of the file; the inner error says in words why the component is not taken.
    fn count(&mut self, payload: &Payload<'_>) -> wasmparser::Result<Result<(), String>> {
        let handed_over = || Ok(Err("it hands components over to its components, which plugins do not need".into()));
        match payload {
            Payload::Version { encoding, .. } => {
                self.open.push((*encoding == Encoding::Component).then(Definition::default));
            }
            Payload::End(_) => {
                if let (Some(Some(ended)), Some(Some(outer))) = (self.open.pop(), self.open.last_mut()) {
                    outer.components.push(ended.instances);
                }
            }
            Payload::InstanceSection(reader) => self.add(reader.count().into()),
            Payload::ComponentInstanceSection(reader) => {
                for instance in reader.clone() {
                    let made_of = match instance? {
                        ComponentInstance::Instantiate { component_index, .. } => self.named(0, component_index),
                        ComponentInstance::FromExports(_) => 0,
                    };
                    self.add(made_of.saturating_add(1));
                }
            }
            Payload::ComponentAliasSection(reader) => {
                for alias in reader.clone() {
                    match alias? {
                        ComponentAlias::Outer { kind: ComponentOuterAliasKind::Component, count, index } => {
                            self.name(self.named(count, index));
                        }
                        ComponentAlias::InstanceExport { kind: ComponentExternalKind::Component, .. } => {
                            return handed_over();
                        }
                        _ => {}
                    }
                }
            }
            Payload::ComponentImportSection(reader) => {
                for import in reader.clone() {
                    if matches!(import?.ty, ComponentTypeRef::Component(_)) {
                        return handed_over();
                    }
                }
            }
            Payload::ComponentExportSection(reader) => {
                for export in reader.clone() {
                    let export = export?;
                    if export.kind == ComponentExternalKind::Component {
                        self.name(self.named(0, export.index));
                    }
                }
            }
            _ => {}
        }
        match self.open.last() {
            Some(Some(Definition { instances, .. })) if *instances > MOST_PARTS => {
                Ok(Err(format!("it has more than {MOST_PARTS} modules and instances")))
            }
            _ => Ok(Ok(())),
        }
    }

    /// The component that is being read.
    fn current(&mut self) -> Option<&mut Definition> {
        self.open.last_mut()?.as_mut()
    }

    fn add(&mut self, instances: u64) {
        if let Some(current) = self.current() {
            current.instances = current.instances.saturating_add(instances);
        }
    }

    /// A further name for a component that is made of so many instances.
    fn name(&mut self, instances: u64) {
        if let Some(current) = self.current() {
            current.components.push(instances);
        }
    }

    /// How many instances that component is made of that has a number in the component so many levels outside. One that is not there is
    /// no valid one, which whoever compiles it says.
    fn named(&self, levels: u32, index: u32) -> u64 {
        let outer = self.open.iter().rev().nth(levels as usize).and_then(Option::as_ref);
        outer.and_then(|outer| outer.components.get(index as usize)).copied().unwrap_or(0)
    }
}

/// Gives the name of an interface of the contract; none where a name is of something else.
fn of_contract(name: &str) -> Result<Option<&str>, String> {
    let Some(rest) = name.strip_prefix(CONTRACT) else { return Ok(None) };
    match rest.strip_suffix(VERSION) {
        Some(interface) => Ok(Some(interface)),
        None => Err(format!(
            "it is built for another version of the contract: it has {name}, and this program knows version {}",
            &VERSION[1..]
        )),
    }
}

fn refuse_foreign_import(name: &str) -> Result<(), String> {
    match of_contract(name)? {
        Some(_) => Ok(()),
        None if name.starts_with("wasi:") => Err(format!(
            "it asks for {name}, which reaches the system, and plugins reach nothing: build it without WASI"
        )),
        None => Err(format!("it asks for {name}, which is not to be had")),
    }
}
