//! `countersign item` and `countersign chart`

use anyhow::bail;
use countersign_contracts::api::acts::{
    ActedView, Allowance, BulkActReport, BulkActRequest, ChartAct, ChartActRequest, DecisionView, ItemAct,
    ProviderRef,
};
use countersign_deficiency::lifecycle::Order;
use countersign_kernel::EncounterId;

use crate::{
    cli::{Asked, Chart, ChartDecision, Item, ItemDecision, Items, OneChart, Source, Stand},
    print,
};

pub async fn item(args: Item) -> anyhow::Result<()> {
    let (act, items) = match args.decision {
        ItemDecision::Dispute { reason, items } => (ItemAct::Dispute { reason }, items),
        ItemDecision::RejectDispute { items } => (ItemAct::RejectDispute, items),
        ItemDecision::UpholdDispute { void: true, to: _, items } => (ItemAct::UpholdDisputeVoid, items),
        ItemDecision::UpholdDispute { void: false, to, items } => {
            (ItemAct::UpholdDisputeReassign { to: to.as_deref().map(provider) }, items)
        }
        ItemDecision::Reassign { to, items } => {
            (ItemAct::Reassign { to: to.as_deref().map(provider) }, items)
        }
        ItemDecision::Hold { stand: Stand { cause, from, until, approved_by }, items } => {
            (ItemAct::Hold { cause, from, until, approved_by }, items)
        }
        ItemDecision::Extend { until, items } => (ItemAct::Extend { until }, items),
        ItemDecision::Void { items } => (ItemAct::Void, items),
        ItemDecision::Waive { authority, items } => (ItemAct::Waive { authority }, items),
        ItemDecision::AnsweredElsewhere { reference, done_at, items } => {
            (ItemAct::AnswerElsewhere { reference, done_at }, items)
        }
        ItemDecision::AnswerQuery { answered_by, done_at, items } => {
            (ItemAct::AnswerQuery { answered_by: answered_by.as_deref().map(provider), done_at }, items)
        }
    };
    decide_items(act, items).await
}

async fn decide_items(decision: ItemAct, items: Items) -> anyhow::Result<()> {
    let Items { ids, charts, why, preview, acting, source, json } = items;
    let key = acting.key();
    let request = BulkActRequest { decision, why, items: ids, charts, preview };
    let report: BulkActReport = if let Some(client) = acting.client(&source)? {
        client.change("/api/v1/deficiencies/acts", &key, &request).await?
    } else {
        let ground = source.open("countersign item").await?;
        let actor = acting.actor(&ground.config)?;
        let service = ground.deficiency().await?;
        service.catch_up().await?;
        let order = Order { actor: &actor, key: &key, why: &request.why, seen: None };
        let report = service.act_on_items(&order, &request).await?;
        service.catch_up().await?;
        report
    };
    if json {
        print::json(&report)?;
    } else {
        let rows: Vec<Vec<String>> = report
            .items
            .iter()
            .map(|item| {
                let what = item.refusal.clone().unwrap_or_else(|| item.effects.join("; "));
                vec![item.id.to_string(), if item.ok { "ok" } else { "refused" }.to_owned(), what]
            })
            .collect();
        print::table(&["ITEM", "", "WHAT FOLLOWS"], &rows)?;
        let done = if report.preview { "would be done" } else { "done" };
        print::line(&format!("{} {done}, {} refused", report.done, report.refused))?;
    }
    if report.refused > 0 && !report.preview {
        bail!("{} of {} items were refused", report.refused, report.items.len());
    }
    Ok(())
}

pub async fn chart(args: Chart) -> anyhow::Result<()> {
    let (act, chart) = match args.decision {
        ChartDecision::Decisions { chart, source, json } => return decisions(chart, &source, json).await,
        ChartDecision::Raise { asked, to, chart } => {
            let Asked { title, document_type, due_days, holds_bill } = asked;
            let (to, due) = (to.as_deref().map(provider), due_days.map(Allowance::Days));
            (ChartAct::Raise { title, document_type, to, due, holds_bill }, chart)
        }
        ChartDecision::AskQuery { asked, to, chart } => {
            let Asked { title, document_type, due_days, holds_bill } = asked;
            let (to, due) = (provider(&to), due_days.map(Allowance::Days));
            (ChartAct::AskQuery { title, document_type, to, due, holds_bill }, chart)
        }
        ChartDecision::Hold { stand: Stand { cause, from, until, approved_by }, chart } => {
            (ChartAct::Hold { cause, from, until, approved_by }, chart)
        }
        ChartDecision::ApproveHold { hold, chart } => (ChartAct::ApproveHold { hold }, chart),
        ChartDecision::Release { hold, until, chart } => (ChartAct::Release { hold, until }, chart),
        ChartDecision::ApplyRules { version, chart } => (ChartAct::ApplyRules { version }, chart),
        ChartDecision::TakeBack { decision, chart } => (ChartAct::TakeBack { earlier: decision }, chart),
    };
    decide_chart(act, chart).await
}

async fn decide_chart(decision: ChartAct, one: OneChart) -> anyhow::Result<()> {
    let OneChart { chart, why, acting, source, json } = one;
    let key = acting.key();
    let acted: ActedView = if let Some(client) = acting.client(&source)? {
        let request = ChartActRequest { decision, why };
        client.change(&format!("/api/v1/charts/{chart}/acts"), &key, &request).await?
    } else {
        let ground = source.open("countersign chart").await?;
        let actor = acting.actor(&ground.config)?;
        let service = ground.deficiency().await?;
        service.catch_up().await?;
        let order = Order { actor: &actor, key: &key, why: &why, seen: None };
        let acted = service.act_on_chart(&order, chart, &decision).await?;
        service.catch_up().await?;
        acted
    };
    if json {
        return print::json(&acted);
    }
    let item = acted.deficiency.map(|id| format!(", item {id}")).unwrap_or_default();
    print::line(&format!("{} by {}: decision {}{item}", acted.deed.replace('_', " "), acted.by, acted.id))
}

async fn decisions(chart: EncounterId, source: &Source, json: bool) -> anyhow::Result<()> {
    let acts: Vec<DecisionView> = if let Some(client) = source.client() {
        client.get(&format!("/api/v1/charts/{chart}/acts"), &()).await?
    } else {
        let ground = source.open("countersign chart").await?;
        let service = ground.deficiency().await?;
        service.catch_up().await?;
        service.acts(chart).await?
    };
    if json {
        return print::json(&acts);
    }
    let rows: Vec<Vec<String>> = acts
        .iter()
        .map(|act| {
            vec![
                act.id.to_string(),
                act.at.to_string(),
                act.deed.replace('_', " "),
                act.rule.clone().unwrap_or_default(),
                act.by.clone(),
                if act.stands { String::new() } else { "taken back".to_owned() },
                act.why.clone(),
            ]
        })
        .collect();
    print::table(&["DECISION", "WHEN", "WHAT", "RULE", "BY", "", "WHY"], &rows)
}

fn provider(text: &str) -> ProviderRef {
    let (id, authority) = text.split_once('^').unwrap_or((text, ""));
    ProviderRef { id: id.to_owned(), authority: authority.to_owned() }
}
