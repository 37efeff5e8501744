//! `countersign explain`

use anyhow::Context;
use countersign_contracts::api::Explanation;
use countersign_kernel::DeficiencyId;
use countersign_runtime::authority::Reach;

use crate::{cli::Explain, print};

pub async fn run(args: Explain) -> anyhow::Result<()> {
    let id: DeficiencyId = args.id.parse().with_context(|| {
        format!("`{}` is not the id of a deficiency: take one from `countersign deficiencies`", args.id)
    })?;
    let explanation: Explanation = if let Some(client) = args.source.client() {
        client.get(&format!("/api/v1/deficiencies/{id}/explanation"), &()).await?
    } else {
        let ground = args.source.open("countersign explain").await?;
        let service = ground.deficiency().await?;
        service.catch_up().await?;
        service
            .explain(id, Reach::everything())
            .await?
            .with_context(|| format!("there is no deficiency {id} in this folder"))?
    };
    if args.json {
        return print::json(&explanation);
    }
    let Explanation { deficiency, rule, summary, what_would_close_it, timeline, .. } = &explanation;
    print::line(&format!(
        "{} · visit {} · facility {}",
        deficiency.id, deficiency.encounter, deficiency.facility
    ))?;
    print::line(&format!("\n{summary}"))?;
    if let Some(closing) = what_would_close_it {
        print::line(&format!("What would close it: {closing}."))?;
    }
    print::line(&format!("\nRule {} version {}: {}", rule.id, rule.version, rule.title))?;
    print::line(&format!("  {} [{}]", rule.citation, rule.confidence))?;
    print::line(&format!("  {}\n", rule.note))?;
    let rows: Vec<Vec<String>> = timeline
        .iter()
        .map(|entry| {
            vec![
                entry.occurred_at.to_string(),
                if entry.matched { "*".to_owned() } else { String::new() },
                entry.kind.clone(),
                entry.trigger.clone().unwrap_or_default(),
                entry.text.clone(),
                entry.findings.join("; "),
            ]
        })
        .collect();
    print::table(&["HAPPENED", "", "", "MESSAGE", "WHAT", "NOTES"], &rows)?;
    print::line("\n* the deficiency rests on this fact")
}
