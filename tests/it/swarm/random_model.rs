//! Random valid models by seed, with every kind of step, and faults to go with them.

use outgrow::ids::Id;
use outgrow::network::{Fault, FaultStyle, HostId, Network};
use outgrow::rng::Draw;
use outgrow::units::{Span, Time};
use serde_json::{Value, json};

/// Chance, for as long as one model takes to write.
pub struct Dice(Draw);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(Draw::at(outgrow::rng::mix(seed), 0x5EED))
    }
    fn below(&mut self, end: u64) -> u64 {
        self.0.below(end)
    }
    fn from(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }
    fn chance(&mut self, of: f64) -> bool {
        self.0.unit() < of
    }
    fn one_of<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        &all[self.below(all.len() as u64) as usize]
    }

    /// Whole milliseconds as often as not, so that things fall on the same instant.
    fn time(&mut self, longest_ms: u64) -> Value {
        let ms = self.from(1, longest_ms);
        match self.below(6) {
            0..=2 => json!(format!("{ms}ms")),
            3 => json!({ "exponential": format!("{ms}ms") }),
            4 => json!({ "lognormal": { "mean": format!("{ms}ms"), "cv": 1.5 } }),
            _ => json!({ "hyperexponential": { "mean": format!("{ms}ms"), "cv": 2.0 } }),
        }
    }

    fn span(&mut self, low_ms: u64, high_ms: u64) -> Value {
        json!(format!("{}ms", self.from(low_ms, high_ms)))
    }
}

/// What the steps of one service may refer to.
struct Place {
    service: u64,
    services: u64,
    operations: Vec<u64>,
    pools: u64,
    /// Whether there is a pool "c" of connections to the next service that must be opened.
    connects: bool,
    disk: bool,
}

/// A model's text. Without `closed` classes, its work comes to an end when its arrivals do.
pub fn random_model(seed: u64, closed: bool) -> Value {
    let mut dice = Dice::new(seed);
    let zones = dice.from(1, 3);
    let groups = dice.from(1, 3);
    let services = dice.from(1, 4);
    let operations: Vec<u64> = (0..services).map(|_| dice.from(1, 2)).collect();
    let mut model = json!({ "name": format!("seed {seed}") });
    model["zones"] = (0..zones).map(|it| (format!("z{it}"), json!({}))).collect();
    model["links"] = links(&mut dice, zones);
    let disks: Vec<bool> = (0..groups).map(|_| dice.chance(0.8)).collect();
    let host_groups =
        (0..groups).map(|it| (format!("h{it}"), host(&mut dice, zones, disks[it as usize])));
    model["hosts"] = host_groups.collect();
    let mut written = serde_json::Map::new();
    for service in 0..services {
        let group = dice.below(groups);
        let pools = dice.below(3);
        let disk = disks[group as usize];
        let connects = service + 1 < services && dice.chance(0.5);
        let operations = operations.clone();
        let place = Place { service, services, operations, pools, connects, disk };
        written.insert(format!("s{service}"), self::service(&mut dice, group, &place));
    }
    // What is kept open must not be more than the other end takes.
    for service in 1..services {
        let to = &written[&format!("s{service}")];
        if to.get("connections").is_some() || to.get("line") == Some(&json!(0)) {
            let from = &mut written[&format!("s{}", service - 1)];
            if let Some(minimum) = from.pointer_mut("/pools/c/connect/minimum") {
                *minimum = json!(0);
            }
        }
    }
    model["services"] = Value::Object(written);
    let classes = dice.from(1, 3);
    let traffic =
        (0..classes).map(|it| (format!("c{it}"), class(&mut dice, operations[0], closed)));
    model["traffic"] = traffic.collect();
    model
}

fn links(dice: &mut Dice, zones: u64) -> Value {
    let count = dice.below(3);
    let link = |dice: &mut Dice| {
        let end = |dice: &mut Dice| match dice.below(3) {
            0 => "*".to_owned(),
            _ => format!("z{}", dice.below(zones)),
        };
        let between = [end(dice), end(dice)];
        let latency = if dice.chance(0.1) { json!("0s") } else { dice.time(3) };
        json!({ "between": between, "latency": latency })
    };
    (0..count).map(|_| link(dice)).collect()
}

