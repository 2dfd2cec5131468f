//! What things are called, for reports.

/// The names of a network's things, in the order of its tables.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Names {
    pub model: String,
    pub zones: Vec<String>,
    pub groups: Vec<String>,
    pub services: Vec<String>,
    /// `app` for workers, `app.pool.to_db` for a pool, `rack.disk` for disks.
    pub pool_groups: Vec<String>,
    /// `aws-gcp.link`.
    pub links: Vec<String>,
    /// `db.lock.write`.
    pub locks: Vec<String>,
    /// `web.cache.page`.
    pub caches: Vec<String>,
    pub queues: Vec<String>,
    pub sessions: Vec<String>,
    /// `web.breaker.db`, `browse.breaker` for clients.
    pub breakers: Vec<String>,
    /// `web.hedge.db.read`, `browse.hedge` for clients.
    pub hedges: Vec<String>,
    pub classes: Vec<String>,
}
