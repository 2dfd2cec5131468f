//! Bad files and what is said about them, in a small language of the tests' own.

mod language;
mod robustness;

use super::*;
use language::{Balance, CallStep, GOOD, Shop, Step};

/// Each problem as `CODE line:column path: rule | mend`.
fn told(problems: &[Problem]) -> Vec<String> {
    let line = |it: &Problem| {
        let place = match (it.line, it.column) {
            (Some(line), Some(column)) => format!("{line}:{column}"),
            _ => it.file.clone(),
        };
        let mend = if it.mend.is_empty() { "" } else { " | " };
        format!("{} {place} {}: {}{mend}{}", it.code, it.path, it.rule, it.mend)
    };
    problems.iter().map(line).collect()
}

fn problems_of(text: &str) -> Vec<String> {
    let read = Document::parse("shop.json", text).and_then(|it| it.read::<Shop>());
    told(&read.err().unwrap_or_default())
}

/// The problems of a file that has `part` in place of a host's description.
fn check_host(part: &str, expected: &[&str]) {
    let text = format!("{{ \"name\": \"x\", \"hosts\": {{ \"h\":\n{part}\n}} }}");
    assert_eq!(problems_of(&text), expected, "{part}");
}

/// The problems of a file with a service, one line for `part`, whose path is cut to what is new.
fn check_service(part: &str, expected: &[&str]) {
    let text = format!(
        "{{ \"name\": \"x\", \"hosts\": {{}}, \"services\": {{ \"s\": {{ \"hosts\": \"h\",\n{part}\n}} }} }}"
    );
    let told: Vec<String> =
        problems_of(&text).iter().map(|it| it.replace("services.s.", "")).collect();
    assert_eq!(told, expected, "{part}");
}

fn check_step(part: &str, expected: &[&str]) {
    check_service(&format!("\"steps\": [\n{part}\n]"), expected);
}

#[test]
fn a_good_file_is_read() {
    let shop = Document::parse("shop.json", GOOD).unwrap().read::<Shop>().unwrap();
    assert_eq!(shop.hosts["rack"].cores, 16);
    assert_eq!(shop.hosts["rack"].seed, u64::MAX);
    assert_eq!(shop.services["web"].steps.len(), 4);
    assert!(matches!(
        shop.services["web"].steps[2],
        Step::Call(CallStep { times: Some(1000), .. })
    ));
    let marked = format!("\u{feff}{GOOD}");
    assert!(Document::parse("shop.json", &marked).unwrap().read::<Shop>().is_ok());
}

#[test]
fn a_missing_misspelt_or_doubled_key_is_told() {
    check_host(
        "{}",
        &["E004 1:27 hosts.h.cores: must be given, and is missing | add \"cores\": 16"],
    );
    check_host(
        "{ \"corse\": 16 }",
        &["E003 2:3 hosts.h.corse: no key is called \"corse\" here | did you mean \"cores\"?"],
    );
    check_host(
        "{ \"cores\": 1, \"gpu\": 2,\n \"cores\": 2, \"cores\": 3 }",
        &[
            "E003 2:15 hosts.h.gpu: no key is called \"gpu\" here | \
             there are cores, price, share, speed, seed, small",
            "E002 3:2 hosts.h.cores: stands twice; the first is in line 2 | \
             remove one of the two, or give one another name",
            "E002 3:14 hosts.h.cores: stands twice; the first is in line 2 | \
             remove one of the two, or give one another name",
        ],
    );
    assert_eq!(
        problems_of("{}"),
        [
            "E004 1:1 hosts: must be given, and is missing | add \"hosts\", an object",
            "E004 1:1 name: must be given, and is missing | add \"name\", a text",
        ]
    );
}