fn host(dice: &mut Dice, zones: u64, disk: bool) -> Value {
    let mut host = json!({ "count": dice.from(1, 3), "cores": dice.from(1, 4) });
    if dice.chance(0.5) {
        host["zones"] =
            json!([format!("z{}", dice.below(zones)), format!("z{}", dice.below(zones))]);
    }
    if dice.chance(0.3) {
        host["speed"] = json!(*dice.one_of(&[0.5, 2.0]));
    }
    if dice.chance(0.5) {
        host["boot"] = dice.span(0, 100);
    }
    if disk {
        host["disk"] = self::device(dice);
        if dice.chance(0.3) {
            host["log"] = self::device(dice);
        }
    }
    host
}

/// A disk with any of the limits that there are.
fn device(dice: &mut Dice) -> Value {
    let mut disk = json!({ "depth": dice.from(1, 3) });
    match dice.below(4) {
        0 | 1 => disk["access"] = dice.time(4),
        2 => {
            disk["access"] = dice.time(4);
            disk["iops"] = json!(dice.from(200, 2000));
        }
        _ => {
            disk["iops"] = json!(dice.from(200, 2000));
            disk["bandwidth"] = json!("10MiB/s");
        }
    }
    if dice.chance(0.5) {
        disk["sync"] = dice.time(4);
    }
    match dice.below(4) {
        0 if disk.get("iops").is_some() => {
            disk["burst"] = json!({ "iops": 5000, "credits": dice.from(1, 300), "start": 0.5 });
        }
        1 => {
            disk["bandwidth"] = json!("5MiB/s");
            disk["burst"] = json!({ "bandwidth": "20MiB/s", "credit_bytes": "1MiB" });
        }
        _ => {}
    }
    disk
}

fn service(dice: &mut Dice, group: u64, place: &Place) -> Value {
    let balance =
        *dice.one_of(&["none", "random", "round_robin", "least_outstanding", "power_of_two"]);
    let mut service = json!({
        "hosts": format!("h{group}"), "instances": dice.from(1, 4), "balance": balance,
    });
    match dice.below(4) {
        0 => {}
        1 => service["connections"] = json!(dice.from(1, 8)),
        2 => service["workers"] = json!(dice.from(1, 8)),
        _ => {
            service["workers"] = json!(dice.from(1, 4));
            service["line"] = json!(dice.below(8));
        }
    }
    if dice.chance(0.3) {
        service["cpu"] = json!({ "request": 2.0 });
        if dice.chance(0.5) {
            service["cpu"]["limit"] = json!(*dice.one_of(&[0.5, 1.0, 1.5]));
        }
    }
    if dice.chance(0.6) {
        service["health"] = json!({
            "interval": dice.span(10, 100), "timeout": dice.span(0, 150),
            "unhealthy": dice.from(1, 3), "healthy": dice.from(1, 2),
        });
    }
    if dice.chance(0.5) {
        service["start"] = dice.span(0, 50);
    }
    service["pools"] = (0..place.pools).map(|it| (format!("p{it}"), pool(dice))).collect();
    if place.connects {
        service["pools"]["c"] = connecting_pool(dice, place);
    }
    if dice.chance(0.3) {
        service["buffer"] =
            json!({ "memory": "1MiB", "data": "3MiB", "skew": 0.8, "cold": dice.chance(0.5) });
    }
    let count = place.operations[place.service as usize];
    let operations = (0..count).map(|it| (format!("o{it}"), steps(dice, place, 3, false)));
    service["operations"] = operations.collect();
    if service["operations"].to_string().contains("\"commit\"") && dice.chance(0.3) {
        service["group_commit"] = json!({ "delay": dice.span(0, 5), "siblings": dice.below(3) });
    }
    service
}

/// Connections to an operation of the next service, which may do anything to open one.
fn connecting_pool(dice: &mut Dice, place: &Place) -> Value {
    let mut pool = pool(dice);
    let to = place.service + 1;
    let operation = dice.below(place.operations[to as usize]);
    pool["connect"] = json!({ "call": format!("s{to}.o{operation}"), "minimum": dice.below(2) });
    if dice.chance(0.7) {
        pool["connect"]["idle"] = dice.span(0, 50);
    }
    pool
}

fn pool(dice: &mut Dice) -> Value {
    let mut pool = json!({ "size": dice.from(1, 4) });
    if dice.chance(0.6) {
        pool["patience"] = dice.span(0, 40);
    }
    if dice.chance(0.3) {
        pool["line"] = json!(dice.below(5));
    }
    pool
}

