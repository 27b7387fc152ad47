//! What is different where the threads are those of a server: what needs the home itself is refused, with what does it there.

use super::Model;
use crate::command::Command;

/// The server whose threads are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Served {
    /// Where it is, as the command line takes it.
    pub(crate) address: String,
    /// The command that goes on with a thread, whose id comes behind it.
    pub(crate) resume: String,
}

/// So many characters of an id are enough where there is little room.
const SHORT_ID: usize = 13;

impl Model {
    /// Says why the server cannot do what a command does; nothing where it can, or there is none.
    pub(super) fn refused_by_server(&self, command: Command) -> Option<String> {
        let served = self.served.as_ref()?;
        if command == Command::Scope {
            return Some("a server does not know where you are: all its threads are shown".into());
        }
        let id = self.selected_id()?;
        let id = id.get(..SHORT_ID).unwrap_or(&id);
        let there = match command {
            Command::Delete => "delete",
            Command::Pin => "pin",
            Command::Tag => "tag",
            Command::Note => "note",
            Command::Export => "export",
            Command::Why => "why",
            Command::Pager | Command::Editor => {
                return Some(format!("that reads the home itself; threadkeep read --remote {} {id}", served.address));
            }
            _ => return None,
        };
        Some(format!("that needs the home itself; on its machine: threadkeep {there} {id}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::messages::{Event, Found, LibraryEvent, Request};
    use crate::model::scope::Scope;
    use crate::model::tests::{model, settled, thread, type_text};

    fn of_server() -> Model {
        let threads = vec![thread(1, "low tide", true), thread(2, "high tide", true), thread(3, "box kite", false)];
        let mut model = model(threads, Scope::Everywhere);
        let (address, resume) = ("unix:///run/socket".into(), "codex resume --remote unix:///run/socket".into());
        model.served = Some(Served { address, resume });
        model
    }

    fn run(model: &mut Model, command: Command) -> (Vec<Request>, String) {
        model.run(command);
        (model.take_requests(), model.notice.take().map(|notice| notice.text).unwrap_or_default())
    }

    #[test]
    fn what_needs_the_home_is_asked_of_nobody() {
        let mut model = of_server();
        for command in [Command::Delete, Command::Pin, Command::Tag, Command::Note, Command::Export, Command::Why] {
            let told = format!("on its machine: threadkeep {} 01980000-0000", command.name());
            let (requests, said) = run(&mut model, command);
            assert!(requests.is_empty() && model.dialog.is_none() && said.ends_with(&told), "{said}");
        }
        let (requests, said) = run(&mut model, Command::Pager);
        assert!(requests.is_empty() && said.ends_with("read --remote unix:///run/socket 01980000-0000"), "{said}");
        let (requests, said) = run(&mut model, Command::Scope);
        assert!(requests.is_empty() && said.contains("where you are"), "{said}");
        assert_eq!(model.wanted.scope, Scope::Everywhere);
        assert!(matches!(&run(&mut model, Command::Archive).0[..], [Request::Act(_)]));
        let (requests, _) = run(&mut model, Command::CopyInvocation);
        let id = thread(1, "", true).id;
        assert_eq!(requests, [Request::Copy(format!("codex resume --remote unix:///run/socket {id}"))]);
    }

    #[test]
    fn titles_stand_beside_what_the_server_finds_each_thread_once() {
        let mut model = of_server();
        let asked = type_text(&mut model, "tide");
        let searches =
            asked.iter().filter_map(|it| if let Request::Search(it) = it { Some(it.generation) } else { None });
        let generation = searches.max().unwrap_or_default();
        let threads = vec![(thread(3, "box kite", false), None), (thread(2, "high tide", true), None)];
        let found = Found { threads, total: 2, is_exact: true, scope: Scope::Everywhere, ..Found::default() };
        model.update(Event::Library(LibraryEvent::Found { generation, found }));
        settled(&mut model);
        let numbers = ["low tide", "high tide", "box kite"]
            .map(|title| (0..model.table.len()).find(|number| model.table.thread(*number).title() == title));
        let found = model.found.as_ref();
        assert_eq!(found.map(|found| found.numbers.iter().copied().map(Some).collect()), Some(numbers.to_vec()));
        assert_eq!(found.map(|found| found.total), Some(3));
    }
}
