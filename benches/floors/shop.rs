//! The floor of the shop: requests through four stations, with a timeout and retries.

use super::time_heap::TimeHeap;
use rand::SeedableRng;
use rand::rngs::SmallRng;
use rand_distr::{Distribution, Exp1};
use std::collections::VecDeque;

/// What happened in [`shop`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shop {
    pub answered: u64,
    pub failed: u64,
    pub timeouts: u64,
    /// Sum of the responses of the answered requests.
    pub response_ns: u64,
}

impl Shop {
    /// 16.06 to 16.09 at 1000 requests a second.
    pub fn mean_response_ms(&self) -> f64 {
        self.response_ns as f64 / self.answered as f64 / 1e6
    }
}

/// A shop with a database, a timeout and retries, at so many requests a second.
///
/// Requests arrive as a Poisson process and go round robin to 4 web instances of 8 workers. The
/// worker works Exp(10 ms) and is held until the answer leaves; it asks, round robin, one of 2
/// authorization instances of 8 workers for Exp(2 ms), then takes one of 20 connections and with
/// it one of 8 disk servers for Exp(4 ms). A client waits 1 s for an attempt and then abandons it,
/// which the servers do not notice; it makes at most 2 retries, 50 ms and 100 ms later.
pub fn shop(requests: u64, seed: u64, rate_per_s: f64) -> Shop {
    ShopLoop::new(requests, seed, rate_per_s).run()
}

const WEB_NS: f64 = 10e6;
const AUTH_NS: f64 = 2e6;
const DISK_NS: f64 = 4e6;
const TIMEOUT_NS: u64 = 1_000_000_000;
const BACKOFF_NS: u64 = 50_000_000;
const RETRIES: u8 = 2;
const NOBODY: u32 = u32::MAX;

/// What a client's try at a request knows; its place in the slab is used again and again.
#[derive(Clone, Copy)]
struct Attempt {
    requested: u64,
    /// How many attempts have been in this place before: what a timer was set for.
    generation: u32,
    /// Who stands behind it in the line where it waits.
    next: u32,
    web: u8,
    auth: u8,
    retries: u8,
    abandoned: bool,
}

/// Equal servers with one line in front.
#[derive(Clone, Copy)]
struct Station {
    idle: u32,
    first: u32,
    last: u32,
}

impl Station {
    const fn of(servers: u32) -> Station {
        Station { idle: servers, first: NOBODY, last: NOBODY }
    }

    /// Takes a server and answers true, or joins the line.
    #[inline]
    fn seize(&mut self, who: u32, attempts: &mut [Attempt]) -> bool {
        if self.idle > 0 {
            self.idle -= 1;
            return true;
        }
        attempts[who as usize].next = NOBODY;
        if self.first == NOBODY {
            self.first = who;
        } else {
            attempts[self.last as usize].next = who;
        }
        self.last = who;
        false
    }

    /// Gives a server back: to the first in line, who is the answer, or to nobody.
    #[inline]
    fn release(&mut self, attempts: &[Attempt]) -> Option<u32> {
        if self.first == NOBODY {
            self.idle += 1;
            return None;
        }
        let who = self.first;
        self.first = attempts[who as usize].next;
        Some(who)
    }
}

#[derive(Clone, Copy)]
enum Event {
    Arrival,
    WebDone(u32),
    AuthDone(u32),
    DiskDone(u32),
    Retry(u32),
}

#[derive(Clone, Copy)]
struct Timer {
    at: u64,
    attempt: u32,
    generation: u32,
}

struct ShopLoop {
    random: SmallRng,
    pending: TimeHeap<Event>,
    /// All timers run equally long, so that they lapse in the order in which they are set.
    timers: VecDeque<Timer>,
    attempts: Vec<Attempt>,
    vacant: Vec<u32>,
    web: [Station; 4],
    auth: [Station; 2],
    connections: Station,
    disk: Station,
    next_web: u8,
    next_auth: u8,
    to_come: u64,
    between_ns: f64,
    shop: Shop,
}

impl ShopLoop {
    fn new(requests: u64, seed: u64, rate_per_s: f64) -> ShopLoop {
        ShopLoop {
            random: SmallRng::seed_from_u64(seed),
            pending: TimeHeap::new(4096),
            timers: VecDeque::with_capacity(4096),
            attempts: Vec::with_capacity(1 << 14),
            vacant: Vec::with_capacity(1 << 14),
            web: [Station::of(8); 4],
            auth: [Station::of(8); 2],
            connections: Station::of(20),
            disk: Station::of(8),
            next_web: 0,
            next_auth: 0,
            to_come: requests,
            between_ns: 1e9 / rate_per_s,
            shop: Shop::default(),
        }
    }

