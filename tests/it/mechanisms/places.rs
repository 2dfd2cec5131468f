//! Links between places: the one that names both ends most closely is the one that is crossed.

use super::{Request, answered_at, ends, outcome, scene_with};
use crate::support::{Model, model};
use outgrow::ids::Id;

/// An application in zone `a` calls a service elsewhere, each of which works for a millisecond.
fn world(links: &str) -> Model {
    world_with(links, "")
}

/// The same, with something that fails from half a second on.
fn world_with(links: &str, fault: &str) -> Model {
    let faults = match fault {
        "" => String::new(),
        it => format!(r#""faults": [{{ {it}, "every": "500ms", "for": "5s" }}],"#),
    };
    let zones = ["b", "c", "gpu", "own"];
    let host = |zone: &&str| format!(r#""{zone}": {{ "zones": ["{zone}"], "cores": 1 }}"#);
    let service = |zone: &&str| {
        format!(
            r#""{zone}": {{ "hosts": "{zone}", "operations": {{ "do": [{{ "cpu": "1ms" }}] }} }}"#
        )
    };
    let operation = |zone: &&str| format!(r#""to_{zone}": [{{ "call": "{zone}.do" }}]"#);
    let class = |zone: &&str| {
        format!(
            r#""{zone}": {{ "call": "app.to_{zone}", "closed": {{ "users": 1, "think": "1s" }} }}"#
        )
    };
    let all = |of: &dyn Fn(&&str) -> String| zones.iter().map(of).collect::<Vec<_>>().join(", ");
    model(&format!(
        r#"{{
            "name": "world",
            "zones": {{
                "a": {{ "provider": "aws", "region": "east" }},
                "b": {{ "provider": "aws", "region": "east" }},
                "c": {{ "provider": "aws", "region": "west" }},
                "gpu": {{ "provider": "gcp", "region": "east" }},
                "own": {{}}
            }},
            "links": [{links}], {faults}
            "hosts": {{ "here": {{ "zones": ["a"], "cores": 1 }}, {} }},
            "services": {{ "app": {{ "hosts": "here", "operations": {{ {} }} }}, {} }},
            "traffic": {{ {} }}
        }}"#,
        all(&host),
        all(&operation),
        all(&service),
        all(&class)
    ))
}

#[test]
fn a_link_between_providers_is_crossed_there_and_back() {
    let model = world(r#"{ "between": ["aws", "gcp"], "latency": "15ms" }"#);
    answered_at(&model, &[1.0, 1.0, 31.0, 1.0]);
}

#[test]
fn a_region_goes_before_a_provider_and_that_before_any() {
    let links = r#"
        { "between": ["*", "*"], "latency": "50ms" },
        { "between": ["aws", "aws"], "latency": "10ms" },
        { "between": ["aws/east", "aws/east"], "latency": "1ms" },
        { "between": ["gcp", "*"], "latency": "20ms" }"#;
    answered_at(&world(links), &[3.0, 21.0, 41.0, 101.0]);
}

#[test]
fn a_zone_that_is_named_outright_goes_before_its_region() {
    let links = r#"
        { "between": ["east", "aws"], "latency": "10ms" },
        { "between": ["b", "*"], "latency": "2ms" }"#;
    answered_at(&world(links), &[5.0, 21.0, 21.0, 1.0]);
}

#[test]
fn a_link_between_places_is_bad_for_all_their_zones() {
    let slow = |ends: &str| world_with("", &format!(r#""link": [{ends}], "latency": "5ms""#));
    answered_at(&slow(r#""aws", "gcp""#), &[1.0, 1.0, 11.0, 1.0]);
    answered_at(&slow(r#""aws", "aws""#), &[11.0, 11.0, 1.0, 1.0]);
    answered_at(&slow(r#""aws/east", "*""#), &[11.0, 11.0, 11.0, 11.0]);
}

#[test]
fn regions_are_parted_from_each_other_and_not_within() {
    let model = world_with("", r#""partition": ["aws/east", "west"]"#);
    let there = (1.0, "answered");
    assert_eq!(ends(&model), [there, (0.0, "unreachable"), there, there]);
}

/// A front in one zone asks a back in another, which waits for a millisecond.
fn sized(link: &str, requests: &[Request]) -> Model {
    let hosts =
        r#""left": { "cores": 1, "zones": ["a"] }, "right": { "cores": 1, "zones": ["b"] }"#;
    let services = r#"
        "front": { "hosts": "left", "operations": {
            "go": [{ "call": "back.run", "request": "2kB", "answer": "5kB" }],
            "fail": [{ "call": "back.fail", "request": "2kB", "answer": "5kB" }],
            "plain": [{ "call": "back.run" }] } },
        "back": { "hosts": "right", "operations": {
            "run": [{ "wait": "1ms" }], "fail": [{ "fail": 1 }] } }"#;
    scene_with(hosts, link, services, "", requests)
}

#[test]
fn messages_go_over_a_link_one_after_the_other_each_way_and_then_take_its_latency() {
    let link = r#"{ "between": ["a", "b"], "latency": "3ms", "bandwidth": "1MB/s" }"#;
    // A thousand bytes take a millisecond. Calls have gone at 12, 14 and 16, and come 3 later; answers
    // set out at 16, 18 and 20, and have gone at 21, 26 and 31.
    let requests = [(10.0, "front.go", ""); 3];
    answered_at(&sized(link, &requests), &[24.0, 29.0, 34.0]);
    let model = sized(link, &requests);
    let (_, usage) = outcome(&model);
    let busy_ms: Vec<u64> = usage.pipes.as_slice().iter().map(|it| it / 1_000_000).collect();
    assert_eq!(busy_ms, [6, 15]);
    assert_eq!(usage.moved[..4], [0, 6000, 15_000, 0]);
}

#[test]
fn what_has_no_size_waits_for_what_is_being_sent_and_a_failure_has_none() {
    let link = r#"{ "between": ["a", "b"], "latency": "0ms", "bandwidth": "1MB/s" }"#;
    let requests = [(0.0, "front.go", ""), (1.0, "front.plain", ""), (20.0, "front.fail", "")];
    // The second call waits until the first has gone at 2, and its answer until 8.
    let expected = [(8.0, "answered"), (8.0, "answered"), (22.0, "error")];
    assert_eq!(ends(&sized(link, &requests)), expected);
}

#[test]
fn zones_of_one_provider_share_the_link_to_another() {
    let links = r#"{ "between": ["gcp", "aws"], "latency": "0ms", "bandwidth": "1MB/s" }"#;
    let model = world(links);
    let ways: Vec<_> = model.network.ways.iter().flatten().map(|it| it.pipe.unwrap()).collect();
    // From a, b and c to the other provider, and from there to each of them.
    let [first, second] = [0, 1].map(outgrow::network::PipeId::new);
    assert_eq!(ways, [second, second, second, first, first, first]);
}

#[test]
fn egress_is_billed_where_data_leaves_by_the_closest_name() {
    let links = r#"{ "between": ["*", "*"], "latency": "0ms",
                     "egress": { "aws": "0.02/GB", "west": "0.05/GB", "c": "1/TB" } }"#;
    let model = world(links);
    let price = |from: usize, to: usize| {
        let way = model.network.ways[from * 5 + to];
        way.map(|it| it.price_per_byte * 1e9)
    };
    assert_eq!([price(0, 3), price(2, 3), price(3, 0)], [Some(0.02), Some(0.001), None]);
}
