//! Stores of finished replications: what is kept is found again, whatever happens to the process, the
//! disk or the parts.

use super::support::{outgrow, run, scratch, stderr, stdout};
use outgrow::experiment::store::{Entry, Part, Seen, look};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Two designs, two levels each, three replications: with a fixed warm-up, twelve runs.
fn small(folder: &Path) -> PathBuf {
    experiment(folder, "\"5s\"", "40s")
}

fn experiment(folder: &Path, warm_up: &str, window: &str) -> PathBuf {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let text = format!(
        r#"{{
          "name": "small", "about": "To be interrupted.",
          "models": ["{0}/mm1.json", "{0}/shop.json"],
          "vary": {{ "mm1: traffic.customer.rate": ["0.5/s", "0.6/s"] }},
          "warm_up": {warm_up}, "window": "{window}", "replications": {{ "min": 3 }}
        }}"#,
        models.display()
    );
    let path = folder.join("small.json");
    fs::write(&path, text).unwrap();
    path
}

/// Runs with a store.
fn kept(args: &[&str], store: &Path) -> Output {
    run(&[args, &["--store", store.to_str().unwrap()]].concat())
}

fn sweep(experiment: &Path, store: &Path) -> Output {
    kept(&["sweep", experiment.to_str().unwrap(), "--format", "json"], store)
}