#[test]
fn numbers_outside_of_their_range_or_not_whole_are_told() {
    for (value, told) in [
        (
            "\"cores\": -1",
            "E007 2:12 hosts.h.cores: must be at least 1 and at most 4294967295, not -1",
        ),
        ("\"cores\": 2.5", "E005 2:12 hosts.h.cores: must be a whole number, not 2.5"),
        (
            "\"cores\": 1e9999999999",
            "E007 2:12 .: \"1e9999999999\" is larger than a number can be | the largest is about 1.8e308",
        ),
        (
            "\"cores\": 5e9",
            "E007 2:12 hosts.h.cores: must be at least 1 and at most 4294967295, not 5000000000",
        ),
        (
            "\"cores\": \"16\"",
            "E005 2:12 hosts.h.cores: must be a whole number, not the text \"16\" | \
             write 16 without quotes",
        ),
        ("\"cores\": null", "E005 2:12 hosts.h.cores: must be a whole number, not null"),
        (
            "\"cores\": 1, \"share\": 1.5",
            "E007 2:24 hosts.h.share: must be at least 0 and at most 1, not 1.5",
        ),
        ("\"cores\": 1, \"speed\": 0", "E007 2:24 hosts.h.speed: must be above 0, not 0"),
        (
            "\"cores\": 1, \"seed\": 1e300",
            "E007 2:23 hosts.h.seed: must be at least 0 and at most 18446744073709551615, not 1e+300",
        ),
        (
            "\"cores\": 1, \"small\": -129",
            "E007 2:24 hosts.h.small: must be at least -128 and at most 127, not -129",
        ),
    ] {
        check_host(&format!("{{ {value} }}"), &[told]);
    }
}

#[test]
fn units_are_told_in_their_own_words() {
    for (value, told) in [
        (
            "95",
            "E006 2:24 hosts.h.price: must be a price such as \"0.95/h\", not 95 | \
             write the unit, as in \"95/h\"",
        ),
        (
            "\"95 cents\"",
            "E006 2:24 hosts.h.price: \"95 cents\": \"cents\" is no unit here: \
             a price is a number and one of /h, /d, /mo | write it as in \"0.95/h\"",
        ),
        ("[]", "E005 2:24 hosts.h.price: must be a price such as \"0.95/h\", not a list"),
    ] {
        check_host(&format!("{{ \"cores\": 1, \"price\": {value} }}"), &[told]);
    }
}

#[test]
fn a_choice_is_told_about_the_alternative_that_was_meant() {
    for (step, told) in [
        (
            "{ \"cpu\": { \"exponental\": \"4ms\" } }",
            "E003 3:12 steps[0].cpu.exponental: no distribution is called \"exponental\" | \
             did you mean \"exponential\"?",
        ),
        (
            "{ \"cpu\": { \"gamma\": 4 } }",
            "E003 3:12 steps[0].cpu.gamma: no distribution is called \"gamma\" | \
             there are exponential, lognormal, mixture",
        ),
        (
            "{ \"cpu\": {} }",
            "E004 3:10 steps[0].cpu: must say which distribution it is | \
             there are exponential, lognormal, mixture",
        ),
        (
            "{ \"cpu\": \"exponential\" }",
            "E005 3:10 steps[0].cpu: \"exponential\" must say more than its name | \
             write {\"exponential\": \"15ms\"}",
        ),
        (
            "{ \"cpu\": \"norml\" }",
            "E008 3:10 steps[0].cpu: no distribution is called \"norml\" | write a length of \
             time, as in \"15ms\", or one of exponential, lognormal, mixture",
        ),
        (
            "{ \"cpu\": \"4 msec\" }",
            "E006 3:10 steps[0].cpu: \"4 msec\": \"msec\" is no unit here: a length of time is \
             a number and one of ns, us, µs, ms, s, m, h, d | write it as in \"15ms\"",
        ),
        (
            "{ \"cpu\": 4 }",
            "E006 3:10 steps[0].cpu: must be a length of time such as \"15ms\" or an object, not 4 | \
             write the unit, as in \"4ms\"",
        ),
        (
            "{ \"cpu\": { \"lognormal\": { \"mean\": \"2ms\" } } }",
            "E004 3:12 steps[0].cpu.lognormal.cv: must be given, and is missing | add \"cv\", a number",
        ),
        (
            "{ \"cpu\": { \"exponential\": \"1s\", \"lognormal\": {} } }",
            "E010 3:33 steps[0].cpu.lognormal: \"lognormal\" cannot stand beside \"exponential\" | \
             a distribution has only one of them",
        ),
        (
            "{ \"call\": \"db.read\", \"cpu\": \"1s\" }",
            "E010 3:3 steps[0].call: \"call\" cannot stand beside \"cpu\" | a step has only one of them",
        ),
        (
            "{ \"cal\": \"db.read\", \"times\": 2 }",
            "E003 3:3 steps[0].cal: no step is called \"cal\" | did you mean \"call\"?",
        ),
        (
            "{ \"call\": \"db.read\", \"time\": 2 }",
            "E003 3:22 steps[0].time: no key is called \"time\" here | did you mean \"times\"?",
        ),
        (
            "{ \"lock\": 5 }",
            "E004 3:1 steps[0].do: must be given, and is missing | add \"do\", a list",
        ),
        ("[]", "E005 3:1 steps[0]: must be an object, not a list"),
    ] {
        check_step(step, &[told]);
    }
}

