//! How a terminal's line is set: what a program that draws must change, and must change back.

use std::os::fd::OwnedFd;

use rustix::termios::{LocalModes, SpecialCodeIndex, Termios, tcgetattr};

/// Holds what is set of a terminal's line: how keys become input, and what of it is written back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalSettings {
    modes: [String; 4],
    codes: Vec<u8>,
    is_raw: bool,
}

impl TerminalSettings {
    pub(super) fn of(line: &OwnedFd) -> TerminalSettings {
        let settings: Termios = tcgetattr(line).unwrap();
        let modes = [
            format!("{:?}", settings.input_modes),
            format!("{:?}", settings.output_modes),
            format!("{:?}", settings.control_modes),
            format!("{:?}", settings.local_modes),
        ];
        let codes = [
            SpecialCodeIndex::VINTR,
            SpecialCodeIndex::VSUSP,
            SpecialCodeIndex::VEOF,
            SpecialCodeIndex::VERASE,
            SpecialCodeIndex::VMIN,
            SpecialCodeIndex::VTIME,
        ];
        let codes = codes.iter().map(|index| settings.special_codes[*index]).collect();
        let is_raw = !settings.local_modes.intersects(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG);
        TerminalSettings { modes, codes, is_raw }
    }

    /// Says whether keys come one by one, are not written back, and interrupt nothing.
    pub fn is_raw(&self) -> bool {
        self.is_raw
    }
}
