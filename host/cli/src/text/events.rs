//! Text for what happens in threads, a line for each event.

use threadkeep::contract::TurnOutcome;
use threadkeep::{Happening, ThreadEvent};

use super::color::{Meaning, Stream, paint};
use super::{SHORT_ID, plain, shorten, state, title};

/// Gives a line: when it was told, the thread, what happened, and the thread's title.
pub(crate) fn event(event: &ThreadEvent, at: &str, width: usize) -> String {
    let id = event.thread.get(..SHORT_ID).unwrap_or(&event.thread);
    let what = what(&event.happening);
    let title = event.row.as_ref().map(|row| title(row)).unwrap_or_default();
    let room = width.saturating_sub(at.len() + id.len() + what.chars().count() + 6).max(10);
    let line = format!("{at}  {}  {what}  {}", paint(Stream::Out, Meaning::Name, id), shorten(&title, room));
    format!("{}\n", line.trim_end())
}

fn what(happening: &Happening) -> String {
    let short = |id: &str| plain(id.get(..SHORT_ID).unwrap_or(id));
    match happening {
        Happening::New => "new".into(),
        Happening::Archived => "archived".into(),
        Happening::Unarchived => "back from the archive".into(),
        Happening::Deleted => "deleted".into(),
        Happening::Named(Some(name)) => format!("named \"{}\"", shorten(name, 40)),
        Happening::Named(None) => "without a name now".into(),
        Happening::State(stands) => state(*stands).into(),
        Happening::TurnStarted { turn } => format!("turn {} began", short(turn)),
        Happening::TurnEnded { turn, outcome } => {
            let how = match outcome {
                TurnOutcome::Completed => "ended",
                TurnOutcome::Interrupted => "was interrupted",
                TurnOutcome::Failed => "failed",
            };
            format!("turn {} {how}", short(turn))
        }
        Happening::ItemFinished { kind, .. } => plain(kind),
        Happening::TurnsChanged => "turns are others now".into(),
    }
}
