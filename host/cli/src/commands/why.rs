//! The command `why`: says where a thread is, where it is shown, and why not.

use std::fmt::Write as _;

use clap::Args;
use threadkeep::Threadkeep;
use threadkeep::health::doctor::why::Why as Answer;

use crate::arguments::ThreadArgument;
use crate::context::Context;
use crate::failure::{exit, say};
use crate::launch;
use crate::text::{self, findings};

/// `why`
#[derive(Args)]
pub(crate) struct Why {
    #[command(flatten)]
    thread: ThreadArgument,
}

impl Why {
    /// Runs the command; neither the home nor its state DB is touched.
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        let threadkeep = context.inspector()?;
        let here = std::env::current_dir().ok();
        let why = threadkeep.why(&self.thread.id, here.as_deref())?;
        why.warnings.iter().for_each(|warning| say(warning));
        context.print(threadkeep.why_document(&why)?, || {
            reasons(&threadkeep, &why) + &launch::hint(context, &why.thread)
        })?;
        Ok(exit::DONE)
    }
}

/// Gives the thread, a line for each view with its reasons below, and what is wrong.
fn reasons(threadkeep: &Threadkeep, why: &Answer) -> String {
    let path = threadkeep.home().absolute(&why.thread.path).to_string_lossy().into_owned();
    let mut out = text::thread(&why.thread, &path, text::line_width());
    out.push_str(&text::marks(&why.marks.tags, why.marks.pinned, None, text::line_width()));
    out.push('\n');
    for view in &why.views {
        let _ = writeln!(out, "{}  {}", if view.shown { "shown " } else { "hidden" }, view.name);
        for reason in &view.reasons {
            findings::paragraph(&mut out, "        ", reason);
        }
    }
    for finding in &why.findings {
        let _ = writeln!(out, "\n{}", text::plain(&finding.code));
        findings::paragraph(&mut out, "  ", &finding.meaning);
        out.push_str(&findings::finding(finding));
        findings::paragraph(&mut out, "  -> ", &finding.remedy);
    }
    out
}
