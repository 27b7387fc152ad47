//! The home that newcomers see: small, of every form, and about things that people do.

use std::path::Path;

use crate::time::millis;
use crate::writer::{Collection, Rollout, config, name_thread, uuid4, uuid7};

/// Writes the demo home. The same bytes, whoever calls and when.
pub fn demo_home(home: &Path) {
    config(home, "harbour");
    oldest(home);
    legacy(home);
    paginated(home);
}

fn id(time: &str, number: u64) -> String {
    uuid7(millis(time), number)
}

const TIMER: &str = "/home/robin/src/bread-timer";
const TIDES: &str = "/home/robin/src/tides";
const GARDEN: &str = "/home/robin/src/garden planner";

fn in_timer(rollout: Rollout) -> Rollout {
    let sha = "3f1c9a7be0d24586a1f7c0b95e8d64b2730fa1cd";
    rollout.cwd(TIMER).git("main", sha, "https://git.example.org/robin/bread-timer.git")
}

fn in_tides(rollout: Rollout) -> Rollout {
    let sha = "b80d5c2e71f349aa9c06de1f4b7a8350c2e9d671";
    rollout.cwd(TIDES).git("spring-tides", sha, "https://git.example.org/robin/tides.git")
}

fn oldest(home: &Path) {
    in_timer(Rollout::bare(&uuid4(1)))
        .at("2025-09-02T18:20:11.402Z")
        .user("What does this project do? Explain it as you would to my baker.")
        .reasoning("**Reading the sources**\n\nOne binary, one file of recipes.")
        .command("cat README.md src/main.rs | head -40", "# bread-timer\n\nTells you when to fold.\n", 0)
        .agent("It wakes you when the dough wants you: it keeps a list of steps, each with its time, and rings once a step.")
        .write(home, Collection::Active);
    Rollout::bare(&uuid4(2))
        .at("2025-09-14T07:03:45.118Z")
        .cwd("/home/robin/notes")
        .user("Turn my shopping list into a table, sorted by shelf.")
        .agent("| shelf | thing |\n|---|---|\n| bakery | rye flour |\n| dairy | buttermilk |")
        .user("And in Finnish?")
        .agent("| hylly | tavara |\n|---|---|\n| leipomo | ruisjauho |\n| maito | piimä |")
        .write(home, Collection::Active);
    in_timer(Rollout::early(&id("2025-10-21T19:40:02.050Z", 3)))
        .at("2025-10-21T19:40:02.050Z")
        .source("exec")
        .user("Why does the timer lose two seconds an hour?")
        .reasoning("**Suspecting the sleep**\n\nIt sleeps one second and then works; the work is not counted.")
        .command("grep -n sleep src/*.rs", "src/clock.rs:18:        thread::sleep(Duration::from_secs(1));\n", 0)
        .agent("Because it sleeps a second *between* ticks. Compute each wake-up from the start instead: `start + n * SECOND`.")
        .tokens(4_118)
        .write(home, Collection::Active);
    Rollout::early(&id("2025-11-03T12:15:30.777Z", 4))
        .at("2025-11-03T12:15:30.777Z")
        .cwd("/home/robin/src/labels")
        .user_image("")
        .agent("That is a jar of quince jelly; its label has come off on the left.")
        .tokens(1_204)
        .user("Make me a label of that size, with a dotted border.")
        .patch("label.svg", "<svg width=\"60mm\" height=\"30mm\"/>\n")
        .agent("`label.svg` is 60 by 30 mm, with a dotted border and room for the year.")
        .tokens(3_377)
        .write(home, Collection::Active);
}

fn legacy(home: &Path) {
    let tides = in_tides(Rollout::legacy(&id("2026-01-11T09:30:00.214Z", 5)))
        .release(100)
        .at("2026-01-11T09:30:00.214Z")
        .source("vscode")
        .user(
            "# Context from my IDE setup:\n\n## Active file: src/tide.rs\n\n## My request for Codex:\n\
             Explain how tide.rs computes the height of the water.",
        )
        .agent("It adds up eight waves, each with its own period and its own delay. The moon makes the largest, at 12.42 hours.")
        .tokens(5_030)
        .user("Which of them could we leave out?")
        .agent("The two smallest change the height by less than a hand's breadth. I would keep them: they cost nothing.")
        .tokens(8_462);
    tides.write(home, Collection::Active);
    in_tides(Rollout::legacy(&id("2026-01-11T10:02:18.900Z", 6)))
        .release(100)
        .at("2026-01-11T10:02:18.900Z")
        .source("vscode")
        .copy_of(&tides)
        .user("Suppose we did leave them out: what breaks?")
        .agent("Only the test at `tests/neap.rs:12`, which compares with the harbour's own table.")
        .tokens(11_940)
        .write(home, Collection::Active);
    in_timer(Rollout::legacy(&id("2026-02-08T16:45:12.031Z", 7)))
        .release(130)
        .at("2026-02-08T16:45:12.031Z")
        .user("The tests fail on my sister's laptop, not on mine. Find out why.")
        .command("cargo test", "test rings_at_noon ... FAILED\n", 101)
        .reasoning("**Comparing clocks**\n\nHer machine is set to Helsinki time.")
        .patch("tests/noon.rs", "// Noon is noon wherever you are.\n")
        .agent("`rings_at_noon` took the local time for UTC. It now says which it means.")
        .tokens(9_871)
        .compacted("Fixed a test that depended on the time zone of the machine.")
        .minutes(190)
        .user("Thanks! Do the same for the one about midnight.")
        .agent("Done; both are in `tests/noon.rs`.")
        .tokens(14_002)
        .write(home, Collection::Active);
    in_timer(Rollout::legacy(&id("2026-02-20T08:00:00.500Z", 8)))
        .at("2026-02-20T08:00:00.500Z")
        .source("exec")
        .user("Write the release notes for 0.3.")
        .agent("0.3: no more lost seconds, a softer bell, and recipes may name their oven.")
        .tokens(2_650)
        .write(home, Collection::Archived);
    in_tides(Rollout::legacy(&id("2026-02-27T21:10:40.009Z", 9)))
        .at("2026-02-27T21:10:40.009Z")
        .user("Add the harbour of Kökar. Its table is in kökar.csv.")
        .command("head -2 kökar.csv", "time,cm\n00:00,112\n", 0)
        .agent("Kökar is in, with 365 days of heights.")
        .tokens(6_006)
        .compressed()
        .write(home, Collection::Active);
    Rollout::legacy(&id("2026-03-02T05:59:59.999Z", 10))
        .at("2026-03-02T05:59:59.999Z")
        .cwd("/home/robin")
        .context_only()
        .write(home, Collection::Active);
}

