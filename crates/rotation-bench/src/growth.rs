//! How the cost of setSecret grows with the rights of the user, for functions that clone users.

use std::{fmt::Write, sync::Arc, time::Duration};

use serde_json::{Value, json};

use crate::{
    bars::{Bar, Limit},
    comparison::Place,
    engine::Strategy,
    failure::Failure,
    observed::Observed,
    relay::Passed,
    sample::Step,
    subject::{Kind, Subject},
    units::{median, mib, ms},
    world::{Route, World},
};

/// The numbers of grants.
const GRANTS: [u32; 4] = [10, 100, 1_000, 10_000];
/// The numbers between which the time of a grant is compared, and how much it may grow.
const COMPARED: [u32; 2] = [100, 10_000];
const MOST: f64 = 1.3;
/// The step that clones and compares.
const SET: usize = 1;

/// What the rights of a user of one server cost.
#[derive(Clone, Debug)]
pub struct Growth {
    /// The server, with its version.
    pub server: String,
    /// By grants, and by subject within.
    pub rows: Vec<Row>,
}

/// One function and one number of grants.
#[derive(Clone, Debug)]
pub struct Row {
    /// The function.
    pub subject: String,
    /// Where it is from.
    pub kind: Kind,
    /// The rights of the user.
    pub grants: u32,
    /// A clone is created; `None` where the function fails.
    pub made: Option<Cost>,
    /// The pair is compared and found equal, in the third rotation of the same process.
    pub equal: Option<Cost>,
}

/// What one setSecret cost: medians of the rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// From the event to the answer, in ms.
    pub milliseconds: f64,
    /// Of the function's process, in ms.
    pub processor: f64,
    /// Between the function and the server, in the whole rotation.
    pub round_trips: u64,
    /// Of the process so far, in MiB.
    pub peak_mib: f64,
}

/// The costs of one process: of the rotation that makes the clone, and of the first one that finds the pair
/// equal.
struct Pair {
    made: (Step, Passed, u64),
    equal: (Step, Passed, u64),
}

impl Cost {
    fn of(costs: &[(Step, Passed, u64)]) -> Option<Self> {
        let middle = |of: &dyn Fn(&(Step, Passed, u64)) -> f64| median(costs.iter().map(of).collect());
        let (_, passed, _) = costs.first()?;
        Some(Self {
            milliseconds: middle(&|(step, ..)| ms(step.duration)),
            processor: middle(&|(step, ..)| ms(step.processor)),
            round_trips: passed.round_trips,
            peak_mib: middle(&|(.., peak)| mib(peak * 1024)),
        })
    }
}

/// Measures the subjects in turns, on the first place.
pub(crate) async fn measure(
    world: &World,
    subjects: &[Subject],
    place: &Place,
    runs: usize,
) -> Result<Growth, Failure> {
    world.store().set_delay(Duration::ZERO);
    let mut rows = Vec::new();
    for grants in GRANTS {
        let mut costs: Vec<Result<Vec<Pair>, Failure>> = subjects.iter().map(|_| Ok(Vec::new())).collect();
        for _ in 0..runs {
            for (subject, costs) in subjects.iter().zip(&mut costs) {
                let Ok(pairs) = costs else { continue };
                match rotate(world, subject, grants, place).await {
                    Ok(pair) => pairs.push(pair),
                    Err(error) if subject.kind.must_work() => return Err(error),
                    Err(error) => *costs = Err(error),
                }
            }
        }
        for (subject, costs) in subjects.iter().zip(costs) {
            let pairs = costs.unwrap_or_default();
            let made: Vec<_> = pairs.iter().map(|pair| pair.made).collect();
            let equal: Vec<_> = pairs.iter().map(|pair| pair.equal).collect();
            let (made, equal) = (Cost::of(&made), Cost::of(&equal));
            rows.push(Row { subject: subject.name.clone(), kind: subject.kind, grants, made, equal });
        }
    }
    Ok(Growth { server: world.server().title(), rows })
}

