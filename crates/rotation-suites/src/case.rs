//! One case: its name, its run, and the search after every run.

use std::{cell::RefCell, future::Future, path::PathBuf, pin::Pin, rc::Rc, time::Duration};

use super::{
    Database, RotationStrategy,
    builder::SceneBuilder,
    canaries::Canaries,
    scene::Scene,
    trace::Trace,
    verdict::{Failure, Verdict},
};

/// After this time a case hangs. A busy machine may take minutes for one: its parts are bounded by the
/// function's own timeout.
const LIMIT: Duration = Duration::from_mins(10);

type Run<D> = Box<dyn FnOnce(Scenes<D>) -> Pin<Box<dyn Future<Output = Verdict>>>>;

/// A named case.
pub(super) struct Case<D> {
    name: String,
    run: Run<D>,
}

impl<D: Database> Case<D> {
    pub(super) fn new<F>(name: impl Into<String>, run: impl FnOnce(Scenes<D>) -> F + 'static) -> Self
    where
        F: Future<Output = Verdict> + 'static,
    {
        Self { name: name.into(), run: Box::new(move |scenes| Box::pin(run(scenes))) }
    }

    /// Runs the case and then searches what its functions wrote. Returns the failure, and the canaries to
    /// search for in the server's log.
    pub(super) async fn run(self, scenes: Scenes<D>) -> (String, Option<String>, Canaries) {
        let traces = Rc::clone(&scenes.traces);
        // A separate task, so that a panic in a case only fails that case.
        let run = tokio::task::spawn_local(async move {
            let ended = tokio::time::timeout(LIMIT, (self.run)(scenes)).await;
            ended.map_or_else(
                |_| Err(format!("not over after {LIMIT:?}")),
                |ended| ended.map_err(|failure| failure.to_string()),
            )
        });
        let mut failure = match run.await {
            Ok(ended) => ended.err(),
            Err(panic) => Some(format!("{panic}")),
        };
        let mut canaries = Canaries::default();
        for trace in traces.borrow().iter() {
            let own = trace.canaries();
            for (place, text) in [("output", trace.output()), ("answer", trace.answers())] {
                if let Some(found) = own.find_in(&text) {
                    let leak = format!("the function's {place} holds {found}");
                    failure = Some(failure.map_or(leak.clone(), |failure| format!("{failure}; {leak}")));
                }
            }
            canaries.extend(own);
        }
        (self.name, failure, canaries)
    }
}

/// The environment of a case: it makes scenes.
pub(super) struct Scenes<D> {
    pub(super) database: Rc<D>,
    pub(super) strategy: RotationStrategy,
    pub(super) program: PathBuf,
    /// Every second case writes JSON.
    pub(super) log_format: &'static str,
    traces: Rc<RefCell<Vec<Trace>>>,
}

impl<D: Database> Scenes<D> {
    pub(super) fn new(database: Rc<D>, strategy: RotationStrategy, program: PathBuf, index: usize) -> Self {
        let log_format = if index.is_multiple_of(2) { "JSON" } else { "Text" };
        Self { database, strategy, program, log_format, traces: Rc::default() }
    }

    /// A fresh tenant, secret, Secrets Manager and function, with the defaults.
    pub(super) async fn scene(&self) -> Result<Scene<D>, Failure> {
        self.build().start().await
    }

    /// The same, with changes.
    pub(super) fn build(&self) -> SceneBuilder<'_, D> {
        SceneBuilder::new(self)
    }

    pub(super) fn remember(&self, trace: Trace) {
        self.traces.borrow_mut().push(trace);
    }
}
