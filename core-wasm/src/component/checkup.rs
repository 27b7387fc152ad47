//! The export `checkup`: conversions.

use alloc::string::String;
use alloc::vec::Vec;

use super::exported::checkup;
use super::{Component, World};
use crate::checkup as core;
use crate::types as core_types;

/// The same thing on the other side of the boundary.
trait Cross<T> {
    fn cross(self) -> T;
}

impl<A: Cross<B>, B> Cross<Vec<B>> for Vec<A> {
    fn cross(self) -> Vec<B> {
        self.into_iter().map(Cross::cross).collect()
    }
}

impl<A: Cross<B>, B> Cross<Option<B>> for Option<A> {
    fn cross(self) -> Option<B> {
        self.map(Cross::cross)
    }
}

impl<A: Cross<C>, B: Cross<D>, C, D> Cross<(C, D)> for (A, B) {
    fn cross(self) -> (C, D) {
        (self.0.cross(), self.1.cross())
    }
}

macro_rules! itself {
    ($($of:ty),*) => { $(impl Cross<$of> for $of { fn cross(self) -> $of { self } })* };
}

macro_rules! known {
    ($($from:ty => $into:ty),* $(,)?) => { $(impl Cross<$into> for $from { fn cross(self) -> $into { self.into() } })* };
}

macro_rules! record {
    ($($name:ident { $($field:ident),* })*) => { $(
        impl Cross<checkup::$name> for core::$name {
            fn cross(self) -> checkup::$name { checkup::$name { $($field: self.$field.cross()),* } }
        }
        impl Cross<core::$name> for checkup::$name {
            fn cross(self) -> core::$name { core::$name { $($field: self.$field.cross()),* } }
        }
    )* };
}

macro_rules! variant {
    ($($name:ident { $($unit:ident),* ; $($full:ident),* })*) => { $(
        impl Cross<checkup::$name> for core::$name {
            fn cross(self) -> checkup::$name {
                match self {
                    $(core::$name::$unit => checkup::$name::$unit,)*
                    $(core::$name::$full(inner) => checkup::$name::$full(inner.cross()),)*
                }
            }
        }
        impl Cross<core::$name> for checkup::$name {
            fn cross(self) -> core::$name {
                match self {
                    $(checkup::$name::$unit => core::$name::$unit,)*
                    $(checkup::$name::$full(inner) => core::$name::$full(inner.cross()),)*
                }
            }
        }
    )* };
}

itself!(bool, u8, u32, u64, i64, f64, String);
known!(
    super::types::FileFacts => core_types::FileFacts,
    core_types::FileFacts => super::types::FileFacts,
    super::types::NameClaim => core_types::NameClaim,
    core_types::NameClaim => super::types::NameClaim,
    super::types::ThreadRow => core_types::ThreadRow,
    core_types::ThreadRow => super::types::ThreadRow,
);
record! {
    Flaw { line, offset, length, reason, salvageable }
    Misorder { line, offset, kind, expected, found }
    HistoryBase { thread, ordinal, offset }
    Health { lines, flaws, flaw_count, misorders, misorder_count, base, unended, spoken }
    Retold { approval_mode, sandbox_policy, permission_profile, reasoning_effort, originator, thread_source, source, agent_nickname, agent_role, agent_path, attached }
    Cell { column, value }
    Column { name, required }
    CodexShape { threads, edges }
    CaseFile { file, health, reason }
    Case { id, files, should, stands, stands_leads, behind, codex, leads, doubles, edge, names, retold, broken_base, parent_known, written, current_cwd }
    Scene { home, has_state, codex, now }
    Evidence { what, found, expected }
    StateChange { before, after }
    CodexChange { table, key, before, after }
    ModeChange { path, before, after }
    Edit { code, thread, reason, target, change, needs, asked, safe }
    Finding { code, severity, thread, path, line, offset, evidence, meaning, remedy, edits }
    View { name, shown, reasons }
    Looker { provider, cwd, before }
    DatabaseFacts { path, role, size, wal, free, fault, version, known, misunderstood, holders }
    Filling { phase, owner, gone, heard, row }
    HomeFacts { databases, own_filling, codex_filling, unprojected, locks, modes, network, links, unfinished, strangers, now }
    Trial { edit, standing, needs, open }
}
variant! {
    Depth { Whole, Ends;  }
    Disorder { Repeats, Regresses, Skips;  }
    Value { Null; Integer, Real, Text, Blob, Withheld }
    Leads { Nowhere; Here, Elsewhere }
    Severity { Info, Warning, Error;  }
    Target { State, Codex;  }
    Change { ; StateRow, CodexRow, Mode, FillState, SetAside }
    Role { State, CodexState, CodexHistory, CodexOther;  }
    Standing { ; StateRow, CodexRow, Mode, Phase, Names }
    Fitness { Fits, Done; Refused }
}

impl checkup::Guest for Component {
    fn check(file: super::types::FileFacts, depth: checkup::Depth, known: Option<Vec<u8>>) -> checkup::Checked {
        let checked = core::check(&World, &file.into(), depth.cross(), known.as_deref());
        let outcome = checked.outcome.map(|outcome| outcome.map(super::extraction).map_err(super::no_thread));
        checkup::Checked { thread: checked.thread, outcome, health: checked.health.cross() }
    }

    fn joint(files: Vec<String>, base: checkup::HistoryBase) -> Option<String> {
        core::joint(&World, &files, &base.cross())
    }

    fn retell(path: String) -> Option<checkup::Retold> {
        core::retell(&World, &path).cross()
    }

    fn canonical(ids: Vec<String>) -> Vec<Option<String>> {
        ids.iter().map(|id| crate::paths::canonical_id(id)).collect()
    }

    fn examine(scene: checkup::Scene, cases: Vec<checkup::Case>) -> Vec<checkup::Finding> {
        let cases: Vec<core::Case> = cases.cross();
        core::examine(&scene.cross(), &cases).cross()
    }

    fn views(scene: checkup::Scene, of: checkup::Case, looker: checkup::Looker) -> Vec<checkup::View> {
        core::views(&scene.cross(), &of.cross(), &looker.cross()).cross()
    }

    fn examine_home(facts: checkup::HomeFacts) -> Vec<checkup::Finding> {
        core::examine_home(&facts.cross()).cross()
    }

    fn choose(edits: Vec<checkup::Edit>, targets: Vec<checkup::Target>, codes: Vec<String>) -> Vec<checkup::Edit> {
        let targets: Vec<core::Target> = targets.cross();
        core::choose(edits.cross(), &targets, &codes).cross()
    }

    fn carried(paths: Vec<String>) -> Vec<Option<String>> {
        paths.iter().map(|path| core::carried(&World, path)).collect()
    }

    fn fit(trials: Vec<checkup::Trial>) -> Vec<checkup::Fitness> {
        trials.into_iter().map(|trial| core::fit(&trial.cross()).cross()).collect()
    }

    fn inverse(edits: Vec<checkup::Edit>) -> Vec<checkup::Edit> {
        core::inverse(edits.cross()).cross()
    }
}
