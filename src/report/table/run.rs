//! One point in full: its classes, its devices and pools, what binds.

use super::grid::{Cell, Grid};
use super::{FULLEST, Page, UNSETTLED, cell, judged, objective_text, theory};
use crate::outcome::{Estimate, Kept, Outcome, Overload, Point, Unit};
use crate::report::figure;
use std::iter::once;

pub fn point(page: &mut Page, outcome: &Outcome, point: &Point) {
    if outcome.points.len() > 1 || point.users.is_some() || !point.settled {
        let title = title(outcome, point);
        let title = page.bold(&title);
        page.text.push_str(&format!("\n{title}\n"));
    }
    page.note_unsettled(once(point));
    page.table(
        "Requests",
        requests(point),
        "Arrivals: new requests. Goodput: answered correctly and in time. Attempts: tries per request, \
         retries included.",
    );
    responses(page, outcome, point);
    let fullest = match point.metrics.keys().any(|it| it.ends_with(FULLEST)) {
        true => {
            ", of several hosts or instances on average. Fullest: that of the busiest of them, which binds"
        }
        false => "",
    };
    page.table(
        "Devices and pools, busiest first",
        stations(point),
        &format!(
            "Utilization: busy share{fullest}. In use: how many are busy on average. In line: how many wait. \
             Waiting: from joining the line to being let in."
        ),
    );
    page.table(
        "Let in or not",
        gates(point),
        "How many a second: found the line full, were over the rate limit, were shed, were thrown away as \
         nobody waited for them any more, left the line, were interrupted by what matters more. Ejections: \
         instances left out for failing. Imbalance: the busiest instance by the mean. Same zone: calls that \
         stayed in theirs.",
    );
    page.table(
        "Accelerators",
        accelerators(point),
        "Batch: items in a batch, or sequences in an iteration, on average. First token: from asking to the first \
         of the output; then each further one. Put off: for want of memory, and begun anew.",
    );
    page.table(
        "Caches",
        caches(point),
        "Hit: the share of lookups that found what they looked for. Fetches: what was fetched after a miss.",
    );
    page.table(
        "Queues",
        queues(point),
        "Messages. Length: how many wait on average. Lag: from being sent to being acknowledged. \
         Redelivered: deliveries after a failed one. Dead: given up. Dropped or refused: the queue was full.",
    );
    page.table(
        "Sessions",
        sessions(point),
        "Begun, completed and abandoned, as a request had failed: so many a second. Requests: in one session. \
         Inside: how many are under way on average.",
    );
    page.table(
        "Standbys",
        standbys(point),
        "Commits: a second. Standby wait: what each pays for acknowledgements, on average. Standby lag: until a \
         standby's readers see a commit. Stale: the share of reads that miss something that was answered.",
    );
    page.table(
        "Memory, connections and credits",
        reserves(point),
        "Hits: reads that memory answers. Opened: connections, by all instances. Credits: the share that is \
         left at the end; out after: when they first did not do.",
    );
    let links = [
        (".link.carried", "carried"),
        (".link.utilization", "utilization"),
        (".link.utilization.fullest", "fuller"),
    ];
    page.table(
        "Links",
        by_name(point, &links),
        "Carried: in both directions. Utilization: of both, and of the fuller one.",
    );
    policies(page, point);
    coming_and_going(page, point);
    page.table("Altogether", altogether(point), "");
    theory::beside(page, point);
    theory::parts(page, point);
    verdict(page, point);
}

/// `monolith, cores 16 · day 14 · 61,234 users · zone a down`
fn title(outcome: &Outcome, point: &Point) -> String {
    let mut title = outcome.label(&point.model, &point.factors);
    if let Some(day) = point.day {
        title.push_str(&format!(" · {}", figure::on_day(day)));
    }
    if let Some(users) = point.users {
        title.push_str(&format!(" · {}", figure::exact(figure::users(users), Some(Unit::Users))));
    }
    if let Some(fault) = &point.fault {
        let fails = if fault.style == "surge" { "" } else { " fails" };
        title.push_str(&format!(" · {}{fails}", fault.what));
    }
    if !point.settled {
        title.push_str(UNSETTLED);
    }
    title
}