fn steps(dice: &mut Dice, place: &Place, nesting: u64, locked: bool) -> Value {
    let count = dice.below(4);
    (0..count).map(|_| step(dice, place, nesting, locked)).collect()
}

fn step(dice: &mut Dice, place: &Place, nesting: u64, locked: bool) -> Value {
    let calls = place.service + 1 < place.services;
    match dice.below(15) {
        14 => json!({ "fail": 0.1 }),
        0 | 1 => json!({ "cpu": dice.time(6) }),
        2 => json!({ "wait": dice.time(10) }),
        3 if place.disk => disk(dice),
        4 if place.disk => json!({ "commit": {} }),
        5..=8 if calls && !locked => call(dice, place),
        9 if nesting > 0 && !locked => parallel(dice, place, nesting - 1),
        10 if nesting > 0 => choose(dice, place, nesting - 1, locked),
        11 if nesting > 0 && !locked => {
            let table = dice.below(2);
            let count = if table == 0 { 3 } else { 50 };
            let rows = json!({ "rows": count, "skew": 0.7, "table": format!("t{table}") });
            json!({ "lock": rows, "do": steps(dice, place, nesting - 1, true) })
        }
        12 | 13 if nesting > 0 => cache(dice, place, nesting - 1, locked),
        _ => json!({ "wait": "0s" }),
    }
}

/// One of two caches of the service, or a bare share of hits.
fn cache(dice: &mut Dice, place: &Place, nesting: u64, locked: bool) -> Value {
    let mut caches = [
        json!({ "hit": 0.5 }),
        json!({ "keys": 20, "skew": 0.8, "capacity": 5, "name": "own", "ttl": "50ms", "evict": "lfu", "cold": true }),
        json!({ "keys": 10, "skew": 0.5, "name": "all", "shared": true, "ttl": "30ms", "renew": true }),
    ];
    // Only what is furthest in may wait for others' fetches, lest they wait for each other.
    let may_wait = !locked && nesting == 0;
    if may_wait && dice.chance(0.7) {
        caches[0] = json!({ "keys": 3, "name": "awaited", "cold": true, "ttl": "20ms", "coalesce": true, "shared": place.service == 0 });
    }
    let which = dice.below(3) as usize;
    json!({ "cache": caches[which], "miss": steps(dice, place, nesting, locked) })
}

fn disk(dice: &mut Dice) -> Value {
    match dice.below(5) {
        0 => json!({ "disk": { "read": "8KiB", "count": dice.from(1, 4), "hit": 0.5 } }),
        1 => json!({ "disk": { "read": "8KiB", "count": dice.from(1, 4) } }),
        2 => json!({ "disk": { "read": "256KiB", "chunk": "64KiB", "rate": "4MiB/s" } }),
        3 => json!({ "disk": { "write": "64KiB", "count": dice.from(1, 2), "wait": false } }),
        _ => json!({ "disk": { "write": "64KiB", "count": dice.from(1, 2) } }),
    }
}

fn call(dice: &mut Dice, place: &Place) -> Value {
    let to = dice.from(place.service + 1, place.services - 1);
    let operation = dice.below(place.operations[to as usize]);
    let mut call = json!({ "call": format!("s{to}.o{operation}"), "times": dice.from(1, 2) });
    let over_connections = place.connects && to == place.service + 1 && dice.chance(0.5);
    if dice.chance(0.3) {
        call["share"] = json!(0.5);
    }
    if over_connections {
        call["through"] = json!("c");
    } else if place.pools > 0 && dice.chance(0.6) {
        call["through"] = json!(format!("p{}", dice.below(place.pools)));
    }
    policies(dice, &mut call, place.service, to);
    if dice.chance(0.2) {
        call["fallback"] = steps(dice, place, 0, false);
    }
    call
}

/// What a class or call does to live with failure. Calls to one service share breaker and budget, and so
/// have the same.
fn policies(dice: &mut Dice, caller: &mut Value, from: u64, to: u64) {
    if dice.chance(0.4) {
        caller["timeout"] = dice.span(10, 60);
    }
    let budget = json!({ "share": 0.1 * from as f64, "minimum": "5/s", "burst": 2 + to });
    match dice.below(5) {
        0 | 1 => {
            caller["retry"] = retry(dice);
            if dice.chance(0.3) {
                caller["retry"]["budget"] = budget;
            }
        }
        2 => caller["hedge"] = hedge(dice, budget),
        _ => {}
    }
    if dice.chance(0.25) {
        let window = if to % 2 == 0 { json!(4 + to) } else { json!("50ms") };
        caller["breaker"] = json!({
            "window": window, "minimum": 3, "open": "30ms", "slow": "20ms", "trials": 1 + from,
        });
    }
    if dice.chance(0.2) {
        let deadline = dice.span(61, 150);
        caller["deadline"] =
            if dice.chance(0.5) { deadline } else { json!({ "exponential": deadline }) };
    }
    if dice.chance(0.3) {
        caller["cancel"] = json!(true);
    }
}

