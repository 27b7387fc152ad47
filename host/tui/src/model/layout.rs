//! Where what stands on the screen.

use ratatui::layout::Rect;

/// From so many columns on the preview stands beside the list.
const BESIDE: u16 = 100;
/// From so many rows on it stands below the list; with fewer, in its place.
const BELOW: u16 = 18;

/// The parts of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Areas {
    /// Where is typed.
    pub(crate) line: Rect,
    pub(crate) list: Rect,
    /// The title of the preview, or the rule above it.
    pub(crate) preview_title: Option<Rect>,
    pub(crate) preview: Option<Rect>,
    /// What separates the list from a preview beside it.
    pub(crate) border: Option<Rect>,
    pub(crate) foot: Rect,
}

/// Divides a screen of so many columns and rows.
pub(crate) fn areas(columns: u16, rows: u16, with_preview: bool, is_preview_focused: bool) -> Areas {
    let line = Rect::new(0, 0, columns, rows.min(1));
    let foot = Rect::new(0, rows.saturating_sub(1), columns, u16::from(rows > 1));
    let body = Rect::new(0, line.height, columns, rows.saturating_sub(line.height + foot.height));
    let none = Areas { line, foot, list: body, ..Areas::default() };
    if !with_preview || body.height < 2 {
        return none;
    }
    let titled = |area: Rect| {
        let title = Rect { height: 1, ..area };
        (Some(title), Some(Rect { y: area.y + 1, height: area.height - 1, ..area }))
    };
    if columns >= BESIDE {
        let width = (columns as u32 * 52 / 100) as u16;
        let list = Rect { width, ..body };
        let border = Rect { x: width, width: 1, ..body };
        let (preview_title, preview) = titled(Rect { x: width + 1, width: columns - width - 1, ..body });
        return Areas { list, border: Some(border), preview_title, preview, ..none };
    }
    if rows >= BELOW {
        let height = body.height * 2 / 5;
        let list = Rect { height, ..body };
        let (preview_title, preview) = titled(Rect { y: body.y + height, height: body.height - height, ..body });
        return Areas { list, preview_title, preview, ..none };
    }
    if is_preview_focused {
        let (preview_title, preview) = titled(body);
        return Areas { list: Rect { height: 0, ..body }, preview_title, preview, ..none };
    }
    none
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_stands_outside_the_screen_or_over_another() {
        for columns in 0..220 {
            for rows in 0..70 {
                for (with_preview, focused) in [(false, false), (true, false), (true, true)] {
                    let areas = areas(columns, rows, with_preview, focused);
                    let parts = [Some(areas.line), Some(areas.list), areas.preview_title, areas.preview, areas.border];
                    let parts: Vec<Rect> = parts.into_iter().chain([Some(areas.foot)]).flatten().collect();
                    let sum: u32 = parts.iter().map(|part| u32::from(part.width) * u32::from(part.height)).sum();
                    assert!(sum <= u32::from(columns) * u32::from(rows), "{columns}x{rows}: {areas:?}");
                    for part in &parts {
                        assert!(part.right() <= columns && part.bottom() <= rows, "{columns}x{rows}: {areas:?}");
                    }
                    for (at, part) in parts.iter().enumerate() {
                        assert!(parts[..at].iter().all(|other| other.intersection(*part).is_empty()), "{areas:?}");
                    }
                }
            }
        }
    }
}
