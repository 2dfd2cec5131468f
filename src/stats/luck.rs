//! Randomness and small queues for the tests of this room alone.

/// SplitMix64 (Steele, Lea & Flood, OOPSLA 2014).
pub struct Luck(u64);

impl Luck {
    pub fn new(seed: u64) -> Luck {
        Luck(seed)
    }

    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Inside (0, 1), never at its ends.
    pub fn uniform(&mut self) -> f64 {
        ((self.word() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * self.uniform().ln()
    }

    /// Mean 0, variance 1, all but normal: twelve uniform values less six.
    pub fn irwin_hall(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    /// The mean wait of `customers` of an M/M/1 with mean service 1 that starts in its steady
    /// state, by Lindley's recursion.
    pub fn stationary_mm1_mean_wait(&mut self, rho: f64, customers: usize) -> f64 {
        let mut wait = if self.uniform() < rho { self.exponential(1.0 / (1.0 - rho)) } else { 0.0 };
        let mut sum = 0.0;
        for _ in 0..customers {
            sum += wait;
            wait = (wait + self.exponential(1.0) - self.exponential(1.0 / rho)).max(0.0);
        }
        sum / customers as f64
    }

    /// The number in an M/M/1 at the ends of `slices` slices of `slice_s` seconds; one arrival a
    /// second, mean service `rho`, empty at `-warm_up_s`.
    ///
    /// A customer leaves at arrival + wait + service, and waits are Lindley's.
    pub fn mm1_backlog(
        &mut self,
        rho: f64,
        warm_up_s: f64,
        slice_s: f64,
        slices: usize,
    ) -> Vec<f64> {
        let mut changes = vec![0.0; slices];
        let mut note = |at_s: f64, change: f64| {
            let slice = (at_s.max(0.0) / slice_s) as usize;
            if let Some(total) = changes.get_mut(slice) {
                *total += change;
            }
        };
        let (mut now, mut free) = (-warm_up_s, -warm_up_s);
        while now < slice_s * slices as f64 {
            now += self.exponential(1.0);
            free = free.max(now) + self.exponential(rho);
            note(now, 1.0);
            note(free, -1.0);
        }
        changes
            .iter()
            .scan(0.0, |level, change| {
                *level += change;
                Some(*level)
            })
            .collect()
    }
}

/// Uniform values of the linear congruential generator s ← (1103515245 s + 12345) mod 2³¹ from
/// 12345: the published series of the batch means and MSER cases.
pub fn congruential(n: usize) -> Vec<f64> {
    let mut state: u64 = 12_345;
    (0..n)
        .map(|_| {
            state = (1_103_515_245 * state + 12_345) % (1 << 31);
            state as f64 / (1u64 << 31) as f64
        })
        .collect()
}