fn paginated(home: &Path) {
    let beds = Rollout::paginated(&id("2026-03-08T14:00:00.120Z", 11))
        .at("2026-03-08T14:00:00.120Z")
        .cwd(GARDEN)
        .user("Plan four years of crop rotation for six beds. Möhren, Bohnen, Kohl und Zwiebeln, bitte.")
        .reasoning("**Families first**\n\nCabbages must not follow cabbages; beans feed the bed for them.")
        .agent("Beans, then cabbage, then onions, then carrots; each bed starts one step later than its neighbour.")
        .tokens(7_310)
        .user("Draw it.")
        .command("cargo run -- draw --years 4", "bed 1  Bohnen  Kohl    Zwiebeln Möhren\n", 0)
        .agent("```\nbed 1  Bohnen  Kohl    Zwiebeln Möhren\nbed 2  Kohl    Zwiebeln Möhren  Bohnen\n```")
        .tokens(12_845);
    beds.write(home, Collection::Active);
    let fork = id("2026-03-08T14:30:00.333Z", 12);
    Rollout::paginated(&fork)
        .at("2026-03-08T14:30:00.333Z")
        .cwd(GARDEN)
        .fork_of(&beds)
        .user("The same, but with strawberries in bed six all the time.")
        .agent("Then five beds rotate, and the strawberries move house in the fourth year.")
        .tokens(16_020)
        .write(home, Collection::Active);
    let letter = Rollout::paginated(&id("2026-03-15T11:11:11.111Z", 13))
        .release(160)
        .at("2026-03-15T11:11:11.111Z")
        .cwd("/home/robin/letters")
        .source("vscode")
        .user("Draft a letter to the water board about the pump.")
        .agent("Dear water board, our pump has not been well since Tuesday.")
        .tokens(3_900)
        .user("Sterner, please.")
        .agent("Dear water board, our pump has been dead since Tuesday, and so are my leeks.")
        .tokens(5_155);
    letter.write(home, Collection::Active);
    Rollout::revert_of(&letter, 1, &id("2026-03-15T11:20:00.000Z", 14))
        .at("2026-03-15T11:20:00.000Z")
        .user("Kinder, please.")
        .agent("Dear water board, would you kindly look at our pump? It has been unwell since Tuesday.")
        .tokens(5_020)
        .write(home, Collection::Active);
    let lead = Rollout::paginated(&id("2026-03-21T09:00:00.640Z", 15))
        .at("2026-03-21T09:00:00.640Z")
        .cwd(GARDEN)
        .source("vscode")
        .user("Find every plant whose Latin name we spell in two ways. Let somebody else count them.")
        .agent("Eleven, says the counter: nine are capital letters, two are mistakes.")
        .tokens(9_400);
    lead.write(home, Collection::Active);
    Rollout::sub_agent(&id("2026-03-21T09:00:07.002Z", 16), &lead, "count_plants", "Hypatia")
        .at("2026-03-21T09:00:07.002Z")
        .command("sort plants.txt | uniq -ci | grep -vc ' 1 '", "11\n", 0)
        .agent("I count eleven.")
        .tokens(4_275)
        .write(home, Collection::Active);
    Rollout::paginated(&id("2026-03-29T17:25:00.007Z", 17))
        .at("2026-03-29T17:25:00.007Z")
        .cwd(TIMER)
        .source("exec")
        .user("Move the recipes into a file of their own.")
        .patch("recipes.toml", "[sourdough]\nfold = [\"30 min\", \"60 min\"]\n")
        .agent("They are in `recipes.toml`; the program reads it at its start.")
        .tokens(6_733)
        .cwd(TIDES)
        .user("Now here: could the harbours move out likewise?")
        .reasoning("**Another checkout**\n\nThe harbours are constants in tide.rs.")
        .interrupted()
        .write(home, Collection::Active);
    Rollout::paginated(&id("2026-04-01T08:08:08.800Z", 18))
        .at("2026-04-01T08:08:08.800Z")
        .cwd(GARDEN)
        .user("Is it true that moles dislike marigolds?")
        .agent("People say so. Your moles have not read it.")
        .tokens(1_980)
        .compressed()
        .write(home, Collection::Archived);
    for (thread, name, at) in [
        (id("2026-01-11T09:30:00.214Z", 5), "How the tides work", "2026-01-11T09:50:00.000Z"),
        (fork.clone(), "Strawberries", "2026-03-08T14:40:00.000Z"),
        (id("2026-03-15T11:11:11.111Z", 13), "The pump", "2026-03-15T11:30:00.000Z"),
        (fork, "Strawberries stay", "2026-03-09T07:00:00.000Z"),
    ] {
        name_thread(home, &thread, name, millis(at));
    }
}
