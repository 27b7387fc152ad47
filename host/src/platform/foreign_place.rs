//! Where the text of a thread of another program stands: a place that no file of a home can have, because the state DB keeps it.

/// A place `state/<program>/[gone/][archived/]<thread>.jsonl`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForeignPlace<'a> {
    /// The program, by the name of what reads its files.
    pub program: &'a str,
    /// Whether the program's own files of it are gone.
    pub is_gone: bool,
    /// Whether the program put it away.
    pub is_archived: bool,
    /// The thread's id.
    pub thread: &'a str,
}

/// Where such places lie. It is no collection, and sorts behind both.
pub(crate) const KEPT_IN_STATE: &str = "state/";
const GONE: &str = "gone";
const ARCHIVED: &str = "archived";
/// How long the name of a program may be, in bytes.
const LONGEST_NAME: usize = 64;

impl<'a> ForeignPlace<'a> {
    /// Reads a home path; gives none where that is the place of a file.
    pub fn of(path: &'a str) -> Option<ForeignPlace<'a>> {
        let (program, rest) = path.strip_prefix(KEPT_IN_STATE)?.split_once('/')?;
        let below = |rest: &'a str, part: &str| rest.strip_prefix(part).and_then(|rest| rest.strip_prefix('/'));
        let (is_gone, rest) = below(rest, GONE).map_or((false, rest), |rest| (true, rest));
        let (is_archived, rest) = below(rest, ARCHIVED).map_or((false, rest), |rest| (true, rest));
        let thread = rest.strip_suffix(".jsonl").filter(|thread| !thread.contains('/'))?;
        Some(ForeignPlace { program, is_gone, is_archived, thread })
    }

    /// Gives the home path.
    pub fn path(&self) -> String {
        let part = |is_so: bool, part: &str| if is_so { format!("{part}/") } else { String::new() };
        let (gone, archived) = (part(self.is_gone, GONE), part(self.is_archived, ARCHIVED));
        format!("{KEPT_IN_STATE}{}/{gone}{archived}{}.jsonl", self.program, self.thread)
    }
}

/// Says whether a program can be called so: lower-case letters, digits and hyphens, and no word that places have of their own.
pub fn is_program_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !name.is_empty() && name.len() <= LONGEST_NAME && name.bytes().all(is_plain) && !matches!(name, GONE | ARCHIVED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_as_it_is_written_and_no_other_path_is_one() {
        for is_gone in [false, true] {
            for is_archived in [false, true] {
                let place = ForeignPlace { program: "opencode", is_gone, is_archived, thread: "0-1" };
                assert_eq!(ForeignPlace::of(&place.path()), Some(place));
                assert!(place.path().as_str() > "sessions/\u{10FFFF}");
            }
        }
        for other in
            ["sessions/a/b.jsonl", "state/a.jsonl", "state/a/b/c.jsonl", "state/a/gone/b", "state/a/b.jsonl.zst"]
        {
            assert_eq!(ForeignPlace::of(other), None, "{other}");
        }
        let names = ["claude-code", "x1", "", "Gone", "gone", "archived", "a/b", "..", "a b"];
        assert_eq!(names.map(is_program_name), [true, true, false, false, false, false, false, false, false]);
    }
}
