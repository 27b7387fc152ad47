//! The threads that are known, by their ids, in the order of each time.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use hashbrown::HashTable;

use super::scope::Scope;
use super::text_table::TextTable;
use super::thread::{LoadedThread, SharedTexts, Thread};

/// Where threads ran: directories and remote, the same for many threads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    /// The directory in which it began.
    pub(crate) cwd: Option<Arc<str>>,
    /// That of the last turn, where it is another one.
    pub(crate) last_cwd: Option<Arc<str>>,
    /// The URL of the remote.
    pub(crate) origin: Option<Arc<str>>,
}

impl Place {
    /// Gives the name of the project: that of the repository by its remote, else that of the directory.
    pub(crate) fn project(&self) -> &str {
        let of_origin = self.origin.as_deref().map(|url| base_name(url).trim_end_matches(".git"));
        let name = of_origin.filter(|name| !name.is_empty());
        name.unwrap_or_else(|| self.cwd.as_deref().map(base_name).unwrap_or("-"))
    }

    /// Gives what makes places one project.
    fn project_key(&self) -> &str {
        let of_origin = self.origin.as_deref().map(|url| url.trim_end_matches('/').trim_end_matches(".git"));
        of_origin.or(self.cwd.as_deref()).unwrap_or_default()
    }
}

fn base_name(path: &str) -> &str {
    path.trim_end_matches(['/', '\\']).rsplit(['/', '\\', ':']).next().unwrap_or(path)
}

/// What is known of a place.
struct KnownPlace {
    place: Place,
    /// The number of its project.
    project: u32,
    /// Which of the scopes has it; none where the library was not heard yet.
    scopes: Option<[bool; 3]>,
}

/// Holds the threads. A thread keeps its number as long as the table lives.
#[derive(Default)]
pub(crate) struct ThreadTable {
    threads: Vec<Thread>,
    /// The numbers of the threads, by their ids.
    numbers: HashTable<u32>,
    texts: TextTable,
    places: Vec<KnownPlace>,
    place_numbers: HashMap<Place, u32>,
    projects: TextTable,
    /// How many threads have each title, by what it hashes to: of two that hash alike too much is told, which is rare and harms
    /// nothing.
    titles: HashMap<u64, u32>,
    hasher: RandomState,
    /// Counts the changes.
    version: u64,
}

impl ThreadTable {
    /// Gives a number that is another one after every change.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// Enters a thread, in the place of what was known of it, and gives its number.
    pub(crate) fn enter(&mut self, loaded: LoadedThread) -> u32 {
        self.version += 1;
        let place = self.place_of(&loaded);
        let known = self.number(&loaded.id);
        let before = known.map(|number| &self.threads[number as usize]);
        // A better title that was found by reading stays, as long as the row has none.
        let kept = before.filter(|before| loaded.has_empty_title && !before.has_empty_title && !before.is_named);
        let title: Box<str> = kept.map_or_else(|| loaded.title.clone(), |before| before.title().into());
        let (has_better_title, is_pinned) = (kept.is_some(), before.is_some_and(|before| before.is_pinned));
        let shared = SharedTexts {
            place,
            branch: self.texts.number(&loaded.branch),
            model: self.texts.number(&loaded.model),
            source_kind: self.texts.number(&loaded.source_kind),
        };
        let mut thread = Thread::of(&loaded, &title, shared);
        thread.has_empty_title &= !has_better_title;
        thread.is_pinned = is_pinned;
        self.count_title(&title, 1);
        match known {
            Some(number) => {
                let before = std::mem::replace(&mut self.threads[number as usize], thread);
                self.count_title(before.title(), -1);
                number
            }
            None => {
                let number = self.threads.len() as u32;
                self.threads.push(thread);
                let (threads, hasher) = (&self.threads, &self.hasher);
                let hash = |number: &u32| hasher.hash_one(threads[*number as usize].id());
                self.numbers.insert_unique(hash(&number), number, hash);
                number
            }
        }
    }

    fn place_of(&mut self, loaded: &LoadedThread) -> u32 {
        let text = |text: &Option<String>| text.as_deref().map(Arc::from);
        let place = Place { cwd: text(&loaded.cwd), last_cwd: text(&loaded.last_cwd), origin: text(&loaded.origin) };
        if let Some(number) = self.place_numbers.get(&place) {
            return *number;
        }
        let number = self.places.len() as u32;
        let project = self.projects.number(place.project_key());
        self.place_numbers.insert(place.clone(), number);
        self.places.push(KnownPlace { place, project, scopes: None });
        number
    }

