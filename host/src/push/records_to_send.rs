//! Decides what of a thread's whole text a place lacks, by a checksum of what it has.

use sha2::{Digest as _, Sha256};

use crate::features::pushed::PushedThread;

/// What to do with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The place has it.
    Known,
    /// It is sent.
    Send,
    /// What the place has is not what is here: all is sent, as another generation.
    Changed,
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

#[cfg(test)]
mod tests {
    use crate::features::pushed::{NO_REQUESTS, NO_TURNS};

    use super::*;

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
            let before = PushedThread { records, records_sum, ..nothing_pushed() };
            let (sent, (.., kept, _)) = send_text(&end("other a b c"), has_end, Some(&before)).expect("the rest");
            assert_eq!((sent.trim(), kept), if has_end { ("0other 3c 4end", 4) } else { ("0other 3c", 4) });
            let (sent, _) = send_text(&end("other a b"), has_end, Some(&before)).expect("nothing new");
            assert_eq!(sent.trim(), if has_end { "0other 3end" } else { "0other" });
            for changed in ["head a B", "head a B c", "head a", "head"] {
                assert_eq!(send_text(&end(changed), has_end, Some(&before)), None, "{changed}");
            }
        }
    }

    fn nothing_pushed() -> PushedThread {
        PushedThread {
            created_at: 0,
            generation: 1,
            stamp: Vec::new(),
            turns: NO_TURNS,
            requests: NO_REQUESTS,
            records: 0,
            records_sum: Vec::new(),
        }
    }
}
