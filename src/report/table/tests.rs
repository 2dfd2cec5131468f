use super::*;
use crate::report::fixture;

#[test]
fn show() {
    for outcome in [fixture::single(), fixture::blitz(), fixture::sweep(), fixture::levels()] {
        println!("{}\n=======================", text(&outcome, &Look::default()));
    }
}