/// What `store` and an experiment's sweep without one print.
fn uninterrupted(experiment: &Path) -> String {
    let output = run(&["sweep", experiment.to_str().unwrap(), "--format", "json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output)
}

fn files(store: &Path) -> Vec<Entry<Part>> {
    look(store, |part| part).unwrap()
}

/// The bytes of all finished parts, by name.
fn parts(store: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let parts = files(store).into_iter().filter(|it| matches!(it.seen, Seen::Part(_)));
    parts.map(|it| (it.path.clone(), fs::read(&it.path).unwrap())).collect()
}

/// `12 runs were there, 3 were made and kept`.
fn counts(output: &Output) -> (u64, u64) {
    let text = stderr(output);
    let line = text.lines().find(|it| it.starts_with("store ")).unwrap_or_else(|| panic!("{text}"));
    let (_, counts) = line.rsplit_once(": ").unwrap();
    let numbers: Vec<u64> = counts.split(' ').filter_map(|it| it.parse().ok()).collect();
    (numbers[0], numbers[1])
}

#[test]
fn what_is_kept_is_not_run_again_and_comes_to_the_same_bytes() {
    let folder = scratch("store-again");
    let (experiment, store) = (experiment(&folder, "\"auto\"", "40s"), folder.join("store"));
    let expected = uninterrupted(&experiment);
    let first = sweep(&experiment, &store);
    assert_eq!(stdout(&first), expected);
    // Three designs, of each three replications and five pilots.
    assert_eq!(counts(&first), (0, 24));
    let again = sweep(&experiment, &store);
    assert_eq!(stdout(&again), expected);
    assert_eq!(counts(&again), (24, 0));
    for threads in ["1", "3"] {
        let args =
            ["sweep", experiment.to_str().unwrap(), "--format", "json", "--threads", threads];
        let other = folder.join(threads);
        assert_eq!(stdout(&kept(&args, &other)), expected, "{threads} threads");
        let names = |store: &Path| -> Vec<PathBuf> {
            parts(store).into_keys().map(|it| it.strip_prefix(store).unwrap().to_owned()).collect()
        };
        assert_eq!(names(&other), names(&store), "{threads} threads");
        for (path, bytes) in parts(&other) {
            let name = path.strip_prefix(&other).unwrap();
            assert!(fs::read(store.join(name)).unwrap() == bytes, "{}", name.display());
        }
    }
}

#[test]
fn only_what_determines_a_result_is_in_its_key() {
    let folder = scratch("store-keys");
    let store = folder.join("store");
    let check = |more: &[&str], expected: (u64, u64)| {
        let quick = ["run", "models/mm1.json", "--window", "20s", "--warm-up", "5s"];
        let output = kept(&[&quick, more].concat(), &store);
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(counts(&output), expected, "{more:?}");
    };
    check(&["--replications", "2"], (0, 2));
    check(&["--replications", "2", "--threads", "1", "--max-events", "1000000"], (2, 0));
    check(&["--replications", "3"], (2, 1));
    check(&["--replications", "2", "--set", "about=Said otherwise."], (2, 0));
    check(&["--replications", "2", "--set", "traffic.customer.rate=0.80/s"], (2, 0));
    check(&["--replications", "2", "--seed", "2"], (0, 2));
    check(&["--replications", "2", "--set", "traffic.customer.rate=0.7/s"], (0, 2));
    check(&["--replications", "2", "--window", "21s"], (0, 2));
    check(&["--replications", "2", "--warm-up", "6s"], (0, 2));
    check(&["--replications", "2", "--set", "name=other"], (0, 2));
    // A run that is alone keeps its batches as well.
    check(&["--replications", "1"], (0, 1));
    check(&["--replications", "1"], (1, 0));
}

#[test]
fn every_verb_that_runs_goes_on_where_it_stopped() {
    let folder = scratch("store-verbs");
    let quick = ["--window", "20s", "--warm-up", "5s", "--replications", "2"];
    let cases: [&[&str]; 5] = [
        &[&["run", "models/shop.json"], &quick[..]].concat(),
        &["compare", "models/mm1.json", "models/shop.json", "--replications", "2"],
        &["compare", "experiments/retry-storm.json"],
        &[&["capacity", "models/shop.json"], &quick[..]].concat(),
        &["check", "experiments/pool-size.json"],
    ];
    for (i, args) in cases.into_iter().enumerate() {
        let store = folder.join(i.to_string());
        let plain = run(args);
        let first = kept(args, &store);
        assert_eq!(stdout(&first), stdout(&plain), "{args:?}");
        assert_eq!(first.status.code(), plain.status.code(), "{args:?}");
        let (there, added) = counts(&first);
        assert!(added > 0, "{args:?}");
        // Half of it is lost.
        let all = parts(&store);
        all.keys().step_by(2).for_each(|it| fs::remove_file(it).unwrap());
        let second = kept(args, &store);
        assert_eq!(stdout(&second), stdout(&plain), "{args:?}");
        assert_eq!(second.status.code(), plain.status.code(), "{args:?}");
        let found = counts(&second);
        assert_eq!(found.0 + found.1, there + added, "{args:?}");
        assert!(found.1 as usize >= all.len().div_ceil(2), "{args:?}");
    }
}

/// Killed a hundred times, at moments that are spread over the whole of its work.
#[cfg(unix)]
#[test]
fn nothing_that_is_finished_is_lost_to_a_hundred_kills() {
    use std::os::unix::process::ExitStatusExt;
    const KILLS: u32 = 100;
    let folder = scratch("store-kills");
    let experiment = small(&folder);
    let begun = Instant::now();
    let expected = uninterrupted(&experiment);
    let whole = begun.elapsed();
    let (mut kills, mut tries, mut nth) = (0, 0, 0);
    let mut finished_by_then = BTreeMap::new();
    let mut moments = Vec::new();
    while kills < KILLS {
        let store = folder.join(nth.to_string());
        let mut child = outgrow()
            .args(["sweep", experiment.to_str().unwrap(), "--format", "json", "--threads", "2"])
            .args(["--store", store.to_str().unwrap()])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The golden section never falls twice on the same share.
        let share = (f64::from(tries) * 0.618_034).fract();
        std::thread::sleep(whole.mul_f64(share));
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        tries += 1;
        let now = match store.exists() {
            true => parts(&store),
            false => BTreeMap::new(),
        };
        for (path, bytes) in &finished_by_then {
            assert!(now.get(path) == Some(bytes), "{} is lost or changed", path.display());
        }
        if output.status.signal() == Some(9) {
            kills += 1;
            moments.push(now.len());
            finished_by_then = now;
        } else {
            // It was faster: the next store begins.
            assert_eq!(stdout(&output), expected, "after {kills} kills");
            assert_eq!(counts(&output).0 as usize, finished_by_then.len());
            assert_eq!(now.len(), 9);
            finished_by_then = BTreeMap::new();
            nth += 1;
        }
        assert!(tries < 20 * KILLS, "only {kills} of {tries} were killed in time");
    }
    moments.sort_unstable();
    moments.dedup();
    assert!(moments.len() >= 5, "killed only when {moments:?} parts were finished");
    // And nothing is in the way of going on.
    let store = folder.join(nth.to_string());
    let last = sweep(&experiment, &store);
    assert_eq!(stdout(&last), expected);
    assert_eq!(counts(&last), (finished_by_then.len() as u64, 9 - finished_by_then.len() as u64));
    assert!(!stderr(&last).contains("warning"), "{}", stderr(&last));
}

#[test]
fn several_processes_share_a_folder() {
    let folder = scratch("store-shared");
    let (experiment, store) = (small(&folder), folder.join("store"));
    let expected = uninterrupted(&experiment);
    let start = || {
        outgrow()
            .args(["sweep", experiment.to_str().unwrap(), "--format", "json"])
            .args(["--store", store.to_str().unwrap()])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let children: Vec<_> = (0..4).map(|_| start()).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(stdout(&output), expected);
    }
    assert_eq!(parts(&store).len(), 9);
    assert_eq!(files(&store).len(), 9, "nothing unfinished is left");
    assert_eq!(counts(&sweep(&experiment, &store)), (9, 0));
}

/// A store in which one part is changed: the others are found, it is named and left, and what it held
/// is run again and kept beside it.
fn check_changed(name: &str, change: impl Fn(&[u8]) -> Vec<u8>, told: &str) {
    let folder = scratch(&format!("store-{name}"));
    let (experiment, store) = (small(&folder), folder.join("store"));
    let expected = stdout(&sweep(&experiment, &store));
    let path = parts(&store).into_keys().nth(4).unwrap();
    let changed = change(&fs::read(&path).unwrap());
    fs::write(&path, &changed).unwrap();
    for (there, added) in [(8, 1), (9, 0)] {
        let output = sweep(&experiment, &store);
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(stdout(&output), expected, "{name}");
        assert_eq!(counts(&output), (there, added), "{name}: {}", stderr(&output));
        let named = format!("warning: {} {told}", path.display());
        assert!(stderr(&output).contains(&named), "{named} in\n{}", stderr(&output));
        assert!(fs::read(&path).unwrap() == changed, "{name}: it is left as it is");
    }
    assert_eq!(parts(&store).len(), 9, "{name}");
    // The store's own verbs tell the same.
    let listed = run(&["store", "list", store.to_str().unwrap()]);
    assert!(stderr(&listed).contains(told), "{}", stderr(&listed));
}

#[test]
fn an_empty_part_is_told_and_run_again() {
    check_changed("empty", |_| Vec::new(), "is damaged: it is empty");
}

#[test]
fn a_truncated_part_is_told_and_run_again() {
    let half = |bytes: &[u8]| bytes[..bytes.len() / 2].to_vec();
    check_changed("truncated", half, "is damaged: its line has no end");
    let but_its_end = |bytes: &[u8]| bytes[..bytes.len() - 1].to_vec();
    check_changed("unended", but_its_end, "is damaged: its line has no end");
}

#[test]
fn a_part_with_one_changed_bit_is_told_and_run_again() {
    for (name, place) in [("bit-early", 200), ("bit-late", 2000), ("bit-in-check", 20)] {
        let flip = move |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            bytes[place] ^= 1;
            bytes
        };
        check_changed(name, flip, "is damaged: its check is not that of the rest of the line");
    }
}

#[test]
fn a_part_with_something_after_its_line_is_told_and_run_again() {
    let twice = |bytes: &[u8]| [bytes, bytes].concat();
    check_changed("twice", twice, "is damaged: something stands after its line");
}

#[test]
fn what_is_no_line_of_a_store_is_told() {
    let other = |_: &[u8]| b"{\"hello\": \"world\"}\n".to_vec();
    check_changed("no-line", other, "is damaged: its line does not begin with a check");
    let binary = |_: &[u8]| [0xff, 0, 0x80, b'\n'].repeat(100);
    check_changed("binary", binary, "is damaged: something stands after its line");
}

/// A line with another text in it, and the check of that.
fn resealed(bytes: &[u8], change: impl Fn(&str) -> String) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    const BEFORE_REST: usize = "{\"check\":\"".len() + 64 + "\",".len();
    let line = std::str::from_utf8(bytes).unwrap().trim_end();
    let rest = change(&line[BEFORE_REST..]);
    let digest: String = Sha256::digest(&rest).iter().map(|it| format!("{it:02x}")).collect();
    format!("{{\"check\":\"{digest}\",{rest}\n").into_bytes()
}

