//! SIGKILL at any moment, and a transport that forgets everything: nothing that was acknowledged is lost and
//! nothing happens twice.

use std::{
    collections::BTreeMap,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use countersign_acceptance::{
    api::eventually,
    feeds, hospital,
    load::{Dice, Whereabouts, deliver, distinct},
    mllp::Ack,
    place::Place,
    system::{PROCESSES, System},
    worklist::{Worklist, assert_same, difference, of_folder, of_messages, of_program},
};
use countersign_hospital::Dirt;
use countersign_testkit::program::{Program, run};
use serde_json::Value;

/// Connections of the load.
const CONNECTIONS: usize = 3;

#[test]
fn given_a_load_with_kills_of_the_one_process_then_nothing_is_lost_or_doubled() {
    kill_the_one_process(61);
}

#[test]
fn given_a_load_with_kills_of_every_process_and_a_wiped_transport_then_nothing_is_lost_or_doubled() {
    kill_every_process(62);
}

#[test]
#[ignore = "takes a quarter of an hour: ./dev soak"]
fn given_many_such_loads_then_nothing_is_ever_lost_or_doubled() {
    for seed in 100..120 {
        eprintln!("seed {seed}");
        kill_the_one_process(seed);
        kill_every_process(seed);
    }
}

fn kill_the_one_process(seed: u64) {
    const KILLS: usize = 8;
    let messages = hospital::messages(&hospital::month(seed, 90, Dirt::default()));
    let wanted = of_messages(&messages);
    let place = Place::new();
    let mut program = Program::up(&place.data());
    let to = Whereabouts::new(program.mllp());
    let mut trouble = Trouble::new(seed);

    for part in messages.chunks(messages.len().div_ceil(KILLS)) {
        trouble.while_sending(&to, part, || {
            program.restart();
            to.moved(program.mllp());
        });
    }
    eventually(|| difference(&wanted, &of_program(&program), |_| Vec::new()).map_or(Ok(()), Err));
    program.stop().well();
    trouble.nothing_lost_or_doubled(&place.data(), &messages, &wanted);
}

fn kill_every_process(seed: u64) {
    let messages = hospital::messages(&hospital::month(seed, 120, Dirt::default()));
    let wanted = of_messages(&messages);
    let mut system = System::start();
    let to = Whereabouts::new(system.intake().mllp());
    let mut trouble = Trouble::new(seed);
    let mut victims: Vec<&str> = PROCESSES.repeat(3);
    victims.extend(["nats killed", "nats wiped", "nats wiped", "all at once"]);
    trouble.dice.shuffle(&mut victims);

    for (part, victim) in messages.chunks(messages.len().div_ceil(victims.len())).zip(&victims) {
        trouble.while_sending(&to, part, || {
            match *victim {
                "nats killed" => system.nats.restart(),
                "nats wiped" => system.nats.wipe(),
                "all at once" => {
                    for service in PROCESSES {
                        system.process(service).kill();
                    }
                    for service in PROCESSES {
                        system.process(service).restart();
                    }
                }
                service => system.process(service).restart(),
            }
            to.moved(system.intake().mllp());
        });
    }
    eventually(|| {
        difference(&wanted, &of_program(system.deficiency()), |_| Vec::new())
            .map_or(Ok(()), |difference| Err(format!("killed in this order: {victims:?}\n{difference}")))
    });
    system.stop();
    trouble.nothing_lost_or_doubled(&system.place.data(), &messages, &wanted);
}

#[test]
fn given_no_transport_then_messages_are_still_acknowledged_and_arrive_when_it_is_back() {
    let messages = hospital::messages(&hospital::month(63, 12, Dirt::none()));
    let wanted = of_messages(&messages);
    let mut system = System::start();
    system.nats.kill();
    let answers = deliver(&Whereabouts::new(system.intake().mllp()), &messages, CONNECTIONS);
    assert!(answers.iter().all(Ack::is_accepted));
    assert!(of_program(system.deficiency()).is_empty(), "facts came without a transport");
    system.nats.restart();
    eventually(|| difference(&wanted, &of_program(system.deficiency()), |_| Vec::new()).map_or(Ok(()), Err));
}

/// A load with something breaking in it again and again.
struct Trouble {
    seed: u64,
    dice: Dice,
    answers: Vec<Ack>,
    /// How often something broke, and how often a load was under way then.
    broken: usize,
    amid: usize,
}

impl Trouble {
    fn new(seed: u64) -> Self {
        Self { seed, dice: Dice::new(seed), answers: Vec::new(), broken: 0, amid: 0 }
    }

    /// Sends messages until each of them is answered; at some moment of that, something breaks.
    fn while_sending(&mut self, to: &Whereabouts, messages: &[Vec<u8>], break_something: impl FnOnce()) {
        let delay = Duration::from_millis(self.dice.below(120));
        thread::scope(|scope| {
            let load = scope.spawn(|| deliver(to, messages, CONNECTIONS));
            let moment = Instant::now() + delay;
            while Instant::now() < moment && !load.is_finished() {
                thread::sleep(Duration::from_millis(1));
            }
            self.broken += 1;
            self.amid += usize::from(!load.is_finished());
            break_something();
            self.answers.extend(load.join().expect("the sender"));
        });
    }

    fn nothing_lost_or_doubled(&self, data: &Path, messages: &[Vec<u8>], wanted: &Worklist) {
        let Self { seed, answers, broken, amid, .. } = self;
        assert!(amid * 2 > *broken, "seed {seed}: only {amid} of {broken} breaks hit a load under way");
        assert_eq!(answers.len(), messages.len());
        let folder = data.to_string_lossy();
        run(["verify", "--data", &*folder]).well();
        assert_same(wanted, &of_folder(data));
        let counts = feeds::of_folder(data);
        assert_eq!(counts.distinct(), distinct(messages), "seed {seed}: {counts:?}");

        // What was acknowledged is here: when it comes again it is known.
        let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
        for answer in answers {
            *codes.entry(&answer.code).or_default() += 1;
        }
        let place = Place::new();
        let again = place.write_messages("again.hl7", messages);
        let summary: Value =
            run(["ingest", &*again.to_string_lossy(), "--data", &*folder, "--json"]).well().json();
        assert_eq!(
            summary["accepted"], 0,
            "seed {seed}: acknowledged and lost; answers {codes:?}, {summary}"
        );
        let known = codes.get("AA").copied().unwrap_or_default();
        assert_eq!(summary["duplicate"], known, "seed {seed}: {codes:?}, {summary}");
        assert_same(wanted, &of_folder(data));
    }
}
