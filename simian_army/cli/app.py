"""The verbs of ``simian``: what each takes, and whom it calls."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from simian_army.cli.version import Version

app = typer.Typer(
    name="simian",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
audit_app = typer.Typer(
    help="Show what happened, and prove that nobody changed the record.", invoke_without_command=True
)
app.add_typer(audit_app, name="audit")

ConfigFile = Annotated[Path, typer.Option("-c", "--config", metavar="FILE", help="The configuration.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Leashed = Annotated[bool, typer.Option("--leashed", help="Change nothing, whatever the config says.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept in the audit.")]
HERE = Path("simian.yaml")


@app.callback()
def simian(version: Version = False) -> None:
    """Break things on purpose, put them back for certain, and say why nothing happened."""


@app.command()
def demo() -> None:
    """Show the whole flow on an embedded world: no cluster, no account, under a minute."""
    from simian_army.cli.demo import demo as act

    raise typer.Exit(act())


@app.command()
def init(config: ConfigFile = HERE) -> None:
    """Write a commented configuration and a fleet key."""
    from simian_army.cli.start import init as act

    act(config)


@app.command()
def run(config: ConfigFile = HERE, leashed: Leashed = False) -> None:
    """Run the agent until it is stopped; SIGTERM and Ctrl-C revert what is held first."""
    from simian_army.cli.acts import run as act

    raise typer.Exit(act(config, leashed=leashed))


@app.command()
def once(
    monkey: Annotated[str, typer.Argument(help="The name of an entry under monkeys.")],
    target: Annotated[str, typer.Option("--target", metavar="T", help="Only this one: pod shop/web-1.")] = "",
    fault: Annotated[str, typer.Option("--fault", metavar="NAME", help="Of several faults, only this one.")] = "",
    config: ConfigFile = HERE,
    reason: Reason = "",
    leashed: Leashed = False,
    wait: Annotated[str, typer.Option("--wait", metavar="TIME", help="How long to wait for an approval: 10m.")] = "1m",
    as_json: AsJson = False,
) -> None:
    """Let one monkey act now, under all guards, and stay until it is over; Ctrl-C reverts."""
    from simian_army.cli.approving import patience
    from simian_army.cli.once import Wish
    from simian_army.cli.once import once as act

    raise typer.Exit(act(config, Wish(monkey, target, reason, leashed, as_json, patience(wait), fault)))


@app.command()
def gameday(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The steps, as docs/gameday.md says.")],
    config: ConfigFile = HERE,
    restart: Annotated[bool, typer.Option("--restart", help="Begin anew, even if a crash broke it off.")] = False,
    leashed: Leashed = False,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write the report there: Markdown, or .json.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Act out steps in order, each under all guards, until one goes wrong; Ctrl-C reverts all; report at the end."""
    from simian_army.cli.gameday import Wish
    from simian_army.cli.gameday import gameday as act

    raise typer.Exit(act(config, Wish(file, restart, leashed, report, as_json)))


