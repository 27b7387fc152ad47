//! A thread of any size, most of it output of commands, with an image in its second message.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use crate::{Collection, Rollout};

/// When every line was written.
const AT: &str = "2026-03-01T10:00:01.000Z";

/// Writes a thread that begins with "hello wherry", goes on with "look at this ostrich" and an image of so many bytes in one line,
/// and says "the final zephyrine" behind so many bytes; returns its file.
pub fn giant_thread(home: &Path, id: &str, paginated: bool, image: usize, bytes: u64) -> PathBuf {
    let begin = if paginated { Rollout::paginated(id) } else { Rollout::legacy(id) };
    let begin = begin.at("2026-03-01T10:00:00.000Z").user("hello wherry");
    let mut ordinal = begin.lines().len();
    let path = begin.write(home, Collection::Active);
    let mut file = BufWriter::with_capacity(1 << 20, File::options().append(true).open(&path).unwrap());
    let mut written = 0;
    let mut line = |kind: &str, parts: &[&str]| {
        let numbered = if paginated { format!(r#""ordinal":{ordinal},"#) } else { String::new() };
        write!(file, r#"{{"timestamp":"{AT}",{numbered}"type":"{kind}","payload":"#).unwrap();
        parts.iter().for_each(|part| file.write_all(part.as_bytes()).unwrap());
        file.write_all(b"}\n").unwrap();
        ordinal += 1;
        written += 100 + parts.iter().map(|part| part.len() as u64).sum::<u64>();
        written
    };
    let picture = format!("data:image/png;base64,{}", "iVBORw0KGgoAAAAN".repeat(image / 16));
    let mut items = 0;
    let mut user = |line: &mut dyn FnMut(&str, &[&str]) -> u64, text: &str, picture: &str| {
        items += 1;
        if paginated {
            let head = format!(
                r#"{{"type":"item_completed","thread_id":"{id}","turn_id":"t","item":{{"type":"UserMessage","id":"u{items}","content":[{{"type":"text","text":"{text}"}}"#
            );
            let image = [r#",{"type":"image","image_url":""#, picture, r#""}"#];
            let image = if picture.is_empty() { [""; 3] } else { image };
            line("event_msg", &[&head, image[0], image[1], image[2], "]}}"]);
        } else {
            let head = format!(r#"{{"type":"user_message","message":"{text}","images":[""#);
            line("event_msg", &[&head, picture, r#""]}"#]);
        }
    };
    user(&mut line, "look at this ostrich", &picture);
    drop(picture);
    let output = "a line of output\\n".repeat(6_000);
    for call in 0.. {
        let payload = format!(r#"{{"type":"function_call_output","call_id":"c{call}","output":""#);
        if line("response_item", &[&payload, &output, r#""}"#]) >= bytes {
            break;
        }
    }
    user(&mut line, "the final zephyrine", "");
    file.flush().unwrap();
    path
}
