//! Changing a file's values from outside: `--set hosts.rack.cores=32`, and the levels of factors.

use super::tree::{Entry, Kind, Node, Place};
use super::{Document, MAX_DEPTH, syntax, words};
use crate::problem::{
    Code, Problem, Segment, Source, cut, nearest, parse_path, path_text, shown, suggest,
};
use serde_json::Value;
use std::ops::Range;
use std::sync::Arc;

/// Splits `path=value` at the first `=` that is not inside of quotes.
pub fn assignment(text: &str) -> Result<(&str, &str), Problem> {
    let mut quoted = false;
    let equals = text.bytes().position(|byte| {
        quoted ^= byte == b'"';
        byte == b'=' && !quoted
    });
    equals.map(|at| (text[..at].trim(), text[at + 1..].trim())).ok_or_else(|| {
        let place = format!("--set {}", cut(text, 100));
        let mend = "write --set path=value, such as --set hosts.rack.cores=32";
        Problem::without_place(Code::E001, &place, "there is no = in it", mend)
    })
}

/// Where a value comes from that does not stand in the file itself.
#[derive(Clone, Debug)]
pub enum Origin {
    /// The command line, as the user wrote it: `--set hosts.rack.cores=32`.
    Argument(String),
    /// These bytes of an experiment.
    Text(Arc<Source>, Range<usize>),
}

impl Origin {
    pub fn problem(
        &self,
        code: Code,
        path: &[Segment],
        rule: impl Into<String>,
        mend: impl Into<String>,
    ) -> Problem {
        match self {
            Origin::Argument(argument) => Problem {
                path: cut(&path_text(path), 200),
                ..Problem::without_place(code, argument, rule, &mend.into())
            },
            Origin::Text(source, range) => source.problem(range.clone(), code, path, rule, mend),
        }
    }
}

impl Document {
    /// Sets what stands at `path`, such as `services.app.operations.login[0].cpu`.
    ///
    /// `value` is JSON, or else the text itself: `5s` is the text "5s"; `null` takes a key out. A key that
    /// is not there yet is added to its object; whether it may stand there is for [`Document::read`] to say.
    pub fn set(&mut self, path: &str, value: &str) -> Result<(), Problem> {
        let argument = format!("--set {}={}", cut(path, 100), cut(value, 60));
        let wrong = |rule: String| {
            let mend = "a path is written as in services.app.operations.login[0].cpu";
            Problem::without_place(Code::E001, &argument, rule, mend)
        };
        let segments = parse_path(path).map_err(wrong)?;
        let value = value_of(value, &segments, &argument)?;
        let node = Node::of_value(value, Place::Set(self.sets.len() as u32));
        self.put(&segments, node, Origin::Argument(argument))
    }

    /// As [`Document::set`], for a value that an experiment has at `from`, or makes of what it has
    /// there: what is wrong with it is told there.
    pub fn set_from(
        &mut self,
        experiment: &Document,
        from: &[Segment],
        path: &[Segment],
        value: Value,
    ) -> Result<(), Problem> {
        let origin = |at| match at {
            Place::File { start, end } => {
                Origin::Text(experiment.source.clone(), start as usize..end as usize)
            }
            Place::Set(index) => experiment.sets[index as usize].clone(),
        };
        // The nearest thing around it, if it does not stand there itself.
        let around = (0..=from.len()).rev().find_map(|length| experiment.at(&from[..length]));
        let around = around.unwrap_or(&experiment.root);
        let node = match around.value() == value {
            true => self.adopted(around, experiment, &origin),
            false => {
                self.sets.push(origin(experiment.head_of(around)));
                Node::of_value(value, Place::Set(self.sets.len() as u32 - 1))
            }
        };
        self.put(path, node, origin(experiment.head_of(around)))
    }

    /// A copy of another document's tree, with the places that it has there.
    fn adopted(&mut self, node: &Node, of: &Document, origin: &dyn Fn(Place) -> Origin) -> Node {
        self.sets.push(origin(of.head_of(node)));
        let place = Place::Set(self.sets.len() as u32 - 1);
        let kind = match &node.kind {
            Kind::List(elements) => {
                Kind::List(elements.iter().map(|it| self.adopted(it, of, origin)).collect())
            }
            Kind::Object(entries) => {
                let entry = |(key, it): (&String, &Entry)| {
                    self.sets.push(origin(it.key));
                    let key_place = Place::Set(self.sets.len() as u32 - 1);
                    let node = self.adopted(&it.node, of, origin);
                    (key.clone(), Entry { key: key_place, node })
                };
                Kind::Object(entries.iter().map(entry).collect())
            }
            other => other.clone(),
        };
        Node { place, kind }
    }

