//! The tokens of requests in progress: where each stands, whom it answers to, what it holds.
//!
//! Places are reused, so that a long run needs no more memory than a short one; whoever remembers a
//! token across time also remembers its generation, and knows by that whether it is still the same.

use crate::ids::{Id, id};
use crate::network::{ClassId, DEPTH_MAX, Depth, GuardId, InstanceId, StepId};
use crate::units::Time;
use std::ops::{Index, IndexMut};

id!(
    /// A place in the slab of tokens.
    TokenId
);

/// No token: the end of a line, or a client who is nobody's token.
pub const NOBODY: u32 = u32::MAX;

pub use crate::parts::policy::reason::Reason;

/// What is out of the ordinary about a token. Most have none of these, and pay one test for all.
pub mod flag {
    /// Nobody waits for its answer any more.
    pub const ORPHAN: u16 = 1;
    /// Its caller died: it ends where the caller would have gone on.
    pub const CUT: u16 = 2;
    /// It sits in an instance that has gone silent, and does nothing.
    pub const HUNG: u16 = 4;
    /// An instance below its present one has gone silent: it hangs once it comes back there.
    pub const HANGS_BELOW: u16 = 8;
    /// It is the log of a database instance, or whoever takes work back, not a request.
    pub const LOG: u16 = 16;
    /// Between two tries, waiting to be sent.
    pub const WAITS_TO_RETRY: u16 = 32;
    /// It is a user of a closed class, thinking.
    pub const THINKS: u16 = 64;
    /// It is a message that a link has lost: it hangs, on its way.
    pub const LOST: u16 = 2048;
    /// It delivers messages of a queue, which waits for its end; `user` says which delivery it is.
    pub const DELIVERS: u16 = 1024;
    /// It lost its worker to one that matters more; `left` says where what it has still to do is kept.
    pub const INTERRUPTED: u16 = 512;
    /// Its work is being taken back: it gives back all it holds, and crosses nothing on its way.
    pub const TAKEN_BACK: u16 = 128;
    /// Something in place of the answer of a call went into its own.
    pub const DEGRADED: u16 = 256;
}

/// Where a token is waiting, so that a fault can take it out of there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Wait {
    /// In the calendar, or about to be advanced.
    Moving,
    /// On its way to or from an instance.
    Crossing,
    /// In the line of a pool.
    Line,
    /// On a shared CPU.
    Cpu,
    /// For a log's flush.
    Flush,
    /// For a row.
    Row,
    /// In the line of a host's accelerators, or served by one.
    Accelerator,
    /// For an attempt that it sent, or for branches.
    Children,
}

/// What every step may look at stands in its first cache line, in this order.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Token {
    pub step: StepId,
    pub generation: u32,
    /// What all of its request's luck hangs on.
    pub key: u64,
    /// When the request was meant to start, at the client; when it was sent, for what has a parent.
    pub born: Time,
    /// When it joined the line it stands in, or when it will have computed or waited.
    pub joined: Time,
    /// Neighbours in the line that it stands in; see `begun` for those in none.
    pub next: u32,
    pub prev: u32,
    pub class: ClassId,
    pub guard: GuardId,
    /// Whose call or branch this is; `NOBODY` for a client's attempt.
    pub parent: u32,
    /// Accesses left to make, branches that must still succeed, tries that may still be sent, what an
    /// accelerator knows it by, or the place of interrupted work.
    pub left: u32,
    pub flags: u16,
    /// 0, or the reason why it is giving back all it holds.
    pub failing: u8,
    pub wait: Wait,
    /// How many instances it is inside of.
    pub depth: Depth,
    /// The first depth whose instance is its own to leave.
    pub base: Depth,
    pub held: [InstanceId; DEPTH_MAX],
    /// What the parent's epoch must be for it to be waiting for this token still.
    pub parent_epoch: u32,
    /// Grows whenever a wait for children ends, and whenever the place is given up.
    pub epoch: u32,
    /// The place in the table of row holders, if it holds or waits for a row.
    pub row: u32,
    /// Which user of a closed class it is of, or which delivery it is.
    pub user: u32,
    /// The same for all tries and calls that one request leads to.
    pub origin: u32,
    /// Which try this is, from 0.
    pub attempt: u16,
    /// Branches, or tries side by side, under way.
    pub branches: u16,
    /// When nobody has any use for its answer any more.
    pub deadline: Time,
}
const _: () = assert!(size_of::<Token>() == 128 && std::mem::offset_of!(Token, held) == 64);

impl Token {
    #[inline]
    pub fn is(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    #[inline]
    pub fn held(&self, depth: Depth) -> InstanceId {
        // The remainder says that the index is good: depths are below it by construction.
        self.held[depth as usize % DEPTH_MAX]
    }

    /// Goes past the next step, as that has been done in one with the present.
    #[inline]
    pub fn pass(&mut self) {
        self.step = StepId::new(self.step.index() + 1);
    }

    /// Whether it is a client's own, with nothing out of the ordinary about it: somebody waits for it.
    #[inline]
    pub fn is_wanted_for_sure(&self) -> bool {
        self.flags == 0 && self.parent == NOBODY
    }

    /// Begins to use a disk: the time stands where its neighbours would, as it is in no line now.
    #[inline]
    pub fn begin(&mut self, now: Time) {
        let nanos = now.nanos();
        (self.next, self.prev) = (nanos as u32, (nanos >> 32) as u32);
    }

    /// When it began to use the disk that it uses.
    pub fn begun(&self) -> Time {
        Time::from_nanos(u64::from(self.prev) << 32 | u64::from(self.next))
    }

    /// Whether it neither fails nor has anything out of the ordinary about it.
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.flags | u16::from(self.failing) == 0
    }
}

