//! The codes of all findings, by which people ask for some, and what is known of each before anything is found.

mod home;
mod names;
mod rollouts;
mod rows;

use threadkeep_engine::contract::Severity;

/// Says what is known of a code.
#[derive(Clone, Copy, Debug)]
pub struct FindingCode {
    /// The code.
    pub code: &'static str,
    /// How bad such a finding is at worst.
    pub severity: Severity,
    /// What mends it.
    pub mended: Mended,
    /// What is wrong, in a line.
    pub meaning: &'static str,
    /// How it comes about.
    pub cause: &'static str,
    /// What a person can do.
    pub advice: &'static str,
}

/// Says what mends a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mended {
    /// A repair of the state DB, which every start does too.
    State,
    /// A repair of Codex's database.
    Codex,
    /// Either, by whose row is wrong.
    Both,
    /// A repair of the state DB's side that is done only when it is asked for.
    StateWhenAsked,
    /// A repair of Codex's database that is done only when it is asked for.
    CodexWhenAsked,
    /// No repair.
    Not,
}

/// Codes about one kind of thing.
pub struct CodeGroup {
    /// What they are about.
    pub title: &'static str,
    /// The codes.
    pub codes: &'static [FindingCode],
}

/// Lists every code that the core has, by what it is about.
pub const CODE_GROUPS: [CodeGroup; 4] = [
    CodeGroup { title: "rows, here and in Codex's database", codes: &rows::CODES },
    CodeGroup { title: "names and relations", codes: &names::CODES },
    CodeGroup { title: "rollouts", codes: &rollouts::CODES },
    CodeGroup { title: "the home", codes: &home::CODES },
];

/// How many there are.
const COUNT: usize = rows::CODES.len() + names::CODES.len() + rollouts::CODES.len() + home::CODES.len();

/// Lists the code of every finding that the core makes, in alphabetical order.
pub const CODES: [&str; COUNT] = in_order();

/// Gives what is known of a code.
pub fn finding_code(code: &str) -> Option<&'static FindingCode> {
    CODE_GROUPS.iter().flat_map(|group| group.codes).find(|known| known.code == code)
}

impl Mended {
    /// Gives the command that mends it, with the code where it must be asked for; none where there is none.
    pub fn command(self, code: &str) -> Option<String> {
        Some(match self {
            Mended::State => "threadkeep repair apply".into(),
            Mended::Codex => "threadkeep repair apply --target codex".into(),
            Mended::Both => "threadkeep repair apply --target all".into(),
            Mended::StateWhenAsked => format!("threadkeep repair apply --with {code}"),
            Mended::CodexWhenAsked => format!("threadkeep repair apply --target codex --with {code}"),
            Mended::Not => return None,
        })
    }

    /// Says in a word whether a repair mends it.
    pub fn word(self) -> &'static str {
        match self {
            Mended::State | Mended::Codex | Mended::Both => "repair",
            Mended::StateWhenAsked | Mended::CodexWhenAsked => "asked",
            Mended::Not => "-",
        }
    }
}

const fn code(
    code: &'static str,
    severity: Severity,
    mended: Mended,
    meaning: &'static str,
    cause: &'static str,
    advice: &'static str,
) -> FindingCode {
    FindingCode { code, severity, mended, meaning, cause, advice }
}

/// Sorts the codes of all groups.
const fn in_order() -> [&'static str; COUNT] {
    let mut all = [""; COUNT];
    let (mut group, mut filled) = (0, 0);
    while group < CODE_GROUPS.len() {
        let mut at = 0;
        while at < CODE_GROUPS[group].codes.len() {
            let code = CODE_GROUPS[group].codes[at].code;
            let mut place = filled;
            while place > 0 && is_before(code, all[place - 1]) {
                all[place] = all[place - 1];
                place -= 1;
            }
            all[place] = code;
            filled += 1;
            at += 1;
        }
        group += 1;
    }
    all
}

const fn is_before(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() {
        if one[at] != other[at] {
            return one[at] < other[at];
        }
        at += 1;
    }
    one.len() < other.len()
}
