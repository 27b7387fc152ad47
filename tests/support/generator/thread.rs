//! Puts one rollout together: its head, what its history begins in, and its turns.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::plan::{Origin, PROJECTS, Planned};
use super::shapes::Shapes;
use super::teller::{Mark, Teller};
use super::texts::Texts;
use crate::time::rfc3339;
use crate::writer::Chance;

/// What is needed to tell any rollout of a home.
pub(super) struct Home<'a> {
    pub(super) seed: u64,
    pub(super) texts: &'a Texts,
    pub(super) shapes: HashMap<u32, Shapes>,
    pub(super) planned: &'a [Planned],
}

/// A rollout as it is written, and what Codex's database says of it.
pub(super) struct Told {
    pub(super) id: String,
    /// The second half of a name, where a thread was taken back.
    pub(super) suffix: Option<String>,
    pub(super) bytes: Vec<u8>,
    pub(super) at: i64,
    pub(super) last_at: i64,
    pub(super) marks: Vec<Mark>,
    /// The first question, as JSON text; none of a sub-agent.
    pub(super) asked: String,
    pub(super) tokens: u64,
    pub(super) project: Project,
    pub(super) parent: Option<Parent>,
}

/// Who a sub-agent was spawned by, and as what.
pub(super) struct Parent {
    pub(super) id: String,
    pub(super) nickname: &'static str,
    pub(super) task: String,
}

/// A directory that threads work in.
pub(super) struct Project {
    pub(super) cwd: String,
    pub(super) git: Option<Git>,
}

/// Its checkout.
pub(super) struct Git {
    pub(super) commit: String,
    pub(super) branch: String,
    pub(super) url: String,
}

const NICKNAMES: [&str; 8] = ["Hypatia", "Ptolemy", "Noether", "Euler", "Ada", "Fermat", "Gauss", "Emmy"];
/// A compaction comes after so many bytes.
const COMPACTED: usize = 200 << 10;

