use super::*;
use crate::report::fixture;

#[test]
fn show() {
    for (i, outcome) in [fixture::blitz(), fixture::levels(), fixture::sweep(), fixture::single()]
        .iter()
        .enumerate()
    {
        for chart in charts(outcome) {
            std::fs::write(format!("/tmp/charts/{i}-{}.png", chart.name), png(&chart).unwrap())
                .unwrap();
            std::fs::write(format!("/tmp/charts/{i}-{}.svg", chart.name), svg(&chart)).unwrap();
        }
    }
}
