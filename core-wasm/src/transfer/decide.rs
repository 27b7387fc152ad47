//! Decides what becomes of a thread that comes from elsewhere.

use alloc::string::String;

use contract::{BasePlace, FileRelation, ImportDecision, IncomingThread};

/// Decides what becomes of a thread. Nothing that is here is ever overwritten: what is here with the same bytes counts as
/// done, what is here with other bytes stays as it is.
pub fn decide(incoming: &IncomingThread) -> ImportDecision {
    // One file that was made of a history begins as the oldest one of a thread that was taken back.
    let is_one_file = incoming.chain && incoming.flattened.is_some();
    let is_here = is_one_file || incoming.others_here > 0 || incoming.own.iter().any(Option::is_some);
    if is_here {
        return beside(incoming);
    }
    let bases_are_here = incoming.bases.iter().all(|base| *base == BasePlace::Here);
    match bases_are_here {
        false if incoming.complete && incoming.chain => ImportDecision::Flatten,
        false if incoming.bases.contains(&BasePlace::Different) => ImportDecision::Collides(
            "its history begins in a thread of which another form is here, so that it would show another history"
                .into(),
        ),
        _ => ImportDecision::Place((0..incoming.own.len() as u32).collect()),
    }
}

/// Decides it for a thread that has files here.
fn beside(incoming: &IncomingThread) -> ImportDecision {
    let is = |own: &Option<FileRelation>, relation| *own == Some(relation);
    let flattened = incoming.flattened.filter(|_| incoming.chain);
    if incoming.own.iter().all(|own| is(own, FileRelation::Same)) || flattened == Some(FileRelation::Same) {
        return ImportDecision::AlreadyHere;
    }
    let unequal = incoming.own.iter().flatten().find(|relation| **relation != FileRelation::Same).copied();
    let same = incoming.own.iter().any(|own| is(own, FileRelation::Same));
    if same && unequal.is_none() && incoming.others_here == 0 {
        // An import was broken off, or a revert was made elsewhere since: what is here is the same, and the rest is not here.
        let absent = (0u32..).zip(&incoming.own).filter(|(_, own)| own.is_none()).map(|(at, _)| at);
        return ImportDecision::Place(absent.collect());
    }
    collides(flattened.or(unequal).unwrap_or(FileRelation::Different))
}

fn collides(relation: FileRelation) -> ImportDecision {
    let why: String = match relation {
        FileRelation::Behind => "it goes on further here: all that comes is here already".into(),
        FileRelation::Ahead => "it ends earlier here: what comes goes on further".into(),
        FileRelation::Same | FileRelation::Different => "it is here with other records".into(),
    };
    ImportDecision::Collides(why)
}
