//! The command line: arguments, messages, exit codes.

mod args;
mod check;
mod files;
mod output;
mod progress;
mod reading;
mod sets;
mod store;
mod trouble;
mod verbs;

use crate::problem::Problem;
use clap::Parser;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

/// Why a command could not do what it was asked.
enum Refusal {
    /// The input or the usage is wrong.
    Problems(Vec<Problem>),
    /// A run was given up on the way, for a reason that lies in the input.
    GaveUp(Problem),
    /// A disk or a file system failed; another try may do.
    Failed(String),
    /// The program contradicts itself.
    Bug(String),
}

const WRONG_INPUT: u8 = 2;
const BUG: u8 = 70;
const TRY_AGAIN: u8 = 75;
const INTERRUPTED: i32 = 130;

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let args = args::Args::parse();
    // Nothing is lost by ending at once: results are written whole, when there are any.
    let handler = ctrlc::set_handler(|| {
        eprintln!(
            "\ninterrupted: what was printed before stands, and files were written whole or not at all"
        );
        std::process::exit(INTERRUPTED);
    });
    if let Err(error) = handler {
        eprintln!("warning: Ctrl-C ends the program without a word: {error}");
    }
    match verbs::carry_out(&args) {
        Ok(code) => ExitCode::from(code),
        Err(refusal) => refuse(&refusal),
    }
}

fn refuse(refusal: &Refusal) -> ExitCode {
    let mut to = std::io::stderr();
    let colour = to.is_terminal();
    let (text, code) = match refusal {
        Refusal::Problems(problems) => (all_problems(problems, colour), WRONG_INPUT),
        Refusal::GaveUp(problem) => (problem.render(colour) + "\n", WRONG_INPUT),
        Refusal::Failed(why) => (format!("error: {why}\n"), TRY_AGAIN),
        Refusal::Bug(what) => {
            (format!("this is a bug in outgrow, please report it: {what}\n"), BUG)
        }
    };
    // There is nobody left to tell if this fails.
    let _ = to.write_all(text.as_bytes());
    ExitCode::from(code)
}

fn all_problems(problems: &[Problem], colour: bool) -> String {
    let mut text = String::new();
    for problem in problems {
        text.push_str(&problem.render(colour));
        text.push_str("\n\n");
    }
    let count = match problems.len() {
        1 => "1 problem".to_owned(),
        n => format!("{n} problems"),
    };
    text + &format!("{count}; nothing was run\n")
}
