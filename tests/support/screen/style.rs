//! How a cell looks, and what changes that.

use super::sequences::Csi;

/// Is the colour of a cell or of its text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// The terminal's own.
    #[default]
    Usual,
    /// One of the 256: the first 16 are the terminal's theme, then a cube, then greys.
    Indexed(u8),
    /// Red, green and blue.
    Rgb(u8, u8, u8),
}

/// Says how a cell looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// The colour of the text.
    pub foreground: Color,
    /// The colour behind it.
    pub background: Color,
    /// Heavier.
    pub bold: bool,
    /// Fainter.
    pub dim: bool,
    /// Slanted.
    pub italic: bool,
    /// With a line below.
    pub underline: bool,
    /// With a line through it.
    pub crossed_out: bool,
    /// With the colours of text and ground exchanged.
    pub reverse: bool,
    /// Not to be seen.
    pub hidden: bool,
    /// Blinking.
    pub blinking: bool,
}

impl Style {
    /// Says whether it has no colour: what `NO_COLOR` leaves, which is weight, slant, lines and reversal.
    pub fn is_colorless(&self) -> bool {
        (self.foreground, self.background) == (Color::Usual, Color::Usual)
    }

    /// Changes as `CSI … m` says; false where it says something that has no meaning here.
    pub(super) fn apply(&mut self, csi: &Csi<'_>) -> bool {
        let mut fields = csi.fields();
        let mut is_known = true;
        while let Some(field) = fields.next() {
            let mut parts = field.split(':');
            let first = parts.next().unwrap_or_default();
            let Ok(code) = (if first.is_empty() { Ok(0) } else { first.parse::<u16>() }) else {
                is_known = false;
                continue;
            };
            if let 38 | 48 | 58 = code {
                // 38:2::R:G:B has a color space that nobody gives.
                let joined: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
                let color = if joined.is_empty() { color(&mut fields) } else { color(&mut joined.iter().copied()) };
                match (code, color) {
                    (_, None) => is_known = false,
                    (38, Some(color)) => self.foreground = color,
                    (48, Some(color)) => self.background = color,
                    _ => {}
                }
                continue;
            }
            is_known &= self.set(code, parts.next() == Some("0"));
        }
        is_known
    }

    fn set(&mut self, code: u16, is_none: bool) -> bool {
        match code {
            0 => *self = Style::default(),
            1 => self.bold = true,
            2 => self.dim = true,
            3 => self.italic = true,
            4 => self.underline = !is_none,
            5 | 6 => self.blinking = true,
            7 => self.reverse = true,
            8 => self.hidden = true,
            9 => self.crossed_out = true,
            22 => (self.bold, self.dim) = (false, false),
            23 => self.italic = false,
            24 => self.underline = false,
            25 => self.blinking = false,
            27 => self.reverse = false,
            28 => self.hidden = false,
            29 => self.crossed_out = false,
            30..=37 => self.foreground = Color::Indexed((code - 30) as u8),
            39 => self.foreground = Color::Usual,
            40..=47 => self.background = Color::Indexed((code - 40) as u8),
            49 => self.background = Color::Usual,
            59 => {}
            90..=97 => self.foreground = Color::Indexed((code - 82) as u8),
            100..=107 => self.background = Color::Indexed((code - 92) as u8),
            _ => return false,
        }
        true
    }
}

fn color<'a>(fields: &mut impl Iterator<Item = &'a str>) -> Option<Color> {
    let kind = fields.next()?;
    let mut number = || fields.next()?.parse().ok();
    match kind {
        "5" => Some(Color::Indexed(number()?)),
        "2" => Some(Color::Rgb(number()?, number()?, number()?)),
        _ => None,
    }
}
