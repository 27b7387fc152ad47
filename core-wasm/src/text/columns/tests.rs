//! Shows that columns read as what was written, and that those that do not fit are an error wherever they do not.

use std::format;
use std::string::String;
use std::vec::Vec;

use contract::{Chunk, Entries, EntryKind, FileFacts, Heads};

use super::{EntryList, HeadList, Misfit};

fn files(count: u64) -> Vec<FileFacts> {
    let kinds = [EntryKind::File, EntryKind::Directory, EntryKind::Link, EntryKind::Other, EntryKind::Closed];
    let file = |at: u64| FileFacts {
        path: format!("sessions/{at:03}é"),
        kind: kinds[at as usize % kinds.len()],
        size: at * 1_000,
        modified_ns: -(at as i64),
        inode: u64::MAX - at,
    };
    (0..count).map(file).collect()
}

fn read(entries: Entries) -> Result<Vec<FileFacts>, Misfit> {
    let mut list = EntryList::new(entries)?;
    let mut files = Vec::new();
    while let Some(entry) = list.current()? {
        files.push(entry.facts());
        list.advance();
    }
    Ok(files)
}

type Read = Vec<(String, Option<Vec<u8>>)>;

fn read_heads(heads: Heads) -> Result<Read, Misfit> {
    let mut list = HeadList::new(heads)?;
    let mut read = Vec::new();
    while let Some(head) = list.current()? {
        read.push((head.path.into(), head.text.map(Into::into)));
        list.advance();
    }
    Ok(read)
}

#[test]
fn entries_read_as_they_were_written() {
    for count in [0, 1, 7] {
        let files = files(count);
        assert_eq!(read(files.iter().collect()), Ok(files));
    }
}

#[test]
fn columns_of_unequal_lengths_are_a_misfit() {
    let files = files(3);
    let whole: Entries = files.iter().collect();
    let mut shorter: Vec<Entries> = (0..6).map(|_| whole.clone()).collect();
    shorter[0].kinds.truncate(2);
    shorter[1].sizes.truncate(2);
    shorter[2].modified_ns.truncate(2);
    shorter[3].inodes.truncate(2);
    shorter[4].paths.pop();
    shorter[5].paths = "a\0b\0".into();
    for (at, entries) in shorter.into_iter().enumerate() {
        assert_eq!(read(entries), Err(Misfit), "column {at}");
    }
    assert_eq!(read(Entries { paths: "a\0b\0c\0d\0".into(), ..whole }), Err(Misfit));
    assert_eq!(read(Entries { paths: "a\0".into(), ..Entries::default() }), Err(Misfit));
}

#[test]
fn heads_read_as_they_were_written_in_both_forms() {
    let mut heads = Heads::default();
    heads.push("a", Some(b"first"));
    heads.push("b", None);
    heads.push("c", Some(b""));
    heads.push("d", Some("é".as_bytes()));
    let expected = [("a", Some("first")), ("b", None), ("c", Some("")), ("d", Some("é"))]
        .map(|(path, text)| (String::from(path), text.map(|text| text.as_bytes().to_vec())));
    assert_eq!(read_heads(heads.clone()), Ok(expected.to_vec()));
    let text = Chunk::Text("firsté".into());
    assert_eq!(read_heads(Heads { texts: text, ..heads }), Ok(expected.to_vec()));
}

#[test]
fn heads_whose_texts_do_not_fit_are_a_misfit() {
    let mut heads = Heads::default();
    heads.push("a", Some(b"first"));
    heads.push("b", Some(b"second"));
    for texts in ["", "first", "firstsecon", "firstsecond!"] {
        assert_eq!(read_heads(Heads { texts: Chunk::Text(texts.into()), ..heads.clone() }), Err(Misfit), "{texts}");
    }
    assert_eq!(read_heads(Heads { lengths: [Some(5)].into(), ..heads.clone() }), Err(Misfit));
    assert_eq!(read_heads(Heads { lengths: [Some(u32::MAX), Some(1)].into(), ..heads }), Err(Misfit));
}
