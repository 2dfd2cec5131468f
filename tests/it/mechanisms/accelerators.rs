//! Batches and generation token by token: who is let in when, how long it takes, and outages.

use super::*;
use outgrow::network::FaultStyle::{Crash, Silence};
use outgrow::network::{AcceleratorId, FaultStyle, HostId};
use outgrow::sim::Served;

/// A service on a host with accelerators, whose operations ask for what their names say.
fn served_by(accelerator: &str, operations: &str, requests: &[Request]) -> Model {
    let hosts =
        format!(r#""gpu": {{ "cores": 8, "boot": "5ms", "accelerator": {{ {accelerator} }} }}"#);
    let services = format!(r#""model": {{ "hosts": "gpu", "operations": {{ {operations} }} }}"#);
    scene(&hosts, "", &services, requests)
}

fn gpu(batch: &str, requests: &[Request]) -> Model {
    let operations = r#""one": [{ "accelerator": {} }],
        "late": [{ "cpu": "5ms" }, { "accelerator": {} }],
        "row": [{ "lock": { "rows": 1 }, "do": [{ "accelerator": {} }] }]"#;
    served_by(batch, operations, requests)
}

/// Prompts of 10 tokens, outputs of as many as their names say.
fn llm(generation: &str, requests: &[Request]) -> Model {
    let operations = r#""one": [{ "accelerator": { "prompt": 10, "output": 1 } }],
        "five": [{ "accelerator": { "prompt": 10, "output": 5 } }],
        "ten": [{ "accelerator": { "prompt": 10, "output": 10 } }]"#;
    served_by(generation, operations, requests)
}

fn failing(model: Model, at_ms: f64, until_ms: f64, style: FaultStyle) -> Model {
    let text = |ms: f64| format!("{}ms", 1000.0 + ms);
    model.fault(vec![HostId::new(0)], &text(at_ms), &text(until_ms), style)
}

fn served(model: &Model) -> Served {
    outcome_from(model, "999ms").1.accelerators[AcceleratorId::new(0)]
}

#[test]
fn whatever_waits_when_an_accelerator_is_free_is_one_batch() {
    let batch = r#""batch": { "most": 4, "base": "10ms", "per_item": "1ms" }"#;
    let requests = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0].map(|at| (at, "model.one", ""));
    // One alone, then the four that came meanwhile, then the last.
    let model = gpu(batch, &requests);
    answered_at(&model, &[11.0, 25.0, 25.0, 25.0, 25.0, 36.0]);
    let seen = served(&model);
    assert_eq!((seen.batches, seen.items, seen.busy), (3, 6, 36_000_000));
    assert_eq!(seen.line, (10 + 9 + 8 + 7 + 20) * 1_000_000);
}

#[test]
fn the_oldest_waits_for_others_no_longer_than_it_may() {
    let batch = r#""batch": { "most": 3, "wait": "5ms", "base": "10ms", "per_item": "1ms" }"#;
    let requests = [0.0, 3.0, 20.0, 21.0, 22.0].map(|at| (at, "model.one", ""));
    answered_at(&gpu(batch, &requests), &[17.0, 17.0, 35.0, 35.0, 35.0]);
}

#[test]
fn who_joins_the_line_at_the_end_of_the_wait_is_in_the_batch_if_something_ended_then() {
    // What times out goes before what arrives, and after what finishes.
    let batch = r#""batch": { "most": 9, "wait": "5ms", "base": "10ms" }"#;
    let requests = [(0.0, "model.one", ""), (0.0, "model.late", ""), (5.0, "model.one", "")];
    answered_at(&gpu(batch, &requests), &[15.0, 15.0, 25.0]);
}

#[test]
fn enough_items_need_not_wait_and_a_batch_may_still_take_more() {
    let batch = r#""batch": { "most": 8, "enough": 3, "wait": "50ms", "base": "10ms" }"#;
    let requests = [0.0, 1.0, 2.0, 4.0, 5.0, 6.0, 7.0].map(|at| (at, "model.one", ""));
    answered_at(&gpu(batch, &requests), &[12.0, 12.0, 12.0, 22.0, 22.0, 22.0, 22.0]);
}

#[test]
fn a_request_is_never_split_nor_overtaken() {
    let batch = r#""batch": { "most": 4, "base": "10ms", "per_item": "1ms" }"#;
    let requests = [
        (0.0, "model.one", ""),
        (1.0, "model.two", ""),
        (2.0, "model.three", ""),
        (3.0, "model.one", ""),
    ];
    let operations = r#""one": [{ "accelerator": {} }], "two": [{ "accelerator": { "items": 2 } }],
        "three": [{ "accelerator": { "items": 3 } }]"#;
    // Two and three do not fit together, so the one behind them comes with the three.
    answered_at(&served_by(batch, operations, &requests), &[11.0, 23.0, 37.0, 37.0]);
}

#[test]
fn several_accelerators_of_a_host_take_from_one_line() {
    let batch = r#""count": 2, "batch": { "most": 2, "base": "10ms" }"#;
    let requests = [0.0, 1.0, 2.0, 3.0, 4.0].map(|at| (at, "model.one", ""));
    answered_at(&gpu(batch, &requests), &[10.0, 11.0, 20.0, 20.0, 21.0]);
}

#[test]
fn a_row_may_be_held_meanwhile() {
    let batch = r#""batch": { "most": 9, "base": "10ms" }"#;
    let requests = [(0.0, "model.row", ""), (0.0, "model.row", ""), (1.0, "model.one", "")];
    // The first lets go of its row when the next batch has begun.
    answered_at(&gpu(batch, &requests), &[10.0, 30.0, 20.0]);
}

const CONTINUOUS: &str = r#""continuous": { "most": 2, "base": "10ms", "per_sequence": "1ms", "per_prompt_token": "100us" }"#;

#[test]
fn requests_join_and_leave_between_two_iterations() {
    // Ten alone: 11 ms with the prompt, then 11 each. Five comes at 15 and waits for 22; that iteration
    // takes 10 + 1 + 1, three more 12 each and are at 70; one comes at 40 and finds both places taken
    // until five is done.
    let requests = [(0.0, "model.ten", ""), (15.0, "model.five", ""), (40.0, "model.one", "")];
    let model = llm(CONTINUOUS, &requests);
    let five = 22.0 + 12.0 + 4.0 * 12.0;
    let one = five + 12.0;
    // Ten has had 2 + 5 + 1 tokens by then, and has two to come alone.
    answered_at(&model, &[one + 2.0 * 11.0, five, one]);
    let seen = served(&model);
    assert_eq!((seen.items, seen.prompts, seen.prefills), (16, 30, 3));
    assert_eq!(seen.batches, 10);
    assert_eq!(seen.busy, 116_000_000);
}

#[test]
fn whoever_comes_at_the_very_instant_of_an_iteration_is_in_it() {
    // The second comes when the second iteration begins, 11 ms after the first.
    let requests = [(0.0, "model.five", ""), (11.0, "model.one", ""), (0.0, "model.one", "")];
    // Together with the third: 10 + 2 ms of prompts; so the second comes at 11 and waits for 12.
    answered_at(&llm(CONTINUOUS, &requests), &[12.0 + 12.0 + 3.0 * 11.0, 24.0, 12.0]);
    let requests = [(0.0, "model.five", ""), (11.0, "model.one", "")];
    answered_at(&llm(CONTINUOUS, &requests), &[11.0 + 12.0 + 3.0 * 11.0, 23.0]);
}

#[test]
fn at_most_so_many_tokens_come_in_an_iteration() {
    // Sixteen places, 20 ms: 800 tokens a second, however many ask.
    let accelerator = r#""continuous": { "most": 16, "base": "20ms" }"#;
    let users = (0..64).map(|_| (0.0, "model.ten", "")).collect::<Vec<_>>();
    let model = llm(accelerator, &users);
    let seen = served(&model);
    assert_eq!((seen.items, seen.busy), (640, 800_000_000));
    assert_eq!(ends(&model)[63], (800.0, "answered"));
}

#[test]
fn reserved_memory_lets_in_only_what_will_fit_to_its_end() {
    let accelerator =
        r#""continuous": { "most": 9, "memory": 30, "admission": "reserve", "base": "10ms" }"#;
    // Ten and ten more tokens are reserved for the first, fifteen would not fit beside them; the
    // one behind would, but does not overtake.
    let requests = [(0.0, "model.ten", ""), (5.0, "model.five", ""), (6.0, "model.one", "")];
    let model = llm(accelerator, &requests);
    answered_at(&model, &[100.0, 150.0, 110.0]);
    let seen = served(&model);
    assert_eq!(seen.preempted, 0);
    assert_eq!(seen.memory, 20 * 100_000_000 + 15 * 50_000_000 + 11 * 10_000_000);
}

#[test]
fn optimistic_memory_puts_off_the_last_when_it_runs_out() {
    let accelerator =
        r#""continuous": { "most": 9, "memory": 27, "base": "10ms", "per_prompt_token": "1ms" }"#;
    let requests = [(0.0, "model.ten", ""), (5.0, "model.ten", "")];
    // The first has 11 tokens after 20 ms, and the second comes in: 12 and 11 at 40 ms, 13 and 12, 14 and
    // 13, which is all there is. The second has three tokens by 60 ms and is put off. The first has
    // its other six by 120 ms; then the second computes 13 tokens anew, in 23 ms, for its fourth.
    let model = llm(accelerator, &requests);
    answered_at(&model, &[120.0, 120.0 + 23.0 + 60.0]);
    let seen = served(&model);
    assert_eq!((seen.preempted, seen.items, seen.prompts), (1, 20, 10 + 10 + 13));
}

#[test]
fn ample_memory_is_no_limit_whatever_the_admission() {
    let requests: Vec<Request> = (0..50)
        .map(|i| {
            let call = ["model.ten", "model.one", "model.five"][i % 3];
            (i as f64 * 7.3, call, "")
        })
        .collect();
    let ends = |more: &str| {
        let rest =
            r#""most": 5, "base": "10ms", "per_sequence": "1ms", "per_prompt_token": "100us""#;
        super::ends(&llm(&format!(r#""continuous": {{ {more} {rest} }}"#), &requests))
    };
    let unlimited = ends("");
    assert_eq!(ends(r#""memory": 100, "#), unlimited);
    assert_eq!(ends(r#""memory": 100, "admission": "reserve", "#), unlimited);
}

#[test]
fn a_static_batch_is_done_when_its_longest_output_is() {
    let accelerator = r#""static": { "most": 2, "base": "10ms", "per_sequence": "1ms", "per_prompt_token": "100us" }"#;
    let requests = [
        (0.0, "model.one", ""),
        (1.0, "model.ten", ""),
        (2.0, "model.five", ""),
        (3.0, "model.one", ""),
    ];
    // 11 ms alone; 12 with two prompts and nine times 12 for both, though one is done after five.
    let second = 11.0 + 12.0 + 9.0 * 12.0;
    let model = llm(accelerator, &requests);
    answered_at(&model, &[11.0, second, second, second + 11.0]);
    assert_eq!(served(&model).items, 17);
}

#[test]
fn a_batch_of_one_and_an_output_of_one_are_the_same() {
    let requests = [0.0, 3.0, 8.0, 40.0].map(|at| (at, "model.one", ""));
    let batch = gpu(r#""batch": { "most": 1, "base": "10ms", "per_item": "1ms" }"#, &requests);
    let output = r#""continuous": { "most": 1, "base": "10ms", "per_prompt_token": "100us" }"#;
    assert_eq!(ends(&batch), ends(&llm(output, &requests)));
}

#[test]
fn a_crash_resets_those_in_line_and_those_served_and_others_find_it_empty() {
    let requests = [0.0, 1.0, 45.0].map(|at| (at, "model.one", ""));
    let batch = r#""batch": { "most": 1, "base": "10ms" }"#;
    let model = failing(gpu(batch, &requests), 7.5, 30.0, Crash);
    assert_eq!(ends(&model), [(7.5, "reset"), (7.5, "reset"), (55.0, "answered")]);
    assert_eq!(served(&model).busy, 17_500_000);
    let requests = [(0.0, "model.ten", ""), (1.0, "model.one", ""), (45.0, "model.one", "")];
    let model = failing(llm(CONTINUOUS, &requests), 37.5, 39.0, Crash);
    assert_eq!(ends(&model), [(37.5, "reset"), (23.0, "answered"), (56.0, "answered")]);
}

#[test]
fn what_is_served_by_a_silent_host_hangs_until_it_is_back() {
    let requests = [(0.0, "model.one", ""), (1.0, "model.one", r#""timeout": "20ms""#)];
    let batch = r#""batch": { "most": 1, "base": "10ms" }"#;
    let model = failing(gpu(batch, &requests), 7.5, 30.0, Silence);
    assert_eq!(ends(&model), [(30.0, "reset"), (21.0, "timeout")]);
    // It is at work no longer than it is there.
    assert_eq!(served(&model).busy, 7_500_000);
    let requests = [(0.0, "model.ten", ""), (1.0, "model.one", ""), (45.0, "model.one", "")];
    let model = failing(llm(CONTINUOUS, &requests), 15.0, 20.0, Silence);
    assert_eq!(ends(&model), [(20.0, "reset"), (20.0, "reset"), (56.0, "answered")]);
}

#[test]
fn time_in_a_batch_for_an_answer_that_nobody_waits_for_is_wasted() {
    let batch = r#""batch": { "most": 4, "base": "10ms", "per_item": "1ms" }"#;
    // Alone from 0 to 11, then two together from 11 to 23.
    let wasted_ms = |policy: &str| {
        let requests = [(0.0, "model.one", ""), (1.0, "model.one", policy), (2.0, "model.one", "")];
        let (_, usage) = outcome(&gpu(batch, &requests));
        usage.wasted.inference_ns.as_slice().iter().sum::<f64>() / 1e6
    };
    assert_eq!(wasted_ms(""), 0.0);
    assert_eq!(wasted_ms(r#""timeout": "5ms""#), 12.0);
    assert_eq!(wasted_ms(r#""timeout": "5ms", "cancel": true"#), 0.0, "it left the line");
    assert_eq!(wasted_ms(r#""timeout": "15ms", "cancel": true"#), 5.0, "it left the batch");
}
