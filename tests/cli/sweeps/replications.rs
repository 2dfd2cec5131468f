//! `--replications` in place of the numbers in an experiment file.

use super::{RATE, sweep};
use serde_json::{Value, json};

fn with(replications: Value) -> Value {
    let vary = json!({ RATE: ["200/s", "300/s"] });
    json!({ "vary": vary, "window": "5s", "replications": replications })
}

#[test]
fn only_their_number_is_replaced_and_not_how_they_come_or_what_is_wanted_of_them() {
    let mean = "customer.response.mean";
    let all = [
        ("pairs", json!({ "antithetic": true }), 6),
        ("controls", json!({ "controls": true }), 7),
        ("until", json!({ "max": 40, "until": { mean: "0.1%" } }), 3),
        ("best", json!({ "max": 40, "select": { "metric": mean, "within": "50%" } }), 4),
    ];
    for (name, how, count) in all {
        let number = |min: u32, max: u32| {
            let mut replications = how.clone();
            replications["min"] = json!(min);
            if how.get("max").is_some() {
                replications["max"] = json!(max);
            }
            with(replications)
        };
        let args = ["--replications", &count.to_string()];
        let (asked, told) = sweep(&format!("count-{name}"), &number(10, 40), &args);
        let (written, _) = sweep(&format!("count-{name}-file"), &number(count, count), &[]);
        assert_eq!(asked["points"][0]["replications"], json!(count), "{name}: {told}");
        assert_eq!(asked, written, "{name}");
        let (plain, _) = sweep("count-plain", &with(json!({ "min": count })), &[]);
        assert_ne!(asked, plain, "{name} is told");
    }
}

#[test]
fn a_number_that_clashes_with_how_they_come_is_refused() {
    let mean = "customer.response.mean";
    let select = json!({ "max": 40, "select": { "metric": mean, "within": "5%" } });
    let cases = [
        (
            json!({ "antithetic": true }),
            "5",
            "antithetic replications come in pairs, and 5 is odd",
            "6",
        ),
        (
            json!({ "antithetic": true }),
            "2",
            "one antithetic pair tells nothing of how pairs differ",
            "10",
        ),
        (select, "1", "one run tells nothing of how runs differ", "10"),
    ];
    for (how, count, rule, mend) in cases {
        let (outcome, told) = sweep("count-clash", &with(how), &["--replications", count]);
        assert_eq!(outcome, Value::Null);
        assert!(told.contains(&format!("{rule}\n --> --replications {count}")), "{told}");
        assert!(told.contains(&format!("= help: --replications {mend}\n")), "{told}");
        assert!(told.contains("nothing was run"), "{told}");
    }
}
