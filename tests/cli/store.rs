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
    let (_, counts) = line.split_once(": ").unwrap();
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
    let check = |replications: &str, window: &str, more: &[&str], expected: (u64, u64)| {
        let args = ["run", "models/mm1.json", "--replications", replications, "--window", window];
        let output = kept(&[&args, more].concat(), &store);
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(counts(&output), expected, "{replications} {window} {more:?}");
    };
    let warm_up = ["--warm-up", "5s"];
    check("2", "20s", &warm_up, (0, 2));
    check("3", "20s", &warm_up, (2, 1));
    check("2", "21s", &warm_up, (0, 2));
    check("2", "20s", &["--warm-up", "6s"], (0, 2));
    let same = |more: &[&str]| check("2", "20s", &[&warm_up, more].concat(), (2, 0));
    same(&["--threads", "1", "--max-events", "1000000"]);
    same(&["--set", "about=Said otherwise."]);
    same(&["--set", "traffic.customer.rate=0.80/s"]);
    let other = |more: &[&str]| check("2", "20s", &[&warm_up, more].concat(), (0, 2));
    other(&["--seed", "2"]);
    other(&["--set", "traffic.customer.rate=0.7/s"]);
    other(&["--set", "services.clerk.workers=2"]);
    other(&["--set", "name=other"]);
    // A run that is alone keeps its batches as well.
    check("1", "20s", &warm_up, (0, 1));
    check("1", "20s", &warm_up, (1, 0));
}

/// Users who hardly think: how many events they make hangs on how fast they are answered.
const IMPATIENT: &str = r#"{ "name": "impatient", "hosts": { "box": { "cores": 1 } },
    "services": { "app": { "hosts": "box", "workers": 1, "operations": { "run": [{ "wait": "100ms" }] } } },
    "traffic": { "user": { "call": "app.run", "closed": { "users": 9, "think": "1us" } } } }"#;

#[test]
fn what_took_more_events_than_are_allowed_now_does_not_count_as_found() {
    let folder = scratch("store-allowed");
    let (model, store) = (folder.join("model.json"), folder.join("store"));
    fs::write(&model, IMPATIENT).unwrap();
    let quick = ["--window", "20s", "--warm-up", "5s", "--replications", "2"];
    let args = [&["run", model.to_str().unwrap()], &quick[..]].concat();
    assert_eq!(counts(&kept(&args, &store)), (0, 2));
    assert_eq!(counts(&kept(&args, &store)), (2, 0));
    let output = kept(&[&args, &["--max-events", "100"][..]].concat(), &store);
    assert_eq!(output.status.code(), Some(2));
    let text = stderr(&output);
    assert!(text.contains("used up all the events that are allowed"), "{text}");
    assert_eq!(counts(&output), (0, 0), "{text}");
}

