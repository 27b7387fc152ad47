//! The turns of a thread that were loaded from a server. Its cursors are opaque and lead one way, so that turns are loaded from the
//! end on, page by page; of a long thread the texts of pages that nobody looks at go, and are read again by the cursor of their page.

use std::ops::Range;
use std::sync::Arc;

use threadkeep::{Error, ErrorKind};

use crate::library::shown::{AGAIN, Head, Notes, PAGE, id_of, parsed, shown};
use crate::model::messages::{ShownTurn, TurnsAt, TurnsFrom, TurnsPage, WantedTurns};
use crate::server::ThreadServer;
use crate::theme::Theme;

/// How many turns are loaded at a time behind the first page.
const LOADED: u32 = 50;
/// So many bytes of turns are held, and those of the pages that are looked at.
const HELD: usize = 32 << 20;

/// The turns of a thread that are known. The newest has the place 0.
pub(super) struct Window {
    id: Arc<str>,
    head: Head,
    /// The newest first.
    pages: Vec<Page>,
    /// Where older ones begin; none where there are none.
    next: Option<String>,
}

/// A page of turns, the newest first.
struct Page {
    cursor: Option<String>,
    ids: Vec<String>,
    /// Their texts; none where they were let go.
    turns: Option<Vec<String>>,
}

impl Page {
    fn size(&self) -> usize {
        self.turns.iter().flatten().map(String::len).sum()
    }
}

/// Where the turns are that are wanted.
#[derive(Debug, PartialEq, Eq)]
enum Located {
    /// At these places.
    At(Range<usize>),
    /// Older ones must be loaded to know it.
    Older,
    /// Nowhere.
    Gone,
}

/// Gives the turns that are wanted; none where older ones were loaded for them, and it is to be asked again.
pub(super) fn page(
    window: &mut Option<Window>,
    server: &mut dyn ThreadServer,
    wanted: &mut WantedTurns,
    theme: &Theme,
) -> threadkeep::Result<Option<TurnsPage>> {
    // What a hit has as its cursor is the text that was searched.
    if let TurnsFrom::Cursor(Some(text)) = &wanted.from {
        // A server that cannot say it still gives the turns.
        let turn = server.first_turn_with(&wanted.id, text).or_else(|error| match server.is_connected() {
            true => Ok(None),
            false => Err(error),
        })?;
        wanted.from = turn.map_or(TurnsFrom::End, TurnsFrom::Turn);
    }
    let is_open = window.as_ref().is_some_and(|open| open.id == wanted.id);
    if !is_open || wanted.from == TurnsFrom::End {
        *window = None;
        *window = Some(Window::open(server, wanted.id.clone())?);
    }
    let Some(open) = window else { return Err(gone()) };
    let at = match wanted.from {
        TurnsFrom::End => TurnsAt::End,
        TurnsFrom::Cursor(_) | TurnsFrom::Turn(_) => TurnsAt::Begin,
        TurnsFrom::Before(_) => TurnsAt::Before,
        TurnsFrom::Behind(_) => TurnsAt::Behind,
        TurnsFrom::Between(_) => TurnsAt::Again,
    };
    match open.locate(&wanted.from) {
        Located::At(places) => {
            let has_before = places.end < open.len() || open.next.is_some();
            let has_behind = places.start > 0;
            let turns = open.read(server, places)?;
            let (notes, wanted) = (Notes::default(), &*wanted);
            let turns: Vec<ShownTurn> =
                turns.iter().rev().map(|turn| shown(&parsed(turn), &notes, wanted, theme)).collect();
            let head = open.head.lines(wanted.columns, None, theme);
            Ok(Some(TurnsPage { at, turns, has_before, has_behind, head }))
        }
        Located::Older => {
            open.load_older(server)?;
            Ok(None)
        }
        Located::Gone if at == TurnsAt::Begin => {
            wanted.from = TurnsFrom::End;
            Ok(None)
        }
        Located::Gone => Err(gone()),
    }
}

fn gone() -> Error {
    Error::new(ErrorKind::NotFound, "the thread changed meanwhile; f5 reads it again")
}

