//! Colours for code: what each part of it is, as one of the roles of the theme.
//!
//! The lexers are those of hl-lite: each goes through a text once, keeps nothing, and takes any text for what it is. Languages
//! that it has none for, but that write comments, strings and numbers as TypeScript does, are read with that one, and only the
//! words are looked up in a list of the language's own. A grammar of regular expressions tells more apart, and takes tens of
//! megabytes and as many milliseconds to do so.

use std::ops::Range;

use hl_lite::{Kind, Lang};

use crate::theme::Role;

/// How many bytes of a block are coloured.
const BLOCK_BYTES: usize = 64 << 10;

/// A language, as far as it can be coloured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Language {
    lexer: Lang,
    /// The keywords, where those of the lexer are another language's.
    words: Option<&'static str>,
}

/// Languages that are written much as TypeScript is: their names and extensions, and their keywords.
const ALIKE: [(&str, &str); 8] = [
    (
        " c h cpp c++ cc cxx hpp hh objc m ",
        " auto bool break case catch char class const constexpr continue default delete do double else enum extern false float \
         for friend goto if inline int long namespace new noexcept nullptr NULL operator override private protected public \
         register return short signed sizeof static struct switch template this throw true try typedef typename union unsigned \
         using virtual void volatile while include define ifdef ifndef endif undef pragma ",
    ),
    (
        " go golang ",
        " break case chan const continue default defer else fallthrough false for func go goto if import interface iota map nil \
         package range return select struct switch true type var any bool byte error float32 float64 int int32 int64 rune \
         string uint uint32 uint64 ",
    ),
    (
        " java kotlin kt kts scala groovy gradle ",
        " abstract boolean break by byte case catch char class companion continue data def default do double else enum extends \
         false final finally float for fun if implements import in instanceof int interface internal is lateinit long match new \
         null object open override package private protected public record return sealed short static super suspend switch \
         synchronized this throw throws trait true try val var void volatile when while with yield ",
    ),
    (
        " csharp cs c# ",
        " abstract as async await base bool break byte case catch char class const continue decimal default delegate do double \
         else enum event false finally float for foreach get if in int interface internal is lock long namespace new null object \
         out override params private protected public readonly record ref return sealed set short static string struct switch \
         this throw true try using var virtual void while yield ",
    ),
    (
        " swift ",
        " actor as async await break case catch class continue default defer do else enum extension false fileprivate for func \
         guard if import in init inout internal is let nil open override private protocol public repeat return self static \
         struct super switch throw throws true try typealias var where while ",
    ),
    (
        " php ",
        " abstract array as break case catch class const continue default do echo else elseif extends false final finally fn for \
         foreach function if implements instanceof interface match namespace new null private protected public readonly return \
         static switch this throw trait true try use while yield ",
    ),
    (
        " dart ",
        " abstract as async await bool break case catch class const continue default do double dynamic else enum extends false \
         final finally for if implements import in int is late mixin new null required return static super switch this throw \
         true try typedef var void while with yield ",
    ),
    (
        " zig proto protobuf wit ",
        " bool break comptime const continue defer else enum error export false fn for if import include interface message option \
         optional package pub record repeated resource return rpc service string struct switch test true try type undefined \
         union use var variant void while world ",
    ),
];

/// Names of files that say what they are without an extension.
const FILES: [(&str, &str); 6] = [
    ("dockerfile", "dockerfile"),
    ("containerfile", "dockerfile"),
    ("cargo.lock", "toml"),
    (".bashrc", "bash"),
    (".profile", "bash"),
    (".zshrc", "bash"),
];

