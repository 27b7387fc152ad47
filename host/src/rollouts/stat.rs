//! Looks at entries: what the file system says of them, or how their text begins.

use std::fs::File;
use std::io::Read;

use rustix::fs::{AtFlags, Mode, OFlags, openat, statat};
use zstd::zstd_safe::{DCtx, ResetDirective};

use threadkeep_engine::contract::EntryKind;

use super::columns::{Columns, EntryColumns, HeadColumns};
use super::walk::{Entry, Location, Stat};

/// How many bytes of a file's plain text its head has.
const HEAD: u64 = 1 << 10;

/// Is implemented by the columns of what can be learned of entries.
pub(super) trait Probed: Columns {
    /// Appends what is learned of an entry of a directory. One that is gone by now is left out.
    fn probe(&mut self, prober: &mut Prober, location: &Location, entry: &Entry);
}

impl Probed for EntryColumns {
    fn probe(&mut self, _: &mut Prober, location: &Location, entry: &Entry) {
        facts(self, location, entry);
    }
}

impl Probed for HeadColumns {
    fn probe(&mut self, prober: &mut Prober, location: &Location, entry: &Entry) {
        if entry.kind == EntryKind::File && !entry.not_utf8 {
            let head = prober.head(location, &entry.name);
            self.push([&location.path, &entry.name], head.as_deref());
        }
    }
}

/// Looks at entries, of one directory after the other.
#[derive(Default)]
pub(super) struct Prober {
    decoding: Option<DCtx<'static>>,
}

impl Prober {
    /// Looks at these entries of a directory.
    pub(super) fn probe<C: Probed>(&mut self, location: &Location, entries: &[Entry]) -> C {
        let mut columns = C::default();
        for entry in entries {
            columns.probe(self, location, entry);
        }
        columns
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

fn facts(columns: &mut EntryColumns, location: &Location, entry: &Entry) {
    let path = [location.path.as_str(), &entry.name];
    if entry.not_utf8 {
        let kind = if entry.kind == EntryKind::Closed { EntryKind::Closed } else { EntryKind::Other };
        return columns.push(kind, 0, 0, 0, path);
    }
    let stat_now = || statat(&location.dir, &*entry.name, AtFlags::SYMLINK_NOFOLLOW).ok().map(|stat| Stat::of(&stat));
    let Some(stat) = entry.stat.or_else(stat_now) else { return };
    let kind = match stat.kind {
        // One that has become a directory since it was listed counts as closed: what it holds was not listed.
        EntryKind::Directory if entry.kind != EntryKind::Directory => EntryKind::Closed,
        kind => kind,
    };
    columns.push(kind, stat.size, stat.modified_ns, stat.inode, path);
}