#[test]
fn names_of_choices_without_parameters_are_told() {
    for (value, told) in [
        (
            "\"balance\": \"randon\"",
            "E008 2:12 balance: no balance is called \"randon\" | did you mean \"random\"?",
        ),
        (
            "\"balance\": { \"round_robin\": {} }",
            "E005 2:12 balance: \"round_robin\" has nothing more to say | write \"round_robin\"",
        ),
        (
            "\"balance\": \"weighted\"",
            "E005 2:12 balance: \"weighted\" must say more than its name | write {\"weighted\": …}",
        ),
        (
            "\"balance\": { \"weigted\": {} }",
            "E003 2:14 balance.weigted: no balance is called \"weigted\" | did you mean \"weighted\"?",
        ),
        (
            "\"jitter\": \"none\"",
            "E008 2:11 jitter: no jitter is called \"none\" | there are full, half",
        ),
        ("\"jitter\": 3", "E005 2:11 jitter: must be \"full\" or \"half\", not 3 | write \"3\""),
    ] {
        check_service(&format!("{value}, \"steps\": []"), &[told]);
    }
}

#[test]
fn what_may_be_left_out_is_no_choice() {
    for (value, told) in [
        ("{}", "E004 2:1 pool.size: must be given, and is missing | add \"size\", a whole number"),
        (
            "{ \"siz\": 1 }",
            "E003 2:11 pool.siz: no key is called \"siz\" here | did you mean \"size\"?",
        ),
        ("\"size\"", "E005 2:9 pool: must be an object, not the text \"size\""),
        ("3", "E005 2:9 pool: must be an object, not 3"),
    ] {
        check_service(&format!("\"pool\": {value}, \"steps\": []"), &[told]);
    }
    check_step("\"cpu\"", &["E005 3:1 steps[0]: must be an object, not the text \"cpu\""]);
}

#[test]
fn all_problems_are_told_at_once_sorted_by_place() {
    let text = "{\n\"traffic\": 5,\n\"between\": [\"a\"],\n\"hosts\": { \"h\": { \"cores\": -1, \"price\": true } },\n\"nmae\": 3 }";
    assert_eq!(
        problems_of(text),
        [
            "E006 2:12 traffic: must be a rate such as \"200/s\", not 5 | write the unit, as in \"5/s\"",
            "E007 3:12 between: must have exactly 2 elements, not 1",
            "E007 4:28 hosts.h.cores: must be at least 1 and at most 4294967295, not -1",
            "E005 4:41 hosts.h.price: must be a price such as \"0.95/h\", not true",
            "E003 5:1 nmae: no key is called \"nmae\" here | did you mean \"name\"?",
        ]
    );
}

#[test]
fn mistakes_of_grammar_are_told_where_they_are() {
    for (text, told) in [
        (
            "",
            "E001 1:1 .: the file is empty | start from one that runs: models/first.json, or experiments/first.json for an experiment",
        ),
        (
            "// soon\n",
            "E001 1:8 .: the file has nothing but comments | start from one that runs: models/first.json, or experiments/first.json for an experiment",
        ),
        ("{ \"a\": 1", "E001 1:1 .: this { is never closed | add the missing }"),
        ("{ \"a\": [1, 2", "E001 1:8 .: this [ is never closed | add the missing ]"),
        ("{ \"a\": [1, 2 }", "E001 1:14 .: this } closes nothing | lists end with ]"),
        ("{ \"a\": 1 \"b\": 2 }", "E001 1:9 .: a comma is missing here"),
        ("{ \"a\": 1,, }", "E001 1:10 .: a key in double quotes should stand here"),
        ("{ 'a': 1 }", "E001 1:3 .: texts stand in double quotes, not single ones | write \""),
        ("{ a: 1 }", "E001 1:3 .: a key must stand in double quotes | write \"a\""),
        ("{ \"a\" 1 }", "E001 1:7 .: a colon must follow the key | write \"key\": value"),
        (
            "{ \"a\": NaN }",
            "E001 1:8 .: a number must be finite | leave the key out if there is no limit",
        ),
        ("{ \"a\": True }", "E001 1:8 .: True is written in small letters | write true"),
        ("{ \"a\": 5s }", "E001 1:9 .: a comma is missing here"),
        ("{ \"a\": fast }", "E001 1:8 .: a text must stand in double quotes | write \"fast\""),
        ("{ \"a\": 0xff }", "E001 1:8 .: numbers are written in decimal | write 255, not 0xff"),
        (
            "{ \"a\": .5 }",
            "E001 1:8 .: a number needs a digit on both sides of its point | write 0.5 or 5.0",
        ),
        ("{} {}", "E001 1:4 .: the file should end here | it holds one object"),
        ("{ /* \"a\": 1 }", "E001 1:3 .: this comment is never closed | add the missing */"),
        (
            "{ \"a\": \"x,\n \"b\": 1 }",
            "E001 1:8 .: this text is not closed on its line | \
             add the \" at its end; write \\n for a new line inside",
        ),
        (
            "{ \"a\": \"\u{7}\" }",
            "E001 1:9 .: a text cannot hold the control character U+0007 | write \\u0007",
        ),
        ("{ “a”: 1 }", "E001 1:3 .: “ cannot stand outside of quotes | write straight quotes: \""),
        (
            "{\u{a0}\"a\": 1 }",
            "E001 1:2 .: a no-break space cannot stand outside of quotes | write an ordinary space",
        ),
        (
            "{ \"größe\": \"\\x\" }",
            "E001 1:13 .: this is no escape that JSON knows | there are \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u with four hexadecimal digits",
        ),
        ("[1, 2]", "E005 1:1 .: must be an object, not a list"),
    ] {
        assert_eq!(problems_of(text), [told], "{text}");
    }
}

