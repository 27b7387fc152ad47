//! What is done with threads: what is asked before, and what is said when it is done.

use super::dialog::{Asked, Choice, Confirmed, Dialog};
use super::line_editor::LineEditor;
use super::messages::{Acted, Action, Prompt, Request};
use super::{Model, Outcome};
use crate::command::Command;

impl Model {
    /// Gives the ids of the chosen threads, else that of the selected one.
    fn meant(&self) -> Vec<String> {
        let id = |number: u32| self.table.thread(number).id().to_string();
        match self.chosen.is_empty() {
            true => self.selected_thread().map(id).into_iter().collect(),
            false => self.chosen.iter().map(|&number| id(number)).collect(),
        }
    }

    /// Begins what a command does with threads.
    pub(super) fn act(&mut self, command: Command) {
        let (Some(number), ids) = (self.selected_thread(), self.meant()) else {
            return self.complain("no thread is selected");
        };
        let id = self.table.thread(number).id().to_string();
        let ask = |asked: Asked, text: &str| Some(Dialog::Input { asked, line: LineEditor::of(text) });
        match command {
            Command::Resume => self.ask(Request::End(Outcome::Resume { thread: id })),
            Command::Fork => self.ask(Request::End(Outcome::Fork { thread: id })),
            Command::Name => {
                let thread = self.table.thread(number);
                let name = if thread.is_named { thread.title().to_string() } else { String::new() };
                self.dialog = ask(Asked::Name { id }, &name);
            }
            Command::Archive => self.ask(Request::Act(Action::Archive { ids })),
            Command::Unarchive => self.ask(Request::Act(Action::Unarchive { ids })),
            Command::Delete if ids.len() > 1 => {
                self.complain("threads are deleted one by one, each after showing what goes");
            }
            Command::Delete => {
                let id = ids.into_iter().next().unwrap_or(id);
                self.ask(Request::Act(Action::PlanDeletion { id }));
            }
            Command::Pin => {
                let is_pinned =
                    |id: &String| self.table.number(id).is_some_and(|number| self.table.thread(number).is_pinned);
                let pinned = !ids.iter().all(is_pinned);
                self.ask(Request::Act(Action::Pin { ids, pinned }));
            }
            Command::Tag => self.dialog = ask(Asked::Tags { ids }, "+"),
            Command::Note => self.dialog = ask(Asked::Note { id }, ""),
            Command::Export => {
                let place = match &ids[..] {
                    [id] => format!("{}.md", id.get(..13).unwrap_or(id)),
                    _ => "threads/".into(),
                };
                self.dialog = ask(Asked::Export { ids }, &place);
            }
            Command::CopyId => self.copy(id),
            Command::CopyInvocation => {
                let command = self.served.as_ref().map_or("threadkeep resume", |served| &served.resume);
                self.copy(format!("{command} {id}"));
            }
            Command::Why => self.ask(Request::Act(Action::Explain { id })),
            Command::Prompts => {
                let generation = self.next_generation_of_prompts();
                let id = self.table.thread(number).id().into();
                let choice = Choice::of(Vec::new(), |prompt: &Prompt| prompt.line.clone());
                self.dialog = Some(Dialog::Prompts { generation, choice, is_loading: true });
                self.ask(Request::Prompts { generation, id });
            }
            _ => {}
        }
    }

    fn copy(&mut self, text: String) {
        self.notify(format!("copied: {text}"));
        self.ask(Request::Copy(text));
    }

    fn next_generation_of_prompts(&mut self) -> u64 {
        self.prompts_generation += 1;
        self.prompts_generation
    }

    pub(super) fn take_prompts(&mut self, of: u64, prompts: Vec<Prompt>, is_all: bool) {
        if let Some(Dialog::Prompts { generation, choice, is_loading, .. }) = &mut self.dialog
            && *generation == of
        {
            let is_first = choice.is_empty();
            choice.extend(prompts, |prompt| prompt.line.clone());
            *is_loading = !is_all;
            // Who looks for a prompt mostly looks for one of the last.
            if is_all && (is_first || choice.is_at_begin()) {
                choice.go_to(usize::MAX);
            }
        }
    }

    /// Takes what was typed into a line that was asked for.
    pub(super) fn answer(&mut self, asked: Asked, text: String) {
        let action = match asked {
            Asked::Name { id } => Action::Name { id, name: Some(text).filter(|name| !name.is_empty()) },
            Asked::Tags { ids } => {
                let words: Vec<String> = text.split_whitespace().map(String::from).collect();
                if words.is_empty() || words == ["+"] {
                    return self.notify("nothing was changed");
                }
                Action::Tag { ids, words }
            }
            Asked::Note { .. } | Asked::Export { .. } if text.is_empty() => return self.notify("nothing was changed"),
            Asked::Note { id } => Action::Note { id, text },
            Asked::Export { ids } => Action::Export { ids, path: text },
            Asked::Find => {
                let words: Vec<String> =
                    Some(text.to_lowercase()).filter(|text| !text.is_empty()).into_iter().collect();
                let height = self.preview_height();
                if !self.preview.find(words, height) && !text.is_empty() {
                    let text = threadkeep_terminal::visible::plain(&text);
                    self.complain(format!("'{text}' stands nowhere in the turns that are shown"));
                }
                return;
            }
        };
        self.ask(Request::Act(action));
    }

    /// Does what was agreed to.
    pub(super) fn confirmed(&mut self, of: Confirmed) {
        self.ask(Request::Act(match of {
            Confirmed::Delete { id } => Action::Delete { id },
        }));
    }

    /// Takes what became of an action.
    pub(super) fn take_acted(&mut self, acted: Acted) {
        match acted {
            Acted::Done(text) => {
                self.chosen.clear();
                self.notify(text);
            }
            Acted::Failed(why) => self.complain(why),
            Acted::DeletionPlanned { id, lines } => {
                let question = "delete this for good?".to_string();
                self.dialog = Some(Dialog::Confirm { question, lines, scroll: 0, of: Confirmed::Delete { id } });
            }
            Acted::Explained { id, lines, is_mendable } => {
                let title = format!("why {id}");
                let mends = is_mendable.then_some(id);
                self.dialog = Some(Dialog::Report { title, lines, scroll: 0, mends });
            }
        }
    }
}