#[test]
fn every_verb_that_runs_goes_on_where_it_stopped() {
    let folder = scratch("store-verbs");
    let quick = ["--window", "20s", "--warm-up", "5s", "--replications", "2"];
    let cases: [&[&str]; 5] = [
        &[&["run", "models/shop.json"], &quick[..]].concat(),
        &["compare", "models/mm1.json", "models/shop.json", "--replications", "2"],
        &["compare", "experiments/circuit-breaker.json"],
        &[&["capacity", "models/first.json"], &quick[..]].concat(),
        &["check", "experiments/priority.json"],
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
    let mut finished_by_then: BTreeMap<PathBuf, Vec<u8>> = BTreeMap::new();
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
    check_changed("misnamed", other, "is damaged: it holds another run");
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
fn a_store_that_is_no_folder_is_told_before_anything_runs() {
    let folder = scratch("store-no-folder");
    fs::write(folder.join("file"), "in the way").unwrap();
    for store in ["file", "file/below"] {
        let output = kept(&["run", "models/mm1.json"], &folder.join(store));
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains("is no folder"), "{}", stderr(&output));
        assert_eq!(stdout(&output), "");
    }
}

#[cfg(unix)]
#[test]
fn a_store_that_cannot_be_written_is_told_before_anything_runs() {
    let store = scratch("store-unwritable");
    let args = ["run", "models/mm1.json", "--store", store.to_str().unwrap()];
    let output = with_full_disk(&args, 0);
    assert_eq!(output.status.code(), Some(75), "{}", stderr(&output));
    assert!(stderr(&output).contains("cannot be written"), "{}", stderr(&output));
    assert!(stderr(&output).contains("nothing was run"), "{}", stderr(&output));
    assert_eq!(stdout(&output), "");
    assert_eq!(files(&store).len(), 0);
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
    assert!(
        stderr(&output).contains(", 9 were made and could not be kept: "),
        "{}",
        stderr(&output)
    );
    assert_eq!(files(&store).len(), 0, "nothing half written is left");
    // What was kept before stays, and is found.
    let args = ["run", "models/mm1.json", "--window", "20s", "--warm-up", "5s"];
    let args = [&args, &["--store", store.to_str().unwrap(), "--replications"][..]].concat();
    assert!(run(&[&args[..], &["2"]].concat()).status.success());
    let before = parts(&store);
    let output = with_full_disk(&[&args[..], &["3"]].concat(), 1);
    assert_eq!(output.status.code(), Some(75), "{}", stderr(&output));
    assert_eq!(counts(&output), (2, 0));
    assert!(stderr(&output).contains("1 runs are missing in the store"), "{}", stderr(&output));
    assert_eq!(parts(&store), before);
    // With room again, it goes on.
    let output = run(&[&args[..], &["3"]].concat());
    assert_eq!(counts(&output), (2, 1));
}

fn store_verb(args: &[&str], store: &Path) -> Output {
    run(&[&["store", args[0], store.to_str().unwrap()], &args[1..]].concat())
}

#[test]
fn what_is_there_is_listed_and_shown() {
    let folder = scratch("store-list");
    let (experiment, store) = (experiment(&folder, "\"auto\"", "20s"), folder.join("store"));
    sweep(&experiment, &store);
    let listed = stdout(&store_verb(&["list"], &store));
    let rows: Vec<Vec<&str>> = listed.lines().map(|it| it.split_whitespace().collect()).collect();
    assert_eq!(rows[2][..6], ["small", "mm1", "2", "6", "10", "0.1.0"], "{listed}");
    assert_eq!(rows[3][..6], ["small", "shop", "1", "3", "5", "0.1.0"], "{listed}");
    let one = stdout(&store_verb(&["list", "--model", "shop"], &store));
    assert!(!one.contains("mm1") && one.contains("shop"), "{one}");
    let none = store_verb(&["list", "--experiment", "other"], &store);
    assert!(stdout(&none).contains("holds nothing of this kind"));
    let parts = stdout(&store_verb(&["list", "--parts"], &store));
    let rows: Vec<&str> = parts.lines().filter(|it| it.contains("rate=0.6/s")).collect();
    assert_eq!(rows.len(), 8, "{parts}");
    let key = rows[7].split(' ').next().unwrap();
    let shown = stdout(&store_verb(&["show", key], &store));
    assert!(shown.starts_with(&format!("key          {key}")), "{shown}");
    assert!(shown.contains("factors      traffic.customer.rate=0.6/s"), "{shown}");
    assert!(shown.contains("replication  2"), "{shown}");
    assert!(shown.contains("customer.response.mean"), "{shown}");
    for (key, told) in [("", "24 parts begin with"), ("x", "no part begins with \"x\"")] {
        let output = store_verb(&["show", key], &store);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(told), "{}", stderr(&output));
    }
    let nowhere = store_verb(&["list"], &folder.join("nowhere"));
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(stderr(&nowhere).contains("is not there"), "{}", stderr(&nowhere));
}

