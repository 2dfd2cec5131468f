//! The kinds of mistakes, and what `outgrow explain E012` says of each.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What kind of mistake it is; `outgrow explain E012` tells more.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum Code {
    /// The text is no JSON.
    E001,
    /// A key stands twice in one object.
    E002,
    /// No such key.
    E003,
    /// A key that must be there is missing.
    E004,
    /// The value is of another type.
    E005,
    /// The unit is wrong or missing.
    E006,
    /// The number lies outside what is possible.
    E007,
    /// Nothing has that name.
    E008,
    /// Calls go round in a circle, or requests would wait for each other in one.
    E009,
    /// Two statements contradict each other, or only one of them may stand.
    E010,
    /// The file, or one that it names, cannot be read.
    E011,
    /// It is larger than can be run.
    E012,
    /// Nothing would ever happen, or it could never fit.
    E013,
    /// It is described, and nothing uses it.
    E014,
}

impl Code {
    /// Every code, in order.
    pub const ALL: [Code; 14] = [
        Code::E001,
        Code::E002,
        Code::E003,
        Code::E004,
        Code::E005,
        Code::E006,
        Code::E007,
        Code::E008,
        Code::E009,
        Code::E010,
        Code::E011,
        Code::E012,
        Code::E013,
        Code::E014,
    ];

    /// Reads `E012`, in capitals or not.
    pub fn parse(text: &str) -> Option<Code> {
        Code::ALL.into_iter().find(|code| code.to_string().eq_ignore_ascii_case(text.trim()))
    }

    /// The mistake in a few words.
    pub fn title(self) -> &'static str {
        match self {
            Code::E001 => "the text is no JSON",
            Code::E002 => "a key stands twice",
            Code::E003 => "no such key",
            Code::E004 => "a key is missing",
            Code::E005 => "a value of another type",
            Code::E006 => "the unit is wrong or missing",
            Code::E007 => "a number outside what is possible",
            Code::E008 => "nothing has that name",
            Code::E009 => "requests or messages would go in a circle",
            Code::E010 => "two statements contradict each other",
            Code::E011 => "a file cannot be read",
            Code::E012 => "larger than can be run",
            Code::E013 => "it can never happen or fit",
            Code::E014 => "nothing uses it",
        }
    }

    /// What the mistake is, with an example, and how it is mended.
    pub fn explanation(self) -> &'static str {
        match self {
            Code::E001 => {
                "The file does not follow the grammar of JSON, so nothing in it could be read. \
                 Comments (// and /* */) and a comma after the last element are allowed; names \
                 and texts stand in double quotes, and numbers are written as 0.5 or 1e9. \
                 In { \"cores\": 16 \"disk\": {} } a comma is missing after 16. \
                 The real mistake may stand shortly before the place that is shown."
            }
            Code::E002 => {
                "One object holds the same key twice, and only one of the two could count. \
                 In { \"cores\": 16, \"cores\": 32 } remove one, or give one another name: \
                 two services of the same name are often a copy that was not renamed."
            }
            Code::E003 => {
                "The key, or the name of a choice, is not part of the language at this place. \
                 It is most often misspelt, as in { \"exponental\": \"4ms\" }, or stands one level \
                 too high or too low. Nothing unknown is skipped, since a setting that is \
                 silently ignored would give wrong figures. `outgrow schema model` prints all \
                 keys in a form that editors understand."
            }
            Code::E004 => {
                "A key that has no sensible default was left out. \
                 A host group, for example, must say how many \"cores\" its hosts have: \
                 \"rack\": { \"cores\": 16 }. Add the key inside the object that is shown."
            }
            Code::E005 => {
                "The value is of another type than the place asks for, such as a text where a \
                 number must stand. In \"cores\": \"16\" the quotes make a text of the number: \
                 write \"cores\": 16. Lists stand in [ ], objects in { }, and a count must be a \
                 whole number (3.0 and 1e9 are whole, 2.5 is not)."
            }
            Code::E006 => {
                "Lengths of time, rates, sizes, bandwidths and prices are texts that carry their \
                 unit: \"15ms\", \"200/s\", \"64GiB\", \"250MiB/s\", \"0.95/h\". \
                 In \"timeout\": 5 nobody can tell seconds from milliseconds: write \"5s\". \
                 The message lists the units that can stand at this place."
            }
            Code::E007 => {
                "The number lies outside what is possible at this place: a host cannot have 0 \
                 cores, a share lies between 0 and 1, and 1e999 is more than a computer's number \
                 can hold. The message tells the range. Percentages are written as shares: \
                 \"hit\": 0.95, not 95."
            }
            Code::E008 => {
                "The value names something that does not exist: \"call\": \"wbe.read\" needs a \
                 service \"wbe\" with an operation \"read\", \"hosts\": \"rack\" needs a host group \
                 \"rack\". Names are compared letter by letter, capitals included. \
                 Mend the name, or add what it stands for."
            }
            Code::E009 => {
                "Operations call each other in a circle, so that a request would never end: \
                 app.login calls db.read, and db.read calls app.login. \
                 Break the circle, for example by a second operation of the service that does \
                 only the part which is needed there. Messages may not go round either. \
                 Or whoever holds a row may come to wait for somebody who waits for that row: \
                 one operation locks tellers and then branches, another branches and then tellers. \
                 Have all take them in one order."
            }
            Code::E010 => {
                "Two statements exclude each other, and either alone would be right. \
                 A traffic class arrives by \"rate\" or by \"per_user\", not by both; \
                 a step is a \"cpu\" step or a \"call\", and two of them are two objects: \
                 [ { \"cpu\": \"4ms\" }, { \"call\": \"db.read\" } ]. Keep one of the two."
            }
            Code::E011 => {
                "The file, or one that it names, is not there, may not be read, or is not text in \
                 UTF-8. Paths in a file start from the folder of that file: a model in models/ \
                 that says \"file\": \"day.csv\" reads models/day.csv. \
                 Editors offer the encoding where they save a file."
            }
            Code::E012 => {
                "What is described is larger than the program can hold or run: a file of more \
                 than 16 MiB, objects more than 64 levels deep, or more instances than memory has \
                 room for. The message tells the limit. Often a number has a few zeros too many, \
                 such as \"instances\": 1000000; a long series belongs in a CSV file."
            }
            Code::E013 => {
                "The model can be read, but something in it could never happen or never fit: \
                 no traffic at all, a timeout shorter than the shortest answer, or a container \
                 whose CPU request is larger than any host. \
                 In \"cpu\": { \"request\": 32 } on hosts of 16 cores, lower the request or choose \
                 larger hosts."
            }
            Code::E014 => {
                "A host group has no service that runs on it, or a pool no call that goes through \
                 it. Most often it was meant where another name stands: a call \
                 \"through\": \"to_db\" leaves a pool \"to_cache\" of no use, and hosts without \
                 services would be paid for all the same. Name it where it was meant, or leave it \
                 out. Models that an experiment changes may have what only some variants use."
            }
        }
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        std::fmt::Debug::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_read_back_and_explained_in_two_to_four_sentences() {
        for code in Code::ALL {
            assert_eq!(Code::parse(&code.to_string()), Some(code));
            let text = code.explanation();
            let sentences = text.split_inclusive(&['.', ':'][..]).filter(|s| s.ends_with('.'));
            assert!(sentences.count() >= 2 && text.len() < 500, "{code}");
            assert!(!text.contains("  ") && text.contains('"') | text.contains("app."), "{code}");
            assert!(!code.title().is_empty());
        }
        assert_eq!(Code::parse(" e012 "), Some(Code::E012));
        assert_eq!(Code::parse("E099"), None);
    }
}
