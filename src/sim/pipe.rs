//! One direction of a link: what goes into it is sent bit for bit, one message after the other.
//!
//! A message of S bytes takes S / bandwidth to be sent, once all before it have been, and then the link's
//! latency to arrive: transmission and propagation delay of a store-and-forward line, first come, first
//! served (L. Kleinrock, "Queueing Systems" 2, 1976, section 5.1). With Poisson messages that is M/G/1.

use crate::network;
use crate::units::{Span, Time};

pub struct Pipe {
    ns_per_byte: f64,
    /// When all that was sent so far will have gone.
    free_at: Time,
    opened: Time,
    /// Time that it was or will be busy: before the window opened, and in all.
    busy_before_ns: u64,
    busy_ns: u64,
}

impl Pipe {
    pub fn new(spec: &network::Pipe) -> Pipe {
        Pipe {
            ns_per_byte: spec.ns_per_byte,
            free_at: Time::ZERO,
            opened: Time::ZERO,
            busy_before_ns: 0,
            busy_ns: 0,
        }
    }

    /// A message is sent; returns how long it is until all of it has gone.
    #[inline]
    pub fn send(&mut self, now: Time, bytes: u64) -> Span {
        let takes = Span::from_nanos_f64(bytes as f64 * self.ns_per_byte);
        // Nobody waits for longer than a century.
        let begins = self.free_at.max(now);
        self.free_at = (begins + takes).min(begins.max(now + Span::MAX));
        self.busy_ns += (self.free_at - begins).nanos();
        self.free_at - now
    }

    /// Measurement starts here.
    pub fn open(&mut self, now: Time) {
        self.opened = now;
        self.busy_before_ns = self.busy_ns - self.ahead_ns(now);
    }

    /// For how many nanoseconds of the window it was busy.
    pub fn measured_ns(&self, now: Time) -> u64 {
        self.busy_ns - self.ahead_ns(now) - self.busy_before_ns
    }

    /// Whether no more was sent than there was time for.
    pub fn audit(&self, now: Time) -> Result<(), &'static str> {
        let in_all = self.busy_ns - self.ahead_ns(now);
        if in_all > now.nanos() || self.measured_ns(now) > (now - self.opened).nanos() {
            return Err("a link was busier than there was time");
        }
        Ok(())
    }

    /// What is still to be sent.
    fn ahead_ns(&self, now: Time) -> u64 {
        self.free_at.nanos().saturating_sub(now.nanos())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Time {
        Time::ZERO + ms_of(ms)
    }

    fn ms_of(ms: u64) -> Span {
        Span::from_nanos(ms * 1_000_000)
    }

    #[test]
    fn messages_go_one_after_the_other_and_the_window_has_its_part_of_each() {
        let mut pipe = Pipe::new(&network::Pipe { ns_per_byte: 1000.0, link: 0 });
        // A thousand bytes take a millisecond.
        assert_eq!([0, 0, 3].map(|now| pipe.send(at(now), 4000)), [4, 8, 9].map(ms_of));
        pipe.open(at(10));
        assert_eq!(pipe.measured_ns(at(11)), 1_000_000);
        assert_eq!(pipe.send(at(20), 5000), ms_of(5));
        assert_eq!(pipe.measured_ns(at(22)), 4_000_000);
        assert_eq!(pipe.audit(at(22)), Ok(()));
    }
}
