//! Measures what Threadkeep promises of its speed and memory, on homes as Codex leaves them.
//!
//! `threadkeep-bench [--rollouts N] [--history legacy|paginated|mixed] [--runs N] [--home DIR] [--only PART] [--full]`:
//! medians over the runs, with the wanted figure beside each, at 1,000 and 10,000 rollouts of either history, or on the
//! one home that is named. PART is `library`, `search`, `statistics`, `pushing`, `turns`, `export`, `changes`, `repair`, `recorder`,
//! `commands`, `servers`, `browser`, `plugins`, `memory`, `parsing`, `filling`, `growth` or `peers`; `--full` measures filling and growth at their largest sizes, too. `peers` runs
//! whatever other programs there are in turn with this one, and writes what it found to `--out DIR`. Homes are generated below the
//! target directory once for each version of the generator, and read before anything is measured, so that the page cache is warm.
//! Machines are noisy: what is compared is measured in turn, in one run.

#![expect(clippy::unwrap_used, reason = "a figure that cannot be taken ends the run")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the table is what it is for")]

mod browser;
mod changes;
mod exporting;
mod filling;
mod growth;
mod homes;
mod library;
mod limits;
mod parsing;
mod peers;
mod plugins;
mod postgres_server;
mod pushing;
mod recorder;
mod repair;
mod search;
mod servers;
mod settings;
mod statistics;
mod table;
mod turns;
mod whole;

use std::path::Path;

use homes::Ground;
use settings::Settings;

/// The parts that are measured on each home.
const ON_A_HOME: [&str; 13] = [
    "library",
    "search",
    "statistics",
    "pushing",
    "changes",
    "repair",
    "commands",
    "servers",
    "browser",
    "plugins",
    "memory",
    "parsing",
    "peers",
];

fn main() {
    let settings = Settings::from_arguments();
    let target = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().to_path_buf();
    if settings.wants_any(&ON_A_HOME) {
        match &settings.home {
            Some(home) => on_a_home(&settings, &Ground::of(home.canonicalize().unwrap(), &target), &target),
            None => {
                for (rollouts, history) in settings.sizes() {
                    let home = homes::usual_home(&target, rollouts, history);
                    on_a_home(&settings, &Ground::of(home, &target), &target);
                }
            }
        }
    }
    if settings.wants("servers") {
        servers::first_pages(&target, settings.runs);
    }
    if settings.wants("turns") {
        turns::turns(&target, settings.runs);
    }
    if settings.wants("export") {
        exporting::exporting(&target, settings.runs);
    }
    if settings.wants("recorder") {
        recorder::recorder(&target, settings.runs);
    }
    if settings.wants("memory") {
        whole::memory_of_giants(&target);
    }
    if settings.wants("filling") {
        filling::filling(&target, settings.runs, settings.full);
    }
    if settings.wants("growth") {
        growth::growth(&target, settings.full);
    }
}

fn on_a_home(settings: &Settings, ground: &Ground, target: &Path) {
    let runs = settings.runs;
    let name = ground.home.file_name().unwrap_or_default().to_string_lossy();
    println!("\n== {name}: {} rollouts, {:.0} MB, {runs} runs each", ground.rollouts(), ground.bytes as f64 / 1e6);
    if settings.wants("library") {
        library::lookups(&ground.home, &ground.state, &ground.id, runs);
    }
    if settings.wants("search") {
        search::search(ground, runs);
    }
    if settings.wants("statistics") {
        statistics::statistics(ground, runs);
    }
    if settings.wants("pushing") {
        pushing::pushing(ground, target, runs);
    }
    if settings.wants("changes") {
        changes::changes(&ground.home, target, &ground.id, runs);
    }
    if settings.wants("repair") {
        repair::repair(&ground.home, target, runs);
    }
    if settings.wants("commands") {
        whole::commands(ground, target, runs);
    }
    if settings.wants("servers") {
        servers::servers(ground, target, runs);
    }
    if settings.wants("browser") {
        browser::browser(ground, target, runs);
    }
    if settings.wants("plugins") {
        plugins::plugins(ground, target, runs);
    }
    if settings.wants("memory") {
        whole::memory(ground);
    }
    if settings.wants("parsing") {
        // Compressed ones would measure the decompression.
        let plain = ground.files.iter().filter(|file| file.extension().is_some_and(|ending| ending == "jsonl"));
        let plain: Vec<_> =
            plain.filter(|file| file.to_string_lossy().contains("sessions/")).take(1000).cloned().collect();
        parsing::parsing(&ground.home, &plain, runs);
    }
    if settings.wants("peers") {
        peers::peers(ground, target, runs, &settings.out);
    }
}