fn requests(point: &Point) -> Grid {
    let heads =
        ["class", "arrivals", "goodput", "degraded", "failed", "attempts", "failed because"];
    let mut grid = Grid::new(1, heads);
    for class in point.classes() {
        let of = |metric: &str| cell(point, &format!("{class}.{metric}"));
        let measured = ["arrivals", "goodput", "degraded", "failure_ratio", "attempts"].map(of);
        let mut row = vec![Cell::words(class)];
        row.extend(measured);
        row.push(Cell::words(reasons(point, class)));
        grid.rows.push(row);
    }
    grid
}

/// `timeout 80 %, refused 20 %`, the most frequent first.
fn reasons(point: &Point, class: &str) -> String {
    let prefix = format!("{class}.failed.");
    let reason = |(name, it): (&String, &crate::outcome::Estimate)| {
        Some((name.strip_prefix(&prefix)?.to_owned(), it.value))
    };
    let mut reasons: Vec<(String, f64)> = point.metrics.iter().filter_map(reason).collect();
    reasons.retain(|it| it.1 > 0.0);
    reasons.sort_by(|a, b| b.1.total_cmp(&a.1));
    let all: f64 = reasons.iter().map(|it| it.1).sum();
    let told = reasons.iter().map(|(name, rate)| format!("{name} {}", figure::share(rate / all)));
    told.collect::<Vec<_>>().join(", ")
}

fn responses(page: &mut Page, outcome: &Outcome, point: &Point) {
    let mut grid = Grid::new(1, ["class", "mean", "p50", "p95", "p99"]);
    let summary = outcome.summary(&point.model, &point.factors);
    for class in point.classes() {
        let mut row = vec![Cell::words(class)];
        for quantile in ["mean", "p50", "p95", "p99"] {
            let objective = format!("{class}.{quantile}");
            let bound = summary.and_then(|it| it.objectives.get(&objective));
            let estimate = point.metric(&format!("{class}.response.{quantile}"));
            row.push(match (estimate, bound) {
                (Some(it), Some(&bound)) => {
                    judged(it, point.keeps(&objective, bound), bound, false)
                }
                (Some(it), None) => Cell::figure(figure::figure(it)),
                (None, _) => Cell::default(),
            });
        }
        let prefix = format!("{class}.response.");
        if point.metrics.keys().any(|it| it.starts_with(&prefix)) {
            grid.rows.push(row);
        }
    }
    page.table(
        "Response time",
        grid,
        "From the moment a user meant to ask to the final answer, retries included. p95: 95 of 100 \
         answers come sooner.",
    );
    let objectives = summary.iter().flat_map(|it| &it.objectives);
    let told: Vec<String> =
        objectives.map(|(name, bound)| objective_told(point, name, *bound)).collect();
    if !told.is_empty() {
        page.note(&format!("Objectives: {}.", told.join("; ")));
    }
}

fn objective_told(point: &Point, objective: &str, bound: f64) -> String {
    let kept = match point.keeps(objective, bound) {
        Kept::Pass => "\u{a0}✓ kept",
        Kept::Fail => "\u{a0}✗ missed",
        Kept::CannotTell => "\u{a0}? cannot tell",
    };
    format!("{}{kept}", objective_text(objective, bound))
}

fn stations(point: &Point) -> Grid {
    let heads =
        ["name", "utilization", "fullest", "in use", "in line", "waiting, mean", "waiting, p95"];
    let mut grid = Grid::new(1, heads);
    let utilization = |it: &str| point.metrics[&format!("{it}.utilization")].value;
    let mut stations: Vec<&str> = point.stations().collect();
    stations.sort_by(|a, b| utilization(b).total_cmp(&utilization(a)));
    for station in stations {
        let of = |metric: &str| cell(point, &format!("{station}.{metric}"));
        let mut row = vec![Cell::words(station)];
        let line =
            if point.metric(&format!("{station}.line")).is_some() { "line" } else { "length" };
        let metrics =
            ["utilization", "utilization.fullest", "busy", line, "waiting.mean", "waiting.p95"];
        row.extend(metrics.map(of));
        grid.rows.push(row);
    }
    grid
}

fn caches(point: &Point) -> Grid {
    let mut grid = Grid::new(1, ["name", "lookups", "hit", "fetches"]);
    for name in point.metrics.keys().filter_map(|it| it.strip_suffix(".lookups")) {
        let of = |metric: &str| cell(point, &format!("{name}.{metric}"));
        let mut row = vec![Cell::words(name)];
        row.extend(["lookups", "hit_ratio", "fetches"].map(of));
        grid.rows.push(row);
    }
    grid
}

