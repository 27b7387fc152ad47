//! A rollout means the same however its text comes, and what was learned of it survives being written down.

use threadkeep_contract::{EntryKind, FileFacts};
use threadkeep_core::rollout::fold::Fold;
use threadkeep_core::rollout::parse::Parser;

use super::Input;

fn parsed<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<(Vec<u8>, String), String> {
    let path = "sessions/2026/03/01/rollout.jsonl".into();
    let file = FileFacts { path, kind: EntryKind::File, size: 0, modified_ns: 0, inode: 0 };
    let mut parser = Parser::new(&file);
    pieces.into_iter().for_each(|piece| parser.feed(piece));
    let said = parser.finish();
    said.map(|said| (said.state.clone(), format!("{said:?}"))).map_err(|none| format!("{none:?}"))
}

pub(crate) fn check(input: &[u8]) {
    let whole = parsed([input]);
    assert_eq!(parsed(Input(input).pieces()), whole);
    if let Ok((state, _)) = &whole {
        let known = Fold::decode(state).expect("what was written is read");
        assert_eq!(known.encode(), *state);
    }
    // Bytes that were never written are no state, or one that is written as it was read.
    if let Some(fold) = Fold::decode(input) {
        let encoded = fold.encode();
        assert_eq!(Fold::decode(&encoded).map(|again| again.encode()), Some(encoded));
    }
}
