//! The command line once more with other flags, whole and fit to be pasted: what shows the next page.

/// The flags that make way for others and take a value.
const WITH_VALUE: [&str; 4] = ["--around", "--cursor", "--limit", "--tail"];
/// The flags that say where a page of turns begins, or how it is cut.
const CUTS: [&str; 4] = ["--around", "--cursor", "--desc", "--tail"];

/// Gives the command line of this run with these words added, and without those that they make way for.
pub(crate) fn command_with(added: &[&str], makes_way: &[&str]) -> String {
    let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    rewritten(words.collect(), added, makes_way)
}

/// Gives the command line that shows the page of a cursor.
pub(crate) fn command_of_page(cursor: &str) -> String {
    command_with(&["--cursor", cursor], &["--cursor"])
}

/// Gives the command line that shows a page of turns.
pub(crate) fn command_of_turns(cursor: &str, newest_first: bool) -> String {
    let desc: &[&str] = if newest_first { &["--desc"] } else { &[] };
    command_with(&[desc, &["--cursor", cursor]].concat(), &CUTS)
}

fn rewritten(words: Vec<String>, added: &[&str], makes_way: &[&str]) -> String {
    let mut kept = vec!["threadkeep".to_owned()];
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next_if(|word| word != "--") {
        let flag = word.split_once('=').map_or(&*word, |(flag, _)| flag).to_owned();
        if !makes_way.contains(&&*flag) {
            kept.push(word);
        } else if flag == word && WITH_VALUE.contains(&&*flag) {
            words.next();
        }
    }
    kept.extend(added.iter().map(|word| (*word).to_owned()));
    kept.extend(words);
    let quoted = |word: &String| shlex::try_quote(word).map_or_else(|_| word.clone(), |word| word.into_owned());
    kept.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &[&str]) -> Vec<String> {
        line.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_command_line_comes_back_with_another_cursor_and_fit_for_a_shell() {
        let page = |line: &[&str]| rewritten(words(line), &["--cursor", "u.2"], &["--cursor"]);
        assert_eq!(page(&["list", "--limit", "2"]), "threadkeep list --limit 2 --cursor u.2");
        assert_eq!(page(&["list", "--cursor", "u.1", "--asc"]), "threadkeep list --asc --cursor u.2");
        assert_eq!(page(&["list", "--cursor=u.1"]), "threadkeep list --cursor u.2");
        assert_eq!(page(&["search", "it's", "--", "-x"]), "threadkeep search \"it's\" --cursor u.2 -- -x");
        assert_eq!(page(&["--home", "/a b", "list"]), "threadkeep --home '/a b' list --cursor u.2");
    }

    #[test]
    fn what_cuts_turns_otherwise_makes_way_for_the_cursor() {
        let line = ["turns", "ID", "--tail", "3", "--limit", "2", "--desc", "--around=x y"];
        let earlier = rewritten(words(&line), &["--desc", "--cursor", "9"], &CUTS);
        assert_eq!(earlier, "threadkeep turns ID --limit 2 --desc --cursor 9");
    }
}
