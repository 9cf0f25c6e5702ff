//! The gate through which every call of the store and of the fake service passes.

use std::{
    cell::{Cell, RefCell},
    error::Error,
    fmt,
    rc::Rc,
};

use tokio::sync::Notify;

/// A fault at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It fails and has no effect.
    FailBefore,
    /// It takes effect, and its reply is lost.
    FailAfter,
    /// It is never answered.
    Hang,
    /// The invocation ends right before it.
    KillBefore,
    /// The invocation ends right after its effect.
    KillAfter,
    /// The invocation is suspended right before it, until the test resumes it.
    Suspend,
}

impl Fault {
    fn at(self, call: &str) -> String {
        match self {
            Self::FailBefore => format!("{call} failed"),
            Self::FailAfter => format!("{call} took effect and its reply was lost"),
            Self::Hang => format!("{call} was never answered"),
            Self::KillBefore => format!("the invocation was killed before {call}"),
            Self::KillAfter => format!("the invocation was killed after {call}"),
            Self::Suspend => format!("the invocation was suspended before {call}"),
        }
    }
}

/// A call was stopped. It may have taken effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop;

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the service did not answer")
    }
}

impl Error for Stop {}

/// Lets the kit stop the requests of a fake service. Clones share one gate.
#[derive(Clone, Debug, Default)]
pub struct Hook(Rc<Gate>);

#[derive(Debug, Default)]
struct Gate {
    /// By the number of the call since [`Hook::arm`].
    plan: RefCell<Vec<(usize, Fault)>>,
    calls: RefCell<Vec<&'static str>>,
    /// The faults so far, in words.
    fired: RefCell<Vec<String>>,
    killed: Notify,
    suspended: Notify,
    resumed: Notify,
    /// The position of the suspended call among the calls.
    place: Cell<Option<usize>>,
}

impl Hook {
    /// Runs one request of the service. Afterwards `effect` has run once or not at all, whether the answer
    /// arrives or not. The future may wait forever, and may be dropped. `name` is the name of the request in
    /// findings: `POST /token`.
    ///
    /// # Errors
    /// [`Stop`]: the request failed, before or after its effect. The target should see the same error as for
    /// a network that fails.
    pub async fn call<T>(&self, name: &'static str, effect: impl FnOnce() -> T) -> Result<T, Stop> {
        let number = self.0.calls.borrow().len();
        self.0.calls.borrow_mut().push(name);
        let fault = self.0.plan.borrow().iter().find(|(at, _)| *at == number).map(|(_, fault)| *fault);
        if let Some(fault) = fault {
            self.0.fired.borrow_mut().push(fault.at(name));
        }
        match fault {
            None => Ok(effect()),
            Some(Fault::FailBefore) => Err(Stop),
            Some(Fault::FailAfter) => {
                effect();
                Err(Stop)
            }
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::KillBefore) => self.kill().await,
            Some(Fault::KillAfter) => {
                effect();
                self.kill().await
            }
            Some(Fault::Suspend) => {
                self.0.place.set(Some(number));
                self.0.suspended.notify_one();
                self.0.resumed.notified().await;
                Ok(effect())
            }
        }
    }

    async fn kill<T>(&self) -> Result<T, Stop> {
        self.0.killed.notify_one();
        std::future::pending().await
    }

    /// Counts calls from zero again, and plans these faults.
    pub(crate) fn arm(&self, plan: Vec<(usize, Fault)>) {
        self.0.plan.replace(plan);
        self.0.calls.take();
        self.0.fired.take();
        self.0.place.set(None);
    }

    /// Removes all planned faults.
    pub(crate) fn disarm(&self) {
        self.0.plan.take();
    }

    /// The calls since [`Hook::arm`].
    pub(crate) fn calls(&self) -> Vec<&'static str> {
        self.0.calls.borrow().clone()
    }

    /// The faults since [`Hook::arm`].
    pub(crate) fn fired(&self) -> Vec<String> {
        self.0.fired.borrow().clone()
    }

    /// Completes once an invocation must be killed.
    pub(crate) async fn killed(&self) {
        self.0.killed.notified().await;
    }

    /// Completes once an invocation is suspended.
    pub(crate) async fn suspended(&self) {
        self.0.suspended.notified().await;
    }

    /// The call before the suspended one, and the suspended one.
    pub(crate) fn place(&self) -> Option<(Option<&'static str>, &'static str)> {
        let at = self.0.place.get()?;
        let calls = self.0.calls.borrow();
        Some((at.checked_sub(1).map(|before| calls[before]), calls[at]))
    }

    /// Whether the call was made twice before the one that is suspended.
    pub(crate) fn has_called_twice(&self, name: &str) -> bool {
        let before = self.0.place.get().unwrap_or_default();
        self.0.calls.borrow().iter().take(before).filter(|call| **call == name).count() >= 2
    }

    /// Resumes the suspended invocation.
    pub(crate) fn resume(&self) {
        self.0.resumed.notify_one();
    }
}
