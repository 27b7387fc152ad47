//! Changes that a server is asked for.

use threadkeep_terminal::visible::plain;

use super::Asking;
use super::waiting::{ListFrom, Step};
use crate::library::acts::each;
use crate::model::messages::{Acted, Action, LibraryEvent};

/// Does what was asked for, and gives what is to be done behind it.
pub(super) fn act(asking: &mut Asking, action: Action) -> Option<Step> {
    let mut next = None;
    let acted = match action {
        Action::Name { name: None, .. } => Acted::Failed("a server gives names, and takes none away".into()),
        Action::Name { id, name: Some(name) } => {
            let named = asking.server.rename(&id, &name).and_then(|()| asking.tell(&id));
            match named {
                Ok(()) => Acted::Done(format!("named '{}'", plain(&name))),
                Err(error) => Acted::Failed(plain(&error.to_string())),
            }
        }
        Action::Archive { ids } => {
            next = moved();
            each(&ids, "archived", |id| {
                asking.server.archive(id)?;
                asking.tell(id).map(|()| None)
            })
        }
        Action::Unarchive { ids } => {
            next = moved();
            each(&ids, "out of the archive", |id| {
                asking.server.unarchive(id)?;
                asking.tell(id).map(|()| None)
            })
        }
        // The model asks for none of them.
        Action::Pin { .. }
        | Action::Tag { .. }
        | Action::Note { .. }
        | Action::Export { .. }
        | Action::PlanDeletion { .. }
        | Action::Delete { .. }
        | Action::Explain { .. } => Acted::Failed("that needs the home itself".into()),
    };
    let acted = match acted {
        Acted::Failed(why) => Acted::Failed(plain(&why)),
        acted => acted,
    };
    asking.answers.send(LibraryEvent::Acted(acted));
    next.filter(|_| asking.server.is_connected())
}

/// What a thread spawned moved with it: all is listed again.
fn moved() -> Option<Step> {
    Some(Step::List(ListFrom::default()))
}
