//! Which module uses which.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::code::{Module, Named, modules};
use super::{LAYERS, LIBRARY};

/// A module uses another one.
pub(super) struct Arrow {
    pub(super) file: String,
    line: usize,
    pub(super) from: Vec<String>,
    to: Vec<String>,
}

impl Arrow {
    /// The two modules below a group that it leads from and to, if they are two.
    fn between(&self, group: &[String]) -> Option<(&str, &str)> {
        let (from, to) = (self.from.strip_prefix(group)?.first()?, self.to.strip_prefix(group)?.first()?);
        (from != to).then_some((from, to))
    }

    pub(super) fn points_upward(&self) -> bool {
        let layer = |path: &[String]| LAYERS.iter().position(|layer| path.first().is_some_and(|first| first == layer));
        layer(&self.from) < layer(&self.to)
    }

    pub(super) fn shown(&self) -> String {
        format!("{}:{}: {} → {}", self.file, self.line, self.from.join("::"), self.to.join("::"))
    }
}

/// All arrows of a crate, each to the module in which the item that is named is defined.
pub(super) fn arrows(workspace: &Path, src: &str) -> Vec<Arrow> {
    let mut modules = modules(workspace, src);
    // What is tried out together there has no order.
    modules.retain(|module| module.path.last().is_none_or(|last| last != "tests"));
    let paths: Vec<_> = modules.iter().map(|module| (module, module.paths(&modules))).collect();
    // Names that a module has by `use`, by which others reach through it.
    let mut aliases = BTreeMap::new();
    for (module, named) in paths.iter().flat_map(|(module, paths)| paths.iter().map(move |named| (module, named))) {
        let alias = named.alias.clone().map(|alias| [module.path.as_slice(), &[alias]].concat());
        aliases.extend(alias.map(|alias| (alias, named.segments.clone())));
    }
    let known: BTreeSet<&[String]> = modules.iter().map(|module| module.path.as_slice()).collect();
    let arrow = |module: &Module, named: &Named| {
        let mut ends = [module.path.clone(), defined_in(&named.segments, &known, &aliases)];
        for end in ends.iter_mut().filter(|end| src == LIBRARY && end.is_empty()) {
            end.extend(LAYERS.last().map(|layer| (*layer).to_owned()));
        }
        let [from, to] = ends;
        Arrow { file: module.file.clone(), line: named.line, from, to }
    };
    paths.iter().flat_map(|(module, paths)| paths.iter().map(|named| arrow(module, named))).collect()
}

fn defined_in(
    path: &[String],
    known: &BTreeSet<&[String]>,
    aliases: &BTreeMap<Vec<String>, Vec<String>>,
) -> Vec<String> {
    let mut path = path.to_vec();
    // Items are handed on a few times at most; a name that leads back to itself ends here.
    for _ in 0..8 {
        let module = (0..=path.len()).rev().find(|length| known.contains(&path[..*length])).unwrap_or(0);
        let target =
            path.get(..=module).and_then(|name| aliases.get(name)).filter(|target| **target != path[..=module]);
        match target {
            Some(target) => path = [target, &path[module + 1..]].concat(),
            None => return path[..module].to_vec(),
        }
    }
    path
}

/// Those of a crate's arrows that close a circle between the modules of a group.
pub(super) fn circular<'a>(arrows: &'a [Arrow], group: &[String]) -> Vec<&'a Arrow> {
    let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, to) in arrows.iter().filter_map(|arrow| arrow.between(group)) {
        next.entry(from).or_default().insert(to);
    }
    let leads_back = |arrow: &&Arrow| {
        let Some((from, to)) = arrow.between(group) else { return false };
        let (mut seen, mut waiting) = (BTreeSet::from([to]), vec![to]);
        while let Some(at) = waiting.pop() {
            waiting.extend(next.get(at).into_iter().flatten().filter(|next| seen.insert(**next)));
        }
        seen.contains(from)
    };
    arrows.iter().filter(leads_back).collect()
}

/// The modules, among those that arrows lead from, that have others below them; the crate's root is one.
pub(super) fn groups(arrows: &[Arrow]) -> BTreeSet<Vec<String>> {
    arrows.iter().flat_map(|arrow| (0..arrow.from.len()).map(|length| arrow.from[..length].to_vec())).collect()
}