impl Home<'_> {
    /// Tells the rollout of this number from beginning to end.
    pub(super) fn tell(&self, number: usize) -> Told {
        let of = &self.planned[number];
        match of.origin {
            Origin::Fresh => {
                let mut teller = self.teller(number);
                let project = self.head(&mut teller, "", "", "");
                teller.introduce();
                self.turns(&mut teller);
                told(teller, project)
            }
            Origin::Fork(parent) if of.paginated => self.based(number, parent, false),
            Origin::Revert(parent) => self.based(number, parent, true),
            Origin::Fork(parent) => self.copied(number, parent),
            Origin::Agent(parent) => self.agent(number, parent),
        }
    }

    fn teller(&self, number: usize) -> Teller<'_> {
        let of = &self.planned[number];
        Teller::new(self.texts, &self.shapes[&of.release], of, &format!("{} {number}", self.seed))
    }

    /// Turns until the rollout is as long as it was to be.
    fn turns(&self, teller: &mut Teller) {
        let mut compacted = 0;
        loop {
            teller.turn();
            if teller.out.len() >= teller.of.bytes {
                return;
            }
            if teller.of.release >= 100 && teller.out.len() - compacted > COMPACTED {
                teller.compact();
                compacted = teller.out.len();
            }
        }
    }

    /// A fork of a paginated thread, or the second file of one that was taken back: nothing is copied.
    fn based(&self, number: usize, parent: usize, revert: bool) -> Told {
        let before = self.tell(parent);
        let mut teller = self.teller(number);
        let turns = teller.chance.below(before.marks.len() as u64) as usize;
        let mark = before.marks[if revert { turns } else { before.marks.len() - 1 - turns / 2 }];
        teller.now = teller.now.max(before.last_at + 60_000);
        teller.ordinal = mark.ordinal;
        let base = format!(
            ",\"history_base\":{{\"thread_id\":\"{}\",\"end_ordinal_exclusive\":{},\"end_byte_offset\":{}}},\
             \"multi_agent_version\":\"v1\"",
            before.id, mark.ordinal, mark.offset
        );
        let forked =
            format!("\"forked_from_id\":\"{}\",\"forked_from_ordinal_exclusive\":{},", before.id, mark.ordinal);
        let project = if revert {
            teller.slots.set("id", before.id);
            self.head(&mut teller, "", &base, "")
        } else {
            self.head(&mut teller, &forked, &base, "")
        };
        teller.turns = 1;
        teller.opening(&["settings"]);
        self.turns(&mut teller);
        let suffix = revert.then(|| teller.chance.uuid7(teller.now));
        // Its history begins where the other's does.
        teller.asked = Some(before.asked);
        Told { suffix, ..told(teller, project) }
    }

    /// A legacy fork: the parent's records, all of them stamped with the fork's time, stand in it.
    fn copied(&self, number: usize, parent: usize) -> Told {
        let before = self.tell(parent);
        let mut teller = self.teller(number);
        teller.now = teller.now.max(before.last_at + 60_000);
        let forked = format!("\"forked_from_id\":\"{}\",", before.id);
        let base = if teller.of.release >= 142 { ",\"multi_agent_version\":\"v1\"" } else { "" };
        let project = self.head(&mut teller, &forked, base, "");
        let mut copy = self.teller(parent);
        copy.stamp = Some(teller.now);
        self.head(&mut copy, "", "", "");
        copy.introduce();
        self.turns(&mut copy);
        teller.out.append(&mut copy.out);
        teller.turns = 1;
        teller.asked = copy.asked;
        (teller.sequence, teller.sampled) = (copy.sequence, copy.sampled);
        self.turns(&mut teller);
        told(teller, project)
    }

    /// A sub-agent: its own head, the parent's beginning, and then its own history.
    fn agent(&self, number: usize, parent: usize) -> Told {
        let mut copy = self.teller(parent);
        self.head(&mut copy, "", "", "");
        copy.introduce();
        copy.begin();
        copy.ask();
        let (parent_id, spawned) = (copy.slots.get("id").to_owned(), copy.now + 500);

        let mut copy = self.teller(parent);
        (copy.stamp, copy.ordinal) = (Some(spawned), 1);
        self.head(&mut copy, "", "", "");
        copy.introduce();
        copy.begin();
        copy.ask();
        for hint in ["child_hint", "child_role"] {
            let text = if hint == "child_hint" { &self.texts.child_hint } else { &self.texts.child_role };
            copy.slots.set(hint, text.as_str());
        }
        ["aborted", "child_hint", "child_role"].into_iter().for_each(|record| copy.say(record));

        let mut teller = self.teller(number);
        teller.now = spawned;
        let nickname = NICKNAMES[teller.chance.below(8) as usize];
        let task = self.texts.name(&mut teller.chance);
        let spawn = format!(
            "{{\"subagent\":{{\"thread_spawn\":{{\"parent_thread_id\":\"{parent_id}\",\"depth\":1,\
             \"agent_path\":\"/root/{task}\",\"agent_nickname\":\"{nickname}\",\"agent_role\":null}}}}}}"
        );
        teller.slots.set("source", spawn);
        teller.slots.set("session", parent_id.as_str());
        teller.slots.set(
            "sourced",
            format!(
                "\"thread_source\":\"subagent\",\"agent_nickname\":\"{nickname}\",\"agent_path\":\"/root/{task}\","
            ),
        );
        let start = if teller.of.paginated {
            format!(",\"subagent_history_start_ordinal\":{}", copy.ordinal)
        } else {
            String::new()
        };
        let forked = format!("\"forked_from_id\":\"{parent_id}\",\"parent_thread_id\":\"{parent_id}\",");
        let project = self.head(&mut teller, &forked, &format!("{start},\"multi_agent_version\":\"v2\""), "agent");
        teller.ordinal = copy.ordinal;
        teller.out.append(&mut copy.out);
        let root = copy.slots.get("root").to_owned();
        let (turn, item) = (teller.chance.uuid7(teller.now), teller.chance.uuid7(teller.now));
        for (slot, value) in [("root", root), ("turn", turn), ("task", task.clone())] {
            teller.slots.set(slot, value);
        }
        teller.slots.set("task_item", format!("amsg_{item}"));
        teller.slots.set("started", (teller.now / 1000).to_string());
        teller.slots.set("text", self.texts.name(&mut teller.chance));
        teller.sequence = copy.sequence;
        teller.turn_began = teller.now;
        ["settings", "child_started", "turn", "task_trigger"].into_iter().for_each(|record| teller.say(record));
        teller.say_item("task");
        for _ in 0..teller.chance.below(6) {
            teller.step();
        }
        teller.answer();
        teller.finish("complete");
        teller.asked = Some(String::new());
        Told { parent: Some(Parent { id: parent_id, nickname, task }), ..told(teller, project) }
    }

    /// Sets everything that stays the same in a thread, and writes its `session_meta`.
    fn head(&self, teller: &mut Teller, forked: &str, base: &str, kind: &str) -> Project {
        let (of, at) = (teller.of, teller.now);
        let project = project(of, self.seed);
        let id = match of.origin {
            Origin::Fresh => of.id.clone(),
            // What it begins in is older than it was planned to be.
            Origin::Revert(_) => teller.slots.get("id").to_owned(),
            Origin::Fork(_) | Origin::Agent(_) => teller.chance.uuid7(at),
        };
        let slots = &mut teller.slots;
        if kind.is_empty() {
            slots.set("session", id.as_str());
            slots.set("source", format!("\"{}\"", of.source));
            let by_user = of.source != "vscode" && of.release >= 142;
            slots.set("sourced", if by_user { "\"thread_source\":\"user\"," } else { "" });
        }
        slots.set("id", id);
        slots.set("forked", forked);
        slots.set("base", base);
        slots.set("began", rfc3339(at));
        slots.set("mode", if of.paginated { "paginated" } else { "legacy" });
        slots.set("cwd_url", url_of(&project.cwd));
        slots.set("cwd", project.cwd.as_str());
        slots.set("date", &rfc3339(at)[..10]);
        slots.set("originator", originator(of.source));
        slots.set("version", version(of.release));
        slots.set("provider", "harbour");
        slots.set("model", model(of.release));
        slots.set("searched", if of.release == 171 { ",\"model_search_state\":\"unused\"" } else { "" });
        slots.set(
            "git",
            project.git.as_ref().map_or(String::new(), |git| {
                format!(
                    ",\"git\":{{\"commit_hash\":\"{}\",\"branch\":\"{}\",\"repository_url\":\"{}\"}}",
                    git.commit, git.branch, git.url
                )
            }),
        );
        self.surroundings(teller, &project);
        let window = teller.chance.uuid7(at);
        teller.slots.set("first_window", window.as_str());
        teller.slots.set("window", window);
        teller.say("meta");
        project
    }

    /// The texts that Codex itself puts before a conversation.
    fn surroundings(&self, teller: &mut Teller, project: &Project) {
        let texts = self.texts;
        let release = teller.of.release;
        let slots = &mut teller.slots;
        slots.set("instructions", texts.instructions(release));
        slots.set("permissions", texts.permissions.as_str());
        slots.set("skills_text", format!("<skills_instructions>{}</skills_instructions>", texts.skills));
        // Early releases had fewer of them.
        let part =
            texts.skills.floor_char_boundary(if release == 100 { texts.skills.len() * 5 / 8 } else { usize::MAX });
        let skills = texts.skills[..part].trim_end_matches('\\');
        slots.set(
            "agents_file",
            format!("# AGENTS.md instructions for {}\\n\\n<INSTRUCTIONS>\\n{skills}\\n</INSTRUCTIONS>", project.cwd),
        );
        slots.set("skills", skills);
        slots.set("tools", texts.tools.as_str());
        slots.set("tools_hint", "Starting other agents and waiting for them.");
        slots.set("mode_hash", "8c2f60b1d94e7a35c0d18f2b6e95a74310fd26c8");
        slots.set("permissions_hash", "1f0b6c8d72e94a5530ab91c7de48f26035bd7e19");
        slots.set("catalog", "d03e7b5a916c48f2e07d5b13a86c9f420e71bd58");
        let filesystem = format!(
            "<filesystem><workspace_roots><root>{}</root></workspace_roots><permission_profile \
             type=\\\"disabled\\\"><file_system type=\\\"unrestricted\\\"/></permission_profile></filesystem>",
            project.cwd
        );
        let date = slots.get("date").to_owned();
        let rest = match release {
            50 => "<approval_policy>never</approval_policy>\\n  <sandbox_mode>danger-full-access</sandbox_mode>\\n  \
                 <network_access>enabled</network_access>\\n  <shell>bash</shell>"
                .to_owned(),
            100 => "<shell>bash</shell>".to_owned(),
            _ => format!(
                "<shell>bash</shell>\\n  <current_date>{date}</current_date>\\n  <timezone>Etc/UTC</timezone>\\n  \
                 {filesystem}"
            ),
        };
        let context = slots.fresh("context");
        let _ =
            write!(context, "<environment_context>\\n  <cwd>{}</cwd>\\n  {rest}\\n</environment_context>", project.cwd);
        slots.set("filesystem", filesystem);
    }
}

