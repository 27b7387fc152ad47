//! Looks at entries: what the file system says of them, or how their text begins.

use std::fs::File;
use std::io::Read;

use rustix::fs::{AtFlags, Mode, OFlags, openat, statat};
use zstd::zstd_safe::{DCtx, ResetDirective};

use super::pack::{pack_facts, pack_head};
use super::walk::{Entry, Location, Stat};
use crate::component::types::EntryKind;

/// How many bytes of a file's plain text its head has.
const HEAD: u64 = 1 << 10;

/// Says what is wanted of entries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// What the file system says of each.
    Facts,
    /// How the text of each regular file begins.
    Heads,
}

/// Holds entries in a packed form without its version, and where in the bytes each of them ends.
#[derive(Default)]
pub(super) struct Chunk {
    pub(super) bytes: Vec<u8>,
    pub(super) ends: Vec<usize>,
}

/// Looks at entries, of one directory after the other.
pub(super) struct Prober {
    wanted: Wanted,
    decoding: Option<DCtx<'static>>,
}

impl Prober {
    pub(super) fn new(wanted: Wanted) -> Prober {
        Prober { wanted, decoding: None }
    }

    /// Looks at these entries of a directory. One that is gone by now is left out.
    pub(super) fn probe(&mut self, location: &Location, entries: &[Entry]) -> Chunk {
        let mut chunk = Chunk::default();
        for entry in entries {
            let before = chunk.bytes.len();
            match self.wanted {
                Wanted::Facts => facts(&mut chunk.bytes, location, entry),
                Wanted::Heads if entry.kind == EntryKind::File && !entry.not_utf8 => {
                    pack_head(
                        &mut chunk.bytes,
                        &location.path,
                        &entry.name,
                        self.head(location, &entry.name).as_deref(),
                    );
                }
                Wanted::Heads => {}
            }
            if chunk.bytes.len() > before {
                chunk.ends.push(chunk.bytes.len());
            }
        }
        chunk
    }

    /// Gives the head of a file's plain text; none if it cannot be read.
    fn head(&mut self, location: &Location, name: &str) -> Option<Vec<u8>> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(openat(&location.dir, name, flags, Mode::empty()).ok()?);
        let mut head = Vec::with_capacity(HEAD as usize);
        if name.ends_with(".zst") {
            let context = self.decoding.get_or_insert_with(DCtx::create);
            context.reset(ResetDirective::SessionOnly).ok()?;
            let file = std::io::BufReader::new(file);
            zstd::stream::read::Decoder::with_context(file, context).take(HEAD).read_to_end(&mut head).ok()?;
        } else {
            // One read gives all, but on file systems that read less than they are asked for.
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

fn facts(packed: &mut Vec<u8>, location: &Location, entry: &Entry) {
    let path = [location.path.as_str(), &entry.name];
    if entry.not_utf8 {
        let kind = if entry.kind == EntryKind::Closed { EntryKind::Closed } else { EntryKind::Other };
        return pack_facts(packed, kind, 0, 0, 0, path);
    }
    let stat_now = || statat(&location.dir, &*entry.name, AtFlags::SYMLINK_NOFOLLOW).ok().map(|stat| Stat::of(&stat));
    let Some(stat) = entry.stat.or_else(stat_now) else { return };
    let kind = match stat.kind {
        // One that has become a directory since it was listed counts as closed: what it holds was not listed.
        EntryKind::Directory if entry.kind != EntryKind::Directory => EntryKind::Closed,
        kind => kind,
    };
    pack_facts(packed, kind, stat.size, stat.modified_ns, stat.inode, path);
}
