//! What a run is asked for.

use std::path::PathBuf;

use support::History;

/// The parts of a run, in their order; `peers` runs only when it is asked for.
pub(crate) const PARTS: [&str; 18] = [
    "library",
    "search",
    "statistics",
    "pushing",
    "turns",
    "export",
    "changes",
    "repair",
    "recorder",
    "commands",
    "servers",
    "browser",
    "plugins",
    "memory",
    "parsing",
    "filling",
    "growth",
    "peers",
];

/// The flags of a run.
pub(crate) struct Settings {
    pub(crate) runs: usize,
    pub(crate) full: bool,
    /// Where what `peers` finds is written.
    pub(crate) out: PathBuf,
    rollouts: Option<usize>,
    history: Option<History>,
    pub(crate) home: Option<PathBuf>,
    only: Option<String>,
}

impl Settings {
    pub(crate) fn from_arguments() -> Settings {
        let mut settings = Settings {
            runs: 7,
            full: false,
            out: "assets".into(),
            rollouts: None,
            history: None,
            home: None,
            only: None,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(flag) = arguments.next() {
            if flag == "--full" {
                settings.full = true;
                continue;
            }
            let value = arguments.next().unwrap_or_else(|| panic!("{flag} wants a value"));
            match flag.as_str() {
                "--rollouts" => settings.rollouts = Some(value.parse().unwrap()),
                "--history" => settings.history = Some(history(&value)),
                "--runs" => settings.runs = value.parse::<usize>().unwrap().max(1),
                "--home" => settings.home = Some(value.into()),
                "--out" => settings.out = value.into(),
                "--only" if PARTS.contains(&value.as_str()) => settings.only = Some(value),
                "--only" => panic!("{value} is no part: {}", PARTS.join(", ")),
                other => panic!("unknown flag {other}"),
            }
        }
        settings
    }

    pub(crate) fn wants(&self, part: &str) -> bool {
        self.only.as_deref().map_or(part != "peers", |only| only == part)
    }

    /// Does any of these parts run?
    pub(crate) fn wants_any(&self, parts: &[&str]) -> bool {
        parts.iter().any(|part| self.wants(part))
    }

    /// The homes that are measured: how many rollouts each, with which histories.
    pub(crate) fn sizes(&self) -> Vec<(usize, History)> {
        let sizes = self.rollouts.map_or(vec![1_000, 10_000], |rollouts| vec![rollouts]);
        let histories = self.history.map_or(vec![History::Legacy, History::Paginated], |history| vec![history]);
        sizes.into_iter().flat_map(|size| histories.iter().map(move |history| (size, *history))).collect()
    }
}

fn history(name: &str) -> History {
    match name {
        "legacy" => History::Legacy,
        "paginated" => History::Paginated,
        "mixed" => History::Mixed,
        other => panic!("{other} is no history: legacy, paginated, mixed"),
    }
}