/// Three rotations of a new user by a fresh process: the clone is made, the original's turn comes, and then
/// that of a clone that lacks nothing. The relay that counts takes little next to what is measured.
async fn rotate(world: &World, subject: &Subject, grants: u32, place: &Place) -> Result<Pair, Failure> {
    let route: &Route = world.counted();
    let secret = world.new_secret(subject, route).await?;
    world.grant(&secret, grants).await?;
    let function = Observed::new(world, subject, route, place.group.as_ref())?;
    world.store().register(function.arn(), Arc::new(function.clone()));
    let mut costs = Vec::new();
    for _ in 0..3 {
        let before = world.traffic().database;
        world.rotate(subject, &secret, &function).await?;
        let rotation = function.last_rotation()?;
        costs.push((rotation.steps[SET], world.traffic().database - before, rotation.peak_kib));
    }
    function.kill().await;
    world.check_current(&secret).await?;
    Ok(Pair { made: costs[0], equal: costs[2] })
}

/// The functions whose users have clones.
pub(crate) fn is_measured(subject: &Subject) -> bool {
    subject.strategy == Some(Strategy::MasterUser)
}

/// Whether the time of a grant stays what it is.
pub fn judge_growth(growths: &[Growth]) -> Vec<Bar> {
    let mut bars = Vec::new();
    for growth in growths {
        type Of = fn(&Row) -> Option<Cost>;
        let cases: [(&str, Of); 2] =
            [("a clone is made", |row| row.made), ("a pair is equal", |row| row.equal)];
        for (what, of) in cases {
            let each = |grants: u32| {
                let row = growth.rows.iter().find(|row| row.grants == grants && row.kind == Kind::Ours)?;
                Some(of(row)?.milliseconds / f64::from(grants))
            };
            let [few, many] = COMPARED;
            bars.push(Bar {
                name: format!("{}: {what}, time of a grant of {many}, times that of {few}", growth.server),
                figure: each(many).zip(each(few)).map(|(many, few)| many / few),
                limit: Limit::AtMost(MOST),
            });
        }
    }
    bars
}

/// One row for each number of grants and subject.
pub fn draw_growth(growth: &Growth, runs: usize) -> String {
    let mut text = format!(
        "\n{}, setSecret by the grants of the user: medians of {runs} rounds on a whole processor\n",
        growth.server
    );
    let heads = ["grants", "function", "", "ms", "µs a grant", "processor, ms", "round trips", "peak, MiB"];
    line(&mut text, &heads.map(str::to_owned));
    for row in &growth.rows {
        for (what, cost) in [("clone made", row.made), ("found equal", row.equal)] {
            let head = [row.grants.to_string(), row.subject.clone(), what.to_owned()];
            let figures = match cost {
                None => ["not measured", "", "", "", ""].map(str::to_owned),
                Some(cost) => [
                    format!("{:.1}", cost.milliseconds),
                    format!("{:.1}", cost.milliseconds * 1000.0 / f64::from(row.grants)),
                    format!("{:.1}", cost.processor),
                    cost.round_trips.to_string(),
                    format!("{:.1}", cost.peak_mib),
                ],
            };
            line(&mut text, &[head.as_slice(), figures.as_slice()].concat());
        }
    }
    text
}

/// The same for programs.
pub(crate) fn json(growth: &Growth) -> Value {
    let cost = |cost: Option<Cost>| {
        cost.map(|cost| {
            json!({
                "ms": cost.milliseconds,
                "processor_ms": cost.processor,
                "round_trips": cost.round_trips,
                "peak_mib": cost.peak_mib,
            })
        })
    };
    let rows = growth.rows.iter().map(|row| {
        json!({
            "function": row.subject,
            "grants": row.grants,
            "clone_made": cost(row.made),
            "found_equal": cost(row.equal),
        })
    });
    json!({"server": growth.server, "rows": rows.collect::<Vec<_>>()})
}

fn line(text: &mut String, cells: &[String]) {
    let line = cells.iter().fold(String::new(), |line, cell| format!("{line}{cell:>14}"));
    writeln!(text, "{}", line.trim_end()).expect("a String takes everything");
}