    /// `origin` is of the node as a whole.
    fn put(&mut self, path: &[Segment], node: Node, origin: Origin) -> Result<(), Problem> {
        let place = Place::Set(self.sets.len() as u32);
        let problem = |code, rule: String, mend: String| origin.problem(code, path, rule, mend);
        if path.len() + node.depth() > MAX_DEPTH {
            let rule = format!("nested more than {MAX_DEPTH} levels deep");
            return Err(problem(Code::E012, rule, String::new()));
        }
        let takes_out = matches!(node.kind, Kind::Null);
        let mut parent = &self.root;
        for (depth, segment) in path.iter().enumerate() {
            let last = depth + 1 == path.len();
            let addable = matches!((&parent.kind, segment), (Kind::Object(_), Segment::Key(_)));
            match parent.child(segment) {
                Some(child) => parent = child,
                None if last && addable && !takes_out => {}
                None => {
                    let (rule, mend) = absent(parent, path, depth);
                    return Err(problem(Code::E008, rule, mend));
                }
            }
        }
        self.sets.push(origin);
        let mut at = &mut self.root;
        for (depth, segment) in path.iter().enumerate() {
            if let (true, Kind::Object(entries), Segment::Key(key)) =
                (takes_out && depth + 1 == path.len(), &mut at.kind, segment)
            {
                entries.shift_remove(key);
                return Ok(());
            }
            at = at.child_or_new(segment, place).expect("the path has just been walked");
        }
        *at = node;
        Ok(())
    }
}

/// What a value on the command line stands for.
fn value_of(text: &str, path: &[Segment], argument: &str) -> Result<Value, Problem> {
    let mut twice = Vec::new();
    let parsed = syntax::parse(text, &mut twice);
    match (parsed, twice.into_iter().next()) {
        (Ok(node), None) => Ok(node.value()),
        // What begins like JSON was meant to be JSON, and so was a number that is too large.
        (Err(wrong), _)
            if wrong.code == Code::E001 && !text.trim_start().starts_with(['{', '[', '"']) =>
        {
            Ok(Value::String(text.to_owned()))
        }
        (Err(wrong), _) => Err((wrong, true)),
        (Ok(_), Some(twice)) => Err((twice.wrong(), false)),
    }
    .map_err(|(wrong, grammar)| {
        let rule = match grammar && wrong.code == Code::E001 {
            true => format!("the value is no JSON: at {}, {}", wrong.range.start + 1, wrong.rule),
            false => wrong.rule,
        };
        let problem = Problem::without_place(wrong.code, argument, rule, &wrong.mend);
        Problem { path: path_text(path), ..problem }
    })
}

/// Why the segment of `path` at `depth` leads nowhere from `node`, and where it might.
fn absent(node: &Node, path: &[Segment], depth: usize) -> (String, String) {
    let here = match depth {
        0 => "the file".to_owned(),
        _ => path_text(&path[..depth]),
    };
    match (&node.kind, &path[depth]) {
        (Kind::Object(entries), Segment::Key(key)) => {
            let near = nearest(key, entries.keys().map(String::as_str));
            let mend = match (near, &path[depth + 1..]) {
                (Some(name), _) => format!("did you mean {}?", shown(name)),
                (None, [Segment::Key(inner)]) => {
                    format!("set {}={{{}: …}}", path_text(&path[..=depth]), shown(inner))
                }
                _ => suggest(key, entries.keys().map(String::as_str)),
            };
            (format!("{here} has no {}", shown(key)), mend)
        }
        (Kind::List(elements), Segment::Index(index)) => {
            let mend = match elements.len() {
                0 => "it is empty".to_owned(),
                count => format!("there are [0] to [{}]", count - 1),
            };
            (format!("{here} has no [{index}]"), mend)
        }
        (Kind::List(_), Segment::Key(key)) => (
            format!("{here} is a list and has no {}", shown(key)),
            "write [0] for its first".into(),
        ),
        (_, Segment::Key(key)) => {
            (format!("{here} is {} and has no {}", words::there(node), shown(key)), String::new())
        }
        (_, Segment::Index(_)) => {
            (format!("{here} is {} and no list", words::there(node)), String::new())
        }
    }
}
