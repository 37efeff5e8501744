//! Countersign as several processes over NATS, on one host.

use std::path::PathBuf;

use countersign_testkit::{nats_server::NatsServer, program::Program};

use crate::place::Place;

/// The processes, in the order in which they are started.
pub const PROCESSES: [&str; 3] = ["intake", "deficiency", "relay"];

/// Intake, deficiency service and relay as processes of their own, with a NATS server of their own.
pub struct System {
    /// The transport.
    pub nats: NatsServer,
    /// Where the journal and the read models are.
    pub place: Place,
    /// The configuration of all processes.
    pub config: PathBuf,
    programs: [Program; 3],
}

impl Default for System {
    fn default() -> Self {
        Self::start()
    }
}

impl System {
    /// Starts everything on an empty folder.
    pub fn start() -> Self {
        Self::start_with("", &[])
    }

    /// The same with more configuration and settings from the environment; `{service}` in a value stands for
    /// the name of the process.
    pub fn start_with(more: &str, environment: &[(&str, &str)]) -> Self {
        let place = Place::new();
        Self::start_on(place, environment, |place, feed| {
            place.write("countersign.toml", format!("{feed}{more}"))
        })
    }

    /// The same in a place where something stands already. `configure` writes the configuration, which begins with the
    /// sections that it is given, and returns its file.
    pub fn start_on(
        place: Place,
        environment: &[(&str, &str)],
        configure: impl FnOnce(&Place, &str) -> PathBuf,
    ) -> Self {
        let nats = NatsServer::start();
        let feed = format!("[feed]\nkind = \"nats\"\n[nats]\nurl = \"{}\"\n", nats.url());
        let config = configure(&place, &feed);
        let programs = PROCESSES.map(|service| {
            let environment: Vec<(&str, String)> = environment
                .iter()
                .map(|(name, value)| (*name, value.replace("{service}", service)))
                .collect();
            let environment: Vec<(&str, &str)> =
                environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
            Program::serve_with(&[service], &place.data(), &config, &environment)
        });
        Self { nats, place, config, programs }
    }

    /// A process by the name of its service.
    pub fn process(&mut self, service: &str) -> &mut Program {
        let index = PROCESSES.iter().position(|known| *known == service);
        &mut self.programs[index.unwrap_or_else(|| panic!("no process {service}"))]
    }

    /// The process that receives messages.
    pub fn intake(&self) -> &Program {
        &self.programs[0]
    }

    /// The process that has the worklist.
    pub fn deficiency(&self) -> &Program {
        &self.programs[1]
    }

    /// All processes.
    pub fn programs(&self) -> &[Program] {
        &self.programs
    }

    /// Ends all processes in good order, so that the folder can be looked at.
    pub fn stop(&mut self) {
        for program in &mut self.programs {
            program.stop().well();
        }
    }
}
