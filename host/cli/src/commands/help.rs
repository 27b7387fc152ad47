//! The command `help`: tells of the program, of a command, or of a topic.

use std::io::Write as _;

use clap::Args;
use threadkeep::platform::suggestion::nearest;

use crate::context::Context;
use crate::failure::{Usage, exit};
use crate::help::{TOPICS, Topic};
use crate::settings::Settings;

/// `help`
#[derive(Args)]
pub(crate) struct Help {
    /// A command, as `repair plan`, or a topic: ids, dates, exit-codes, environment, files
    #[arg(value_name = "COMMAND|TOPIC")]
    words: Vec<String>,
}

impl Help {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        if context.global.json {
            return Err(Usage("--json: help is a text for people, and no document".into()).into());
        }
        let settings = Settings::read().unwrap_or_default();
        let mut parser = context.parser(Some(&settings));
        let topic = match &self.words[..] {
            [word] => Topic::named(word),
            _ => None,
        };
        if let Some(topic) = topic {
            let mut stdout = context.stdout();
            stdout.write_all(topic.text().as_bytes())?;
            stdout.flush()?;
            return Ok(exit::DONE);
        }
        parser.build();
        let mut command = &mut parser;
        for (at, word) in self.words.iter().enumerate() {
            let unknown = unknown(command, word, at == 0);
            command = command.find_subcommand_mut(word).ok_or(unknown)?;
        }
        command.print_long_help()?;
        Ok(exit::DONE)
    }
}

/// Says that nothing has this name, and what may be meant.
fn unknown(command: &clap::Command, word: &str, may_be_topic: bool) -> Usage {
    let commands = command.get_subcommands().filter(|below| !below.is_hide_set()).map(clap::Command::get_name);
    let topics = TOPICS.iter().filter(|_| may_be_topic).map(|topic| topic.name);
    let known: Vec<&str> = commands.chain(topics).collect();
    let hint = match (nearest(word, known.iter().copied()), may_be_topic) {
        (Some(near), _) => format!("did you mean '{near}'?"),
        (None, true) => {
            let topics: Vec<&str> = TOPICS.iter().map(|topic| topic.name).collect();
            format!("`threadkeep --help` lists the commands, and the topics are {}", topics.join(", "))
        }
        (None, false) if known.is_empty() => format!("`{}` has no commands below it", command.get_name()),
        (None, false) => format!("there are {}", known.join(", ")),
    };
    Usage(format!("there is no command{} '{word}'; {hint}", if may_be_topic { " or topic" } else { "" }))
}
