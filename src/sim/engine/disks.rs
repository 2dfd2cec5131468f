//! Disks that more than the places at them limits, buffers, writes that nobody waits for, and logs.

use super::steps::Flow;
use super::*;
use crate::network::{AccessId, Depth, ForkId};
use crate::sim::pool::Seize;
use crate::sim::token::Reason;

impl<P: Probe> Engine<'_, P> {
    /// Finds out how many accesses the disk sees, and when the first of them was asked for.
    #[inline(never)]
    pub(super) fn read(&mut self, id: TokenId, access: AccessId, depth: Depth) -> Flow {
        let spec = self.named.accesses.at(access);
        let draw = &mut self.draw(id, spec.key);
        let buffer = self.network.instances[self.tokens[id].held(depth)].buffer;
        let left = match (spec.certain, buffer) {
            (Some(count), _) => count,
            (None, Some(buffer)) if spec.buffered => {
                let memory = &self.network.buffers[buffer];
                self.buffers[buffer].read(memory, spec.misses.count(), draw)
            }
            _ => spec.misses.draw(draw),
        };
        let token = &mut self.tokens[id];
        token.left = left;
        token.joined = self.now;
        if left == 0 {
            token.step = StepId::new(token.step.index() + 4);
        }
        Flow::On
    }

    /// One access, for as long as it takes by itself and what limits the disk allows.
    #[inline(never)]
    pub(super) fn move_bytes(&mut self, id: TokenId, access: AccessId, depth: Depth) -> Flow {
        let spec = self.named.accesses.at(access);
        let token = &mut self.tokens[id];
        token.begin(self.now);
        let luck = spec.key.wrapping_add(1 + u64::from(token.left));
        let mut span = spec.time.draw(&mut self.keys.draw(token.key, luck));
        let host = self.network.instances[token.held(depth)].host;
        span = self.at_speed_of_disk(host, span);
        if let Some(volume) = self.network.hosts[host].volume {
            span = span.max(self.volumes[volume].pay(self.now, &spec.costs));
        }
        self.schedule(span, Rank::Finish, Kind::Done, id);
        Flow::Stay
    }

    #[inline(never)]
    pub(super) fn free_disk(&mut self, id: TokenId, depth: Depth) -> Flow {
        let disk = self.disk_of(id, depth).expect("checked: there is a disk");
        self.free(disk);
        self.tokens[id].left -= 1;
        if !self.tokens[id].is_wanted_for_sure() {
            self.used_disk(id, depth);
        }
        self.after_giving_back(id)
    }

    /// The next access, if there is one, no sooner after the last was asked for than its pace says.
    #[inline(never)]
    pub(super) fn again(&mut self, id: TokenId, access: AccessId) -> Flow {
        let pace = self.named.accesses.at(access).pace;
        let token = &mut self.tokens[id];
        if token.left == 0 {
            return Flow::On;
        }
        token.step = StepId::new(token.step.index() - 4);
        let due = (token.joined + pace).max(self.now);
        token.joined = due;
        if due == self.now {
            return Flow::On;
        }
        self.schedule(due - self.now, Rank::Finish, Kind::Done, id);
        Flow::Stay
    }

    /// Sends a branch that nobody waits for, out of the same instance.
    #[inline(never)]
    pub(super) fn spawn(&mut self, id: TokenId, fork: ForkId, depth: Depth) -> Flow {
        let first = self.network.forks[fork].branches[0];
        let child = self.child_of(id, GuardId::LAST, first, depth);
        let token = &mut self.tokens[child];
        token.flags = flag::ORPHAN;
        token.parent = NOBODY;
        self.ready.push_back(child);
        Flow::On
    }

    #[inline(never)]
    pub(super) fn commit(&mut self, id: TokenId, depth: Depth) -> Flow {
        let instance = self.tokens[id].held(depth);
        let log = self.logs[instance].as_mut().expect("an instance that commits has a log");
        if log.ask(&mut self.tokens, id) {
            self.ready.push_back(log.token);
        }
        Flow::Stay
    }

    #[inline(never)]
    pub(super) fn flush(&mut self, id: TokenId, depth: Depth) -> Flow {
        let instance = self.tokens[id].held(depth);
        let spec = self.network.instances[instance].log.as_ref().expect("this is its log's token");
        let log = self.logs[instance].as_mut().expect("this is its log's token");
        log.begin();
        let luck = self.keys.draw(self.keys.control(spec.key), log.flushes);
        let mut span = spec.sync.draw(&mut { luck });
        let host = self.network.instances[instance].host;
        span = self.at_speed_of_disk(host, span);
        if let Some(volume) = self.network.hosts[host].log_volume {
            span = span.max(self.volumes[volume].pay(self.now, &spec.costs));
        }
        self.schedule(span, Rank::Finish, Kind::Done, id);
        Flow::Stay
    }

    #[inline(never)]
    pub(super) fn flushed(&mut self, id: TokenId, depth: Depth) -> Flow {
        let instance = self.tokens[id].held(depth);
        self.free(self.log_disk(instance));
        let log = self.logs[instance].as_mut().expect("this is its log's token");
        while let Some(committed) = log.answered(&mut self.tokens) {
            let token = &mut self.tokens[committed];
            if token.is(flag::TAKEN_BACK) {
                token.failing = Reason::Timeout as u8;
                token.step = self.network.unwind[StepId::new(token.step.index() - 1)];
            }
            self.ready.push_back(committed);
        }
        let first =
            self.network.instances[instance].log.as_ref().expect("this is its log's token").first;
        self.tokens[id].step = first;
        if log.goes_on() { Flow::On } else { Flow::Stay }
    }

    /// Lets more commits gather before a flush, if enough others are at work: PostgreSQL's
    /// `commit_delay` and `commit_siblings`, whose leader sleeps with the log's lock in hand.
    #[inline(never)]
    pub(super) fn gather(&mut self, id: TokenId, depth: Depth) -> Flow {
        let instance = self.tokens[id].held(depth);
        let spec = self.network.instances[instance].log.as_ref().expect("this is its log's token");
        let (delay, siblings) = spec.gather.expect("it gathers");
        let workers = self.instances[instance].workers;
        if delay.is_zero() || self.pools[workers].in_use() <= siblings {
            return Flow::On;
        }
        self.schedule(delay, Rank::Finish, Kind::Done, id);
        Flow::Stay
    }

    #[inline(never)]
    pub(super) fn ask(&mut self, id: TokenId, depth: Depth) -> Flow {
        match self.take(self.log_disk(self.tokens[id].held(depth)), id) {
            Seize::Granted => Flow::On,
            Seize::Queued => Flow::Stay,
            Seize::Refused => unreachable!("a disk's line is unlimited"),
        }
    }

    /// The places at the disk that an instance's log flushes to.
    pub(super) fn log_disk(&self, instance: InstanceId) -> PoolId {
        let host = self.network.instances[instance].host;
        self.network.hosts[host].log.expect("checked: there is a disk to commit to")
    }
}
