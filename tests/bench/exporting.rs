//! Taking threads out: a large one as a document, and a directory in which nothing is new.

use std::io::{Write, sink};
use std::path::Path;

use support::History;
use threadkeep::contract::{ExportDetail, ExportFormat, RowQuery, ThreadRow};
use threadkeep::export::ExportRequest;
use threadkeep::platform::home::Home;
use threadkeep::{Options, Threadkeep};

use crate::homes::{giants, usual_home};
use crate::table::Table;

const HTML: &str = "HTML of a thread of 21 MB";
const MARKDOWN: &str = "Markdown of it";
const FULL: &str = "Markdown of it, everything in full";
const UNREDACTED: &str = "Markdown of it, secrets left in";
const RECORDS: &str = "its records, redacted";
const NOTHING_NEW: &str = "a directory of 1,000 threads, nothing new";
const FIRST: &str = "a directory of 1,000 threads, all new";

/// Counts what is written.
struct Count(u64);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len() as u64;
        sink().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Documents of the large thread, with the handle open, and a directory for the threads of a usual home.
pub(crate) fn exporting(target: &Path, runs: usize) {
    let (dir, rollouts) = giants(target);
    let stem = rollouts[2].file_stem().unwrap().to_str().unwrap().to_owned();
    let threadkeep = open(&dir, &target.join("bench-state-export"));
    let row = threadkeep.find(&stem[stem.len() - 36..], None).unwrap().row;
    let mut table = Table::default();
    let mut sizes = Vec::new();
    let requests = requests();
    for run in 0..runs {
        for (what, request) in &requests {
            let mut out = Count(0);
            table.time(what, || threadkeep.export(std::slice::from_ref(&row), false, request, &mut out).unwrap());
            if run == 0 {
                sizes.push(format!("{what}: {:.1} MB", out.0 as f64 / 1e6));
            }
        }
    }
    table.want(HTML, 300.0);
    table.want(MARKDOWN, 200.0);

    let home = usual_home(target, 1_000, History::Paginated);
    let usual = open(&home, &target.join("bench-state-export-usual"));
    let query = RowQuery::default();
    let rows = |threadkeep: &Threadkeep| -> Vec<ThreadRow> {
        threadkeep.list(&query, None, 0).unwrap().rows.into_iter().map(|listed| listed.row).collect()
    };
    let request = ExportRequest::new(ExportFormat::Markdown);
    let to = target.join("bench-exported");
    std::fs::remove_dir_all(&to).unwrap_or_default();
    table.time(FIRST, || usual.export_directory(&rows(&usual), &request, &to).unwrap());
    for _ in 0..runs {
        table.time(NOTHING_NEW, || {
            let done = usual.export_directory(&rows(&usual), &request, &to).unwrap();
            assert!(done.tally.redactions().is_empty() && done.gone.is_empty());
        });
    }
    table.want(NOTHING_NEW, 100.0);
    println!("\nexports, with the handle open ({})", sizes.join(", "));
    table.print();
}

fn requests() -> Vec<(&'static str, ExportRequest)> {
    let markdown = ExportRequest::new(ExportFormat::Markdown);
    let full = ExportRequest { detail: ExportDetail::Everything, whole_outputs: true, ..markdown.clone() };
    vec![
        (HTML, ExportRequest::new(ExportFormat::Html)),
        (MARKDOWN, markdown.clone()),
        (FULL, full),
        (UNREDACTED, ExportRequest { redact_secrets: false, ..markdown }),
        (RECORDS, ExportRequest::new(ExportFormat::Jsonl)),
    ]
}

fn open(home: &Path, state: &Path) -> Threadkeep {
    let home = Home::open(home, |_| None).unwrap();
    Threadkeep::open(Options { state_dir: state.into(), ..Options::new(home) }).unwrap()
}