impl Window {
    /// Loads the end of a thread.
    fn open(server: &mut dyn ThreadServer, id: Arc<str>) -> threadkeep::Result<Window> {
        let row = server.find(&id)?;
        let page = server.turns(&id, None, PAGE, true)?;
        let head = Head { row, tags: Vec::new(), gaps: Vec::new() };
        let mut window = Window { id, head, pages: Vec::new(), next: None };
        window.add(None, page.turns, page.next);
        Ok(window)
    }

    /// Says how many turns are known.
    fn len(&self) -> usize {
        self.pages.iter().map(|page| page.ids.len()).sum()
    }

    fn place_of(&self, turn: &str) -> Option<usize> {
        self.pages.iter().flat_map(|page| &page.ids).position(|id| id == turn)
    }

    /// Says where the turns are that are wanted.
    fn locate(&self, from: &TurnsFrom) -> Located {
        let (len, page) = (self.len(), PAGE as usize);
        let is_whole = self.next.is_none();
        let missing = || if is_whole { Located::Gone } else { Located::Older };
        // From a turn on to the newer ones.
        let on = |oldest: usize, most: usize| Located::At((oldest + 1).saturating_sub(most)..oldest + 1);
        match from {
            TurnsFrom::End => Located::At(0..len.min(page)),
            TurnsFrom::Cursor(_) if !is_whole => Located::Older,
            TurnsFrom::Cursor(_) => Located::At(len.saturating_sub(page)..len),
            TurnsFrom::Turn(turn) => self.place_of(turn).map_or_else(missing, |oldest| on(oldest, page)),
            TurnsFrom::Before(turn) => match self.place_of(turn) {
                Some(place) if place + 1 == len && !is_whole => Located::Older,
                Some(place) => Located::At(place + 1..(place + 1 + page).min(len)),
                None => missing(),
            },
            TurnsFrom::Behind(turn) => {
                self.place_of(turn).map_or_else(missing, |place| Located::At(place.saturating_sub(page)..place))
            }
            TurnsFrom::Between(range) => match (self.place_of(&range.start), self.place_of(&range.end)) {
                (Some(oldest), Some(newest)) if newest <= oldest => {
                    on(oldest, (oldest + 1 - newest).min(AGAIN as usize))
                }
                (Some(_), _) => Located::Gone,
                (None, _) => missing(),
            },
        }
    }

    /// Loads older turns.
    fn load_older(&mut self, server: &mut dyn ThreadServer) -> threadkeep::Result<()> {
        let Some(cursor) = self.next.take() else { return Ok(()) };
        let page = server.turns(&self.id, Some(&cursor), LOADED, true)?;
        self.add(Some(cursor), page.turns, page.next);
        self.let_go(self.pages.len().saturating_sub(1)..self.pages.len());
        Ok(())
    }

    /// Adds a page. One without turns that are new is the last, lest a server that repeats itself is asked for ever.
    fn add(&mut self, cursor: Option<String>, turns: Vec<String>, next: Option<String>) {
        let (mut ids, mut kept): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
        for turn in turns {
            let id = id_of(&parsed(&turn)).to_string();
            if self.place_of(&id).is_none() && !ids.contains(&id) {
                ids.push(id);
                kept.push(turn);
            }
        }
        self.next = next.filter(|_| !ids.is_empty());
        self.pages.push(Page { cursor, ids, turns: Some(kept) });
    }

    /// Gives the turns at some places, the newest first.
    fn read(&mut self, server: &mut dyn ThreadServer, places: Range<usize>) -> threadkeep::Result<Vec<String>> {
        let (mut turns, mut begin) = (Vec::with_capacity(places.len()), 0);
        let mut used: Option<Range<usize>> = None;
        for (at, page) in self.pages.iter_mut().enumerate() {
            let end = begin + page.ids.len();
            let wanted = places.start.max(begin)..places.end.min(end);
            if !wanted.is_empty() {
                used = Some(used.map_or(at, |used| used.start)..at + 1);
                let texts = match page.turns.take() {
                    Some(texts) => texts,
                    None => read_again(server, &self.id, page)?,
                };
                turns.extend(texts.iter().skip(wanted.start - begin).take(wanted.len()).cloned());
                page.turns = Some(texts);
            }
            begin = end;
        }
        if let Some(used) = used {
            self.let_go(used);
        }
        Ok(turns)
    }

