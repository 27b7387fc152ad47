//! The words in which a conversation is told.

use super::{Form, Rollout, Step};

impl Rollout {
    /// The working directory; between turns, that of the turns to come.
    pub fn cwd(mut self, cwd: &str) -> Self {
        if self.steps.is_empty() {
            self.cwd = cwd.to_owned();
        } else {
            self.steps.push(Step::Cwd(cwd.to_owned()));
        }
        self
    }

    /// A turn begins: somebody asks.
    pub fn user(self, text: &str) -> Self {
        self.step(Step::User { text: text.to_owned(), image: false })
    }

    /// A turn begins with a picture, and words if there are any.
    pub fn user_image(self, text: &str) -> Self {
        self.step(Step::User { text: text.to_owned(), image: true })
    }

    /// The answer.
    pub fn agent(self, text: &str) -> Self {
        self.step(Step::Agent(text.to_owned()))
    }

    /// What was thought on the way.
    pub fn reasoning(self, text: &str) -> Self {
        self.step(Step::Reasoning(text.to_owned()))
    }

    /// A command and what came of it.
    pub fn command(self, command: &str, output: &str, exit: i32) -> Self {
        self.step(Step::Command { command: command.to_owned(), output: output.to_owned(), exit })
    }

    /// A file is added.
    pub fn patch(self, file: &str, content: &str) -> Self {
        self.step(Step::Patch { file: file.to_owned(), content: content.to_owned() })
    }

    /// The thread's tokens so far.
    pub fn tokens(self, total: u64) -> Self {
        self.step(Step::Tokens(total))
    }

    /// The history so far becomes a summary.
    pub fn compacted(self, summary: &str) -> Self {
        self.step(Step::Compacted(summary.to_owned()))
    }

    /// The turn breaks off: nothing says that it ended.
    pub fn interrupted(self) -> Self {
        self.step(Step::Interrupted)
    }

    /// Minutes pass.
    pub fn minutes(self, minutes: i64) -> Self {
        self.step(Step::Pause(minutes * 60_000))
    }

    /// An item that nothing else here tells, as the JSON text of it: a plan, a picture, a change of a file. Paginated threads
    /// have items.
    pub fn item(self, json: &str) -> Self {
        assert_eq!(self.form, Form::Paginated, "items are what paginated threads are made of");
        self.step(Step::Item(json.to_owned()))
    }

    /// A line as it is, without its newline.
    pub fn verbatim(self, line: impl Into<Vec<u8>>) -> Self {
        self.step(Step::Verbatim(line.into()))
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}
