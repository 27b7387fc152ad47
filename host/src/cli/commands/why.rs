//! `why`: where a thread is, where it is shown, and why not.

use std::fmt::Write as _;

use serde_json::json;
use threadkeep::health::doctor::why::{self, Why};

use super::Session;
use super::doctor::paragraph;
use crate::cli::args;
use crate::cli::item::Item;
use crate::cli::text;

impl Session {
    /// Looks only: neither the home nor its state DB is touched.
    pub(super) fn why(&self, asked: &args::why::Why) -> anyhow::Result<()> {
        let dir = (!self.global.no_state).then_some(self.state_dir.as_path());
        let here = std::env::current_dir().ok();
        let why = why::why(&self.runtime, &self.home, dir, &asked.id, here.as_deref())?;
        let views =
            why.views.iter().map(|view| json!({"where": view.name, "shown": view.shown, "reasons": view.reasons}));
        let files = why.files.iter().map(|path| self.home.absolute(path).to_string_lossy().into_owned());
        let document = json!({
            "thread": Item::new(&why.thread, &self.home)?,
            "files": files.collect::<Vec<String>>(),
            "views": views.collect::<Vec<_>>(),
            "findings": why.findings.iter().map(|finding| self.told(finding)).collect::<Vec<_>>(),
        });
        self.print(document, || self.reasons(&why))
    }

    /// The thread, a line a place with its reasons below, and what is wrong.
    fn reasons(&self, why: &Why) -> String {
        let mut out = text::thread(&why.thread, &self.home, text::width());
        out.push('\n');
        for view in &why.views {
            let _ = writeln!(out, "{}  {}", if view.shown { "shown " } else { "hidden" }, view.name);
            for reason in &view.reasons {
                paragraph(&mut out, "        ", reason);
            }
        }
        for finding in &why.findings {
            let _ = writeln!(out, "\n{}", text::plain(&finding.code));
            paragraph(&mut out, "  ", &finding.meaning);
            out.push_str(&self.instance(finding));
            paragraph(&mut out, "  -> ", &finding.remedy);
        }
        out
    }
}
