//! Words with a long tail: few are everywhere, most are rare.

use crate::writer::Chance;

/// How many words there are beside the first ones.
const RARE: usize = 24_000;

/// The words that are everywhere, the most frequent first. Escaped as JSON text is.
const FIRST: &str = "the to a of and in is it that for on with as be this not are from by or an when at which was if \
    but can so then each all into one than only its no after has before will file test \u{2014} line reads name there \
    still value does same both call two where type parser now row error case writes first last index every what index \
    path needs table function must empty build state returns cursor instead without na\u{ef}ve stays until new moves set \
    more config because takes list stream \\\"main\\\" `None` token between gives retry cache they once window keeps \
    command order \u{201c}open\u{201d} missing end under default lock changes output start written never read \
    gr\u{f6}\u{df}er thread loop second `Result` checks entry buffer segment other offset passes over caf\u{e9} while \
    small lines counts limit field wrong match time handle left check next length number already \u{2192} server request \
    main body branch commit stops schema migration query column pages header worker queue signal pipe socket memory byte \
    \u{65e5}\u{672c}\u{8a9e} \u{442}\u{435}\u{441}\u{442} fl\u{fc}chtig d\u{e9}j\u{e0} \u{3b4}\u{3b5}\u{3bb}\u{3c4}\u{3b1} \u{1f680}";

const BEGINNINGS: [&str; 24] = [
    "b", "br", "c", "ch", "d", "dr", "f", "fl", "g", "gr", "h", "j", "k", "l", "m", "n", "p", "pr", "r", "s", "st",
    "t", "tr", "v",
];
const MIDDLES: [&str; 14] = ["a", "e", "i", "o", "u", "ai", "ea", "ou", "oo", "ie", "ar", "er", "or", "in"];
const ENDS: [&str; 16] = ["", "n", "r", "s", "t", "ck", "l", "m", "nd", "st", "ng", "x", "ve", "ble", "ty", "ness"];
/// Endings of words that are not ASCII.
const FOREIGN: [&str; 6] = ["\u{e9}", "\u{fc}r", "\u{f8}", "\u{3bf}\u{3c2}", "\u{43a}\u{430}", "\u{6587}"];

/// A vocabulary in which the word of rank r is drawn about 1/r as often as the first.
pub(super) struct Words {
    words: Vec<String>,
    /// The sum of the weights up to each word.
    upto: Vec<u64>,
}

impl Words {
    pub(super) fn new() -> Words {
        let mut chance = Chance::new("vocabulary");
        let mut words: Vec<String> = FIRST.split_whitespace().map(str::to_owned).collect();
        for number in 0..RARE {
            let mut word = String::new();
            for _ in 0..1 + chance.below(3) {
                word.push_str(pick(&mut chance, &BEGINNINGS));
                word.push_str(pick(&mut chance, &MIDDLES));
            }
            word.push_str(if number.is_multiple_of(61) {
                pick(&mut chance, &FOREIGN)
            } else {
                pick(&mut chance, &ENDS)
            });
            words.push(word);
        }
        let mut sum = 0;
        let upto = (0..words.len() as u64).map(|rank| {
            sum += (1 << 40) / (rank + 3);
            sum
        });
        Words { upto: upto.collect(), words }
    }

    /// One word, by its frequency.
    pub(super) fn word(&self, chance: &mut Chance) -> &str {
        let point = chance.below(self.upto[self.upto.len() - 1]);
        &self.words[self.upto.partition_point(|upto| *upto <= point)]
    }

    /// A word of ASCII letters alone, as names of files and functions are made of.
    pub(super) fn name(&self, chance: &mut Chance) -> &str {
        loop {
            let word = &self.words[chance.below(self.words.len() as u64) as usize];
            if word.bytes().all(|byte| byte.is_ascii_lowercase()) {
                return word;
            }
        }
    }
}

/// One of these, each as likely.
pub(super) fn pick<'a>(chance: &mut Chance, from: &[&'a str]) -> &'a str {
    from[chance.below(from.len() as u64) as usize]
}

/// A number about `median`, with a long tail: log-normal. Half of all are smaller.
pub(super) fn spread(chance: &mut Chance, median: f64, width: f64) -> usize {
    let uniform = |chance: &mut Chance| chance.below(1 << 24) as f64 / f64::from(1 << 24);
    // The sum of twelve is as good as normal, and needs no more than additions.
    let normal: f64 = (0..12).map(|_| uniform(chance)).sum::<f64>() - 6.0;
    (median * (normal * width).exp()) as usize
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn words_have_a_long_tail() {
        let (words, mut chance) = (Words::new(), Chance::new("tail"));
        let mut times: HashMap<&str, usize> = HashMap::new();
        for _ in 0..200_000 {
            *times.entry(words.word(&mut chance)).or_default() += 1;
        }
        let mut times: Vec<usize> = times.into_values().collect();
        times.sort_unstable_by(|one, other| other.cmp(one));
        assert!(times[0] > 4_000, "the first word is everywhere: {}", times[0]);
        let once = times.iter().filter(|times| **times == 1).count();
        assert!(once > times.len() / 6, "{once} of {} words stand once", times.len());
        assert!(times.len() > 15_000, "{} words", times.len());
    }
}