#[test]
fn nothing_is_deleted_that_was_not_asked_for_twice() {
    let folder = scratch("store-prune");
    let (experiment, store) = (small(&folder), folder.join("store"));
    sweep(&experiment, &store);
    let names: Vec<PathBuf> = parts(&store).into_keys().collect();
    let change = |nth: usize, change: &dyn Fn(&[u8]) -> Vec<u8>| {
        fs::write(&names[nth], change(&fs::read(&names[nth]).unwrap())).unwrap();
    };
    let long_ago = std::time::SystemTime::now() - Duration::from_secs(40 * 86_400);
    let age = |path: &Path| fs::File::open(path).unwrap().set_modified(long_ago).unwrap();
    change(0, &|bytes| bytes[..100].to_vec());
    change(1, &|bytes| resealed(bytes, |rest| rest.replace("outgrow.trial/1", "outgrow.trial/9")));
    change(2, &|bytes| resealed(bytes, |rest| rest.replace("\"0.1.0\"", "\"0.0.9\"")));
    age(&names[3]);
    let shard = names[4].parent().unwrap();
    let (left, new) = (shard.join("left.unfinished"), shard.join("new.unfinished"));
    fs::write(&left, "half").unwrap();
    age(&left);
    fs::write(&new, "half").unwrap();
    let strange = store.join("notes.txt");
    fs::write(&strange, "mine").unwrap();
    age(&strange);
    let there = || -> Vec<PathBuf> { files(&store).into_iter().map(|it| it.path).collect() };
    let before = there();
    let check = |ask: &[&str], expected: &[&Path]| {
        let told = stdout(&store_verb(&[&["prune"], ask].concat(), &store));
        assert_eq!(there(), before, "{ask:?} only says what it would");
        assert_eq!(told.lines().count(), expected.len() + 1, "{ask:?}: {told}");
        for path in expected {
            assert!(told.contains(&path.display().to_string()), "{ask:?}: {told}");
        }
    };
    check(&["--damaged"], &[&names[0], &left]);
    check(&["--other-programs"], &[&names[1], &names[2]]);
    check(&["--older-than", "30d"], &[&names[3]]);
    check(&["--older-than", "50d"], &[]);
    let none = store_verb(&["prune", "--yes"], &store);
    assert_eq!(none.status.code(), Some(2), "nothing says what is not wanted");
    assert_eq!(there(), before);
    let all = ["prune", "--damaged", "--other-programs", "--older-than", "30d", "--yes"];
    let told = stdout(&store_verb(&all, &store));
    assert!(told.contains("deleted 5 files"), "{told}");
    let mut expected: Vec<PathBuf> = names[4..].to_vec();
    expected.extend([new, strange]);
    expected.sort();
    assert_eq!(there(), expected);
    assert!(stdout(&store_verb(&all, &store)).contains("nothing of this kind"));
}

#[test]
fn what_was_run_in_place_of_a_damaged_part_is_found_when_that_is_deleted() {
    let folder = scratch("store-replaced");
    let (experiment, store) = (small(&folder), folder.join("store"));
    let expected = stdout(&sweep(&experiment, &store));
    let path = parts(&store).into_keys().next().unwrap();
    fs::write(&path, "").unwrap();
    assert_eq!(counts(&sweep(&experiment, &store)), (8, 1));
    assert!(store_verb(&["prune", "--damaged", "--yes"], &store).status.success());
    assert!(!path.exists());
    let output = sweep(&experiment, &store);
    assert_eq!((stdout(&output), counts(&output)), (expected, (9, 0)));
}

#[test]
fn the_tidy_table_holds_every_figure_of_every_replication() {
    let folder = scratch("store-export");
    let (experiment, store) = (experiment(&folder, "\"auto\"", "20s"), folder.join("store"));
    sweep(&experiment, &store);
    let output = store_verb(&["export"], &store);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let head = rows.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    let column = |name: &str| head.iter().position(|it| it == name).unwrap();
    let measured = files(&store).into_iter().filter_map(|it| match it.seen {
        Seen::Part(part) if !part.label.pilot => Some(part),
        _ => None,
    });
    let mut count = 0;
    for part in measured {
        let of_part = |it: &&csv::StringRecord| it[column("key")] == *part.key;
        let own: Vec<&csv::StringRecord> = rows.iter().filter(of_part).collect();
        assert_eq!(own.len(), part.trial.figures.len());
        for (row, figure) in own.into_iter().zip(&part.trial.figures) {
            assert_eq!(row[column("metric")], figure.name);
            let value: Option<f64> = match &row[column("value")] {
                "" => None,
                text => Some(text.parse().unwrap()),
            };
            assert_eq!(value, figure.value, "{}", figure.name);
            assert_eq!(row[column("model")], part.label.model);
            assert_eq!(row[column("replication")], part.label.replication.to_string());
            assert_eq!(&row[column("seed")], "1");
            count += 1;
        }
    }
    assert_eq!(count, rows.len());
    let factors: Vec<&str> = rows.iter().map(|it| &it[column("factors")]).collect();
    assert!(factors.contains(&"{\"traffic.customer.rate\":\"0.5/s\"}"), "{factors:?}");
    // To a file, the same.
    let file = folder.join("table.csv");
    assert!(store_verb(&["export", "--out", file.to_str().unwrap()], &store).status.success());
    assert_eq!(fs::read_to_string(file).unwrap(), text);
}

#[cfg(not(feature = "parquet"))]
#[test]
fn a_program_without_parquet_says_how_to_get_it() {
    let folder = scratch("store-no-parquet");
    let output = store_verb(&["export", "--format", "parquet"], &folder);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--features parquet"), "{}", stderr(&output));
}

