//! Homes for what draws on a terminal: threads in many scripts, whose characters take two cells, or none, or are read
//! from right to left, and threads that mean harm, in every field that a list or a preview shows.

use std::path::Path;

use crate::time::{millis, rfc3339};
use crate::{Collection, Form, Rollout, name_thread, uuid7};

/// Is a thread of a wide home.
pub struct WideThread {
    /// Is its id.
    pub id: String,
    /// Says what it is written in.
    pub script: &'static str,
    /// Is its name, if it has one.
    pub name: Option<&'static str>,
    /// Is the first prompt.
    pub prompt: &'static str,
    /// Is a word of the answer, which stands in no other thread.
    pub word: &'static str,
}

/// How people of one script speak to their agents.
struct Voice {
    script: &'static str,
    name: Option<&'static str>,
    prompt: &'static str,
    answer: &'static str,
    word: &'static str,
    thought: &'static str,
    /// A directory, a file and a branch.
    places: [&'static str; 3],
    command: &'static str,
    output: &'static str,
}

const VOICES: [Voice; 10] = [
    Voice {
        script: "Latin, composed",
        name: Some("Blåbær på glas"),
        prompt: "Hvor længe skal blåbærrene koge, før de kan stå til næste år?",
        answer: "Tyve minutter er nok; hæld dem på rene glas, mens de er varme. Garðurinn bíður.",
        word: "Garðurinn",
        thought: "**Sukkeret først**\n\nSyltetøjet bliver for sødt, når æblerne kommer i til sidst.",
        places: ["/home/søren/opskrifter/blåbær", "glas/på-hylden.md", "nyt-år/sød-sag"],
        command: "grep -n 'sødt' opskrift.md | wc -l",
        output: "3 × sødt, 1 × sûr, ½ × salt\n",
    },
    Voice {
        script: "Latin, with combining marks",
        name: None,
        prompt: "Ou\u{300} est passe\u{301} le cafe\u{301} de l'e\u{301}te\u{301} dernier ?",
        answer: "Il est derrie\u{300}re la the\u{301}ie\u{300}re; n\u{303}o\u{302}\u{323}u\u{308}\u{301} ne l'a vu.",
        word: "the\u{301}ie\u{300}re",
        thought: "**Les e\u{301}tage\u{300}res**\n\nOn regarde d'abord en haut.",
        places: ["/home/ame\u{301}lie/cafe\u{301}", "re\u{301}serve/e\u{301}te\u{301}.txt", "e\u{301}te\u{301}"],
        command: "ls re\u{301}serve",
        output: "cafe\u{301}  the\u{301}  mai\u{308}s\n",
    },
    Voice {
        script: "Vietnamese",
        name: Some("Vườn rau trên mái nhà"),
        prompt: "Tuần này nên trồng rau gì trên mái nhà của chúng ta?",
        answer: "Rau muống và mướp đắng, vì trời sắp mưa nhiều.",
        word: "muống",
        thought: "**Xem thời tiết**\n\nMưa đến vào thứ năm.",
        places: ["/home/nguyễn/vườn", "rau/muống.toml", "mùa-mưa"],
        command: "cat rau/muống.toml",
        output: "nước = \"nhiều\"\n",
    },
    Voice {
        script: "Chinese",
        name: Some("番茄架子"),
        prompt: "请帮我算一下，阳台上搭番茄架子需要多少根竹竿？",
        answer: "一共十二根，每根长一米八；剩下的短竹竿可以给黄瓜用。",
        word: "黄瓜",
        thought: "**先量长度**\n\n阳台长四米，每株之间留四十厘米。",
        places: ["/home/李/阳台花园", "计划/番茄（春天）.md", "春天/番茄"],
        command: "wc -l 计划/*.md",
        output: "　　十二　计划/番茄（春天）.md\n",
    },
    Voice {
        script: "Japanese",
        name: Some("朝顔のカーテン"),
        prompt: "窓のそばの朝顔に、どのくらいの間隔でｶﾞｲﾄﾞの糸を張ればいいですか。",
        answer: "二十センチごとに張ってください。蔓は左巻きに登ります。ＡＢＣの印から始めます。",
        word: "左巻き",
        thought: "**糸の数**\n\n窓の幅は百八十センチ。",
        places: ["/home/花子/庭/朝顔", "糸の配置ー図.txt", "夏の窓"],
        command: "echo 朝顔 | tee 糸の配置ー図.txt",
        output: "朝顔\n",
    },
    Voice {
        script: "Korean",
        name: None,
        prompt: "고추 모종은 언제 마당에 옮겨 심는 것이 좋을까?",
        answer: "밤 기온이 십오 도를 넘는 오월 중순이 좋다. 지주대도 함께 세운다.",
        word: "지주대",
        thought: "**기온 확인**\n\n작년에는 서리가 늦었다.",
        places: ["/home/민준/마당", "모종/고추.md", "봄/고추"],
        command: "cat 모종/고추.md",
        output: "고추 스물네 포기\n",
    },
    Voice {
        script: "emoji",
        name: Some("🧺 picnic 👨\u{200d}👩\u{200d}👧\u{200d}👦"),
        prompt: "Plan a picnic for 👨\u{200d}👩\u{200d}👧\u{200d}👦 and 👩🏽\u{200d}🌾: \
                 what do we bring? 🥪🍓❤\u{fe0f}\u{200d}🔥",
        answer: "1\u{fe0f}\u{20e3} 🥪 for 🇫🇮 🇯🇵 🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}, \
                 2\u{fe0f}\u{20e3} 🍓 for 🏳\u{fe0f}\u{200d}🌈. Hammocks last 👍🏿.",
        word: "Hammocks",
        thought: "**🤔 weather**\n\n☀\u{fe0f} then ⛈\u{fe0f}, says the 👩🏼\u{200d}🔬.",
        places: ["/home/robin/🧺/park 🌳", "list-🍓.md", "picnic-🥪"],
        command: "cat list-🍓.md | sort 🧮",
        output: "🍓\t12\n🥪\t8\n",
    },
    Voice {
        script: "Hebrew",
        name: Some("העגבניות בגינה"),
        prompt: "איפה שתלנו את העגבניות בשנה שעברה, ומה כתוב בקובץ garden.toml?",
        answer: "ליד הגדר המזרחית. בקובץ garden.toml כתוב 3 ערוגות, ולכן השנה נזוז מערבה.",
        word: "מערבה",
        thought: "**הערוגות**\n\nלא שותלים פעמיים באותו מקום.",
        places: ["/home/נועה/גינה", "ערוגות/עגבניות.md", "אביב"],
        command: "cat garden.toml # ערוגות",
        output: "ערוגות = 3\n",
    },
    Voice {
        script: "Arabic",
        name: Some("أشجار الزيتون"),
        prompt: "متى نسقي أشجار الزيتون، وكم لترًا لكل شجرة في water.csv؟",
        answer: "مرة كل عشرة أيام، أربعون لترًا لكل شجرة، والصباح أفضل. میخواهم → می\u{200c}خواهم.",
        word: "والصباح",
        thought: "**الماء**\n\nالتربة ثقيلة هنا.",
        places: ["/home/ليلى/بستان", "سقي/water.csv", "الربيع"],
        command: "head -2 سقي/water.csv",
        output: "شجرة,لتر\n١,٤٠\n",
    },
    Voice {
        script: "scripts of India and the south-east",
        name: Some("बगीचे की क्यारी"),
        prompt: "क्यारी में धनिया कब बोएँ? மிளகாய் எப்போது? ผักชีปลูกเมื่อไร?",
        answer: "धनिया कार्तिक में, மிளகாய் தையில், ผักชีหลังฝน.",
        word: "कार्तिक",
        thought: "**मौसम**\n\nबारिश के बाद मिट्टी नरम रहती है।",
        places: ["/home/आशा/बगीचा", "क्यारी/धनिया.md", "शरद"],
        command: "cat क्यारी/धनिया.md",
        output: "धनिया — पाँच पंक्तियाँ\n",
    },
];

const FIRST: &str = "2026-02-01T08:00:00.000Z";
const SHA: &str = "3f1c9a7be0d24586a1f7c0b95e8d64b2730fa1cd";
const HOUR: i64 = 3_600_000;

/// Writes a home of two threads in each of many scripts, some of the older ones archived; always the same bytes.
pub fn wide_home(home: &Path) -> Vec<WideThread> {
    crate::config(home, "harbour");
    let mut threads = Vec::new();
    for (number, voice) in VOICES.iter().enumerate() {
        let at = millis(FIRST) + number as i64 * 7 * HOUR;
        let id = uuid7(at, number as u64);
        told(voice, Rollout::paginated(&id).at_millis(at)).write(home, Collection::Active);
        if let Some(name) = voice.name {
            name_thread(home, &id, name, at + HOUR);
        }
        let Voice { script, name, prompt, word, .. } = *voice;
        threads.push(WideThread { id, script, name, prompt, word });
        // The older form, with the beginning of the same words.
        let (at, number) = (at - 90 * 24 * HOUR, number as u64 + 100);
        let short: String = voice.prompt.chars().take(12).collect();
        let older = Rollout::legacy(&uuid7(at, number)).at_millis(at).cwd(voice.places[0]);
        let older = older.git(voice.places[2], SHA, "https://git.example.org/robin/garden.git");
        let of = if number.is_multiple_of(3) { Collection::Archived } else { Collection::Active };
        older.user(&short).agent("…").tokens(900).write(home, of);
    }
    threads
}

fn told(voice: &Voice, rollout: Rollout) -> Rollout {
    let [directory, file, branch] = voice.places;
    let rollout = rollout.cwd(directory).git(branch, SHA, "https://git.example.org/robin/garden.git");
    rollout
        .user(voice.prompt)
        .reasoning(voice.thought)
        .command(voice.command, voice.output, 0)
        .patch(file, &format!("{}\n{}", voice.answer, voice.output))
        .agent(voice.answer)
        .tokens(4_000)
        .user(voice.answer)
        .agent(voice.prompt)
        .tokens(6_500)
}

/// Texts that do something to a terminal that shows them as they are. Each holds the word `owned`.
pub const HOSTILE_TEXTS: [&str; 14] = [
    "\u{1b}]0;owned title\u{7}\u{1b}]2;owned\u{1b}\\ a title",
    "\u{1b}]52;c;b3duZWQ=\u{7} the clipboard is owned",
    "\u{1b}]8;;https://e.example/owned\u{1b}\\a link\u{1b}]8;;\u{1b}\\ and \u{1b}]1337;File=:AAAA\u{7}a file",
    "\u{1b}[4321;1234H\u{1b}[38;2;13;37;99mowned\u{1b}[2J\u{1b}[?1049l\u{1b}[?1003h\u{1b}[8mhidden",
    "\u{9b}4321;1234Howned \u{9d}0;owned\u{9c} \u{90}q#0~\u{9c} \u{9f}owned\u{9c}",
    "\u{1b}Pq#0;2;0;0;0~~@@vv\u{1b}\\ owned \u{1b}_Gf=24,s=1,v=1;AAAA\u{1b}\\ \
     \u{1b}^owned\u{1b}\\ \u{1b}Xowned\u{1b}\\",
    "\u{1b}[6n\u{1b}[c\u{1b}[>c\u{1b}[?2026$p\u{1b}[14t\u{1b}[21t\u{5} owned, when it answers",
    "\u{1b}c\u{1b}(0lqqk owned \u{e}x\u{f}\u{1b}[?5h\u{1b}[3J\u{1b}#8\u{1b}%G",
    "\u{202e}denwo\u{202c} \u{2066}owned\u{2069} \u{200f}\u{61c}a mark \u{202d}txt.exe",
    "ow\u{200b}ned\u{2060} \u{feff}joined\u{200d}here \
     soft\u{ad}hyphen \u{e0049}\u{e0067}\u{e006e}tags x\u{fe0f} \u{115f}\u{3164}",
    "owned nul\u{0}bell\u{7}back\u{8}\u{8}\u{8}tab\ttab\u{b}\u{c}\rreturn\nfeed\u{7f}delete\u{1a}\u{4}\u{13}stop",
    "owned\u{2028}line two\u{2029}line three\u{85}next\u{84}index \
     \u{fff9}a\u{fffa}b\u{fffb} \u{fffe}\u{ffff}\u{10ffff}",
    "owned Z\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}\u{308}\
     \u{309}\u{30a}\u{30b}\u{30c}\u{30d}\u{30e}\u{30f}\u{310}\u{20dd}\u{489}algo",
    "\u{301}owned begins with a mark \u{200d}👩\u{200d}👩\u{200d}👩\u{200d}👩\u{200d}👩\u{200d}👩\u{200d}👩 \
     \u{1f3fb}\u{1f1eb} 🏴\u{e0061}\u{e007f}",
];

/// Sequences of [`HOSTILE_TEXTS`] that are harmless by their form, and that nobody but a hostile thread asks for.
pub const NEVER_SENT: [&str; 3] = ["\u{1b}[4321;1234H", "\u{1b}[38;2;13;37;99m", "\u{1b}[8m"];

/// Writes a home of threads that mean harm, in every field and in every form of a rollout; their ids, the newest last.
pub fn hostile_home(home: &Path) -> Vec<String> {
    crate::config(home, "harbour");
    let long =
        [format!("owned {}", "long ".repeat(4_000)), "owned漢".repeat(5_000), format!("owned{}", "x".repeat(30_000))];
    let texts: Vec<&str> = HOSTILE_TEXTS.iter().copied().chain(long.iter().map(String::as_str)).collect();
    let mut ids = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        for form in [Form::Bare, Form::Legacy, Form::Paginated] {
            let at = millis(FIRST) + number as i64 * HOUR + form as i64 * 1000;
            let id = uuid7(at, 500 + number as u64 * 3 + form as u64);
            let new = match form {
                Form::Bare => Rollout::bare,
                Form::Legacy => Rollout::legacy,
                Form::Paginated => Rollout::paginated,
            };
            harmful(text, new(&id).at_millis(at)).write(home, Collection::Active);
            if form != Form::Legacy {
                name_thread(home, &id, text, at);
            }
            ids.push(id);
        }
    }
    let at = millis(FIRST) + 100 * HOUR;
    let lead = Rollout::paginated(&uuid7(at, 900)).at_millis(at).user(texts[0]).agent(texts[3]);
    lead.write(home, Collection::Active);
    Rollout::sub_agent(&uuid7(at + 7, 901), &lead, texts[5], texts[3])
        .at_millis(at + 7)
        .command(texts[6], texts[7], 1)
        .agent(texts[4])
        .write(home, Collection::Active);
    let at = at + HOUR;
    let halves = Rollout::paginated(&uuid7(at, 902)).at_millis(at).user("half of a pair, owned");
    let id = uuid7(at, 903);
    let text = r#""owned \ud800 \udc00\ud83d \u0000 \u001b[8m\u009b8m""#;
    let halves =
        halves.item(&format!(r#"{{"type":"AgentMessage","id":"{id}","content":[{{"type":"Text","text":{text}}}]}}"#));
    halves.write(home, Collection::Active);
    ids.extend([uuid7(at - HOUR, 900), uuid7(at, 902)]);
    ids
}

/// A thread that says a text wherever something can be said.
fn harmful(text: &str, rollout: Rollout) -> Rollout {
    let form = rollout.form();
    let path = format!("/src/{}", text.replace('/', "∕"));
    let rollout = rollout.cwd(&path).git(text, text, text).provider(text).model(text);
    let mut rollout = rollout.user(text).reasoning(text).command(text, text, 1).patch(text, text);
    if form == Form::Paginated {
        let json = |value: serde_json::Value| value.to_string();
        let at = rfc3339(0);
        rollout = rollout
            .item(&json(serde_json::json!({ "type": "Plan", "id": format!("plan {at}"), "text": text })))
            .item(&json(serde_json::json!({
                "type": "UserMessage", "id": "picture",
                "content": [
                    { "type": "local_image", "path": path }, { "type": "text", "text": text, "text_elements": [] },
                ],
            })))
            .item(&json(serde_json::json!({
                "type": "FileChange", "id": "change", "status": "completed", "stdout": text, "stderr": text,
                "changes": { path.as_str(): {
                    "type": "update", "move_path": path,
                    "unified_diff": format!("@@ -1 +1 @@ {text}\n-{text}\n+{text}\n"),
                } },
            })))
            .item(&json(serde_json::json!({
                "type": "WebSearch", "id": "search", "query": text, "action": { "type": "search", "query": text },
            })));
    }
    rollout.agent(text).tokens(7).user(text).agent(text).compacted(text)
}
