//! One instance after the other, leaving out those that are believed not to work.
//!
//! As nginx does without weights: whoever follows one that is left out gets its turn as well.

use super::{Among, State};

#[inline]
pub fn pick(state: &mut State, among: Among) -> usize {
    let mut at = state.turn(among.candidates().len());
    while !among.allows(at) {
        at = among.after(at);
    }
    state.next = among.after(at) as u32;
    at
}

#[cfg(test)]
mod tests {
    use super::super::{tests::*, *};

    fn turns<const N: usize>(state: &mut State, healthy: [bool; N], picks: usize) -> Vec<usize> {
        let all = candidates([0; N], healthy);
        let all_healthy = !healthy.contains(&false);
        let mut pick = || Rule::RoundRobin.pick(state, &all, all_healthy, &mut Draw::at(1, 1));
        (0..picks).map(|_| pick()).collect()
    }

    #[test]
    fn each_has_its_turn() {
        assert_eq!(turns(&mut State::default(), [true; 3], 7), [0, 1, 2, 0, 1, 2, 0]);
    }

    #[test]
    fn turns_go_on_when_one_fails_comes_back_or_is_no_more() {
        let mut state = State::default();
        assert_eq!(turns(&mut state, [true; 4], 2), [0, 1]);
        assert_eq!(turns(&mut state, [true, true, false, true], 4), [3, 0, 1, 3]);
        assert_eq!(turns(&mut state, [true; 4], 3), [0, 1, 2]);
        assert_eq!(turns(&mut state, [true; 2], 3), [0, 1, 0]);
    }
}