#[test]
fn a_whole_part_of_another_format_is_told_as_foreign() {
    let newer = |bytes: &[u8]| {
        resealed(bytes, |rest| rest.replace("\"outgrow.trial/1\"", "\"outgrow.trial/2\""))
    };
    let told = "is foreign: its format is \"outgrow.trial/2\", and this program reads \
                \"outgrow.trial/1\"";
    check_changed("foreign", newer, told);
}

#[test]
fn a_whole_part_that_is_not_what_its_name_says_is_not_used() {
    let other = |bytes: &[u8]| {
        resealed(bytes, |rest| rest.replace("\"key\":\"", "\"key\":\"0000").replace("0000", "0"))
    };
    check_changed("misnamed", other, "is damaged: it holds");
    let lacking = |bytes: &[u8]| resealed(bytes, |rest| rest.replace("\"figures\"", "\"figuren\""));
    check_changed("lacking", lacking, "is damaged: it lacks something");
}

#[test]
fn the_check_of_a_line_is_the_sha256_of_what_follows_it() {
    let folder = scratch("store-check");
    let (experiment, store) = (small(&folder), folder.join("store"));
    sweep(&experiment, &store);
    for (_, bytes) in parts(&store) {
        assert!(resealed(&bytes, str::to_owned) == bytes);
    }
}

