//! The instance with the fewest requests that are not answered yet.
//!
//! "Join the shortest queue", as far as the balancer knows: W. Winston, "Optimality of the
//! shortest line discipline", J. Appl. Prob. 14, 1977. Among equals it goes round, as the
//! `least_conn` of nginx does; always taking the first would load it more.

use super::{Among, State};

/// Looks at all of them.
#[inline]
pub fn pick(state: &mut State, among: Among) -> usize {
    let candidates = among.candidates();
    let start = state.turn(candidates.len());
    let mut best: Option<(u32, usize)> = None;
    for at in (start..candidates.len()).chain(0..start) {
        let outstanding = candidates[at].outstanding;
        if among.allows(at) && best.is_none_or(|(least, _)| outstanding < least) {
            best = Some((outstanding, at));
        }
    }
    let chosen = best.map_or(start, |(_, at)| at);
    state.next = among.after(chosen) as u32;
    chosen
}

#[cfg(test)]
mod tests {
    use super::super::{Rule, tests::*};

    #[test]
    fn the_least_loaded_is_chosen() {
        assert_eq!(counts(Rule::LeastOutstanding, candidates([4, 2, 7], [true; 3]), 5), [0, 5, 0]);
        let all = candidates([4, 2, 7], [true, false, true]);
        assert_eq!(counts(Rule::LeastOutstanding, all, 5), [5, 0, 0]);
    }

    #[test]
    fn equals_share_alike() {
        let all = candidates([2, 1, 9, 1, 1], [true; 5]);
        assert_eq!(counts(Rule::LeastOutstanding, all, 300), [0, 100, 0, 100, 100]);
    }
}