/// Runs of all kinds: days and faults, and what has neither; figures without a value, since hardly anything
/// is answered in so short a time; more runs than are written together; the largest seed.
#[cfg(feature = "parquet")]
fn of_all_kinds(folder: &Path, store: &Path) {
    let story = r#"{
        "name": "a \"story\", in short", "models": ["MODELS/first.json"],
        "growth": { "over": "2d", "users": { "linear": { "from": 10, "to": 30 } },
            "sample": { "every": "1d", "warm_up": "1s", "window": "2s" } },
        "faults": [{ "host": "machine.0", "at": "1d", "for": "1s", "style": "crash" }], "aftermath": "1s",
        "replications": { "min": 2 } }"#;
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let path = folder.join("story.json");
    fs::write(&path, story.replace("MODELS", models.to_str().unwrap())).unwrap();
    let story = kept(&["sweep", path.to_str().unwrap()], store);
    assert!(story.status.success(), "{}", stderr(&story));
    let seed = u64::MAX.to_string();
    let many = ["--replications", "510", "--window", "100ms", "--warm-up", "0s", "--seed", &seed];
    let many = kept(&[&["run", "models/mm1.json"], &many[..]].concat(), store);
    assert!(many.status.success(), "{}", stderr(&many));
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_holds_what_csv_does_row_by_row_with_types_and_with_nothing_where_there_is_nothing() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;
    let folder = scratch("store-parquet");
    let store = folder.join("store");
    of_all_kinds(&folder, &store);
    let file = folder.join("table.parquet");
    let args = ["export", "--format", "parquet", "--out", file.to_str().unwrap()];
    let output = store_verb(&args, &store);
    assert!(output.status.success(), "{}", stderr(&output));
    let reader = SerializedFileReader::new(fs::File::open(file).unwrap()).unwrap();
    let csv = stdout(&store_verb(&["export"], &store));
    let mut csv = csv::Reader::from_reader(csv.as_bytes());
    let names: Vec<String> = csv.headers().unwrap().iter().map(str::to_owned).collect();
    let schema = reader.metadata().file_metadata().schema_descr();
    let columns: Vec<&str> = schema.columns().iter().map(|it| it.name()).collect();
    assert_eq!(columns, names);
    assert!(reader.num_row_groups() > 1);
    // The kind of a value, and whether it is what stands in the text.
    let same = |column: &str, field: &Field, text: &str| match (column, field) {
        ("day" | "users" | "fault" | "value", Field::Null) => text.is_empty(),
        ("day" | "users" | "value" | "warm_up_s" | "window_s", Field::Double(it)) => {
            text.parse() == Ok(*it)
        }
        ("seed", Field::ULong(it)) => text.parse() == Ok(*it),
        ("replication", Field::Long(it)) => text.parse() == Ok(*it),
        ("seed" | "replication" | "day" | "users" | "value" | "warm_up_s" | "window_s", _) => false,
        (_, Field::Str(it)) => !text.is_empty() && it == text,
        _ => false,
    };
    let mut rows = reader.get_row_iter(None).unwrap().map(Result::unwrap);
    let (mut count, mut nothing) = (0, BTreeMap::new());
    for expected in csv.records().map(Result::unwrap) {
        let row = rows.next().unwrap_or_else(|| panic!("only {count} rows"));
        count += 1;
        assert_eq!(row.len(), expected.len());
        for ((column, field), text) in row.get_column_iter().zip(&expected) {
            assert!(same(column, field, text), "row {count}, {column}: {field:?} and {text:?}");
            let seen: &mut (u32, u32) = nothing.entry(column.clone()).or_default();
            *(if text.is_empty() { &mut seen.0 } else { &mut seen.1 }) += 1;
        }
    }
    assert!(rows.next().is_none(), "more than {count} rows");
    for column in ["day", "users", "fault", "value"] {
        let (without, with) = nothing[column];
        assert!(without > 0 && with > 0, "{column}: {without} without, {with} with");
    }
}

#[cfg(feature = "parquet")]
#[test]
fn a_store_without_runs_is_a_table_without_rows() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let folder = scratch("store-parquet-empty");
    let (store, file) = (folder.join("store"), folder.join("table.parquet"));
    fs::create_dir(&store).unwrap();
    let args = ["export", "--format", "parquet", "--out", file.to_str().unwrap()];
    let output = store_verb(&args, &store);
    assert!(output.status.success(), "{}", stderr(&output));
    let reader = SerializedFileReader::new(fs::File::open(file).unwrap()).unwrap();
    let metadata = reader.metadata().file_metadata();
    assert_eq!((metadata.num_rows(), metadata.schema_descr().num_columns()), (0, 17));
}
