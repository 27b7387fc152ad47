//! Keeps what a writer knows between two batches.

use alloc::string::String;
use alloc::vec::Vec;

use contract::Tokens;

use crate::rollout::ids::RandomBits;
use crate::rollout::session_meta::Form;
use crate::text::codec::{Reader, Writer};

/// Version of the form in which it is kept.
const VERSION: u8 = 1;

/// What a writer knows between two batches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WriterState {
    /// The thread.
    pub thread: String,
    /// The form of its file.
    pub form: Form,
    /// The next record's number.
    pub ordinal: u64,
    /// Where the next turn runs.
    pub cwd: String,
    /// The model of the next turn, where it is known.
    pub model: Option<String>,
    /// Tokens used so far.
    pub tokens: Tokens,
    /// The file ends inside a line.
    pub cut_off: bool,
    /// Where ids come from.
    pub random_bits: RandomBits,
    /// The open turn: its id and when it began.
    pub turn: Option<(String, i64)>,
    /// What the agent said last in it.
    pub said: Option<String>,
}

impl WriterState {
    /// Returns the id of the open turn; nothing where none is.
    pub(super) fn turn_id(&self) -> String {
        self.turn.as_ref().map(|(id, _)| id.clone()).unwrap_or_default()
    }

    /// Says when the open turn began.
    pub(super) fn turn_began(&self) -> i64 {
        self.turn.as_ref().map_or(0, |&(_, began)| began)
    }

    /// Writes it as bytes that [`WriterState::decode`] takes back.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new(VERSION);
        writer.bytes(self.thread.as_bytes());
        writer.unsigned(u64::from(self.form == Form::Legacy) | u64::from(self.cut_off) << 1);
        writer.unsigned(self.ordinal);
        writer.bytes(self.cwd.as_bytes());
        writer.text(self.model.as_deref());
        for count in [self.tokens.input, self.tokens.cached_input, self.tokens.output, self.tokens.reasoning_output] {
            writer.unsigned(count);
        }
        writer.unsigned(self.random_bits.0);
        writer.text(self.turn.as_ref().map(|(id, _)| id.as_str()));
        writer.signed(self.turn_began());
        writer.text(self.said.as_deref());
        writer.into_bytes()
    }

    /// Takes it back; none if the bytes are no state of this version.
    pub(super) fn decode(bytes: &[u8]) -> Option<WriterState> {
        let mut reader = Reader::new(bytes, VERSION)?;
        let text = |bytes: &[u8]| core::str::from_utf8(bytes).ok().map(String::from);
        let thread = text(reader.bytes()?)?;
        let flags = reader.unsigned()?;
        let ordinal = reader.unsigned()?;
        let cwd = text(reader.bytes()?)?;
        let model = reader.text()?;
        let tokens = Tokens {
            input: reader.unsigned()?,
            cached_input: reader.unsigned()?,
            output: reader.unsigned()?,
            reasoning_output: reader.unsigned()?,
        };
        let random_bits = RandomBits(reader.unsigned()?);
        let turn = reader.text()?;
        let began = reader.signed()?;
        let said = reader.text()?;
        let form = if flags & 1 == 1 { Form::Legacy } else { Form::Paginated };
        let turn = turn.map(|id| (id, began));
        let state =
            WriterState { thread, form, ordinal, cwd, model, tokens, cut_off: flags & 2 == 2, random_bits, turn, said };
        reader.is_done().then_some(state)
    }
}