@app.command()
def plan(
    config: ConfigFile = HERE,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="How far to look.")] = 7,
    ical: Annotated[bool, typer.Option("--ical", help="Print an iCalendar.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the fire times to come, who would be hit and how often, for the troop as it is now."""
    from simian_army.cli.planning import Wish
    from simian_army.cli.planning import plan as act

    act(config, Wish(days, as_json, ical))


@app.command()
def why(
    target: Annotated[list[str], typer.Argument(help="pod shop/web-1, shop/web-1, web-1, an id, or a namespace.")],
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """Say for every monkey what each guard answers, now and at its next fires, and what to change."""
    from simian_army.cli.whying import why as act

    act(config, " ".join(target), as_json=as_json)


@app.command()
def status(config: ConfigFile = HERE, as_json: AsJson = False) -> None:
    """Say who leads, whether the fleet is halted, and what is open."""
    from simian_army.cli.look import status as act

    act(config, as_json=as_json)


@app.command()
def halt(config: ConfigFile = HERE, reason: Reason = "", as_json: AsJson = False) -> None:
    """Stop everything: nothing new, and what is held is reverted."""
    from simian_army.cli.halting import halt as act

    act(config, reason, as_json=as_json)


@app.command()
def resume(config: ConfigFile = HERE, reason: Reason = "", as_json: AsJson = False) -> None:
    """End every halt that is ours to end, and name the others; exit 1 if the fleet is still halted."""
    from simian_army.cli.halting import resume as act

    raise typer.Exit(act(config, reason, as_json=as_json))


@app.command()
def revert(
    run: Annotated[str, typer.Argument(help="A run's id, as status and audit show it.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Everything that is held.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Close what cannot be reverted; say what is left.")] = False,
    config: ConfigFile = HERE,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Revert one run, or all, before its time."""
    from simian_army.cli.acts import revert as act

    raise typer.Exit(act(config, run, reason, every=every, force=force, as_json=as_json))


@app.command()
def analyse(
    run: Annotated[str, typer.Argument(help="The run that came out badly; `simian status` lists them.")] = "",
    file: Annotated[
        Path | None, typer.Option("--file", metavar="YAML", help="The whys; without it they are asked.")
    ] = None,
    template: Annotated[bool, typer.Option("--template", help="Print a file to fill in.")] = False,
    config: ConfigFile = HERE,
    as_json: AsJson = False,
) -> None:
    """Say why a run came out badly, with remedies and owners: its line goes on."""
    from simian_army.cli.analysing import Wish
    from simian_army.cli.analysing import analyse as act

    raise typer.Exit(act(config, Wish(run, file, template, as_json)))


@audit_app.callback()
def audit(
    context: typer.Context,
    config: ConfigFile = HERE,
    run: Annotated[str, typer.Option("--run", help="A run's id.")] = "",
    monkey: Annotated[str, typer.Option("--monkey", help="An entry's name.")] = "",
    target: Annotated[str, typer.Option("--target", help="A target's name or id.")] = "",
    phase: Annotated[str, typer.Option("--phase", help="denied, injected, reverted, ...")] = "",
    since: Annotated[str, typer.Option("--since", help="2h, 1d, or an ISO time.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show the events that match; --json prints JSON Lines."""
    from simian_army.cli.records import audit as act

    context.obj = config
    if context.invoked_subcommand is None:
        act(config, {"run": run, "entry": monkey, "target": target, "phase": phase}, since, as_json=as_json)


@audit_app.command("verify")
def verify(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option("-c", "--config", metavar="FILE", help="The configuration.")] = None,
    as_json: AsJson = False,
) -> None:
    """Prove that the record is whole; exit 1 and the rows' numbers when it is not."""
    from simian_army.cli.records import verify as act

    raise typer.Exit(act(config or context.obj or HERE, as_json=as_json))


@app.command()
def check(config: ConfigFile = HERE, as_json: AsJson = False) -> None:
    """Test config, packages, ledger, connection and permissions, and name each fix."""
    from simian_army.cli.start import check as act

    raise typer.Exit(act(config, as_json=as_json))


@app.command()
def rbac(
    config: ConfigFile = HERE,
    namespace: Annotated[str, typer.Option("--namespace", "-n", help="Where both will run.")] = "simian-army",
    agent: Annotated[str, typer.Option("--agent", metavar="NAME", help="The agent's account.")] = "simian-army-agent",
    undertaker: Annotated[
        str, typer.Option("--undertaker", metavar="NAME", help="The undertaker's account.")
    ] = "simian-army-undertaker",
    leaver: Annotated[str, typer.Option("--leaver", metavar="NAME", help="An account for `simian leave` too.")] = "",
    fault: Annotated[
        list[str] | None, typer.Option("--fault", metavar="NAME", help="One more that game days strike with.")
    ] = None,
    owner: Annotated[
        list[str] | None, typer.Option("--owner", metavar="GROUP/KINDS", help="What else owns workloads.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the least rights that this config takes in its cluster, for kubectl apply; asks nobody."""
    from simian_army.cli.granting import Wish
    from simian_army.cli.granting import rbac as act

    act(config, Wish(namespace, agent, undertaker, leaver, fault or (), owner or (), as_json))


@app.command()
def undertaker(
    config: ConfigFile = HERE,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="End when no agent lives and nothing is left to revert.")
    ] = False,
    beat: Annotated[Path | None, typer.Option("--beat", metavar="FILE", help="Show life there, for probes.")] = None,
) -> None:
    """Revert what an agent holds when its time is over, or when that agent is no more."""
    from simian_army.cli.acts import undertaker as act

    act(config, until_idle=until_idle, beat=beat)


@app.command()
def health(
    config: ConfigFile = HERE,
    ready: Annotated[bool, typer.Option("--ready", help="Whether it is ready, not only alive.")] = False,
    beat: Annotated[Path | None, typer.Option("--beat", metavar="FILE", help="That of an undertaker.")] = None,
    as_json: AsJson = False,
) -> None:
    """Ask the agent, or the undertaker, of this machine whether it is well; exit 1 when it is not."""
    from simian_army.cli.health import Wish
    from simian_army.cli.health import health as act

    raise typer.Exit(act(config, Wish(ready, beat, as_json)))


@app.command()
def leave(
    config: ConfigFile = HERE,
    agent: Annotated[str, typer.Option("--agent", metavar="NAME", help="Its Deployment.")] = "simian-army-agent",
    undertaker: Annotated[
        str, typer.Option("--undertaker", metavar="NAME", help="Its Deployment.")
    ] = "simian-army-undertaker",
    seconds: Annotated[float, typer.Option("--seconds", min=1, help="How long it may take.")] = 240,
    reason: Reason = "the fleet leaves",
    as_json: AsJson = False,
) -> None:
    """Take the fleet out of its cluster: halt, revert, stop both, remove Lease, records and halt ConfigMap."""
    from simian_army.cli.leaving import Wish
    from simian_army.cli.leaving import leave as act

    act(config, Wish(agent, undertaker, reason, seconds, as_json))


@app.command()
def plugins(as_json: AsJson = False) -> None:
    """List monkeys, faults, guards and notifiers: name, kind, origin, parameters."""
    from simian_army.cli.records import plugins as act

    act(as_json=as_json)