#[test]
fn what_is_too_large_is_refused_before_it_costs_anything() {
    let deep = "[".repeat(1 << 20);
    assert_eq!(problems_of(&deep), ["E012 1:65 .: nested more than 64 levels deep"]);
    let nested = format!("{}{}", "{\"a\":".repeat(64), "1");
    assert_eq!(problems_of(&nested), ["E001 1:316 .: this { is never closed | add the missing }"]);
    let many = format!("[{}", "1,".repeat(MAX_VALUES));
    assert!(problems_of(&many)[0].contains("more than 1000000 values in one file"));
    let large = " ".repeat(MAX_BYTES + 1);
    assert_eq!(
        problems_of(&large),
        ["E012 shop.json .: a file has at most 16 MiB, not 17 | long series belong in a CSV file"]
    );
    assert_eq!(text_of("x", large.as_bytes()).unwrap_err().code, Code::E012);
}

#[test]
fn bytes_that_are_no_text_are_told() {
    let wrong = |bytes: &[u8]| told(&[text_of("a.json", bytes).unwrap_err()]).remove(0);
    assert_eq!(
        wrong(b"{\n\"gr\xc3\xb6\xdfe\""),
        "E011 2:5 .: the file is not text in UTF-8: the byte 0xdf is none of it | save it as UTF-8"
    );
    assert!(wrong(b"\xff\xfe{\0}\0").contains("UTF-16"));
    assert_eq!(text_of("a.json", "ö".as_bytes()).unwrap(), "ö");
}

#[test]
fn findings_of_sense_are_told_at_the_nearest_place_once() {
    let document = Document::parse("shop.json", GOOD).unwrap();
    let mut findings = Findings::default();
    findings.inside("hosts", |it| {
        it.inside("rack", |it| it.wrong_at("disk", Code::E010, "must be given", ""));
        it.inside("rack", |it| it.wrong_at("cores", Code::E007, "are too few", ""));
        it.inside("rack", |it| it.wrong_at("cores", Code::E007, "are too few", ""));
    });
    findings.inside("services", |it| {
        it.inside("web", |it| {
            it.inside("steps", |it| {
                it.inside(2, |it| it.wrong_at("call", Code::E008, "has no \"db\"", ""));
                it.wrong(Code::E013, "are too many", "");
                it.wrong_at(77, Code::E013, "is not there", "");
            })
        })
    });
    assert_eq!(
        told(&document.problems(findings.into_vec())),
        [
            "E010 4:14 hosts.rack.disk: must be given",
            "E007 4:33 hosts.rack.cores: are too few",
            "E013 8:7 services.web.steps[77]: is not there",
            "E013 8:16 services.web.steps: are too many",
            "E008 11:19 services.web.steps[2].call: has no \"db\"",
        ]
    );
}