    fn run(mut self) -> Shop {
        self.schedule(0, self.between_ns, Event::Arrival);
        loop {
            if let Some(&timer) = self.timers.front()
                && timer.at <= self.pending.earliest()
            {
                self.timers.pop_front();
                self.time_out(timer);
                continue;
            }
            let Some((now, event)) = self.pending.take() else { break };
            match event {
                Event::Arrival => self.arrive(now),
                Event::WebDone(who) => self.authorize(now, who),
                Event::AuthDone(who) => self.read(now, who),
                Event::DiskDone(who) => self.answer(now, who),
                Event::Retry(who) => self.send(now, who),
            }
        }
        self.shop
    }

    #[inline(always)]
    fn schedule(&mut self, now: u64, mean_ns: f64, event: Event) {
        let draw: f64 = Exp1.sample(&mut self.random);
        self.pending.insert(now + (draw * mean_ns) as u64, event);
    }

    #[inline]
    fn arrive(&mut self, now: u64) {
        self.to_come -= 1;
        if self.to_come > 0 {
            self.schedule(now, self.between_ns, Event::Arrival);
        }
        let who = self.attempt(now, 0);
        self.send(now, who);
    }

    #[inline]
    fn attempt(&mut self, requested: u64, retries: u8) -> u32 {
        let fresh = Attempt {
            requested,
            generation: 0,
            next: NOBODY,
            web: 0,
            auth: 0,
            retries,
            abandoned: false,
        };
        let Some(who) = self.vacant.pop() else {
            self.attempts.push(fresh);
            return self.attempts.len() as u32 - 1;
        };
        let place = &mut self.attempts[who as usize];
        *place = Attempt { generation: place.generation, ..fresh };
        who
    }

    #[inline]
    fn send(&mut self, now: u64, who: u32) {
        let web = self.next_web % 4;
        self.next_web = self.next_web.wrapping_add(1);
        let attempt = &mut self.attempts[who as usize];
        attempt.web = web;
        let generation = attempt.generation;
        self.timers.push_back(Timer { at: now + TIMEOUT_NS, attempt: who, generation });
        if self.web[web as usize].seize(who, &mut self.attempts) {
            self.schedule(now, WEB_NS, Event::WebDone(who));
        }
    }

    #[inline]
    fn authorize(&mut self, now: u64, who: u32) {
        let auth = self.next_auth % 2;
        self.next_auth = self.next_auth.wrapping_add(1);
        self.attempts[who as usize].auth = auth;
        if self.auth[auth as usize].seize(who, &mut self.attempts) {
            self.schedule(now, AUTH_NS, Event::AuthDone(who));
        }
    }

    #[inline]
    fn read(&mut self, now: u64, who: u32) {
        let auth = self.attempts[who as usize].auth as usize;
        if let Some(next) = self.auth[auth].release(&self.attempts) {
            self.schedule(now, AUTH_NS, Event::AuthDone(next));
        }
        if self.connections.seize(who, &mut self.attempts) {
            self.read_connected(now, who);
        }
    }

    #[inline]
    fn read_connected(&mut self, now: u64, who: u32) {
        if self.disk.seize(who, &mut self.attempts) {
            self.schedule(now, DISK_NS, Event::DiskDone(who));
        }
    }

    #[inline]
    fn answer(&mut self, now: u64, who: u32) {
        if let Some(next) = self.disk.release(&self.attempts) {
            self.schedule(now, DISK_NS, Event::DiskDone(next));
        }
        if let Some(next) = self.connections.release(&self.attempts) {
            self.read_connected(now, next);
        }
        let attempt = self.attempts[who as usize];
        if let Some(next) = self.web[attempt.web as usize].release(&self.attempts) {
            self.schedule(now, WEB_NS, Event::WebDone(next));
        }
        if !attempt.abandoned {
            self.shop.answered += 1;
            self.shop.response_ns += now - attempt.requested;
        }
        self.attempts[who as usize].generation = attempt.generation.wrapping_add(1);
        self.vacant.push(who);
    }

    /// A timer has lapsed, which means nothing if its attempt has been answered.
    #[inline]
    fn time_out(&mut self, timer: Timer) {
        let attempt = &mut self.attempts[timer.attempt as usize];
        if attempt.generation != timer.generation {
            return;
        }
        attempt.abandoned = true;
        let Attempt { requested, retries, .. } = *attempt;
        self.shop.timeouts += 1;
        if retries == RETRIES {
            self.shop.failed += 1;
            return;
        }
        let again = self.attempt(requested, retries + 1);
        self.pending.insert(timer.at + (BACKOFF_NS << retries), Event::Retry(again));
    }
}
