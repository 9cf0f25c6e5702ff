//! The table of the figures.

use std::{fmt::Write, time::Duration};

use crate::{
    figures::{Figures, STEPS, mib},
    subject::{Role, Subject},
};

const LABEL: usize = 44;
const COLUMN: usize = 15;
/// The longest header of a column.
const HEAD: usize = 13;

/// One row for each figure, one column for each subject.
pub(crate) fn draw(subjects: &[Subject], figures: &[Figures], runs: usize, delay: Duration) -> String {
    let mut table = format!(
        "\nMedians of {runs} fresh processes, {} ms of delay at each store call\n",
        delay.as_millis()
    );
    row(&mut table, "", subjects.iter().map(head));
    let mut milliseconds = |label: &str, figure: &dyn Fn(&Figures) -> f64| {
        row(&mut table, label, figures.iter().map(|figures| format!("{:.2}", figure(figures))));
    };
    milliseconds("exec to first /next, ms", &|figures| figures.next);
    milliseconds("exec to first answer (createSecret), ms", &|figures| figures.first_response);
    milliseconds("four steps, fresh process without start, ms", &|figures| figures.cold_steps);
    milliseconds("four steps, warm process, ms", &|figures| figures.warm_steps);
    for (index, step) in STEPS.into_iter().enumerate() {
        milliseconds(&format!("  {step}, warm, ms"), &|figures| figures.warm[index]);
    }
    milliseconds("peak memory over four steps, MiB", &|figures| figures.peak_mib);

    let zips = subjects.iter().map(|subject| match subject.zip_size() {
        Ok(Some(bytes)) => format!("{:.2}", mib(bytes)),
        Ok(None) => "-".to_owned(),
        Err(_) => "missing".to_owned(),
    });
    row(&mut table, "zip of the bootstrap, MiB", zips);
    let mut count = |label: &str, figure: &dyn Fn(&Figures) -> usize| {
        row(&mut table, label, figures.iter().map(|figures| figure(figures).to_string()));
    };
    count("Secrets Manager calls a rotation", &|figures| figures.calls);
    count("logins a rotation", &|figures| figures.logins);
    count("refused logins in two rotations", &|figures| figures.refused_logins);
    if !delay.is_zero() {
        let serial = figures.iter().map(|figures| figures.serial_calls.to_string());
        row(&mut table, "Secrets Manager calls one after another", serial);
        let calls = figures.iter().map(|figures| format!("{:.2}", figures.call));
        row(&mut table, "a call inside the store, ms", calls);
        let ratios = subjects.iter().zip(figures).map(|(subject, figures)| {
            if subject.role == Role::Nothing {
                return "-".to_owned();
            }
            format!("{:.2}", figures.cold_steps / (figures.serial_calls * figures.call))
        });
        row(&mut table, "four steps / least for its own calls", ratios);
    }
    table
}

/// A subject's name, shortened at its beginning, where the names of related subjects are alike.
fn head(subject: &Subject) -> String {
    let characters = subject.name.chars().count();
    subject.name.chars().skip(characters.saturating_sub(HEAD)).collect()
}

fn row(table: &mut String, label: &str, cells: impl Iterator<Item = String>) {
    let cells = cells.fold(String::new(), |line, cell| format!("{line}{cell:>COLUMN$}"));
    writeln!(table, "{label:<LABEL$}{cells}").expect("a String takes everything");
}
