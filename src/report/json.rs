//! An outcome as JSON, for programs.

use crate::outcome::Outcome;

/// The outcome as indented JSON that ends with a line feed.
pub fn text(outcome: &Outcome) -> String {
    let mut text = serde_json::to_string_pretty(outcome).expect("an outcome has text keys only");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn the_fields_stand_in_the_documented_order() {
        let text = text(&fixture::blitz());
        let fields = [
            "\"format\": \"outgrow.outcome/1\"",
            "\"version\"",
            "\"verb\": \"compare\"",
            "\"experiment\"",
            "\"seed\": 2026",
            "\"points\"",
            "\"models\"",
            "\"comparisons\"",
            "\"expectations\"",
            "\"problems\": []",
        ];
        let places: Vec<usize> = fields.iter().map(|it| text.find(it).unwrap()).collect();
        assert!(places.is_sorted(), "{places:?}");
        assert!(text.ends_with("}\n"));
    }

    #[test]
    fn an_estimate_reads_as_in_the_design() {
        let outcome = fixture::blitz();
        let estimate = serde_json::to_string(&outcome.points[0].metrics["availability"]).unwrap();
        assert_eq!(estimate, r#"{"value":1.0,"half_width":0.0,"confidence":0.95,"unit":"ratio"}"#);
    }
}
