//! Several processes over NATS end where one process does.

use countersign_acceptance::{
    api::{eventually, get},
    corpus, feeds, hospital,
    load::{Whereabouts, deliver},
    place::Place,
    system::System,
    worklist::{assert_same, difference, of_folder, of_messages, of_program},
};
use countersign_hospital::Dirt;
use countersign_testkit::program::run;

#[test]
fn given_services_as_processes_over_nats_then_they_end_where_one_process_does() {
    let hospital = hospital::month(51, 60, Dirt::default());
    let messages = hospital::messages(&hospital);
    let wanted = of_messages(&messages);
    let mut system = System::start();

    // Four connections: what belongs to one chart comes over several of them, and not in order.
    let answers = deliver(&Whereabouts::new(system.intake().mllp()), &messages, 4);
    let refused = answers.iter().filter(|answer| !answer.is_accepted()).count();
    assert_eq!(refused, usize::try_from(hospital.truth().total.quarantined).expect("a count"));
    eventually(|| difference(&wanted, &of_program(system.deficiency()), |_| Vec::new()).map_or(Ok(()), Err));

    // Each process answers for itself only.
    let of_intake = format!("{}/api/v1/deficiencies", system.intake().url());
    assert_eq!(get(&of_intake).status, 404);
    let of_deficiency = format!("{}/api/v1/feeds", system.deficiency().url());
    assert_eq!(get(&of_deficiency).status, 404);

    // And the folder they leave behind is as good as that of one process.
    system.stop();
    let data = system.place.data();
    assert_same(&wanted, &of_folder(&data));
    let counts = feeds::of_folder(&data);
    assert_eq!(counts.received, messages.len());
    assert_eq!(counts.distinct(), countersign_acceptance::load::distinct(&messages));
    run(["verify", "--data", &*data.to_string_lossy()]).well();
}

#[test]
fn given_a_service_that_was_away_then_it_catches_up_and_a_second_relay_stands_by() {
    let messages = hospital::messages(&hospital::month(52, 10, Dirt::default()));
    let wanted = of_messages(&messages);
    let mut system = System::start();
    let (first, second) = messages.split_at(messages.len() / 2);
    let to = Whereabouts::new(system.intake().mllp());

    deliver(&to, first, 1);
    system.process("deficiency").kill();
    let mut second_relay = {
        let data = system.place.data();
        countersign_testkit::program::Program::serve(&["relay"], &data, &system.config)
    };
    deliver(&to, second, 1);
    system.process("relay").kill();
    system.process("deficiency").restart();
    // With the first relay dead the second one publishes.
    eventually(|| difference(&wanted, &of_program(system.deficiency()), |_| Vec::new()).map_or(Ok(()), Err));
    second_relay.stop().well();
}

/// Whatever a folder of strangers' messages means, it means the same in both.
#[test]
fn given_the_public_samples_then_both_ways_of_running_agree_about_them() {
    let Some(folder) = corpus::folder() else { return };
    let folder = folder.to_string_lossy();
    let alone = Place::new();
    run(["ingest", &*folder, "--data", &*alone.data().to_string_lossy()]).well();
    let wanted = of_folder(&alone.data());

    let mut system = System::start();
    run(["ingest", &*folder, "--mllp", &system.intake().mllp().to_string()]).well();
    eventually(|| difference(&wanted, &of_program(system.deficiency()), |_| Vec::new()).map_or(Ok(()), Err));
    system.stop();
    assert_same(&wanted, &of_folder(&system.place.data()));
    assert_eq!(feeds::of_folder(&system.place.data()), feeds::of_folder(&alone.data()));
}
