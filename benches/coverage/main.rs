//! How often 95 % intervals hold the true value: a thousand experiments for each of some models whose
//! mean and 99th percentile, or shares that fail, are known exactly, through all that `outgrow run` does.

mod cases;

use cases::{Case, MANY, Row, all};

/// The table as it is committed, and shown in the README.
const RECORD: &str = "benches/coverage/record.txt";
const HEAD: &str =
    "model           window s  runs    of  metric         holds  of those told  told     ±    bias";

/// `--test` runs little; a number says how many experiments; words run the cases whose names hold
/// them; `--record` writes the table down, here and in the README.
fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    let is_test = args.iter().any(|it| it == "--test");
    let number = args.iter().find_map(|it| it.parse::<usize>().ok());
    let words: Vec<&String> =
        args.iter().filter(|it| !it.starts_with("--") && it.parse::<usize>().is_err()).collect();
    let mut table = Table { text: String::new() };
    table.line(HEAD.to_owned());
    for case in all() {
        if !words.is_empty() && !words.iter().any(|it| case.name.contains(it.as_str())) {
            continue;
        }
        let long = case.window_s;
        let is_one_of_many = case.experiments == MANY;
        let experiments = if is_test { 2 } else { number.unwrap_or(case.experiments) };
        let case = Case { experiments, ..case };
        // Long enough, and too short. One run has a fifth of what ten replications have.
        let case = case.over(if is_test { 1000.0 } else { long });
        let case = table.told(case, 10);
        if is_one_of_many && !is_test {
            let case = table.told(case.over(long / 20.0), 10);
            table.told(case.over(long * 2.0), 1);
        }
    }
    if args.iter().any(|it| it == "--record") {
        table.record();
    }
}

struct Table {
    text: String,
}

impl Table {
    fn line(&mut self, line: String) {
        println!("{line}");
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn told(&mut self, case: Case, replications: u32) -> Case {
        let rows = cases::rows(&case, replications, case.experiments);
        for ((metric, _), row) in case.truths.iter().zip(rows) {
            let metric = metric.rsplit('.').next().unwrap_or(metric);
            self.line(line(&case, replications, metric, &row));
        }
        case
    }

    fn record(&self) {
        std::fs::write(RECORD, &self.text).expect("the record can be written");
        let readme = std::fs::read_to_string("README.md").expect("there is a README");
        let from =
            readme.find("model            window s").or(readme.find("model           window s"));
        let from = from.expect("it shows the table");
        let to = from + readme[from..].find("```").expect("the table ends");
        let readme = format!("{}{}{}", &readme[..from], self.text, &readme[to..]);
        std::fs::write("README.md", readme).expect("the README can be written");
    }
}

fn line(case: &Case, replications: u32, metric: &str, row: &Row) -> String {
    let share = |part: usize, whole: usize| match whole {
        0 => "    -".to_owned(),
        _ => format!("{:5.1}", 100.0 * part as f64 / whole as f64),
    };
    format!(
        "{:<14} {:>9} {replications:>5} {:>5}  {metric:<13} {} % {:>12} % {} % {:4.1} % {:+5.1} %",
        case.name,
        case.window_s,
        row.experiments,
        share(row.covered, row.experiments),
        share(row.covered_of_told, row.told),
        share(row.told, row.experiments),
        100.0 * row.half_width,
        100.0 * row.bias,
    )
}
