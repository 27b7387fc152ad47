//! A timer of the user's systemd that pushes again and again: its two units, made of the command line that asks for it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use threadkeep::documents::{PushTimer, TimerState};

use crate::failure::Usage;
use crate::settings::Settings;

/// What is known of a timer that is wanted.
pub(crate) struct Wanted<'a> {
    /// The place that is pushed to.
    pub(crate) place: &'a str,
    /// The home, and where its state is: what the environment says of them now, a timer does not know.
    pub(crate) home: &'a Path,
    pub(crate) state_dir: &'a Path,
}

/// Makes the units, and has systemd start the timer now and at every login.
pub(crate) fn install(wanted: &Wanted<'_>, calendar: &str) -> anyhow::Result<PushTimer> {
    if calendar.chars().any(char::is_control) {
        return Err(Usage(
            "--install-timer takes a time as systemd.time(7) has it, as hourly or 'Mon..Fri 18:00'".into(),
        )
        .into());
    }
    let program = std::env::current_exe().context("this program cannot be found")?;
    let directory = std::env::current_dir().context("the directory that this runs in cannot be found")?;
    let words = words(wanted, &program)?;
    let (service, timer) = (service(wanted.place, &words, utf8(&directory)?), timer(wanted.place, calendar));
    let units = Units::of(wanted)?;
    for (path, text) in units.files.iter().zip([service, timer]) {
        write(path, &text).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    let started = systemctl(&["daemon-reload"]).and_then(|()| systemctl(&["enable", "--now", &units.timer]));
    let state = if started.is_ok() { TimerState::Running } else { TimerState::Written };
    Ok(units.document(state, started))
}

/// Has systemd stop the timer, and removes its units.
pub(crate) fn remove(wanted: &Wanted<'_>) -> anyhow::Result<PushTimer> {
    let units = Units::of(wanted)?;
    if !units.files.iter().any(|path| path.symlink_metadata().is_ok()) {
        return Err(Usage(format!("there is no timer for {}", wanted.place)).into());
    }
    let stopped = systemctl(&["disable", "--now", &units.timer]);
    for path in &units.files {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("{} cannot be removed", path.display()));
            }
            _ => {}
        }
    }
    Ok(units.document(TimerState::Removed, stopped.and_then(|()| systemctl(&["daemon-reload"]))))
}

/// Where the units of a timer are, and what it is called.
struct Units {
    timer: String,
    files: [PathBuf; 2],
}

impl Units {
    fn of(wanted: &Wanted<'_>) -> anyhow::Result<Units> {
        let name = unit_name(&wanted.home.to_string_lossy(), wanted.place);
        let config = Settings::directory()
            .ok_or_else(|| Usage("neither $XDG_CONFIG_HOME nor $HOME is set, so there is no place for units".into()))?;
        let directory = config.join("systemd/user");
        let file = |kind: &str| directory.join(format!("{name}.{kind}"));
        Ok(Units { files: [file("service"), file("timer")], timer: format!("{name}.timer") })
    }

    fn document(self, state: TimerState, done: Result<(), String>) -> PushTimer {
        let files = self.files.iter().map(|path| path.to_string_lossy().into_owned()).collect();
        PushTimer { timer: self.timer, files, state, reason: done.err() }
    }
}

/// Gives the name of the units for a home and a place, of what systemd.unit(5) lets names have.
fn unit_name(home: &str, place: &str) -> String {
    let mut name = String::from("threadkeep-push");
    for part in [home, place] {
        for word in
            part.split(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '_').filter(|word| !word.is_empty())
        {
            name.push('-');
            name.push_str(word);
        }
    }
    name.truncate(200);
    name
}

/// Gives the command line that pushes as this one would: the same words but for those that ask for the timer.
fn words(wanted: &Wanted<'_>, program: &Path) -> anyhow::Result<Vec<String>> {
    let mut said = Vec::new();
    for word in std::env::args_os().skip(1) {
        said.push(word.into_string().map_err(|_| Usage("a timer can be told only words in UTF-8".into()))?);
    }
    Ok(pushing(utf8(program)?, utf8(wanted.home)?, utf8(wanted.state_dir)?, &said))
}

