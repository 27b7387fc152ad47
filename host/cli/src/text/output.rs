//! What standard output is: a terminal with so many columns, or a program that wants every line whole. It is asked once, before a
//! pager takes the terminal's place.

use std::io::IsTerminal as _;
use std::sync::OnceLock;

/// What folds a text that no terminal shows.
const USUAL: usize = 80;
/// The columns of a line that is not cut off.
const WHOLE: usize = usize::MAX / 2;

struct Output {
    is_terminal: bool,
    /// The columns: what `$COLUMNS` says, else those of the terminal.
    columns: Option<usize>,
}

static OUTPUT: OnceLock<Output> = OnceLock::new();

fn output() -> &'static Output {
    OUTPUT.get_or_init(|| {
        let stdout = std::io::stdout();
        let from_env = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let of_terminal = || rustix::termios::tcgetwinsize(&stdout).ok().map(|size| usize::from(size.ws_col));
        let columns = from_env.or_else(of_terminal).filter(|&columns| columns > 0);
        Output { is_terminal: stdout.is_terminal(), columns: columns.map(|columns: usize| columns.clamp(40, 400)) }
    })
}

/// Says whether a person reads what is printed.
pub(crate) fn is_terminal() -> bool {
    output().is_terminal
}

/// Gives the columns in which texts are folded and charts are drawn: 80 where nothing says how many there are.
pub(crate) fn width() -> usize {
    output().columns.unwrap_or(USUAL)
}

/// Gives the columns after which a line of a list is cut off: for a program that reads it, which has no width, none is.
pub(crate) fn line_width() -> usize {
    output().columns.unwrap_or(if is_terminal() { USUAL } else { WHOLE })
}

/// Says whether lines are cut off at all.
pub(crate) fn is_cut() -> bool {
    line_width() < WHOLE
}
