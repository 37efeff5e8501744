//! The whole program over EventStoreDB and NATS: processes that share nothing but these two. The server is the
//! stand-in of the test kit, so that this shows that the parts fit, not how a real server behaves.

use std::path::{Path, PathBuf};

use countersign_acceptance::{
    api::eventually,
    hospital,
    load::{Whereabouts, deliver},
    place::Place,
    worklist::{Worklist, difference, of_messages, of_program},
};
use countersign_hospital::Dirt;
use countersign_testkit::{
    eventstore_stand_in::EventStoreStandIn,
    nats_server::NatsServer,
    program::{FREE_PORTS, Finished, Program},
};

/// A process with a data folder of its own, as on a host of its own.
fn serve(service: &str, place: &Place, name: &str, config: &Path) -> Result<Program, Finished> {
    let data = place.path().join(name).to_string_lossy().into_owned();
    let config = config.to_string_lossy().into_owned();
    let arguments = ["serve", service, "--data", &data, "--config", &config];
    Program::start(arguments.iter().copied().chain(FREE_PORTS), &[])
}

fn eventually_owed(wanted: &Worklist, program: &Program) {
    eventually(|| difference(wanted, &of_program(program), |_| Vec::new()).map_or(Ok(()), Err));
}

#[test]
fn given_processes_that_share_only_eventstoredb_and_nats_then_every_replica_has_the_same_worklist() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let store = runtime.block_on(EventStoreStandIn::start()).expect("the stand-in");
    let nats = NatsServer::start();
    let place = Place::new();
    let config: PathBuf = place.write(
        "countersign.toml",
        format!(
            "[journal]\nkind = \"eventstoredb\"\nurl = \"{}\"\n[feed]\nkind = \"nats\"\n[nats]\nurl = \"{}\"\n",
            store.connection_string(),
            nats.url()
        ),
    );
    let intake = match serve("intake", &place, "intake", &config) {
        Ok(intake) => intake,
        Err(finished) if finished.stderr.contains("built without EventStoreDB") => {
            eprintln!(
                "SKIPPED: the program was built without EventStoreDB; \
                 cargo build -p countersign --features eventstoredb"
            );
            return;
        }
        Err(finished) => panic!("{finished}"),
    };
    let start = |service: &str, name: &str| {
        serve(service, &place, name, &config).unwrap_or_else(|finished| panic!("{finished}"))
    };
    let _relay = start("relay", "relay");
    let mut first = start("deficiency", "first");
    let second = start("deficiency", "second");

    let messages = hospital::messages(&hospital::month(95, 15, Dirt::default()));
    let wanted = of_messages(&messages);
    let to = Whereabouts::new(intake.mllp());
    let (before, behind) = messages.split_at(messages.len() / 2);
    deliver(&to, before, 2);
    // The store's connections break; one replica dies and loses everything that it had built.
    store.drop_connections();
    first.kill();
    std::fs::remove_dir_all(place.path().join("first")).expect("its folder can be deleted");
    deliver(&to, behind, 2);
    first.restart();

    eventually_owed(&wanted, &second);
    eventually_owed(&wanted, &first);
}
