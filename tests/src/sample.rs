//! Messages written by hand, of a hospital called MERCY.

/// A segment with these fields, by number; those between are empty.
pub fn segment(name: &str, fields: &[(usize, &str)]) -> String {
    let last = fields.iter().map(|(number, _)| *number).max().unwrap_or_default();
    let mut values = vec![""; last];
    for (number, value) in fields {
        values[number - 1] = value;
    }
    let mut segment = name.to_owned();
    for value in values {
        segment.push('|');
        segment.push_str(value);
    }
    segment
}

/// A message: its type, when it was written, its control id, and the segments behind EVN.
pub fn message(kind: &str, written: &str, control_id: &str, segments: &[String]) -> String {
    let (code, trigger) = kind.split_once('^').expect("code and trigger");
    let mut message = format!("{}\rEVN|{trigger}|{written}", header(code, trigger, written, control_id));
    for segment in segments {
        message.push('\r');
        message.push_str(segment);
    }
    message
}

/// An ADT message about a visit: its trigger, when it was written, its control id.
pub fn adt(trigger: &str, written: &str, control_id: &str, visit: &str) -> String {
    format!("{}\rEVN|{trigger}|{written}\r{}", header("ADT", trigger, written, control_id), chart(visit))
}

/// A discharge with PV1-45.
pub fn discharge(written: &str, control_id: &str, visit: &str) -> String {
    format!("{}||||||||||||||||||||||||||{written}", adt("A03", written, control_id, visit))
}

/// A document notification: type and status as in TXA-2 and TXA-17, written and signed by the attending.
pub fn document(written: &str, control_id: &str, visit: &str, kind: &str, status: &str) -> String {
    let signature =
        if status == "AU" { format!("7001^ADAMS^RUTH^^^^^^^^^^^^{written}") } else { String::new() };
    format!(
        "{}\rEVN|T02|{written}\r{}\rTXA|1|{kind}|TX|{written}||{written}|||{ATTENDING}|{ATTENDING}||{control_id}-D\
         |||||{status}||AV|||{signature}",
        header("MDM", "T02", written, control_id),
        chart(visit)
    )
}

/// An admission that says its visit number in PID-18 only.
pub fn admission_by_account(written: &str, control_id: &str, account: &str) -> String {
    format!(
        "{}\rEVN|A01|{written}\rPID|1||9{account}^^^MERCY^MR||LUMEN^ADA||19510709|F||||||||||{account}^^^MERCY\r\
         PV1|1|I|4W^1^A||||{ATTENDING}",
        header("ADT", "A01", written, control_id)
    )
}

/// A laboratory result: of no use for a chart.
pub fn result(written: &str, control_id: &str, visit: &str) -> String {
    format!(
        "{}\r{}\rOBR|1|||GLU^Glucose|||{written}\rOBX|1|NM|GLU||5.1||||||F",
        header("ORU", "R01", written, control_id),
        chart(visit)
    )
}

const ATTENDING: &str = "7001^ADAMS^RUTH^^^DR^^^MERCY";

fn header(code: &str, trigger: &str, written: &str, control_id: &str) -> String {
    format!("MSH|^~\\&|EHR|MERCY|COUNTERSIGN|HIM|{written}||{code}^{trigger}|{control_id}|P|2.5.1")
}

/// PID and PV1 up to the visit number (PV1-19).
fn chart(visit: &str) -> String {
    format!(
        "PID|1||9{visit}^^^MERCY^MR||LUMEN^ADA||19510709|F\r\
         PV1|1|I|4W^1^A||||{ATTENDING}|||MED|||||||||{visit}^^^MERCY"
    )
}
