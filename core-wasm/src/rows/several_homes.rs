//! Reads lists of several homes as one.
//!
//! Each home gives a page, and what it has of the threads on the other homes' pages. A thread that several homes have is shown once:
//! as the home has it in which it was last written, of equal ones the home that was named first. The pages are merged until one of
//! them is used up whose home has more: what comes next may be there.

use alloc::vec::Vec;
use core::cmp::Ordering;

use contract::{HomeEntry, HomePage, MergedEntry, MergedHomes};

/// Returns at most `limit` threads of all pages in their common order, or as many as can be told for 0; what is folded does not
/// count.
pub fn merge_homes(pages: &[HomePage], ascending: bool, limit: u32) -> MergedHomes {
    let mut merged = MergedHomes { entries: Vec::new(), consumed: alloc::vec![0; pages.len()] };
    let mut heads = alloc::vec![0; pages.len()];
    let mut shown = 0;
    let limit = if limit == 0 { u32::MAX } else { limit };
    while shown < limit {
        let is_used_up = |home: usize| heads[home] == pages[home].entries.len();
        if (0..pages.len()).any(|home| is_used_up(home) && pages[home].has_more) {
            break;
        }
        let open = (0..pages.len()).filter(|&home| !is_used_up(home));
        let entry = |home: usize| &pages[home].entries[heads[home]];
        let Some(next) = open.min_by(|&a, &b| in_order(entry(a), entry(b), ascending).then(a.cmp(&b))) else { break };
        let begin = heads[next];
        let entries = &pages[next].entries;
        let length = 1 + entries[begin + 1..].iter().take_while(|entry| entry.depth > 0).count();
        shown += show(&mut merged.entries, entries, begin..begin + length, next);
        heads[next] += length;
        merged.consumed[next] += 1;
    }
    merged
}

/// Appends a thread and what is folded under it, without what other homes show; what is left of a thread that another home shows
/// stands for itself. Returns how many stand so.
fn show(out: &mut Vec<MergedEntry>, entries: &[HomeEntry], group: core::ops::Range<usize>, home: usize) -> u32 {
    let mut standing = 0;
    // Depths at which the thread above is shown, and its new depth.
    let mut above: Vec<(u32, u32)> = Vec::new();
    for index in group {
        let entry = &entries[index];
        above.retain(|&(depth, _)| depth < entry.depth);
        if is_shown_elsewhere(entry, home) {
            continue;
        }
        let depth = above.last().map_or(0, |&(_, depth)| depth + 1);
        standing += u32::from(depth == 0);
        above.push((entry.depth, depth));
        out.push(MergedEntry { home: home as u32, index: index as u32, depth });
    }
    standing
}

fn is_shown_elsewhere(entry: &HomeEntry, home: usize) -> bool {
    entry.elsewhere.iter().any(|&(other, updated_at)| {
        updated_at > entry.updated_at || updated_at == entry.updated_at && (other as usize) < home
    })
}

fn in_order(a: &HomeEntry, b: &HomeEntry, ascending: bool) -> Ordering {
    let by_time = (a.time, &a.id).cmp(&(b.time, &b.id));
    a.rank.cmp(&b.rank).then(if ascending { by_time } else { by_time.reverse() })
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn entry(id: &str, time: i64, depth: u32, elsewhere: &[(u32, i64)]) -> HomeEntry {
        HomeEntry { id: id.to_string(), rank: 0, time, depth, updated_at: time, elsewhere: elsewhere.to_vec() }
    }

    fn page(entries: Vec<HomeEntry>, has_more: bool) -> HomePage {
        HomePage { entries, has_more }
    }

    fn shown(pages: &[HomePage], merged: &MergedHomes) -> Vec<(u32, alloc::string::String, u32)> {
        let id = |entry: &MergedEntry| pages[entry.home as usize].entries[entry.index as usize].id.clone();
        merged.entries.iter().map(|entry| (entry.home, id(entry), entry.depth)).collect()
    }

    #[test]
    fn pages_are_merged_in_their_order_until_one_is_used_up_whose_home_has_more() {
        let pages = [
            page(alloc::vec![entry("a", 9, 0, &[]), entry("b", 5, 0, &[])], true),
            page(alloc::vec![entry("c", 7, 0, &[]), entry("d", 3, 0, &[])], false),
        ];
        let merged = merge_homes(&pages, false, 0);
        assert_eq!(shown(&pages, &merged), [(0, "a".into(), 0), (1, "c".into(), 0), (0, "b".into(), 0)]);
        assert_eq!(merged.consumed, [2, 1]);
        assert_eq!(merge_homes(&pages, false, 2).consumed, [1, 1]);
    }

    #[test]
    fn a_thread_that_two_homes_have_is_shown_as_it_was_last_written_and_of_equal_ones_the_first() {
        let pages = [
            page(alloc::vec![entry("a", 9, 0, &[(1, 9)]), entry("b", 5, 0, &[(1, 6)])], false),
            page(alloc::vec![entry("a", 9, 0, &[(0, 9)]), entry("b", 6, 0, &[(0, 5)])], false),
        ];
        let merged = merge_homes(&pages, false, 0);
        assert_eq!(shown(&pages, &merged), [(0, "a".into(), 0), (1, "b".into(), 0)]);
        assert_eq!(merged.consumed, [2, 2]);
    }

    #[test]
    fn what_is_folded_under_a_thread_that_another_home_shows_stands_for_itself() {
        let folded =
            alloc::vec![entry("a", 9, 0, &[(1, 10)]), entry("child", 8, 1, &[]), entry("grandchild", 7, 2, &[])];
        let pages = [page(folded, false), page(alloc::vec![entry("a", 10, 0, &[(0, 9)])], false)];
        let merged = merge_homes(&pages, false, 0);
        assert_eq!(shown(&pages, &merged), [(1, "a".into(), 0), (0, "child".into(), 0), (0, "grandchild".into(), 1)]);
    }

    #[test]
    fn an_ascending_list_is_merged_from_its_oldest_on() {
        let pages = [
            page(alloc::vec![entry("a", 1, 0, &[]), entry("b", 4, 0, &[])], false),
            page(alloc::vec![entry("c", 2, 0, &[])], false),
        ];
        assert_eq!(shown(&pages, &merge_homes(&pages, true, 2)), [(0, "a".into(), 0), (1, "c".into(), 0)]);
    }
}
