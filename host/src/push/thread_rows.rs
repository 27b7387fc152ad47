//! Decides what of a thread's rows a place lacks, by checksums of those that it has.

use sha2::{Digest as _, Sha256};
use threadkeep_engine::contract::TurnLines;

use crate::features::pushed::PushedThread;

/// Goes through a thread's turns, and tells those that a place has from those that it lacks. The last turn that it has comes again:
/// it may have grown.
pub(super) struct TurnsToSend {
    /// How many turns the place has.
    least: u32,
    /// Those of them that do not come again.
    kept: u32,
    /// Their checksum.
    kept_sum: Vec<u8>,
    sum: Sha256,
    /// The checksum of all turns but the last one that was seen.
    sum_before_last: Vec<u8>,
    seen: u32,
}

/// What to do with a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The place has it.
    Known,
    /// It is sent.
    Send,
    /// What the place has is not what is here: all turns are sent, as another generation.
    Changed,
}

impl TurnsToSend {
    /// Begins with what the place has; with nothing for `None`.
    pub(super) fn new(pushed: Option<&PushedThread>) -> TurnsToSend {
        let sum = Sha256::new();
        TurnsToSend {
            least: pushed.map_or(0, |pushed| pushed.turns),
            kept: pushed.map_or(0, |pushed| pushed.turns.saturating_sub(1)),
            kept_sum: pushed.map_or_else(Vec::new, |pushed| pushed.turns_sum.clone()),
            sum_before_last: sum_so_far(&sum),
            sum,
            seen: 0,
        }
    }

    /// Takes the next turn.
    pub(super) fn next(&mut self, turn: &TurnLines) -> Verdict {
        self.sum_before_last = sum_so_far(&self.sum);
        if self.seen == self.kept && self.kept > 0 && self.sum_before_last != self.kept_sum {
            return Verdict::Changed;
        }
        self.sum.update(turn.lines.as_bytes());
        self.seen += 1;
        if self.seen <= self.kept { Verdict::Known } else { Verdict::Send }
    }

    /// Ends, and gives how many turns there are and the checksum of all but the last one; none where turns are gone that the place
    /// has.
    pub(super) fn end(self) -> Option<(u32, Vec<u8>)> {
        (self.seen >= self.least).then_some((self.seen, self.sum_before_last))
    }
}

/// Goes through the lines of a thread's whole text. The first one tells of the thread and always comes again; where secrets are taken
/// out, the last one tells of that, and stands where the next line will.
pub(super) struct RecordsToSend {
    /// How many lines the place has, but for the last one where that tells of redaction.
    known: u32,
    known_sum: Vec<u8>,
    has_end: bool,
    sum: Sha256,
    /// The checksum of all lines but the first and the last one that was seen.
    sum_before_last: Vec<u8>,
    seen: u32,
}

impl RecordsToSend {
    /// Begins with what the place has; with nothing for `None`.
    pub(super) fn new(pushed: Option<&PushedThread>, has_end: bool) -> RecordsToSend {
        let sum = Sha256::new();
        RecordsToSend {
            known: pushed.map_or(0, |pushed| pushed.records),
            known_sum: pushed.map_or_else(Vec::new, |pushed| pushed.records_sum.clone()),
            has_end,
            sum_before_last: sum_so_far(&sum),
            sum,
            seen: 0,
        }
    }

    /// Gives the number of the next line.
    pub(super) fn number(&self) -> u32 {
        self.seen
    }

    /// Takes the next line.
    pub(super) fn next(&mut self, line: &[u8]) -> Verdict {
        self.sum_before_last = sum_so_far(&self.sum);
        if self.seen == self.known && self.known > 0 && self.sum_before_last != self.known_sum {
            return Verdict::Changed;
        }
        if self.seen > 0 {
            self.sum.update(line);
            self.sum.update(b"\n");
        }
        self.seen += 1;
        if self.seen == 1 || self.seen > self.known { Verdict::Send } else { Verdict::Known }
    }

    /// Ends, and gives how many lines there are, how many of them stay, and the checksum of these; none where what the place has is
    /// not what is here.
    pub(super) fn end(self) -> Option<(u32, u32, Vec<u8>)> {
        let kept = self.seen.saturating_sub(u32::from(self.has_end));
        let sum = if self.has_end { self.sum_before_last } else { sum_so_far(&self.sum) };
        let is_as_it_was = kept > self.known || (kept == self.known && (kept == 0 || sum == self.known_sum));
        is_as_it_was.then_some((self.seen, kept, sum))
    }
}

fn sum_so_far(sum: &Sha256) -> Vec<u8> {
    sum.clone().finalize().to_vec()
}

