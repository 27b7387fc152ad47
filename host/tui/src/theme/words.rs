//! Looks in words: `bold red`, `#aabbcc`, `cyan on black`.

use std::error::Error;
use std::fmt;

use ratatui::style::{Color, Modifier, Style};

use super::Role;

/// Says what of a setting of colours has no meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnknownColor {
    /// There is no role of that name.
    Role(String),
    /// A word of the looks of a role says nothing.
    Word {
        /// The role whose looks are set.
        role: Role,
        /// The word.
        word: String,
    },
}

impl fmt::Display for UnknownColor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UnknownColor::Role(name) => write!(out, "nothing on the screen is called `{name}`"),
            UnknownColor::Word { role, word } => {
                write!(out, "{}: `{word}` is neither a colour nor a way to write", role.name())
            }
        }
    }
}

impl Error for UnknownColor {}

/// Gives the style that words describe, or the word that describes nothing.
pub(super) fn style(words: &str) -> Result<Style, String> {
    let mut style = Style::new();
    let mut words = words.split_whitespace();
    while let Some(word) = words.next() {
        let small = word.to_ascii_lowercase();
        style = match small.as_str() {
            "on" => {
                let behind = words.next().ok_or_else(|| word.to_owned())?;
                style.bg(color(&behind.to_ascii_lowercase()).ok_or_else(|| behind.to_owned())?)
            }
            "none" => style,
            other => match (modifier(other), color(other)) {
                (Some(modifier), _) => style.add_modifier(modifier),
                (None, Some(color)) => style.fg(color),
                (None, None) => return Err(word.to_owned()),
            },
        };
    }
    Ok(style)
}

fn modifier(word: &str) -> Option<Modifier> {
    Some(match word {
        "bold" => Modifier::BOLD,
        "dim" | "faint" => Modifier::DIM,
        "italic" => Modifier::ITALIC,
        "underline" | "underlined" => Modifier::UNDERLINED,
        "reverse" | "reversed" => Modifier::REVERSED,
        "strike" | "crossed-out" => Modifier::CROSSED_OUT,
        _ => return None,
    })
}

fn color(word: &str) -> Option<Color> {
    if let Some(digits) = word.strip_prefix('#') {
        return of_digits(digits);
    }
    Some(match word {
        "default" => Color::Reset,
        "black" => Color::Black,
        "red" => Color::Red,
        "green" => Color::Green,
        "yellow" => Color::Yellow,
        "blue" => Color::Blue,
        "magenta" => Color::Magenta,
        "cyan" => Color::Cyan,
        "white" => Color::Gray,
        "gray" | "grey" | "bright-black" => Color::DarkGray,
        "bright-red" => Color::LightRed,
        "bright-green" => Color::LightGreen,
        "bright-yellow" => Color::LightYellow,
        "bright-blue" => Color::LightBlue,
        "bright-magenta" => Color::LightMagenta,
        "bright-cyan" => Color::LightCyan,
        "bright-white" => Color::White,
        // One of the 256 of the terminal.
        number => Color::Indexed(number.parse().ok()?),
    })
}

/// `#aabbcc`, or `#abc`, which is the same.
fn of_digits(digits: &str) -> Option<Color> {
    let values: Option<Vec<u8>> = digits.chars().map(|c| c.to_digit(16)?.try_into().ok()).collect();
    match values?.as_slice() {
        [r, g, b] => Some(Color::Rgb(r * 17, g * 17, b * 17)),
        [r, s, g, h, b, c] => Some(Color::Rgb(r * 16 + s, g * 16 + h, b * 16 + c)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    //! Shows what words can say.

    use ratatui::style::{Color, Style};

    use super::style;

    #[test]
    fn words_describe_colours_and_ways_to_write() {
        for (words, described) in [
            ("bold red", Style::new().bold().fg(Color::Red)),
            ("#aabbcc", Style::new().fg(Color::Rgb(0xaa, 0xbb, 0xcc))),
            ("#ABC", Style::new().fg(Color::Rgb(0xaa, 0xbb, 0xcc))),
            ("cyan on black", Style::new().fg(Color::Cyan).bg(Color::Black)),
            ("reverse", Style::new().reversed()),
            ("Dim Italic Bright-Blue", Style::new().dim().italic().fg(Color::LightBlue)),
            ("214 on 0", Style::new().fg(Color::Indexed(214)).bg(Color::Indexed(0))),
            ("none", Style::new()),
            ("", Style::new()),
        ] {
            assert_eq!(style(words), Ok(described), "{words:?}");
        }
    }

    #[test]
    fn a_word_that_says_nothing_is_given_back() {
        for (words, word) in [
            ("bold kite", "kite"),
            ("#12", "#12"),
            ("#ééé", "#ééé"),
            ("red on", "on"),
            ("on kite", "kite"),
            ("256", "256"),
        ] {
            assert_eq!(style(words), Err(word.to_owned()), "{words:?}");
        }
    }
}