fn queues(point: &Point) -> Grid {
    let heads =
        ["name", "sent", "acknowledged", "length", "lag, mean", "lag, p95", "redelivered", "dead"];
    let mut grid = Grid::new(1, heads.into_iter().chain(["dropped", "refused"]));
    for name in point.metrics.keys().filter_map(|it| it.strip_suffix(".sent")) {
        let of = |metric: &str| cell(point, &format!("{name}.{metric}"));
        let mut row = vec![Cell::words(name)];
        row.extend(["sent", "acknowledged", "length", "lag.mean", "lag.p95"].map(of));
        row.extend(["redelivered", "dead", "dropped", "refused"].map(of));
        grid.rows.push(row);
    }
    grid
}

fn sessions(point: &Point) -> Grid {
    let heads = ["name", "begun", "completed", "abandoned", "requests", "inside"];
    let mut grid = Grid::new(1, heads.into_iter().chain(["duration, mean", "p95"]));
    for name in point.metrics.keys().filter_map(|it| it.strip_suffix(".begun")) {
        let of = |metric: &str| cell(point, &format!("{name}.{metric}"));
        let mut row = vec![Cell::words(name)];
        row.extend(["begun", "completed", "abandoned", "requests", "inside"].map(of));
        row.extend(["duration.mean", "duration.p95"].map(of));
        grid.rows.push(row);
    }
    grid
}

/// Of what rules say about services, whatever the model has.
fn gates(point: &Point) -> Grid {
    let kinds = [
        (".full", "full"),
        (".limited", "limited"),
        (".shed", "shed"),
        (".discarded", "discarded"),
        (".left", "left"),
        (".interrupted", "interrupted"),
        (".ejections", "ejections"),
        (".imbalance", "imbalance"),
        (".same_zone", "same zone"),
    ];
    by_name(point, &kinds)
}

fn accelerators(point: &Point) -> Grid {
    let kinds = [
        (".accelerator.batch", "batch"),
        (".accelerator.items", "items"),
        (".accelerator.tokens", "tokens"),
        (".accelerator.first_token.mean", "first token, mean"),
        (".accelerator.first_token.p95", "p95"),
        (".accelerator.output_token.mean", "then each"),
        (".accelerator.preempted", "put off"),
    ];
    by_name(point, &kinds)
}

/// Of what databases and their disks live on, whatever the model has.
fn standbys(point: &Point) -> Grid {
    by_name(
        point,
        &[
            (".commits", "commits"),
            (".standby_wait.mean", "standby wait"),
            (".standby_lag.mean", "standby lag"),
            (".standby_lag.p99", "lag p99"),
            (".reads.stale", "stale"),
            (".primary.up", "primary up"),
        ],
    )
}

fn reserves(point: &Point) -> Grid {
    by_name(
        point,
        &[
            (".buffer.hit_ratio", "hits"),
            (".connects", "opened"),
            (".credits", "credits"),
            (".credits.out", "out after"),
        ],
    )
}

/// A share of work done in vain that is worth telling.
const WASTE_WORTH_TELLING: f64 = 0.005;

/// What callers did to live with failure, and what was done in vain.
fn policies(page: &mut Page, point: &Point) {
    let kinds =
        [(".open", "open"), (".rejected", "rejected"), (".hedged", "hedged"), (".won", "won")];
    page.table(
        "Breakers and hedges",
        by_name(point, &kinds),
        "Open: the share of time for which breakers refuse calls; rejected: calls refused so. Hedged: \
         further tries per call; won: calls that one of those answered.",
    );
    let wasted = |it: &(&String, &crate::outcome::Estimate)| {
        (*it.0 == "wasted" || it.0.ends_with(".wasted")) && it.1.value >= WASTE_WORTH_TELLING
    };
    if point.metrics.iter().any(|it| wasted(&it)) {
        page.table(
            "Done in vain",
            by_name(point, &[(".wasted", "wasted"), (".visits", "visits")]),
            "Wasted: the share of its CPU or disk time that went into answers nobody waited for any more. \
             Visits: requests that reach a service for each that users make, retries included.",
        );
    }
}