/// Returns the rows of requests that a place lacks, with how many there are and the checksum of all; none where those that it has are
/// not what is here.
pub(super) fn requests_to_send<'l>(lines: &'l str, pushed: Option<&PushedThread>) -> Option<(&'l str, u32, Vec<u8>)> {
    let known = pushed.map_or(0, |pushed| pushed.requests as usize);
    let at = lines.split_inclusive('\n').take(known).map(str::len).sum::<usize>();
    let (kept, new) = lines.split_at(at);
    let is_as_it_was = kept.lines().count() == known
        && pushed.is_none_or(|pushed| pushed.requests == 0 || sum_of(kept) == pushed.requests_sum);
    let count = u32::try_from(lines.lines().count()).unwrap_or(u32::MAX);
    is_as_it_was.then(|| (new, count, sum_of(lines)))
}

fn sum_of(lines: &str) -> Vec<u8> {
    Sha256::digest(lines.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(texts: &[&str]) -> Vec<TurnLines> {
        let turn = |(text, turn): (&&str, u32)| TurnLines { turn, lines: format!("{text}\n") };
        texts.iter().zip(1..).map(turn).collect()
    }

    fn go_through(texts: &[&str], pushed: Option<&PushedThread>) -> (Vec<Verdict>, Option<(u32, Vec<u8>)>) {
        let mut sending = TurnsToSend::new(pushed);
        let verdicts = turns(texts).iter().map(|turn| sending.next(turn)).collect();
        (verdicts, sending.end())
    }

    fn pushed(texts: &[&str], requests: &str) -> PushedThread {
        let (_, end) = go_through(texts, None);
        let (turns, turns_sum) = end.expect("all turns are sent");
        let (_, requests, requests_sum) = requests_to_send(requests, None).expect("all requests are sent");
        let (records, records_sum) = (0, Vec::new());
        PushedThread {
            created_at: 0,
            generation: 1,
            stamp: Vec::new(),
            turns,
            turns_sum,
            requests,
            requests_sum,
            records,
            records_sum,
        }
    }

    type Ended = (u32, u32, Vec<u8>);

    /// Gives what is sent of a text, and what is noted of it.
    fn send_text(text: &str, has_end: bool, pushed: Option<&PushedThread>) -> Option<(String, Ended)> {
        let (mut sending, mut sent) = (RecordsToSend::new(pushed, has_end), String::new());
        for line in text.split(' ') {
            let number = sending.number();
            match sending.next(line.as_bytes()) {
                Verdict::Known => {}
                Verdict::Send => sent.push_str(&format!("{number}{line} ")),
                Verdict::Changed => return None,
            }
        }
        Some((sent, sending.end()?))
    }

    #[test]
    fn of_a_text_that_was_continued_the_first_line_and_the_new_ones_are_sent() {
        for has_end in [false, true] {
            let end = |text: &str| if has_end { format!("{text} end") } else { text.to_owned() };
            let (sent, (lines, records, records_sum)) = send_text(&end("head a b"), has_end, None).expect("all of it");
            assert_eq!((sent.trim(), lines), if has_end { ("0head 1a 2b 3end", 4) } else { ("0head 1a 2b", 3) });
            let before = PushedThread { records, records_sum, ..pushed(&[], "") };
            let (sent, (.., kept, _)) = send_text(&end("other a b c"), has_end, Some(&before)).expect("the rest");
            assert_eq!((sent.trim(), kept), if has_end { ("0other 3c 4end", 4) } else { ("0other 3c", 4) });
            let (sent, _) = send_text(&end("other a b"), has_end, Some(&before)).expect("nothing new");
            assert_eq!(sent.trim(), if has_end { "0other 3end" } else { "0other" });
            for changed in ["head a B", "head a B c", "head a", "head"] {
                assert_eq!(send_text(&end(changed), has_end, Some(&before)), None, "{changed}");
            }
        }
    }

    #[test]
    fn the_last_turn_comes_again_with_those_that_are_new() {
        use Verdict::{Known, Send};
        let before = pushed(&["a", "b"], "");
        assert_eq!(go_through(&["a", "b grew", "c"], Some(&before)).0, [Known, Send, Send]);
        let (verdicts, end) = go_through(&["a", "b"], Some(&before));
        assert_eq!((verdicts, end), (vec![Known, Send], Some((2, before.turns_sum.clone()))));
        assert_eq!(go_through(&["first"], Some(&pushed(&[], ""))).0, [Send]);
    }

    #[test]
    fn a_history_that_is_another_is_sent_as_a_whole() {
        let before = pushed(&["a", "b", "c"], "");
        assert_eq!(go_through(&["a", "B", "c"], Some(&before)).0[2], Verdict::Changed);
        assert_eq!(go_through(&["a"], Some(&before)).1, None, "turns are gone");
        assert_eq!(go_through(&[], Some(&pushed(&["a"], ""))).1, None, "all turns are gone");
    }

    #[test]
    fn new_requests_alone_are_sent_unless_the_others_changed() {
        let before = pushed(&[], "1\n2\n");
        let new = |lines| requests_to_send(lines, Some(&before)).map(|(new, count, _)| (new, count));
        assert_eq!(new("1\n2\n3\n"), Some(("3\n", 3)));
        assert_eq!(new("1\n2\n"), Some(("", 2)));
        assert_eq!(new("1\n3\n"), None);
        assert_eq!(new("1\n"), None);
    }
}