#[test]
fn values_are_set_by_path() {
    let mut document = Document::parse("shop.json", GOOD).unwrap();
    for (path, value) in [
        ("hosts.rack.cores", "32"),
        ("hosts.rack.price", "2/h"),
        ("hosts.\"eu.west\"", "{\"cores\": 4}"),
        ("services.web.steps[0].cpu", "{\"exponential\": \"9ms\",}"),
        ("services.web.balance", "random"),
    ] {
        document.set(path, value).unwrap();
    }
    let experiment = Document::parse("e.json", "{ \"vary\": [-1] }").unwrap();
    let from = ["vary".into(), 0.into()];
    document
        .set_from(&experiment, &from, &["hosts".into(), "rack".into(), "small".into()], (-1).into())
        .unwrap();
    let shop = document.read::<Shop>().unwrap();
    assert_eq!((shop.hosts["rack"].cores, shop.hosts["rack"].small), (32, -1));
    assert_eq!(shop.hosts["eu.west"].cores, 4);
    assert!(matches!(shop.services["web"].balance, Some(Balance::Random)));
    assert_eq!(assignment("a.\"b=c\" = 1=2").unwrap(), ("a.\"b=c\"", "1=2"));
    assert!(assignment("a.b").is_err());
}

#[test]
fn what_is_wrong_with_a_set_value_is_told_at_the_argument() {
    let mut document = Document::parse("shop.json", GOOD).unwrap();
    for (path, value, expected) in [
        (
            "host.rack.cores",
            "1",
            "E008 --set host.rack.cores=1 host.rack.cores: the file has no \"host\" | did you mean \"hosts\"?",
        ),
        (
            "hosts.rack.disk.iops",
            "1",
            "E008 --set hosts.rack.disk.iops=1 hosts.rack.disk.iops: hosts.rack has no \"disk\" | set hosts.rack.disk={\"iops\": …}",
        ),
        (
            "services.web.steps[4].cpu",
            "1",
            "E008 --set services.web.steps[4].cpu=1 services.web.steps[4].cpu: services.web.steps has no [4] | there are [0] to [3]",
        ),
        (
            "services.web.steps.cpu",
            "1",
            "E008 --set services.web.steps.cpu=1 services.web.steps.cpu: services.web.steps is a list and has no \"cpu\" | write [0] for its first",
        ),
        ("name[0]", "1", "E008 --set name[0]=1 name[0]: name is the text \"shop\" and no list"),
        (
            "hosts..x",
            "1",
            "E001 --set hosts..x=1 .: a key is missing between two dots | a path is written as in services.app.operations.login[0].cpu",
        ),
        (
            "hosts",
            "{\"a\": {\"cores\": 1}",
            "E001 --set hosts={\"a\": {\"cores\": 1} hosts: the value is no JSON: at 1, this { is never closed | add the missing }",
        ),
        (
            "hosts",
            "{\"a\": 1, \"a\": 2}",
            "E002 --set hosts={\"a\": 1, \"a\": 2} hosts: the key a stands twice",
        ),
        (
            "hosts.rack.cores",
            "1e999",
            "E007 --set hosts.rack.cores=1e999 hosts.rack.cores: \"1e999\" is larger than a number can be | the largest is about 1.8e308",
        ),
    ] {
        assert_eq!(told(&[document.set(path, value).unwrap_err()]), [expected]);
    }
    assert_eq!(
        told(&[document.set("hosts.rack.pricee", "null").unwrap_err()]),
        [
            "E008 --set hosts.rack.pricee=null hosts.rack.pricee: hosts.rack has no \"pricee\" | did you mean \"price\"?"
        ]
    );
    document.set("hosts.rack.price", "null").unwrap();
    assert_eq!(document.value()["hosts"]["rack"].get("price"), None, "null takes a key out");
    document.set("hosts.rack.cores", "many").unwrap();
    document.set("hosts.rack.gpus", "1").unwrap();
    document.set("services.web", "{\"steps\": []}").unwrap();
    assert_eq!(
        told(&document.read::<Shop>().unwrap_err()),
        [
            "E005 --set hosts.rack.cores=many hosts.rack.cores: must be a whole number, not the text \"many\"",
            "E003 --set hosts.rack.gpus=1 hosts.rack.gpus: no key is called \"gpus\" here | there are cores, price, share, speed, seed, small",
            "E004 --set services.web={\"steps\": []} services.web.hosts: must be given, and is missing | add \"hosts\", a text",
        ]
    );
}

#[test]
fn the_schema_is_understood_and_says_what_it_is() {
    assert_eq!(Shape::of::<Shop>().not_understood(), Vec::<String>::new());
    let schema = schema_of::<Shop>();
    assert_eq!(schema["title"], "Shop");
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema.get("$id"), None);
}
