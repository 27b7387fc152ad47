//! What is typed into the line, read: words, and what threads must be like.
//!
//! ```text
//! tide "low water" dir:~/kites since:7d #sea  ─→  words: tide "low water"   fields: dir, since, tag
//! ```

/// What a thread must be like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Dir,
    Branch,
    Model,
    Since,
    Until,
    Touched,
    Tag,
    Name,
    Title,
    Provider,
    Source,
    Repo,
    Is,
}

/// The words of the fields; each stands before a colon.
pub(crate) const FIELDS: [(&str, Field); 15] = [
    ("dir", Field::Dir),
    ("cwd", Field::Dir),
    ("branch", Field::Branch),
    ("model", Field::Model),
    ("since", Field::Since),
    ("until", Field::Until),
    ("touched", Field::Touched),
    ("file", Field::Touched),
    ("tag", Field::Tag),
    ("name", Field::Name),
    ("title", Field::Title),
    ("provider", Field::Provider),
    ("source", Field::Source),
    ("repo", Field::Repo),
    ("is", Field::Is),
];

/// What was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Typed {
    /// The words, as a search takes them.
    pub(crate) words: String,
    /// What threads must be like, in the order in which it was typed.
    pub(crate) fields: Vec<(Field, String)>,
    /// The last word may go on.
    pub(crate) is_open: bool,
}

impl Typed {
    /// Reads a line. A field without a value yet asks for nothing; what is no field is a word.
    pub(crate) fn of(line: &str) -> Typed {
        let mut typed = Typed::default();
        let mut words: Vec<&str> = Vec::new();
        let mut is_last_a_word = false;
        for piece in pieces(line) {
            match field(piece) {
                Some((field, value)) => {
                    is_last_a_word = false;
                    if !value.is_empty() {
                        typed.fields.push((field, value));
                    }
                }
                None => {
                    is_last_a_word = true;
                    words.push(piece);
                }
            }
        }
        let ends_in_a_word = line.chars().next_back().is_some_and(char::is_alphanumeric);
        let is_bare = words.last().is_some_and(|word| !word.contains('"') && *word != "OR");
        typed.is_open = is_last_a_word && ends_in_a_word && is_bare;
        typed.words = words.join(" ");
        typed
    }

    /// Says whether nothing is asked for.
    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty() && self.fields.is_empty()
    }

    /// Gives the words as a search takes them: how the last one begins is enough, as long as it may go on.
    pub(crate) fn search_words(&self) -> String {
        if self.is_open { format!("{}*", self.words) } else { self.words.clone() }
    }

    /// Gives the plain words that must be there, in lower case, for titles and for marking.
    pub(crate) fn plain_words(&self) -> Vec<String> {
        let words = pieces(&self.words).filter(|word| !word.starts_with('-') && *word != "OR");
        let bare = words.map(|word| word.trim_matches(['"', '*']).to_lowercase());
        bare.filter(|word| !word.is_empty()).collect()
    }

    /// Says whether only words are asked for, that must all be there as they stand.
    pub(crate) fn is_plain(&self) -> bool {
        let is_plain = |word: &str| !word.starts_with('-') && word != "OR" && !word.contains(['"', '*']);
        self.fields.is_empty() && pieces(&self.words).all(is_plain)
    }
}

/// Splits a line at white space outside of quotes.
fn pieces(line: &str) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    let is_end = move |c: char| {
        is_quoted ^= c == '"';
        c.is_whitespace() && !is_quoted
    };
    line.split(is_end).filter(|piece| !piece.is_empty())
}

fn field(piece: &str) -> Option<(Field, String)> {
    if let Some(tag) = piece.strip_prefix('#').filter(|tag| !tag.is_empty() && !tag.starts_with('#')) {
        return Some((Field::Tag, tag.to_lowercase()));
    }
    let (key, value) = piece.split_once(':')?;
    let (_, field) = FIELDS.iter().find(|(word, _)| *word == key)?;
    Some((*field, value.replace('"', "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_fields_are_told_apart() {
        let typed = Typed::of("tide \"low  water\" dir:~/kites since:\"2 weeks ago\" #sea is:archived");
        assert_eq!(typed.words, "tide \"low  water\"");
        let fields = [
            (Field::Dir, "~/kites".to_string()),
            (Field::Since, "2 weeks ago".into()),
            (Field::Tag, "sea".into()),
            (Field::Is, "archived".into()),
        ];
        assert_eq!(typed.fields, fields);
        assert!(!typed.is_open);
        assert_eq!(typed.plain_words(), ["tide", "low  water"]);
    }

    #[test]
    fn the_last_word_may_go_on_until_a_space_stands_behind_it() {
        for (line, words) in [
            ("ti", "ti*"),
            ("low ti", "low ti*"),
            ("ti ", "ti"),
            ("\"low ti", "\"low ti"),
            ("ti*", "ti*"),
            ("ti dir:x", "ti"),
            ("std::fs", "std::fs*"),
            ("a OR", "a OR"),
        ] {
            assert_eq!(Typed::of(line).search_words(), words, "{line}");
        }
    }

    #[test]
    fn a_field_without_a_value_and_an_unknown_one_are_no_fields() {
        assert!(Typed::of("dir:").is_empty());
        assert_eq!(Typed::of("https://sea.example").words, "https://sea.example");
        assert_eq!(Typed::of("# x").words, "# x");
        assert!(Typed::of("low tide").is_plain() && !Typed::of("-low").is_plain());
    }
}