impl Language {
    /// Gives the language that the words behind a fence name.
    pub(super) fn of_fence(fence: &str) -> Option<Self> {
        let name = fence.trim_start_matches(['{', '.', ' ']).split([' ', ',', '{', '}', ':', '\t']).next()?;
        if name.is_empty() || name.len() > 32 {
            return None;
        }
        if let Some(lexer) = Lang::from_slug(name) {
            return Some(Language { lexer, words: None });
        }
        let name = name.to_ascii_lowercase();
        let is_of = |names: &str| names.split(' ').any(|known| known == name);
        let alike = || ALIKE.iter().find(|(names, _)| is_of(names));
        Some(match name.as_str() {
            "shellscript" | "shell-session" | "ksh" | "fish" => Language { lexer: Lang::Bash, words: None },
            "jsonl" | "ndjson" => Language { lexer: Lang::Json, words: None },
            "cts" | "mts" => Language { lexer: Lang::TypeScript, words: None },
            "scss" | "less" => Language { lexer: Lang::Css, words: None },
            "htm" | "xhtml" | "vue" | "svelte" | "plist" => Language { lexer: Lang::Html, words: None },
            "pyi" | "pyw" => Language { lexer: Lang::Python, words: None },
            _ => Language { lexer: Lang::TypeScript, words: Some(alike()?.1) },
        })
    }

    /// Gives the language of the file with that path.
    pub(super) fn of_file(path: &str) -> Option<Self> {
        let name = path.rsplit(['/', '\\']).next().filter(|name| name.len() < 256)?.to_ascii_lowercase();
        if let Some((_, language)) = FILES.iter().find(|(file, _)| *file == name) {
            return Language::of_fence(language);
        }
        Language::of_fence(name.rsplit_once('.')?.1)
    }

    /// Gives the language of commands.
    pub(super) fn of_commands() -> Self {
        Language { lexer: Lang::Bash, words: None }
    }
}

/// Gives the parts of a code line by line, one after the other and all of it: what they are, and where in the line they stand.
pub(super) fn lines<'a>(
    language: Option<Language>,
    code: &'a str,
) -> impl Iterator<Item = (&'a str, Vec<(Range<usize>, Role)>)> + use<'a> {
    let coloured = coloured(language, code);
    let mut parts = coloured.into_iter().peekable();
    let mut start = 0;
    code.split('\n').map(move |line| {
        let end = start + line.len();
        let mut of_line = Vec::new();
        let mut from = start;
        while let Some((range, role)) = parts.peek() {
            if range.start >= end {
                break;
            }
            let until = range.end.min(end);
            of_line.push((from - start..until - start, *role));
            from = until;
            if range.end > end {
                break;
            }
            parts.next();
        }
        if from < end {
            of_line.push((from - start..end - start, Role::CodeBlock));
        }
        start = end + 1;
        (line, of_line)
    })
}

/// The parts of the beginning of a code that is coloured.
fn coloured(language: Option<Language>, code: &str) -> Vec<(Range<usize>, Role)> {
    let Some(language) = language else { return Vec::new() };
    let mut end = code.len();
    if end > BLOCK_BYTES {
        end = code.floor_char_boundary(BLOCK_BYTES);
        end = code[..end].rfind('\n').unwrap_or(0);
    }
    let mut at = 0;
    let part = |span: hl_lite::Span<'_>| {
        let start = at;
        at += span.text.len();
        match (language.words, span.kind) {
            (
                Some(words),
                Kind::Plain | Kind::Keyword | Kind::Type | Kind::Function | Kind::Constant | Kind::Property,
            ) => split_words(words, start, &span),
            _ => vec![(start..at, role(span.kind))],
        }
    };
    hl_lite::highlight(language.lexer, &code[..end]).into_iter().flat_map(part).collect()
}

/// Looks up the words of a span among the keywords of a language.
fn split_words(words: &str, start: usize, span: &hl_lite::Span<'_>) -> Vec<(Range<usize>, Role)> {
    let other =
        if span.kind == Kind::Keyword || span.kind == Kind::Constant { Role::CodeBlock } else { role(span.kind) };
    let is_of_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut parts: Vec<(Range<usize>, Role)> = Vec::new();
    let mut at = start;
    let mut rest = span.text;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| is_of_word(c) != is_of_word(first)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let is_keyword = is_of_word(first) && word.len() < 16 && words.contains(&format!(" {word} "));
        let role = if is_keyword { Role::Keyword } else { other };
        match parts.last_mut() {
            Some((range, same)) if *same == role => range.end = at + end,
            _ => parts.push((at..at + end, role)),
        }
        at += end;
        rest = after;
    }
    parts
}