/// All tokens, alive and free.
pub struct Tokens {
    places: Vec<Token>,
    vacant: Vec<TokenId>,
}

impl Tokens {
    pub fn with_capacity(capacity: usize) -> Self {
        Tokens { places: Vec::with_capacity(capacity), vacant: Vec::with_capacity(capacity) }
    }

    /// Puts a new token in a free place; generation and epoch go on from what they were there.
    #[inline]
    pub fn admit(
        &mut self,
        class: ClassId,
        guard: GuardId,
        step: StepId,
        key: u64,
        born: Time,
    ) -> TokenId {
        let id = match self.vacant.pop() {
            Some(id) => id,
            None => self.new_place(),
        };
        let token = &mut self[id];
        token.step = step;
        token.guard = guard;
        token.class = class;
        token.key = key;
        token.born = born;
        token.parent = NOBODY;
        token.user = NOBODY;
        token.row = NOBODY;
        token.attempt = 0;
        token.origin = key as u32;
        token.flags = 0;
        token.failing = 0;
        token.wait = Wait::Moving;
        token.depth = 0;
        token.base = 0;
        token.deadline = Time::NEVER;
        id
    }

    #[cold]
    fn new_place(&mut self) -> TokenId {
        self.places.push(BLANK);
        TokenId::new(self.places.len() - 1)
    }

    /// A new token that is like another in all but its place.
    pub fn admit_copy(&mut self, of: &Token) -> TokenId {
        let id = self.admit(of.class, of.guard, of.step, of.key, of.born);
        let Token { generation, epoch, .. } = self[id];
        self[id] = Token { generation, epoch, ..*of };
        id
    }

    /// The place is free from now on; what was remembered of it is void.
    #[inline]
    pub fn dismiss(&mut self, id: TokenId) {
        let place = &mut self[id];
        place.generation = place.generation.wrapping_add(1);
        place.epoch = place.epoch.wrapping_add(1);
        place.class = VACANT;
        self.vacant.push(id);
    }

    /// How many places there are.
    pub fn places(&self) -> usize {
        self.places.len()
    }

    /// How many there are.
    pub fn alive(&self) -> u32 {
        (self.places.len() - self.vacant.len()) as u32
    }

    /// How many there have been at a time, at most: free places are taken before new ones.
    #[inline]
    pub fn most(&self) -> u32 {
        self.places.len() as u32
    }

    /// The tokens that are alive, in the order of their places.
    pub fn ids(&self) -> impl Iterator<Item = TokenId> + '_ {
        (0..self.places.len()).map(TokenId::new).filter(|id| self[*id].class != VACANT)
    }
}

/// What a place holds before its first token.
const BLANK: Token = Token {
    step: StepId::LAST,
    next: NOBODY,
    prev: NOBODY,
    parent: NOBODY,
    parent_epoch: 0,
    generation: 0,
    epoch: 0,
    guard: GuardId::LAST,
    class: VACANT,
    attempt: 0,
    origin: 0,
    flags: 0,
    failing: 0,
    wait: Wait::Moving,
    depth: 0,
    base: 0,
    left: 0,
    branches: 0,
    row: NOBODY,
    user: NOBODY,
    key: 0,
    born: Time::ZERO,
    joined: Time::ZERO,
    deadline: Time::NEVER,
    // Some instance, so that what is held can always be opened.
    held: [InstanceId::FIRST; DEPTH_MAX],
};

/// The class of a place that holds no token.
const VACANT: ClassId = ClassId::LAST;

impl Index<TokenId> for Tokens {
    type Output = Token;
    #[inline]
    fn index(&self, id: TokenId) -> &Token {
        debug_assert!(id.index() < self.places.len(), "a token from elsewhere");
        // SAFETY: places are never taken away, so that an id that `admit` has made stays good. All
        // others come from `TokenId::from_raw`, of what `raw` gave for one of those: neighbours in a
        // line and parents. Whoever calls it has sorted out `NOBODY`, or has `of_somebody` look.
        unsafe { self.places.get_unchecked(id.index()) }
    }
}

impl IndexMut<TokenId> for Tokens {
    #[inline]
    fn index_mut(&mut self, id: TokenId) -> &mut Token {
        debug_assert!(id.index() < self.places.len(), "a token from elsewhere");
        // SAFETY: as for `index`.
        unsafe { self.places.get_unchecked_mut(id.index()) }
    }
}

impl TokenId {
    #[inline]
    pub fn raw(self) -> u32 {
        self.index() as u32
    }
    /// The token that `raw` was of.
    #[inline]
    pub fn from_raw(raw: u32) -> TokenId {
        debug_assert!(raw != NOBODY, "nobody is no token");
        TokenId::new(raw as usize)
    }

    /// The same where nothing has been sorted out.
    ///
    /// # Panics
    /// If it is nobody: a bug of the engine.
    #[inline]
    pub fn of_somebody(raw: u32) -> TokenId {
        assert!(raw != NOBODY, "nobody is no token");
        TokenId::from_raw(raw)
    }
}
