//! One JSON line in, one JSON line out. What is written to standard error is the log.
use std::io::{self, BufRead, Write};

mod handle;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut answers = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let answer = handle::handle(&serde_json::from_str(&line?)?);
        writeln!(answers, "{answer}")?;
    }
    Ok(())
}
