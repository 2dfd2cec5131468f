//! The steps of a request's program, and what they look up.

use super::{
    AccessId, ChoiceId, ForkId, GuardId, InferenceId, InstanceId, LockId, LookId, MessagesId,
    Readers, SendId, ServiceId, StepId, VisitId, WorkId,
};
use crate::parts::distribution::Law;

/// How many instances a request is inside of: the nesting of its calls.
pub type Depth = u8;
pub const DEPTH_MAX: usize = 8;

/// The depth above all instances.
pub const CLIENT: Depth = Depth::MAX;

/// One instruction of a request's program. A request in progress is a place in `Network::steps`.
///
/// `depth` says at which of the nested instances it takes place. Where a step fails, the request
/// goes on at `Network::unwind` of that step: the innermost thing it must give back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// Choose an instance of the visited service and cross over to it.
    Call { visit: VisitId, depth: Depth },
    /// Take one of its workers, or wait in line for one. Always follows `Call`.
    Seize { visit: VisitId, depth: Depth },
    /// Give the worker back and cross over to the caller.
    Leave { visit: VisitId, depth: Depth },
    /// Take a connection of the instance's pool, or wait for one.
    Borrow { pool: u16, depth: Depth },
    /// Give the connection back.
    Return { pool: u16, depth: Depth },
    /// Go on at `to` with a connection that is open already; if there is none, open one first.
    Connect { pool: u16, depth: Depth, to: StepId },
    /// Let it rest, or lose it if what was asked through it failed.
    Disconnect { pool: u16, depth: Depth },
    /// Compute where nobody can ever be in the way.
    Delay { work: WorkId, depth: Depth },
    /// Wait for a core to wake up, if one sleeps. Always followed by `Compute`.
    Wake { work: WorkId, depth: Depth },
    /// Compute on the host's shared CPU.
    Compute { work: WorkId, depth: Depth },
    /// Before computing or waiting with nothing in hand but a worker: let somebody who matters more
    /// have it first.
    GiveWay { depth: Depth },
    /// Let time pass.
    Wait { work: WorkId },
    /// Find out how many accesses to the disk there are to make; skip the next three steps if none.
    Access { access: AccessId, depth: Depth },
    /// Take a place at the disk, or wait in line for it.
    Occupy { depth: Depth },
    /// Use it for one access.
    Transfer { access: AccessId },
    /// Give it back; once more from `Occupy` if accesses are left.
    Vacate { depth: Depth },
    /// `Access` where a buffer, a limited rate or chunks have a say; skip the next four steps if
    /// there is none to make.
    Read { access: AccessId, depth: Depth },
    /// `Transfer` there.
    Move { access: AccessId, depth: Depth },
    /// Give the disk back there.
    Free { depth: Depth },
    /// Once more from `Occupy`, when it is time, if accesses are left.
    Again { access: AccessId },
    /// Send a branch that nobody waits for.
    Spawn { fork: ForkId, depth: Depth },
    /// Wait until the log's next flush is over.
    Commit { depth: Depth },
    /// Wait until enough standbys have flushed it too. Always follows `Commit` where there are any.
    Replicate { depth: Depth },
    /// A standby's own program, behind `Commit`: it has flushed what had come from the primary.
    Received { depth: Depth },
    /// Have the host's accelerators do something, or wait in line for them.
    Infer { inference: InferenceId, depth: Depth },
    /// Hold a row.
    Lock { lock: LockId, work: WorkId },
    /// Let go of it.
    Unlock { lock: LockId, depth: Depth },
    /// Look into a cache; go on behind the miss if it is there.
    Look { look: LookId },
    /// What was missing has been fetched: store it.
    Fill { look: LookId },
    /// Put a message into a queue.
    Send { send: SendId },
    /// Go on at one of several places, by chance.
    Choose { choice: ChoiceId },
    /// Go on elsewhere.
    Jump { to: StepId },
    /// Send an attempt of a guarded call and wait for how it ends; `CLIENT` is the depth of who is
    /// inside of no instance.
    Guarded { guard: GuardId, depth: Depth },
    /// Fail if the deadline has passed.
    Due,
    /// Fail by chance: the first option of the choice.
    Fail { choice: ChoiceId },
    /// Send branches and wait for enough of them.
    Fork { fork: ForkId, depth: Depth },
    /// The program of whoever takes work back that nobody waits for: do so, once all others rest.
    TakeBack,
    /// The log's own program: let more commits gather, if it is worth it.
    Gather { depth: Depth },
    /// The log's own program: take a place at its disk, or wait in line for it.
    Ask { depth: Depth },
    /// The log's own program: use the disk for one flush.
    Flush { depth: Depth },
    /// The log's own program: answer all that waited for this flush.
    Flushed { depth: Depth },
    /// The answer, or the failure, reaches whoever asked.
    End,
}

const _: () = assert!(size_of::<Step>() <= 12);

/// One place in a program where work is drawn: its law, and the key that its luck hangs on.
#[derive(Clone, Debug)]
pub struct Work {
    pub law: Law,
    pub key: u64,
}

/// One place in a program where another service is called.
#[derive(Clone, Copy, Debug)]
pub struct Visit {
    pub service: ServiceId,
    /// The instance that it is sure to go to, as there is no other.
    pub only: Option<InstanceId>,
    /// Who answers, where one of its instances takes writes and the others follow.
    pub readers: Readers,
    /// Keys of the balancer's draw, of the times to cross there and back, and of what is sent.
    pub key: u64,
    /// What goes to and fro, if it has a size.
    pub messages: Option<MessagesId>,
}

#[derive(Clone, Debug)]
pub struct Choice {
    pub key: u64,
    /// Cumulated probability and where to go on, ascending; the last is 1.
    pub options: Vec<(f64, StepId)>,
}

#[derive(Clone, Debug)]
pub struct Fork {
    pub branches: Vec<StepId>,
    pub need: u32,
    /// Whether branches that nobody waits for any more are taken back.
    pub cancel: bool,
}