fn told(teller: Teller, project: Project) -> Told {
    let asked = teller.asked.clone().unwrap_or_default();
    Told {
        id: teller.slots.get("id").to_owned(),
        suffix: None,
        at: crate::time::millis(teller.slots.get("began")),
        last_at: teller.now,
        marks: teller.marks.clone(),
        asked,
        tokens: teller.tokens(),
        project,
        parent: None,
        bytes: teller.out,
    }
}

/// The releases by their whole numbers.
pub(super) fn version(release: u32) -> String {
    format!("0.{release}.{}", if release == 142 { 5 } else { 0 })
}

pub(super) fn model(release: u32) -> &'static str {
    match release {
        50 => "gpt-5-codex",
        100 => "gpt-5.2-codex",
        _ => "gpt-5.5",
    }
}

pub(super) fn originator(source: &str) -> &'static str {
    match source {
        "exec" => "codex_exec",
        "vscode" => "codex_vscode",
        _ => "codex_cli_rs",
    }
}

fn project(of: &Planned, seed: u64) -> Project {
    const NAMES: [&str; 10] = [
        "tide-tables",
        "bread timer",
        "gr\u{f6}\u{df}en",
        "letters",
        "garden",
        "harbour",
        "atlas-of-bridges",
        "loom",
        "weather",
        "night-train",
    ];
    let mut chance = Chance::new(&format!("{seed} project {}", of.project));
    let (name, number) = (NAMES[of.project % NAMES.len()], of.project as u64 / NAMES.len() as u64);
    let cwd = if number == 0 { format!("/home/robin/src/{name}") } else { format!("/home/robin/src/{name}-{number}") };
    debug_assert!((of.project as u64) < PROJECTS);
    let git = (of.project % 5 != 4).then(|| Git {
        commit: format!("{:016x}{:016x}{:08x}", chance.next(), chance.next(), chance.next() >> 32),
        branch: if chance.below(3) == 0 {
            format!("robin/{name}-{}", chance.below(90)).replace(' ', "-")
        } else {
            "main".into()
        },
        url: format!("https://git.example.org/robin/{}-{number}.git", name.replace(' ', "-")),
    });
    Project { cwd, git }
}

/// A path as it stands in a URL.
fn url_of(path: &str) -> String {
    path.bytes().fold(String::new(), |mut url, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' => url.push(char::from(byte)),
            other => {
                let _ = write!(url, "%{other:02X}");
            }
        }
        url
    })
}