/// Instances and hosts, where there are now more and now fewer of them.
fn coming_and_going(page: &mut Page, point: &Point) {
    let kinds = [
        (".instances.wanted", "wanted"),
        (".instances", "ready"),
        (".instances.max", "most wanted"),
        (".instances.started", "started"),
        (".instances.stopped", "stopped"),
        (".instances.evicted", "evicted"),
        (".cpu.request", "cores each"),
        (".rollbacks", "taken back"),
    ];
    let scaled = |it: &str| point.metrics.contains_key(&format!("{it}.instances.wanted"));
    page.table(
        "Instances that come and go",
        by_name_of(point, &kinds, scaled),
        "Wanted and ready: on average.",
    );
    let kinds = [
        (".hosts", "there"),
        (".hosts.max", "most"),
        (".hosts.added", "added"),
        (".hosts.removed", "removed"),
    ];
    page.table("Hosts that come and go", by_name(point, &kinds), "There: on average.");
}

/// Figures by the ends of their names, each in a column if there is any; a row for each beginning.
fn by_name(point: &Point, kinds: &[(&str, &str)]) -> Grid {
    by_name_of(point, kinds, |_| true)
}

/// The same, of some names.
fn by_name_of(point: &Point, kinds: &[(&str, &str)], told: impl Fn(&str) -> bool) -> Grid {
    let has = |kind: &str| point.metrics.keys().any(|it| it.ends_with(kind));
    let kinds: Vec<_> = kinds.iter().copied().filter(|it| has(it.0)).collect();
    let mut grid = Grid::new(1, once("name").chain(kinds.iter().map(|it| it.1)));
    let mut names: Vec<&str> = Vec::new();
    for metric in point.metrics.keys() {
        let of = kinds.iter().find_map(|(kind, _)| metric.strip_suffix(*kind));
        names.extend(of.filter(|it| told(it) && !names.contains(it)));
    }
    for name in names {
        let mut row = vec![Cell::words(name)];
        row.extend(kinds.iter().map(|(kind, _)| cell(point, &format!("{name}{kind}"))));
        grid.rows.push(row);
    }
    grid
}

/// Metrics of the whole system.
fn altogether(point: &Point) -> Grid {
    let heads = [
        ("availability", "availability"),
        ("downtime", "downtime"),
        ("headroom", "headroom"),
        ("lost_writes", "lost writes"),
        ("cost.hour", "cost an hour"),
        ("cost.month", "cost a month"),
        ("cost.egress", "egress a month"),
        ("revenue.lost", "lost revenue"),
        ("users.lost", "lost users"),
    ];
    let mut grid = Grid::new(0, heads.map(|it| it.1));
    let row: Vec<Cell> = heads.iter().map(|it| cell(point, it.0)).collect();
    if heads.iter().any(|it| point.metric(it.0).is_some()) {
        grid.rows.push(row);
    }
    grid
}

fn verdict(page: &mut Page, point: &Point) {
    page.text.push('\n');
    if let Some(overload) = &point.overloaded
        && point.metric(&format!("{}.sent", overload.by)).is_some()
    {
        page.note(&format!(
            "Overloaded: messages are sent faster than the consumers of {} can take them. They grow by {} a \
             second, so that those in it have no steady lag to tell.",
            overload.by,
            growth(overload),
        ));
    } else if let Some(overload) = &point.overloaded {
        page.note(&format!(
            "Overloaded: work arrives faster than {} can do it. The backlog grows by {} requests a second, \
             so what waits there has no steady response time to tell.",
            overload.by,
            growth(overload),
        ));
    } else if let Some(bottleneck) = &point.bottleneck {
        let busy = figure::share(bottleneck.utilization);
        let of = match point.metric(&format!("{}{FULLEST}", bottleneck.name)) {
            Some(_) => "the fullest ",
            None => "",
        };
        let full = match bottleneck.utilization {
            it if it >= FULL => " It can hardly do more.".to_owned(),
            it if it > 0.001 => format!(" It would be full at {} times this load.", times(it)),
            _ => String::new(),
        };
        page.note(&format!("Bottleneck: {}, {of}{busy} busy.{full}", bottleneck.name));
    }
}

/// What is busier than this has no load to tell at which it would be full: it may be beyond it.
const FULL: f64 = 0.98;

/// By how much a backlog grows every second.
fn growth(overload: &Overload) -> String {
    match overload.half_width {
        None => figure::exact(overload.backlog_per_s, None),
        half_width => {
            let per_s = Estimate::new(overload.backlog_per_s, half_width, 0.95, Unit::Count);
            figure::figure(&per_s).to_string()
        }
    }
}

/// How often the load fits into what is there.
fn times(utilization: f64) -> String {
    match utilization {
        it if it > 0.0 => figure::rounded(1.0 / it, if it > 0.1 { 2 } else { 0 }),
        _ => "any number of".to_owned(),
    }
}
