//! The terminal: taken over as a whole or in some lines of it, drawn to, and given back as it was, however the browser ends.

mod input;
mod restore;

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::fd::OwnedFd;

use crossterm::cursor::{MoveToColumn, MoveUp, Show};
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::backend::CrosstermBackend;
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};

pub(crate) use input::Input;
pub(crate) use restore::RestoredOnPanic;

type Backend = CrosstermBackend<BufWriter<File>>;

/// How much of the terminal is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of it, in a screen of its own.
    Whole,
    /// So many lines below the cursor, which are empty again at the end.
    Inline(u16),
}

/// The terminal, taken over.
pub(crate) struct Screen {
    terminal: Option<Terminal<Backend>>,
    /// Where standard output went before.
    output: Option<OwnedFd>,
    extent: Extent,
    with_mouse: bool,
}

impl Screen {
    /// Takes the terminal over.
    pub(crate) fn take(extent: Extent, with_mouse: bool) -> io::Result<Screen> {
        let mut screen = Screen { terminal: None, output: None, extent, with_mouse };
        screen.enter()?;
        Ok(screen)
    }

    /// Takes it over again after it was given back; everything is drawn anew.
    pub(crate) fn enter(&mut self) -> io::Result<()> {
        if self.terminal.is_some() {
            return Ok(());
        }
        let mut out = BufWriter::with_capacity(64 << 10, OpenOptions::new().read(true).write(true).open("/dev/tty")?);
        restore::taken(self.extent == Extent::Whole);
        enable_raw_mode()?;
        let viewport = match self.extent {
            Extent::Whole => {
                queue!(out, EnterAlternateScreen, Clear(ClearType::All))?;
                Viewport::Fullscreen
            }
            Extent::Inline(lines) => {
                // Where the cursor is, crossterm asks on standard output, which is a pipe where a shell waits for the answer.
                self.output = Some(rustix::io::dup(rustix::stdio::stdout())?);
                rustix::stdio::dup2_stdout(out.get_ref())?;
                // What stands on the line of the cursor stays.
                out.write_all(b"\r\n")?;
                let (_, rows) = crossterm::terminal::size()?;
                Viewport::Inline(lines.min(rows.saturating_sub(1)).max(1))
            }
        };
        queue!(out, EnableBracketedPaste)?;
        if self.with_mouse && self.extent == Extent::Whole {
            queue!(out, EnableMouseCapture)?;
        }
        out.flush()?;
        self.terminal = Some(Terminal::with_options(CrosstermBackend::new(out), TerminalOptions { viewport })?);
        Ok(())
    }

    /// Gives it back as it was.
    pub(crate) fn leave(&mut self) -> io::Result<()> {
        let Some(mut terminal) = self.terminal.take() else { return Ok(()) };
        if !restore::is_taken() {
            // A panic was quicker, and was told there: to leave once more would put the cursor before its words.
            return self.output.take().map_or(Ok(()), |output| Ok(rustix::stdio::dup2_stdout(output)?));
        }
        let is_inline = matches!(self.extent, Extent::Inline(_));
        if is_inline {
            terminal.clear()?;
        }
        let out = terminal.backend_mut();
        execute!(out, DisableMouseCapture, DisableBracketedPaste)?;
        match is_inline {
            true => execute!(out, MoveToColumn(0), Clear(ClearType::FromCursorDown), MoveUp(1), Show)?,
            false => execute!(out, LeaveAlternateScreen, Show)?,
        }
        if let Some(output) = self.output.take() {
            rustix::stdio::dup2_stdout(output)?;
        }
        disable_raw_mode()?;
        restore::given_back();
        Ok(())
    }

    /// Gives the columns and rows that there are.
    pub(crate) fn size(&mut self) -> io::Result<(u16, u16)> {
        let Some(terminal) = &mut self.terminal else { return Err(io::ErrorKind::NotConnected.into()) };
        match self.extent {
            Extent::Whole => {
                let size = terminal.size()?;
                Ok((size.width, size.height))
            }
            Extent::Inline(_) => {
                let area = terminal.get_frame().area();
                Ok((area.width, area.height))
            }
        }
    }

    /// Follows a terminal that has another size now.
    pub(crate) fn resize(&mut self) -> io::Result<()> {
        match &mut self.terminal {
            Some(terminal) => terminal.autoresize(),
            None => Ok(()),
        }
    }

    /// Has the next frame be drawn from nothing.
    pub(crate) fn forget(&mut self) -> io::Result<()> {
        match &mut self.terminal {
            Some(terminal) => terminal.clear(),
            None => Ok(()),
        }
    }

    /// Draws a frame, which is seen at once as a whole.
    pub(crate) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        let Some(terminal) = &mut self.terminal else { return Ok(()) };
        queue!(terminal.backend_mut(), BeginSynchronizedUpdate)?;
        terminal.draw(draw)?;
        execute!(terminal.backend_mut(), EndSynchronizedUpdate)
    }

    /// Puts a text into the clipboard of the terminal, where it has one: by the sequence OSC 52, which goes through ssh and tmux.
    pub(crate) fn copy(&mut self, text: &str) -> io::Result<()> {
        let Some(terminal) = &mut self.terminal else { return Ok(()) };
        let out = terminal.backend_mut();
        write!(out, "\x1b]52;c;{}\x07", base64(text.as_bytes()))?;
        io::Write::flush(out)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.leave();
    }
}

/// Writes bytes in base 64.
fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for part in bytes.chunks(3) {
        let number = part.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte)) << (8 * (3 - part.len()));
        for place in 0..4 {
            let sign = SIGNS[(number >> (18 - 6 * place) & 63) as usize];
            out.push(if place > part.len() { '=' } else { char::from(sign) });
        }
    }
    out
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails there")]
mod tests;