#[test]
fn a_store_that_cannot_be_written_is_told_before_anything_runs() {
    let folder = scratch("store-unwritable");
    fs::write(folder.join("file"), "in the way").unwrap();
    let output = kept(&["run", "models/mm1.json"], &folder.join("file/below"));
    assert_eq!(output.status.code(), Some(75), "{}", stderr(&output));
    assert!(stderr(&output).contains("cannot be written"), "{}", stderr(&output));
    assert!(stderr(&output).contains("nothing was run"), "{}", stderr(&output));
    assert_eq!(stdout(&output), "");
    let output = kept(&["run", "models/mm1.json"], &folder.join("file"));
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("is no folder"), "{}", stderr(&output));
}

/// The program under a limit to how long a file may become, which it meets as it would a full disk.
#[cfg(unix)]
fn with_full_disk(args: &[&str], kib: usize) -> Output {
    // In halves of a KiB, or in whole ones, as the shell likes: the limit is at most so many.
    let script = format!("trap '' XFSZ; ulimit -f {kib}; exec \"$0\" \"$@\"");
    Command::new("sh")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["-c", &script, env!("CARGO_BIN_EXE_outgrow")])
        .args(args)
        .output()
        .unwrap()
}

#[cfg(unix)]
#[test]
fn a_full_disk_loses_no_outcome_and_nothing_that_was_kept() {
    let folder = scratch("store-full");
    let (experiment, store) = (small(&folder), folder.join("store"));
    let expected = uninterrupted(&experiment);
    let path = experiment.to_str().unwrap();
    let args = ["sweep", path, "--format", "json", "--store", store.to_str().unwrap()];
    let output = with_full_disk(&args, 1);
    assert_eq!(output.status.code(), Some(75), "{}", stderr(&output));
    assert_eq!(stdout(&output), expected, "the outcome is whole");
    assert_eq!(counts(&output), (0, 0));
    assert!(stderr(&output).contains("9 of 9 runs could not be kept: "), "{}", stderr(&output));
    assert_eq!(files(&store).len(), 0, "nothing half written is left");
    // What was kept before stays, and is found.
    let args = ["run", "models/mm1.json", "--window", "20s", "--warm-up", "5s"];
    let args = [&args, &["--store", store.to_str().unwrap(), "--replications"][..]].concat();
    assert!(run(&[&args[..], &["2"]].concat()).status.success());
    let before = parts(&store);
    let output = with_full_disk(&[&args[..], &["3"]].concat(), 1);
    assert_eq!(output.status.code(), Some(75), "{}", stderr(&output));
    assert_eq!(counts(&output), (2, 0));
    assert!(stderr(&output).contains("1 of 1 runs could not be kept"), "{}", stderr(&output));
    assert_eq!(parts(&store), before);
    // With room again, it goes on.
    let output = run(&[&args[..], &["3"]].concat());
    assert_eq!(counts(&output), (2, 1));
}