    /// Lets texts go while too many are held: of the pages farthest from those that are used.
    fn let_go(&mut self, used: Range<usize>) {
        let mut held: usize = self.pages.iter().map(Page::size).sum();
        while held > HELD {
            let distance =
                |at: usize| if at < used.start { used.start - at } else { (at + 1).saturating_sub(used.end) };
            let others = (0..self.pages.len()).filter(|at| self.pages[*at].turns.is_some() && distance(*at) > 0);
            let Some(farthest) = others.max_by_key(|at| distance(*at)) else { return };
            held -= self.pages[farthest].size();
            self.pages[farthest].turns = None;
        }
    }
}

/// Reads the texts of a page again. The newest page may have got more turns, of which those that were known count.
fn read_again(server: &mut dyn ThreadServer, thread: &str, page: &Page) -> threadkeep::Result<Vec<String>> {
    let read = server.turns(thread, page.cursor.as_deref(), LOADED, true)?;
    let mut texts = Vec::with_capacity(page.ids.len());
    for turn in read.turns {
        if page.ids.get(texts.len()).is_some_and(|id| id_of(&parsed(&turn)) == id) {
            texts.push(turn);
        }
    }
    if texts.len() == page.ids.len() { Ok(texts) } else { Err(gone()) }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use threadkeep::contract::{PageOfTurns, ThreadRow};

    use super::*;
    use crate::server::{ServerPage, ServerSearch};

    /// A thread of so many turns, each of so many bytes, whose cursors say how many turns come before.
    struct Turns {
        count: usize,
        bytes: usize,
        asked: usize,
    }

    impl Turns {
        fn of(count: usize, bytes: usize) -> Turns {
            Turns { count, bytes, asked: 0 }
        }
    }

    impl ThreadServer for Turns {
        fn is_connected(&self) -> bool {
            true
        }

        fn connect(&mut self) -> threadkeep::Result<()> {
            Ok(())
        }

        fn list(&mut self, _: bool, _: Option<&str>) -> threadkeep::Result<ServerPage> {
            Ok(ServerPage::default())
        }

        fn search(&mut self, _: &ServerSearch, _: Option<&str>) -> threadkeep::Result<ServerPage> {
            Ok(ServerPage::default())
        }

        fn first_turn_with(&mut self, _: &str, text: &str) -> threadkeep::Result<Option<String>> {
            Ok(text.strip_prefix("said in ").map(String::from))
        }

        fn find(&mut self, _: &str) -> threadkeep::Result<ThreadRow> {
            Ok(ThreadRow::default())
        }

        fn turns(
            &mut self,
            _: &str,
            cursor: Option<&str>,
            limit: u32,
            newest_first: bool,
        ) -> threadkeep::Result<PageOfTurns> {
            assert!(newest_first);
            self.asked += 1;
            let behind = cursor.map_or(0, |cursor| self.count - cursor.parse::<usize>().unwrap());
            let end = (behind + limit as usize).min(self.count);
            let text = "x".repeat(self.bytes);
            let turn = |place: usize| format!("{{\"id\":\"{}\",\"text\":\"{text}\"}}", self.count - 1 - place);
            let next = (end < self.count).then(|| (self.count - end).to_string());
            Ok(PageOfTurns { turns: (behind..end).map(turn).collect(), next, back: None, hit: None })
        }

        fn rename(&mut self, _: &str, _: &str) -> threadkeep::Result<()> {
            Ok(())
        }

        fn archive(&mut self, _: &str) -> threadkeep::Result<()> {
            Ok(())
        }

        fn unarchive(&mut self, _: &str) -> threadkeep::Result<()> {
            Ok(())
        }
    }

    /// Asks until there is an answer: the first and the last turn, and whether there are others before and behind.
    fn ask(window: &mut Option<Window>, server: &mut Turns, from: TurnsFrom) -> (String, String, bool, bool) {
        let mut wanted = WantedTurns { generation: 1, id: "a".into(), from, columns: 80, full_outputs: false };
        for _ in 0..1_000 {
            if let Some(page) = page(window, server, &mut wanted, &Theme::plain()).unwrap() {
                let end = |turn: Option<&ShownTurn>| turn.map(|turn| turn.id.clone()).unwrap_or_default();
                return (end(page.turns.first()), end(page.turns.last()), page.has_before, page.has_behind);
            }
        }
        panic!("there is no answer");
    }

    fn turns(first: usize, last: usize, has_before: bool, has_behind: bool) -> (String, String, bool, bool) {
        (first.to_string(), last.to_string(), has_before, has_behind)
    }

    #[test]
    fn turns_are_found_wherever_they_stand_and_older_ones_are_loaded_for_that() {
        let (mut server, mut window) = (Turns::of(200, 1), None);
        let mut ask = |from| ask(&mut window, &mut server, from);
        assert_eq!(ask(TurnsFrom::End), turns(188, 199, true, false));
        assert_eq!(ask(TurnsFrom::Before("188".into())), turns(176, 187, true, true));
        assert_eq!(ask(TurnsFrom::Behind("187".into())), turns(188, 199, true, false));
        assert_eq!(ask(TurnsFrom::Turn("0".into())), turns(0, 11, false, true));
        assert_eq!(ask(TurnsFrom::Before("3".into())), turns(0, 2, false, true));
        assert_eq!(ask(TurnsFrom::Between("5".into().."9".into())), turns(5, 9, true, true));
        assert_eq!(ask(TurnsFrom::Between("5".into().."199".into())), turns(5, 68, true, true));
        assert_eq!(ask(TurnsFrom::Cursor(None)), turns(0, 11, false, true));
        assert_eq!(ask(TurnsFrom::Cursor(Some("said in 50".into()))), turns(50, 61, true, true));
        // What is said nowhere, and a turn that is gone, show the end.
        assert_eq!(ask(TurnsFrom::Cursor(Some("nowhere".into()))), turns(188, 199, true, false));
        assert_eq!(ask(TurnsFrom::Turn("x".into())), turns(188, 199, true, false));
        assert_eq!(server.asked, 5 + 1 + 4 + 1, "no page is loaded twice but for the end");
    }

    #[test]
    fn a_thread_without_turns_has_an_end() {
        let (mut server, mut window) = (Turns::of(0, 1), None);
        assert_eq!(ask(&mut window, &mut server, TurnsFrom::End), (String::new(), String::new(), false, false));
    }

    #[test]
    fn of_a_long_thread_little_is_held_and_what_went_is_read_again() {
        let (mut server, mut window) = (Turns::of(400, 200 << 10), None);
        assert_eq!(ask(&mut window, &mut server, TurnsFrom::Turn("0".into())), turns(0, 11, false, true));
        let held =
            |window: &Option<Window>| window.iter().flat_map(|window| &window.pages).map(Page::size).sum::<usize>();
        assert!(held(&window) <= HELD, "{}", held(&window));
        // The newest page got a turn meanwhile.
        server.count += 1;
        let asked = server.asked;
        assert_eq!(ask(&mut window, &mut server, TurnsFrom::Behind("390".into())), turns(391, 399, true, false));
        assert!(server.asked > asked && held(&window) <= HELD, "{}", held(&window));
    }

    #[test]
    fn a_server_that_repeats_its_turns_is_not_asked_for_ever() {
        let mut window = Window {
            id: "a".into(),
            head: Head { row: ThreadRow::default(), tags: Vec::new(), gaps: Vec::new() },
            pages: Vec::new(),
            next: None,
        };
        let turn = || vec!["{\"id\":\"1\"}".to_string(), "{\"id\":\"1\"}".into()];
        window.add(None, turn(), Some("more".into()));
        assert_eq!((window.len(), window.next.is_some()), (1, true));
        window.add(Some("more".into()), turn(), Some("still more".into()));
        assert_eq!((window.len(), window.next.is_some()), (1, false));
    }
}