fn role(kind: Kind) -> Role {
    match kind {
        Kind::Keyword | Kind::Tag => Role::Keyword,
        Kind::String => Role::StringLiteral,
        Kind::Comment => Role::Comment,
        Kind::Number => Role::Number,
        Kind::Type => Role::TypeName,
        Kind::Function => Role::FunctionName,
        Kind::Attribute => Role::Attribute,
        Kind::Constant | Kind::Variable => Role::Constant,
        Kind::Property => Role::PropertyName,
        Kind::Operator | Kind::Punctuation => Role::Operator,
        Kind::Plain => Role::CodeBlock,
    }
}

#[cfg(test)]
mod tests {
    //! Shows how code is told apart.

    use super::{BLOCK_BYTES, Language, lines};
    use crate::theme::Role;

    fn parts(language: Option<Language>, code: &str) -> Vec<Vec<(String, Role)>> {
        let texts = |(line, parts): (&str, Vec<(std::ops::Range<usize>, Role)>)| {
            parts.into_iter().map(|(range, role)| (line[range].to_owned(), role)).collect()
        };
        lines(language, code).map(texts).collect()
    }

    fn has(parts: &[Vec<(String, Role)>], text: &str, role: Role) -> bool {
        parts.iter().flatten().any(|(part, of)| part.trim() == text && *of == role)
    }

    #[test]
    fn languages_are_known_by_fence_and_by_file() {
        for language in [
            Language::of_fence("rust"),
            Language::of_fence("rust,ignore"),
            Language::of_fence("{.rs}"),
            Language::of_file("/home/robin/kites/sail.rs"),
        ] {
            let parts = parts(language, "let answer: u32 = 42; // of sails");
            assert!(has(&parts, "let", Role::Keyword), "{parts:?}");
            assert!(has(&parts, "42", Role::Number), "{parts:?}");
            assert!(has(&parts, "// of sails", Role::Comment), "{parts:?}");
        }
        for fence in
            ["ts", "typescript", "tsx", "toml", "Dockerfile", "python", "shell", "console", "jsonc", "yaml", "c#"]
        {
            assert!(Language::of_fence(fence).is_some(), "{fence}");
        }
        for path in ["Dockerfile", "x.toml", "C:\\kites\\x.ts", "main.go", "kite.hpp", "a/Cargo.lock"] {
            assert!(Language::of_file(path).is_some(), "{path}");
        }
    }

    #[test]
    fn languages_alike_have_keywords_of_their_own() {
        let parts = parts(Language::of_fence("go"), "func fly(let string) error { // up\n\treturn nil }");
        for word in ["func", "string", "return"] {
            assert!(
                parts.iter().flatten().any(|(part, role)| part.trim() == word && *role == Role::Keyword),
                "{parts:?}"
            );
        }
        assert!(!has(&parts, "let", Role::Keyword), "{parts:?}");
        assert!(has(&parts, "// up", Role::Comment), "{parts:?}");
    }

    #[test]
    fn a_string_of_several_lines_is_one_in_each_of_them() {
        let parts = parts(Language::of_fence("python"), "x = \"\"\"kites\n  and sails\"\"\"\ny = 1");
        assert!(has(&parts, "and sails\"\"\"", Role::StringLiteral), "{parts:?}");
        assert!(has(&parts, "1", Role::Number), "{parts:?}");
    }

    #[test]
    fn every_letter_is_of_a_part() {
        for code in ["", "\n\n", "let é = \"凧\n\u{1f600}\"", "a\n\nb\n", "'\\\n"] {
            for fence in ["rust", "js", "go", "yaml", "md", "bash", "html", "css", "none"] {
                let lines: Vec<String> = parts(Language::of_fence(fence), code)
                    .iter()
                    .map(|line| line.iter().map(|(part, _)| part.as_str()).collect())
                    .collect();
                assert_eq!(lines.join("\n"), code, "{fence}");
            }
        }
    }

    #[test]
    fn what_is_unknown_and_the_end_of_what_is_long_stay_plain() {
        assert_eq!(parts(Language::of_fence("no-such-language"), "let x"), [[("let x".to_owned(), Role::CodeBlock)]]);
        let code = "let x = 1;\n".repeat(BLOCK_BYTES / 8);
        let parts = parts(Language::of_fence("rust"), &code);
        assert!(parts[0].len() > 1 && parts[parts.len() - 2].len() == 1);
    }
}
