//! Parts of what an exporter wrote, for programs whose answers are bounded.
//!
//! The same threads give the same text, so nothing is kept between two parts: each is cut out of a whole that is made anew.

use super::ExportedFile;

/// A part that is not the rest of its file has at least so much room; else it begins the next answer.
const LEAST_PART: usize = 600;
/// What stands around a part, beside its name.
const AROUND: usize = 60;

/// A place in the files that an exporter wrote: behind so many characters of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportPlace {
    /// Stands for what was written: another plugin, thread or setting gives another one.
    pub of: u64,
    file: usize,
    characters: usize,
}

/// A part of a file that an exporter wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedPart {
    /// The name of the file.
    pub name: String,
    /// How many characters of the file stand before it.
    pub from: usize,
    /// What stands there.
    pub text: String,
}

impl ExportPlace {
    /// Gives the place of the beginning.
    pub fn beginning(of: u64) -> ExportPlace {
        ExportPlace { of, file: 0, characters: 0 }
    }

    /// Writes it down, for a client who hands it back.
    pub fn to_cursor(self) -> String {
        format!("f{}.{}.{:016x}", self.file, self.characters, self.of)
    }

    /// Reads what was written down; none where it is something else.
    pub fn read(cursor: &str) -> Option<ExportPlace> {
        let mut parts = cursor.strip_prefix('f')?.splitn(3, '.');
        let (file, characters) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(ExportPlace { of: u64::from_str_radix(parts.next()?, 16).ok()?, file, characters })
    }
}

/// Gives what has room of files from a place on, and where it goes on; none at the end. `length` says how much room a text takes.
pub fn parts_from(
    files: &[ExportedFile],
    place: ExportPlace,
    room: usize,
    length: impl Fn(&str) -> usize,
) -> (Vec<ExportedPart>, Option<ExportPlace>) {
    let (mut parts, mut room) = (Vec::new(), room);
    for (file, ExportedFile { name, text }) in files.iter().enumerate().skip(place.file) {
        let from = if file == place.file { place.characters } else { 0 };
        let rest = text.char_indices().nth(from).map_or("", |(at, _)| &text[at..]);
        let left = room.saturating_sub(AROUND + length(name));
        let whole = length(rest);
        if whole <= left {
            room = left - whole;
            parts.push(ExportedPart { name: name.clone(), from, text: rest.into() });
            continue;
        }
        if left < LEAST_PART && !parts.is_empty() {
            return (parts, Some(ExportPlace { file, characters: from, ..place }));
        }
        let mut most = left.max(1);
        // Some characters take more room than one.
        while most > 1 && length(beginning(rest, most)) > left {
            most = most * 9 / 10;
        }
        let cut = beginning(rest, most);
        let characters = from + cut.chars().count();
        parts.push(ExportedPart { name: name.clone(), from, text: cut.into() });
        return (parts, Some(ExportPlace { file, characters, ..place }));
    }
    (parts, None)
}

fn beginning(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(at, _)| &text[..at])
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written_down_and_nothing_else_is() {
        let place = ExportPlace { of: u64::MAX - 7, file: 2, characters: 24_000 };
        assert_eq!(ExportPlace::read(&place.to_cursor()), Some(place));
        for wrong in ["", "f1.2", "f1.2.x", "f-1.2.0", "a1.2.0", "f99999999999999999999.0.0"] {
            assert_eq!(ExportPlace::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn parts_make_the_whole_and_each_has_room() {
        let file = |name: &str, text: String| ExportedFile { name: name.into(), text };
        let files = [
            file("a.md", "kürbis\n".repeat(700)),
            file("b.md", String::new()),
            file("c.md", "c".into()),
            file("d.md", "\"".repeat(3_000)),
        ];
        let length = |text: &str| serde_json::to_string(text).unwrap().chars().count();
        let (mut whole, mut place, mut answers) = (vec![String::new(); files.len()], ExportPlace::beginning(7), 0);
        loop {
            let (parts, next) = parts_from(&files, place, 1_000, length);
            assert!(!parts.is_empty() && parts.iter().map(|part| length(&part.text)).sum::<usize>() <= 1_000);
            for part in parts {
                let at = files.iter().position(|file| file.name == part.name).unwrap();
                assert_eq!(whole[at].chars().count(), part.from);
                whole[at] += &part.text;
            }
            answers += 1;
            match next {
                Some(next) => place = next,
                None => break,
            }
        }
        assert!(answers > 5);
        assert!(files.iter().zip(whole).all(|(file, whole)| file.text == whole));
        assert_eq!(
            parts_from(&files, ExportPlace { of: 7, file: 9, characters: 0 }, 1_000, length),
            (Vec::new(), None)
        );
    }
}
