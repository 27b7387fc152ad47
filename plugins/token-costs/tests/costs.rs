use threadkeep_plugin::report::Report;
use threadkeep_plugin::testing::{Home, Run, Thread};
use threadkeep_plugin::{Result, Settings};
use token_costs::TokenCosts;

fn thread(id: &str, month: i64, model: Option<&str>, tokens: Option<u64>) -> Thread {
    Thread::new(id, "A thread").with(|thread| {
        thread.facts.updated_at = month * 31 * 86_400_000;
        thread.usage.model = model.map(str::to_owned);
        thread.usage.tokens = tokens;
    })
}

fn home() -> Home {
    Home::new()
        .thread(thread("t1", 0, Some("gpt-5"), Some(1_500_000)))
        .thread(thread("t2", 0, Some("gpt-5"), Some(500_000)))
        .thread(thread("t3", 1, Some("=cmd|'/c calc'!A1"), Some(7)))
        .thread(thread("t4", 1, None, None))
}

fn report(name: &str, settings: &[(&str, &str)]) -> Result<Run> {
    home().run(|| TokenCosts::run(name, &settings.iter().copied().collect::<Settings>()))
}

#[test]
fn tokens_are_counted_by_month_and_model_and_priced() {
    let run = report("token-costs-csv", &[("price.gpt-5", "2.5")]).expect("it reports");
    assert_eq!(
        run.output(),
        "month,provider,model,threads,threads_unknown,tokens,cost\n\
         1970-01,,gpt-5,2,0,2000000,5.00\n\
         1970-02,,,1,1,0,\n\
         1970-02,,'=cmd|'/c calc'!A1,1,0,7,\n"
    );
}

#[test]
fn a_model_without_a_price_has_no_cost() {
    let run = report("token-costs", &[("price.gpt-5", "2.5")]).expect("it reports").output();
    assert!(run.contains("| 1970-01 | gpt-5 | 2 | 2000000 | 5.00 |\n"), "{run}");
    assert!(run.contains("| 1970-02 | =cmd\\|'/c calc'!A1 | 1 | 7 | – |\n"), "{run}");
    assert!(
        run.ends_with("| **Total** | | | **2000007** | **5.00** |\n\nOf 1 threads nothing says how much they used.\n"),
        "{run}"
    );
}

#[test]
fn a_price_that_is_none_is_refused() {
    for (name, value) in [("price.gpt-5", "cheap"), ("price.gpt-5", "NaN"), ("price.gpt-5", "-1"), ("prize.gpt-5", "1")]
    {
        assert!(report("token-costs", &[(name, value)]).is_err(), "{name}={value}");
    }
}
