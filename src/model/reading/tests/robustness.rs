//! Thousands of spoilt files and arguments: none makes the reader panic, linger or let pass what
//! serde refuses.

use super::*;

/// SplitMix64, so that a failure can be repeated by its seed.
struct Luck(u64);

impl Luck {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) as usize % bound.max(1)
    }

    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        start..start + self.below((length - start).min(40) + 1)
    }

    /// One slip: a byte changed, a stretch lost, doubled or moved, the end cut off, a piece of
    /// grammar put in.
    fn spoil(&mut self, bytes: &mut Vec<u8>) {
        const PIECES: &[&str] = &[
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"",
            "\\",
            "/*",
            "*/",
            "//",
            "\n",
            "\r",
            "null",
            "1e999",
            "-",
            "0.",
            "\u{feff}",
            "\\ud800",
            "\u{202e}",
            "\0",
            "NaN",
            "'",
            "{\"cpu\":",
            "[[[[[[[[",
        ];
        let range = self.range(bytes.len());
        let stretch = bytes[range.clone()].to_vec();
        let at = self.below(bytes.len() + 1);
        match self.below(6) {
            0 if !bytes.is_empty() => {
                let at = self.below(bytes.len());
                bytes[at] = self.below(256) as u8;
            }
            1 => drop(bytes.drain(range)),
            2 => drop(bytes.splice(at..at, stretch)),
            3 if self.below(4) == 0 => bytes.truncate(at),
            4 => {
                drop(bytes.drain(range));
                let at = at.min(bytes.len());
                drop(bytes.splice(at..at, stretch));
            }
            _ => drop(bytes.splice(at..at, PIECES[self.below(PIECES.len())].bytes())),
        }
    }
}

#[test]
fn no_spoilt_file_makes_the_reader_panic_or_linger() {
    let (mut read, mut shaped, mut lost) = (0, 0, 0);
    for seed in 0..5_000 {
        let mut luck = Luck(seed);
        let mut bytes = GOOD.as_bytes().to_vec();
        for _ in 0..=luck.below(4) {
            luck.spoil(&mut bytes);
        }
        // Most spoilt texts should get as far as the parser.
        let lossy = String::from_utf8_lossy(&bytes);
        if let Err(problem) = text_of("shop.json", &bytes) {
            assert!(!problem.to_string().is_empty());
            lost += 1;
        }
        let problems = match Document::parse("shop.json", &lossy).map(|it| it.read::<Shop>()) {
            Err(problems) => problems,
            Ok(Ok(_)) => {
                read += 1;
                continue;
            }
            Ok(Err(problems)) => {
                shaped += 1;
                problems
            }
        };
        assert!(!problems.is_empty(), "seed {seed}");
        for problem in problems {
            let shown = problem.to_string() + &problem.in_one_line() + &problem.render(true);
            assert!(shown.len() < 4000, "seed {seed}: {shown}");
        }
    }
    assert!(read > 100 && shaped > 100 && lost > 100, "{read} read, {shaped} shaped, {lost} lost");
}

#[test]
fn no_spoilt_argument_makes_the_reader_panic() {
    let document = Document::parse("shop.json", GOOD).unwrap();
    let good = "services.web.steps[0].cpu={\"mixture\": [\"1ms\", {\"exponential\": \"2ms\"}]}";
    for seed in 0..5_000 {
        let mut luck = Luck(seed);
        let mut bytes = good.as_bytes().to_vec();
        for _ in 0..=luck.below(3) {
            luck.spoil(&mut bytes);
        }
        let text = String::from_utf8_lossy(&bytes);
        let mut document = document.clone();
        if let Ok((path, value)) = assignment(&text) {
            let problems = match document.set(path, value) {
                Ok(()) => document.read::<Shop>().err().unwrap_or_default(),
                Err(problem) => vec![problem],
            };
            assert!(problems.iter().all(|it| it.to_string().len() < 3000), "seed {seed}");
        }
    }
}

/// Every path in a value.
fn paths(value: &serde_json::Value, here: &mut Vec<Segment>, into: &mut Vec<Vec<Segment>>) {
    into.push(here.clone());
    let children: Vec<(Segment, &serde_json::Value)> = match value {
        serde_json::Value::Array(all) => {
            all.iter().enumerate().map(|(i, it)| (i.into(), it)).collect()
        }
        serde_json::Value::Object(map) => map.iter().map(|(key, it)| (key.into(), it)).collect(),
        _ => Vec::new(),
    };
    for (segment, child) in children {
        here.push(segment);
        paths(child, here, into);
        here.pop();
    }
}

fn at<'v>(value: &'v serde_json::Value, path: &[Segment]) -> &'v serde_json::Value {
    path.iter().fold(value, |value, segment| match segment {
        Segment::Key(key) => &value[key],
        Segment::Index(index) => &value[*index],
    })
}

#[test]
fn what_passes_the_check_of_its_shape_is_never_refused_by_serde() {
    let shape = Shape::of::<Shop>();
    let good = Document::parse("shop.json", GOOD).unwrap();
    let value = good.value();
    let mut all = Vec::new();
    paths(&value, &mut Vec::new(), &mut all);
    let strange: Vec<serde_json::Value> = serde_json::from_str(
        r#"[0, -1, 0.5, 4294967296, 1e300, "", "5s", "half", "random", true, null, [], {}]"#,
    )
    .unwrap();
    let (mut passed, mut refused, mut mended) = (0, 0, 0);
    for seed in 0..5_000 {
        let mut luck = Luck(seed);
        let mut document = good.clone();
        for _ in 0..=luck.below(3) {
            let mut path = all[luck.below(all.len())].clone();
            if luck.below(4) == 0 {
                // Another key of the language, beside or below what is there.
                let keys = all.iter().filter_map(|it| it.last()).collect::<Vec<_>>();
                path.push(keys[luck.below(keys.len())].clone());
            }
            let new = match luck.below(2) {
                0 => strange[luck.below(strange.len())].clone(),
                _ => at(&value, &all[luck.below(all.len())]).clone(),
            };
            // An earlier change may have taken the path away.
            let _ = document.set_from(&good, &[], &path, new);
        }
        let findings = shape.misfits(&document.root).findings;
        let by_serde = serde_json::from_value::<Shop>(document.value());
        if findings.is_empty() {
            passed += 1;
            assert!(by_serde.is_ok(), "seed {seed}: {by_serde:?} {}", document.value());
        } else {
            refused += 1;
            assert!(!document.problems(findings).is_empty());
            // It can be mended, or the mending gives up; it does not go on for ever.
            mended += usize::from(repair::mended(&document.root, &shape, Guess::Sparing).is_some());
        }
    }
    assert!(passed > 250 && refused > 1000, "{passed} passed, {refused} refused");
    assert!(mended > refused / 2, "{mended} mended of {refused}");
}
