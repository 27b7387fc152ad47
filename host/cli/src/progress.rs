//! A progress bar on stderr during a long start, on a terminal only.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use threadkeep::index::progress::{Progress, ProgressSink};

/// Draws the bar, from the moment on that there is something to show.
struct Bar {
    bar: ProgressBar,
    shown: Mutex<bool>,
}

/// Gives a sink that draws a bar; none where stdout or stderr is no terminal, or the output is JSON.
pub(crate) fn bar(json: bool) -> Option<ProgressSink> {
    let wanted = !json && std::io::stderr().is_terminal() && std::io::stdout().is_terminal();
    wanted.then(|| {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        let bar = Bar { bar, shown: Mutex::new(false) };
        ProgressSink::new(move |progress| bar.update(progress))
    })
}

impl Bar {
    /// Shows the bar; only the first call does anything.
    fn show(&self) {
        let Ok(mut shown) = self.shown.lock() else { return };
        if std::mem::replace(&mut *shown, true) {
            return;
        }
        let template = "reading rollouts {bar:24} {human_pos}/{human_len}  {rate}/s  {eta} left";
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = write!(out, "{:.0}", state.per_sec());
        };
        self.bar.set_style(style.with_key("rate", rate).progress_chars("=> "));
        self.bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
    }
}

/// From how many files on a bar is shown: fewer are read before a person could look at it.
const WORTH_SHOWING: u64 = 200;

impl Bar {
    fn update(&self, progress: Progress) {
        match progress {
            Progress::Expected { files } => {
                self.bar.inc_length(files);
                if self.bar.length().unwrap_or(0) >= WORTH_SHOWING {
                    self.show();
                }
            }
            Progress::Stored { files: count }
            | Progress::Searched { files: count }
            | Progress::Exported { threads: count } => self.bar.inc(count),
            Progress::Waiting { owner, at_most } => {
                self.show();
                self.bar.set_style(ProgressStyle::default_spinner());
                let seconds = at_most.as_secs();
                self.bar
                    .set_message(format!("waiting for {owner}, which is filling the state DB, at most {seconds} s"));
                self.bar.enable_steady_tick(Duration::from_millis(120));
            }
            Progress::Finished => self.bar.finish_and_clear(),
        }
    }
}
