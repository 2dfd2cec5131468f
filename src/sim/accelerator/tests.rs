//! Skipping ahead against counting every token, on random requests, to the nanosecond.

use super::*;
use crate::network::{ClassId, GuardId, StepId};
use crate::rng::mix;
use crate::sim::token::TokenId;
use std::collections::VecDeque;

#[derive(Clone, Copy, Debug)]
struct Request {
    at: u64,
    prompt: u64,
    output: u64,
}

/// What became of the requests: when each had its first token and was done, how often any was put
/// off, for how long something ran, and the area under the memory in use.
#[derive(Debug, PartialEq)]
struct Story {
    first: Vec<u64>,
    done: Vec<u64>,
    put_off: u64,
    busy: u128,
    memory: u128,
}

impl Story {
    fn of(count: usize) -> Story {
        Story { first: vec![0; count], done: vec![0; count], put_off: 0, busy: 0, memory: 0 }
    }
}

/// One accelerator, iteration by iteration, as the parameters say it in words.
fn token_by_token(spec: &network::Sequences, requests: &[Request]) -> Story {
    let count = requests.len();
    let mut story = Story::of(count);
    let mut generated = vec![0; count];
    let (mut line, mut running) = (VecDeque::new(), Vec::<usize>::new());
    let (mut now, mut came) = (0, 0);
    while story.done.contains(&0) {
        if running.is_empty() && line.is_empty() {
            now = now.max(requests[came].at);
        }
        while came < count && requests[came].at <= now {
            line.push_back(came);
            came += 1;
        }
        let whole = |it: usize| requests[it].prompt + requests[it].output;
        let has = |it: usize, generated: &[u64]| requests[it].prompt + generated[it];
        let in_use = |running: &[usize], generated: &[u64]| match spec.optimistic {
            true => running.iter().map(|it| has(*it, generated)).sum::<u64>(),
            false => running.iter().map(|it| whole(*it)).sum(),
        };
        while spec.optimistic && in_use(&running, &generated) + running.len() as u64 > spec.memory {
            line.push_front(running.pop().unwrap());
            story.put_off += 1;
        }
        let old = running.len();
        while let Some(&next) = line.front()
            && running.len() < spec.most as usize
            && (!spec.together || old == 0)
        {
            let need = match spec.optimistic {
                true => has(next, &generated) + 1 + running.len() as u64,
                false => whole(next),
            };
            if in_use(&running, &generated) + need > spec.memory {
                break;
            }
            running.push(line.pop_front().unwrap());
        }
        let fresh = &running[old..];
        let prompts: u64 = fresh.iter().map(|it| has(*it, &generated)).sum();
        let spans =
            [(spec.base, 1), (spec.per_sequence, old as u64), (spec.per_prompt_token, prompts)];
        let each: u64 = spans.iter().map(|(span, times)| span.nanos() * times).sum();
        now += each;
        for it in &running {
            generated[*it] += 1;
            if generated[*it] == 1 {
                story.first[*it] = now;
            }
        }
        story.busy += u128::from(each);
        story.memory += u128::from(each) * u128::from(in_use(&running, &generated));
        let over = |it: &usize| generated[*it] >= requests[*it].output;
        if !spec.together || running.iter().all(over) {
            running.iter().filter(|it| over(it)).for_each(|it| story.done[*it] = now);
            running.retain(|it| !over(it));
        }
    }
    story
}

/// The same from dates alone; `looks` are instants at which somebody measures.
fn by_dates(spec: network::Sequences, requests: &[Request], looks: &[u64]) -> Story {
    let count = requests.len();
    let mut story = Story::of(count);
    let mut device = Sequences::new(spec, 1);
    let mut tokens = Tokens::with_capacity(count);
    let (class, guard, step) = (ClassId::default(), GuardId::default(), StepId::default());
    let mut firsts = Vec::new();
    let mut ids: Vec<TokenId> = Vec::new();
    let mut came = 0;
    while story.done.contains(&0) {
        let next = device.next().nanos();
        let at = requests.get(came).map_or(u64::MAX, |it| it.at);
        let now = Time::from_nanos(next.min(at));
        let mut told = |told: Told| {
            if let Told::FirstToken(after) = told {
                firsts.push((now.nanos(), after.nanos()));
            }
        };
        // Which of two events of one instant comes first must not matter.
        if next < at || next == at && mix(next).is_multiple_of(2) {
            device.due(&mut tokens, now, &mut told);
        } else {
            let Request { prompt, output, .. } = requests[came];
            let id = tokens.admit(class, guard, step, 0, now);
            device.join(&mut tokens, now, id, prompt as u32, output as u32, &mut told);
            ids.push(id);
            came += 1;
        }
        while let Some(id) = device.answered.pop(&mut tokens) {
            story.done[ids.iter().position(|it| *it == id).unwrap()] = now.nanos();
        }
        let here = came as u32 - story.done.iter().filter(|it| **it > 0).count() as u32;
        assert_eq!(device.audit(&tokens, now, here), Ok(()));
        let until = device.next().nanos().min(requests.get(came).map_or(u64::MAX, |it| it.at));
        for look in looks.iter().filter(|it| (now.nanos()..until).contains(it)) {
            device.served(Time::from_nanos(*look));
            assert_eq!(device.audit(&tokens, Time::from_nanos(*look), here), Ok(()));
        }
    }
    // Of two that came at once, the first told of is the first in line.
    for (i, request) in requests.iter().enumerate() {
        let found = firsts.iter().position(|it| it.0 - it.1 == request.at).expect("it was told");
        story.first[i] = firsts.remove(found).0;
    }
    let seen = device.served(Time::from_nanos(u64::MAX / 4));
    (story.put_off, story.busy, story.memory) = (seen.preempted, seen.busy, seen.memory);
    story
}

#[test]
fn skipping_ahead_is_counting_every_token() {
    let mut put_off = 0;
    for seed in 0..3000u64 {
        let dice = |of: u64, end: u64| mix(seed << 20 | of) % end;
        let nanos = |of, end| Span::from_nanos(dice(of, end));
        let together = seed % 4 == 3;
        let spec = network::Sequences {
            most: 1 + dice(1, 6) as u32,
            memory: if dice(2, 3) == 0 { u64::MAX } else { 40 + dice(3, 60) },
            optimistic: !together && dice(4, 2) == 0,
            together,
            base: Span::from_nanos(1 + dice(5, 20)),
            per_sequence: nanos(6, 4),
            per_prompt_token: nanos(7, 3),
        };
        let spec =
            network::Sequences { optimistic: spec.optimistic && spec.memory < u64::MAX, ..spec };
        let mut at = 0;
        let requests: Vec<Request> = (0..2 + dice(8, 40))
            .map(|i| {
                at += if dice(9 + 4 * i, 4) == 0 { 0 } else { dice(10 + 4 * i, 60) };
                let (prompt, output) = (1 + dice(11 + 4 * i, 20), 1 + dice(12 + 4 * i, 20));
                Request { at, prompt, output }
            })
            .collect();
        let exact = token_by_token(&spec, &requests);
        let mut looks: Vec<u64> = (0..50).map(|i| dice(1000 + i, at + 500)).collect();
        looks.sort();
        assert_eq!(by_dates(spec, &requests, &looks), exact, "seed {seed}: {spec:?} {requests:?}");
        put_off += exact.put_off;
    }
    assert!(put_off > 1000, "only {put_off} were put off");
}
