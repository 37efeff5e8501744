//! The staff master file (MFN^M02) that a hospital's directory sends before anything else: who works where, and how to
//! reach them. Told apart from the messages about charts, because it changes no truth about documents.

use std::fmt::Write;

use jiff::Timestamp;

use crate::{
    hospital::{Facility, Hospital},
    staff::ProviderIndex,
};

impl Hospital {
    /// One message for each facility: every provider with name, department and e-mail address, in force from the first
    /// instant of the run. Addresses end in `.example`: nobody has them (RFC 2606).
    pub fn staff_files(&self) -> impl Iterator<Item = Vec<u8>> {
        let start = self.world.settings.start;
        self.world.facilities.iter().map(move |facility| staff_file(facility, start).into_bytes())
    }
}

fn staff_file(facility: &Facility, start: Timestamp) -> String {
    let Facility { name, staff } = facility;
    let at = start.strftime("%Y%m%d%H%M%S+0000");
    let mut text = format!(
        "MSH|^~\\&|STAFF|{name}|COUNTERSIGN|{name}|{at}||MFN^M02^MFN_M02|STAFF-{name}|P|2.5.1\r\
         MFI|STF^Staff file^HL70175||UPD|||AL\r"
    );
    for (index, provider) in (0 as ProviderIndex..).zip(staff.all()) {
        let id = &provider.id;
        let (given, department, specialty) = match (staff.is_resident(index), staff.is_surgeon(index)) {
            (true, _) => ("RESIDENT", "MED", "Internal Medicine"),
            (false, true) => ("PHYSICIAN", "SURG", "General Surgery"),
            (false, false) => ("PHYSICIAN", "MED", "Internal Medicine"),
        };
        let number = index + 1;
        let domain = name.to_ascii_lowercase();
        write!(
            text,
            "MFE|MAD|{id}|{at}|{id}^^{name}\r\
             STF|{id}^^{name}||SIMDOC{number:04}^{given}||||A|{department}|||||||simdoc{number:04}@{domain}.example\r\
             PRA|{id}^^{name}||||{specialty}\r"
        )
        .expect("a string takes everything");
    }
    text
}

#[cfg(test)]
mod tests {
    use crate::{Hospital, Settings};

    #[test]
    fn everybody_who_may_owe_something_is_in_the_file() {
        let hospital = Hospital::new(Settings::default()).expect("a hospital");
        let files: Vec<String> =
            hospital.staff_files().map(|file| String::from_utf8(file).expect("text")).collect();
        for (facility, provider) in hospital.providers() {
            let line = format!("\rSTF|{provider}^^{facility}|");
            assert!(files.iter().any(|file| file.contains(&line)), "{provider} of {facility} is missing");
        }
    }
}
