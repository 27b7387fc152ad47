//! What is seen of entries: what the file system says of them, or how their text begins.

use std::fs::File;
use std::io::Read;

use rustix::fs::{AtFlags, Mode, OFlags, openat, statat};
use zstd::zstd_safe::{DCtx, ResetDirective};

use super::pack::{pack_facts, pack_head};
use super::walk::{Entry, Location, Stat};
use crate::component::types::EntryKind;

/// How much of a file's plain text a head is.
const HEAD: u64 = 1 << 10;

/// What is wanted of entries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// What the file system says of each.
    Facts,
    /// How the text of each regular file begins.
    Heads,
}

/// Entries in a packed form without its version, and where each of them ends.
#[derive(Default)]
pub(super) struct Piece {
    pub(super) bytes: Vec<u8>,
    pub(super) ends: Vec<usize>,
}

/// Looks at entries, again and again.
pub(super) struct Prober {
    what: What,
    decoding: Option<DCtx<'static>>,
}

impl Prober {
    pub(super) fn new(what: What) -> Prober {
        Prober { what, decoding: None }
    }

    /// What these entries of a directory are. One that is gone by now was not there.
    pub(super) fn look(&mut self, place: &Location, entries: &[Entry]) -> Piece {
        let mut piece = Piece::default();
        for entry in entries {
            let before = piece.bytes.len();
            match self.what {
                What::Facts => facts(&mut piece.bytes, place, entry),
                What::Heads if entry.kind == EntryKind::File && !entry.nameless => {
                    pack_head(&mut piece.bytes, &place.path, &entry.name, self.head(place, &entry.name).as_deref());
                }
                What::Heads => {}
            }
            if piece.bytes.len() > before {
                piece.ends.push(piece.bytes.len());
            }
        }
        piece
    }

    /// The beginning of a file's plain text; none if it cannot be read.
    fn head(&mut self, place: &Location, name: &str) -> Option<Vec<u8>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(openat(&place.dir, name, flags, Mode::empty()).ok()?);
        let mut head = Vec::with_capacity(HEAD as usize);
        if name.ends_with(".zst") {
            let context = self.decoding.get_or_insert_with(DCtx::create);
            context.reset(ResetDirective::SessionOnly).ok()?;
            let file = std::io::BufReader::new(file);
            zstd::stream::read::Decoder::with_context(file, context).take(HEAD).read_to_end(&mut head).ok()?;
        } else {
            // One read, but for files on odd file systems, gives all that is wanted.
            head.resize(HEAD as usize, 0);
            let read = (&file).read(&mut head).ok()?;
            head.truncate(read);
            if read > 0 && read < HEAD as usize {
                (&file).take(HEAD - read as u64).read_to_end(&mut head).ok()?;
            }
        }
        Some(head)
    }
}

fn facts(packed: &mut Vec<u8>, place: &Location, entry: &Entry) {
    let path = [place.path.as_str(), &entry.name];
    if entry.nameless {
        let kind = if entry.kind == EntryKind::Closed { EntryKind::Closed } else { EntryKind::Other };
        return pack_facts(packed, kind, 0, 0, 0, path);
    }
    let looked = || statat(&place.dir, &*entry.name, AtFlags::SYMLINK_NOFOLLOW).ok().map(|stat| Stat::of(&stat));
    let Some(stat) = entry.stat.or_else(looked) else { return };
    let kind = match stat.kind {
        // Also where it has become a directory since it was listed: what it holds was not looked at.
        EntryKind::Directory if entry.kind != EntryKind::Directory => EntryKind::Closed,
        kind => kind,
    };
    pack_facts(packed, kind, stat.size, stat.modified_ns, stat.inode, path);
}