fn hedge(dice: &mut Dice, budget: Value) -> Value {
    let after = match dice.below(3) {
        0 => json!({ "percentile": 0.8 }),
        _ => dice.span(0, 9),
    };
    let mut hedge = json!({ "after": after, "most": dice.from(2, 4) });
    if dice.chance(0.3) {
        hedge["budget"] = budget;
    }
    hedge
}

fn retry(dice: &mut Dice) -> Value {
    let mut retry = json!({ "attempts": dice.from(1, 4) });
    if dice.chance(0.2) {
        retry["on"] = json!(["timeout", "refused"]);
    }
    match dice.below(5) {
        0 => {}
        1 => retry["backoff"] = dice.span(0, 20),
        2 => {
            let kinds = [
                json!({ "fixed": { "pause": dice.span(0, 9), "jitter": "full" } }),
                json!({ "decorrelated": { "base": dice.span(1, 5), "cap": "40ms" } }),
                json!({ "random": dice.time(5) }),
            ];
            retry["backoff"] = dice.one_of(&kinds).clone();
        }
        _ => {
            let jitter = *dice.one_of(&["none", "full", "equal"]);
            retry["backoff"] = json!({ "exponential": { "base": dice.span(1, 10), "cap": "40ms", "jitter": jitter } });
        }
    }
    retry
}

fn parallel(dice: &mut Dice, place: &Place, nesting: u64) -> Value {
    let branches = dice.from(1, 3);
    let lists: Vec<Value> = (0..branches).map(|_| steps(dice, place, nesting, false)).collect();
    let mut parallel = json!({ "parallel": lists });
    if dice.chance(0.5) {
        parallel["need"] = json!(dice.from(1, branches));
    }
    if dice.chance(0.3) {
        parallel["cancel"] = json!(true);
    }
    parallel
}

fn choose(dice: &mut Dice, place: &Place, nesting: u64, locked: bool) -> Value {
    let count = dice.from(1, 3);
    let option = |dice: &mut Dice| json!({ "weight": dice.from(1, 3), "do": steps(dice, place, nesting, locked) });
    let options: Vec<Value> = (0..count).map(|_| option(dice)).collect();
    json!({ "choose": options })
}

fn class(dice: &mut Dice, operations: u64, closed: bool) -> Value {
    let mut class = json!({ "call": format!("s0.o{}", dice.below(operations)) });
    if closed && dice.chance(0.5) {
        class["closed"] = json!({ "users": dice.from(1, 30), "think": dice.time(50) });
    } else {
        class["rate"] = json!(format!("{}/s", dice.from(20, 300)));
    }
    policies(dice, &mut class, 0, 0);
    if dice.chance(0.2) {
        class["background"] = json!(true);
    }
    class
}

/// Up to four faults of hosts or zones between 0.1 s and 1.5 s, which may overlap.
pub fn random_faults(seed: u64, network: &Network) -> Vec<Fault> {
    let mut dice = Dice::new(!seed);
    let fault = |dice: &mut Dice| {
        let all: Vec<HostId> = network.hosts.ids().collect();
        let one = *dice.one_of(&all);
        let zone = network.hosts[one].zone;
        let hosts = match dice.chance(0.5) {
            true => all.into_iter().filter(|it| network.hosts[*it].zone == zone).collect(),
            false => vec![HostId::new(one.index())],
        };
        let at = Span::from_nanos(dice.from(100, 1000) * 1_000_000);
        let length = Span::from_nanos(dice.from(1, 500) * 1_000_000);
        let style = *dice.one_of(&[FaultStyle::Crash, FaultStyle::Silence]);
        Fault { hosts, at: Time::ZERO + at, until: Time::ZERO + at + length, style }
    };
    (0..dice.below(5)).map(|_| fault(&mut dice)).collect()
}
