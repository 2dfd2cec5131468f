//! Expectations as a JUnit file, which most CI servers show: a suite for each experiment, a case for
//! each expectation. What cannot be told is an error there, since it is neither passed nor failed.
//!
//! The elements and attributes are those that Jenkins and GitLab read (the Windyroad and Ant schemas).

use super::checked::{remarks, verdict};
use crate::outcome::{Expectation, Kept, Outcome};
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use quick_xml::writer::Writer;

/// The file's text.
pub fn text(outcomes: &[Outcome]) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    let mut write =
        |event: Event| writer.write_event(event).expect("memory takes all that is written");
    write(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
    let expectations = || outcomes.iter().flat_map(|it| &it.expectations);
    write(Event::Start(counted(BytesStart::new("testsuites"), "outgrow", expectations())));
    for outcome in outcomes {
        let suite = BytesStart::new("testsuite");
        write(Event::Start(counted(suite, &outcome.experiment, outcome.expectations.iter())));
        outcome.expectations.iter().for_each(|it| case(outcome, it, &mut write));
        write(Event::End(BytesEnd::new("testsuite")));
    }
    write(Event::End(BytesEnd::new("testsuites")));
    let mut text = String::from_utf8(writer.into_inner()).expect("it was made of text");
    text.push('\n');
    text
}

fn case(outcome: &Outcome, it: &Expectation, write: &mut impl FnMut(Event)) {
    let name = plain(&it.text);
    let class = plain(&outcome.experiment);
    let case = BytesStart::new("testcase").with_attributes([
        ("name", name.as_str()),
        ("classname", class.as_str()),
        ("time", "0"),
    ]);
    write(Event::Start(case));
    let element = match it.verdict {
        Kept::Pass => None,
        Kept::Fail => Some("failure"),
        Kept::CannotTell => Some("error"),
    };
    if let Some(element) = element {
        let message = plain(&remarks(it).join("; "));
        let start = BytesStart::new(element)
            .with_attributes([("message", message.as_str()), ("type", verdict(it.verdict))]);
        write(Event::Start(start));
        write(Event::Text(BytesText::new(&plain(&it.about))));
        write(Event::End(BytesEnd::new(element)));
    }
    write(Event::End(BytesEnd::new("testcase")));
}

fn counted<'a>(
    start: BytesStart<'a>,
    name: &str,
    all: impl Iterator<Item = &'a Expectation> + Clone,
) -> BytesStart<'a> {
    let count = |kept: Kept| all.clone().filter(|it| it.verdict == kept).count().to_string();
    let (tests, failures, errors) =
        (all.clone().count().to_string(), count(Kept::Fail), count(Kept::CannotTell));
    start.with_attributes([
        ("name", plain(name).as_str()),
        ("tests", tests.as_str()),
        ("failures", failures.as_str()),
        ("errors", errors.as_str()),
        ("time", "0"),
    ])
}

/// XML 1.0 has no place for control characters, escaped or not.
fn plain(text: &str) -> String {
    let keep =
        |c: char| if c.is_control() || ('\u{fffe}'..='\u{ffff}').contains(&c) { ' ' } else { c };
    text.chars().map(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn every_expectation_is_a_case_and_what_is_told_of_it_can_be_read_back() {
        let mut outcome = fixture::blitz();
        outcome.expectations[1].text = "a <b> & \"c\" under 3s\u{1}".to_owned();
        let text = text(&[outcome]);
        let mut reader = quick_xml::Reader::from_str(&text);
        let (mut names, mut verdicts) = (Vec::new(), Vec::new());
        loop {
            match reader.read_event().expect("it is XML") {
                Event::Eof => break,
                Event::Start(start) if start.name().as_ref() == "testcase" => {
                    let name = start.try_get_attribute("name").unwrap().unwrap();
                    names.push(
                        name.normalized_value(quick_xml::XmlVersion::Implicit1_0)
                            .unwrap()
                            .into_owned(),
                    );
                }
                Event::Start(start) if ["failure", "error"].contains(&start.name().as_ref()) => {
                    verdicts.push(start.name().as_ref().to_owned());
                }
                _ => {}
            }
        }
        assert_eq!(names.len(), 3);
        assert_eq!(names[1], "a <b> & \"c\" under 3s ");
        assert_eq!(verdicts, ["failure", "error"]);
        assert!(text.contains("tests=\"3\" failures=\"1\" errors=\"1\""), "{text}");
    }
}
