//! Links between places: the one that names both ends most closely is the one that is crossed.

use super::answered_at;
use crate::support::{Model, model};

/// An application in zone `a` calls a service elsewhere, each of which works for a millisecond.
fn world(links: &str) -> Model {
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
            "links": [{links}],
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