    fn count_title(&mut self, title: &str, by: i32) {
        let title = self.hasher.hash_one(title);
        match self.titles.get_mut(&title) {
            Some(count) => *count = count.saturating_add_signed(by),
            None if by > 0 => drop(self.titles.insert(title, 1)),
            None => {}
        }
        if by < 0 && self.titles.get(&title) == Some(&0) {
            self.titles.remove(&title);
        }
    }

    /// Says whether another thread has the same title.
    pub(crate) fn shares_its_title(&self, number: u32) -> bool {
        self.titles.get(&self.hasher.hash_one(self.thread(number).title())).is_some_and(|count| *count > 1)
    }

    /// Gives a title that was found by reading to a thread that had none which tells anything.
    pub(crate) fn give_title(&mut self, id: &str, title: &str) {
        let Some(number) = self.number(id) else { return };
        self.version += 1;
        let thread = &mut self.threads[number as usize];
        if thread.is_named || title.is_empty() {
            return;
        }
        thread.has_empty_title = false;
        let before = thread.title().to_string();
        thread.set_title(title);
        self.count_title(&before, -1);
        self.count_title(title, 1);
    }

    /// Takes it that nothing better than its first words tells what a thread is of.
    pub(crate) fn keep_title(&mut self, id: &str) {
        if let Some(number) = self.number(id) {
            self.threads[number as usize].has_empty_title = false;
        }
    }

    /// Marks a thread whose rollouts are gone.
    pub(crate) fn remove(&mut self, id: &str) {
        if let Some(number) = self.number(id) {
            self.version += 1;
            self.threads[number as usize].is_gone = true;
        }
    }

    /// Marks all as gone; those that are entered from then on are there.
    pub(crate) fn remove_all_but(&mut self, is_there: impl Fn(u32) -> bool) {
        self.version += 1;
        for (number, thread) in self.threads.iter_mut().enumerate() {
            thread.is_gone |= !is_there(number as u32);
        }
    }

    /// Says which threads are pinned: these, and no others.
    pub(crate) fn pin(&mut self, pinned: &[String]) {
        self.version += 1;
        self.threads.iter_mut().for_each(|thread| thread.is_pinned = false);
        for id in pinned {
            if let Some(number) = self.number(id) {
                self.threads[number as usize].is_pinned = true;
            }
        }
    }

    /// Gives the number of a thread.
    pub(crate) fn number(&self, id: &str) -> Option<u32> {
        let is_it = |number: &u32| self.threads[*number as usize].id() == id;
        self.numbers.find(self.hasher.hash_one(id), is_it).copied()
    }

    /// Gives a thread by its number, which must have been given out.
    pub(crate) fn thread(&self, number: u32) -> &Thread {
        &self.threads[number as usize]
    }

    /// Gives how many numbers were given out.
    pub(crate) fn len(&self) -> u32 {
        self.threads.len() as u32
    }

    /// Gives the branch, the model and the source of a thread.
    pub(crate) fn branch(&self, thread: &Thread) -> &str {
        self.texts.text(thread.branch)
    }

    pub(crate) fn model(&self, thread: &Thread) -> &str {
        self.texts.text(thread.model)
    }

    pub(crate) fn source_kind(&self, thread: &Thread) -> &str {
        self.texts.text(thread.source_kind)
    }

    /// Gives where a thread ran.
    pub(crate) fn place(&self, thread: &Thread) -> &Place {
        &self.places[thread.place as usize].place
    }

    /// Gives the number of the project that a thread is of.
    pub(crate) fn project(&self, thread: &Thread) -> u32 {
        self.places[thread.place as usize].project
    }

    /// Gives the places of which it is not known which scopes have them, each with its number.
    pub(crate) fn unknown_places(&self) -> Vec<(u32, Place)> {
        let numbered = self.places.iter().enumerate().filter(|(_, known)| known.scopes.is_none());
        numbered.map(|(number, known)| (number as u32, known.place.clone())).collect()
    }

    /// Takes which scopes have a place.
    pub(crate) fn set_scopes(&mut self, place: u32, scopes: [bool; 3]) {
        self.version += 1;
        if let Some(known) = self.places.get_mut(place as usize) {
            known.scopes = Some(scopes);
        }
    }

    /// Says whether a scope has a thread; not, as long as that is not known.
    pub(crate) fn is_in(&self, thread: &Thread, scope: Scope) -> bool {
        let scopes = self.places.get(thread.place as usize).and_then(|known| known.scopes);
        scope == Scope::Everywhere || scopes.is_some_and(|scopes| scopes[scope as usize])
    }
}