fn pushing(program: &str, home: &str, state_dir: &str, said: &[String]) -> Vec<String> {
    let mut words = vec![program.to_owned(), format!("--home={home}"), format!("--state-dir={state_dir}")];
    let mut said = said.iter().peekable();
    while let Some(word) = said.next_if(|word| *word != "--") {
        match word.split_once('=').map_or(word.as_str(), |(flag, _)| flag) {
            "--install-timer" | "--json" | "--yes" => {}
            flag @ ("--home" | "--state-dir") => {
                if flag == word {
                    said.next();
                }
            }
            _ => words.push(word.clone()),
        }
    }
    words.push("--yes".into());
    words.extend(said.cloned());
    words
}

fn utf8(path: &Path) -> anyhow::Result<&str> {
    path.to_str().ok_or_else(|| Usage("a timer can be told only paths in UTF-8".into()).into())
}

fn service(place: &str, words: &[String], directory: &str) -> String {
    let command = words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
    let mut unit = format!("[Unit]\nDescription=Push threads to {}\n\n[Service]\nType=oneshot\n", described(place));
    let _ = writeln!(unit, "WorkingDirectory={}", described(directory));
    let _ = writeln!(unit, "ExecStart={command}");
    unit.push_str("# It goes on where it was ended.\nTimeoutStartSec=2h\nNice=19\nIOSchedulingClass=idle\n");
    unit
}

fn timer(place: &str, calendar: &str) -> String {
    format!(
        "[Unit]\nDescription=Push threads to {}, again and again\n\n[Timer]\nOnCalendar={calendar}\n\
         # Not all machines at once, but each always at the same minute.\nRandomizedDelaySec=50min\nFixedRandomDelay=true\n\
         # What was missed while the machine slept is made up for.\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n",
        described(place)
    )
}

/// Gives a text as a unit's value has it: systemd.unit(5), specifiers.
fn described(text: &str) -> String {
    text.replace('%', "%%").replace(|c: char| c.is_control(), " ")
}

/// Gives a word as a command line of a unit has it: systemd.service(5), command lines.
fn quoted(word: &str) -> String {
    let mut out = String::from("\"");
    for c in word.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '%' | '$' => out.extend([c, c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    std::fs::write(path, text)
}

/// Asks the user's systemd; says why it did not do it.
fn systemctl(arguments: &[&str]) -> Result<(), String> {
    let output = Command::new("systemctl").arg("--user").args(arguments).output();
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(if said.is_empty() { output.status.to_string() } else { said })
        }
        Err(error) => Err(format!("systemctl: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::{pushing, quoted, service, timer, unit_name};

    #[test]
    fn a_timer_pushes_by_the_words_that_asked_for_it() {
        let said =
            ["--home", "there", "push", "s3://team/x", "--install-timer=daily", "--whole", "--json", "--under", "/a b"];
        let said: Vec<String> = said.map(str::to_owned).to_vec();
        let words = pushing("/bin/threadkeep", "/h", "/s", &said);
        let expected = [
            "/bin/threadkeep",
            "--home=/h",
            "--state-dir=/s",
            "push",
            "s3://team/x",
            "--whole",
            "--under",
            "/a b",
            "--yes",
        ];
        assert_eq!(words, expected);
        let said = ["push", "--install-timer", "--", "-place"].map(str::to_owned);
        assert_eq!(pushing("t", "/h", "/s", &said)[3..], ["push", "--yes", "--", "-place"]);
    }

    #[test]
    fn units_have_names_that_tell_what_they_push() {
        assert_eq!(unit_name("/home/sam/.codex", "s3://team/x"), "threadkeep-push-home-sam-.codex-s3-team-x");
        assert!(unit_name("/h", &"ü/".repeat(300)).is_ascii());
    }

    #[test]
    fn words_stay_what_they_are_whatever_systemd_makes_of_them_else() {
        assert_eq!(quoted("a b"), "\"a b\"");
        assert_eq!(quoted("100% $HOME \"x\" \\"), "\"100%% $$HOME \\\"x\\\" \\\\\"");
        let unit = service("/srv/50%\nExecStart=evil", &["t".into()], "/d");
        assert_eq!(unit.matches("\nExecStart=").count(), 1, "{unit}");
        assert!(timer("/srv", "Mon..Fri 18:00").contains("\nOnCalendar=Mon..Fri 18:00\n"));
    }
}
